"""What happens to an entry in the books of a tax engine. No event names a person."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from invx.kernel.messages import Event


class EngineEntryKind(StrEnum):
    """What the engine is told of a document that it taxed."""

    SALE = "sale"
    REFUND = "refund"  # a credit note or a cancellation document
    VOID = "void"  # the document never was: takes back a sale or a refund whole


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntryOwed(Event):
    """A document taxed by a quote became binding, or was taken back: the engine is to be told."""

    document_id: UUID
    legal_entity_id: UUID
    kind: EngineEntryKind
    engine: str
    quote: str  # the engine's reference of it
    reverses: UUID | None  # the entry that this one takes back, whole or in part
    owed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntryCommitted(Event):
    """The engine has it; `reference` is its own number of it."""

    reference: str
    committed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntryFailed(Event):
    """The engine did not take it. Without `retry_at` nobody tries again by himself."""

    reason: str
    retry_at: datetime | None
    failed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntryResumed(Event):
    """Somebody wants it tried again, from the first attempt."""

    resumed_at: datetime
