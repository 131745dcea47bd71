"""msgspec in pieces, for what runs apart from the event loop (see `apart`).

One call on a document of ten thousand lines keeps the interpreter for 30 ms, and with it every
other thread, the event loop above all. Here long lists are handled a piece at a time, and between
two pieces the others get their turn. The results are those of msgspec; on the loop, where only
short documents are worked on, msgspec is called as it is.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from invx.infra.apart import is_apart

T = TypeVar("T")

PIECE = 50  # items of a list: mostly below 1 ms, also where each is a whole invoice
_SHORT_BYTES = 20_000


def to_builtins(value: Any, *, long: bool | None = None) -> Any:
    """As `msgspec.to_builtins`. `long` says whether the value `is_long`, where that is known."""
    if long is False or not is_apart():
        return msgspec.to_builtins(value)
    return _to_builtins(value)


def convert(values: Any, kind: type[T]) -> T:
    """As `msgspec.convert` from JSON-like values to a dataclass. Raises ValidationError."""
    converted: T = _convert(values, kind) if is_apart() else msgspec.convert(values, kind)
    return converted


def encode(value: Any, *, long: bool | None = None) -> bytes:
    """As `msgspec.json.encode`. `long` says whether what it was made of `is_long`, where known."""
    return _encode(_with_raw(value) if long or (long is None and is_apart()) else value)


def decode(text: str | bytes) -> Any:
    """As `msgspec.json.decode`. Raises DecodeError."""
    return _decode(text) if is_apart() else msgspec.json.decode(text)


def is_long(value: Any) -> bool:
    """Whether this is handled in pieces: a long list stands in it, and it is worked on apart."""
    return is_apart() and _is_long(value)


_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def _pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + PIECE] for start in range(0, len(items), PIECE))


def _is_long(value: Any) -> bool:
    """Whether a long list stands in this value, at any depth that is not below a long list."""
    kind: Any = type(value)
    if kind is tuple or kind is list:
        return len(value) > PIECE or any(map(_is_long, value))
    if kind is dict:
        return any(map(_is_long, value.values()))
    for name in _deep(kind):
        held = getattr(value, name)
        if held and _is_long(held):
            return True
    return False


@cache
def _deep(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass in which a list can stand, at any depth."""
    if "__dataclass_fields__" not in vars(kind):
        return ()
    hints: dict[str, Any] = _hints(kind)
    return tuple(name for name, hint in hints.items() if not _is_plain(_stated(hint)))


def _is_plain(kind: Any) -> bool:
    """Whether this is a scalar, or a record of nothing else."""
    scalars = (str, bytes, int, float, bool, Decimal, date, UUID, Enum, type(None))
    if not isinstance(kind, type):
        return False
    return issubclass(kind, scalars) or (dataclasses.is_dataclass(kind) and not _deep(kind))


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Field name -> type, of a dataclass."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _names(record: Any) -> Iterable[str]:
    kind: Any = type(record)
    return _hints(kind)


def _to_builtins(value: Any) -> Any:
    if not _is_long(value):
        return msgspec.to_builtins(value)
    if isinstance(value, list | tuple):
        short = len(value) <= PIECE
        items = map(_to_builtins, value) if short else _built(value)
        return tuple(items) if isinstance(value, tuple) else list(items)
    if isinstance(value, dict):
        return {msgspec.to_builtins(key): _to_builtins(each) for key, each in value.items()}
    return {name: _to_builtins(getattr(value, name)) for name in _names(value)}


def _built(items: Sequence[Any]) -> Iterator[Any]:
    for piece in _pieces(items):
        yield from msgspec.to_builtins(piece)


def _with_raw(value: Any) -> Any:
    """The same with each long list already encoded."""
    if isinstance(value, dict):
        return {key: _with_raw(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        if len(value) <= PIECE:
            return [_with_raw(each) for each in value]
        return msgspec.Raw(b"[%b]" % b",".join(_encode(piece)[1:-1] for piece in _pieces(value)))
    return value


def _decode(text: str | bytes | msgspec.Raw) -> Any:
    plain = bytes(text) if isinstance(text, msgspec.Raw) else text
    if len(plain) > _SHORT_BYTES:
        first = plain[:1]
        if first in ("{", b"{"):
            return {key: _decode(each) for key, each in _object(plain).items()}
        if first in ("[", b"["):
            return [_decode(each) for each in _array(plain)]
    return msgspec.json.decode(plain)


def _convert(values: Any, kind: Any) -> Any:
    if not _is_long(values):
        return msgspec.convert(values, kind)
    kind = _stated(kind)
    if isinstance(values, list | tuple):
        item = get_args(kind)[0]
        if len(values) <= PIECE:
            items = [_convert(each, item) for each in values]
        else:
            some: Any = list[item]  # type: ignore[valid-type]
            items = [each for piece in _pieces(values) for each in msgspec.convert(piece, some)]
        return tuple(items) if get_origin(kind) is tuple else items
    if isinstance(values, dict) and dataclasses.is_dataclass(kind):
        make: Any = kind
        hints = _hints(make)
        known = {name: each for name, each in values.items() if name in hints}
        return make(**{name: _convert(each, hints[name]) for name, each in known.items()})
    return msgspec.convert(values, kind)


def _stated(kind: Any) -> Any:
    """The type that a value that is not None has, without its annotations."""
    if get_origin(kind) is Annotated:
        return _stated(get_args(kind)[0])
    others = [each for each in get_args(kind) if each is not type(None)]
    if type(None) in get_args(kind) and len(others) == 1:
        return _stated(others[0])
    return kind
