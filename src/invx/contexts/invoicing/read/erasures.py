"""Erasures: their rows, and what the API shows of them."""

from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.keeping.erasure import ErasureNotFound, ErasureRecord
from invx.contexts.invoicing.domain.keeping.erasure_events import Kept
from invx.contexts.invoicing.read.legal_holds import HOLD
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

ERASURE = "ers"


def erasure_row(record: ErasureRecord) -> dict[str, Any]:
    """An erasure as it stands; it names nobody."""
    return {
        "version": record.version,
        "next_on": record.next_on,
        "holds": "{" + ",".join(map(str, record.holds)) + "}" if record.holds else None,
        "done": msgspec.Raw(msgspec.json.encode(erasure_view(record))),
    }


def erasure_view(record: ErasureRecord) -> dict[str, Any]:
    """What was erased, and of each document that is kept why, and the last day."""
    return {
        "id": typeid(ERASURE, record.id),
        "object": "erasure",
        "version": record.version,
        "customer": None,
        "invoice": typeid(INVOICE, record.document_id) if record.document_id else None,
        "erased": [typeid(INVOICE, id) for id in record.erased],
        "kept": [_kept(each) for each in record.kept],
        "holds": [typeid(HOLD, each) for each in record.holds],
        "next_on": record.next_on.isoformat() if record.next_on else None,
    }


def _kept(kept: Kept) -> dict[str, Any]:
    return {
        "invoice": typeid(INVOICE, kept.document_id),
        "number": kept.number,
        "until": kept.until.isoformat() if kept.until else None,
        "reason": "retention of issued documents" if kept.until else "legal hold",
        "source": kept.source,
        "hold": typeid(HOLD, kept.hold_id) if kept.hold_id else None,
    }


async def get_erasure(conn: Connection, ctx: RequestContext, erasure_id: UUID) -> bytes:
    """The body of an erasure. Raises ErasureNotFound."""
    text = await conn.fetchval(
        "SELECT done::text FROM invoicing.erasures WHERE tenant_id = $1 AND erasure_id = $2",
        ctx.tenant_id,
        erasure_id,
    )
    if text is None:
        raise ErasureNotFound
    return bytes(text, "utf-8")
