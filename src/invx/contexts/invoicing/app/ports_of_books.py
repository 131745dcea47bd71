"""The port to the journal, as exports take from it; `app.ports` has the others."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.app.asked import Buyers, Wanted
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import AccountingExport
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import Selection
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.contexts.invoicing.domain.bookkeeping.debtor_numbers import DebtorNumber
from invx.kernel.ports import Fact


class Exporting(Protocol):
    """The journal, as exports take from it."""

    async def lock(self, legal_entity_id: UUID) -> None:
        """Until this transaction ends nobody else opens an export of the legal entity."""
        ...

    async def last_settings(self, wanted: Wanted) -> ExportSettings | None:
        """Those of the last export to the destination."""
        ...

    async def buyers(self, wanted: Wanted, settings: ExportSettings) -> Buyers:
        """Who of the wanted bookings' buyers has no number. Raises DebtorNumberDoesNotFit."""
        ...

    async def take(
        self,
        export_id: UUID,
        wanted: Wanted,
        settings: ExportSettings,
        debtors: Sequence[DebtorNumber],
    ) -> Selection | None:
        """Take the wanted bookings, the oldest first; None when there are none."""
        ...

    async def release(self, export_id: UUID) -> None:
        """Others may take its bookings."""
        ...

    async def holds(self, export_id: UUID) -> bool:
        """Whether the file is archived already."""
        ...

    def file(self, export: AccountingExport) -> Fact:
        """The fact whose answer is the file, as an ExportFile. Raises NotInDatev."""
        ...

    def keep(self, export_id: UUID, sha256: str, content: bytes) -> None:
        """Archive the file with this transaction."""
        ...
