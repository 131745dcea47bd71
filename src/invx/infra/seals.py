"""Seals a tenant's streams: every head that moved becomes a leaf, every seal chains to the last.

Appending costs nothing for it: what has moved is what the index `streams_moved` holds. One sealer
per tenant and context at a time. A head that somebody is just writing is left for later, so the
sealer, which holds many rows, never waits for a row and is in no deadlock; then it takes those that
it left out one by one, waiting for each with nothing else in its hands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.infra.merkle import FIRST_ROOT, Leaf, seal_root
from invx.infra.metrics import SEALS
from invx.infra.postgres import Connection, Database
from invx.infra.tenancy import Directory, inside
from invx.kernel import limits
from invx.kernel.ports import Clock


@dataclass(frozen=True, slots=True)
class Seal:
    """What proves a tenant's history up to a moment of system time."""

    number: int
    previous: bytes
    root: bytes
    leaves: int
    sealed_at: datetime


class Sealer:
    """Makes the seals of one context."""

    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self.database = database
        self._directory = directory
        self._clock = clock
        self._moved = _MOVED.format(schema=database.schema)
        self._one = _ONE.format(schema=database.schema)

    async def moved(self, tenant_id: UUID) -> bool:
        """Whether anything waits for a seal. Raises UnknownTenant."""
        async with inside(self.database, self._directory, tenant_id, write=False) as conn:
            return bool(await self._waiting(conn, tenant_id, 1))

    async def seal(self, tenant_id: UUID) -> list[Seal]:
        """Seal what has moved until now, in as many seals as it takes.

        None when another sealer is at work on this tenant. Raises UnknownTenant, TenantClosed.
        """
        made = []
        for _ in range(limits.SEALS_PER_TURN):
            seal = await self._make(tenant_id, self._moved, limits.SEAL_LEAVES_MAX)
            if seal is None:
                break
            made.append(seal)
        for stream_id in await self._left_out(tenant_id):
            seal = await self._make(tenant_id, self._one, stream_id)
            made += [seal] if seal else []
        SEALS.labels(self.database.schema).inc(len(made))
        return made

    async def _left_out(self, tenant_id: UUID) -> Sequence[UUID]:
        async with inside(self.database, self._directory, tenant_id, write=False) as conn:
            return await self._waiting(conn, tenant_id, limits.SEALS_PER_TURN)

    async def _waiting(self, conn: Connection, tenant_id: UUID, limit: int) -> Sequence[UUID]:
        rows = await conn.fetch(
            f"SELECT stream_id FROM {self.database.schema}.streams WHERE tenant_id = $1"
            " AND version > sealed_version ORDER BY stream_id LIMIT $2",
            tenant_id,
            limit,
        )
        return [row["stream_id"] for row in rows]

    async def _make(self, tenant_id: UUID, taking: str, which: int | UUID) -> Seal | None:
        """One seal over the heads that `taking` marks as sealed; None when there are none."""
        async with inside(self.database, self._directory, tenant_id, write=True) as conn:
            # The lock comes in a statement of its own: what follows sees what the last did.
            if not await conn.fetchval(_LOCK, f"{self.database.schema} {tenant_id}"):
                return None
            rows = await conn.fetch(taking, tenant_id, which)
            leaves = sorted(Leaf(*row) for row in rows)
            return await self._chain(conn, tenant_id, leaves) if leaves else None

    async def _chain(self, conn: Connection, tenant_id: UUID, leaves: list[Leaf]) -> Seal:
        schema = self.database.schema
        last = await conn.fetchrow(
            f"SELECT number, root FROM {schema}.seals WHERE tenant_id = $1"
            " ORDER BY number DESC LIMIT 1",
            tenant_id,
        )
        number, previous = (last["number"] + 1, last["root"]) if last else (1, FIRST_ROOT)
        now = self._clock.now()
        root = seal_root(previous, tenant_id, number, leaves, now)
        await conn.execute(
            f"INSERT INTO {schema}.seals (tenant_id, number, previous, root, leaves, sealed_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            *(tenant_id, number, previous, root, len(leaves), now),
        )
        await conn.execute(
            f"INSERT INTO {schema}.seal_leaves (tenant_id, number, stream_id, version, head_hash)"
            " SELECT $1, $2, * FROM unnest($3::uuid[], $4::bigint[], $5::bytea[])",
            *(tenant_id, number),
            [leaf.stream_id for leaf in leaves],
            [leaf.version for leaf in leaves],
            [leaf.head_hash for leaf in leaves],
        )
        return Seal(number, previous, root, len(leaves), now)


async def list_seals(
    conn: Connection, schema: str, tenant_id: UUID, bounds: tuple[int, int], *, descending: bool
) -> list[Any]:
    """At most so many seals (the second of `bounds`) behind a number (the first), with receipts."""
    way, beyond = ("DESC", "<") if descending else ("ASC", ">")
    found: list[Any] = await conn.fetch(
        f"SELECT s.number, s.previous, s.root, s.leaves, s.sealed_at, ARRAY("
        f"SELECT json_build_object('anchor', a.anchor, 'receipt', a.receipt, 'anchored_at',"
        f' to_char(a.anchored_at, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\'))::text'
        f" FROM {schema}.seal_anchors a WHERE a.tenant_id = s.tenant_id"
        f" AND a.number = s.number ORDER BY a.anchor) AS anchors"
        f" FROM {schema}.seals s WHERE s.tenant_id = $1 AND s.number {beyond} $2"
        f" ORDER BY s.number {way} LIMIT $3",
        tenant_id,
        *bounds,
    )
    return found


_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 6))"
_MARK = """
UPDATE {{schema}}.streams s SET sealed_version = s.version FROM moved m
WHERE s.tenant_id = $1 AND s.stream_id = m.stream_id RETURNING s.stream_id, s.version, s.head_hash
"""
_MOVED = f"""
WITH moved AS (SELECT stream_id FROM {{schema}}.streams
    WHERE tenant_id = $1 AND version > sealed_version
    ORDER BY stream_id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
{_MARK.format()}"""
_ONE = f"""
WITH moved AS (SELECT stream_id FROM {{schema}}.streams
    WHERE tenant_id = $1 AND version > sealed_version AND stream_id = $2 FOR NO KEY UPDATE)
{_MARK.format()}"""
