"""Codes that are good once, over their tables."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from invx.infra.unit_of_work import EventUnitOfWork


class PostgresOneTimeCodes:
    """See `app.ports_of_codes.OneTimeCodes`. Of two who show one code at once one is the first."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._conn, self._tenant_id = unit.conn, unit.ctx.tenant_id

    async def spend_step(self, user_id: UUID, step: int) -> bool:
        """Whether no code of this step or a later one was used before."""
        spent = await self._conn.fetchval(
            "INSERT INTO identity.totp_steps AS s (tenant_id, user_id, last_step)"
            " VALUES ($1, $2, $3) ON CONFLICT (tenant_id, user_id)"
            " DO UPDATE SET last_step = $3 WHERE s.last_step < $3 RETURNING true",
            self._tenant_id,
            user_id,
            step,
        )
        return bool(spent)

    async def replace_recovery(self, user_id: UUID, hashes: Sequence[str]) -> None:
        """These are good now, and no others."""
        await self._conn.execute(
            "DELETE FROM identity.recovery_codes WHERE tenant_id = $1 AND user_id = $2",
            self._tenant_id,
            user_id,
        )
        await self._conn.execute(
            "INSERT INTO identity.recovery_codes (tenant_id, user_id, code_hash)"
            " SELECT $1, $2, h FROM unnest($3::text[]) AS u(h)",
            self._tenant_id,
            user_id,
            list(hashes),
        )

    async def spend_recovery(self, user_id: UUID, code_hash: str, now: datetime) -> int | None:
        """How many are left after this one; None if it is not good."""
        spent = await self._conn.fetchval(
            "UPDATE identity.recovery_codes SET used_at = $4 WHERE tenant_id = $1 AND user_id = $2"
            " AND code_hash = $3 AND used_at IS NULL RETURNING true",
            self._tenant_id,
            user_id,
            code_hash,
            now,
        )
        if not spent:
            return None
        left: int = await self._conn.fetchval(
            "SELECT count(*) FROM identity.recovery_codes WHERE tenant_id = $1 AND user_id = $2"
            " AND used_at IS NULL",
            self._tenant_id,
            user_id,
        )
        return left
