"""Erasure in the tables of invoicing: values go, chains stay (D4)."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from invx.infra.postgres import Connection
from invx.infra.storage.places import ROW
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel.storage import Stored

# Nothing that a stored answer said may be said again after an erasure.
_GONE = (
    b'{"type":"/problems/erased","title":"Erased","status":410,"code":"erased",'
    b'"detail":"The answer was erased with the personal data in it."}'
)
_ERASED_PROBLEM = '{"code":"erased","detail":"Erased with personal data.","problems":[]}'
_GONE_HEADERS = '{"content-type":"application/problem+json"}'


async def shut_out_writers(conn: Connection, tenant_id: UUID) -> None:
    """Wait for the tenant's writers, and let nobody begin, until this transaction ends.

    Every writer holds this lock shared from its BEGIN (`open_tenant`). Two at once that shut out
    the others deadlock; the loser is run again.
    """
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 4))", tenant_id
    )


class PostgresPersonalData:
    """See `app.ports.PersonalData`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit

    async def shut_out_writers(self) -> None:
        """So nobody can write back what it read before the erasure."""
        await shut_out_writers(self._unit.conn, self._unit.ctx.tenant_id)

    async def streams_of(self, subject_id: UUID) -> list[UUID]:
        """The streams whose events hold values of this subject."""
        rows = await self._unit.conn.fetch(
            "SELECT DISTINCT stream_id FROM invoicing.personal"
            " WHERE tenant_id = $1 AND subject_id = $2 ORDER BY stream_id",
            self._unit.ctx.tenant_id,
            subject_id,
        )
        return [row[0] for row in rows]

    async def subjects_of(self, stream_ids: Collection[UUID]) -> Mapping[UUID, set[UUID]]:
        """The subjects of whom these streams hold values, by stream."""
        rows = await self._unit.conn.fetch(
            "SELECT DISTINCT stream_id, subject_id FROM invoicing.personal"
            " WHERE tenant_id = $1 AND stream_id = ANY($2)",
            self._unit.ctx.tenant_id,
            stream_ids,
        )
        said: dict[UUID, set[UUID]] = {}
        for stream_id, subject_id in rows:
            said.setdefault(stream_id, set()).add(subject_id)
        return said

    async def erase(
        self,
        subject_ids: Collection[UUID],
        stream_ids: Collection[UUID],
        *,
        archives_of: Collection[UUID],
    ) -> Sequence[Stored]:
        """Delete the values, make the rows of the streams anew, and drop answers and archives."""
        conn, tenant_id = self._unit.conn, self._unit.ctx.tenant_id
        await conn.execute(
            "DELETE FROM invoicing.personal WHERE tenant_id = $1 AND subject_id = ANY($2)"
            " AND stream_id = ANY($3)",
            tenant_id,
            subject_ids,
            stream_ids,
        )
        archived = await conn.fetch(
            "DELETE FROM invoicing.archives WHERE tenant_id = $1 AND document_id = ANY($2)"
            " RETURNING sha256, size, place",
            tenant_id,
            archives_of,
        )
        await conn.execute(
            "UPDATE invoicing.idempotency SET body = $3, headers = $4, status = 410"
            " WHERE tenant_id = $1 AND stream_id = ANY($2)",
            tenant_id,
            stream_ids,
            _GONE,
            _GONE_HEADERS,
        )
        await conn.execute(
            "UPDATE invoicing.operation_items SET problem = $3"
            " WHERE tenant_id = $1 AND subject = ANY($2) AND problem IS NOT NULL",
            tenant_id,
            stream_ids,
            _ERASED_PROBLEM,
        )
        for stream_id in stream_ids:
            self._unit.let_go(stream_id)
            await self._unit.reproject(stream_id)
        return [Stored(*row) for row in archived if row["place"] != ROW]
