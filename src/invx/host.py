"""Builds the contexts into one process: application, relays, worker. Alone imports wirings.

Co-hosted contexts take no shortcut: what one tells another goes through outbox, transport and inbox
as it would between machines.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from fastapi import FastAPI

from invx import __version__
from invx.contexts.analytics import wiring as analytics
from invx.contexts.invoicing import wiring as invoicing
from invx.contracts.registry import REGISTRY
from invx.infra.apart import Collector
from invx.infra.context import Context, Reaction
from invx.infra.http.auth import Verifier
from invx.infra.http.docs_page import install_docs_page
from invx.infra.http.edge import add_router, create_edge
from invx.infra.http.health import health_router
from invx.infra.http.openapi import DESCRIPTION, install_openapi
from invx.infra.inbox import Inbox
from invx.infra.jobs import JobQueue
from invx.infra.migrate import Migration
from invx.infra.observability import LoopLagMonitor
from invx.infra.outbox import Relay
from invx.infra.postgres import Database, DatabaseSettings, Pools
from invx.infra.reactions import JobRuns, Reactions
from invx.infra.system import SystemClock, Uuid7Ids
from invx.infra.tracing import recording_tracer
from invx.infra.transport import PostgresTransport
from invx.infra.worker import Worker
from invx.infra.write_set import Catalogue
from invx.kernel.messages import Contract
from invx.kernel.ports import Clock
from invx.settings import Settings

MIGRATIONS = {invoicing.NAME: invoicing.migrations, analytics.NAME: analytics.migrations}
CONTEXTS = tuple(MIGRATIONS)
_REACTIONS: dict[str, Mapping[type[Contract], Reaction]] = {analytics.NAME: analytics.REACTIONS}


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
    clock: Clock
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def start_background(self, *, relays: bool = True, worker: bool = True) -> None:
        """Relays and worker, or only some of them, until `stop`."""
        runs = [relay.run(self._stop) for relay in self.relays.values()] if relays else []
        if worker:
            runs.append(self.worker.run(self._stop))
        self._tasks += [asyncio.create_task(run) for run in runs]

    async def stop(self) -> None:
        """Finish what has begun, then let go of everything. Repeatable."""
        self._stop.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
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

    def wake(name: str) -> None:
        if name in relays:
            relays[name].wake()

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
                committed=lambda: wake(invoicing.NAME),
                renderers=settings.renderers,
            )
        else:
            contexts[name] = analytics.wire(
                database, catalogue, clock=clock, ids=ids, registry=REGISTRY
            )
    worker = _worker(contexts, clock)
    transport = PostgresTransport(_subscriptions(pools), clock, lambda _: worker.wake())
    for name, context in contexts.items():
        if context.publishes:
            relays[name] = Relay(context.database, transport, clock=clock, ids=ids)
    return Host(pools, contexts, relays, worker, clock)


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
            queues.append(JobRuns(context, JobQueue(context.database, clock=clock, ids=ids)))
    return Worker(queues)


async def create_app(host: Host, settings: Settings, *, background: bool = True) -> FastAPI:
    """The application of a host. With `background` its lifespan runs relays and worker."""
    verifier = Verifier(settings.auth, tokens_not_before=host.tokens_not_before)
    await verifier.start()
    lag = LoopLagMonitor(settings.observability.loop_lag_interval_seconds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        Collector.settle()
        await lag.start()
        if background:
            host.start_background()
        try:
            yield
        finally:
            await lag.stop()
            await host.stop()

    app = create_edge(
        verifier, settings=settings.http, tracer=recording_tracer(), lifespan=lifespan
    )
    app.state.loop_lag = lag
    for context in host.contexts.values():
        setattr(app.state, context.name, context.edge)
        for router in context.routers:
            add_router(app, router)
    tags = [tag for context in host.contexts.values() for tag in context.tags]
    add_router(app, health_router({"database": host.ready, "keys": verifier.ready}))
    install_openapi(app, title="Invx", version=__version__, description=DESCRIPTION, tags=tags)
    install_docs_page(app)
    return app
