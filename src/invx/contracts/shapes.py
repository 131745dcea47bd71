"""Dataclasses to JSON values and back, by their declared types; nothing but the standard library.

Decoding is strict about types and silent about values: an error names the field, so that it can be
shown, logged and stored without anybody's data in it.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from invx.kernel.errors import violated

T = TypeVar("T")
Convert = Callable[[Any], Any]


class MalformedBody(Exception):
    """A body does not have the shape that its name promises."""


class Shape(Generic[T]):
    """The JSON object that stands for one dataclass."""

    def __init__(self, type_: type[T]) -> None:
        self.type = type_
        self._write, self._read = _dataclass(type_)

    def write(self, value: T) -> dict[str, Any]:
        """A JSON object with every field in its declared order."""
        body: dict[str, Any] = self._write(value)
        return body

    def read(self, body: Mapping[str, Any]) -> T:
        """The value. A missing field takes its default; unknown ones are ignored.

        Raises MalformedBody.
        """
        value: T = self._read(body)
        return value


@cache
def _pair(declared: Any) -> tuple[Convert, Convert]:
    """How a value of the declared type is written, and read."""
    origin, inner = typing.get_origin(declared), typing.get_args(declared)
    if origin in (typing.Union, types.UnionType):
        return _optional([kind for kind in inner if kind is not type(None)], declared)
    if origin is tuple and inner[1:] == (Ellipsis,):
        return _sequence(*_pair(inner[0]))
    if origin is dict and inner[0] is str:
        return _mapping(*_pair(inner[1]))
    if declared in _PLAIN:
        return _PLAIN[declared]
    if isinstance(declared, type) and issubclass(declared, Enum):
        return (lambda value: value.value), _parsed(str, declared)
    if dataclasses.is_dataclass(declared) and isinstance(declared, type):
        return _dataclass(declared)
    return violated(f"a contract cannot hold {declared}")


def _dataclass(type_: type[Any]) -> tuple[Convert, Convert]:
    hints = typing.get_type_hints(type_)
    fields = [(field, *_pair(hints[field.name])) for field in dataclasses.fields(type_)]
    written = [(field.name, write) for field, write, _ in fields]

    def write_all(value: Any) -> Any:
        return {name: write(getattr(value, name)) for name, write in written}

    def read_all(body: Any) -> Any:
        if not isinstance(body, Mapping):
            raise MalformedBody("expected an object")
        values = {}
        for field, _, read in fields:
            if field.name in body:
                values[field.name] = _at(field.name, read, body[field.name])
            elif not _has_default(field):
                raise MalformedBody(f"{field.name}: missing")
        return type_(**values)

    return write_all, read_all


def _has_default(field: "dataclasses.Field[Any]") -> bool:
    return not (field.default is field.default_factory is dataclasses.MISSING)


def _at(name: str, read: Convert, value: Any) -> Any:
    try:
        return read(value)
    except MalformedBody as error:
        raise MalformedBody(f"{name}: {error}") from None


def _optional(kinds: list[Any], declared: Any) -> tuple[Convert, Convert]:
    if len(kinds) != 1:
        violated(f"a contract cannot hold {declared}")
    write, read = _pair(kinds[0])
    return (
        lambda value: None if value is None else write(value),
        lambda value: None if value is None else read(value),
    )


def _sequence(write: Convert, read: Convert) -> tuple[Convert, Convert]:
    def read_all(values: Any) -> Any:
        if not isinstance(values, list):
            raise MalformedBody("expected an array")
        return tuple(_at(str(index), read, value) for index, value in enumerate(values))

    return (lambda values: [write(value) for value in values]), read_all


def _mapping(write: Convert, read: Convert) -> tuple[Convert, Convert]:
    def read_all(values: Any) -> Any:
        if not isinstance(values, dict):
            raise MalformedBody("expected an object")
        return {key: _at(key, read, value) for key, value in values.items()}

    return (lambda values: {key: write(value) for key, value in values.items()}), read_all


def _exactly(kind: type[Any]) -> Convert:
    def read(value: Any) -> Any:
        if type(value) is not kind:  # True is an int for Python, not for us
            raise MalformedBody(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return read


def _parsed(source: type[Any], parse: Convert) -> Convert:
    check = _exactly(source)

    def read(value: Any) -> Any:
        try:
            return parse(check(value))
        except (ValueError, InvalidOperation):
            raise MalformedBody("not readable") from None

    return read


def _write_decimal(value: Any) -> str:
    """Without an exponent: 1E+3 is 1000."""
    if not isinstance(value, Decimal) or not value.is_finite():
        violated("an amount in a contract must be a finite Decimal")
    return format(value, "f")


def _read_decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise MalformedBody("not a finite number")
    return value


def _write_instant(value: datetime) -> str:
    if value.tzinfo is None:
        violated("a time in a contract needs its zone")
    return value.isoformat()


def _read_instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise MalformedBody("a time without a zone")
    return value


def _same(value: Any) -> Any:
    return value


_PLAIN: dict[Any, tuple[Convert, Convert]] = {
    str: (_same, _exactly(str)),
    int: (_same, _exactly(int)),
    bool: (_same, _exactly(bool)),
    Decimal: (_write_decimal, _parsed(str, _read_decimal)),
    UUID: (str, _parsed(str, UUID)),
    date: (date.isoformat, _parsed(str, date.fromisoformat)),
    datetime: (_write_instant, _parsed(str, _read_instant)),
}
