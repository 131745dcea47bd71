"""Builds the contexts into one process: application, relays, worker. Alone imports wirings.

Co-hosted contexts take no shortcut: what one tells another goes through outbox, transport and inbox
as it would between machines.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from fastapi import FastAPI

from invx import __version__
from invx.contexts.analytics import wiring as analytics
from invx.contexts.invoicing import wiring as invoicing
from invx.contexts.invoicing.adapters.outside import Outside
from invx.contracts.registry import REGISTRY
from invx.infra.anchor_bucket import AnchorBucket
from invx.infra.anchor_file import AnchorFile
from invx.infra.anchor_timestamps import TimestampAnchor, roots_in
from invx.infra.anchoring import Anchoring
from invx.infra.apart import Collector
from invx.infra.bell import Bell
from invx.infra.context import Context, Reaction
from invx.infra.holdings import Holdings
from invx.infra.http.auth import Verifier
from invx.infra.http.docs_page import install_docs_page
from invx.infra.http.edge import add_router, create_edge
from invx.infra.http.health import health_router
from invx.infra.http.openapi import DESCRIPTION, install_openapi
from invx.infra.http.versions import LIVE, Versions
from invx.infra.idempotency import forget_answers
from invx.infra.inbox import Inbox
from invx.infra.jobs import JobQueue
from invx.infra.migrate import Migration
from invx.infra.observability import LoopLagMonitor
from invx.infra.outbox import Relay
from invx.infra.parked import Parked
from invx.infra.postgres import CONNECT_SECONDS_MAX, Database, DatabaseSettings, Pools
from invx.infra.reactions import JobRuns, Reactions
from invx.infra.rotation import LANES
from invx.infra.sealing import Sealing
from invx.infra.storage.buckets import Bucket, BucketPlace
from invx.infra.storage.places import Places, StorageSettings, storages_outside
from invx.infra.storage.sweeping import Sweeping
from invx.infra.system import SystemClock, Uuid7Ids
from invx.infra.tracing import recording_tracer
from invx.infra.transport import PostgresTransport
from invx.infra.upkeep import Chore, Upkeep
from invx.infra.worker import Worker
from invx.infra.write_set import Catalogue
from invx.kernel.errors import invariant
from invx.kernel.messages import Contract
from invx.kernel.ports import Clock, SealAnchor
from invx.settings import Settings

MIGRATIONS = {invoicing.NAME: invoicing.migrations, analytics.NAME: analytics.migrations}
CONTEXTS = tuple(MIGRATIONS)
_REACTIONS: dict[str, Mapping[type[Contract], Reaction]] = {analytics.NAME: analytics.REACTIONS}


# What an audit looks at and an archive contains, beside events and seals.
def holdings_of(storage: StorageSettings) -> dict[str, Holdings]:
    """Of each context; files outside the database are looked for in these storages."""
    places = Places(storages_outside(storage).values())
    return {invoicing.NAME: invoicing.holdings_over(places), analytics.NAME: Holdings()}


HOLDINGS = holdings_of(StorageSettings())  # of an installation that keeps all in its database

INBOX_CHANNEL = "invx_inbox"

log = structlog.get_logger(__name__)


def outbox_channel(name: str) -> str:
    """What is rung when a context has committed something to relay."""
    return f"invx_outbox_{name}"


def migrations_of(name: str) -> list[Migration]:
    """The migrations of a context."""
    return MIGRATIONS[name]()


@dataclass(slots=True)
class Host:
    """The contexts of this process and what keeps them going."""

    pools: Pools
    contexts: dict[str, Context]
    relays: dict[str, Relay]
    worker: Worker
    sealing: Sealing
    upkeep: Upkeep
    bell: Bell
    clock: Clock
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    def start_background(self, *, relays: bool = True, worker: bool = True) -> None:
        """Upkeep with relays and worker, or only some of them, until `stop`.

        What runs already is not started again. A host that was stopped is not started any more.
        """
        invariant(not self._stop.is_set(), "a stopped host cannot be started again")
        runs = {"upkeep": self.upkeep.run, "bell": self.bell.run}
        if relays:
            runs |= {f"relay {name}": relay.run for name, relay in self.relays.items()}
        if worker:
            runs |= {"worker": self.worker.run, "sealing": self.sealing.run}
        for name, run in runs.items():
            if name not in self._tasks:
                self._tasks[name] = asyncio.create_task(_until(name, run(self._stop)), name=name)

    async def stop(self) -> None:
        """Finish what has begun, then let go of everything. Repeatable."""
        self._stop.set()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks = {}
        for context in self.contexts.values():
            context.close()
        await self.pools.close()

    async def tokens_not_before(self, tenant_id: UUID) -> datetime | None:
        """The latest revocation that any directory here knows of: each learns of it by itself."""
        known = [
            await context.directory.tokens_not_before(tenant_id)
            for context in self.contexts.values()
        ]
        return max((moment for moment in known if moment), default=None)

    async def ready(self) -> bool:
        """Whether the database answers."""
        for context in self.contexts.values():
            await context.database.ping()
        return True

    async def settle(self) -> None:
        """Run relay and worker until nothing is left to do: for stepped clocks, and tests."""
        while True:
            moved = 0
            for relay in self.relays.values():
                moved += await relay.round()
            if not moved + await self.worker.settle():
                return


async def build_host(
    where: DatabaseSettings, settings: Settings, names: Sequence[str] = CONTEXTS
) -> Host:
    """Connect and wire the named contexts. Raises OSError when the database cannot be reached."""
    pools = Pools(where)
    await pools.open()
    clock, ids = SystemClock(), Uuid7Ids()
    relays: dict[str, Relay] = {}
    contexts: dict[str, Context] = {}

    bell = Bell(lambda: asyncpg.connect(**where.system, timeout=CONNECT_SECONDS_MAX))

    def committed(name: str) -> None:
        if name in relays:
            relays[name].wake()
            bell.ring(outbox_channel(name))  # the lease may be another process's

    def delivered() -> None:
        worker.wake()
        bell.ring(INBOX_CHANNEL)

    for name in names:
        database = Database(name, pools)
        async with pools.app.acquire() as conn:
            catalogue = await Catalogue.read(conn, name)
        if name == invoicing.NAME:
            contexts[name] = invoicing.wire(
                database,
                catalogue,
                clock=clock,
                ids=ids,
                registry=REGISTRY,
                committed=lambda: committed(invoicing.NAME),
                outside=_outside(settings),
            )
        else:
            contexts[name] = analytics.wire(
                database, catalogue, clock=clock, ids=ids, registry=REGISTRY
            )
    worker = _worker(contexts, clock)
    transport = PostgresTransport(_subscriptions(pools), clock, lambda _: delivered())
    for name, context in contexts.items():
        if context.publishes:
            relays[name] = Relay(context.database, transport, clock=clock, ids=ids)
            bell.on(outbox_channel(name), relays[name].wake)
    bell.on(INBOX_CHANNEL, worker.wake)
    anchorings = [Anchoring(each, clock) for each in anchors_of(settings, clock)]
    sealing = Sealing(contexts.values(), clock, *anchorings)
    upkeep = _upkeep(contexts, relays, clock)
    return Host(pools, contexts, relays, worker, sealing, upkeep, bell, clock)


def anchors_of(settings: Settings, clock: Clock) -> list[SealAnchor]:
    """The anchors that are set up."""
    wanted, found = settings.anchor, list[SealAnchor]()
    if wanted.file is not None:
        found.append(AnchorFile(wanted.file))
    if wanted.bucket is not None:
        found.append(bucket_anchor(settings, wanted.bucket, clock))
    if wanted.tsa_url is not None and wanted.tsa_roots is not None:
        found.append(TimestampAnchor(wanted.tsa_url, roots_in(wanted.tsa_roots)))
    return found


def bucket_anchor(settings: Settings, place: BucketPlace, clock: Clock) -> AnchorBucket:
    """The anchor in a bucket."""
    retention = timedelta(days=settings.anchor.retention_days)
    return AnchorBucket(Bucket(place, settings.storage.s3), clock, retention=retention)


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
        numbers=settings.place.numbers,
    )


async def _until(name: str, run: Coroutine[Any, Any, None]) -> None:
    """Await it, and say so if it ends by an error: nobody else would notice before `stop`."""
    try:
        await run
    except Exception as error:
        log.critical("background_ended", part=name, exc_info=error)
        raise


def _upkeep(contexts: dict[str, Context], relays: dict[str, Relay], clock: Clock) -> Upkeep:
    measures: list[Chore] = []
    forgets: list[Chore] = []
    ids = Uuid7Ids()
    for name, relay in relays.items():
        measures.append(Chore("measure_outbox", name, relay.measure))
        forgets.append(Chore("forget_outbox", name, relay.forget))
    for name, context in contexts.items():
        database = context.database

        async def forget(database: Database = database) -> None:
            await forget_answers(database, clock.now().date())

        forgets.append(Chore("forget_answers", name, forget))
        if context.places is not None:
            forgets.append(Chore("sweep_files", name, Sweeping(context, clock).turn))
        if context.reactions:
            measures.append(Chore("measure_inbox", name, Parked(database, clock).measure))
            inbox = Inbox(database, clock=clock, ids=ids)
            forgets.append(Chore("forget_inbox", name, inbox.forget))
        if context.jobs:
            jobs = JobQueue(database, clock=clock, ids=ids)
            measures.append(Chore("measure_jobs", name, jobs.measure))
            forgets.append(Chore("forget_jobs", name, jobs.forget))
    return Upkeep(measures=measures, forgets=forgets, clock=clock)


def _subscriptions(pools: Pools) -> dict[str, list[Database]]:
    """Who is told what: every context of the program, also those that another process hosts."""
    found: dict[str, list[Database]] = {}
    for name, reactions in _REACTIONS.items():
        for contract in reactions:
            for wire in REGISTRY.wires(contract):
                found.setdefault(wire, []).append(Database(name, pools))
    return found


def _worker(contexts: dict[str, Context], clock: Clock) -> Worker:
    ids = Uuid7Ids()
    queues: list[Reactions | JobRuns] = []
    for context in contexts.values():
        if context.reactions:
            inbox = Inbox(context.database, clock=clock, ids=ids)
            queues.append(Reactions(context, inbox, REGISTRY))
        if context.jobs:
            for lane in LANES:
                jobs = JobQueue(context.database, clock=clock, ids=ids, lane=lane)
                queues.append(JobRuns(context, jobs))
    return Worker(queues)


async def create_app(host: Host, settings: Settings, *, background: bool = True) -> FastAPI:
    """The application of a host. Its lifespan does the upkeep and, with `background`, all the rest.

    Gauges are shown by whoever answers `/metrics`, also where relay and worker run elsewhere.
    """
    verifier = Verifier(settings.auth, tokens_not_before=host.tokens_not_before)
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
    for context in host.contexts.values():
        setattr(app.state, context.name, context.edge)
        for router in context.routers:
            add_router(app, router)
    tags = [tag for context in host.contexts.values() for tag in context.tags]
    add_router(app, health_router({"database": host.ready, "keys": verifier.ready}))
    install_openapi(
        app,
        title="Invx",
        version=__version__,
        description=DESCRIPTION,
        tags=tags,
        versions=versions,
    )
    install_docs_page(app)
    return app
