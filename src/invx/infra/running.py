"""What keeps the contexts of a process going: relays, feeds, worker, sealing, upkeep, bells."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from invx.contracts.registry import REGISTRY
from invx.infra.bell import Bell
from invx.infra.context import Context
from invx.infra.idempotency import forget_answers
from invx.infra.inbox import Inbox
from invx.infra.jobs import JobQueue
from invx.infra.outbox import Relay
from invx.infra.parked import Parked
from invx.infra.postgres import (
    CONNECT_SECONDS_MAX,
    POOLED,
    Database,
    DatabaseSettings,
    Pools,
)
from invx.infra.rabbit.feed import Feed
from invx.infra.reactions import JobRuns, Reactions
from invx.infra.revocations import tokens_not_before
from invx.infra.rotation import LANES
from invx.infra.sealing import Sealing
from invx.infra.storage.sweeping import Sweeping
from invx.infra.system import Uuid7Ids
from invx.infra.tenants.thawing import thaw_tenants
from invx.infra.upkeep import Chore, Upkeep
from invx.infra.worker import Worker
from invx.kernel.errors import invariant
from invx.kernel.ports import Clock

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Host:
    """The contexts of this process and what keeps them going."""

    pools: Pools
    contexts: dict[str, Context]
    relays: dict[str, Relay]  # by the label of the database whose outbox each reads
    worker: Worker
    sealing: Sealing
    upkeep: Upkeep
    bells: dict[str, Bell]  # by placement, or by the context that has a database of its own
    clock: Clock
    feeds: dict[str, Feed] = field(default_factory=dict)  # where contracts come by a broker
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    _draining: bool = False
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    def start_background(self, *, relays: bool = True, worker: bool = True) -> None:
        """Upkeep with relays and worker, or only some of them, until `stop`.

        What runs already is not started again. A host that was stopped is not started any more.
        """
        invariant(not self._stop.is_set(), "a stopped host cannot be started again")
        runs = {"upkeep": self.upkeep.run}
        runs |= {f"bell {placement}": bell.run for placement, bell in self.bells.items()}
        if relays:
            runs |= {f"relay {name}": relay.run for name, relay in self.relays.items()}
        if worker:
            runs |= {"worker": self.worker.run, "sealing": self.sealing.run}
            runs |= {f"feed {name}": feed.run for name, feed in self.feeds.items()}
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
            await context.reads.close()
        for close in self.closing:
            await close()
        await self.pools.close()

    async def tokens_not_before(self, tenant_id: UUID) -> datetime | None:
        """The latest revocation that any directory here knows of."""
        directories = [context.directory for context in self.contexts.values()]
        return await tokens_not_before(directories, tenant_id)

    async def quota_class(self, tenant_id: UUID) -> str:
        """The class of a tenant's quota, as the first context here has it."""
        context = next(iter(self.contexts.values()))
        return (await context.directory.get(tenant_id)).quota_class

    def drain(self) -> None:
        """Say from now on that this process is not ready: who distributes requests looks away."""
        self._draining = True

    async def ready(self) -> bool:
        """Whether the database answers, and nobody has told this process to drain."""
        if self._draining:
            return False
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


async def _until(name: str, run: Coroutine[Any, Any, None]) -> None:
    """Await it, and say so if it ends by an error: nobody else would notice before `stop`."""
    try:
        await run
    except Exception as error:
        log.critical("background_ended", part=name, exc_info=error)
        raise


def bell_of(where: DatabaseSettings, database: Database) -> str:
    """By what name the bell of a database is found."""
    return database.schema if database.schema in where.contexts else database.placement


def bells_of(where: DatabaseSettings, databases: Iterable[Database]) -> dict[str, Bell]:
    """A bell for each database that one of these is in."""
    settings = {POOLED: where, **where.others, **where.contexts}
    names = dict.fromkeys(
        bell_of(where, each) for database in databases for each in database.everywhere()
    )

    def connecting(name: str) -> Callable[[], Awaitable[Any]]:
        return lambda: asyncpg.connect(**settings[name].system, timeout=CONNECT_SECONDS_MAX)

    return {name: Bell(connecting(name)) for name in names}


def waker(
    where: DatabaseSettings, bells: Mapping[str, Bell], databases: Iterable[Database], channel: str
) -> Callable[[], None]:
    """Rings for whoever works on these databases."""
    names = {bell_of(where, each) for each in databases}

    def wake() -> None:
        for name in names:
            bells[name].ring(channel)

    return wake


def upkeep_of(contexts: Mapping[str, Context], relays: Mapping[str, Relay], clock: Clock) -> Upkeep:
    """What is measured, and what is forgotten, of these contexts."""
    measures: list[Chore] = []
    forgets: list[Chore] = []
    ids = Uuid7Ids()
    for label, relay in relays.items():
        measures.append(Chore("measure_outbox", label, relay.measure))
        forgets.append(Chore("forget_outbox", label, relay.forget))
    for name, context in contexts.items():
        forgets += context.chores
        if context.places is not None:
            forgets.append(Chore("sweep_files", name, Sweeping(context, clock).turn))
        for database in context.database.everywhere():
            label = database.label

            async def forget(database: Database = database) -> None:
                await forget_answers(database, clock.now().date())

            async def thaw(database: Database = database) -> None:
                await thaw_tenants(database)

            forgets.append(Chore("forget_answers", label, forget))
            measures.append(Chore("thaw_tenants", label, thaw))
            if context.reactions:
                measures.append(Chore("measure_inbox", label, Parked(database, clock).measure))
                inbox = Inbox(database, clock=clock, ids=ids)
                forgets.append(Chore("forget_inbox", label, inbox.forget))
            if context.jobs:
                jobs = JobQueue(database, clock=clock, ids=ids)
                measures.append(Chore("measure_jobs", label, jobs.measure))
                forgets.append(Chore("forget_jobs", label, jobs.forget))
    return Upkeep(measures=measures, forgets=forgets, clock=clock)


def worker_of(contexts: Mapping[str, Context], clock: Clock) -> Worker:
    """A worker for the inboxes and due jobs of these contexts."""
    ids = Uuid7Ids()
    queues: list[Reactions | JobRuns] = []
    for context in contexts.values():
        for database in context.database.everywhere():
            if context.reactions:
                inbox = Inbox(database, clock=clock, ids=ids)
                queues.append(Reactions(context, inbox, REGISTRY))
            if context.jobs:
                for lane in LANES:
                    jobs = JobQueue(database, clock=clock, ids=ids, lane=lane)
                    queues.append(JobRuns(context, jobs))
    return Worker(queues)
