"""Builds the contexts into one process: application, relays, worker. Alone imports wirings.

Co-hosted contexts take no shortcut: what one tells another goes through outbox, transport and inbox
as it would between machines.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from invx import __version__
from invx.contexts.analytics import wiring as analytics
from invx.contexts.analytics.api import tags as analytics_tags
from invx.contexts.analytics.api.routes import router as analytics_router
from invx.contexts.identity import wiring as identity
from invx.contexts.identity.api import routes as identity_routes
from invx.contexts.identity.api import tags as identity_tags
from invx.contexts.identity.api.edge import Access
from invx.contexts.invoicing import wiring as invoicing
from invx.contexts.invoicing.adapters.outside import Outside
from invx.contexts.invoicing.api import routes as invoicing_routes
from invx.contexts.invoicing.api import tags as invoicing_tags
from invx.contexts.invoicing.api.versions import CHANGES
from invx.contexts.invoicing.read.busy import documents_since
from invx.contracts.permissions import PERMISSIONS
from invx.contracts.registry import REGISTRY
from invx.infra import clockwork
from invx.infra.anchoring import Anchoring
from invx.infra.anchors import anchors_of
from invx.infra.apart import Collector
from invx.infra.arrivals import Arrivals
from invx.infra.buckets import buckets_at
from invx.infra.clockwork import Clockwork
from invx.infra.context import Context, Reaction
from invx.infra.encryption import SecretKey
from invx.infra.holdings import Holdings
from invx.infra.http.auth import AuthSettings, Verifier
from invx.infra.http.docs_page import install_docs_page
from invx.infra.http.edge import add_router, create_edge
from invx.infra.http.health import health_router
from invx.infra.http.jwks import fetch_from
from invx.infra.http.key_gate import key_router
from invx.infra.http.openapi import DESCRIPTION, install_openapi
from invx.infra.http.operating import OperatorEntrance
from invx.infra.http.versions import LIVE, Versions
from invx.infra.migrate import Migration
from invx.infra.observability import LoopLagMonitor
from invx.infra.outbox import Relay
from invx.infra.oversight import Defaults, Oversight
from invx.infra.postgres import (
    Database,
    DatabaseSettings,
    Pools,
)
from invx.infra.quotas import Admission
from invx.infra.rabbit.feed import Feed
from invx.infra.rabbit.link import Link, Topology
from invx.infra.rabbit.transport import RabbitTransport
from invx.infra.read_cache import read_cache
from invx.infra.running import Host, bell_of, bells_of, upkeep_of, waker, worker_of
from invx.infra.sealing import Sealing
from invx.infra.storage.places import Places, StorageSettings, storages_outside
from invx.infra.system import SystemClock, Uuid7Ids
from invx.infra.tenancy import Directory
from invx.infra.tenant_replica import FOLLOWING
from invx.infra.tenants import ending
from invx.infra.tenants.ending import Ending, Eraser
from invx.infra.tokens import Signer
from invx.infra.tracing import recording_tracer
from invx.infra.transport import PostgresTransport, Transport
from invx.infra.write_set import Catalogue
from invx.kernel.messages import Contract
from invx.kernel.ports import Clock
from invx.settings import Settings

MIGRATIONS = {
    invoicing.NAME: invoicing.migrations,
    analytics.NAME: analytics.migrations,
    identity.NAME: identity.migrations,
}
CONTEXTS = tuple(MIGRATIONS)
# What each answers over HTTP, also where it runs elsewhere: for the gateway and its one document.
ROUTERS = {
    invoicing.NAME: invoicing_routes.ROUTERS,
    analytics.NAME: (analytics_router,),
    identity.NAME: identity_routes.ROUTERS,
}
_TAGS = (*invoicing_tags.TAGS, *analytics_tags.TAGS, *identity_tags.TAGS)
# Every context follows identity's directory; identity itself hears of reduced access likewise.
_REACTIONS: dict[str, Mapping[type[Contract], Reaction]] = {
    invoicing.NAME: {**invoicing.REACTIONS, **FOLLOWING},
    analytics.NAME: {**analytics.REACTIONS, **FOLLOWING},
    identity.NAME: FOLLOWING,
}


# What an audit looks at and an archive contains, beside events and seals.
def holdings_of(storage: StorageSettings, packs: Path | None = None) -> dict[str, Holdings]:
    """Of each context; files outside the database are looked for in these storages."""
    places = Places(storages_outside(storage).values())
    return {
        invoicing.NAME: invoicing.holdings_over(places, packs),
        analytics.NAME: Holdings(),
        identity.NAME: Holdings(moves=False),  # a person who signs in belongs to many tenants
    }


HOLDINGS = holdings_of(StorageSettings())  # of an installation that keeps all in its database

INBOX_CHANNEL = "invx_inbox"


def outbox_channel(name: str) -> str:
    """What is rung when a context has committed something to relay."""
    return f"invx_outbox_{name}"


def migrations_of(name: str) -> list[Migration]:
    """The migrations of a context."""
    return MIGRATIONS[name]()


async def build_host(
    where: DatabaseSettings,
    settings: Settings,
    names: Sequence[str] = CONTEXTS,
    *,
    erase: Eraser | None = None,
) -> Host:
    """Connect and wire the named contexts; with `erase` sandboxes that ended are erased, too.

    Raises OSError when a database cannot be reached.
    """
    pools = Pools(where)
    clock, ids = SystemClock(), Uuid7Ids()
    relays: dict[str, Relay] = {}
    contexts: dict[str, Context] = {}
    by_broker = settings.broker.url is not None
    reached = [Database(name, pools) for name in (names if by_broker else _REACTIONS)]
    every = [Database(name, pools) for name in CONTEXTS if identity.NAME in names]  # clocks wait
    bells = bells_of(where, [*reached, *(Database(name, pools) for name in names), *every])

    def committed(name: str) -> None:
        if name == identity.NAME:  # somebody waits for a clock to move on, or for a sandbox to go
            worker.wake()
        for database in contexts[name].database.everywhere():
            if database.label in relays:
                relays[database.label].wake()
                # The lease may be another process's.
                bells[bell_of(where, database)].ring(outbox_channel(name))

    def delivered(database: Database) -> None:
        worker.wake()
        bells[bell_of(where, database)].ring(INBOX_CHANNEL)

    for name in names:
        contexts[name] = await _wired(name, pools, settings, partial(committed, name))
    worker = worker_of(contexts, clock)
    transport, delivery = _delivery(settings, pools, contexts, clock, delivered)
    for name, context in contexts.items():
        for database in context.database.everywhere() if context.publishes else ():
            relay = relays[database.label] = Relay(database, transport, clock=clock, ids=ids)
            bells[bell_of(where, database)].on(outbox_channel(name), relay.wake)
    for bell in bells.values():
        bell.on(INBOX_CHANNEL, worker.wake)
    if every:
        moving = Clockwork(contexts, relays, every, REGISTRY, clock=clock, ids=ids)
        elsewhere = [each for each in every if each.schema not in contexts]
        moving.wake = waker(where, bells, elsewhere, INBOX_CHANNEL)
        closing = Ending([Directory(each, clock) for each in every], erase)
        runner = contexts[identity.NAME].runner
        runner.providers = {**runner.providers, clockwork.PORT: moving, ending.PORT: closing}
    anchors = anchors_of(settings.anchor, settings.storage.s3, clock)
    anchorings = [Anchoring(each, clock) for each in anchors]
    sealing = Sealing(contexts.values(), clock, *anchorings)
    upkeep = upkeep_of(contexts, relays, clock)
    return Host(pools, contexts, relays, worker, sealing, upkeep, bells, clock, **delivery)


async def _wired(
    name: str, pools: Pools, settings: Settings, committed: Callable[[], None]
) -> Context:
    """A context with its reactions, on the tables that its database has."""
    await pools.of(name).ensure_open()
    async with pools.of(name).app.acquire() as conn:
        catalogue = await Catalogue.read(conn, name)
    wired = _WIRE[name](Database(name, pools), catalogue, settings, committed)
    return replace(wired, reactions=_REACTIONS[name])


def _delivery(
    settings: Settings,
    pools: Pools,
    contexts: Mapping[str, Context],
    clock: Clock,
    delivered: Callable[[Database], None],
) -> tuple[Transport, dict[str, Any]]:
    """The transport that is set up, and what of it a host keeps: feeds, and how it ends."""
    if (url := settings.broker.url) is None:
        return PostgresTransport(_subscriptions(pools), clock, delivered), {}
    topology = Topology(subscribers())
    transport = RabbitTransport(Link(url, topology))
    feeds = {
        name: Feed(Link(url, topology), name, Arrivals(context.database, clock, delivered))
        for name, context in contexts.items()
    }
    return transport, {"feeds": feeds, "closing": [transport.close]}


def _wire_invoicing(
    database: Database, catalogue: Catalogue, settings: Settings, committed: Callable[[], None]
) -> Context:
    return invoicing.wire(
        database,
        catalogue,
        clock=SystemClock(),
        ids=Uuid7Ids(),
        registry=REGISTRY,
        committed=committed,
        outside=_outside(settings),
    )


def _wire_analytics(
    database: Database, catalogue: Catalogue, settings: Settings, _: Callable[[], None]
) -> Context:
    return analytics.wire(
        database,
        catalogue,
        clock=SystemClock(),
        ids=Uuid7Ids(),
        registry=REGISTRY,
        reads=read_cache(settings.broker.valkey_url, analytics.NAME),
    )


def _wire_identity(
    database: Database, catalogue: Catalogue, settings: Settings, committed: Callable[[], None]
) -> Context:
    wanted = settings.identity
    return identity.wire(
        database,
        catalogue,
        clock=SystemClock(),
        ids=Uuid7Ids(),
        registry=REGISTRY,
        committed=committed,
        access=Access(
            Signer(settings.place.signing_key, issuer=settings.auth.issuer),
            fetch_from(settings.auth.jwks),
            frozenset(PERMISSIONS),
            SecretKey(settings.place.secret_key),
            sign_up_open=wanted.sign_up_open,
            invited_open=wanted.invited_open,
            provider=wanted.provider,
            public_url=wanted.public_url,
            password_memory_kib=wanted.password_memory_kib,
        ),
    )


_WIRE: dict[str, Callable[[Database, Catalogue, Settings, Callable[[], None]], Context]] = {
    invoicing.NAME: _wire_invoicing,
    analytics.NAME: _wire_analytics,
    identity.NAME: _wire_identity,
}


def _outside(settings: Settings) -> Outside:
    registers, channels = settings.tax_registers, settings.transmission
    return Outside(
        settings.renderers,
        registers.vies_url,
        registers.hmrc_url,
        registers.hmrc_token,
        rules=settings.place.home / "rules",
        packs=settings.place.home / "packs",
        folder=channels.folder,
        folder_clears=channels.folder_clears,
        access_point_url=channels.access_point_url,
        access_point_token=channels.access_point_token,
        access_point_clears=channels.access_point_clears,
        practice_authority=channels.practice_authority,
        tax_engine=settings.tax_engine.name,
        tax_engine_url=settings.tax_engine.url,
        tax_engine_secret=settings.tax_engine.secret,
        storage=settings.storage,
        file_limits=settings.file_limits,
        quotas=settings.quotas,
        numbers=settings.place.numbers,
    )


def _oversight(host: Host, settings: Settings, admission: Admission) -> Oversight:
    """Of all tenants, in the contexts of the program, also those that another process hosts."""
    return Oversight(
        [Database(name, host.pools) for name in CONTEXTS],
        host.clock,
        admission,
        Defaults(settings.file_limits, settings.quotas),
        backups=settings.place.backup,
        documents={invoicing.NAME: documents_since},
    )


def subscribers() -> dict[str, list[str]]:
    """Who is told what: every context of the program, also those that another process hosts."""
    found: dict[str, list[str]] = {}
    for name, reactions in _REACTIONS.items():
        for contract in reactions:
            for wire in REGISTRY.wires(contract):
                found.setdefault(wire, []).append(name)
    return found


def _subscriptions(pools: Pools) -> dict[str, list[Database]]:
    databases = {name: Database(name, pools) for name in _REACTIONS}
    return {wire: [databases[name] for name in names] for wire, names in subscribers().items()}


async def create_app(host: Host, settings: Settings, *, background: bool = True) -> FastAPI:
    """The application of a host. Its lifespan does the upkeep and, with `background`, all the rest.

    Gauges are shown by whoever answers `/metrics`, also where relay and worker run elsewhere.
    """
    verifier = Verifier(
        settings.auth,
        tokens_not_before=host.tokens_not_before,
        exchange=identity.exchange_of(host.contexts.get(identity.NAME), settings.auth.token_url),
    )
    await verifier.start()
    lag = LoopLagMonitor(settings.observability.loop_lag_interval_seconds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        Collector.settle()
        await lag.start()
        host.start_background(relays=background, worker=background)
        try:
            yield
        finally:
            await lag.stop()
            await host.stop()

    changes = [change for context in host.contexts.values() for change in context.api_changes]
    versions = Versions(LIVE, changes)
    app = create_edge(
        verifier,
        settings=settings.http,
        versions=versions,
        tracer=recording_tracer(),
        lifespan=lifespan,
    )
    app.state.loop_lag = lag
    buckets = buckets_at(settings.broker.valkey_url)
    host.closing.append(buckets.close)
    admission = Admission(settings.quotas, host.quota_class, buckets=buckets)
    app.state.admission = admission
    if (hosted := host.contexts.get(identity.NAME)) is not None:
        entrance = OperatorEntrance(settings.auth, identity.still_acting_of(hosted))
        await entrance.verifier.start()
        app.state.operators = entrance
        app.state.oversight = _oversight(host, settings, admission)
        add_router(app, key_router(identity.exchange_at_home(hosted)))
    for context in host.contexts.values():
        setattr(app.state, context.name, context.edge)
        for router in context.routers:
            add_router(app, router)
    tags = [tag for context in host.contexts.values() for tag in context.tags]
    add_router(app, health_router({"database": host.ready, "keys": verifier.ready}))
    _describe(app, tags, versions)
    install_docs_page(app)
    return app


def whole_document() -> dict[str, Any]:
    """The OpenAPI document of all contexts together, wherever they run."""
    versions = Versions(LIVE, CHANGES)
    app = create_edge(Verifier(AuthSettings(jwks={"keys": []})), versions=versions)
    for routers in ROUTERS.values():
        for router in routers:
            add_router(app, router)
    _describe(app, _TAGS, versions)
    return app.openapi()


def _describe(app: FastAPI, tags: Sequence[Mapping[str, Any]], versions: Versions) -> None:
    install_openapi(
        app,
        title="Invx",
        version=__version__,
        description=DESCRIPTION,
        tags=tags,
        versions=versions,
    )
