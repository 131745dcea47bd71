"""Bookings and exports to write files of."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from invx.contexts.invoicing.adapters.accounting.files import writer_for
from invx.contexts.invoicing.app.asked import ExportFile
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import ExportedBooking
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import (
    AccountingExportOpened,
    ExportFormat,
    Selection,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking, BookingKind

ENTITY = UUID(int=1)
INVOICE = UUID("019ac7d0-0000-7000-8000-000000000001")
SETTINGS = ExportSettings(
    consultant=29098, client=55003, chart="03", time_zone="Europe/Berlin", country="DE"
)


def booking(amount: str = "119.00", **more: Any) -> Booking:
    """An invoice of 119 euro at 19 % on 8400, unless told otherwise."""
    said: dict[str, Any] = {
        "booking_id": uuid5(INVOICE, f"booking:{more.get('sequence', 1)}"),
        "kind": BookingKind.REVENUE,
        "legal_entity_id": ENTITY,
        "document_id": INVOICE,
        "booked_on": date(2026, 11, 5),
        "period": "2026-11",
        "debit": DEBTOR,
        "credit": "8400",
        "amount": Decimal(amount),
        "currency": "EUR",
        "booked_amount": Decimal(amount),
        "book_currency": "EUR",
        "tax_category": "S",
        "tax_rate": Decimal(19),
        "tax": Decimal(amount) * 19 / 119,
        "country": "DE",
        "document_number": "RE-2026-0001",
        "due_date": date(2026, 11, 19),
        "receivable": Decimal(amount),
        "sequence": 1,
    }
    return Booking(**{**said, **more})


def paid(amount: str = "119.00", **more: Any) -> Booking:
    """A payment on the bank account."""
    said: dict[str, Any] = {
        "kind": BookingKind.PAYMENT,
        "debit": "1200",
        "credit": DEBTOR,
        "booked_on": date(2026, 11, 12),
        "tax_category": None,
        "tax_rate": None,
        "tax": None,
        "country": None,
        "receivable": -Decimal(amount),
        "sequence": 2,
    }
    return booking(amount, **{**said, **more})


def opened(
    settings: ExportSettings = SETTINGS, format: ExportFormat = ExportFormat.DATEV
) -> AccountingExportOpened:
    """An export to write."""
    return AccountingExportOpened(
        export_id=UUID("019ac7d0-0000-7000-8000-0000000000aa"),
        legal_entity_id=ENTITY,
        destination="datev",
        format=format,
        until=date(2026, 11, 30),
        settings=settings,
        selection=Selection(
            bookings=1,
            first_day=date(2026, 11, 1),
            last_day=date(2026, 11, 30),
            digest="0" * 64,
        ),
        debtors=(),
        opened_at=datetime(2026, 11, 30, 23, 30, 15, 123_000, tzinfo=UTC),
        by="user:test",
    )


def written(
    bookings: Iterable[Booking],
    *,
    debtor: str = "10000",
    format: ExportFormat = ExportFormat.DATEV,
    **settings: Any,
) -> ExportFile:
    """The file of these bookings of one buyer."""
    writer = writer_for(opened(replace(SETTINGS, **settings), format))
    writer.add(ExportedBooking(each, debtor) for each in bookings)
    return writer.finish()
