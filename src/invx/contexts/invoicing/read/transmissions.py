"""The transmissions of a document."""

import json
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.read.views import INVOICE, TRANSMISSION, Row, instant
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

_INSTANTS = ("queued_at", "sent_at", "answered_at", "next_attempt_at")
_AS_THEY_ARE = ("channel", "format", "status", "clears", "delivers", "revision", "recipient")
_LATER = ("attempts", "sha256", "receipt", "authority_id")


async def list_transmissions(
    conn: Connection, ctx: RequestContext, document_id: UUID
) -> list[dict[str, Any]]:
    """In the order in which they were queued; a channel has one. Raises DocumentNotFound."""
    rows = await conn.fetch(
        """SELECT d.document_id AS of_document, t.* FROM invoicing.documents d
        LEFT JOIN invoicing.transmissions t
            ON t.tenant_id = d.tenant_id AND t.document_id = d.document_id
        WHERE d.tenant_id = $1 AND d.document_id = $2
        ORDER BY t.queued_at, t.transmission_id""",
        ctx.tenant_id,
        document_id,
    )
    if not rows:
        raise DocumentNotFound
    found = [row for row in rows if row["transmission_id"] is not None]
    return [transmission_view(document_id, row["transmission_id"], row) for row in found]


def transmission_view(document_id: UUID, transmission_id: UUID, row: Row) -> dict[str, Any]:
    """A transmission."""
    reasons = row["reasons"]
    return {
        "id": typeid(TRANSMISSION, transmission_id),
        "object": "transmission",
        "invoice": typeid(INVOICE, document_id),
        **{name: row[name] for name in (*_AS_THEY_ARE, *_LATER)},
        "reasons": json.loads(reasons if isinstance(reasons, str) else bytes(reasons)),
        **{name: instant(row[name]) for name in _INSTANTS},
    }
