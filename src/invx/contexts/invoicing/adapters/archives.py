"""Archived files: a row for each, written once, that says where its bytes lie."""

from collections.abc import Iterable
from uuid import UUID

from invx.contexts.invoicing.app.asked import Archived
from invx.infra.postgres import Connection
from invx.infra.storage.places import DATABASE
from invx.infra.write_set import WriteSet
from invx.kernel.ports import Clock
from invx.kernel.storage import Stored


class PostgresArchive:
    """See `app.ports.Archive`."""

    def __init__(
        self, conn: Connection, tenant_id: UUID, write_set: WriteSet, clock: Clock
    ) -> None:
        self._conn = conn
        self._tenant_id = tenant_id
        self._write_set = write_set
        self._clock = clock

    async def holds(self, document_id: UUID, kind: str) -> bool:
        """Whether something is archived already."""
        found: bool = await self._conn.fetchval(
            "SELECT EXISTS (SELECT 1 FROM invoicing.archives WHERE tenant_id = $1"
            " AND document_id = $2 AND kind = $3)",
            self._tenant_id,
            document_id,
            kind,
        )
        return found

    async def held(self, document_ids: Iterable[UUID], kind: str) -> set[UUID]:
        """The documents of which something is archived already."""
        rows = await self._conn.fetch(
            "SELECT document_id FROM invoicing.archives WHERE tenant_id = $1"
            " AND document_id = ANY($2::uuid[]) AND kind = $3",
            self._tenant_id,
            list(document_ids),
            kind,
        )
        return {row["document_id"] for row in rows}

    async def find(self, document_id: UUID, kind: str) -> Archived | None:
        """What is archived, or None."""
        row = await self._conn.fetchrow(
            "SELECT media_type, sha256, coalesce(size, length(bytes)), place, bytes"
            " FROM invoicing.archives WHERE tenant_id = $1 AND document_id = $2 AND kind = $3",
            self._tenant_id,
            document_id,
            kind,
        )
        if row is None:
            return None
        media_type, sha256, size, place, held = row
        return Archived(media_type, Stored(sha256, size, place), held)

    def keep(self, document_id: UUID, kind: str, *, media_type: str, stored: Stored) -> None:
        """Archive with this transaction; two that race find the row taken and run again."""
        self._write_set.insert(
            "archives",
            {
                "tenant_id": self._tenant_id,
                "document_id": document_id,
                "kind": kind,
                "media_type": media_type,
                "sha256": stored.sha256,
                "size": stored.size,
                "place": stored.place,
                "row_sha256": stored.sha256 if stored.place == DATABASE else None,
                "archived_at": self._clock.now(),
            },
        )
