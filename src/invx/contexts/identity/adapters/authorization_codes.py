"""Codes of clients, over their table."""

from datetime import datetime, timedelta
from typing import Any

from invx.contexts.identity.app.ports_of_clients import Authorization, TakenCode
from invx.contexts.identity.domain.session_events import ClientGrant
from invx.infra.unit_of_work import EventUnitOfWork

FORGOTTEN_AFTER = timedelta(days=1)  # until then a code that comes again ends what it gave


class PostgresAuthorizationCodes:
    """See `app.ports_of_clients.AuthorizationCodes`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._conn, self._tenant_id = unit.conn, unit.ctx.tenant_id

    async def keep(self, code_hash: str, authorization: Authorization, now: datetime) -> None:
        """A new one."""
        await self._conn.execute(
            "DELETE FROM identity.authorization_codes WHERE tenant_id = $1 AND expires_at < $2",
            self._tenant_id,
            now - FORGOTTEN_AFTER,
        )
        grant = authorization.grant
        await self._conn.execute(
            "INSERT INTO identity.authorization_codes (tenant_id, code_hash, user_id, client,"
            " into_tenant, scope, redirect_uri, challenge, session_id, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            self._tenant_id,
            code_hash,
            authorization.user_id,
            grant.client,
            grant.into,
            " ".join(grant.scopes),
            authorization.redirect_uri,
            authorization.challenge,
            authorization.session_id,
            authorization.expires_at,
        )

    async def take(self, code_hash: str, now: datetime) -> TakenCode | None:
        """Use it up. Of two who show it at once one is the first."""
        row = await self._conn.fetchrow(
            "WITH shown AS (SELECT * FROM identity.authorization_codes"
            "   WHERE tenant_id = $1 AND code_hash = $2 FOR UPDATE),"
            " used AS (UPDATE identity.authorization_codes SET used_at = $3"
            "   WHERE tenant_id = $1 AND code_hash = $2 AND used_at IS NULL)"
            " SELECT * FROM shown",
            self._tenant_id,
            code_hash,
            now,
        )
        return _taken(row) if row else None


def _taken(row: Any) -> TakenCode:
    grant = ClientGrant(
        client=row["client"], into=row["into_tenant"], scopes=tuple(row["scope"].split())
    )
    authorization = Authorization(
        user_id=row["user_id"],
        grant=grant,
        redirect_uri=row["redirect_uri"],
        challenge=row["challenge"],
        session_id=row["session_id"],
        expires_at=row["expires_at"],
    )
    return TakenCode(authorization, row["used_at"] is not None)
