"""Moves a tenant into another database while it is read and written (T4).

Copy from a snapshot, prove the copy, catch up with what was written since, again and again; then
keep writers out, catch up a last time, leave the old database, enter the new one. A row says by the
transaction that wrote it whether a snapshot has seen it, so nothing is recorded beside the work.

There is one moment in which the tenant goes: the transaction that makes it `moved` in the old
database, under a lock that the mover's session holds there. Before it a mover that died is undone
(`thawing`), after it the move is completed by running it again. In no state do two databases let
anybody write.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import UUID

from invx.infra.holdings import Holdings
from invx.infra.tenancy import LOCK_OUT_WRITERS
from invx.infra.tenants.heads import Heads, heads_of
from invx.infra.tenants.loading import Sink, copy_in, copy_out
from invx.infra.tenants.manifest import migrations_of
from invx.infra.tenants.proving import first_fault
from invx.infra.tenants.states import LIVING, release_claims, statuses
from invx.infra.tenants.syncing import Seen, Syncing, hashed, piped
from invx.infra.tenants.tables import (
    Progress,
    TenantTable,
    alone,
    prepare,
    purge,
    tenant_tables,
)
from invx.kernel.errors import Conflict

PASSES_MAX = 6
_FEW_ROWS = 2_000  # that a last pass may still find
_LOCK_SECONDS = 20


class MoveRefused(Conflict):
    """The tenant cannot be moved; it stays where it is."""


@dataclass(frozen=True, slots=True)
class Side:
    """A database by its placement, and an owner's connection to it, in no transaction."""

    placement: str
    conn: Any


@dataclass(slots=True)
class Moved:
    """What a move took: rows copied, passes behind the first, seconds in which nobody wrote."""

    rows: int = 0
    passes: int = 0
    frozen_seconds: float = 0.0


async def lives_in(sides: Mapping[str, Side], schemas: list[str], tenant_id: UUID) -> str | None:
    """The placement that lets the tenant be written, or is being left; None where none does.

    Raises MoveRefused when there are two: a database was restored to before a move.
    """
    living = [
        name
        for name, side in sides.items()
        if await statuses(side.conn, schemas, tenant_id) & {*LIVING, "moving"}
    ]
    if len(living) > 1:
        raise MoveRefused(
            f"The tenant is active in {' and '.join(living)}: one of them was set back. Close the"
            " one that is not to be believed by hand (docs/operations/tenants.md)."
        )
    return living[0] if living else None


async def left_for(
    sides: Mapping[str, Side], schemas: list[str], tenant_id: UUID, target: str
) -> str | None:
    """The placement that the tenant has left for `target` without having entered it."""
    for name, side in sides.items():
        row = await side.conn.fetchrow(
            f"SELECT status, placement, before_move FROM {schemas[0]}.tenants WHERE tenant_id = $1",
            tenant_id,
        )
        if row and row["status"] == "moved" and row["before_move"] and row["placement"] == target:
            return name
    return None


class Moving:
    """One move of one tenant."""

    def __init__(
        self,
        source: Side,
        target: Side,
        contexts: Mapping[str, Holdings],
        tenant_id: UUID,
        progress: Progress = lambda _, __: None,
    ) -> None:
        self._source = source
        self._target = target
        self._contexts = {name: each for name, each in contexts.items() if each.moves}
        self._schemas = list(self._contexts)
        self._tenant_id = tenant_id
        self._progress = progress
        self._moved = Moved()

    async def move(self) -> Moved:
        """From the first row to the last. Raises MoveRefused, TenantCarried, OwnerTooWeak.

        Whatever it raises: the tenant is where it was, and may be written there, or it has left and
        running it again completes the move.
        """
        source, target = self._source.conn, self._target.conn
        await prepare(source, target)
        async with alone(self._tenant_id, source, target):
            if await self._has_left():
                await self._enter()
            else:
                await self._thaw()
                await self._ensure_room()
                tables = [t for s in self._schemas for t in await tenant_tables(source, s)]
                seen = await self._copy(tables)
                seen = await self._catch_up(tables, seen)
                await self._switch(tables, seen)
            await self.clear()
        return self._moved

    async def clear(self) -> None:
        """Delete what the old database still has. Only where the tenant is `moved`."""
        conn = self._source.conn
        if await statuses(conn, self._schemas, self._tenant_id) != {"moved"}:
            raise MoveRefused("The tenant lives where its rows were to be deleted.")
        for schema in self._schemas:
            tables = await tenant_tables(conn, schema)
            await purge(conn, tables, self._tenant_id, lambda _, __: None)

    async def _has_left(self) -> bool:
        return await statuses(self._source.conn, self._schemas, self._tenant_id) == {"moved"}

    async def _ensure_room(self) -> None:
        """The new database has the same tables, and points back here until the tenant enters it.

        What a move that was broken off left there goes.
        """
        source, target = self._source.conn, self._target.conn
        for schema in self._schemas:
            if await migrations_of(source, schema) != await migrations_of(target, schema):
                raise MoveRefused(
                    f"The tables of {schema} are of another version in {self._target.placement}:"
                    " run `invx migrate` first."
                )
        if not await statuses(target, self._schemas, self._tenant_id) <= {None, "moved"}:
            raise MoveRefused(f"{self._target.placement} knows the tenant already.")
        async with target.transaction():
            for schema in self._schemas:
                await target.execute(
                    f"INSERT INTO {schema}.tenants (tenant_id, status, placement)"
                    " VALUES ($1, 'moved', $2) ON CONFLICT (tenant_id) DO UPDATE"
                    " SET placement = excluded.placement, before_move = NULL",
                    *(self._tenant_id, self._source.placement),
                )
        for schema in self._schemas:
            tables = await tenant_tables(target, schema)
            await purge(target, tables, self._tenant_id, lambda _, __: None)

    async def _copy(self, tables: list[TenantTable]) -> Seen:
        """All rows of one snapshot, proved to be the same in both, and whole."""
        source, target = self._source.conn, self._target.conn
        async with source.transaction(isolation="repeatable_read", readonly=True):
            seen = await Seen.of(source)
            for table in tables:
                await self._copy_table(table)
            heads = {
                schema: (await heads_of(source, schema, self._tenant_id)).said()
                for schema in self._schemas
            }
        histories = {schema: Holdings() for schema in self._schemas}
        fault = await first_fault(target, histories, heads, self._tenant_id, self._progress)
        if fault is not None:
            raise MoveRefused(f"The copy is not whole: {fault}")
        return seen

    async def _copy_table(self, table: TenantTable) -> None:
        name = f"{table.schema}.{table.name}"
        there, here = hashlib.sha256(), hashlib.sha256()

        async def counted(lines: bytes) -> None:
            here.update(lines)

        def copied(sink: Sink) -> Awaitable[None]:
            return copy_out(self._source.conn, table, self._tenant_id, sink)

        async with hashed(piped(copied), there) as lines:
            rows = await copy_in(
                self._target.conn,
                table,
                self._tenant_id,
                lines,
                lambda count: self._progress(name, count),
            )
        await copy_out(self._target.conn, table, self._tenant_id, counted)
        if there.digest() != here.digest():
            raise MoveRefused(f"The copy of {name} is not what was copied.")
        self._moved.rows += rows

    async def _catch_up(self, tables: list[TenantTable], seen: Seen) -> Seen:
        """What was written meanwhile, until it is little."""
        for _ in range(PASSES_MAX):
            changed, seen = await self._pass(tables, seen)
            self._moved.passes += 1
            if changed <= _FEW_ROWS:
                break
        return seen

    async def _pass(self, tables: list[TenantTable], seen: Seen) -> tuple[int, Seen]:
        source = self._source.conn
        changed = 0
        async with source.transaction(isolation="repeatable_read", readonly=True):
            now = await Seen.of(source)
            syncing = Syncing(source, self._target.conn, self._tenant_id, seen, now)
            for table in tables:
                changed += await syncing.sync(table)
                self._progress("what was written meanwhile", changed)
        self._moved.rows += changed
        return changed, now

    async def _switch(self, tables: list[TenantTable], seen: Seen) -> None:
        """Nobody writes from here to the end."""
        began = perf_counter()
        left = False
        try:
            await self._freeze()
            await self._pass(tables, seen)
            await self._ensure_same_heads()
            await self._leave()
            left = True
            await self._enter()
        finally:
            if not left and not self._source.conn.is_closed():
                await self._thaw()
            self._moved.frozen_seconds = perf_counter() - began

    async def _freeze(self) -> None:
        conn = self._source.conn
        async with conn.transaction():
            await conn.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            await conn.execute(LOCK_OUT_WRITERS, str(self._tenant_id))
            if not await statuses(conn, self._schemas, self._tenant_id) <= set(LIVING):
                raise MoveRefused("The tenant is no longer what it was; begin again.")
            for schema in self._schemas:
                await conn.execute(
                    f"UPDATE {schema}.tenants SET before_move = status, status = 'moving',"
                    " epoch = epoch + 1 WHERE tenant_id = $1",
                    self._tenant_id,
                )

    async def _thaw(self) -> None:
        """Undo a freeze, ours or that of a mover who died: its lock is ours now."""
        conn = self._source.conn
        async with conn.transaction():
            for schema in self._schemas:
                await conn.execute(
                    f"UPDATE {schema}.tenants SET status = before_move, before_move = NULL,"
                    " epoch = epoch + 1 WHERE tenant_id = $1 AND status = 'moving'",
                    self._tenant_id,
                )

    async def _ensure_same_heads(self) -> None:
        async def heads(conn: Any, schema: str) -> Heads:
            async with conn.transaction(isolation="repeatable_read", readonly=True):
                return await heads_of(conn, schema, self._tenant_id)

        for schema in self._schemas:
            conns = (self._source.conn, self._target.conn)
            both = await asyncio.gather(*(heads(conn, schema) for conn in conns))
            if both[0] != both[1]:
                raise MoveRefused(f"{schema} differs: {both[0]} and {both[1]}.")

    async def _leave(self) -> None:
        """The moment: from here on the old database lets nobody in."""
        conn = self._source.conn
        async with conn.transaction():
            for schema in self._schemas:
                done = await conn.execute(
                    f"UPDATE {schema}.tenants SET status = 'moved', placement = $2,"
                    " epoch = epoch + 1 WHERE tenant_id = $1 AND status = 'moving'",
                    *(self._tenant_id, self._target.placement),
                )
                if done != "UPDATE 1":
                    raise MoveRefused("The tenant is no longer what it was; begin again.")

    async def _enter(self) -> None:
        """The new database lets everybody in. Again changes nothing."""
        source, target = self._source.conn, self._target.conn
        if await statuses(target, self._schemas, self._tenant_id) != {"moved"}:
            return
        async with target.transaction():
            await release_claims(target, self._schemas, self._tenant_id)
            for schema, holdings in self._contexts.items():
                own = await source.fetchval(holdings.own) if holdings.own else None
                for statement in holdings.moved:
                    await target.execute(statement, self._tenant_id, own)
                row = await source.fetchrow(
                    "SELECT name, mode, epoch, clock_offset, quota_class, tokens_not_before,"
                    f" exported_at, before_move FROM {schema}.tenants WHERE tenant_id = $1",
                    self._tenant_id,
                )
                await target.execute(
                    f"UPDATE {schema}.tenants t SET name = $2, mode = $3,"
                    " epoch = greatest(t.epoch, $4) + 1, clock_offset = $5, quota_class = $6,"
                    " tokens_not_before = $7, exported_at = $8, status = $9, placement = $10,"
                    " before_move = NULL WHERE tenant_id = $1",
                    *(self._tenant_id, *row.values(), self._target.placement),
                )
        async with source.transaction():
            for schema in self._schemas:
                await source.execute(
                    f"UPDATE {schema}.tenants SET before_move = NULL WHERE tenant_id = $1",
                    self._tenant_id,
                )


async def point_home(home: Side, schemas: list[str], tenant_id: UUID, placement: str) -> None:
    """Let the directory of all tenants name the placement at once, not by way of the last one."""
    if home.placement == placement:
        return
    async with home.conn.transaction():
        for schema in schemas:
            await home.conn.execute(
                f"UPDATE {schema}.tenants SET placement = $2, epoch = epoch + 1"
                " WHERE tenant_id = $1 AND status = 'moved' AND placement <> $2",
                *(tenant_id, placement),
            )
