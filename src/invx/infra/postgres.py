"""Connections, and transactions that belong to exactly one tenant or to the system.

A context's database is reached by two logins that cannot take each other's roles (T3): requests and
reactions use the application role inside one tenant; relay, claims and scheduler use the system
role, which sees outbox, inbox, due jobs and the directory, and no business table.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg
from prometheus_client import Gauge, Histogram

from invx.infra.apart import Distant, at_home, call_at_home, is_apart
from invx.infra.metrics import (
    POOL_CONNECTIONS_IN_USE,
    POOL_CONNECTIONS_MAX,
    POOL_WAIT_SECONDS,
    POOL_WAITERS,
)
from invx.kernel import limits
from invx.kernel.errors import Unavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

# What the functions `open_tenant` and `open_idempotency` raise (SQLSTATE).
UNKNOWN_TENANT, TENANT_CLOSED, TENANT_STALE = "IV001", "IV002", "IV003"
KEY_BUSY, KEY_KNOWN = "IV004", "IV005"
TENANT_MOVING = "IV006"

POOLED = "pooled"  # the placement of all tenants that have no database of their own

# A restart of the server fails within this time or is not waited for; a client asks again.
CONNECT_SECONDS_MAX = 5.0

# What the driver and the server raise when a connection breaks, or cannot be had.
_BROKEN = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_SHUT_DOWN = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)

# A statement that outlasted its time, or waited too long for a lock. Both end the transaction.
_TOO_LONG = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)

# Statements up to this length stay prepared.
STATEMENT_CHARS_MAX = 100_000

_NOT_AWAITED = "SET LOCAL synchronous_commit = off"
_SESSION = {
    "application_name": "invx",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "20s",
    "jit": "off",
    "timezone": "UTC",
}


class DatabaseUnavailable(Unavailable):
    """The database does not answer. Ask again, a write with the same Idempotency-Key."""

    code = "unavailable"


class TookTooLong(Unavailable):
    """The database took too long, or others hold what this needs; nothing was written."""

    code = "unavailable"


class PlacementUnknown(Unavailable):
    """The tenant lives in a database that this process is not set up for."""


class OutcomeUnknown(DatabaseUnavailable):
    """The database went away while it committed: ask again with the same Idempotency-Key."""

    code = "unavailable"


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where a context's database is, for each of the two logins (asyncpg connection arguments).

    `others` are the databases of tenants that have one of their own, by placement; `contexts` those
    of contexts that have one, by name.
    """

    app: dict[str, Any]
    system: dict[str, Any]
    app_connections_max: int = 10
    system_connections_max: int = 4
    others: Mapping[str, "DatabaseSettings"] = field(default_factory=dict)
    contexts: Mapping[str, "DatabaseSettings"] = field(default_factory=dict)


class _Session(asyncpg.Connection):  # not generic at run time
    def get_reset_query(self) -> str:
        """Nothing: our state is local to the transaction, so RESET ALL is a wasted round trip."""
        return ""


class Pools:
    """The two pools of one database; co-hosted contexts on the same database share them.

    The databases of placements have pools too, which are opened when they are first used.
    """

    def __init__(
        self, settings: DatabaseSettings, placement: str = POOLED, name: str | None = None
    ) -> None:
        self._settings = settings
        self.placement = placement
        self.name = name or placement  # in metrics
        self._others = {name: Pools(each, name) for name, each in settings.others.items()}
        self._contexts = {name: Pools(each, name=name) for name, each in settings.contexts.items()}
        self._opening = asyncio.Lock()
        self.is_open = False
        self.app: asyncpg.Pool[asyncpg.Record]
        self.system: asyncpg.Pool[asyncpg.Record]

    @property
    def placements(self) -> tuple[str, ...]:
        """This one, and those of the tenants that have a database of their own."""
        return (self.placement, *self._others)

    def at(self, placement: str) -> "Pools":
        """The pools of a placement. Raises PlacementUnknown."""
        if placement == self.placement:
            return self
        if (found := self._others.get(placement)) is None:
            raise PlacementUnknown(f"{PlacementUnknown.__doc__} It is called {placement!r}.")
        return found

    def of(self, context: str) -> "Pools":
        """The pools of a context: its own, opened when they are first used, or these."""
        return self._contexts.get(context, self)

    async def open(self) -> None:
        """Connect. Raises OSError or asyncpg errors when the server cannot be reached."""
        settings = self._settings
        self.app = await _pool(settings.app, settings.app_connections_max)
        self.system = await _pool(settings.system, settings.system_connections_max)
        POOL_CONNECTIONS_MAX.labels(self.name, "app").set(settings.app_connections_max)
        POOL_CONNECTIONS_MAX.labels(self.name, "system").set(settings.system_connections_max)
        self.is_open = True

    async def ensure_open(self) -> None:
        """Connect unless that was done; on the loop that the pools belong to."""
        async with self._opening:
            if not self.is_open:
                await self.open()

    async def close(self) -> None:
        """Finish what runs and disconnect."""
        for other in (*self._others.values(), *self._contexts.values()):
            await other.close()
        for pool in (self.app, self.system) if self.is_open else ():
            try:
                await asyncio.wait_for(pool.close(), timeout=10)
            except TimeoutError:
                pool.terminate()


async def _pool(where: dict[str, Any], size: int) -> "asyncpg.Pool[asyncpg.Record]":
    return await asyncpg.create_pool(
        **where,
        min_size=1,
        max_size=size,
        connection_class=_Session,
        server_settings=_SESSION,
        statement_cache_size=500,
        # The driver's own bound is 15 kB; the write set of a finalization is longer, so that it was
        # parsed and planned each time.
        max_cacheable_statement_size=STATEMENT_CHARS_MAX,
        timeout=CONNECT_SECONDS_MAX,
        command_timeout=limits.DATABASE_SILENT_SECONDS_MAX,
        max_inactive_connection_lifetime=0,
    )


@dataclass(frozen=True, slots=True)
class _PoolUse:
    """The figures of a context's way to a pool; `pool` and login are those of the pool itself."""

    waits: Histogram
    waiters: Gauge
    in_use: Gauge

    @classmethod
    def of(cls, schema: str, pool: str, login: str) -> "_PoolUse":
        return cls(
            POOL_WAIT_SECONDS.labels(schema, login),
            POOL_WAITERS.labels(pool, login),
            POOL_CONNECTIONS_IN_USE.labels(pool, login),
        )


class Database:
    """One context's schema in one placement, reached through its two roles.

    `label` tells it apart in metrics and logs: the schema, and the placement if it is another one.
    """

    def __init__(self, schema: str, pools: Pools) -> None:
        pools = pools.of(schema)
        self.schema = schema
        self.placement = pools.placement
        self.label = schema if pools.placement == POOLED else f"{schema}@{pools.placement}"
        self._pools = pools
        self._at: dict[str, Database] = {pools.placement: self}
        self._app_begin = f'BEGIN; SET LOCAL ROLE "{schema}_app"; '
        self._system_begin = f'BEGIN; SET LOCAL ROLE "{schema}_system"'
        self._app_use = _PoolUse.of(schema, pools.name, "app")
        self._system_use = _PoolUse.of(schema, pools.name, "system")

    def at(self, placement: str) -> "Database":
        """The same context where tenants of this placement live. Raises PlacementUnknown."""
        if (found := self._at.get(placement)) is None:
            found = self._at[placement] = Database(self.schema, self._pools.at(placement))
        return found

    def everywhere(self) -> "list[Database]":
        """The same context in every placement, this one first."""
        return [self.at(placement) for placement in self._pools.placements]

    @contextlib.asynccontextmanager
    async def tenant_transaction(
        self, tenant_id: UUID, epoch: int, *, write: bool, key_hash: str | None = None
    ) -> AsyncIterator[Connection]:
        """A transaction of the application role inside one tenant, opened in one round trip.

        With `key_hash` (hexadecimal, never text of the caller) the idempotency key is claimed in
        the same round trip. Raises asyncpg.PostgresError with one of the SQLSTATEs above,
        DatabaseUnavailable, and TookTooLong when a statement or a lock ran into its timeout.
        """
        opening = (
            f"{self._app_begin}SELECT {self.schema}.open_tenant"
            f"('{UUID(str(tenant_id))}', {int(epoch)}, {bool(write)})"
        )
        if key_hash is not None:
            opening += f"; SELECT {self.schema}.open_idempotency('{bytes.fromhex(key_hash).hex()}')"
        pool = self._pools.app if self._pools.is_open else (await self._opened()).app
        async with _transaction(pool, opening, self._app_use) as conn:
            yield conn

    @contextlib.asynccontextmanager
    async def system_transaction(self, *, durable: bool = True) -> AsyncIterator[Connection]:
        """A transaction of the system role: outbox, inbox, due jobs, leases and directory only.

        Not `durable`: its commit does not wait for the disk, so a crash of the server may lose it,
        though never without what was committed after it. For what is then merely done again.
        Raises DatabaseUnavailable and TookTooLong as above.
        """
        opening = self._system_begin if durable else f"{self._system_begin}; {_NOT_AWAITED}"
        pool = self._pools.system if self._pools.is_open else (await self._opened()).system
        async with _transaction(pool, opening, self._system_use) as conn:
            yield conn

    def is_beside(self, other: "Database") -> bool:
        """Whether the two are reached by the same connections."""
        return self._pools is other._pools  # noqa: SLF001  # of the same class

    async def say_together(self, others: "Sequence[Database]", asked: str) -> list[str]:
        """What the system role of this context and of each beside it says; "" for nothing.

        `asked` is a query of one text in which `{schema}` is each one's; ids in it are literals,
        never text of a caller. All are asked in one round trip, each by its own role (T3): what
        they say is laid down in settings of the transaction.
        """
        every = (self, *others)
        said = ", ".join(f"current_setting('invx.said_{at}')" for at, _ in enumerate(every))
        steps = [
            f'SET LOCAL ROLE "{each.schema}_system";'
            f" SELECT set_config('invx.said_{at}', ({asked.format(schema=each.schema)}), true)"
            for at, each in enumerate(every)
        ]
        pool = self._pools.system if self._pools.is_open else (await self._opened()).system
        opening = "; ".join(("BEGIN", *steps))
        async with _transaction(pool, opening, self._system_use) as conn:
            return list(await conn.fetchrow(f"SELECT {said}") or ())

    async def _opened(self) -> Pools:
        try:
            await at_home(self._pools.ensure_open)
        except (*_BROKEN, *_SHUT_DOWN) as error:
            raise DatabaseUnavailable from error
        return self._pools

    async def ping(self) -> None:
        """One round trip as the system role. Raises DatabaseUnavailable."""
        async with self.system_transaction() as conn:
            await conn.execute("SELECT 1")


@contextlib.asynccontextmanager
async def _transaction(
    pool: "asyncpg.Pool[asyncpg.Record]", opening: str, use: _PoolUse
) -> AsyncIterator[Connection]:
    began = perf_counter()
    use.waiters.inc()
    try:
        held = await at_home(pool.acquire)
    except (*_BROKEN, *_SHUT_DOWN) as error:
        raise DatabaseUnavailable from error
    finally:
        use.waiters.dec()
    use.waits.observe(perf_counter() - began)
    use.in_use.inc()
    conn: Any = Distant(held) if is_apart() else held
    lost: type[DatabaseUnavailable] = DatabaseUnavailable
    try:
        await conn.execute(opening)
        yield conn
        lost = OutcomeUnknown
        await conn.execute("COMMIT")
    except TimeoutError as error:  # of the driver: nobody else takes time in here (E2)
        call_at_home(held.terminate)
        raise lost from error
    except BaseException as error:
        await _roll_back(conn, held)
        if isinstance(error, _SHUT_DOWN) or (
            isinstance(error, (*_BROKEN, asyncpg.PostgresError)) and _is_gone(conn)
        ):
            raise lost from error
        if isinstance(error, _TOO_LONG):
            raise TookTooLong from error
        raise
    finally:
        use.in_use.dec()
        await at_home(lambda: pool.release(held))


async def _roll_back(conn: Connection, held: Connection) -> None:
    # A connection that died cannot roll back and need not: the server did it. One that died in the
    # middle of an answer does not know it yet (InternalClientError); it must not be used again.
    try:
        if not conn.is_closed() and conn.is_in_transaction():
            await conn.execute("ROLLBACK")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        with contextlib.suppress(asyncpg.InterfaceError):
            call_at_home(held.terminate)


def _is_gone(conn: Connection) -> bool:
    try:
        return conn.is_closed()
    except asyncpg.InterfaceError:  # it died, so it has left the pool already
        return True
