"""Erasing people: over the tables of identity, and in each tenant that knows them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.identity.app.end_support import EndSupport, end_support
from invx.contexts.identity.app.leave_tenant import LeaveTenant, leave_tenant
from invx.contexts.identity.domain.errors import UserNotFound
from invx.contexts.identity.domain.owned import OwnedTenant
from invx.contexts.identity.domain.user import actor_of
from invx.infra.facts import Answered
from invx.infra.runner import Handler, Runner
from invx.infra.tenancy import LOCK_OUT_WRITERS, TenantClosed, UnknownTenant
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel.context import Caller
from invx.kernel.ports import Fact

PORT = "leaving"
_OWNERS = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 8))"  # as `Members.owners`
_PERSON = "hashtextextended($1::uuid::text, 13)"

# What the installation holds of a person, $2; values of their streams go by subject.
_FORGET = (
    "DELETE FROM identity.personal WHERE tenant_id = $1 AND subject_id = $2",
    (
        "UPDATE identity.sessions SET address = NULL, user_agent = NULL"
        " WHERE tenant_id = $1 AND user_id = $2"
    ),
    (
        "DELETE FROM identity.refresh_tokens WHERE tenant_id = $1 AND session_id IN"
        " (SELECT session_id FROM identity.sessions WHERE tenant_id = $1 AND user_id = $2)"
    ),
    "DELETE FROM identity.authorization_codes WHERE tenant_id = $1 AND user_id = $2",
    "UPDATE identity.linked_identities SET subject = NULL WHERE tenant_id = $1 AND user_id = $2",
    (
        "UPDATE identity.second_factors SET encrypted_secret = NULL"
        " WHERE tenant_id = $1 AND user_id = $2"
    ),
    "DELETE FROM identity.recovery_codes WHERE tenant_id = $1 AND user_id = $2",
    "DELETE FROM identity.totp_steps WHERE tenant_id = $1 AND user_id = $2",
    "UPDATE identity.operators SET name = NULL WHERE tenant_id = $1 AND user_id = $2",
)


class PostgresPeople:
    """See `app.ports_of_people.People`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit
        self._conn, self._tenant_id = unit.conn, unit.ctx.tenant_id

    async def ensure_here(self, user_id: UUID) -> None:
        """Not erased until this is written. Raises UserNotFound."""
        await self._conn.execute(f"SELECT pg_advisory_xact_lock_shared({_PERSON})", user_id)
        if await self._conn.fetchval("SELECT identity.is_erased($1)", user_id):
            raise UserNotFound

    async def shut_out_writers(self) -> None:
        """So nobody writes back what they read. Two at once deadlock; the loser is run again."""
        await self._conn.execute(LOCK_OUT_WRITERS, str(self._tenant_id))

    async def leave_alone(self, user_id: UUID) -> None:
        """No tenant is about to seat the person, or to make them a key."""
        await self._conn.execute(f"SELECT pg_advisory_xact_lock({_PERSON})", user_id)

    async def owned_alone(self, user_id: UUID) -> Sequence[OwnedTenant]:
        """Asked under the locks of their owners, which are taken in the order of ids."""
        rows = await self._conn.fetch(
            "SELECT member_of AS id FROM identity.tenants_of($2) WHERE role = 'owner'"
            " UNION SELECT o.opened_tenant_id FROM identity.organizations g"
            " JOIN identity.opened_tenants o"
            "   ON o.tenant_id = g.tenant_id AND o.organization_id = g.organization_id"
            " WHERE g.tenant_id = $1 AND g.owner_id = $2 ORDER BY id",
            self._tenant_id,
            user_id,
        )
        owned = [row["id"] for row in rows]
        for tenant_id in owned:
            await self._conn.execute(_OWNERS, tenant_id)
        alone = await self._conn.fetch(
            "SELECT t FROM identity.without_owner($1, $2) AS t", owned, user_id
        )
        found = await self._conn.fetch(
            "SELECT id, name FROM identity.in_business($1)", [row["t"] for row in alone]
        )
        return [OwnedTenant(row["id"], row["name"]) for row in found]

    async def tenants_knowing(self, user_id: UUID) -> Sequence[UUID]:
        """In the order of their ids."""
        rows = await self._conn.fetch(
            "SELECT t FROM identity.tenants_knowing($2) AS t UNION SELECT unnest(asked)"
            " FROM identity.operators WHERE tenant_id = $1 AND user_id = $2 ORDER BY 1",
            self._tenant_id,
            user_id,
        )
        return [row["t"] for row in rows]

    async def forget(self, user_id: UUID, now: datetime) -> None:
        """Statement by statement; events and their hashes stay as they are."""
        await self._conn.execute(
            "INSERT INTO identity.erased_people (tenant_id, user_id, erased_at)"
            " VALUES ($1, $2, $3)",
            self._tenant_id,
            user_id,
            now,
        )
        for statement in _FORGET:
            await self._conn.execute(statement, self._tenant_id, user_id)

    async def forget_here(self, user_id: UUID, invitations: Collection[UUID]) -> None:
        """The member's values and those of the invitations, and from where the member came."""
        await self._conn.execute(
            "DELETE FROM identity.personal WHERE tenant_id = $1 AND subject_id = ANY($2)",
            self._tenant_id,
            [user_id, *invitations],
        )
        await self._conn.execute(
            "UPDATE identity.member_sessions SET address = NULL, user_agent = NULL"
            " WHERE tenant_id = $1 AND member_id IN"
            " (SELECT member_id FROM identity.members WHERE tenant_id = $1 AND user_id = $2)",
            self._tenant_id,
            user_id,
        )

    async def forget_tenant(self, tenant_id: UUID) -> None:
        """Its name, in each event that said it; the row is stated anew."""
        await self._conn.execute(
            "DELETE FROM identity.personal WHERE tenant_id = $1 AND subject_id = $2",
            *(self._tenant_id, tenant_id),
        )

    async def forget_operators_here(self, operators: Collection[UUID]) -> None:
        """Name and reason; each grant is a subject of its own."""
        await self._conn.execute(
            "DELETE FROM identity.personal WHERE tenant_id = $1 AND subject_id IN"
            " (SELECT support_grant_id FROM identity.support_grants"
            "   WHERE tenant_id = $1 AND operator_id = ANY($2))",
            self._tenant_id,
            operators,
        )
        await self._conn.execute(
            "UPDATE identity.support_grants SET operator = NULL, reason = NULL"
            " WHERE tenant_id = $1 AND operator_id = ANY($2)",
            self._tenant_id,
            operators,
        )

    async def operators_that_were(self, user_id: UUID) -> Sequence[UUID]:
        """One for each time that the person was appointed."""
        rows = await self._conn.fetch(
            "SELECT operator_id FROM identity.operators WHERE tenant_id = $1 AND user_id = $2"
            " ORDER BY operator_id",
            self._tenant_id,
            user_id,
        )
        return [row["operator_id"] for row in rows]


class LeavingFacts:
    """See `app.ports_of_people.Leaving`: a fact, since it takes a transaction elsewhere."""

    def __init__(self, unit: EventUnitOfWork, people: PostgresPeople) -> None:
        self._facts, self._people = unit.facts, people
        self._request = unit.ctx.caller.correlation_id
        self._actor = unit.ctx.caller.actor

    async def leave(self, user_id: UUID, tenant_id: UUID) -> bool:
        """Once they left they do not come back, so it is no question whose answer changes."""
        operators = await self._people.operators_that_were(user_id)
        inside = Caller(tenant_id, actor_of(user_id), self._request)
        question = (leave_tenant, LeaveTenant(user_id, operators), inside)
        [left] = await self._facts.need(Fact(PORT, f"{user_id}:{tenant_id}", "", question))
        return bool(left)

    async def end_support(self, tenant_id: UUID, ending: EndSupport) -> bool:
        """Again, it ends what is still open."""
        inside = Caller(tenant_id, self._actor, self._request)
        question = (end_support, ending, inside)
        key = f"{ending.operator_id}:{tenant_id}"
        [ended] = await self._facts.need(Fact(PORT, key, "support", question))
        return bool(ended)


class Departures:
    """Provides that people and operators left tenants; again, it goes on where it was left."""

    def __init__(self, runner: Runner[Any]) -> None:
        self._runner = runner

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """Whether each left. Raises what a transaction there raises."""
        return [Answered(fact, await self._left(*fact.question), "invx") for fact in facts]

    async def _left(self, handler: Handler[Any, Any, None], command: Any, inside: Caller) -> bool:
        try:
            await self._runner.run(handler, command, inside)
        except UnknownTenant:
            return True  # it was erased, and they with it
        except TenantClosed:
            return False
        return True
