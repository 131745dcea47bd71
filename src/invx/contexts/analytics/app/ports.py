"""What the reactions of analytics hold."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from invx.kernel.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedDocument:
    """A document as revenue sees it. Amounts are signed: a credit note's are negative."""

    document_id: UUID
    type: str
    legal_entity_id: UUID
    currency: str
    month: date  # the first day of the month of its issue date
    net: Decimal
    tax: Decimal
    gross: Decimal
    voided: bool = False

    @property
    def counts(self) -> bool:
        """Proformas ask for nothing, and a voided document never took effect."""
        return self.type != "proforma" and not self.voided


class CountedDocuments(Protocol):
    """The documents that were finalized."""

    async def find(self, document_id: UUID) -> CountedDocument | None:
        """The document, or None when it has not arrived."""
        ...

    def put(self, document: CountedDocument) -> None:
        """State the whole row, new or not."""
        ...


class AnalyticsUnitOfWork(UnitOfWork, Protocol):
    """What a reaction works with."""

    @property
    def documents(self) -> CountedDocuments: ...
