"""Connections, and transactions that belong to exactly one tenant or to the system.

A context's database is reached by two logins that cannot take each other's roles (T3): requests and
reactions use the application role inside one tenant; relay, claims and scheduler use the system
role, which sees outbox, inbox, due jobs and the directory, and no business table.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg
from prometheus_client import Histogram

from invx.infra.apart import Distant, at_home, call_at_home, is_apart
from invx.infra.metrics import POOL_WAIT_SECONDS
from invx.kernel.errors import Unavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

# What the functions `open_tenant` and `open_idempotency` raise (SQLSTATE).
UNKNOWN_TENANT, TENANT_CLOSED, TENANT_STALE = "IV001", "IV002", "IV003"
KEY_BUSY, KEY_KNOWN = "IV004", "IV005"

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


class OutcomeUnknown(DatabaseUnavailable):
    """The database went away while it committed: ask again with the same Idempotency-Key."""

    code = "unavailable"


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where a context's database is, for each of the two logins (asyncpg connection arguments)."""

    app: dict[str, Any]
    system: dict[str, Any]
    app_connections_max: int = 10
    system_connections_max: int = 4


class _Session(asyncpg.Connection):  # not generic at run time
    def get_reset_query(self) -> str:
        """Nothing: our state is local to the transaction, so RESET ALL is a wasted round trip."""
        return ""


class Pools:
    """The two pools of one database; co-hosted contexts on the same database share them."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self.app: asyncpg.Pool[asyncpg.Record]
        self.system: asyncpg.Pool[asyncpg.Record]

    async def open(self) -> None:
        """Connect. Raises OSError or asyncpg errors when the server cannot be reached."""
        settings = self._settings
        self.app = await _pool(settings.app, settings.app_connections_max)
        self.system = await _pool(settings.system, settings.system_connections_max)

    async def close(self) -> None:
        """Finish what runs and disconnect."""
        for pool in (self.app, self.system):
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
        timeout=CONNECT_SECONDS_MAX,
        max_inactive_connection_lifetime=0,
    )


class Database:
    """One context's schema, reached through its two roles."""

    def __init__(self, schema: str, pools: Pools) -> None:
        self.schema = schema
        self._pools = pools
        self._app_begin = f'BEGIN; SET LOCAL ROLE "{schema}_app"; '
        self._system_begin = f'BEGIN; SET LOCAL ROLE "{schema}_system"'
        self._app_waits = POOL_WAIT_SECONDS.labels(schema, "app")
        self._system_waits = POOL_WAIT_SECONDS.labels(schema, "system")

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
        async with _transaction(self._pools.app, opening, self._app_waits) as conn:
            yield conn

    @contextlib.asynccontextmanager
    async def system_transaction(self) -> AsyncIterator[Connection]:
        """A transaction of the system role: outbox, inbox, due jobs, leases and directory only.

        Raises DatabaseUnavailable and TookTooLong as above.
        """
        opening = self._system_begin
        async with _transaction(self._pools.system, opening, self._system_waits) as conn:
            yield conn

    async def ping(self) -> None:
        """One round trip as the system role. Raises DatabaseUnavailable."""
        async with self.system_transaction() as conn:
            await conn.execute("SELECT 1")


@contextlib.asynccontextmanager
async def _transaction(
    pool: "asyncpg.Pool[asyncpg.Record]", opening: str, waits: Histogram
) -> AsyncIterator[Connection]:
    began = perf_counter()
    try:
        held = await at_home(pool.acquire)
    except (*_BROKEN, *_SHUT_DOWN) as error:
        raise DatabaseUnavailable from error
    waits.observe(perf_counter() - began)
    conn: Any = Distant(held) if is_apart() else held
    lost: type[DatabaseUnavailable] = DatabaseUnavailable
    try:
        await conn.execute(opening)
        yield conn
        lost = OutcomeUnknown
        await conn.execute("COMMIT")
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
