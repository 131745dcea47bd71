"""The repositories of what lets people and programs in: keys, invitations, roles."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from invx.contexts.identity.app.ports import Entry
from invx.contexts.identity.domain.api_key import ApiKey
from invx.contexts.identity.domain.errors import (
    ApiKeyNotFound,
    InvitationNotFound,
    RoleNotFound,
)
from invx.contexts.identity.domain.invitation import Invitation
from invx.contexts.identity.domain.role import Role, name_key
from invx.contexts.identity.domain.user import email_key
from invx.infra.row_store import RowRepository
from invx.infra.unit_of_work import EventUnitOfWork

_USE_NOTED = timedelta(minutes=1)  # at most once in so long


class PostgresApiKeys(RowRepository[ApiKey]):
    """See `app.ports.ApiKeys`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(ApiKey, unit, table="api_keys", key="api_key_id", missing=ApiKeyNotFound)
        self._conn, self._tenant_id = unit.conn, unit.ctx.tenant_id

    async def locked(self, id: UUID) -> ApiKey:
        """The key, which nobody exchanges meanwhile. Raises ApiKeyNotFound."""
        await self._conn.execute(
            "SELECT 1 FROM identity.api_keys WHERE tenant_id = $1 AND api_key_id = $2 FOR UPDATE",
            self._tenant_id,
            id,
        )
        return await self.get(id)

    async def made_by(self, actor: str) -> Sequence[ApiKey]:
        """Those of this person, locked as by `locked`."""
        await self._conn.execute(
            "SELECT 1 FROM identity.api_keys WHERE tenant_id = $1 AND created_by = $2"
            " ORDER BY api_key_id FOR UPDATE",
            self._tenant_id,
            actor,
        )
        return await self.find_all_by("t.created_by = $2", actor)

    async def count(self) -> int:
        """How many are not revoked, counted by one transaction at a time."""
        await self._conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 9))", self._tenant_id
        )
        found: int = await self._conn.fetchval(
            "SELECT count(*) FROM identity.api_keys WHERE tenant_id = $1 AND revoked_at IS NULL",
            self._tenant_id,
        )
        return found

    async def used(self, id: UUID, now: datetime) -> None:
        """It was used, unless that was noted within the last minute."""
        await self._conn.execute(
            "UPDATE identity.api_keys SET last_used_at = $3 WHERE tenant_id = $1"
            " AND api_key_id = $2 AND coalesce(last_used_at <= $4, true)",
            self._tenant_id,
            id,
            now,
            now - _USE_NOTED,
        )


class PostgresInvitations(RowRepository[Invitation]):
    """See `app.ports.Invitations`."""

    _OPEN = "t.accepted_at IS NULL AND t.withdrawn_at IS NULL"

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(
            Invitation, unit, table="invitations", key="invitation_id", missing=InvitationNotFound
        )
        self._conn, self._tenant_id = unit.conn, unit.ctx.tenant_id

    async def open(self) -> Sequence[Invitation]:
        """Those that nobody accepted or withdrew; nobody else makes one until this is written."""
        await self._conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 11))", self._tenant_id
        )
        return await self.find_all_by(self._OPEN)

    async def open_by(self, actor: str) -> Sequence[Invitation]:
        """Those of them that this member made."""
        return await self.find_all_by(f"{self._OPEN} AND t.invited_by = $2", actor)

    async def about(self, user_id: UUID, email: str | None) -> Sequence[Invitation]:
        """Those that this user accepted, and all for this address.

        Of one that is over only the personal value of its event says for which.
        """
        rows = await self._conn.fetch(
            "SELECT stream_id, value::text FROM identity.personal p WHERE tenant_id = $1 AND EXISTS"
            " (SELECT FROM identity.invitations i"
            "   WHERE i.tenant_id = p.tenant_id AND i.invitation_id = p.stream_id)",
            self._tenant_id,
        )
        for_it = [
            row["stream_id"]
            for row in rows
            if any(email_key(each) == email for each in json.loads(row["value"]).values())
        ]
        return await self.find_all_by(
            "(t.accepted_by = $2 OR t.invitation_id = ANY($3))", user_id, for_it
        )

    async def of_token(self, token_hash: str) -> Invitation | None:
        """The one that this token is for."""
        return await self.find_by("t.token_hash = $2", token_hash)


class PostgresRoles(RowRepository[Role]):
    """See `app.ports.Roles`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(Role, unit, table="roles", key="role_id", missing=RoleNotFound)
        self._conn, self._tenant_id = unit.conn, unit.ctx.tenant_id

    async def lock(self) -> None:
        """Nobody else makes, removes or gives a role until this is written."""
        await self._conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 10))", self._tenant_id
        )

    async def named(self, name: str) -> Role | None:
        """The one that is called so."""
        return await self.find_by("t.name_key = $2 AND t.removed_at IS NULL", name_key(name))

    async def count(self) -> int:
        """How many there are."""
        found: int = await self._conn.fetchval(
            "SELECT count(*) FROM identity.roles WHERE tenant_id = $1 AND removed_at IS NULL",
            self._tenant_id,
        )
        return found

    async def is_held(self, role: str) -> bool:
        """Whether a member has this role, or somebody is invited to it."""
        found = await self._conn.fetchval(
            "SELECT EXISTS (SELECT FROM identity.members WHERE tenant_id = $1 AND role = $2"
            "   AND removed_at IS NULL)"
            " OR EXISTS (SELECT FROM identity.invitations WHERE tenant_id = $1 AND role = $2"
            "   AND accepted_at IS NULL AND withdrawn_at IS NULL)",
            self._tenant_id,
            role,
        )
        return bool(found)


class PostgresEntries:
    """See `app.ports.Entries`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit

    async def knows(self, session_id: UUID) -> bool:
        """Whether it was here before."""
        found = await self._unit.conn.fetchval(
            "SELECT EXISTS (SELECT FROM identity.member_sessions"
            " WHERE tenant_id = $1 AND session_id = $2)",
            self._unit.ctx.tenant_id,
            session_id,
        )
        return bool(found)

    def keep(self, member_id: UUID, entry: Entry, now: datetime) -> None:
        """It is here. Of two who say so at once, one is run again and knows."""
        self._unit.write_set.insert(
            "member_sessions",
            {
                "tenant_id": self._unit.ctx.tenant_id,
                "session_id": entry.session_id,
                "member_id": member_id,
                "address": entry.address,
                "user_agent": entry.user_agent,
                "entered_at": now,
            },
        )
