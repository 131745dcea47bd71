"""The rows of the journal."""

from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.read.rows import Row

_AS_THEY_ARE = (
    "legal_entity_id",
    "document_id",
    "sequence",
    "settlement_entry",
    "reverses",
    "booked_on",
    "period",
    "debit",
    "credit",
    "amount",
    "currency",
    "book_currency",
    "exchange_rate",
    "pending",
    "receivable",
    "tax",
    "tax_due",
    "tax_key",
    "automatic",
    "tax_category",
    "tax_rate",
    "country",
    "scheme",
    "cost_center",
    "cost_object",
    "document_number",
    "service_date",
    "due_date",
    "origin_on",
)


def booking_row(booking: Booking) -> Row:
    """One booking. Without a rate it has no amount in the book currency yet."""
    return {
        "kind": str(booking.kind),
        "booked_amount": None if booking.pending else booking.booked_amount,
        **{name: getattr(booking, name) for name in _AS_THEY_ARE},
    }
