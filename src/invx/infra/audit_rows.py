"""Proves that rows are what their events give: makes them all again beside, and compares (D3).

Chains and seals prove events. What people read are rows, so a changed row would go unseen. Here the
projections that once wrote the rows write them anew into temporary tables, and the database
compares column by column. Also compared: the kind and the kept state of each stream, and what the
outbox still holds of contracts. Long streams are read in pieces, so none takes more memory.

The comparison takes the projections of this program: after a change of what they state, rows that
were made before differ until they are made anew.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from invx.infra.event_store import EventStore, Recorded
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import Rows, Storage, outbox_row
from invx.infra.write_set import Catalogue, Row, Table, WriteSet
from invx.kernel.aggregate import Aggregate

_EVENTS_AT_ONCE = 1_000
_STREAMS_AT_ONCE = 500
_BESIDE = "pg_temp"
_OUTBOX = "outbox"
# What an outbox row says beyond its event: how it travels.
_OF_TRAVELLING = frozenset(("lane", "trace_parent", "published_at"))


async def verify_rows(
    conn: Connection, storage: Storage, tenant_id: UUID
) -> tuple[int, str | None]:
    """How many rows were compared, and the first that is not what its events give.

    `conn` is the owner's. One snapshot is read, so that work may go on; nothing stays. The event
    loop is held up: it is for a process of its own, such as the command line.
    """
    async with _put_aside(conn):
        return await _Replay(conn, storage, tenant_id).compared()


@asynccontextmanager
async def _put_aside(conn: Connection) -> AsyncIterator[None]:
    """A transaction that is rolled back; inside another, only what is done here is."""
    inside = conn.is_in_transaction()
    transaction = conn.transaction() if inside else conn.transaction(isolation="repeatable_read")
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


class _Compared(Rows):
    """Takes the rows of tables that are compared: into others not only projections write."""

    def __init__(self, write_set: WriteSet, tenant_id: UUID, tables: frozenset[str]) -> None:
        super().__init__(write_set, tenant_id)
        self._tables = tables

    def put(self, table: str, key: Row, values: Row) -> None:
        if table in self._tables:
            super().put(table, key, values)

    def delete(self, table: str, key: Row) -> None:
        if table in self._tables:
            super().delete(table, key)


class _Replay:
    """The rows of one tenant, made again in tables beside the real ones."""

    def __init__(self, conn: Connection, storage: Storage, tenant_id: UUID) -> None:
        self._conn = conn
        self._storage = storage
        self._tenant_id = tenant_id
        self._schema = storage.catalogue.schema
        self._tables = {name: storage.catalogue.tables[name] for name in storage.tables}
        self._tables[_OUTBOX] = _without(storage.catalogue.tables[_OUTBOX], _OF_TRAVELLING)
        self._beside = Catalogue(_BESIDE, self._tables)
        self._kinds = {kind.__name__: kind for kind in storage.kinds}
        self._store = EventStore(conn, self._schema, storage.codec, tenant_id)

    async def compared(self) -> tuple[int, str | None]:
        """Make all rows again, and compare."""
        for name, table in self._tables.items():
            statement = _CREATE.format(
                name=name,
                schema=self._schema,
                columns=_listed(table.columns),
                key=_listed(table.key),
            )
            await self._conn.execute(statement)
        async for streams in self._streams():
            wrong = await self._replayed(streams)
            if wrong is not None:
                return 0, wrong
        await self._cascade()
        count = 0
        for name, table in self._tables.items():
            count += await self._conn.fetchval(f"SELECT count(*) FROM {_BESIDE}.{name}")
            wrong = await self._difference(name, table)
            if wrong is not None:
                return count, wrong
        return count, None

    async def _streams(self) -> AsyncIterator[Sequence[Any]]:
        """Streams in the order of their ids: few events at once, or one stream that has many."""
        place = UUID(int=0)
        while rows := await self._conn.fetch(
            _STREAMS.format(schema=self._schema), self._tenant_id, place, _STREAMS_AT_ONCE
        ):
            place = rows[-1]["stream_id"]
            for group in _groups(rows):
                yield group

    async def _replayed(self, streams: Sequence[Any]) -> str | None:
        """Make the rows of these streams; what is wrong with one of them, if anything."""
        for stream in streams:
            if stream["kind"] not in self._kinds:
                return _at(stream, f"there is no kind {stream['kind']!r}")
        aggregates = {s["stream_id"]: self._kinds[s["kind"]](s["stream_id"]) for s in streams}
        at, held = streams[0], list[Recorded]()
        small = sum(stream["version"] for stream in streams) <= _EVENTS_AT_ONCE
        try:
            async for past in self._past(streams):
                for recorded in past:
                    at = {"stream_id": recorded.stream_id, "version": recorded.version}
                    aggregates[recorded.stream_id].advance(recorded.event)
                if small:
                    held += past
            if small:
                await self._make(aggregates, held)
            else:  # read a second time, so that it takes no more memory
                async for past in self._past(streams):
                    await self._make(aggregates, past)
        except Exception as error:  # noqa: BLE001 - tampered events fail anywhere; they are named
            return _at(at, f"its events cannot be replayed: {type(error).__name__}: {error}")
        for stream in streams:
            if _kept(aggregates[stream["stream_id"]]) != stream["state"]:
                return _at(stream, "the kept state is not what the events give")
        return None

    async def _past(self, streams: Sequence[Any]) -> AsyncIterator[Sequence[Recorded]]:
        ids, place = [stream["stream_id"] for stream in streams], (UUID(int=0), 0)
        while past := await self._store.past(ids, place, _EVENTS_AT_ONCE):
            place = (past[-1].stream_id, past[-1].version)
            yield past
            if len(past) < _EVENTS_AT_ONCE:
                return

    async def _make(self, aggregates: dict[UUID, Aggregate], past: Iterable[Recorded]) -> None:
        write_set = WriteSet(self._beside)
        rows = _Compared(write_set, self._tenant_id, frozenset(self._tables))
        for recorded in past:
            self._storage.project(replace(recorded, aggregate=aggregates[recorded.stream_id]), rows)
            contract = self._storage.publish(recorded)
            if contract is not None:
                row = outbox_row(recorded, contract, self._storage)
                write_set.put(_OUTBOX, {k: row[k] for k in row if k not in _OF_TRAVELLING})
        await write_set.flush(self._conn)

    async def _cascade(self) -> None:
        """What a foreign key deletes with its document is deleted here too."""
        for row in await self._conn.fetch(_CASCADES, self._schema, list(self._tables)):
            pairs = zip(row["columns"], row["theirs"], strict=True)
            match = " AND ".join(f'p."{theirs}" = c."{ours}"' for ours, theirs in pairs)
            await self._conn.execute(
                f'DELETE FROM {_BESIDE}."{row["child"]}" c WHERE NOT EXISTS'
                f' (SELECT FROM {_BESIDE}."{row["parent"]}" p WHERE {match})'
            )

    async def _difference(self, name: str, table: Table) -> str | None:
        """The first row that is missing, too many or another. Contracts are forgotten one day."""
        key = table.key[1:]  # the tenant is said elsewhere
        columns = [column for column in table.columns if column not in table.key]
        differing = ", ".join(
            f"""CASE WHEN s."{c}"::text IS DISTINCT FROM e."{c}"::text THEN '{c}' END"""
            for c in columns
        )
        found = await self._conn.fetchrow(
            _COMPARE.format(
                schema=self._schema,
                name=name,
                join=" AND ".join(f's."{c}" = e."{c}"' for c in key),
                key=" || ', ' || ".join(f"""'{c} ' || coalesce(s."{c}", e."{c}")""" for c in key),
                differing=f"array_remove(ARRAY[{differing or 'NULL::text'}]::text[], NULL)",
                kind="LEFT" if name == _OUTBOX else "FULL",
                order=", ".join(f'coalesce(s."{c}", e."{c}")' for c in key),
            ),
            self._tenant_id,
        )
        if found is None:
            return None
        if found["stored"] and found["expected"]:
            what = f"{', '.join(found['columns'])}: not what the events give"
        else:
            what = "no event gives this row" if found["stored"] else "the row is missing"
        return f"{name}, {found['place']}: {what}"


def _without(table: Table, left_out: frozenset[str]) -> Table:
    return Table({c: of for c, of in table.columns.items() if c not in left_out}, table.key)


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _groups(streams: Sequence[Any]) -> Iterator[list[Any]]:
    group: list[Any] = []
    events = 0
    for stream in streams:
        if group and events + stream["version"] > _EVENTS_AT_ONCE:
            yield group
            group, events = [], 0
        group.append(stream)
        events += stream["version"]
    yield group


def _kept(aggregate: Aggregate) -> str | None:
    snapshot = getattr(aggregate, "snapshot", None)
    return msgspec.json.encode(snapshot()).decode() if snapshot else None


def _at(stream: Any, what: str) -> str:
    return f"stream {stream['stream_id']}, version {stream['version']}: {what}"


_CREATE = """
CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS
    SELECT {columns} FROM {schema}.{name} WITH NO DATA;
ALTER TABLE pg_temp.{name} ADD PRIMARY KEY ({key})
"""
_STREAMS = """
SELECT stream_id, kind, version, state::text AS state FROM {schema}.streams
WHERE tenant_id = $1 AND stream_id > $2 ORDER BY stream_id LIMIT $3
"""
_COMPARE = """
SELECT {key} AS place, s.tenant_id IS NOT NULL AS stored, e.tenant_id IS NOT NULL AS expected,
    {differing} AS columns
FROM (SELECT * FROM {schema}.{name} WHERE tenant_id = $1) AS s
{kind} JOIN pg_temp.{name} AS e ON {join}
WHERE s.tenant_id IS NULL OR e.tenant_id IS NULL OR {differing} <> '{{}}'
ORDER BY {order} LIMIT 1
"""
_CASCADES = """
SELECT child.relname AS child, parent.relname AS parent,
    ARRAY(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY AS k(at, n)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.at ORDER BY n) AS columns,
    ARRAY(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY AS k(at, n)
        JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.at ORDER BY n) AS theirs
FROM pg_constraint f JOIN pg_class child ON child.oid = f.conrelid
JOIN pg_class parent ON parent.oid = f.confrelid JOIN pg_namespace n ON n.oid = child.relnamespace
WHERE n.nspname = $1 AND f.contype = 'f' AND f.confdeltype = 'c'
AND child.relname = ANY($2) AND parent.relname = ANY($2) ORDER BY child.relname
"""
