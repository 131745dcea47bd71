"""Events to stored bytes and back, with personal values kept apart (D4).

The body of an event is the JSON of its dataclass, with every `Personal` value taken out. What was
taken out is grouped by subject; the body keeps, per subject, the SHA-256 of a salt and the values.
Deleting the values later changes no body, so no hash of the chain breaks.
"""

import dataclasses
import hashlib
import secrets
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from invx.kernel.errors import violated
from invx.kernel.messages import PERSONAL, Event

E = TypeVar("E", bound=Event)

_PROOF = "~personal"  # no field of an event begins so

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class PersonalValues:
    """The personal values of one event that belong to one subject, by JSON Pointer in the body."""

    subject_id: UUID
    salt: bytes
    value: bytes  # JSON object: pointer -> value

    @property
    def proof(self) -> str:
        return hashlib.sha256(self.salt + self.value).hexdigest()


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event ready to be stored."""

    type: str
    schema_version: int
    body: bytes
    personal: tuple[PersonalValues, ...]


class Codec:
    """The events of one context by name, with the upcasters of their older versions.

    An upcaster takes the stored body of one schema version to the next; stored bytes never change.
    """

    def __init__(
        self,
        events: Iterable[type[Event]],
        upcasters: Mapping[tuple[str, int], Any] | None = None,
    ) -> None:
        self._events = {event.__name__: event for event in events}
        self._upcasters = dict(upcasters or {})

    def encode(self, event: Event) -> Encoded:
        """The stored form. Raises InvariantViolation for an event that is not registered."""
        kind = type(event)
        if self._events.get(kind.__name__) is not kind:
            violated(f"{kind.__name__} is not an event of this context")
        body = msgspec.to_builtins(event)
        taken: dict[UUID, dict[str, Any]] = {}
        plan = _plan(kind)
        if isinstance(plan, dict):
            for name, below in plan.items():
                subject = kind.subjects.get(name) or kind.subjects.get("*")
                values: dict[str, Any] = {}
                _take(body, name, below, "/" + name, values)
                if values:
                    if subject is None:
                        violated(f"{kind.__name__}.{name} is personal, but of nobody")
                    taken.setdefault(getattr(event, subject), {}).update(values)
        personal = tuple(
            PersonalValues(subject, secrets.token_bytes(16), _encode(values))
            for subject, values in taken.items()
        )
        if personal:
            body[_PROOF] = {str(item.subject_id): item.proof for item in personal}
        return Encoded(kind.__name__, kind.schema_version, _encode(body), personal)

    def decode(
        self, name: str, schema_version: int, body: str, personal: Iterable[str] = ()
    ) -> Event:
        """The event as it was recorded; erased values read as None."""
        kind = self._events.get(name)
        if kind is None:
            violated(f"there is no event {name}")
        values = msgspec.json.decode(body)
        while schema_version < kind.schema_version:
            values = self._upcasters[name, schema_version](values)
            schema_version += 1
        for part in personal:
            for pointer, value in msgspec.json.decode(part).items():
                _restore(values, pointer, value)
        values.pop(_PROOF, None)
        return msgspec.convert(values, kind)


def events_in(*modules: types.ModuleType) -> list[type[Event]]:
    """The events that these modules define."""
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Event) and value is not Event
    ]


def proofs(body: str) -> dict[str, str]:
    """Subject id -> proof, as an event's body states them."""
    found: dict[str, str] = msgspec.json.decode(body).get(_PROOF, {})
    return found


@cache
def _plan(kind: Any) -> Any:
    """What to take out of a value of this type: PERSONAL, a dict of fields, [items], or None."""
    if get_origin(kind) is Annotated:
        return PERSONAL if PERSONAL in kind.__metadata__ else _plan(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        plans = [plan for part in get_args(kind) if (plan := _plan(part)) is not None]
        return plans[0] if plans else None
    if get_origin(kind) in (tuple, list):
        below = _plan_of_items(get_args(kind)[0])
        return [below] if below is not None else None
    if dataclasses.is_dataclass(kind):
        return _fields(kind)
    return None


def _plan_of_items(kind: Any) -> Any:
    # A class may hold a tuple of itself (lines have children): its plan is looked up when used.
    return kind if dataclasses.is_dataclass(kind) and _fields_of(kind) else _plan(kind)


def _fields(kind: Any) -> dict[str, Any] | None:
    return _fields_of(kind) or None


@cache
def _fields_of(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if kind in _item_types(hint):
            found[field.name] = [kind]
        elif (plan := _plan(hint)) is not None:
            found[field.name] = plan
    return found


def _item_types(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (tuple, list) else ()


def _take(holder: Any, key: Any, plan: Any, pointer: str, values: dict[str, Any]) -> None:
    held = holder[key]
    if held is None:
        return
    if plan is PERSONAL:
        if held == {}:
            return
        values[pointer] = held
        holder[key] = None
    elif isinstance(plan, list):
        items = plan[0] if not dataclasses.is_dataclass(plan[0]) else _fields_of(plan[0])
        for index in range(len(held)):
            _take(held, index, items, f"{pointer}/{index}", values)
    else:
        for name, below in plan.items():
            _take(held, name, below, f"{pointer}/{name}", values)


def _restore(values: Any, pointer: str, value: Any) -> None:
    *path, last = pointer[1:].split("/")
    for step in path:
        values = values[int(step)] if isinstance(values, list) else values[step]
    values[int(last) if isinstance(values, list) else last] = value
