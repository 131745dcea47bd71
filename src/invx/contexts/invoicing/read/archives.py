"""Archived files: what was first issued, byte for byte."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from invx.infra.holdings import FileOfTenant
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """The bytes with their SHA-256, and the number of the document that they are of."""

    content: bytes
    sha256: str
    number: str


async def get_archived_file(
    conn: Connection, ctx: RequestContext, document_id: UUID, kind: str
) -> ArchivedFile | None:
    """What is archived of a document under a kind."""
    row = await conn.fetchrow(
        """SELECT a.bytes, a.sha256, d.number FROM invoicing.archives a
        JOIN invoicing.documents d
            ON d.tenant_id = a.tenant_id AND d.document_id = a.document_id
        WHERE a.tenant_id = $1 AND a.document_id = $2 AND a.kind = $3""",
        ctx.tenant_id,
        document_id,
        kind,
    )
    return ArchivedFile(row["bytes"], row["sha256"], row["number"]) if row else None


async def archived_files(conn: Connection, tenant_id: UUID) -> AsyncIterator[FileOfTenant]:
    """Every archived file of a tenant, one after the other; for a sealed archive."""
    place = (UUID(int=0), "")
    while row := await conn.fetchrow(_NEXT, tenant_id, *place):
        place = (row["document_id"], row["kind"])
        yield FileOfTenant(
            f"{row['document_id']}/{row['kind'].replace(':', '-')}",
            row["media_type"],
            row["sha256"],
            row["bytes"],
        )


async def examine_archives(conn: Connection, tenant_id: UUID) -> tuple[int, str | None]:
    """How many files there are, and the first whose bytes do not give the hash beside them."""
    count = await conn.fetchval(
        "SELECT count(*) FROM invoicing.archives WHERE tenant_id = $1", tenant_id
    )
    row = await conn.fetchrow(
        "SELECT document_id, kind FROM invoicing.archives WHERE tenant_id = $1"
        " AND encode(sha256(bytes), 'hex') <> sha256 ORDER BY document_id, kind LIMIT 1",
        tenant_id,
    )
    if row is None:
        return count, None
    where = f"document {row['document_id']}, {row['kind']}"
    return count, f"{where}: the bytes do not give the hash that was stored with them"


_NEXT = """
SELECT document_id, kind, media_type, sha256, bytes FROM invoicing.archives
WHERE tenant_id = $1 AND (document_id, kind) > ($2, $3) ORDER BY document_id, kind LIMIT 1
"""
