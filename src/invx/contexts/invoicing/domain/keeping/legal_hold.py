"""A legal hold: what must stay for a dispute, an audit or a court, whatever retention says (D4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.keeping.legal_hold_events import (
    HoldScope,
    LegalHoldPlaced,
    LegalHoldReleased,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, NotFound, violated
from invx.kernel.messages import Event

STANDING_MAX = 1_000  # of a tenant: each erasure looks at all of them


class LegalHoldNotFound(NotFound):
    """There is no such legal hold."""


class LegalHoldIsReleased(Conflict):
    """The hold was released already; place another one."""

    code = "legal_hold_released"


class TooManyLegalHolds(Conflict):
    """So many holds stand that no other can be placed; hold a customer or a legal entity whole."""


class LegalHold(Aggregate):
    """One hold, for one reason. Several may stand on the same thing: each is released by itself."""

    placed: LegalHoldPlaced
    released: LegalHoldReleased | None

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.released = None

    @classmethod
    def place(cls, id: UUID, placed: LegalHoldPlaced) -> Self:
        """A new hold."""
        hold = cls(id)
        hold.record(placed)
        return hold

    def release(self, reason: str, *, by: str, now: datetime) -> None:
        """Let go. Raises LegalHoldIsReleased."""
        if self.released is not None:
            raise LegalHoldIsReleased
        subject_id = self.placed.subject_id
        self.record(LegalHoldReleased(subject_id=subject_id, reason=reason, by=by, released_at=now))

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case LegalHoldPlaced():
                self.placed = event
            case LegalHoldReleased():
                self.released = event
            case _:
                violated(f"a legal hold does not know {type(event).__name__}")


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds of a tenant that stand: what is held, and by which; the oldest where several do."""

    documents: Mapping[UUID, UUID] = field(default_factory=dict)
    subjects: Mapping[UUID, UUID] = field(default_factory=dict)
    legal_entities: Mapping[UUID, UUID] = field(default_factory=dict)

    @classmethod
    def of(cls, standing: Iterable[tuple[UUID, HoldScope, UUID]]) -> Self:
        """From holds in the order of their making: id, scope, target."""
        held: dict[HoldScope, dict[UUID, UUID]] = {scope: {} for scope in HoldScope}
        for hold_id, scope, target in standing:
            held[scope].setdefault(target, hold_id)
        return cls(held[HoldScope.DOCUMENT], held[HoldScope.CUSTOMER], held[HoldScope.LEGAL_ENTITY])

    def on(self, document: Document | ImportedDocument) -> UUID | None:
        """The hold that keeps this document, if any."""
        return (
            self.documents.get(document.id)
            or self.subjects.get(document.subject_id)
            or self.legal_entities.get(document.legal_entity_id)
        )
