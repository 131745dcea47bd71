"""What the API shows of charts and of the journal."""

from typing import Any

import msgspec

from invx.contexts.invoicing.domain.chart import Chart
from invx.contexts.invoicing.domain.line_account import LineAccount
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
_DAYS = ("booked_on", "service_date", "due_date")


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


def chart_summary(chart: Chart) -> dict[str, Any]:
    """A chart without its rows."""
    return {
        "object": "chart",
        "code": chart.code,
        "name": chart.name,
        "version": chart.version,
        "source": chart.source,
        "accounts": len({row.account for row in chart.rows if row.account}),
    }


def chart_view(chart: Chart) -> dict[str, Any]:
    """A chart with its rows."""
    return {**chart_summary(chart), "rows": [msgspec.to_builtins(row) for row in chart.rows]}


def line_account_view(found: LineAccount) -> dict[str, Any]:
    """Where a line of a document is booked, and why."""
    return {
        "line_id": found.line_id,
        "account": found.account.account,
        "tax_key": found.account.tax_key,
        "automatic": found.account.automatic,
        "why": found.why,
        "scheme": found.scheme,
        "country": found.country,
        "cost_center": found.cost_center,
        "cost_object": found.cost_object,
    }
