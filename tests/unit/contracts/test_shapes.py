"""Dataclasses to JSON values and back: exact, strict, and silent about values."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contracts.shapes import MalformedBody, Shape
from invx.kernel.errors import InvariantViolation


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Part:
    amount: Decimal
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    id: UUID
    text: str
    count: int
    flag: bool
    amount: Decimal
    day: date
    at: datetime
    colour: Colour
    maybe: date | None
    parts: tuple[Part, ...]
    labels: dict[str, str] = field(default_factory=dict)


ID = UUID("019a0000-0000-7000-8000-000000000001")
EXAMPLE = Whole(
    id=ID,
    text="Größe — ½",
    count=3,
    flag=True,
    amount=Decimal("1E+3"),
    day=date(2024, 2, 29),
    at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    colour=Colour.RED,
    maybe=None,
    parts=(Part(Decimal("0.10"), "a"), Part(Decimal("-0.001"))),
    labels={"k": "v"},
)
BODY = {
    "id": str(ID),
    "text": "Größe — ½",
    "count": 3,
    "flag": True,
    "amount": "1000",
    "day": "2024-02-29",
    "at": "2026-03-29T01:30:00+00:00",
    "colour": "red",
    "maybe": None,
    "parts": [{"amount": "0.10", "note": "a"}, {"amount": "-0.001", "note": None}],
    "labels": {"k": "v"},
}
SHAPE = Shape(Whole)


def test_every_kind_of_field_has_one_plain_form() -> None:
    assert SHAPE.write(EXAMPLE) == BODY
    assert list(SHAPE.write(EXAMPLE)) == list(BODY)


def test_what_is_written_is_read_back() -> None:
    assert SHAPE.read(json.loads(json.dumps(BODY))) == EXAMPLE


@given(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.one_of(st.none(), st.text()),
)
def test_amounts_keep_every_digit_and_text_every_character(amount: Decimal, note) -> None:
    shape = Shape(Part)
    again = shape.read(json.loads(json.dumps(shape.write(Part(amount, note)))))
    assert again == Part(amount, note)
    assert "E" not in shape.write(Part(amount))["amount"]


def test_a_missing_field_takes_its_default() -> None:
    assert SHAPE.read({**BODY, "parts": [{"amount": "1"}]}).parts == (Part(Decimal(1)),)
    without = {name: value for name, value in BODY.items() if name != "labels"}
    assert SHAPE.read(without).labels == {}


def test_a_field_from_the_future_is_ignored() -> None:
    assert SHAPE.read({**BODY, "invented": {"later": 1}}) == EXAMPLE


@pytest.mark.parametrize(
    "change, said",
    [
        ({"id": "Ada"}, "id: not readable"),
        ({"text": 7}, "text: expected str, got int"),
        ({"text": None}, "text: expected str, got NoneType"),
        ({"count": True}, "count: expected int, got bool"),
        ({"count": 3.0}, "count: expected int, got float"),
        ({"flag": 1}, "flag: expected bool, got int"),
        ({"amount": 1.5}, "amount: expected str, got float"),
        ({"amount": "Infinity"}, "amount: not a finite number"),
        ({"amount": "NaN"}, "amount: not a finite number"),
        ({"amount": "ten"}, "amount: not readable"),
        ({"day": "2026-02-30"}, "day: not readable"),
        ({"at": "2026-03-29T01:30:00"}, "at: a time without a zone"),
        ({"colour": "blue"}, "colour: not readable"),
        ({"parts": {}}, "parts: expected an array"),
        ({"parts": [{"amount": "1"}, {"note": "x"}]}, "parts: 1: amount: missing"),
        ({"parts": ["x"]}, "parts: 0: expected an object"),
        ({"labels": {"k": 1}}, "labels: k: expected str, got int"),
        ({"labels": []}, "labels: expected an object"),
    ],
)
def test_a_wrong_body_is_refused_by_its_field_and_not_by_its_value(change, said: str) -> None:
    with pytest.raises(MalformedBody) as refused:
        SHAPE.read({**BODY, **change})
    assert str(refused.value) == said


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), 0.1, 1])
def test_only_finite_decimals_are_written_as_amounts(amount: Any) -> None:
    with pytest.raises(InvariantViolation):
        Shape(Part).write(Part(amount))


def test_a_time_without_its_zone_is_never_written() -> None:
    @dataclass
    class Moment:
        at: datetime

    with pytest.raises(InvariantViolation):
        Shape(Moment).write(Moment(datetime(2026, 1, 1)))


@pytest.mark.parametrize("kind", [float, set[str], str | int, list[str], Any, dict[int, str]])
def test_a_type_without_an_agreed_form_is_refused_when_the_shape_is_made(kind: Any) -> None:
    held = dataclass(type("Held", (), {"__annotations__": {"value": kind}}))
    with pytest.raises(InvariantViolation, match="cannot hold"):
        Shape(held)
