"""Archived files: what was first issued, byte for byte."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from invx.infra.holdings import FileOfTenant
from invx.infra.postgres import Connection
from invx.infra.storage.places import DATABASE, ROW, Places
from invx.kernel.context import RequestContext
from invx.kernel.storage import FileDamaged, FileMissing, StorageNotSetUp, Stored

# Of a row `a`: where its file lies, and the bytes where they are rows, joined by ROWS.
STORED = "a.sha256, coalesce(a.size, length(a.bytes)) AS size, a.place"
HELD = "coalesce(a.bytes, s.bytes)"
ROWS = """LEFT JOIN invoicing.stored_files s
    ON s.tenant_id = a.tenant_id AND s.sha256 = a.row_sha256"""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """An archived file: where it lies, and the number of the document that it is of.

    `held` is its bytes where they are rows; nobody has looked at them yet (`Places.content`).
    """

    stored: Stored
    number: str
    held: bytes | None


async def get_archived_file(
    conn: Connection, ctx: RequestContext, document_id: UUID, kind: str
) -> ArchivedFile | None:
    """What is archived of a document under a kind."""
    row = await conn.fetchrow(
        f"""SELECT {STORED}, d.number, {HELD} AS held FROM invoicing.archives a {ROWS}
        JOIN invoicing.documents d
            ON d.tenant_id = a.tenant_id AND d.document_id = a.document_id
        WHERE a.tenant_id = $1 AND a.document_id = $2 AND a.kind = $3""",
        ctx.tenant_id,
        document_id,
        kind,
    )
    return ArchivedFile(Stored(*row[:3]), row["number"], row["held"]) if row else None


async def archived_files(
    conn: Connection, tenant_id: UUID, places: Places
) -> AsyncIterator[FileOfTenant]:
    """Every archived file of a tenant, one after the other; for a sealed archive.

    Raises FileDamaged, FileMissing: an archive holds all, or is none.
    """
    async for row in _each(conn, tenant_id):
        stored = Stored(*row[:3])
        yield FileOfTenant(
            f"{row['document_id']}/{row['kind'].replace(':', '-')}",
            row["media_type"],
            stored.sha256,
            await places.content(tenant_id, stored, row["held"]),
        )


async def examine_archives(
    conn: Connection, tenant_id: UUID, places: Places
) -> tuple[int, str | None]:
    """How many files there are, and the first whose bytes are not those that were archived."""
    count = await conn.fetchval(
        "SELECT count(*) FROM invoicing.archives WHERE tenant_id = $1", tenant_id
    )
    row = await conn.fetchrow(
        f"""SELECT a.document_id, a.kind FROM invoicing.archives a {ROWS}
        WHERE a.tenant_id = $1 AND a.place = ANY($2::text[])
        AND (encode(sha256({HELD}), 'hex') IS DISTINCT FROM a.sha256
            OR a.size <> octet_length({HELD}))
        ORDER BY a.document_id, a.kind LIMIT 1""",
        *(tenant_id, [ROW, DATABASE]),
    )
    if row is not None:
        what = "the bytes do not give the hash and the size that were stored with them"
        return count, f"document {row['document_id']}, {row['kind']}: {what}"
    outside = [each.place for each in places.all if each.place != DATABASE]
    async for row in _each(conn, tenant_id, elsewhere=True):
        try:
            await places.content(tenant_id, Stored(*row[:3]))
        except (FileDamaged, FileMissing) as wrong:
            return count, f"document {row['document_id']}, {row['kind']}: {wrong.detail}"
        except StorageNotSetUp as unknown:
            where = f"document {row['document_id']}, {row['kind']}"
            return count, f"{where}: {unknown.detail} Set up now: {', '.join(outside) or 'none'}."
    return count, None


async def _each(
    conn: Connection, tenant_id: UUID, *, elsewhere: bool = False
) -> AsyncIterator[Record]:
    """The rows of all archived files, or of those whose bytes are not rows."""
    narrowed = f"AND a.place NOT IN ('{ROW}', '{DATABASE}')" if elsewhere else ""
    asked = f"""SELECT {STORED}, a.document_id, a.kind, a.media_type, {HELD} AS held
        FROM invoicing.archives a {ROWS}
        WHERE a.tenant_id = $1 AND (a.document_id, a.kind) > ($2, $3) {narrowed}
        ORDER BY a.document_id, a.kind LIMIT 1"""
    at = (UUID(int=0), "")
    while row := await conn.fetchrow(asked, tenant_id, *at):
        at = (row["document_id"], row["kind"])
        yield row
