"""The unit of work of identity, put together from the mechanisms of infra."""

from functools import cached_property

from invx.contexts.identity.adapters.access_repositories import (
    PostgresApiKeys,
    PostgresEntries,
    PostgresInvitations,
    PostgresRoles,
)
from invx.contexts.identity.adapters.authorization_codes import PostgresAuthorizationCodes
from invx.contexts.identity.adapters.one_time_codes import PostgresOneTimeCodes
from invx.contexts.identity.adapters.operator_repositories import (
    PostgresOperators,
    PostgresSupportGrants,
    announcements,
)
from invx.contexts.identity.adapters.outside import ClockworkFacts, ErasingFacts
from invx.contexts.identity.adapters.people import LeavingFacts, PostgresPeople
from invx.contexts.identity.adapters.repositories import (
    PostgresAttempts,
    PostgresDirectory,
    PostgresLinkedIdentities,
    PostgresMembers,
    PostgresRefreshTokens,
    PostgresSessions,
    PostgresUsers,
    clients,
    organizations,
    second_factors,
    tenants,
)
from invx.contexts.identity.domain.announcement import Announcement
from invx.contexts.identity.domain.client import Client
from invx.contexts.identity.domain.operator_act import OperatorAct, OperatorActNotFound
from invx.contexts.identity.domain.organization import Organization
from invx.contexts.identity.domain.second_factor import SecondFactor
from invx.contexts.identity.domain.tenant import Tenant
from invx.infra.event_store import EventSourcedRepository
from invx.infra.operations import PostgresOperations
from invx.infra.row_store import RowRepository
from invx.infra.unit_of_work import EventUnitOfWork


class UnitOfWork(EventUnitOfWork):
    """See `app.ports.IdentityUnitOfWork`."""

    async def hold_access(self) -> None:
        """Nobody is given a token of this tenant until this is written."""
        await self.conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 12))",
            self.ctx.tenant_id,
        )

    @cached_property
    def operators(self) -> PostgresOperators:
        return PostgresOperators(self)

    @cached_property
    def announcements(self) -> RowRepository[Announcement]:
        return announcements(self)

    @cached_property
    def support_grants(self) -> PostgresSupportGrants:
        return PostgresSupportGrants(self)

    @cached_property
    def users(self) -> PostgresUsers:
        return PostgresUsers(self)

    @cached_property
    def sessions(self) -> PostgresSessions:
        return PostgresSessions(self)

    @cached_property
    def organizations(self) -> RowRepository[Organization]:
        return organizations(self)

    @cached_property
    def tenants(self) -> RowRepository[Tenant]:
        return tenants(self)

    @cached_property
    def members(self) -> PostgresMembers:
        return PostgresMembers(self)

    @cached_property
    def api_keys(self) -> PostgresApiKeys:
        return PostgresApiKeys(self)

    @cached_property
    def invitations(self) -> PostgresInvitations:
        return PostgresInvitations(self)

    @cached_property
    def entries(self) -> PostgresEntries:
        return PostgresEntries(self)

    @cached_property
    def roles(self) -> PostgresRoles:
        return PostgresRoles(self)

    @cached_property
    def clients(self) -> RowRepository[Client]:
        return clients(self)

    @cached_property
    def authorization_codes(self) -> PostgresAuthorizationCodes:
        return PostgresAuthorizationCodes(self)

    @cached_property
    def linked_identities(self) -> PostgresLinkedIdentities:
        return PostgresLinkedIdentities(self)

    @cached_property
    def second_factors(self) -> RowRepository[SecondFactor]:
        return second_factors(self)

    @cached_property
    def operator_acts(self) -> EventSourcedRepository[OperatorAct]:
        return self.repository(OperatorAct, missing=OperatorActNotFound)

    @cached_property
    def one_time_codes(self) -> PostgresOneTimeCodes:
        return PostgresOneTimeCodes(self)

    @cached_property
    def refresh_tokens(self) -> PostgresRefreshTokens:
        return PostgresRefreshTokens(self)

    @cached_property
    def attempts(self) -> PostgresAttempts:
        return PostgresAttempts(self)

    @cached_property
    def directory(self) -> PostgresDirectory:
        return PostgresDirectory(self)

    @cached_property
    def operations(self) -> PostgresOperations:
        return PostgresOperations(self)

    @cached_property
    def people(self) -> PostgresPeople:
        return PostgresPeople(self)

    @cached_property
    def leaving(self) -> LeavingFacts:
        return LeavingFacts(self, self.people)

    @cached_property
    def clockwork(self) -> ClockworkFacts:
        return ClockworkFacts(self.facts)

    @cached_property
    def erasing(self) -> ErasingFacts:
        return ErasingFacts(self.facts)
