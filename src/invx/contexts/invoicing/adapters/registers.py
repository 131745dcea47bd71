"""Registers, and what is not in them yet: found in the events of the series, in their order."""

import heapq
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.register import Register, register_id
from invx.contexts.invoicing.domain.register_events import EntryKind, RegisteredDocument
from invx.infra.event_store import EventSourcedRepository
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel.errors import NotFound


class RegisterNotFound(NotFound):
    """Nothing was entered yet."""


class PostgresRegisters(EventSourcedRepository[Register]):
    """Registers by their kept state, locked."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(Register, unit.store, unit.held, missing=RegisterNotFound)
        self._unit = unit

    async def locked(self, legal_entity_id: UUID) -> Register:
        """That of a legal entity, locked; a new one when nothing was ever entered.

        Two that begin one at once write the same stream: the second runs again and finds it.
        """
        try:
            return await self.get_locked(register_id(legal_entity_id))
        except RegisterNotFound:
            register = Register(register_id(legal_entity_id))
            self.add(register)
            return register

    async def not_entered(self, legal_entity_id: UUID, limit: int) -> list[RegisteredDocument]:
        """At most so many documents that were issued or voided and are not in the register.

        Each series comes in the order of its numbers, whatever the clocks said; several series are
        merged by time. A document is entered as voided only after it was entered as issued.
        """
        rows = await self._unit.conn.fetch(_DRAWN, self._unit.ctx.tenant_id, legal_entity_id, limit)
        by_series: dict[UUID, list[Any]] = {}
        for row in rows:
            by_series.setdefault(row["series_id"], []).append(row)
        merged = heapq.merge(*by_series.values(), key=lambda row: (row["at"], row["event_id"]))
        drawn = [row for row, _ in zip(merged, range(limit), strict=False)]
        issued = await self._issued(drawn)
        room = limit - len(issued)
        return issued + (await self._voided(legal_entity_id, room) if room else [])

    async def _issued(self, drawn: Sequence[Any]) -> list[RegisteredDocument]:
        ids = [row["document_id"] for row in drawn]
        if not ids:
            return []
        found = await self._unit.conn.fetch(_ISSUED, self._unit.ctx.tenant_id, ids)
        by_id = {row["document_id"]: row for row in found}
        return [
            _document(by_id[row["document_id"]], EntryKind.ISSUED, row["version"]) for row in drawn
        ]

    async def _voided(self, legal_entity_id: UUID, room: int) -> list[RegisteredDocument]:
        rows = await self._unit.conn.fetch(_VOIDED, self._unit.ctx.tenant_id, legal_entity_id, room)
        return [_document(row, EntryKind.VOIDED, None) for row in rows]


def _document(row: Any, kind: EntryKind, drawn: int | None) -> RegisteredDocument:
    said = {**dict(row), "kind": str(kind), "drawn": drawn}
    said["taxes"] = msgspec.json.decode(row["taxes"])
    said["document_hash"] = row["document_hash"].hex()
    return msgspec.convert(said, RegisteredDocument, strict=False)


# Numbers of legal series that were drawn after the last one that the register holds of the series.
_DRAWN = """
SELECT e.stream_id AS series_id, e.version, e.recorded_at AS at, e.event_id,
    (e.body ->> 'document_id')::uuid AS document_id
FROM invoicing.series s CROSS JOIN LATERAL (
    SELECT e.* FROM invoicing.events e
    WHERE e.tenant_id = s.tenant_id AND e.stream_id = s.series_id AND e.type = 'NumberDrawn'
    AND e.version > coalesce((
        SELECT r.drawn FROM invoicing.register r WHERE r.tenant_id = s.tenant_id
        AND r.series_id = s.series_id AND r.drawn IS NOT NULL ORDER BY r.drawn DESC LIMIT 1), 0)
    ORDER BY e.version LIMIT $3) AS e
WHERE s.tenant_id = $1 AND s.legal_entity_id = $2 AND s.legal
ORDER BY e.stream_id, e.version
"""
# Taken apart by the database: a document may have ten thousand lines, and only sums are wanted.
_ISSUED = """
SELECT e.stream_id AS document_id, e.body #>> '{content,type}' AS type,
    e.body ->> 'number' AS number, e.body ->> 'series_id' AS series_id,
    e.body ->> 'issue_date' AS issue_date,
    e.occurred_at AS happened_at, e.body #>> '{totals,currency}' AS currency,
    e.body #>> '{totals,net}' AS net, e.body #>> '{totals,tax}' AS tax,
    e.body #>> '{totals,gross}' AS gross, e.body #>> '{totals,due}' AS due, (
        SELECT coalesce(json_agg(json_build_object('regime', t ->> 'regime',
            'category', t ->> 'category', 'rate', t ->> 'rate', 'base', t ->> 'base',
            'tax', t ->> 'amount')), '[]')::text
        FROM json_array_elements(e.body #> '{totals,taxes}') AS t) AS taxes,
    e.hash AS document_hash, e.body #>> '{links,credits}' AS credits,
    e.body #>> '{links,cancels}' AS cancels, e.body #>> '{links,replaces}' AS replaces
FROM invoicing.events e
WHERE e.tenant_id = $1 AND e.stream_id = ANY($2::uuid[]) AND e.type = 'DocumentFinalized'
"""
_VOIDED = """
SELECT r.document_id, r.type, r.number, r.series_id, r.issue_date, e.occurred_at AS happened_at,
    r.currency, r.net, r.tax, r.gross, r.due, r.taxes::text AS taxes, e.hash AS document_hash,
    r.credits, r.cancels, r.replaces
FROM invoicing.documents d
JOIN invoicing.register r ON r.tenant_id = d.tenant_id AND r.document_id = d.document_id
    AND r.kind = 'issued'
JOIN invoicing.events e ON e.tenant_id = d.tenant_id AND e.stream_id = d.document_id
    AND e.type = 'DocumentVoided'
WHERE d.tenant_id = $1 AND d.legal_entity_id = $2 AND d.voided AND NOT EXISTS (
    SELECT FROM invoicing.register v WHERE v.tenant_id = d.tenant_id
    AND v.document_id = d.document_id AND v.kind = 'voided')
ORDER BY e.recorded_at, e.event_id LIMIT $3
"""
