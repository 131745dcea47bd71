"""Old and new processes understand each other: this code and the schemas of the last release."""

import copy
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contracts.registry import REGISTRY
from invx.contracts.schemas import schema_of
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Contract
from tests.contracts.additive import breaking
from tests.contracts.asyncapi import RELEASED, golden

OLD = sorted(RELEASED.glob("*.json"))
KINDS = {each.wire: each for each in Contract.__subclasses__() if each.wire in REGISTRY}
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    Decimal: st.decimals(-(10**12), 10**12, allow_nan=False, places=3),
    UUID: st.uuids(),
    date: st.dates(date(1900, 1, 1)),
    datetime: st.datetimes(datetime(1990, 1, 1), timezones=st.just(UTC)),
}


def value_of(declared: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type, `X | None` included."""
    if declared in VALUES:
        return VALUES[declared]
    [kind] = [each for each in declared.__args__ if each is not type(None)]
    return st.none() | VALUES[kind]


def any_of(kind: type[Contract]) -> st.SearchStrategy[Contract]:
    """Any contract of a version."""
    hints = get_type_hints(kind)
    chosen = {each: value_of(declared) for each, declared in hints.items() if each != "wire"}
    return st.builds(kind, **chosen)


def schema_in(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_what_was_released_is_there() -> None:
    assert OLD, "run `.venv/bin/python -m tests.contracts.asyncapi --release` with a release"


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_a_version_that_was_released_only_gains(path: Path) -> None:
    assert path.stem in REGISTRY, "a version that was told must be read for good"
    if path.stem in REGISTRY.names():
        assert breaking(schema_in(path), REGISTRY.schemas()[path.stem]) == []


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
@given(data=st.data())
def test_the_last_release_reads_what_this_code_tells(path: Path, data: st.DataObject) -> None:
    schema = jsonschema_rs.Draft7Validator(schema_in(path), validate_formats=True)
    told = data.draw(any_of(KINDS[path.stem]))
    body = msgspec.json.encode(REGISTRY.body(told)).decode()
    assert [str(error) for error in schema.iter_errors(json.loads(body))] == []
    assert REGISTRY.decode(path.stem, body) == told


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_this_code_reads_what_the_last_release_tells(path: Path) -> None:
    """Its messages hold exactly the fields of its schema."""
    old = schema_in(path)
    body = {name: golden(path.stem)[name] for name in old["properties"]}
    assert jsonschema_rs.Draft7Validator(old).is_valid(body)
    assert isinstance(REGISTRY.decode(path.stem, json.dumps(body)), Contract)


def _gone(schema: Any) -> None:
    del schema["properties"]["amount"]
    schema["required"].remove("amount")


def _renamed(schema: Any) -> None:
    schema["properties"]["sum"] = schema["properties"].pop("amount")
    schema["required"] = ["sum" if name == "amount" else name for name in schema["required"]]


def _retyped(schema: Any) -> None:
    schema["properties"]["amount"] = {"type": "number"}


def _needed(schema: Any) -> None:
    schema["properties"]["reason"] = {"type": "string"}
    schema["required"].append("reason")


def _nullable(schema: Any) -> None:
    was = schema["properties"]["currency"]
    schema["properties"]["currency"] = {"anyOf": [was, {"type": "null"}]}


@pytest.mark.parametrize(
    "change,said",
    [
        (_gone, ["amount is gone"]),
        (
            _renamed,
            [
                "amount is gone",
                "sum is needed, and the last release does not tell it",
            ],
        ),
        (_retyped, ["amount is of another type"]),
        (_needed, ["reason is needed, and the last release does not tell it"]),
        (_nullable, ["currency is of another type"]),
    ],
)
def test_changes_that_one_side_cannot_read_are_named(change: Any, said: list[str]) -> None:
    old = REGISTRY.schemas()["invoicing.payment.overdue.v1"]
    new = copy.deepcopy(old)
    change(new)
    assert breaking(old, new) == said


def test_what_is_added_with_a_default_breaks_nobody() -> None:
    old = REGISTRY.schemas()["invoicing.payment.overdue.v1"]
    new = copy.deepcopy(old)
    new["properties"]["reason"] = {"type": "string"}
    assert breaking(old, new) == []
    assert breaking(new, old) == ["reason is gone"]


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Part:
    """A part."""

    name: str
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True)
class Whole:
    parts: tuple[Part, ...]
    counts: dict[str, int]


def test_schemas_reach_into_lists_and_objects() -> None:
    schema = schema_of(Whole)
    part = schema["properties"]["parts"]["items"]
    assert (part["required"], part["description"]) == (["name"], "A part.")
    assert part["properties"]["colour"] == {"type": "string", "enum": ["red"]}
    assert schema["properties"]["counts"]["additionalProperties"] == {"type": "integer"}
    other = copy.deepcopy(schema)
    other["properties"]["parts"]["items"]["properties"]["name"] = {"type": "integer"}
    assert breaking(schema, other) == ["parts[].name is of another type"]


def test_what_no_contract_can_hold_has_no_schema() -> None:
    with pytest.raises(InvariantViolation, match="cannot hold"):
        schema_of(float)
