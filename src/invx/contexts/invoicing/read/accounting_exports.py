"""Accounting exports: their rows, and what the API shows of them."""

import asyncio
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.bookkeeping.accounting_export import (
    AccountingExport,
    AccountingExportNotFound,
    AccountingFileChanged,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import (
    AccountingExportOpened,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.contexts.invoicing.read.views import LEGAL_ENTITY, Row, instant
from invx.infra.event_store import Recorded
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import Rows
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

EXPORT = "axp"


def export_rows(recorded: Recorded, export: AccountingExport, rows: Rows) -> None:
    """The row of the export, and the debtor numbers that it gave out."""
    rows.put("accounting_exports", {"export_id": export.id}, export_row(export))
    if isinstance(recorded.event, AccountingExportOpened):
        for each in recorded.event.debtors:
            rows.put(
                "debtor_numbers",
                {
                    "legal_entity_id": recorded.event.legal_entity_id,
                    "customer": each.customer,
                },
                {"number": each.number, "stated": each.stated, "export_id": export.id},
            )


def export_row(export: AccountingExport) -> dict[str, Any]:
    """The export as a row."""
    opened, chosen, file = export.opened, export.opened.selection, export.file
    handed, cancelled = export.handed_over, export.cancelled
    return {
        "version": export.version,
        "legal_entity_id": opened.legal_entity_id,
        "destination": opened.destination,
        "format": str(opened.format),
        "status": str(export.status),
        "until": opened.until,
        "settings": msgspec.Raw(msgspec.json.encode(opened.settings)),
        "bookings": chosen.bookings,
        "first_day": chosen.first_day,
        "last_day": chosen.last_day,
        "digest": chosen.digest,
        "more": chosen.more,
        "file_name": file.name if file else None,
        "file_media_type": file.media_type if file else None,
        "file_sha256": file.sha256 if file else None,
        "file_size": file.size if file else None,
        "opened_at": opened.opened_at,
        "opened_by": opened.by,
        "handed_over_at": handed.handed_over_at if handed else None,
        "handed_over_by": handed.by if handed else None,
        "cancelled_at": cancelled.cancelled_at if cancelled else None,
        "cancelled_by": cancelled.by if cancelled else None,
        "reason": cancelled.reason if cancelled else None,
    }


def export_view(export_id: UUID, row: Row) -> dict[str, Any]:
    """The resource."""
    frozen = row["settings"]
    settings = msgspec.json.decode(
        frozen if isinstance(frozen, str) else bytes(frozen), type=ExportSettings
    )
    return {
        "id": typeid(EXPORT, export_id),
        "object": "accounting_export",
        "version": row["version"],
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "destination": row["destination"],
        "format": row["format"],
        "status": row["status"],
        "until": row["until"].isoformat(),
        "bookings": row["bookings"],
        "first_day": row["first_day"].isoformat(),
        "last_day": row["last_day"].isoformat(),
        "more": row["more"],
        "settings": settings_view(settings),
        "file": _file(row),
        "opened_at": instant(row["opened_at"]),
        "opened_by": row["opened_by"],
        "handed_over_at": instant(row["handed_over_at"]),
        "handed_over_by": row["handed_over_by"],
        "cancelled_at": instant(row["cancelled_at"]),
        "cancelled_by": row["cancelled_by"],
        "reason": row["reason"],
    }


def settings_view(settings: ExportSettings) -> dict[str, Any]:
    """The settings with what follows from them filled in."""
    return {
        "consultant": settings.consultant,
        "client": settings.client,
        "account_length": settings.account_length,
        "year_begins": settings.year_begins,
        "label": settings.label,
        "dictation_code": settings.dictation_code,
        "fixed": settings.fixed,
        "chart": settings.chart,
        "service_dates": settings.service_dates,
        "clearing_account": settings.clearing,
        "debtors_first": settings.first_debtor,
        "debtors_last": settings.last_debtor,
        "collective": settings.collective_account,
    }


def _file(row: Row) -> dict[str, Any] | None:
    """None as long as nobody asked for it."""
    if row["file_name"] is None:
        return None
    return {
        "name": row["file_name"],
        "media_type": row["file_media_type"],
        "sha256": row["file_sha256"],
        "size": row["file_size"],
    }


async def get_export(conn: Connection, ctx: RequestContext, export_id: UUID) -> Row:
    """The row of an export. Raises AccountingExportNotFound."""
    row = await conn.fetchrow(
        "SELECT *, settings::text AS settings FROM invoicing.accounting_exports"
        " WHERE tenant_id = $1 AND export_id = $2",
        ctx.tenant_id,
        export_id,
    )
    if row is None:
        raise AccountingExportNotFound
    return row


@dataclass(frozen=True, slots=True)
class ExportSlice:
    """A page of exports: the columns with their wanted values, and where the last page ended."""

    equal: Sequence[tuple[str, Any]]
    after: UUID | None
    descending: bool
    limit: int


async def list_exports(conn: Connection, ctx: RequestContext, asked: ExportSlice) -> Sequence[Row]:
    """In the order in which they were opened; one more than the limit when there are more."""
    values: list[Any] = [ctx.tenant_id]
    conditions = ["tenant_id = $1"]
    for column, value in asked.equal:
        values.append(list(value) if isinstance(value, tuple) else value)
        operator = "= ANY(${})" if isinstance(value, tuple) else "= ${}"
        conditions.append(f"{column} {operator.format(len(values))}")
    if asked.after is not None:
        values.append(asked.after)
        conditions.append(f"export_id {'<' if asked.descending else '>'} ${len(values)}")
    values.append(asked.limit + 1)
    rows: Sequence[Row] = await conn.fetch(
        "SELECT *, settings::text AS settings FROM invoicing.accounting_exports"
        f" WHERE {' AND '.join(conditions)}"
        f" ORDER BY export_id {'DESC' if asked.descending else ''} LIMIT ${len(values)}",
        *values,
    )
    return rows


async def get_export_file(conn: Connection, ctx: RequestContext, export_id: UUID) -> bytes | None:
    """The archived file, or None when it was never made.

    Raises AccountingFileChanged: nobody is given other books than those that were archived.
    """
    row = await conn.fetchrow(
        "SELECT f.compressed, x.file_sha256 FROM invoicing.accounting_files f"
        " JOIN invoicing.accounting_exports x"
        " ON x.tenant_id = f.tenant_id AND x.export_id = f.export_id"
        " WHERE f.tenant_id = $1 AND f.export_id = $2",
        ctx.tenant_id,
        export_id,
    )
    if row is None:
        return None
    content = await asyncio.to_thread(_unpacked, row["compressed"], row["file_sha256"])
    if content is None:
        raise AccountingFileChanged
    return content


def _unpacked(compressed: bytes, sha256: str) -> bytes | None:
    try:
        content = zlib.decompress(compressed)
    except zlib.error:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


_DEBTORS = """
SELECT DISTINCT ON (x.debtor) x.debtor, s.customer, c.resource #>> '{buyer}' AS buyer
FROM invoicing.exported_bookings x
JOIN invoicing.bookings b ON b.tenant_id = x.tenant_id AND b.booking_id = x.booking_id
JOIN invoicing.settlements s ON s.tenant_id = x.tenant_id AND s.document_id = b.document_id
JOIN invoicing.document_contents c
    ON c.tenant_id = x.tenant_id AND c.document_id = b.document_id
WHERE x.tenant_id = $1 AND x.export_id = $2 AND x.debtor > $3
ORDER BY x.debtor, b.document_id DESC LIMIT $4
"""
_PAGE = 1_000


async def debtors_of(
    conn: Connection, ctx: RequestContext, export_id: UUID, after: str = ""
) -> list[dict[str, Any]]:
    """A page of the accounts that an export books on, each as its latest document names it.

    Nothing of this is kept: whoever is erased is gone from here too.
    """
    rows = await conn.fetch(_DEBTORS, ctx.tenant_id, export_id, after, _PAGE)
    return [_debtor(row) for row in rows]


def _debtor(row: Row) -> dict[str, Any]:
    buyer: dict[str, Any] = msgspec.json.decode(row["buyer"]) if row["buyer"] else {}
    address, contact = buyer.get("address") or {}, buyer.get("contact") or {}
    return {
        "debtor": row["debtor"],
        "customer": row["customer"],
        "name": buyer.get("legal_name") or buyer.get("name"),
        "kind": buyer.get("kind"),
        "line1": address.get("line1"),
        "line2": address.get("line2"),
        "postal_code": address.get("postal_code"),
        "city": address.get("city"),
        "country": address.get("country"),
        "vat_id": buyer.get("vat_id"),
        "tax_number": buyer.get("tax_number"),
        "contact": contact.get("name"),
        "email": contact.get("email"),
        "phone": contact.get("phone"),
    }


_DOCUMENTS = """
SELECT d.document_id, d.number, d.issue_date FROM invoicing.documents d
WHERE d.tenant_id = $1 AND d.number IS NOT NULL AND NOT EXISTS (
    SELECT FROM invoicing.events e WHERE e.tenant_id = $1 AND e.stream_id = d.document_id
    AND e.type = 'PersonalDataErased' AND NOT EXISTS (
        SELECT FROM invoicing.archives a WHERE a.tenant_id = $1
        AND a.document_id = d.document_id AND a.kind = 'pdf'))
AND EXISTS (
    SELECT FROM invoicing.exported_bookings x JOIN invoicing.bookings b
    ON b.tenant_id = x.tenant_id AND b.booking_id = x.booking_id
    WHERE x.tenant_id = $1 AND x.export_id = $2 AND b.document_id = d.document_id
    AND b.kind = 'revenue' AND b.reverses IS NULL)
ORDER BY d.document_id OFFSET $3 LIMIT $4
"""


async def documents_of(
    conn: Connection, ctx: RequestContext, export_id: UUID, *, part: int, size: int
) -> Sequence[Row]:
    """A part of the documents whose issue an export books, in the order they were made.

    Documents whose files went with an erasure are left out.
    """
    rows: Sequence[Row] = await conn.fetch(
        _DOCUMENTS, ctx.tenant_id, export_id, (part - 1) * size, size
    )
    return rows
