"""What a tax engine is told of a document that it taxed: owed at once, committed a while later.

The second phase of a quote. The sale stands whether the engine answers or not; what it has not
taken yet is tried again with growing pauses, and in the end waits for a person, visibly.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.tax.engine_entry_events import (
    EngineEntryCommitted,
    EngineEntryFailed,
    EngineEntryKind,
    EngineEntryOwed,
    EngineEntryResumed,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, NotFound, invariant, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event

ATTEMPTS_MAX = 10  # over four days
_PAUSE_FIRST = timedelta(minutes=1)
_PAUSE_MAX = timedelta(hours=24)
_GROWTH = 4


class EngineEntryNotFound(NotFound):
    """There is no such entry for a tax engine."""


class EngineEntryNotFailed(Conflict):
    """The entry has not failed for good: it is committed, or tried again by itself."""


class EngineEntryStatus(StrEnum):
    """Where an entry stands."""

    PENDING = "pending"
    COMMITTED = "committed"
    FAILED = "failed"  # given up until somebody says `retry`


def engine_entry_id(document_id: UUID, kind: EngineEntryKind) -> UUID:
    """One stream per document and kind, so nothing is owed twice."""
    return named_id(document_id, f"engine-entry:{kind}")


class EngineEntry(Aggregate):
    """One sale, refund or void in the books of an engine. Its id is the key that it is sent by."""

    document_id: UUID
    legal_entity_id: UUID
    kind: EngineEntryKind
    engine: str
    quote: str
    reverses: UUID | None
    owed_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.status = EngineEntryStatus.PENDING
        self.attempts = 0  # that failed since it was owed, or resumed
        self.reason: str | None = None
        self.retry_at: datetime | None = None
        self.reference: str | None = None
        self.committed_at: datetime | None = None

    @classmethod
    def owe(cls, owed: EngineEntryOwed) -> Self:
        """A new entry."""
        entry = cls(engine_entry_id(owed.document_id, owed.kind))
        entry.record(owed)
        return entry

    def accept(self, reference: str, now: datetime) -> None:
        """The engine has taken it. Call it for a pending entry only."""
        invariant(self.status is EngineEntryStatus.PENDING, f"a {self.status} entry is committed")
        self.record(EngineEntryCommitted(reference=reference, committed_at=now))

    def fail(self, reason: str, now: datetime, *, lasting: bool = False) -> datetime | None:
        """It was not taken. When to try again; None when that was the last time, or is no use."""
        invariant(self.status is EngineEntryStatus.PENDING, f"a {self.status} entry fails")
        retry_at = None
        if not lasting and self.attempts + 1 < ATTEMPTS_MAX:
            retry_at = now + min(_PAUSE_FIRST * _GROWTH**self.attempts, _PAUSE_MAX)
        self.record(EngineEntryFailed(reason=reason, retry_at=retry_at, failed_at=now))
        return retry_at

    def resume(self, now: datetime) -> None:
        """Try it again from the first attempt. Raises EngineEntryNotFailed."""
        if self.status is not EngineEntryStatus.FAILED:
            raise EngineEntryNotFailed
        self.record(EngineEntryResumed(resumed_at=now))

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case EngineEntryOwed():
                self.document_id, self.legal_entity_id = event.document_id, event.legal_entity_id
                self.kind, self.engine, self.quote = event.kind, event.engine, event.quote
                self.reverses, self.owed_at = event.reverses, event.owed_at
            case EngineEntryCommitted():
                self.status = EngineEntryStatus.COMMITTED
                self.reference, self.committed_at = event.reference, event.committed_at
                self.reason = self.retry_at = None
            case EngineEntryFailed():
                self.attempts += 1
                self.reason, self.retry_at = event.reason, event.retry_at
                if event.retry_at is None:
                    self.status = EngineEntryStatus.FAILED
            case EngineEntryResumed():
                self.status, self.attempts = EngineEntryStatus.PENDING, 0
            case _:
                violated(f"an entry for an engine does not know {type(event).__name__}")
