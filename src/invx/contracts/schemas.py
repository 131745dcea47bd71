"""The JSON Schema (draft 7) of a contract, from the types that its dataclass declares.

It says what a reader needs and how values look; further fields are allowed, since readers ignore
what they do not know.
"""

import dataclasses
import inspect
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from invx.kernel.errors import violated

Schema = dict[str, Any]

_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Decimal: {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    UUID: {"type": "string", "format": "uuid"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


def schema_of(declared: Any) -> Schema:
    """The schema of a contract, or of anything that a contract can hold."""
    origin, inner = typing.get_origin(declared), typing.get_args(declared)
    if origin in (typing.Union, types.UnionType):
        known = [schema_of(each) for each in inner if each is not type(None)]
        return {"anyOf": [*known, {"type": "null"}]}
    if origin is tuple and inner[1:] == (Ellipsis,):
        return {"type": "array", "items": schema_of(inner[0])}
    if origin is dict and inner[0] is str:
        return {"type": "object", "additionalProperties": schema_of(inner[1])}
    if declared in _PLAIN:
        return dict(_PLAIN[declared])
    if isinstance(declared, type) and issubclass(declared, Enum):
        return {"type": "string", "enum": [each.value for each in declared]}
    if dataclasses.is_dataclass(declared) and isinstance(declared, type):
        return _object(declared)
    return violated(f"a contract cannot hold {declared}")


def _object(type_: type[Any]) -> Schema:
    hints = typing.get_type_hints(type_)
    fields = dataclasses.fields(type_)
    required = [
        each.name
        for each in fields
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    ]
    return {
        "type": "object",
        "description": inspect.getdoc(type_) or "",
        "required": required,
        "properties": {each.name: schema_of(hints[each.name]) for each in fields},
    }
