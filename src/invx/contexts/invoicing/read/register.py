"""The register: its rows, what the API shows of them, and its proof."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.domain.register import FIRST_FINGERPRINT, fingerprint
from invx.contexts.invoicing.domain.register_events import DocumentEntered, RegisteredDocument
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, SERIES, Row, instant
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

_ROWS_AT_ONCE = 1_000


def register_row(event: DocumentEntered) -> dict[str, Any]:
    """A row but for its key and the time of entering."""
    document = event.document
    values = {name: getattr(document, name) for name in RegisteredDocument.__dataclass_fields__}
    return {
        **values,
        "kind": str(document.kind),
        "taxes": msgspec.Raw(msgspec.json.encode(document.taxes)),
        "previous": event.previous,
        "fingerprint": event.fingerprint,
    }


async def list_register(
    conn: Connection,
    ctx: RequestContext,
    legal_entity_id: UUID,
    bounds: tuple[int, int],
    *,
    descending: bool,
) -> Sequence[Row]:
    """At most so many rows (the second of `bounds`) behind a position (the first).

    Raises LegalEntityNotFound.
    """
    known = await conn.fetchval(
        "SELECT true FROM invoicing.legal_entities WHERE tenant_id = $1 AND legal_entity_id = $2",
        ctx.tenant_id,
        legal_entity_id,
    )
    if not known:
        raise LegalEntityNotFound
    rows = _ROWS_BACKWARDS if descending else _ROWS
    return await conn.fetch(rows, ctx.tenant_id, legal_entity_id, *bounds)


def register_view(row: Row) -> dict[str, Any]:
    """The resource."""
    return {
        "object": "register_entry",
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "position": row["position"],
        "kind": row["kind"],
        "invoice": typeid(INVOICE, row["document_id"]),
        "type": row["type"],
        "number": row["number"],
        "series": typeid(SERIES, row["series_id"]),
        "issue_date": row["issue_date"].isoformat(),
        "happened_at": instant(row["happened_at"]),
        "currency": row["currency"],
        **{name: f"{row[name]:f}" for name in ("net", "tax", "gross", "due")},
        "taxes": msgspec.json.decode(row["taxes"]),
        "document_hash": row["document_hash"],
        **{name: _invoice(row[name]) for name in ("credits", "cancels", "replaces")},
        "previous": row["previous"],
        "fingerprint": row["fingerprint"],
        "entered_at": instant(row["entered_at"]),
    }


def _invoice(id: UUID | None) -> str | None:
    return typeid(INVOICE, id) if id else None


async def examine_register(conn: Connection, tenant_id: UUID) -> tuple[int, str | None]:
    """How many rows were looked at, and the first that is not what it must be.

    Each row must follow from the one before it, and name the hash of an event that is there.
    """
    count, place = 0, (UUID(int=0), 0)
    previous: Row | None = None
    while rows := await conn.fetch(_EXAMINED, tenant_id, *place, _ROWS_AT_ONCE):
        for row in rows:
            follows = previous is not None and previous["legal_entity_id"] == row["legal_entity_id"]
            wrong = _wrong(row, previous if follows else None)
            if wrong is not None:
                where = f"legal entity {row['legal_entity_id']}, position {row['position']}"
                return count, f"{where}: {wrong}"
            count, previous = count + 1, row
        place = (rows[-1]["legal_entity_id"], rows[-1]["position"])
    return count, await _missing(conn, tenant_id)


def _wrong(row: Row, last: Row | None) -> str | None:
    position, previous = (last["position"], last["fingerprint"]) if last else (0, FIRST_FINGERPRINT)
    if row["position"] != position + 1:
        return f"position {position + 1} is missing"
    if row["previous"] != previous:
        return "the fingerprint before it is another"
    try:
        said = {**dict(row), "taxes": msgspec.json.decode(row["taxes"])}
        document = msgspec.convert(said, RegisteredDocument, strict=False)
    except msgspec.MsgspecError as error:
        return f"it cannot be read: {error}"
    computed = fingerprint(row["legal_entity_id"], row["position"], document, previous)
    if computed != row["fingerprint"]:
        return "its fields do not give its fingerprint"
    if not row["proven"]:
        return "the document's event is not there, or has another hash"
    return None


async def _missing(conn: Connection, tenant_id: UUID) -> str | None:
    """The rows are copies of events: all of these must have one, with the same fingerprint."""
    row = await conn.fetchrow(_LOST, tenant_id)
    if row is None:
        return None
    where = f"legal entity {row['entity']}, position {row['position']}"
    return f"{where}: the row is missing, or is not what its event says"


_COLUMNS = """r.legal_entity_id, r.position, r.kind, r.document_id, r.type, r.number, r.series_id,
    r.drawn, r.issue_date, r.happened_at, r.currency, r.net, r.tax, r.gross, r.due,
    r.taxes::text AS taxes, r.document_hash, r.credits, r.cancels, r.replaces, r.previous,
    r.fingerprint, r.entered_at"""
_ROWS = f"""
SELECT {_COLUMNS} FROM invoicing.register r
WHERE r.tenant_id = $1 AND r.legal_entity_id = $2 AND r.position > $3
ORDER BY r.position LIMIT $4
"""
_ROWS_BACKWARDS = f"""
SELECT {_COLUMNS} FROM invoicing.register r
WHERE r.tenant_id = $1 AND r.legal_entity_id = $2 AND r.position < $3
ORDER BY r.position DESC LIMIT $4
"""
_EXAMINED = f"""
SELECT {_COLUMNS}, EXISTS (SELECT FROM invoicing.events e WHERE e.tenant_id = r.tenant_id
    AND e.stream_id = r.document_id AND encode(e.hash, 'hex') = r.document_hash AND e.type =
    CASE r.kind WHEN 'issued' THEN 'DocumentFinalized' ELSE 'DocumentVoided' END) AS proven
FROM invoicing.register r WHERE r.tenant_id = $1 AND r.legal_entity_id >= $2
AND (r.legal_entity_id > $2 OR r.position > $3)
ORDER BY r.legal_entity_id, r.position LIMIT $4
"""
_LOST = """
SELECT e.body ->> 'legal_entity_id' AS entity, e.version AS position
FROM invoicing.streams s JOIN invoicing.events e
    ON e.tenant_id = s.tenant_id AND e.stream_id = s.stream_id
WHERE s.tenant_id = $1 AND s.kind = 'Register' AND NOT EXISTS (
    SELECT FROM invoicing.register r WHERE r.tenant_id = e.tenant_id
    AND r.legal_entity_id = (e.body ->> 'legal_entity_id')::uuid AND r.position = e.version
    AND r.fingerprint = e.body ->> 'fingerprint' AND r.entered_at = e.recorded_at
    AND r.drawn::text IS NOT DISTINCT FROM e.body #>> '{document,drawn}') LIMIT 1
"""
# For a sealed archive: amounts as they are written in the event, which the fingerprint covers.
REGISTER_MEMBER = """
SELECT legal_entity_id, position, kind, document_id, type, number, series_id,
    to_char(issue_date, 'YYYY-MM-DD') AS issue_date, happened_at, currency, net::text AS net,
    tax::text AS tax, gross::text AS gross, due::text AS due, taxes::text AS taxes, document_hash,
    credits, cancels, replaces, previous, fingerprint, entered_at
FROM {schema}.register WHERE tenant_id = $1 ORDER BY legal_entity_id, position
"""
