"""Lets seals leave the house: reads those without a receipt, has them kept, stores the receipts.

Between reading and storing no transaction is open. A process that dies in between has them kept
again, and the anchor recognises them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from invx.infra.context import Context
from invx.infra.metrics import SEALS_UNANCHORED
from invx.infra.postgres import Connection
from invx.infra.tenancy import inside
from invx.kernel.ports import Clock, SealAnchor, SealStatement

_SEALS_AT_ONCE = 500


def pseudonym(tenant_id: UUID) -> str:
    """What stands for a tenant outside: the sha256 of its id, which nobody can guess."""
    return hashlib.sha256(b"invx tenant " + tenant_id.bytes).hexdigest()


class Anchoring:
    """Brings the seals of tenants to one anchor."""

    def __init__(self, anchor: SealAnchor, clock: Clock) -> None:
        self._anchor = anchor
        self._clock = clock
        self._waiting: dict[tuple[str, UUID], int] = {}  # seals without a receipt

    async def anchor(self, context: Context, tenant_id: UUID) -> int:
        """Have every seal of the tenant kept that has no receipt; returns how many had none.

        Raises what the anchor raises.
        """
        count = 0
        while True:
            known, statements = await self._pending(context, tenant_id)
            if not statements:
                return count
            receipts = await self._anchor.keep(statements, known=known)
            await self._store(context, tenant_id, statements, receipts)
            count += len(statements)
            left = self._waiting.get((context.name, tenant_id), 0) - len(statements)
            self._measured(context, tenant_id, max(0, left))

    def _measured(self, context: Context, tenant_id: UUID, waiting: int) -> None:
        """What waits of one tenant; the gauge shows that of all, also of those that failed."""
        if waiting:
            self._waiting[context.name, tenant_id] = waiting
        else:
            self._waiting.pop((context.name, tenant_id), None)
        total = sum(some for (name, _), some in self._waiting.items() if name == context.name)
        SEALS_UNANCHORED.labels(context.name, self._anchor.name).set(total)

    async def _pending(self, context: Context, tenant_id: UUID) -> tuple[int, list[SealStatement]]:
        schema = context.schema
        async with inside(context.database, context.directory, tenant_id, write=False) as conn:
            known = await conn.fetchval(
                f"SELECT max(number) FROM {schema}.seal_anchors WHERE tenant_id = $1"
                " AND anchor = $2",
                tenant_id,
                self._anchor.name,
            )
            rows = await conn.fetch(
                f"SELECT number, root, leaves, sealed_at FROM {schema}.seals"
                " WHERE tenant_id = $1 AND number > $2 ORDER BY number LIMIT $3",
                *(tenant_id, known or 0, _SEALS_AT_ONCE),
            )
            count = len(rows)
            if count == _SEALS_AT_ONCE:
                count = await conn.fetchval(
                    f"SELECT count(*) FROM {schema}.seals WHERE tenant_id = $1 AND number > $2",
                    *(tenant_id, known or 0),
                )
            numbers = await _numbers(context, conn, tenant_id) if rows else []
        self._measured(context, tenant_id, count)
        made = [_statement(context.name, tenant_id, row) for row in rows[:-1]]
        made += [_statement(context.name, tenant_id, row, numbers) for row in rows[-1:]]
        return known or 0, made

    async def _store(
        self,
        context: Context,
        tenant_id: UUID,
        statements: Sequence[SealStatement],
        receipts: Sequence[Mapping[str, Any]],
    ) -> None:
        rows = [
            {"number": each.seal, "receipt": receipt}
            for each, receipt in zip(statements, receipts, strict=True)
        ]
        async with inside(context.database, context.directory, tenant_id, write=True) as conn:
            await conn.execute(
                f"INSERT INTO {context.schema}.seal_anchors"
                " (tenant_id, number, anchor, receipt, anchored_at)"
                " SELECT $1, x.number, $2, x.receipt, $3"
                " FROM json_to_recordset($4::json) AS x(number bigint, receipt json)"
                " ON CONFLICT DO NOTHING",
                *(tenant_id, self._anchor.name, self._clock.now()),
                msgspec.json.encode(rows).decode(),
            )


async def _numbers(context: Context, conn: Connection, tenant_id: UUID) -> list[dict[str, Any]]:
    return [] if context.last_numbers is None else await context.last_numbers(conn, tenant_id)


def _statement(
    context: str, tenant_id: UUID, row: Any, numbers: Sequence[Mapping[str, Any]] = ()
) -> SealStatement:
    return SealStatement(
        context=context,
        tenant=pseudonym(tenant_id),
        seal=row["number"],
        root=row["root"].hex(),
        leaves=row["leaves"],
        sealed_at=instant(row["sealed_at"]),
        numbers=numbers,
    )


def instant(moment: datetime) -> str:
    """UTC with microseconds, as in the header of an event."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
