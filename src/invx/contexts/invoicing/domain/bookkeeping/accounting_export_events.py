"""What happens to an accounting export."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.contexts.invoicing.domain.bookkeeping.debtor_numbers import DebtorNumber
from invx.kernel.messages import Event, Personal


class ExportFormat(StrEnum):
    """What the file of an export is."""

    DATEV = "datev"  # EXTF booking batches
    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The bookings of an export as one figure each; `digest` is over their ids in order."""

    bookings: int
    first_day: date
    last_day: date
    digest: str  # SHA-256
    more: bool = False  # whether others wait that did not fit


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingExportOpened(Event):
    """Bookings were taken for a destination; nobody takes them again for it."""

    export_id: UUID
    legal_entity_id: UUID
    destination: str
    format: ExportFormat
    until: date
    settings: ExportSettings
    selection: Selection
    debtors: tuple[DebtorNumber, ...]  # given out by this export
    opened_at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingFileKept(Event):
    """The file was made for the first time, and archived."""

    name: str
    media_type: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingExportHandedOver(Event):
    """Somebody says that the destination has it."""

    handed_over_at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingExportCancelled(Event):
    """Its bookings are free for another export; what was made stays as a record."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}

    legal_entity_id: UUID
    reason: Personal[str] = None
    cancelled_at: datetime
    by: str
