"""Deletes stored files that nothing names: left over by a crash, an erasure, or a move.

A file is put before the transaction that names it. So one that was put within the last hour may be
about to be named and is left alone: no transaction and no fact lasts that long.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from invx.infra.context import Context, Naming
from invx.infra.metrics import FILES_SWEPT
from invx.infra.tenancy import TenantClosed, UnknownTenant, inside
from invx.kernel import limits
from invx.kernel.ports import Clock
from invx.kernel.storage import Listed, Storage

_ASKED_AT_ONCE = 500


async def named_among(
    conn: Any, tables: Sequence[Naming], tenant_id: UUID, place: str, hashes: list[str]
) -> set[str]:
    """Those of these files of a place that a row names."""
    asked = " UNION ".join(
        f"SELECT sha256 FROM {each.table} WHERE tenant_id = $1 AND place = $2"
        " AND sha256 = ANY($3::text[])"
        for each in tables
    )
    return {row["sha256"] for row in await conn.fetch(asked, tenant_id, place, hashes)}


class Sweeping:
    """Walks over the files of all tenants of a context, some at each turn, where it left off."""

    def __init__(
        self, context: Context, clock: Clock, *, files_per_turn: int = limits.SWEPT_FILES_PER_TURN
    ) -> None:
        self._context = context
        self._clock = clock
        self._files_per_turn = files_per_turn
        self._done: UUID | None = None  # the last tenant that was walked over

    async def turn(self) -> int:
        """Look at some tenants; returns how many files were deleted."""
        tenants = await self._context.directory.tenant_ids()
        left = [each for each in tenants if self._done is None or each > self._done] or tenants
        seen = swept = 0
        for tenant_id in left:
            if seen >= self._files_per_turn:
                break
            for storage in self._context.places.all if self._context.places else ():
                try:
                    looked, gone = await self.sweep(tenant_id, storage)
                except (TenantClosed, UnknownTenant):
                    continue  # whoever moved it looks after its files
                seen, swept = seen + looked, swept + gone
            self._done = tenant_id
        return swept

    async def sweep(self, tenant_id: UUID, storage: Storage) -> tuple[int, int]:
        """One tenant's files in one storage: how many there are, and how many were deleted."""
        before = self._clock.now() - timedelta(seconds=limits.STORED_UNNAMED_SECONDS)
        seen = swept = 0
        async for some in _by(_ASKED_AT_ONCE, storage.listed(tenant_id)):
            seen += len(some)
            old = [each.sha256 for each in some if each.put_at < before]
            for sha256 in await self._unnamed(tenant_id, storage.place, old):
                swept += await storage.delete(tenant_id, sha256, before=before)
        FILES_SWEPT.labels(self._context.name).inc(swept)
        return seen, swept

    async def _unnamed(self, tenant_id: UUID, place: str, hashes: list[str]) -> list[str]:
        if not hashes:
            return []
        context = self._context
        async with inside(context.database, context.directory, tenant_id, write=False) as conn:
            named = await named_among(conn, context.naming, tenant_id, place, hashes)
        return [each for each in hashes if each not in named]


async def _by(size: int, listed: AsyncIterator[Listed]) -> AsyncIterator[list[Listed]]:
    some: list[Listed] = []
    async for each in listed:
        some.append(each)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some
