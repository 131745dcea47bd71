"""Two small contexts on a real PostgreSQL: one sends notes, one writes down what it hears."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg
from structlog.testing import capture_logs

from invx.contracts.registry import Registry
from invx.infra.codec import Codec
from invx.infra.context import Context
from invx.infra.embedded import Postgres
from invx.infra.facts import KnownFacts
from invx.infra.inbox import Inbox
from invx.infra.jobs import JobQueue
from invx.infra.migrate import migrate, migrations_in, prepare_logins
from invx.infra.outbox import Relay
from invx.infra.parked import Parked
from invx.infra.postgres import Connection, Database, Pools
from invx.infra.reactions import JobRuns, Reactions
from invx.infra.runner import Runner
from invx.infra.tenancy import Directory
from invx.infra.transport import PostgresTransport
from invx.infra.unit_of_work import EventUnitOfWork, Storage
from invx.infra.worker import Worker
from invx.infra.write_set import Catalogue
from invx.kernel.context import RequestContext
from invx.kernel.messages import Contract, Envelope
from invx.place import Place, place_of
from tests.waiting import HANG_SECONDS

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SENDER, RECEIVER = "sender", "receiver"
_TABLES = "outbox inbox due_jobs leases streams events personal tenants".split()
_HEARD = """
CREATE TABLE receiver.heard (
    tenant_id uuid NOT NULL, nth bigint GENERATED ALWAYS AS IDENTITY, key uuid NOT NULL,
    number bigint NOT NULL, actor text NOT NULL, PRIMARY KEY (tenant_id, nth));
ALTER TABLE receiver.heard ENABLE ROW LEVEL SECURITY;
ALTER TABLE receiver.heard FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON receiver.heard TO receiver_app
    USING (tenant_id = receiver.current_tenant())
    WITH CHECK (tenant_id = receiver.current_tenant());
GRANT SELECT, INSERT ON receiver.heard TO receiver_app
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTakenV1(Contract):
    """The only thing that the sender ever says."""

    wire: ClassVar[str] = "sender.note.taken.v1"

    key: UUID
    number: int


NOTES = Registry([NoteTakenV1])


@dataclass(slots=True)
class SetClock:
    """System time that moves when it is told to."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class SeededIds:
    """Ids that are the same on every run."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)

    def new(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that only rows can tell."""
    async with asyncio.timeout(HANG_SECONDS):
        while not await condition():  # noqa: ASYNC110 - no event reaches from a row to here
            await asyncio.sleep(0.005)


def tenant(number: int) -> UUID:
    return UUID(int=number << 64)


def key(name: object) -> UUID:
    return uuid5(NAMESPACE_OID, str(name))


def note(tenant_id: UUID, stream: UUID, number: int, *, wire: str = NoteTakenV1.wire) -> Envelope:
    """The envelope of the `number`-th note of a stream; the same arguments, the same message."""
    body = {"key": str(stream), "number": number}
    return Envelope(
        message_id=uuid5(stream, f"{tenant_id} {number} {wire}"),
        tenant_id=tenant_id,
        contract=wire,
        order_key=stream,
        sequence=number,
        occurred_at=START,
        actor="user:ada",
        correlation_id=uuid5(stream, "correlation"),
        causation_id=uuid5(stream, f"event {number}"),
        body=json.dumps(body),
    )


def place_on(server: Postgres) -> Place:
    """Where the stage stands: a database of its own on the server of the test run."""
    return place_of(server, "delivery_stage")


async def build_stage(place: Place) -> None:
    """Both schemas; building it again changes nothing."""
    admin = await asyncpg.connect(**{**place.admin, "database": "postgres"})
    if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = 'delivery_stage'"):
        await admin.execute("CREATE DATABASE delivery_stage TEMPLATE template0")
    await admin.close()
    conn = await asyncpg.connect(**place.admin)
    await prepare_logins(conn, place.where.app["password"], place.where.system["password"])
    for schema in (SENDER, RECEIVER):
        await migrate(conn, schema, migrations_in(files("invx.infra") / "migrations"))
    if not await conn.fetchval("SELECT to_regclass('receiver.heard')"):
        await conn.execute(_HEARD)
    await conn.close()


class Heard(EventUnitOfWork):
    """The receiver's unit of work: it can write down what it heard."""

    def write_down(self, contract: NoteTakenV1) -> None:
        self.write_set.insert(
            "heard",
            {
                "tenant_id": self.ctx.tenant_id,
                "key": contract.key,
                "number": contract.number,
                "actor": self.ctx.caller.actor,
            },
        )


async def write_down(contract: NoteTakenV1, uow: Heard) -> None:
    """The plainest reaction."""
    uow.write_down(contract)


@dataclass(slots=True)
class Stage:
    """Everything a test plays with. `root` is the superuser, to look and to break things."""

    root: "asyncpg.Connection[asyncpg.Record]"
    place: Place
    pools: Pools
    clock: SetClock
    ids: SeededIds
    sender: Database
    receiver: Database
    directory: Directory
    catalogue: Catalogue
    logs: list[Any]  # what was logged meanwhile

    def context(
        self,
        reaction: Callable[[Any, Any], Awaitable[Any]] = write_down,
        jobs: dict[str, Callable[[Any, Any], Awaitable[Any]]] | None = None,
    ) -> Context:
        """The receiving context with this reaction."""
        storage = Storage(self.catalogue, Codec(()), lambda *_: None, lambda _: None, NOTES.body)

        def open_unit(conn: Connection, ctx: RequestContext, facts: KnownFacts) -> Heard:
            return Heard(conn, ctx, storage=storage, clock=self.clock, ids=self.ids, facts=facts)

        runner = Runner(self.receiver, self.directory, open_unit, clock=self.clock)
        return Context(
            "receiver", self.receiver, self.directory, runner,
            reactions={NoteTakenV1: reaction}, jobs=jobs or {},
        )  # fmt: skip

    def inbox(self, kind: type[Inbox] = Inbox) -> Inbox:
        return kind(self.receiver, clock=self.clock, ids=self.ids, chance=random.Random(1))

    def jobs(self) -> JobQueue:
        return JobQueue(self.receiver, clock=self.clock, ids=self.ids, chance=random.Random(1))

    def parked(self) -> Parked:
        return Parked(self.receiver, self.clock)

    def reactions(self, reaction: Callable[[Any, Any], Awaitable[Any]] = write_down) -> Reactions:
        return Reactions(self.context(reaction), self.inbox(), NOTES)

    def worker(self, reaction: Callable[[Any, Any], Awaitable[Any]] = write_down) -> Worker:
        return Worker([self.reactions(reaction)])

    def job_worker(self, **jobs: Callable[[Any, Any], Awaitable[Any]]) -> Worker:
        return Worker([JobRuns(self.context(jobs=jobs), self.jobs())])

    def transport(self) -> PostgresTransport:
        return PostgresTransport({NoteTakenV1.wire: [self.receiver]}, self.clock)

    def relay(self, transport: Any = None) -> Relay:
        return Relay(self.sender, transport or self.transport(), clock=self.clock, ids=self.ids)

    async def know(self, *tenants: UUID) -> None:
        for tenant_id in tenants:
            await self.directory.register(tenant_id, name="")

    async def send(self, *envelopes: Envelope, lane: int = 0) -> None:
        """Put envelopes into the sender's outbox, as a committed unit of work would."""
        await self.root.executemany(
            OUTBOX_INSERT, [outbox_values(each, lane, self.clock.now()) for each in envelopes]
        )

    async def heard(self, tenant_id: UUID | None = None) -> list[tuple[UUID, int]]:
        """(key, number) in the order in which it was written down."""
        rows = await self.root.fetch(
            "SELECT tenant_id, key, number FROM receiver.heard ORDER BY nth"
        )
        return [(row[1], row[2]) for row in rows if tenant_id in (None, row[0])]

    async def states(self, table: str = "inbox") -> dict[str, int]:
        rows = await self.root.fetch(f"SELECT state, count(*) FROM receiver.{table} GROUP BY 1")
        return dict(map(tuple, rows))


OUTBOX_INSERT = """
INSERT INTO sender.outbox (tenant_id, message_id, contract, order_key, sequence, occurred_at, actor,
    correlation_id, causation_id, trace_parent, body, lane, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::json, $12, $13)
"""


def outbox_values(envelope: Envelope, lane: int, now: datetime) -> tuple[Any, ...]:
    """The parameters of `OUTBOX_INSERT`."""
    e = envelope
    return (
        e.tenant_id, e.message_id, e.contract, e.order_key, e.sequence, e.occurred_at, e.actor,
        e.correlation_id, e.causation_id, e.trace_parent, e.body, lane, now,
    )  # fmt: skip


@asynccontextmanager
async def set_stage(place: Place, seed: int = 0) -> AsyncIterator[Stage]:
    """An empty stage with the clock at its start; nobody's rows of before."""
    root = await asyncpg.connect(**place.admin)
    tables = [f"{schema}.{name}" for schema in (SENDER, RECEIVER) for name in _TABLES]
    await root.execute(f"TRUNCATE receiver.heard, {', '.join(tables)}")
    pools = Pools(place.where)
    await pools.open()
    clock, ids = SetClock(), SeededIds(seed)
    sender, receiver = Database(SENDER, pools), Database(RECEIVER, pools)
    async with receiver.system_transaction() as conn:
        catalogue = await Catalogue.read(conn, RECEIVER)
    directory = Directory(receiver, clock)
    try:
        with capture_logs() as logs:
            yield Stage(
                root, place, pools, clock, ids, sender, receiver, directory, catalogue, logs
            )
    finally:
        await pools.close()
        await root.close()
