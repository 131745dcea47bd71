"""Events to stored bytes and back, with personal values kept apart (D4).

The body of an event is the JSON of its dataclass, with every `Personal` value taken out. What was
taken out is grouped by subject; the body keeps, per subject, the SHA-256 of a salt and the values.
Deleting the values later changes no body, so no hash of the chain breaks.

A field that is nothing (None, or an empty list or object) is left out where that is its default:
half of what a document's event held was such fields. Other defaults are written, so that an event
goes on saying the same when one of them changes; the default of a field that is nothing never may.
"""

import dataclasses
import hashlib
import secrets
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from invx.infra.apart import is_apart
from invx.infra.piecewise import PIECE, convert, decode, encode
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
        self._events: dict[str, Any] = {event.__name__: event for event in events}
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
        taken = _Taken()
        body = _reader(kind)(event, "", taken)
        by_subject: dict[UUID, dict[str, Any]] = {}
        for pointer, value in taken.items():
            field = pointer.split("/", 2)[1]
            subject = kind.subjects.get(field) or kind.subjects["*"]
            by_subject.setdefault(getattr(event, subject), {})[pointer] = value
        long = taken.long and is_apart()
        personal = tuple(
            PersonalValues(subject, secrets.token_bytes(16), encode(values, long=long))
            for subject, values in by_subject.items()
        )
        if personal:
            body[_PROOF] = {str(item.subject_id): item.proof for item in personal}
        return Encoded(kind.__name__, kind.schema_version, encode(body, long=long), personal)

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
        event: Event = convert(values, kind)
        return event


def events_in(*modules: types.ModuleType) -> list[type[Event]]:
    """The events that these modules define."""
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Event) and value is not Event
    ]


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """Field name -> plan, for the fields of a dataclass in which personal values may stand.

    A plan is PERSONAL (take it), a dataclass (look into its fields) or a list of one plan (look
    into every item). Classes stand for themselves, so one may hold others of its kind (lines do).
    """
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.name: plan
        for field in dataclasses.fields(kind)
        if (plan := _plan(hints[field.name])) is not None
    }


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


class _Taken(dict[str, Any]):
    """The personal values of an event, by pointer; and whether it holds a long list of records."""

    long = False


_Reader: TypeAlias = Callable[[Any, str, _Taken], dict[str, Any]]


def _told_of(held: Any, plan: Any, pointer: str, taken: _Taken) -> Any:
    """What a field says in which something personal can stand, as JSON has it."""
    kind: Any = type(held)
    if type(plan) is not list:
        return _reader(kind)(held, pointer, taken) if _is_record(kind) else held
    if kind is not tuple and kind is not list:
        return _whole(held, taken)
    [of] = plan
    taken.long = taken.long or len(held) > PIECE
    if of is not PERSONAL:
        return [_told_of(one, of, f"{pointer}/{at}", taken) for at, one in enumerate(held)]
    taken.update({f"{pointer}/{at}": one for at, one in enumerate(held) if one is not None})
    return [None] * len(held)


def _whole(held: Any, taken: _Taken) -> Any:
    """What any other field says, or one that is taken out with all that it holds."""
    kind: Any = type(held)
    if kind is tuple or kind is list:
        taken.long = taken.long or len(held) > PIECE
        return [_whole(each, taken) for each in held]
    if kind is dict:
        return {key: _whole(each, taken) for key, each in held.items()}
    reader = _WHOLE[kind]
    return reader(held, "", taken) if reader else held


@cache
def _reader(kind: Any, *, whole: bool = False) -> _Reader:
    """A function that says what a record holds; what is personal goes to `taken`, unless `whole`.

    It is written out per class, as `dataclass` does: an event has some three hundred fields, most
    of which are nothing and left out.
    """
    hints = get_type_hints(kind, include_extras=True)
    known: dict[str, Any] = {"told": _told_of, "whole": _whole}
    lines = ["def read(record, pointer, taken):", "    said = {}"]
    for field in dataclasses.fields(kind):
        name, nothing = field.name, _nothing(field)
        plan = None if whole else _fields(kind).get(name)
        known[f"plan_{name}"] = plan
        test = {"None": "is not None", "()": "!= ()", "{}": "!= {}"}.get(repr(nothing), "is held")
        value = "whole(held, taken)" if _holds_records(hints[name]) else "held"
        lines += [f"    held = record.{name}", f"    if held {test}:"]
        if plan is None:
            lines.append(f"        said['{name}'] = {value}")
        elif plan is not PERSONAL:
            told = f"told(held, plan_{name}, pointer + '/{name}', taken)"
            lines.append(f"        said['{name}'] = {told}")
        else:
            lines += [
                f"        if held is None or held == {{}}: said['{name}'] = held",
                "        else:",
                f"            taken[pointer + '/{name}'] = {value}",
            ]
            if nothing is not None:  # so that it is missed once it was erased
                lines.append(f"            said['{name}'] = None")
    exec("\n".join([*lines, "    return said"]), known)  # noqa: S102  # names of our own fields
    reader: _Reader = known["read"]
    return reader


_NEVER: Any = object()  # what no field holds: it is always written


def _nothing(field: dataclasses.Field[Any]) -> Any:
    made = field.default_factory
    default = field.default if made is dataclasses.MISSING else made()
    return default if default is None or default in ((), {}) else _NEVER


@cache
def _is_record(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind)


class _Readers(dict[Any, _Reader | None]):
    """The functions that say all that a record holds, by its class; None of what is no record."""

    def __missing__(self, kind: Any) -> _Reader | None:
        reader = self[kind] = _reader(kind, whole=True) if _is_record(kind) else None
        return reader


_WHOLE = _Readers()


def _holds_records(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint) or any(map(_holds_records, get_args(hint)))


def _restore(values: Any, pointer: str, value: Any) -> None:
    *path, last = pointer[1:].split("/")
    for step in path:
        values = values[int(step)] if isinstance(values, list) else values[step]
    values[int(last) if isinstance(values, list) else last] = value
