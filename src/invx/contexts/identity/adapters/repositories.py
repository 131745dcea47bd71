"""The repositories of identity over their tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from invx.contexts.identity.app.ports import TakenToken
from invx.contexts.identity.domain.client import Client
from invx.contexts.identity.domain.errors import (
    ClientNotFound,
    MemberNotFound,
    OrganizationNotFound,
    SecondFactorNotFound,
    SessionNotFound,
    TenantNotFound,
    UserNotFound,
)
from invx.contexts.identity.domain.linked_identity import LinkedIdentity
from invx.contexts.identity.domain.member import Member
from invx.contexts.identity.domain.organization import Organization
from invx.contexts.identity.domain.roles import OWNER
from invx.contexts.identity.domain.second_factor import SecondFactor
from invx.contexts.identity.domain.session import Session
from invx.contexts.identity.domain.tenant import Tenant
from invx.contexts.identity.domain.user import User, email_key
from invx.infra.row_store import RowRepository
from invx.infra.unit_of_work import EventUnitOfWork

FORGOTTEN_AFTER = timedelta(minutes=15)  # failed attempts, counted from the last one


class PostgresUsers(RowRepository[User]):
    """See `app.ports.Users`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(User, unit, table="users", key="user_id", missing=UserNotFound)

    async def by_email(self, key: str) -> User | None:
        """Who signs in by this address."""
        return await self.find_by("t.email_key = $2", key)


class PostgresSessions(RowRepository[Session]):
    """See `app.ports.Sessions`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(Session, unit, table="sessions", key="session_id", missing=SessionNotFound)

    async def open_of(self, user_id: UUID) -> Sequence[Session]:
        """Those of a user that were not revoked."""
        return await self.find_all_by("t.user_id = $2 AND t.revoked_at IS NULL", user_id)


class PostgresMembers(RowRepository[Member]):
    """See `app.ports.Members`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(Member, unit, table="members", key="member_id", missing=MemberNotFound)
        self._conn, self._tenant_id = unit.conn, unit.ctx.tenant_id

    async def owners(self) -> Sequence[Member]:
        """Those who own it and are not about to leave; only one transaction at a time asks."""
        await self._conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 8))", self._tenant_id
        )
        return await self.find_all_by(
            "t.role = $2 AND t.removed_at IS NULL AND NOT identity.is_erased(t.user_id)", OWNER
        )

    async def has_email(self, key: str) -> bool:
        """Whether somebody who belongs to it has this address."""
        rows = await self._conn.fetch(
            "SELECT email FROM identity.members WHERE tenant_id = $1 AND removed_at IS NULL",
            self._tenant_id,
        )
        return any(row["email"] and email_key(row["email"]) == key for row in rows)


class PostgresLinkedIdentities(RowRepository[LinkedIdentity]):
    """See `app.ports_of_providers.LinkedIdentities`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(LinkedIdentity, unit, table="linked_identities", key="linked_identity_id")

    async def by_subject(self, issuer: str, subject: str) -> LinkedIdentity | None:
        """Whose account that is at this provider."""
        return await self.find_by("t.issuer = $2 AND t.subject = $3", issuer, subject)


def organizations(unit: EventUnitOfWork) -> RowRepository[Organization]:
    """The organizations of the installation."""
    return RowRepository(
        Organization,
        unit,
        table="organizations",
        key="organization_id",
        missing=OrganizationNotFound,
    )


def tenants(unit: EventUnitOfWork) -> RowRepository[Tenant]:
    """The tenants of the installation."""
    return RowRepository(
        Tenant, unit, table="opened_tenants", key="opened_tenant_id", missing=TenantNotFound
    )


def clients(unit: EventUnitOfWork) -> RowRepository[Client]:
    """The OAuth clients of the transaction's tenant."""
    return RowRepository(
        Client, unit, table="oauth_clients", key="client_id", missing=ClientNotFound
    )


def second_factors(unit: EventUnitOfWork) -> RowRepository[SecondFactor]:
    """The second factors of people."""
    return RowRepository(
        SecondFactor, unit, table="second_factors", key="factor_id", missing=SecondFactorNotFound
    )


class PostgresRefreshTokens:
    """See `app.ports.RefreshTokens`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit

    def keep(self, token_hash: str, session: Session, until: datetime) -> None:
        """A new one of this session."""
        self._unit.write_set.insert(
            "refresh_tokens",
            {
                "tenant_id": self._unit.ctx.tenant_id,
                "token_hash": token_hash,
                "session_id": session.id,
                "expires_at": until,
            },
        )

    async def take(self, token_hash: str, now: datetime) -> TakenToken | None:
        """Use it up. Of two who show it at once one is the first."""
        row = await self._unit.conn.fetchrow(
            "WITH shown AS (SELECT session_id, used_at FROM identity.refresh_tokens"
            "   WHERE tenant_id = $1 AND token_hash = $2 AND expires_at > $3 FOR UPDATE),"
            " used AS (UPDATE identity.refresh_tokens SET used_at = $3"
            "   WHERE tenant_id = $1 AND token_hash = $2 AND used_at IS NULL)"
            " SELECT session_id, used_at IS NOT NULL AS reused FROM shown",
            self._unit.ctx.tenant_id,
            token_hash,
            now,
        )
        return TakenToken(row["session_id"], row["reused"]) if row else None

    async def session_of(self, token_hash: str) -> UUID | None:
        """Whose it is, used or not."""
        found: UUID | None = await self._unit.conn.fetchval(
            "SELECT session_id FROM identity.refresh_tokens"
            " WHERE tenant_id = $1 AND token_hash = $2",
            self._unit.ctx.tenant_id,
            token_hash,
        )
        return found


class PostgresAttempts:
    """See `app.ports.Attempts`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._conn, self._tenant_id = unit.conn, unit.ctx.tenant_id

    async def failed(self, keys: Sequence[str], now: datetime) -> None:
        """One more for each key; what is long ago is deleted."""
        await self._conn.execute(
            "DELETE FROM identity.failed_attempts WHERE tenant_id = $1 AND last_at < $2",
            self._tenant_id,
            now - FORGOTTEN_AFTER,
        )
        await self._conn.execute(
            "INSERT INTO identity.failed_attempts AS f (tenant_id, key, count, last_at)"
            " SELECT $1, k, 1, $3 FROM unnest($2::text[]) AS u(k) ORDER BY k"
            " ON CONFLICT (tenant_id, key) DO UPDATE SET count = f.count + 1, last_at = $3",
            self._tenant_id,
            sorted(keys),
            now,
        )

    async def forget(self, keys: Sequence[str]) -> None:
        """Begin anew."""
        await self._conn.execute(
            "DELETE FROM identity.failed_attempts WHERE tenant_id = $1 AND key = ANY($2::text[])",
            self._tenant_id,
            list(keys),
        )


class PostgresDirectory:
    """See `app.ports.Directory`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._conn = unit.conn

    async def state(self, tenant: Tenant) -> None:
        """The entry as it is now, in identity's own directory."""
        entry = tenant.entry
        await self._conn.execute(
            "SELECT identity.state_tenant($1, $2, $3, $4, $5, $6)",
            tenant.id,
            tenant.version,
            entry.name or "",
            entry.mode,
            entry.status,
            timedelta(seconds=entry.clock_offset_seconds),
        )
