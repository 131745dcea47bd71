"""Filters of lists: `status=draft,finalized`, `created[gte]=2026-01-01`, `metadata[key]=value`.

Each list declares its filters by kind, so that values arrive typed, OpenAPI shows them, and a
parameter that nobody declared is refused by name instead of being ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

from invx.infra.http.fields import typeid_pattern
from invx.infra.http.problems import parameter_problem
from invx.kernel import limits
from invx.kernel.errors import Invalid
from invx.kernel.ids import MalformedId, parse_typeid


class InvalidMoment(Invalid):
    """The moment cannot be read; it is an RFC 3339 time with its offset, or a date."""


RANGE = ("gte", "gt", "lte", "lt")
EQUAL = ""
_LISTED_MAX = 100
# Digits that fit a generated bigint twin of an amount, with room for prices.
DECIMAL = r"-?[0-9]{1,15}(\.[0-9]{1,12})?"


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter that was asked for.

    `operator` is eq, in (the value is a tuple), gte, gt, lte or lt; `key` that of `metadata[key]`.
    """

    field: str
    operator: str
    value: Any
    key: str | None = None


class Kind(Protocol):
    """How one filter is written. `parse` raises ValueError with a sentence for the caller."""

    @property
    def operators(self) -> tuple[str, ...]: ...
    @property
    def schema(self) -> Mapping[str, Any]: ...
    def parse(self, text: str) -> Any: ...


def plain_text(text: str, chars_max: int) -> str:
    """`text`, if it is short enough and free of control characters. Raises ValueError."""
    if not text or len(text) > chars_max:
        raise ValueError(f"Expected 1 to {chars_max} characters.")
    if any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("Control characters are not allowed.")
    return text


def _text_schema(chars_max: int) -> dict[str, Any]:
    pattern = r"^[^\x00-\x1f\x7f]+$"
    return {"type": "string", "minLength": 1, "maxLength": chars_max, "pattern": pattern}


def listed_schema(one: str) -> dict[str, Any]:
    """One or more of what the pattern `one` describes, separated by commas."""
    return {"type": "string", "pattern": f"^({one})(,({one}))*$"}


@dataclass(frozen=True, slots=True)
class Text:
    """Free text; what it is compared with is the list's affair."""

    chars_max: int = limits.NAME_CHARS_MAX
    operators = (EQUAL,)

    @property
    def schema(self) -> Mapping[str, Any]:
        return _text_schema(self.chars_max)

    def parse(self, text: str) -> str:
        return plain_text(text, self.chars_max)


@dataclass(frozen=True, slots=True)
class Choice:
    """One or more of a few words, separated by commas: a tuple."""

    values: tuple[str, ...]
    operators = (EQUAL,)

    @property
    def schema(self) -> Mapping[str, Any]:
        return listed_schema("|".join(self.values))

    def parse(self, text: str) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(text.split(",")))
        if not set(chosen) <= set(self.values):
            raise ValueError(f"Expected one or more of {', '.join(self.values)}.")
        return chosen


@dataclass(frozen=True, slots=True)
class Id:
    """One or more TypeIDs of a kind, separated by commas: a tuple of UUIDs."""

    prefix: str
    operators = (EQUAL,)

    @property
    def schema(self) -> Mapping[str, Any]:
        return listed_schema(typeid_pattern(self.prefix))

    def parse(self, text: str) -> tuple[Any, ...]:
        given = text.split(",")
        if len(given) > _LISTED_MAX:
            raise ValueError(f"At most {_LISTED_MAX} ids.")
        try:
            return tuple(parse_typeid(self.prefix, each) for each in given)
        except MalformedId:
            raise ValueError(f"Expected ids of the form {self.prefix}_….") from None


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant: RFC 3339 with its offset, or a date for the first moment of that day in UTC."""

    operators = RANGE

    @property
    def schema(self) -> Mapping[str, Any]:
        forms = [{"type": "string", "format": form} for form in ("date-time", "date")]
        return {"anyOf": forms, "examples": ["2026-11-01T00:00:00Z", "2026-11-01"]}

    def parse(self, text: str) -> datetime:
        try:
            # A "+" that was not percent-encoded arrives as a space.
            moment = datetime.fromisoformat(text.replace(" ", "+"))
            if len(text) == len("2026-11-01"):
                moment = moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC) if moment.tzinfo else _no_offset()
        except (ValueError, OverflowError):
            raise ValueError("Expected an RFC 3339 time with an offset, or a date.") from None


def parse_moment(name: str, text: str) -> datetime:
    """The query parameter `name` as an instant. Raises InvalidMoment, naming it."""
    try:
        return Moment().parse(text)
    except ValueError as error:
        problem = parameter_problem("query", name, "invalid_value", str(error))
        raise InvalidMoment(problems=[problem]) from None


def _no_offset() -> datetime:
    raise ValueError


@dataclass(frozen=True, slots=True)
class Day:
    """A date."""

    operators = (EQUAL, *RANGE)

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "string", "format": "date"}

    def parse(self, text: str) -> date:
        try:
            return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            raise ValueError("Expected a date such as 2026-11-01.") from None


@dataclass(frozen=True, slots=True)
class Amount:
    """A decimal number."""

    operators = (EQUAL, *RANGE)

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "string", "pattern": f"^{DECIMAL}$"}

    def parse(self, text: str) -> Decimal:
        if not re.fullmatch(DECIMAL, text):
            raise ValueError("Expected a decimal number such as 119.00.")
        return Decimal(text)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    operators = (EQUAL,)

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "boolean"}

    def parse(self, text: str) -> bool:
        if text not in {"true", "false"}:
            raise ValueError("Expected true or false.")
        return text == "true"


@dataclass(frozen=True, slots=True)
class Keyed:
    """Free keys with text values: `metadata[project]=P-7`."""

    operators = ()  # what stands in the brackets is a key

    @property
    def schema(self) -> Mapping[str, Any]:
        values = _text_schema(limits.METADATA_VALUE_CHARS_MAX)
        keys = _text_schema(limits.NAME_CHARS_MAX) | {"pattern": r"^[^\x00-\x1f\x7f\[\]]+$"}
        return {"type": "object", "propertyNames": keys, "additionalProperties": values}

    def parse(self, text: str) -> str:
        return plain_text(text, limits.METADATA_VALUE_CHARS_MAX)


def parse_condition(field: str, bracket: str | None, kind: Kind, text: str) -> Condition:
    """One query parameter as a condition. Raises ValueError with a sentence for the caller."""
    if isinstance(kind, Keyed):
        if not bracket:
            raise ValueError(f"Name the key: {field}[key].")
        return Condition(field, "eq", kind.parse(text), plain_text(bracket, limits.NAME_CHARS_MAX))
    operator = bracket or EQUAL
    if operator not in kind.operators:
        forms = ", ".join(f"{field}[{each}]" if each else field for each in kind.operators)
        raise ValueError(f"Write it as {forms}.")
    value = kind.parse(text)
    if operator == EQUAL:
        return Condition(field, "in" if isinstance(value, tuple) else "eq", value)
    return Condition(field, operator, value)


def openapi_parameters(filters: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """The query parameters that these filters understand."""
    found: list[dict[str, Any]] = []
    for field, kind in filters.items():
        schema = dict(kind.schema)
        if isinstance(kind, Keyed):
            found.append(
                {"name": field, "in": "query", "style": "deepObject", "explode": True}
                # Empty, or a page that tries the route out makes up keys that nothing has.
                | {"schema": schema, "example": {}}
            )
        for operator in kind.operators:
            name = f"{field}[{operator}]" if operator else field
            found.append({"name": name, "in": "query", "schema": schema})
    return found
