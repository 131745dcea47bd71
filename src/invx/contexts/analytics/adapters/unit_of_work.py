"""The unit of work of analytics: rows of its own, no events."""

from dataclasses import fields
from uuid import UUID

from invx.contexts.analytics.app.ports import CountedDocument
from invx.infra.facts import KnownFacts
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import EventUnitOfWork, Storage
from invx.infra.write_set import WriteSet
from invx.kernel.context import RequestContext
from invx.kernel.ports import Clock, Ids


class UnitOfWork(EventUnitOfWork):
    """See `app.ports.AnalyticsUnitOfWork`."""

    def __init__(
        self,
        conn: Connection,
        ctx: RequestContext,
        *,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        facts: KnownFacts,
    ) -> None:
        super().__init__(conn, ctx, storage=storage, clock=clock, ids=ids, facts=facts)
        self.documents = PostgresCountedDocuments(conn, ctx.tenant_id, self.write_set)


class PostgresCountedDocuments:
    """Table `documents`, one row per finalized document."""

    def __init__(self, conn: Connection, tenant_id: UUID, write_set: WriteSet) -> None:
        self._conn = conn
        self._tenant_id = tenant_id
        self._write_set = write_set

    async def find(self, document_id: UUID) -> CountedDocument | None:
        """The document, or None when it has not arrived."""
        row = await self._conn.fetchrow(
            "SELECT document_id, type, legal_entity_id, currency, month, net, tax, gross, voided"
            " FROM analytics.documents WHERE tenant_id = $1 AND document_id = $2",
            self._tenant_id,
            document_id,
        )
        return CountedDocument(**dict(row)) if row else None

    def put(self, document: CountedDocument) -> None:
        """State the whole row, new or not."""
        stated = {each.name: getattr(document, each.name) for each in fields(document)}
        values = {"tenant_id": self._tenant_id, **stated, "counts": document.counts}
        self._write_set.put("documents", values)
