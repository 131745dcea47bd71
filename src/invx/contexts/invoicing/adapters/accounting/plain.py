"""Bookings and debtors for everybody else: CSV (UTF-8) and JSON Lines, with the same names."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from invx.contexts.invoicing.domain.bookkeeping.accounting_export import ExportedBooking
from invx.kernel.ids import typeid

# As the API shows these ids.
_INVOICE, _LEGAL_ENTITY, _ENTRY, _BOOKING = "inv", "le", "sent", "bkg"
# OWASP, "CSV Injection": also in full width, which spreadsheets of East Asia take for the same.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BOM = "\ufeff"  # so that spreadsheets read UTF-8

COLUMNS = (
    "booking",
    "kind",
    "legal_entity",
    "invoice",
    "document_number",
    "settlement_entry",
    "reverses",
    "booked_on",
    "period",
    "debit",
    "credit",
    "debtor",
    "amount",
    "currency",
    "booked_amount",
    "book_currency",
    "exchange_rate",
    "receivable",
    "tax_key",
    "tax_category",
    "tax_rate",
    "tax",
    "country",
    "cost_center",
    "cost_object",
    "service_date",
    "due_date",
)
DEBTOR_COLUMNS = (
    "debtor",
    "customer",
    "name",
    "kind",
    "line1",
    "line2",
    "postal_code",
    "city",
    "country",
    "vat_id",
    "tax_number",
    "contact",
    "email",
    "phone",
)


def booking_row(exported: ExportedBooking) -> dict[str, Any]:
    """A booking by the names of `COLUMNS`; amounts are texts, what is not said is None."""
    said = exported.booking
    return {
        "booking": typeid(_BOOKING, said.booking_id),
        "kind": str(said.kind),
        "legal_entity": typeid(_LEGAL_ENTITY, said.legal_entity_id),
        "invoice": typeid(_INVOICE, said.document_id),
        "document_number": said.document_number,
        "settlement_entry": typeid(_ENTRY, said.settlement_entry)
        if said.settlement_entry
        else None,
        "reverses": typeid(_BOOKING, said.reverses) if said.reverses else None,
        "booked_on": said.booked_on.isoformat(),
        "period": said.period,
        "debit": exported.debit,
        "credit": exported.credit,
        "debtor": exported.debtor,
        "amount": _number(said.amount),
        "currency": said.currency,
        "booked_amount": _number(said.booked_amount),
        "book_currency": said.book_currency,
        "exchange_rate": _number(said.exchange_rate),
        "receivable": _number(said.receivable),
        "tax_key": said.tax_key,
        "tax_category": said.tax_category,
        "tax_rate": _number(said.tax_rate),
        "tax": _number(said.tax),
        "country": said.country,
        "cost_center": said.cost_center,
        "cost_object": said.cost_object,
        "service_date": _day(said.service_date),
        "due_date": _day(said.due_date),
    }


_NUMBERS = frozenset({"amount", "booked_amount", "exchange_rate", "receivable", "tax_rate", "tax"})


def _number(said: Decimal | None) -> str | None:
    return None if said is None else format(said, "f")


def _day(said: date | None) -> str | None:
    return said.isoformat() if said else None


def csv_head(columns: Sequence[str]) -> bytes:
    """The first line, behind the mark of UTF-8."""
    return (_BOM + ",".join(columns) + "\r\n").encode()


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Lines; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(name, row[name]) for name in columns])
    return out.getvalue().encode()


def _cell(name: str, value: str | None) -> str:
    said = "" if value is None else value
    return f"'{said}" if said.startswith(_FORMULAS) and name not in _NUMBERS else said


def json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """One object a line."""
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
