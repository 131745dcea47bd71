"""Events, commands and contracts, and the mark for personal data.

An event is private to its context and append-only; a contract is the promise other contexts may
see; a command asks for one change. All are frozen slotted dataclasses without behaviour.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, TypeVar
from uuid import UUID

T = TypeVar("T")


class PersonalMark:
    """Marks a field whose value is kept beside the event, not in it, so that it can be erased."""

    def __repr__(self) -> str:
        return "PERSONAL"


PERSONAL = PersonalMark()
# `Personal[str]` anywhere inside an event: the stored body holds a salted hash of it, table
# `personal` the value. After an erasure the field reads as None (D4).
Personal = Annotated[T | None, PERSONAL]


class Event:
    """Something that happened to one aggregate. Subclasses are frozen slotted dataclasses.

    `subjects` names, per top-level field, the attribute that holds the id of the person or party
    whose data stands there; "*" is for all other fields. Erasure works by that id.
    """

    __slots__ = ()
    subjects: ClassVar[dict[str, str]] = {}
    schema_version: ClassVar[int] = 1


class Command:
    """An imperative; stands in the file of its handler."""

    __slots__ = ()


class Contract:
    """What other contexts may know: versioned, a pure function of one event, no personal data.

    `wire` is the name on the wire, such as `invoicing.document.finalized.v1`.
    """

    __slots__ = ()
    wire: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A contract under way. `sequence` rises per `order_key` (the stream it comes from)."""

    message_id: UUID  # uuid5(event id, contract name): the same on every resend
    tenant_id: UUID
    contract: str
    order_key: UUID
    sequence: int
    occurred_at: datetime
    actor: str
    correlation_id: UUID
    causation_id: UUID
    body: str  # JSON text of the contract
    trace_parent: str | None = None  # W3C trace context, so one trace spans the contexts
