"""An export of bookings to an accountant: what was taken, with which settings, and its fate."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import (
    AccountingExportCancelled,
    AccountingExportHandedOver,
    AccountingExportOpened,
    AccountingFileKept,
)
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, Invalid, NotFound, invariant, violated
from invx.kernel.messages import Event


class AccountingExportNotFound(NotFound):
    """There is no such accounting export in this tenant."""


class NothingToExport(Conflict):
    """There is no booking up to this day that the destination does not have."""

    lasting = False


class ExportSettingsInvalid(Invalid):
    """The settings of the export are incomplete or malformed; `problems` names each field."""


class AccountingExportWasHandedOver(Conflict):
    """The destination has this export; its bookings cannot be taken back."""


class AccountingFileChanged(Conflict):
    """The archived file is not what was archived: its hash is another. A backup has the right one.

    It may also be deleted, and is then made again of the same bookings.
    """

    lasting = False


class AccountingExportWasCancelled(Conflict):
    """The export was cancelled."""


class ExportStatus(StrEnum):
    """Where an export is."""

    READY = "ready"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ExportedBooking:
    """A booking with the account of its buyer, as one export says it."""

    booking: Booking
    debtor: str

    @property
    def debit(self) -> str:
        return self._account(self.booking.debit)

    @property
    def credit(self) -> str:
        return self._account(self.booking.credit)

    def _account(self, account: str) -> str:
        return self.debtor if account == DEBTOR else account


class AccountingExport(Aggregate):
    """Takes bookings once per destination. Its file is made later, and is the same for ever."""

    opened: AccountingExportOpened

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.status = ExportStatus.READY
        self.file: AccountingFileKept | None = None
        self.handed_over: AccountingExportHandedOver | None = None
        self.cancelled: AccountingExportCancelled | None = None

    @classmethod
    def open(cls, opened: AccountingExportOpened) -> Self:
        """Bookings were taken."""
        invariant(opened.selection.bookings > 0, "an export takes at least one booking")
        export = cls(opened.export_id)
        export.record(opened)
        return export

    def keep_file(self, kept: AccountingFileKept) -> None:
        """The file is this one from now on. One that is made again must be the same to the byte."""
        if self.file is None:
            self.record(kept)
        elif self.file != kept:
            violated(f"the file of export {self.id} came out differently")

    def hand_over(self, now: datetime, by: str) -> None:
        """The destination has it; saying so again changes nothing.

        Raises AccountingExportWasCancelled.
        """
        if self.status is ExportStatus.CANCELLED:
            raise AccountingExportWasCancelled
        if self.status is not ExportStatus.HANDED_OVER:
            self.record(AccountingExportHandedOver(handed_over_at=now, by=by))

    def cancel(self, reason: str | None, now: datetime, by: str) -> None:
        """Give its bookings back.

        Raises AccountingExportWasHandedOver, AccountingExportWasCancelled.
        """
        if self.status is ExportStatus.HANDED_OVER:
            raise AccountingExportWasHandedOver
        if self.status is ExportStatus.CANCELLED:
            raise AccountingExportWasCancelled
        self.record(
            AccountingExportCancelled(
                legal_entity_id=self.opened.legal_entity_id,
                reason=reason,
                cancelled_at=now,
                by=by,
            )
        )

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case AccountingExportOpened():
                self.opened = event
            case AccountingFileKept():
                self.file = event
            case AccountingExportHandedOver():
                self.status = ExportStatus.HANDED_OVER
                self.handed_over = event
            case AccountingExportCancelled():
                self.status = ExportStatus.CANCELLED
                self.cancelled = event
            case _:
                violated(f"an accounting export does not know {type(event).__name__}")
