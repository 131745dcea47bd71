"""What an auditor may read of a legal entity: rows of a span of days, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.views import Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

PAGE = 1_000
_DOCUMENT_PAGE = 50  # of documents with their content, which may have thousands of lines


@dataclass(frozen=True, slots=True)
class Books:
    """Whose books, which days, and up to when they were written: what comes later is left out."""

    legal_entity_id: UUID
    first: date
    last: date
    name: str
    place: str
    as_of: datetime  # business time
    recorded_until: datetime  # system time


async def books_of(
    conn: Connection, ctx: RequestContext, legal_entity_id: UUID, first: date, last: date
) -> Books:
    """The books as of now. Raises LegalEntityNotFound."""
    row = await conn.fetchrow(
        "SELECT name, resource #>> '{address,city}' AS city, clock_timestamp() AS moment"
        " FROM invoicing.legal_entities WHERE tenant_id = $1 AND legal_entity_id = $2",
        ctx.tenant_id,
        legal_entity_id,
    )
    if row is None:
        raise LegalEntityNotFound
    return Books(
        legal_entity_id, first, last, row["name"], row["city"] or "", ctx.now, row["moment"]
    )


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and where the next page begins; None at the end."""

    rows: Sequence[Row]
    next: tuple[Any, ...] | None


START = (date.min, UUID(int=0), 0)
_BOUNDS = "d.tenant_id = $1 AND d.legal_entity_id = $2"
_DOCUMENTS = f"""SELECT d.*, c.resource::text AS resource
FROM invoicing.documents d
JOIN invoicing.document_contents c
    ON c.tenant_id = d.tenant_id AND c.document_id = d.document_id
WHERE {_BOUNDS} AND d.issue_date BETWEEN $3 AND $4 AND d.number IS NOT NULL
    AND d.type <> 'proforma' AND d.finalized_at <= $5
    AND (d.issue_date, d.document_id) > ($6, $7)
ORDER BY d.issue_date, d.document_id LIMIT {_DOCUMENT_PAGE}"""


async def documents_page(
    conn: Connection, ctx: RequestContext, books: Books, after: tuple[Any, ...]
) -> Page:
    """Documents by their date."""
    rows = await _documents(conn, ctx, books, after)
    return Page([_document(row) for row in rows], _after_document(rows))


async def lines_page(
    conn: Connection, ctx: RequestContext, books: Books, after: tuple[Any, ...]
) -> Page:
    """The lines of the same documents."""
    rows = await _documents(conn, ctx, books, after)
    found = [line for row in rows for line in _lines(row)]
    return Page(found, _after_document(rows))


async def _documents(
    conn: Connection, ctx: RequestContext, books: Books, after: tuple[Any, ...]
) -> Sequence[Row]:
    rows: Sequence[Row] = await conn.fetch(
        _DOCUMENTS,
        ctx.tenant_id,
        books.legal_entity_id,
        books.first,
        books.last,
        books.as_of,
        *after[:2],
    )
    return rows


def _after_document(rows: Sequence[Row]) -> tuple[Any, ...] | None:
    return (rows[-1]["issue_date"], rows[-1]["document_id"], 0) if rows else None


def _document(row: Row) -> dict[str, Any]:
    content = msgspec.json.decode(row["resource"])
    buyer = content.get("buyer") or {}
    address = buyer.get("address") or {}
    supplied = content.get("supply_date")
    return {
        **row,
        "supply_date": date.fromisoformat(supplied) if supplied else None,
        "street": " ".join(filter(None, (address.get("line1"), address.get("line2")))) or None,
        "postal_code": address.get("postal_code"),
        "city": address.get("city"),
        "country": address.get("country"),
        "vat_id": buyer.get("vat_id"),
    }


def _lines(row: Row) -> Iterator[dict[str, Any]]:
    content = msgspec.json.decode(row["resource"])
    waiting = [(str(number), line) for number, line in enumerate(content["lines"], 1)]
    while waiting:
        position, line = waiting.pop(0)
        below = enumerate(line["children"], 1)
        waiting[:0] = [(f"{position}.{number}", child) for number, child in below]
        tax: Mapping[str, Any] = next(iter(line["taxes"]), {})
        yield {
            "document_id": row["document_id"],
            "position": position,
            "kind": line["kind"],
            "description": line["description"],
            "quantity": _number(line["quantity"]),
            "unit": line["unit"],
            "price": _number(line["price"]),
            "net": _number(line["net"]),
            "tax_category": tax.get("category"),
            "tax_rate": _number(tax.get("rate")),
            "ledger_account": line["ledger_account"],
        }


def _number(said: str | None) -> Decimal | None:
    return None if said is None else Decimal(said)


_SETTLEMENTS = f"""SELECT e.*, d.number, d.currency FROM invoicing.settlement_entries e
JOIN invoicing.documents d ON d.tenant_id = e.tenant_id AND d.document_id = e.document_id
WHERE e.tenant_id = $1 AND d.legal_entity_id = $2 AND e.on_date BETWEEN $3 AND $4
    AND e.recorded_at <= $5 AND (e.document_id, e.sequence) > ($6, $7)
ORDER BY e.document_id, e.sequence LIMIT {PAGE}"""
_TAX_ENTRIES = f"""SELECT d.* FROM invoicing.tax_entries d
WHERE {_BOUNDS} AND d.tax_point BETWEEN $3 AND $4 AND d.recorded_at <= $5
    AND (d.tax_point, d.document_id, d.sequence) > ($6, $7, $8)
ORDER BY d.tax_point, d.document_id, d.sequence LIMIT {PAGE}"""
_BOOKINGS = f"""SELECT d.* FROM invoicing.bookings d
WHERE {_BOUNDS} AND d.booked_on BETWEEN $3 AND $4 AND d.recorded_at <= $5
    AND (d.booked_on, d.document_id, d.sequence) > ($6, $7, $8)
ORDER BY d.booked_on, d.document_id, d.sequence LIMIT {PAGE}"""


async def settlements_page(
    conn: Connection, ctx: RequestContext, books: Books, after: tuple[Any, ...]
) -> Page:
    """Entries of settlements on these days, document by document."""
    return _page(await conn.fetch(_SETTLEMENTS, *_scope(ctx, books), *after[1:]), "on_date")


async def tax_entries_page(
    conn: Connection, ctx: RequestContext, books: Books, after: tuple[Any, ...]
) -> Page:
    """Entries of the tax ledger by their tax point."""
    return _page(await conn.fetch(_TAX_ENTRIES, *_scope(ctx, books), *after), "tax_point")


async def bookings_page(
    conn: Connection, ctx: RequestContext, books: Books, after: tuple[Any, ...]
) -> Page:
    """The journal by its day."""
    return _page(await conn.fetch(_BOOKINGS, *_scope(ctx, books), *after), "booked_on")


def _scope(ctx: RequestContext, books: Books) -> tuple[Any, ...]:
    until = books.recorded_until
    return ctx.tenant_id, books.legal_entity_id, books.first, books.last, until


def _page(rows: Sequence[Row], day: str) -> Page:
    if not rows:
        return Page([], None)
    last = rows[-1]
    return Page(rows, (last[day], last["document_id"], last["sequence"]))
