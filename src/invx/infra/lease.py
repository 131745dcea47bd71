"""Leases: at most one holder works at a time, and a holder that was replaced can do no harm.

A lease expires by system time. Clocks may differ, so time only decides who may try; the fencing
number decides whose work counts: it rises with every change of hands, and whoever writes checks it
in the same transaction. A clock that was ahead may leave a lease that expires in an hour: who sees
that nobody renewed it for as long as a lease lasts may have it, too.
"""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from invx.infra.postgres import Connection, Database
from invx.kernel import limits
from invx.kernel.ports import Clock, Ids


class LeaseLost(Exception):
    """Somebody else holds the lease now; what was done under it has not been counted."""


class Lease:
    """One named lease of a context's database."""

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        clock: Clock,
        ids: Ids,
        seconds: float = limits.LEASE_SECONDS,
    ) -> None:
        self.holder: UUID = ids.new()
        self.fence: int | None = None  # while we believe that we hold it
        self._expires_at: datetime | None = None
        self._database = database
        self._name = name
        self._clock = clock
        self._lifetime = timedelta(seconds=seconds)
        self._seen: tuple[int, datetime] | None = None  # fence and expiry of another's
        self._seen_at = 0.0  # monotonic: when it was first seen so

    @property
    def valid(self) -> bool:
        """Whether, by our own clock, we still hold it."""
        return self._expires_at is not None and self._clock.now() < self._expires_at

    async def keep(self) -> bool:
        """Like `take`, but asks the database only when half of the time is over."""
        left = self._expires_at - self._clock.now() if self._expires_at else timedelta()
        if self._lifetime / 2 < left <= self._lifetime:  # more only when the clock went back
            return True
        return await self.take()

    async def take(self) -> bool:
        """Take it when it is free, renew it when it is ours; False while another holds it."""
        now, schema = self._clock.now(), self._database.schema
        still = time.monotonic() - self._seen_at > self._lifetime.total_seconds()
        left = self._seen if self._seen and still else (None, None)
        async with self._database.system_transaction() as conn:
            self.fence = await conn.fetchval(
                _TAKE.format(schema=schema),
                *(self._name, self.holder, now, now + self._lifetime, *left),
            )
            if self.fence is None:
                self._look(await conn.fetchrow(_LOOK.format(schema=schema), self._name))
        self._expires_at = now + self._lifetime if self.fence is not None else None
        return self.fence is not None

    def _look(self, row: Any) -> None:
        seen = tuple(row)
        if seen != self._seen:
            self._seen, self._seen_at = seen, time.monotonic()

    async def hold(self, conn: Connection) -> None:
        """Prove in this transaction that the lease is still ours, and renew it.

        Nobody can take it before the transaction ends. Raises LeaseLost.
        """
        until = self._clock.now() + self._lifetime
        held = await conn.fetchval(
            f"UPDATE {self._database.schema}.leases SET expires_at = $4"
            " WHERE name = $1 AND holder = $2 AND fence = $3 RETURNING true",
            self._name,
            self.holder,
            self.fence,
            until,
        )
        if held is None:
            self.fence = self._expires_at = None
            raise LeaseLost(self._name)
        self._expires_at = until

    async def release(self) -> None:
        """Let the next one have it at once. The row stays, so that the fence keeps rising."""
        if self.fence is None:
            return
        async with self._database.system_transaction() as conn:
            await conn.execute(
                f"UPDATE {self._database.schema}.leases SET expires_at = '-infinity'"
                " WHERE name = $1 AND holder = $2 AND fence = $3",
                self._name,
                self.holder,
                self.fence,
            )
        self.fence = self._expires_at = None


_TAKE = """
INSERT INTO {schema}.leases AS l (name, holder, fence, expires_at) VALUES ($1, $2, 1, $4)
ON CONFLICT (name) DO UPDATE SET holder = $2, expires_at = $4,
    fence = l.fence + CASE WHEN l.holder = $2 THEN 0 ELSE 1 END
WHERE l.holder = $2 OR l.expires_at <= $3 OR (l.fence = $5 AND l.expires_at = $6)
RETURNING fence
"""
_LOOK = "SELECT fence, expires_at FROM {schema}.leases WHERE name = $1"
