"""Deferred and recognised revenue: rows, a document's schedule, and the report by month."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.recognition.line_state import LineState
from invx.contexts.invoicing.domain.recognition.recognition import NothingDeferred, Recognition
from invx.contexts.invoicing.domain.recognition.recognition_events import RecognitionEntry
from invx.contexts.invoicing.domain.recognition.terms import Method
from invx.contexts.invoicing.read.booking_rows import booking_row
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, Row
from invx.infra.event_store import Recorded
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import Rows
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid
from invx.kernel.money import quantize

# By month, seller, currency and account: what came in and went out of what is deferred, and what
# was deferred at the end of the month, of all that ever was.
_REPORT = """
WITH entries AS (
    SELECT to_char(on_date, 'YYYY-MM') AS month, legal_entity_id, currency,
        coalesce(revenue_account, '') AS account, amount, kind
    FROM invoicing.recognition_entries
    WHERE tenant_id = $1 AND legal_entity_id = $2 AND on_date <= $4
), months AS (
    SELECT month, legal_entity_id, currency, account,
        coalesce(sum(amount) FILTER (WHERE kind = 'deferred'), 0) AS deferred,
        coalesce(sum(amount) FILTER (WHERE kind = 'recognized'), 0) AS recognized,
        coalesce(sum(amount) FILTER (WHERE kind = 'credited'), 0) AS credited,
        coalesce(sum(amount) FILTER (WHERE kind = 'reversed'), 0) AS reversed
    FROM entries GROUP BY month, legal_entity_id, currency, account
), summed AS (
    SELECT *, sum(deferred - recognized - credited)
        OVER (PARTITION BY currency, account ORDER BY month) AS balance
    FROM months
)
SELECT * FROM summed WHERE month >= $3 ORDER BY month, currency, account
"""
_FIGURES = ("deferred", "recognized", "credited", "reversed", "balance")


def recognition_rows(recorded: Recorded, recognition: Recognition, rows: Rows) -> None:
    """The entries and bookings of an event, and each line as it stands after the command."""
    event, owner = recorded.event, recognition.owner
    key = {"document_id": owner.document_id}
    for entry in getattr(event, "entries", ()):
        line = recognition.lines[entry.line_id]
        row = _entry_row(entry, line, recognition)
        rows.put(
            "recognition_entries",
            {**key, "sequence": entry.sequence},
            {**row, "recorded_at": recorded.recorded_at},
        )
    for booking in getattr(event, "bookings", ()):
        rows.put(
            "bookings",
            {"booking_id": booking.booking_id},
            {**booking_row(booking), "recorded_at": recorded.recorded_at},
        )
    for line_id, line in recognition.lines.items():
        rows.put("recognition_lines", {**key, "line_id": line_id}, _line_row(line))


def _entry_row(
    entry: RecognitionEntry, line: LineState, recognition: Recognition
) -> dict[str, Any]:
    revenue, deferral = line.line.revenue, line.line.deferral
    return {
        "legal_entity_id": recognition.owner.legal_entity_id,
        "customer": recognition.customer,
        "line_id": entry.line_id,
        "kind": str(entry.kind),
        "part": entry.part,
        "on_date": entry.on,
        "amount": entry.amount,
        "currency": recognition.owner.currency,
        "booked_amount": entry.booked,
        "book_currency": recognition.book_currency,
        "revenue_account": revenue.account if revenue else None,
        "deferral_account": deferral.account if deferral else None,
    }


def _line_row(line: LineState) -> dict[str, Any]:
    net = line.line.net
    return {
        "method": str(line.line.method),
        "net": net,
        "deferred": line.deferred,
        "recognized": line.recognized,
        "credited": net - line.deferred - line.recognized,
        "plan": msgspec.Raw(msgspec.json.encode(_plan(line))),
    }


def _plan(line: LineState) -> list[dict[str, Any]]:
    """What is still to be recognised: by month, or by milestone, which has no month yet."""
    if line.line.method is Method.MILESTONE:
        return [
            {"part": name, "month": None, "amount": str(line.milestone(name))}
            for name in line.unreached
        ]
    return [
        {"part": f"{month:%Y-%m}", "month": f"{month:%Y-%m}", "amount": str(amount)}
        for month, amount, _ in line.months()
    ]


async def get_recognition(
    conn: Connection, ctx: RequestContext, document_id: UUID
) -> dict[str, Any]:
    """The schedule of a document. Raises NothingDeferred. Two round trips."""
    key = (ctx.tenant_id, document_id)
    lines = await conn.fetch(
        """SELECT * FROM invoicing.recognition_lines
        WHERE tenant_id = $1 AND document_id = $2 ORDER BY line_id""",
        *key,
    )
    if not lines:
        raise NothingDeferred
    entries = await conn.fetch(
        """SELECT * FROM invoicing.recognition_entries
        WHERE tenant_id = $1 AND document_id = $2 ORDER BY sequence""",
        *key,
    )
    return recognition_view(document_id, lines, entries)


def recognition_view(
    document_id: UUID, lines: Sequence[Row], entries: Sequence[Row]
) -> dict[str, Any]:
    """A document's lines with what is deferred, recognised and planned, and how that came."""
    currency = entries[0]["currency"]
    return {
        "object": "recognition",
        "invoice": typeid(INVOICE, document_id),
        "currency": currency,
        "lines": [
            {
                "line_id": each["line_id"],
                "method": each["method"],
                **{
                    name: str(quantize(each[name], currency))
                    for name in ("net", "deferred", "recognized", "credited")
                },
                "plan": msgspec.json.decode(
                    bytes(each["plan"]) if isinstance(each["plan"], msgspec.Raw) else each["plan"]
                ),
            }
            for each in lines
        ],
        "entries": [
            {
                "line_id": each["line_id"],
                "kind": each["kind"],
                "part": each["part"],
                "on": each["on_date"].isoformat(),
                "amount": str(each["amount"]),
                "booked": str(each["booked_amount"]) if each["booked_amount"] is not None else None,
                "book_currency": each["book_currency"],
                "revenue_account": each["revenue_account"],
                "deferral_account": each["deferral_account"],
            }
            for each in entries
        ],
    }


def shown_recognition(recognition: Recognition) -> dict[str, Any]:
    """The same of a recognition that is about to be written."""
    lines = [
        {"line_id": line_id, **_line_row(line)}
        for line_id, line in sorted(recognition.lines.items())
    ]
    entries = [
        _entry_row(each, recognition.lines[each.line_id], recognition)
        for each in recognition.entries
    ]
    return recognition_view(recognition.owner.document_id, lines, entries)


async def revenue_by_month(
    conn: Connection, ctx: RequestContext, entity_id: UUID, first: date, last: date
) -> dict[str, Any]:
    """What was deferred and recognised in these months, and what is deferred at their ends."""
    rows = await conn.fetch(_REPORT, ctx.tenant_id, entity_id, f"{first:%Y-%m}", last)
    return {
        "object": "revenue_recognition",
        "legal_entity": typeid(LEGAL_ENTITY, entity_id),
        "months": [
            {
                "month": each["month"],
                "currency": each["currency"],
                "account": each["account"] or None,
                **{name: str(quantize(each[name], each["currency"])) for name in _FIGURES},
            }
            for each in rows
        ],
    }
