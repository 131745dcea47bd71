"""Many documents by a filter: their ids, and the files that are archived of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.read.conditions import DocumentFilter, Statement
from invx.contexts.invoicing.read.queries import settlement_of
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

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
