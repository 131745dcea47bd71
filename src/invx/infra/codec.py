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
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from invx.infra.piecewise import convert, decode, encode, to_builtins
from invx.kernel.errors import violated
from invx.kernel.messages import PERSONAL, Event

E = TypeVar("E", bound=Event)

_PROOF = "~personal"  # no field of an event begins so


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

    An upcaster takes a body of one schema version, personal values restored, to the next; stored
    bytes never change. Raises InvariantViolation for an event that could not be stored or read.
    """

    def __init__(
        self,
        events: Iterable[type[Event]],
        upcasters: Mapping[tuple[str, int], Any] | None = None,
    ) -> None:
        self._events = {event.__name__: event for event in events}
        self._upcasters = dict(upcasters or {})
        for name, event in self._events.items():
            _check_plans(event, set())
            for field in _fields(event):
                if event.subjects.keys().isdisjoint((field, "*")):
                    violated(f"{name}.{field} is personal, but of nobody")
            for version in range(1, event.schema_version):
                if (name, version) not in self._upcasters:
                    violated(f"nothing brings {name} from version {version} to the next")

    def encode(self, event: Event) -> Encoded:
        """The stored form. Raises InvariantViolation for an event that is not registered."""
        kind = type(event)
        if self._events.get(kind.__name__) is not kind:
            violated(f"{kind.__name__} is not an event of this context")
        body = to_builtins(event)
        taken: dict[UUID, dict[str, Any]] = {}
        for name, below in _fields(kind).items():
            values: dict[str, Any] = {}
            _take(body, name, below, "/" + name, values)
            if values:
                subject = kind.subjects.get(name) or kind.subjects["*"]
                taken.setdefault(getattr(event, subject), {}).update(values)
        personal = tuple(
            PersonalValues(subject, secrets.token_bytes(16), encode(values, of=event))
            for subject, values in taken.items()
        )
        if personal:
            body[_PROOF] = {str(item.subject_id): item.proof for item in personal}
        return Encoded(kind.__name__, kind.schema_version, encode(body, of=event), personal)

    def decode(
        self, name: str, schema_version: int, body: str, personal: Iterable[str] = ()
    ) -> Event:
        """The event as it was recorded; erased values read as None."""
        kind = self._events.get(name)
        if kind is None:
            violated(f"there is no event {name}")
        if schema_version > kind.schema_version:
            violated(f"{name} was stored by a newer version of this program")
        values = decode(body)
        values.pop(_PROOF, None)
        for part in personal:  # first: the pointers lead into the body as it was stored
            for pointer, value in decode(part).items():
                _restore(values, pointer, value)
        while schema_version < kind.schema_version:
            values = self._upcasters[name, schema_version](values)
            schema_version += 1
        return convert(values, kind)


def events_in(*modules: types.ModuleType) -> list[type[Event]]:
    """The events that these modules define."""
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Event) and value is not Event
    ]


def _fields(kind: Any) -> dict[str, Any]:
    """Field name -> plan, for the fields of a dataclass in which personal values may stand.

    A plan is PERSONAL (take it), a dataclass (look into its fields) or a list of one plan (look
    into every item). Classes stand for themselves, so one may hold others of its kind (lines do).
    """
    if (found := _KNOWN_FIELDS.get(kind)) is None:
        hints = get_type_hints(kind, include_extras=True)
        found = {
            field.name: plan
            for field in dataclasses.fields(kind)
            if (plan := _plan(hints[field.name])) is not None
        }
        _KNOWN_FIELDS[kind] = found
    return found


_KNOWN_FIELDS: dict[Any, dict[str, Any]] = {}


def _plan(hint: Any) -> Any:
    if not _holds_personal(hint):
        return None
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return PERSONAL if PERSONAL in hint.__metadata__ else _plan(parts[0])
    if dataclasses.is_dataclass(hint):
        return hint
    plans = [plan for part in parts if (plan := _plan(part)) is not None]
    if origin in (Union, types.UnionType) and len(plans) == 1:
        return plans[0]
    if origin is list or (origin is tuple and parts[1:] == (...,)):
        return plans
    return violated(f"personal values inside {hint} cannot be taken out")


def _holds_personal(hint: Any, above: tuple[Any, ...] = ()) -> bool:
    """Whether a value of this type can have a personal value anywhere below it."""
    if get_origin(hint) is Annotated and PERSONAL in hint.__metadata__:
        return True
    parts = get_args(hint)
    if dataclasses.is_dataclass(hint):
        if hint in above:
            return False
        above = (*above, hint)
        parts = tuple(get_type_hints(hint, include_extras=True).values())
    return any(_holds_personal(part, above) for part in parts)


def _check_plans(kind: Any, seen: set[Any]) -> None:
    """Raises InvariantViolation for a field whose personal values could not be taken out."""
    seen.add(kind)
    for plan in _fields(kind).values():
        below = plan
        while isinstance(below, list):
            below = below[0]
        if below is not PERSONAL and below not in seen:
            _check_plans(below, seen)


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
        held = holder[key] = list(held)
        for index in range(len(held)):
            _take(held, index, plan[0], f"{pointer}/{index}", values)
    else:
        for name, below in _fields(plan).items():
            if held[name] is not None:
                _take(held, name, below, f"{pointer}/{name}", values)


def _restore(values: Any, pointer: str, value: Any) -> None:
    *path, last = pointer[1:].split("/")
    for step in path:
        values = values[int(step)] if isinstance(values, list) else values[step]
    values[int(last) if isinstance(values, list) else last] = value
