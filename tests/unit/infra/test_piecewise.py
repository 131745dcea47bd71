"""Long values in pieces give what msgspec gives, beside the loop and on it."""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.infra.apart import apart
from invx.infra.piecewise import PIECE, convert, decode, encode, is_long, to_builtins
from invx.kernel.messages import PERSONAL

LENGTHS = st.sampled_from([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    id: str
    price: Decimal | None = None
    words: Annotated[str | None, PERSONAL] = None
    children: tuple["Row", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    rows: tuple[Row, ...] = ()
    on: date = date(2026, 3, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    owner: UUID
    sheet: Sheet
    other: Annotated[Sheet | None, PERSONAL] = None
    marks: list[int] = field(default_factory=list)
    named: dict[str, tuple[Row, ...]] = field(default_factory=dict)


def rows(count: int, *, children: int = 0) -> tuple[Row, ...]:
    below = rows(children) if children else ()
    return tuple(
        Row(id=f"ä{n}", price=Decimal(n) / 8 if n % 3 else None, words="x" * n, children=below)
        for n in range(count)
    )


@st.composite
def books(draw: st.DrawFn) -> Book:
    return Book(
        owner=UUID(int=draw(st.integers(0, 2**128 - 1))),
        sheet=Sheet(rows=rows(draw(LENGTHS))),
        other=draw(st.none() | LENGTHS.map(lambda n: Sheet(rows=rows(n)))),
        marks=list(range(draw(LENGTHS))),
        named={"parents": rows(2, children=draw(LENGTHS))},
    )


def beside(work: Callable[[], Any]) -> Any:
    """What the work gives when it runs apart from a loop."""

    async def worked() -> Any:
        return work()

    return asyncio.run(_apart(worked))


async def _apart(work: Callable[[], Awaitable[Any]]) -> Any:
    return await apart(work)


@pytest.mark.parametrize("run", [beside, lambda work: work()], ids=["apart", "on the loop"])
class TestTheSameAsMsgspec:
    @settings(max_examples=20)
    @given(book=books())
    def test_builtins_are_equal(self, run, book):
        assert run(lambda: to_builtins(book)) == msgspec.to_builtins(book)
        known = run(lambda: is_long(book))
        assert run(lambda: to_builtins(book, long=known)) == msgspec.to_builtins(book)

    @settings(max_examples=20)
    @given(book=books())
    def test_json_is_equal(self, run, book):
        plain = msgspec.to_builtins(book)
        assert run(lambda: encode(plain)) == msgspec.json.encode(plain)

    @settings(max_examples=20)
    @given(book=books())
    def test_what_is_decoded_is_equal(self, run, book):
        text = msgspec.json.encode(book)
        assert run(lambda: decode(text)) == json.loads(text)
        assert run(lambda: decode(text.decode())) == json.loads(text)

    @settings(max_examples=20)
    @given(book=books())
    def test_what_is_converted_is_equal(self, run, book):
        plain = json.loads(msgspec.json.encode(book))
        assert run(lambda: convert(plain, Book)) == book

    def test_what_is_not_known_is_left_out(self, run):
        plain = json.loads(msgspec.json.encode(Sheet(rows=rows(PIECE * 2))))
        assert run(lambda: convert({**plain, "later": [1]}, Sheet)) == Sheet(rows=rows(PIECE * 2))

    def test_what_does_not_fit_is_refused(self, run):
        plain = json.loads(msgspec.json.encode(Sheet(rows=rows(PIECE * 2))))
        plain["rows"][PIECE + 1]["id"] = 7
        with pytest.raises(msgspec.ValidationError):
            run(lambda: convert(plain, Sheet))

    @pytest.mark.parametrize("text", ["", "{", '{"a": [1, 2}', "[1,]", "nul", '{"a": 1} x'])
    def test_what_is_no_json_is_refused(self, run, text):
        for padded in (text, text.replace("1", "1" * 30_000)):
            with pytest.raises(msgspec.DecodeError):
                run(lambda padded=padded: decode(padded))


def test_others_get_their_turn_meanwhile():
    """Between two pieces: counted, not timed. One call would let the other thread run once."""
    plain = msgspec.to_builtins(Sheet(rows=rows(PIECE) * 1000))
    turns, ended = [0], threading.Event()

    def others() -> None:
        while not ended.is_set():
            turns[0] += 1
            time.sleep(0)

    def work() -> int:
        watching = threading.Thread(target=others)
        watching.start()
        interval = sys.getswitchinterval()
        sys.setswitchinterval(0.0001)
        try:
            before = turns[0]
            convert(plain, Sheet)
            return turns[0] - before
        finally:
            sys.setswitchinterval(interval)
            ended.set()
            watching.join()

    assert beside(work) > 3
