"""Uploaded files in tables: what they are, where their bytes lie, and who names them."""

from collections.abc import Sequence
from uuid import UUID

from invx.contexts.invoicing.app.asked import Archived, AttachedFile
from invx.infra.storage.places import DATABASE
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel.storage import Stored


class PostgresAttached:
    """See `app.ports_of_files.Attached`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit
        self._tenant_id = unit.ctx.tenant_id

    async def find(self, file_ids: Sequence[UUID]) -> dict[UUID, AttachedFile]:
        """Those that exist; they stay until this transaction ends."""
        rows = await self._unit.conn.fetch(
            "SELECT f.file_id, f.name, f.media_type, c.sha256, c.size, c.place"
            " FROM invoicing.files f JOIN invoicing.file_contents c"
            " ON c.tenant_id = f.tenant_id AND c.file_id = f.file_id"
            " WHERE f.tenant_id = $1 AND f.file_id = ANY($2::uuid[])"
            " ORDER BY f.file_id FOR KEY SHARE OF f",
            self._tenant_id,
            list(file_ids),
        )
        return {
            row["file_id"]: AttachedFile(
                row["name"],
                row["media_type"],
                Archived(row["media_type"], Stored(row["sha256"], row["size"], row["place"])),
            )
            for row in rows
        }

    async def total(self) -> tuple[int, int]:
        """How many there are, and of how many bytes; nobody adds one until this one ends."""
        await self._unit.conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 5))", self._tenant_id
        )
        row = await self._unit.conn.fetchrow(
            "SELECT count(*), coalesce(sum(size), 0)::bigint FROM invoicing.files"
            " WHERE tenant_id = $1",
            self._tenant_id,
        )
        return (row[0], row[1]) if row else (0, 0)

    async def in_use(self, file_ids: Sequence[UUID]) -> set[UUID]:
        """Those that a document names."""
        rows = await self._unit.conn.fetch(
            "SELECT DISTINCT file_id FROM invoicing.document_files"
            " WHERE tenant_id = $1 AND file_id = ANY($2::uuid[])",
            self._tenant_id,
            list(file_ids),
        )
        return {row["file_id"] for row in rows}

    async def release(self, document_id: UUID, *, but: Sequence[UUID] = ()) -> None:
        """A document names no other files any more."""
        await self._unit.conn.execute(
            "DELETE FROM invoicing.document_files WHERE tenant_id = $1 AND document_id = $2"
            " AND file_id <> ALL($3::uuid[])",
            self._tenant_id,
            document_id,
            list(but),
        )

    def keep(self, file_id: UUID, stored: Stored) -> None:
        """Where the bytes of a new file lie."""
        self._unit.write_set.insert(
            "file_contents",
            {
                "tenant_id": self._tenant_id,
                "file_id": file_id,
                "sha256": stored.sha256,
                "size": stored.size,
                "place": stored.place,
                "row_sha256": stored.sha256 if stored.place == DATABASE else None,
            },
        )

    async def drop(self, file_ids: Sequence[UUID]) -> Sequence[Stored]:
        """Name the bytes of these files no more; the answer is where they lay."""
        rows = await self._unit.conn.fetch(
            "DELETE FROM invoicing.file_contents WHERE tenant_id = $1"
            " AND file_id = ANY($2::uuid[]) RETURNING sha256, size, place",
            self._tenant_id,
            list(file_ids),
        )
        return [Stored(*row) for row in rows]
