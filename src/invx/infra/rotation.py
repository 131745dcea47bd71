"""Takes turns over tenants, so that one tenant's hundred thousand rows delay nobody else's one.

A walk jumps from tenant to tenant through a partial index of pending rows that leads with the
tenant (a "loose index scan"): its cost is the number of tenants with work, not of rows.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from invx.infra.postgres import Connection

T = TypeVar("T")

INTERACTIVE, BULK = 0, 1
LANES = (INTERACTIVE, BULK)  # what somebody waits for goes first (E3)
TENANTS_PER_TURN = 200
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)  # no tenant has either


class Rotation:
    """Whose turn it is among the tenants with pending rows in one table.

    `pending` is the condition of the index. `open` says which of the tenants may be worked on, by
    the columns of the directory (alias t) and the parameters from $4 on.
    """

    def __init__(self, schema: str, table: str, *, pending: str, open: str = "true") -> None:
        self._after = _FIRST
        self._statement = _WALK.format(schema=schema, table=table, pending=pending, open=open)

    async def collect(
        self,
        conn: Connection,
        room: int,
        take: Callable[[list[UUID], int], Awaitable[list[T]]],
        *args: Any,
    ) -> list[T]:
        """At most `room` rows: `take(tenants, share)` picks up to `share` of each tenant.

        Goes on behind the tenant that was served last, and once around at most. The less room and
        the more tenants, the smaller the share of each.
        """
        found: list[T] = []
        origin = self._after
        for until in (_LAST, origin):
            while len(found) < room and self._after < until:
                limit = min(room - len(found), TENANTS_PER_TURN)
                rows = await conn.fetch(self._statement, self._after, limit, until, *args)
                self._after = rows[-1]["tenant_id"] if len(rows) == limit else until
                tenants = [row["tenant_id"] for row in rows if row["open"]]
                if tenants:
                    found += await take(tenants, max(1, (room - len(found)) // len(tenants)))
            if self._after == _LAST:
                self._after = _FIRST
        return found


_WALK = """
WITH RECURSIVE walk(tenant_id, nth) AS (
    (SELECT tenant_id, 1 FROM {schema}.{table}
        WHERE {pending} AND tenant_id > $1 AND tenant_id <= $3 ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT next.tenant_id, walk.nth + 1 FROM walk CROSS JOIN LATERAL (
        SELECT tenant_id FROM {schema}.{table}
        WHERE {pending} AND tenant_id > walk.tenant_id AND tenant_id <= $3
        ORDER BY tenant_id LIMIT 1) AS next
    WHERE walk.nth < $2
)
SELECT walk.tenant_id, {open} AS open
FROM walk LEFT JOIN {schema}.tenants t USING (tenant_id) ORDER BY walk.nth
"""
