"""Brings a copy of a tenant's rows up to date with what was written since a snapshot.

Every row version names the transaction that wrote it (`xmin`). What a snapshot has not seen was
written by one that was not over by then, so those at or behind its oldest running one are taken
anew; a few too many do no harm. What was deleted is missing from the count, and then looked for.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from invx.infra.tenants.loading import Sink, rows_of
from invx.infra.tenants.tables import TenantTable
from invx.kernel.errors import Conflict

_PIECES_AHEAD = 8


class CopyDiffers(Conflict):
    """A copy is not what was copied."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a snapshot has seen: all of the transactions before `oldest`, none from `next` on."""

    oldest: int
    next: int

    @classmethod
    async def of(cls, conn: Any) -> Self:
        """The snapshot of the transaction that the connection is in."""
        row = await conn.fetchrow(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint"
            " FROM pg_current_snapshot() AS s"
        )
        return cls(row[0], row[1])


async def piped(copy: Callable[[Sink], Awaitable[None]]) -> AsyncGenerator[bytes, None]:
    """What a copy writes, as it comes; it waits when nobody takes it."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(_PIECES_AHEAD)

    async def copied() -> None:
        try:
            await copy(queue.put)
        finally:
            await queue.put(None)

    task = asyncio.create_task(copied())
    try:
        while (piece := await queue.get()) is not None:
            yield piece
        await task
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def hashed(
    pieces: AsyncGenerator[bytes, None], digest: Any
) -> AsyncIterator[AsyncIterator[bytes]]:
    """The same pieces, taken down in a hash; whatever writes them has ended with the block."""

    async def taken() -> AsyncIterator[bytes]:
        async for piece in pieces:
            digest.update(piece)
            yield piece

    async with aclosing(pieces):
        yield taken()


class Syncing:
    """One pass over the tables: the source in a snapshot, the target between transactions."""

    def __init__(self, source: Any, target: Any, tenant_id: UUID, before: Seen, now: Seen) -> None:
        self._source = source
        self._target = target
        self._tenant_id = tenant_id
        self._before = before
        self._now = now

    async def sync(self, table: TenantTable) -> int:
        """Make the target's rows those of the source's snapshot; how many were changed or went.

        Raises CopyDiffers when they are not the same afterwards.
        """
        target = self._target
        async with target.transaction():
            (there, changed), here = await asyncio.gather(
                self._source.fetchrow(
                    f"SELECT count(*), count(*) FILTER (WHERE {_CHANGED}) FROM {table.full}"
                    " WHERE tenant_id = $1",
                    *self._since,
                ),
                target.fetchval(
                    f"SELECT count(*) FROM {table.full} WHERE tenant_id = $1", self._tenant_id
                ),
            )
            if not changed and there == here:
                return 0  # most tables, most times
            sent, count = await self._stage(table)
            new = await target.fetchval(self._new(table), self._tenant_id) if count else 0
            gone = await self._remove(table) if here + new != there else 0
            if count:
                same = self._same(table, "t", "s")
                await target.execute(
                    f"DELETE FROM {table.full} t USING pg_temp.staged s"
                    f" WHERE t.tenant_id = $1 AND {same}",
                    self._tenant_id,
                )
                order = " ORDER BY ctid" if table.position else ""
                await target.execute(
                    f"INSERT INTO {table.full} (tenant_id, {table.listed})"
                    f" SELECT $1, {table.listed} FROM pg_temp.staged{order}",
                    self._tenant_id,
                )
            if here + new - gone != there or (count and await self._digest(table) != sent):
                raise CopyDiffers(f"The copy of {table.schema}.{table.name} is not the same.")
        return int(count + gone)

    async def _stage(self, table: TenantTable) -> tuple[bytes, int]:
        """The changed rows in `pg_temp.staged`; the hash of their lines, and how many."""
        await self._target.execute("DROP TABLE IF EXISTS pg_temp.staged")
        await self._target.execute(
            f"CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {table.listed} FROM {table.full}"
            " WITH NO DATA"
        )
        digest = hashlib.sha256()
        async with hashed(piped(lambda sink: self._changed(table, sink)), digest) as lines:
            done = await self._target.copy_to_table(
                "staged", source=lines, columns=list(table.columns)
            )
        return digest.digest(), rows_of(done)

    async def _changed(self, table: TenantTable, sink: Sink) -> None:
        await self._source.copy_from_query(
            f"SELECT {table.listed} FROM {table.full} WHERE tenant_id = $1 AND {_CHANGED}"
            f" ORDER BY {table.order}",
            *self._since,
            output=sink,
        )

    @property
    def _since(self) -> tuple[UUID, int, int]:
        """The parameters of `_CHANGED`, behind that of the tenant."""
        return self._tenant_id, self._now.next, self._before.oldest

    async def _remove(self, table: TenantTable) -> int:
        """Delete what the source no longer has; how many that were."""
        keys = ", ".join(f'"{name}"' for name in table.key)
        await self._target.execute("DROP TABLE IF EXISTS pg_temp.there")
        await self._target.execute(
            f"CREATE TEMP TABLE there ON COMMIT DROP AS SELECT {keys} FROM {table.full}"
            " WITH NO DATA"
        )

        async def listed(sink: Sink) -> None:
            await self._source.copy_from_query(
                f"SELECT {keys} FROM {table.full} WHERE tenant_id = $1",
                self._tenant_id,
                output=sink,
            )

        async with aclosing(piped(listed)) as lines:
            await self._target.copy_to_table("there", source=lines, columns=list(table.key))
        await self._target.execute("ANALYZE pg_temp.there")
        same = self._same(table, "t", "k")
        done = await self._target.execute(
            f"DELETE FROM {table.full} t WHERE t.tenant_id = $1"
            f" AND NOT EXISTS (SELECT FROM pg_temp.there k WHERE {same})",
            self._tenant_id,
        )
        return rows_of(done)

    async def _digest(self, table: TenantTable) -> bytes:
        """The hash of the lines of what is in the target now, of the rows that were changed."""
        digest = hashlib.sha256()

        async def counted(piece: bytes) -> None:
            digest.update(piece)

        same = self._same(table, "t", "s")
        listed = ", ".join(f't."{name}"' for name in table.columns)
        await self._target.copy_from_query(
            f"SELECT {listed} FROM {table.full} t WHERE t.tenant_id = $1"
            f" AND EXISTS (SELECT FROM pg_temp.staged s WHERE {same}) ORDER BY {table.order}",
            self._tenant_id,
            output=counted,
        )
        return digest.digest()

    def _new(self, table: TenantTable) -> str:
        same = self._same(table, "t", "s")
        return (
            f"SELECT count(*) FROM pg_temp.staged s WHERE NOT EXISTS (SELECT FROM {table.full} t"
            f" WHERE t.tenant_id = $1 AND {same})"
        )

    @staticmethod
    def _same(table: TenantTable, one: str, other: str) -> str:
        return " AND ".join(f'{one}."{name}" = {other}."{name}"' for name in table.key) or "true"


# The 32 bits of xmin, counted back from the next transaction; what is older than all of them is not
# new. $2 is the next transaction, $3 the oldest that the snapshot before had not seen to its end.
_CHANGED = "$2::bigint - (($2::bigint - xmin::text::bigint) & 4294967295) >= $3::bigint"
