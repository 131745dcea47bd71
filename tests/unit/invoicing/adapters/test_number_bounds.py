"""How far ahead numbers are reserved outside (ADR 0020): a tenth, at least 5 and at most 100.

The oracle is that sentence in fractions; the table is computed from it by hand. What the file says
is read back by a reader of its own.
"""

import asyncio
import json
import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.number_journal import (
    PORT,
    NumberJournal,
    NumberJournalUnavailable,
    Reservation,
    read_journal,
)
from invx.contexts.invoicing.adapters.reconciling import Witness
from invx.contexts.invoicing.domain.number_permit import OutsideCount
from invx.infra.anchor_file import AnchorFile, AnchorMismatch
from invx.infra.anchoring import pseudonym
from invx.kernel.ports import Fact, SealStatement

TENANT, OTHER, SERIES = UUID(int=1), UUID(int=9), UUID(int=2)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLACE = (pseudonym(TENANT), str(SERIES), "2026")
# The number that is wanted, and the last one that may be drawn under the line that is written.
BOUNDS = [
    (1, 5),
    (2, 6),
    (10, 14),
    (49, 53),
    (50, 54),
    (59, 63),
    (60, 65),
    (69, 74),
    (70, 76),
    (99, 107),
    (100, 109),
    (101, 110),
    (109, 118),
    (110, 120),
    (500, 549),
    (999, 1_097),
    (1_000, 1_099),
    (1_009, 1_108),
    (1_010, 1_109),
    (5_000, 5_099),
    (123_456, 123_555),
    (9_999_999_999, 10_000_000_098),
]


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment


@contextmanager
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="invx-bounds-") as made:
        yield Path(made) / "numbers.jsonl"


def ahead(number: int) -> int:
    return max(5, min(100, floor(Fraction(number, 10))))


def fact(journal: NumberJournal, next: int, *, period: str = "2026", given: int = 0) -> Fact:
    return journal.fact(Reservation(TENANT, SERIES, period, given, next), beyond=0)


async def bound(journal: NumberJournal, next: int, *, times: int = 1) -> int:
    answers = await journal.obtain([fact(journal, next)] * times)
    values: set[int] = {each.value for each in answers}
    assert len(answers) == times
    [value] = values
    return value


def said(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


@pytest.mark.parametrize(("next", "expected"), BOUNDS)
async def test_the_first_who_asks_gets_a_tenth_more(
    tmp_path: Path, next: int, expected: int
) -> None:
    assert expected - next + 1 == ahead(next)
    path = tmp_path / "numbers.jsonl"
    assert await bound(NumberJournal(path, Clock()), next) == expected
    [line] = said(path)
    assert line["reserved"] == expected


@given(st.integers(1, 10**10))
@settings(max_examples=40)
async def test_at_any_number(next: int) -> None:
    with file() as path:
        assert await bound(NumberJournal(path, Clock()), next) == next + ahead(next) - 1


asked = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 60), st.integers(1, 4), st.integers(0, 1_500)),
    min_size=1,
    max_size=12,
)


@given(asked)
@settings(max_examples=40, deadline=None)
async def test_no_number_is_above_what_stands_in_the_file(
    steps: list[tuple[int, int, int, int]],
) -> None:
    """The guarantee: three processes ask in any order, and each answer was on the disk before."""
    with file() as path:
        clock = Clock()
        processes = [NumberJournal(path, clock) for _ in range(3)]
        own = [0, 0, 0]  # the highest that each was granted
        for who, next, times, milliseconds in steps:
            clock.moment += timedelta(milliseconds=milliseconds)
            before = len(said(path)) if path.exists() else 0
            value = await bound(processes[who], next, times=times)
            lines = said(path)
            assert value >= next + times - 1  # enough for everybody who asked
            assert value <= max(own[who], next + times - 1 + 99)  # a restore leaves out few
            assert value in [line["reserved"] for line in lines]
            assert len(lines) == before + (value > own[who])  # a line only where it is needed
            own[who] = max(own[who], value)
        assert read_journal(path)[PLACE].perhaps == max(own)


@given(st.lists(st.tuples(st.sampled_from(["2026", "2027", "all"]), st.integers(1, 90))))
@settings(max_examples=30, deadline=None)
async def test_what_is_read_is_the_most_that_was_written_of_each_period(
    wanted: list[tuple[str, int]],
) -> None:
    with file() as path:
        path.touch()
        for period, next in wanted:
            journal = NumberJournal(path, Clock())
            await journal.obtain([fact(journal, next, period=period, given=next - 1)])
        found = {place[2]: count for place, count in read_journal(path).items()}
        expected = {
            period: OutsideCount(
                max(n - 1 for p, n in wanted if p == period),
                max(n + ahead(n) - 1 for p, n in wanted if p == period),
            )
            for period, _ in wanted
        }
        assert found == expected


async def test_within_a_second_many_askers_are_given_more_and_then_few_again(
    tmp_path: Path,
) -> None:
    clock = Clock()
    journal = NumberJournal(tmp_path / "numbers.jsonl", clock)
    for _ in range(10):
        assert await bound(journal, 1) == 5
    assert await bound(journal, 6) == 6 + 2 * 10 - 1  # twice as many as came within the second
    clock.moment += timedelta(seconds=1, microseconds=1)
    assert await bound(journal, 26) == 30
    clock.moment += timedelta(days=1)
    assert await bound(journal, 500) == 549


async def test_answers_name_the_file_and_come_in_the_order_of_the_facts(tmp_path: Path) -> None:
    journal = NumberJournal(tmp_path / "numbers.jsonl", Clock())
    facts = [fact(journal, 70, period="2027"), fact(journal, 1), fact(journal, 70, period="2027")]
    answers = await journal.obtain(facts)
    assert [each.fact for each in answers] == facts
    assert [each.value for each in answers] == [71 + 6, 5, 71 + 6]  # two want one each
    assert {each.source for each in answers} == {"numbers.jsonl"}
    assert {each.port for each in facts} == {PORT}


async def test_facts_of_another_bound_are_other_facts(tmp_path: Path) -> None:
    """So an answer of before is never taken for the one that is wanted now."""
    journal = NumberJournal(tmp_path / "numbers.jsonl", Clock())
    wanted = Reservation(TENANT, SERIES, "2026", 0, 1)
    one, other = (journal.fact(wanted, beyond=beyond) for beyond in (0, 5))
    assert one.key == other.key
    assert one.fingerprint != other.fingerprint


GOOD = (
    b'{"format":"invx numbers 1","tenant":"t","series":"s","period":"2026","given":3,'
    b'"reserved":7,"at":"2026-11-30T12:00:00+00:00"}\n'
)
TORN = {
    "cut off": GOOD[:40] + b"\n",
    "no letters": b'{"format":"invx numbers 1","tenant":"\xff\xfe"}\n',
    "a bad letter in a whole line": GOOD.replace(b'"s"', b'"\xc3("').replace(b":7", b":70"),
    "zeros": b"\0" * 120 + b"\n",
    "nothing": b"\n",
    "blanks": b"   \n",
    "a list": b"[1,2]\n",
    "a word": b"numbers\n",
    "a count that is text": GOOD.replace(b":7,", b':"70",'),
    "a count that is a fraction": GOOD.replace(b":7,", b":70.5,"),
    "a count that is lacking": GOOD.replace(b'"reserved":7,', b""),
    "another format": GOOD.replace(b"numbers 1", b"numbers 9").replace(b":7,", b":70,"),
    "two lines run together": GOOD[:-1] + GOOD.replace(b":7,", b":70,"),
}


@pytest.mark.parametrize("name", TORN)
@pytest.mark.parametrize("where", ["before", "between", "behind", "at the end"])
def test_a_line_that_is_not_whole_hides_no_other(tmp_path: Path, name: str, where: str) -> None:
    path, torn = tmp_path / "numbers.jsonl", TORN[name]
    more = GOOD.replace(b":3,", b":4,")
    parts = {
        "before": [torn, GOOD, more],
        "between": [GOOD, torn, more],
        "behind": [GOOD, more, torn],
        "at the end": [GOOD, more, torn.removesuffix(b"\n")],
    }
    path.write_bytes(b"".join(parts[where]))
    assert read_journal(path) == {("t", "s", "2026"): OutsideCount(4, 7)}


@given(st.binary(max_size=200))
@settings(max_examples=60)
def test_any_bytes_between_whole_lines_are_passed_over(noise: bytes) -> None:
    with file() as path:
        path.write_bytes(GOOD + noise + b"\n" + GOOD.replace(b":3,", b":4,"))
        assert read_journal(path)["t", "s", "2026"] == OutsideCount(4, 7)


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file grows above so many bytes; a write that would is cut off, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("room", [0, 1, 40, 150])
async def test_on_a_full_disk_nothing_is_granted_and_afterwards_all_goes_on(
    tmp_path: Path, room: int
) -> None:
    path, clock = tmp_path / "numbers.jsonl", Clock()
    await bound(NumberJournal(path, clock), 1)
    journal, size = NumberJournal(path, clock), path.stat().st_size
    await asyncio.to_thread(int)  # a thread is there before the disk is full
    with disk_of(size + room), pytest.raises(NumberJournalUnavailable):
        await bound(journal, 80)
    assert read_journal(path)[PLACE] == OutsideCount(0, 5)
    assert await bound(journal, 6) == 10
    assert read_journal(path)[PLACE] == OutsideCount(0, 10)


def seal(number: int, numbers: Sequence[dict[str, object]], tenant: UUID = TENANT) -> SealStatement:
    return SealStatement(
        "invoicing", pseudonym(tenant), number, f"{number:064x}", 1, "2026-11-30T12:00:00Z", numbers
    )


def last(number: int, period: str = "2026", series: UUID = SERIES) -> dict[str, object]:
    return {"series": str(series), "period": period, "last": number}


async def test_journal_and_anchor_know_together_what_either_knows(tmp_path: Path) -> None:
    journal, anchor = tmp_path / "numbers.jsonl", tmp_path / "seals.jsonl"
    await bound(NumberJournal(journal, Clock()), 1)
    other = UUID(int=3)
    kept = [seal(1, [last(2), last(8, "2025")]), seal(2, [last(4), last(1, "all", other)])]
    await AnchorFile(anchor).keep(kept, known=0)
    await AnchorFile(anchor).keep([seal(1, [last(99)], OTHER)], known=0)
    witness = Witness()
    witness.read_anchor(anchor)
    witness.read_journal(journal)
    assert witness.of(TENANT, SERIES) == {"2026": OutsideCount(4, 5), "2025": OutsideCount(8, 8)}
    assert witness.of(OTHER, SERIES) == {"2026": OutsideCount(99, 99)}
    assert witness.of(OTHER, other) == {}
    assert witness.series_of(TENANT) == {SERIES: OutsideCount(8, 8), other: OutsideCount(1, 1)}
    assert witness.series_of(UUID(int=77)) == {}


async def test_an_anchor_that_was_changed_is_no_witness(tmp_path: Path) -> None:
    anchor = tmp_path / "seals.jsonl"
    await AnchorFile(anchor).keep([seal(1, [last(40)]), seal(2, [last(41)])], known=0)
    anchor.write_bytes(anchor.read_bytes().replace(b'"last":40', b'"last":10'))
    with pytest.raises(AnchorMismatch):
        Witness().read_anchor(anchor)


counts = st.builds(OutsideCount, st.integers(0, 9), st.integers(0, 9))


@given(st.lists(counts, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_it_does_not_matter_who_is_heard_first_or_twice(
    heard: list[OutsideCount], random: object
) -> None:
    def told(some: Sequence[OutsideCount]) -> dict[str, OutsideCount]:
        witness = Witness()
        for each in some:
            witness.says(PLACE, each)
        return witness.of(TENANT, SERIES)

    shuffled = [*heard, *heard]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    expected = OutsideCount(max(c.given for c in heard), max(c.perhaps for c in heard))
    assert told(heard) == told(shuffled) == {"2026": expected}
