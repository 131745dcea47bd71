"""What the API shows of the journal."""

from typing import Any

from invx.contexts.invoicing.read.views import ENTRY, INVOICE, LEGAL_ENTITY, Row, instant
from invx.kernel.ids import typeid

BOOKING = "bkg"
_PLAIN = (
    "sequence",
    "kind",
    "period",
    "debit",
    "credit",
    "currency",
    "book_currency",
    "pending",
    "tax_key",
    "automatic",
    "tax_category",
    "country",
    "scheme",
    "cost_center",
    "cost_object",
    "document_number",
)
_TEXTS = (
    "amount",
    "booked_amount",
    "exchange_rate",
    "receivable",
    "tax",
    "tax_due",
    "tax_rate",
)
_DAYS = ("booked_on", "service_date", "due_date", "origin_on")


def booking_view(row: Row) -> dict[str, Any]:
    """One booking."""
    entry, reverses = row["settlement_entry"], row["reverses"]
    return {
        "id": typeid(BOOKING, row["booking_id"]),
        "object": "booking",
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "invoice": typeid(INVOICE, row["document_id"]),
        "settlement_entry": typeid(ENTRY, entry) if entry else None,
        "reverses": typeid(BOOKING, reverses) if reverses else None,
        **{name: row[name] for name in _PLAIN},
        **{name: None if row[name] is None else str(row[name]) for name in _TEXTS},
        **{name: row[name].isoformat() if row[name] else None for name in _DAYS},
        "recorded_at": instant(row["recorded_at"]),
    }
