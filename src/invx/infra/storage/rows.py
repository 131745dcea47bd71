"""Files as rows: they are backed up and moved with their tenant, under its row-level security."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import asyncpg

from invx.infra.postgres import Database
from invx.infra.storage.checked import (
    ensure,
    gathered,
    missing,
    path_of,
    pieces_of,
    sha256_of,
    whole,
)
from invx.infra.tenancy import Directory, inside
from invx.kernel.ports import Clock
from invx.kernel.storage import Bytes, Listed, Stored

_LISTED_AT_ONCE = 1_000


class RowStorage:
    """See `kernel.storage.Storage`. Each call is a transaction of its own in the context."""

    place = "database"

    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    async def put(self, tenant_id: UUID, content: Bytes) -> Stored:
        """See Storage."""
        held = await gathered(content)
        sha256 = await sha256_of(held)
        async with inside(self._database, self._directory, tenant_id, write=True) as conn:
            await conn.execute(
                f"INSERT INTO {self._table} (tenant_id, sha256, size, bytes, put_at)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, sha256) DO UPDATE"
                " SET size = excluded.size, bytes = excluded.bytes, put_at = excluded.put_at",
                *(tenant_id, sha256, len(held), held, self._clock.now()),
            )
        return Stored(sha256, len(held), self.place)

    async def get(self, tenant_id: UUID, sha256: str) -> bytes:
        """See Storage."""
        path_of(tenant_id, sha256)
        async with inside(self._database, self._directory, tenant_id, write=False) as conn:
            content = await conn.fetchval(
                f"SELECT bytes FROM {self._table} WHERE tenant_id = $1 AND sha256 = $2",
                *(tenant_id, sha256),
            )
        if content is None:
            raise missing(self.place, tenant_id, sha256)
        return await ensure(self.place, tenant_id, sha256, content)

    async def stream(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        """See Storage. A row is read whole."""
        content = await self.get(tenant_id, sha256)
        async for piece in whole(pieces_of(content), self.place, tenant_id, sha256):
            yield piece

    async def exists(self, tenant_id: UUID, sha256: str) -> bool:
        """See Storage."""
        async with inside(self._database, self._directory, tenant_id, write=False) as conn:
            found: bool = await conn.fetchval(
                f"SELECT EXISTS (SELECT FROM {self._table} WHERE tenant_id = $1 AND sha256 = $2)",
                *(tenant_id, sha256),
            )
        return found

    async def delete(self, tenant_id: UUID, sha256: str, *, before: datetime) -> bool:
        """See Storage. A row that something names stays, whatever is asked: its key says so."""
        try:
            async with inside(self._database, self._directory, tenant_id, write=True) as conn:
                await conn.execute(
                    f"DELETE FROM {self._table}"
                    " WHERE tenant_id = $1 AND sha256 = $2 AND put_at < $3",
                    *(tenant_id, sha256, before),
                )
        except asyncpg.ForeignKeyViolationError:
            return False
        return not await self.exists(tenant_id, sha256)

    async def listed(self, tenant_id: UUID) -> AsyncIterator[Listed]:
        """See Storage."""
        after = ""
        while True:
            async with inside(self._database, self._directory, tenant_id, write=False) as conn:
                rows = await conn.fetch(
                    f"SELECT sha256, size, put_at FROM {self._table} WHERE tenant_id = $1"
                    f" AND sha256 > $2 ORDER BY sha256 LIMIT {_LISTED_AT_ONCE}",
                    *(tenant_id, after),
                )
            for row in rows:
                yield Listed(*row)
            if len(rows) < _LISTED_AT_ONCE:
                return
            after = rows[-1]["sha256"]

    async def probe(self) -> None:
        """See Storage. Whether the database is well is asked elsewhere."""
        await self._database.ping()

    @property
    def _table(self) -> str:
        return f"{self._database.schema}.stored_files"
