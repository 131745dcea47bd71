"""Archived files: what was first issued, byte for byte."""

from dataclasses import dataclass
from uuid import UUID

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
