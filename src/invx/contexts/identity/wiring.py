"""Puts identity together; imported by the host only."""

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from uuid import UUID

from invx.contexts.identity.adapters.due_jobs import JOBS
from invx.contexts.identity.adapters.forgetting import RefreshTokensForgotten
from invx.contexts.identity.adapters.oidc import OidcProvider
from invx.contexts.identity.adapters.passwords import Passwords
from invx.contexts.identity.adapters.people import PORT as LEAVING
from invx.contexts.identity.adapters.people import Departures
from invx.contexts.identity.adapters.personal_stores import PERSONAL_STORES
from invx.contexts.identity.adapters.unit_of_work import UnitOfWork
from invx.contexts.identity.api.edge import Access, Edge
from invx.contexts.identity.api.exchanging import exchange_here
from invx.contexts.identity.api.operating import still_acting
from invx.contexts.identity.api.routes import ROUTERS
from invx.contexts.identity.api.tags import TAGS
from invx.contexts.identity.app.publish import contract_of
from invx.contexts.identity.domain import (
    announcement_events,
    api_key_events,
    client_events,
    invitation_events,
    linked_identity_events,
    member_events,
    operator_act_events,
    operator_events,
    organization_events,
    role_events,
    second_factor_events,
    session_events,
    support_events,
    tenant_events,
    user_events,
)
from invx.contexts.identity.domain.errors import EmailTaken, OperatorExists, RoleNameTaken
from invx.contexts.identity.read.projections import KINDS, project
from invx.contracts.identity import AccessReducedV1, TenantConfiguredLikeV1, TenantStatedV1
from invx.contracts.registry import Registry
from invx.infra.codec import Codec, events_in
from invx.infra.context import Context
from invx.infra.event_store import EventStore, Recorded
from invx.infra.facts import KnownFacts
from invx.infra.http.auth import Exchange
from invx.infra.http.exchanging import exchange_at
from invx.infra.http.operating import StillActing
from invx.infra.migrate import Migration, migrations_in
from invx.infra.postgres import Connection, Database
from invx.infra.runner import Refusals, Runner
from invx.infra.tenancy import Directory
from invx.infra.unit_of_work import Storage, envelopes_of
from invx.infra.upkeep import Chore
from invx.infra.write_set import Catalogue
from invx.kernel.context import Caller, RequestContext
from invx.kernel.messages import Contract, Envelope
from invx.kernel.ports import Clock, Ids

NAME = "identity"

CODEC = Codec(
    events_in(
        user_events,
        session_events,
        operator_act_events,
        organization_events,
        tenant_events,
        member_events,
        api_key_events,
        role_events,
        invitation_events,
        second_factor_events,
        client_events,
        linked_identity_events,
        operator_events,
        announcement_events,
        support_events,
    )
)


def migrations() -> list[Migration]:
    """The tables that every context has, and those of identity."""
    return migrations_in(
        files("invx.infra") / "migrations", files("invx.contexts.identity") / "migrations"
    )


def wire(
    database: Database,
    catalogue: Catalogue,
    *,
    clock: Clock,
    ids: Ids,
    registry: Registry,
    committed: Callable[[], None],
    access: Access,
) -> Context:
    """The identity context over its database."""
    storage = Storage(catalogue, CODEC, project, _published, registry.body, kinds=KINDS)

    def open_unit(conn: Connection, ctx: RequestContext, facts: KnownFacts) -> UnitOfWork:
        ctx = replace(ctx, caller=_under_session(ctx.caller))
        return UnitOfWork(conn, ctx, storage=storage, clock=clock, ids=ids, facts=facts)

    async def history_of(conn: Connection, tenant_id: UUID, stream_id: UUID) -> list[Envelope]:
        store = EventStore(conn, database.schema, CODEC, tenant_id)
        return envelopes_of(await store.history(stream_id), storage)

    directory = Directory(database, clock)
    runner: Runner[UnitOfWork] = Runner(
        database,
        directory,
        open_unit,
        clock=clock,
        refusals=Refusals(
            {
                "users_email": EmailTaken,
                "roles_name": RoleNameTaken,
                "operators_user": OperatorExists,
            }
        ),
        committed=committed,
    )
    runner.providers = {LEAVING: Departures(runner)}
    forgotten = RefreshTokensForgotten(database, directory, clock)
    provider = OidcProvider(access.provider, clock) if access.provider else None
    passwords = Passwords(access.password_memory_kib)
    edge = Edge(runner, passwords, access, ids, CODEC, provider=provider)
    return Context(
        name=NAME,
        database=database,
        directory=directory,
        runner=runner,
        tags=TAGS,
        routers=ROUTERS,
        edge=edge,
        jobs=JOBS,
        publishes=(TenantStatedV1, AccessReducedV1, TenantConfiguredLikeV1),
        history=history_of,
        chores=(Chore("forget_refresh_tokens", NAME, forgotten.turn),),
        personal=PERSONAL_STORES,
        close=edge.close,
    )


def exchange_at_home(hosted: Context) -> Exchange:
    """For a gateway: API keys are known here."""
    return exchange_here(hosted.edge)


def exchange_of(hosted: Context | None, token_url: str | None) -> Exchange | None:
    """Who knows the API keys: identity in this process, or where its token endpoint is."""
    if hosted is not None:
        return exchange_at_home(hosted)
    return exchange_at(token_url) if token_url else None


def still_acting_of(hosted: Context) -> StillActing:
    """Who knows the operators: identity, in this process."""
    return still_acting(hosted.edge)


def _under_session(caller: Caller) -> Caller:
    """What a person does is caused by the session under which they do it; the audit asks for it."""
    return replace(caller, causation_id=caller.causation_id or caller.session_id)


def _published(recorded: Recorded) -> Contract | None:
    return contract_of(recorded.stream_id, recorded.version, recorded.recorded_at, recorded.event)
