"""Erasure in the tables of invoicing: values go, chains stay (D4)."""

from uuid import UUID

from invx.infra.unit_of_work import EventUnitOfWork

# Nothing that a stored answer said may be said again after an erasure.
_GONE = (
    b'{"type":"/problems/erased","title":"Gone","status":410,"code":"erased",'
    b'"detail":"The answer was erased with the personal data in it."}'
)


class PostgresPersonalData:
    """See `app.ports.PersonalData`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit

    async def streams_of(self, subject_id: UUID) -> list[UUID]:
        """The streams whose events hold values of this subject."""
        rows = await self._unit.conn.fetch(
            "SELECT DISTINCT stream_id FROM invoicing.personal"
            " WHERE tenant_id = $1 AND subject_id = $2 ORDER BY stream_id",
            self._unit.ctx.tenant_id,
            subject_id,
        )
        return [row[0] for row in rows]

    async def erase(self, subject_id: UUID, stream_ids: list[UUID]) -> None:
        """Delete the values, make the rows of the streams anew, and drop archives and answers."""
        conn, tenant_id = self._unit.conn, self._unit.ctx.tenant_id
        if not stream_ids:
            return
        await conn.execute(
            "DELETE FROM invoicing.personal WHERE tenant_id = $1 AND subject_id = $2"
            " AND stream_id = ANY($3)",
            tenant_id,
            subject_id,
            stream_ids,
        )
        await conn.execute(
            "DELETE FROM invoicing.archives WHERE tenant_id = $1 AND document_id = ANY($2)",
            tenant_id,
            stream_ids,
        )
        await conn.execute(
            "UPDATE invoicing.idempotency SET body = $3, status = 410"
            " WHERE tenant_id = $1 AND stream_id = ANY($2)",
            tenant_id,
            stream_ids,
            _GONE,
        )
        for stream_id in stream_ids:
            await self._unit.reproject(stream_id)
