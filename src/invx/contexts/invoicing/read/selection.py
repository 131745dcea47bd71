"""Many documents by a filter: their ids, and the files that are archived of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.read.archives import HELD, ROWS, STORED
from invx.contexts.invoicing.read.conditions import DocumentFilter, Statement, settlement_of
from invx.infra.postgres import Connection
from invx.infra.storage.places import DATABASE, ROW
from invx.kernel.context import RequestContext
from invx.kernel.storage import Stored

_IDS_AT_ONCE = 5_000  # decoding more would hold the event loop


async def select_documents(
    conn: Connection, ctx: RequestContext, wanted: DocumentFilter, limit: int
) -> list[UUID]:
    """The ids of the first `limit` that fit, in the order of their making."""
    found: list[UUID] = []
    while len(found) < limit:
        statement = Statement(ctx)
        statement.narrow(wanted)
        if found:
            statement.add("d.document_id > {}", found[-1])
        some = min(_IDS_AT_ONCE, limit - len(found))
        rows = await conn.fetch(
            f"SELECT d.document_id FROM invoicing.documents d {settlement_of(statement)}"
            f" WHERE {' AND '.join(statement.conditions)} ORDER BY d.document_id LIMIT {some}",
            *statement.values,
        )
        found += [row["document_id"] for row in rows]
        if len(rows) < some:
            break
    return found


@dataclass(frozen=True, slots=True)
class SelectedFile:
    """An archived file of a document, without its bytes."""

    document_id: UUID
    number: str
    kind: str
    stored: Stored


async def select_issued(
    conn: Connection, ctx: RequestContext, ids: Sequence[UUID], kinds: Sequence[str]
) -> tuple[list[UUID], int]:
    """Which of these documents are issued, in order, and how many of their files are not made.

    Files that went with an erasure are not to come: they count as neither.
    """
    rows = await conn.fetch(
        """SELECT d.document_id, d.origin, (
            SELECT count(*) FROM invoicing.archives a WHERE a.tenant_id = d.tenant_id
            AND a.document_id = d.document_id AND a.kind = ANY($3::text[])) AS made
        FROM invoicing.documents d
        WHERE d.tenant_id = $1 AND d.document_id = ANY($2::uuid[]) AND d.number IS NOT NULL
        ORDER BY d.document_id""",
        ctx.tenant_id,
        list(ids),
        list(kinds),
    )
    # Nobody makes a file of what another system issued: it is there, or it is not.
    rows = [each for each in rows if each["origin"] == "issued" or each["made"]]
    issued_here = [each for each in rows if each["origin"] == "issued"]
    lacking = {
        each["document_id"]: lack for each in issued_here if (lack := len(kinds) - each["made"])
    }
    gone = await _erased(conn, ctx, list(lacking)) if lacking else set()
    issued = [
        each["document_id"] for each in rows if each["made"] or each["document_id"] not in gone
    ]
    return issued, sum(lack for id, lack in lacking.items() if id not in gone)


async def _erased(conn: Connection, ctx: RequestContext, ids: Sequence[UUID]) -> set[UUID]:
    """Those from which somebody's personal data was erased, and the archived files with it."""
    rows = await conn.fetch(
        """SELECT DISTINCT stream_id FROM invoicing.events
        WHERE tenant_id = $1 AND stream_id = ANY($2::uuid[]) AND type = 'PersonalDataErased'""",
        ctx.tenant_id,
        ids,
    )
    return {row["stream_id"] for row in rows}


async def done_by(conn: Connection, ctx: RequestContext, operation_id: UUID) -> list[UUID]:
    """The documents with which an operation is done, in its order."""
    rows = await conn.fetch(
        "SELECT subject FROM invoicing.operation_items WHERE tenant_id = $1 AND operation_id = $2"
        " AND state = 'done' ORDER BY position",
        ctx.tenant_id,
        operation_id,
    )
    return [row["subject"] for row in rows]


async def files_of(
    conn: Connection, ctx: RequestContext, ids: Sequence[UUID], kinds: Sequence[str]
) -> list[SelectedFile]:
    """The files that are archived of these documents, in their order."""
    rows = await conn.fetch(
        f"""SELECT d.document_id, d.number, a.kind, {STORED}
        FROM unnest($2::uuid[]) WITH ORDINALITY AS w(document_id, place)
        JOIN invoicing.documents d ON d.tenant_id = $1 AND d.document_id = w.document_id
        JOIN invoicing.archives a ON a.tenant_id = d.tenant_id
            AND a.document_id = d.document_id AND a.kind = ANY($3::text[])
        ORDER BY w.place, a.kind""",
        ctx.tenant_id,
        list(ids),
        list(kinds),
    )
    return [
        SelectedFile(row["document_id"], row["number"], row["kind"], Stored(*row[3:]))
        for row in rows
    ]


async def bytes_in_rows(
    conn: Connection, ctx: RequestContext, files: Sequence[SelectedFile]
) -> dict[tuple[UUID, str], bytes]:
    """The bytes of those files that are rows, by document and kind; not looked at yet."""
    rows = await conn.fetch(
        f"""SELECT a.document_id, a.kind, {HELD} AS held
        FROM unnest($2::uuid[], $3::text[]) AS w(document_id, kind)
        JOIN invoicing.archives a ON a.tenant_id = $1
            AND a.document_id = w.document_id AND a.kind = w.kind {ROWS}
        WHERE a.place IN ('{ROW}', '{DATABASE}')""",
        ctx.tenant_id,
        [each.document_id for each in files],
        [each.kind for each in files],
    )
    return {(row["document_id"], row["kind"]): row["held"] for row in rows if row["held"]}
