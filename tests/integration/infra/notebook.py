"""A context small enough to see through, on a real PostgreSQL: notes that are written and signed.

Schema `notebook` has the tables of every context and three of its own. Each test works in a tenant
of its own, so nothing is emptied between tests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, ClassVar, Self
from uuid import UUID

import asyncpg

from invx.contracts.registry import Registry
from invx.infra.codec import Codec
from invx.infra.embedded import Postgres
from invx.infra.event_store import Recorded
from invx.infra.facts import FactProvider, KnownFacts
from invx.infra.idempotency import Answer, IdempotentRequest
from invx.infra.migrate import migrate, migrations_in
from invx.infra.postgres import Connection, Database, Pools
from invx.infra.runner import Refusals, Runner
from invx.infra.system import SystemClock, Uuid7Ids
from invx.infra.tenancy import Directory
from invx.infra.unit_of_work import EventUnitOfWork, Rows, Storage
from invx.infra.write_set import Catalogue
from invx.kernel.aggregate import Aggregate
from invx.kernel.context import Caller, RequestContext
from invx.kernel.errors import Conflict, DomainError
from invx.kernel.messages import Contract, Event, Personal
from invx.place import DATABASE, Place, place_of

SCHEMA = "notebook"
OWN_TABLES = """
CREATE TABLE notebook.notes (
    tenant_id uuid NOT NULL, note_id uuid NOT NULL, title text, lines integer NOT NULL,
    PRIMARY KEY (tenant_id, note_id), CONSTRAINT notes_title UNIQUE (tenant_id, title));
CREATE TABLE notebook.things (
    tenant_id uuid NOT NULL, name text NOT NULL COLLATE "C",
    nth bigint GENERATED ALWAYS AS IDENTITY,
    amount numeric, at timestamptz, day date, words text[], raw bytea, body json,
    twice bigint GENERATED ALWAYS AS (length(name) * 2) STORED, PRIMARY KEY (tenant_id, name));
CREATE TABLE notebook.marks (
    tenant_id uuid NOT NULL, name text NOT NULL, PRIMARY KEY (tenant_id, name));
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['notes', 'things', 'marks'] LOOP
        EXECUTE format('ALTER TABLE notebook.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE notebook.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON notebook.%I TO notebook_app'
            ' USING (tenant_id = notebook.current_tenant())'
            ' WITH CHECK (tenant_id = notebook.current_tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON notebook.%I TO notebook_app', name);
    END LOOP;
END $$
"""


class TitleTaken(Conflict):
    """Another note has this title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOpened(Event):
    subjects: ClassVar[dict[str, str]] = {"*": "author_id"}
    author_id: UUID
    title: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWritten(Event):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberTaken(Event):
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOpenedV1(Contract):
    wire: ClassVar[str] = "notebook.note.opened.v1"
    note_id: UUID


class Note(Aggregate):
    """Title and lines."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.title: str | None = None
        self.lines: list[str] = []

    @classmethod
    def open(cls, id: UUID, title: str | None, *, author_id: UUID) -> Self:
        note = cls(id)
        note.record(NoteOpened(author_id=author_id, title=title))
        return note

    def write(self, *lines: str) -> None:
        for line in lines:
            self.record(LineWritten(text=line))

    def apply(self, event: Event) -> None:
        match event:
            case NoteOpened():
                self.title = event.title
            case LineWritten():
                self.lines.append(event.text)


class Counter(Aggregate):
    """Keeps its state beside the stream, as a series of numbers does."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.last = 0

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        counter = cls(id)
        counter.version, counter.last = version, state["last"]
        return counter

    def snapshot(self) -> dict[str, Any]:
        return {"last": self.last}

    def take(self) -> int:
        self.record(NumberTaken(number=self.last + 1))
        return self.last

    def apply(self, event: Event) -> None:
        match event:
            case NumberTaken():
                self.last = event.number


def project(recorded: Recorded, rows: Rows) -> None:
    """One row per note, stated whole by every event."""
    if isinstance(note := recorded.aggregate, Note):
        values = {"title": note.title, "lines": len(note.lines)}
        rows.put("notes", {"note_id": note.id}, values)


def contract_of(recorded: Recorded) -> Contract | None:
    opened = isinstance(recorded.event, NoteOpened)
    return NoteOpenedV1(note_id=recorded.stream_id) if opened else None


CODEC = Codec([NoteOpened, LineWritten, NumberTaken])
REGISTRY = Registry([NoteOpenedV1])


class NotebookUnit(EventUnitOfWork):
    """Notes and counters."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.notes = self.repository(Note)
        self.counters = self.repository(Counter)


@dataclass(slots=True)
class Notebook:
    """The context over one database, with a tenant. `root` sees and may do everything."""

    root: "asyncpg.Connection[asyncpg.Record]"
    place: Place
    pools: Pools
    database: Database
    catalogue: Catalogue
    directory: Directory
    tenant_id: UUID
    ids: Uuid7Ids = field(default_factory=Uuid7Ids)
    clock: SystemClock = field(default_factory=SystemClock)
    committed: list[int] = field(default_factory=list)

    @property
    def storage(self) -> Storage:
        return Storage(
            self.catalogue, CODEC, project, contract_of, REGISTRY.body, kinds=(Note, Counter)
        )

    @property
    def caller(self) -> Caller:
        return Caller(self.tenant_id, "user:ada", self.ids.new())

    def unit(
        self, conn: Connection, ctx: RequestContext, facts: KnownFacts | None = None
    ) -> NotebookUnit:
        return NotebookUnit(
            conn,
            ctx,
            storage=self.storage,
            clock=self.clock,
            ids=self.ids,
            facts=facts or KnownFacts(),
        )

    def runner(self, **providers: FactProvider) -> Runner[NotebookUnit]:
        return Runner(
            self.database,
            self.directory,
            self.unit,
            clock=self.clock,
            providers=providers,
            refusals=Refusals({"notes_title": TitleTaken}),
            committed=lambda: self.committed.append(1),
        )

    async def run(self, handler: Callable[[Any, Any], Any], command: Any = None) -> Any:
        """Run a handler to its commit, as a route would."""
        return await self.runner().run(handler, command, self.caller)

    async def note(self, title: str | None = None, *lines: str) -> UUID:
        """A stored note."""

        async def open_note(_: object, uow: NotebookUnit) -> UUID:
            note = Note.open(uow.ids.new(), title, author_id=self.tenant_id)
            note.write(*lines)
            uow.notes.add(note)
            return note.id

        stored: UUID = await self.run(open_note)
        return stored

    async def count(self, table: str) -> int:
        """Rows of this tenant."""
        counted: int = await self.root.fetchval(
            f"SELECT count(*) FROM notebook.{table} WHERE tenant_id = $1", self.tenant_id
        )
        return counted

    async def counts(self) -> dict[str, int]:
        """Rows of this tenant in every table that a command may write."""
        tables = "streams events personal outbox notes things due_jobs facts idempotency".split()
        return {table: n for table in tables if (n := await self.count(table))}


def request(key: str = "a1", fingerprint: str = "f1") -> IdempotentRequest:
    """A request under a key; a refusal is answered 409 with its code."""

    def refusal(error: DomainError) -> Answer:
        return Answer(409, error.code.encode(), {"content-type": "text/plain"})

    return IdempotentRequest(key, fingerprint, refusal)


def at(hours: float) -> datetime:
    """A moment so many hours after a fixed one."""
    return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(hours=hours)


async def make_notebook(server: Postgres) -> Place:
    """The schema, in a database of its own."""
    place = place_of(server, f"{DATABASE}_notebook")
    admin = await asyncpg.connect(**server.connection())
    await admin.execute(f"CREATE DATABASE {DATABASE}_notebook")
    await admin.close()
    conn = await asyncpg.connect(**place.admin)
    await migrate(conn, SCHEMA, migrations_in(files("invx.infra") / "migrations"))
    await conn.execute(OWN_TABLES)
    await conn.close()
    return place
