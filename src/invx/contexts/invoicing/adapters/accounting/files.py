"""The file of an export, put together booking by booking; the same bookings give the same bytes."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from invx.contexts.invoicing.adapters.accounting import extf, extf_bookings, plain
from invx.contexts.invoicing.app.asked import ExportFile
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import ExportedBooking
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import (
    AccountingExportOpened,
    ExportFormat,
)
from invx.infra.zip_stream import ZipStream


def writer_for(opened: AccountingExportOpened) -> "DatevWriter | PlainWriter":
    """The writer of an export's format: it takes bookings in order, a few at a time."""
    if opened.format is ExportFormat.DATEV:
        return DatevWriter(opened)
    return PlainWriter(opened)


def application_of(export_id: UUID) -> str:
    """What a file says of its origin: sixteen characters that lead back to the export."""
    return f"Invx{export_id.hex[-12:]}"


def made_at(opened: AccountingExportOpened) -> datetime:
    """When the export was opened, as the clock of the legal entity shows it."""
    return opened.opened_at.astimezone(ZoneInfo(opened.settings.time_zone))


class DatevWriter:
    """One EXTF file a month; more than one come as a zip archive."""

    def __init__(self, opened: AccountingExportOpened) -> None:
        self._opened = opened
        self._files: dict[str, bytearray] = {}

    def add(self, exported: Iterable[ExportedBooking]) -> None:
        """Write them down. Raises NotInDatev."""
        settings = self._opened.settings
        for each in exported:
            file = self._file(each)
            if (line := extf_bookings.line(each, settings)) is not None:
                file.extend(extf.encoded([line]))

    def _file(self, exported: ExportedBooking) -> bytearray:
        booked = exported.booking
        name = f"EXTF_Buchungsstapel_{booked.booked_on:%Y-%m}.csv"
        if name not in self._files:
            head = extf_bookings.header(
                self._opened.settings,
                made_at(self._opened),
                booked.booked_on.replace(day=1),
                booked.book_currency,
                application_of(self._opened.export_id),
            )
            self._files[name] = bytearray(extf.encoded([head, extf_bookings.headings()]))
        return self._files[name]

    def finish(self) -> ExportFile:
        """The whole."""
        if len(self._files) == 1:
            [(name, content)] = self._files.items()
            return ExportFile(name, "text/csv; charset=windows-1252", bytes(content))
        archive, parts = ZipStream(), []
        for name, content in self._files.items():
            parts.append(archive.add(name, bytes(content)))
        parts.append(archive.close())
        until = self._opened.until.isoformat()
        return ExportFile(f"EXTF_Buchungsstapel_{until}.zip", "application/zip", b"".join(parts))


class PlainWriter:
    """CSV or JSON Lines."""

    def __init__(self, opened: AccountingExportOpened) -> None:
        self._opened = opened
        self._csv = opened.format is ExportFormat.CSV
        self._content = bytearray(plain.csv_head(plain.COLUMNS) if self._csv else b"")

    def add(self, exported: Iterable[ExportedBooking]) -> None:
        """Write them down."""
        rows = map(plain.booking_row, exported)
        lines = plain.csv_lines(plain.COLUMNS, rows) if self._csv else plain.json_lines(rows)
        self._content.extend(lines)

    def finish(self) -> ExportFile:
        """The whole."""
        name = f"bookings_{self._opened.until.isoformat()}"
        if self._csv:
            return ExportFile(f"{name}.csv", "text/csv; charset=utf-8", bytes(self._content))
        return ExportFile(f"{name}.jsonl", "application/jsonl", bytes(self._content))
