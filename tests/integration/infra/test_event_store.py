"""Streams in the database: the hash chain, loading, history, and aggregates that keep their state.

The chain is computed here once more, from the rows and the rule as it is written down, with nothing
but hashlib and json: what a verifier outside of the house would do.
"""

import asyncio
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from invx.infra.event_store import _LOAD, EventStore
from invx.kernel.errors import InvariantViolation, NotFound
from tests.integration.infra.notebook import (
    CODEC,
    Counter,
    LineWritten,
    Note,
    Notebook,
    NotebookUnit,
    NoteOpened,
)


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def chained(previous: bytes, row: Any) -> bytes:
    """sha256(previous hash || header || body), as the docstring of the event store says."""
    header = [
        str(row["tenant_id"]),
        str(row["stream_id"]),
        row["version"],
        str(row["event_id"]),
        row["type"],
        row["schema_version"],
        instant(row["occurred_at"]),
        instant(row["recorded_at"]),
        row["actor"],
        str(row["correlation_id"]),
        str(row["causation_id"]) if row["causation_id"] else None,
    ]
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + text.encode() + row["body"].encode()).digest()


async def stored(notebook: Notebook, stream_id: UUID) -> list[Any]:
    return await notebook.root.fetch(
        "SELECT *, body::text AS body FROM notebook.events WHERE tenant_id = $1 AND stream_id = $2"
        " ORDER BY version",
        notebook.tenant_id,
        stream_id,
    )


async def head(notebook: Notebook, stream_id: UUID) -> Any:
    return await notebook.root.fetchrow(
        "SELECT * FROM notebook.streams WHERE tenant_id = $1 AND stream_id = $2",
        notebook.tenant_id,
        stream_id,
    )


async def write(notebook: Notebook, note_id: UUID, *lines: str) -> None:
    async def add_lines(_: object, uow: NotebookUnit) -> None:
        (await uow.notes.get(note_id)).write(*lines)

    await notebook.run(add_lines)


async def take_number(counter_id: UUID, uow: NotebookUnit) -> int:
    return (await uow.counters.get_locked(counter_id)).take()


async def open_counter(_: object, uow: NotebookUnit) -> UUID:
    counter = Counter(uow.ids.new())
    counter.take()
    uow.counters.add(counter)
    return counter.id


async def test_the_chain_is_what_anybody_can_recompute(notebook: Notebook) -> None:
    note_id = await notebook.note("Zürich – „Plan“", "one", 'tw"o')
    await write(notebook, note_id, "drei\n", "四", "\\u0000 is text here")
    previous = bytes(32)
    rows = await stored(notebook, note_id)
    for number, row in enumerate(rows, 1):
        assert row["version"] == number
        previous = chained(previous, row)
        assert row["hash"] == previous
    assert len(rows) == 6
    stream = await head(notebook, note_id)
    assert (stream["version"], stream["head_hash"], stream["kind"]) == (6, previous, "Note")


async def test_the_first_event_follows_thirty_two_zero_bytes(notebook: Notebook) -> None:
    rows = await stored(notebook, await notebook.note("A"))
    assert rows[0]["hash"] == chained(bytes(32), rows[0])
    assert rows[0]["hash"] != chained(b"", rows[0])


async def test_changing_any_stored_field_breaks_the_chain(notebook: Notebook) -> None:
    note_id = await notebook.note("A", "one")
    row = dict((await stored(notebook, note_id))[0])
    true = chained(bytes(32), row)
    for name, other in {
        "tenant_id": notebook.ids.new(),
        "stream_id": notebook.ids.new(),
        "version": 9,
        "event_id": notebook.ids.new(),
        "type": "Other",
        "schema_version": 2,
        "occurred_at": datetime(2020, 1, 1, tzinfo=UTC),
        "recorded_at": datetime(2020, 1, 1, tzinfo=UTC),
        "actor": "user:eve",
        "correlation_id": notebook.ids.new(),
        "causation_id": notebook.ids.new(),
        "body": row["body"].replace(":", ": ", 1),
    }.items():
        assert chained(bytes(32), {**row, name: other}) != true, name


async def test_the_bytes_that_were_hashed_are_the_bytes_that_are_stored(notebook: Notebook) -> None:
    note_id = await notebook.note("A", "  ünï\tcode  ", '{"not": "json"}', "€" * 500)
    rows = await stored(notebook, note_id)
    assert [row["body"] for row in rows[1:]] == [
        CODEC.encode(LineWritten(text=text)).body.decode()
        for text in ("  ünï\tcode  ", '{"not": "json"}', "€" * 500)
    ]


async def test_what_is_personal_stands_beside_the_event(notebook: Notebook) -> None:
    note_id = await notebook.note("Elsa Krüger")
    (row,) = await stored(notebook, note_id)
    assert "Krüger" not in row["body"]
    (kept,) = await notebook.root.fetch(
        "SELECT *, value::text AS text FROM notebook.personal WHERE stream_id = $1", note_id
    )
    assert kept["subject_id"] == notebook.tenant_id
    assert json.loads(kept["text"]) == {"/title": "Elsa Krüger"}
    proof = hashlib.sha256(kept["salt"] + kept["text"].encode()).hexdigest()
    assert json.loads(row["body"])["~personal"] == {str(notebook.tenant_id): proof}


async def test_an_erased_value_reads_as_none_and_breaks_no_chain(notebook: Notebook) -> None:
    note_id = await notebook.note("Elsa Krüger", "one")
    await notebook.root.execute("DELETE FROM notebook.personal WHERE stream_id = $1", note_id)

    async def title(_: object, uow: NotebookUnit) -> str | None:
        return (await uow.notes.get(note_id)).title

    assert await notebook.run(title) is None
    await write(notebook, note_id, "two")
    previous = bytes(32)
    for row in await stored(notebook, note_id):
        previous = chained(previous, row)
        assert row["hash"] == previous


async def test_several_streams_are_loaded_in_one_round_trip(notebook: Notebook) -> None:
    ids = [await notebook.note(title, *"xy"[:n]) for n, title in enumerate(("a", "b", "c"))]
    unknown = notebook.ids.new()
    async with notebook.runner().reading(notebook.caller) as (conn, ctx):
        asked: list[str] = []
        # What the driver asks about types is asked once per connection and is not ours.
        conn.add_query_logger(
            lambda query: asked.append(query.query) if "notebook." in query.query else None
        )
        uow = notebook.unit(conn, ctx)
        found = await uow.notes.find_all([*ids, unknown, ids[0]])
        await asyncio.sleep(0)  # the driver tells its loggers in the next turn of the loop
        assert len(asked) == 1
        assert {id: note.title for id, note in found.items()} == dict(zip(ids, "abc", strict=True))
        assert [len(found[id].lines) for id in ids] == [0, 1, 2]
        assert await uow.notes.get(ids[1]) is found[ids[1]]
        await asyncio.sleep(0)
        assert len(asked) == 1


async def test_a_stream_of_another_kind_is_not_found(notebook: Notebook) -> None:
    note_id = await notebook.note("A")
    counter_id = await notebook.run(open_counter)
    async with notebook.runner().reading(notebook.caller) as (conn, ctx):
        uow = notebook.unit(conn, ctx)
        assert await uow.counters.find(note_id) is None
        assert await uow.notes.find(counter_id) is None
        assert await uow.notes.find(note_id) is not None
        assert await uow.counters.find(note_id) is None, "also when it is held already"
        with pytest.raises(NotFound):
            await uow.counters.get_locked(note_id)
        with pytest.raises(NotFound):
            await uow.notes.get(counter_id)


async def test_a_selected_stream_of_another_kind_is_left_out(notebook: Notebook) -> None:
    note_id = await notebook.note("A")
    await notebook.run(open_counter)
    everything = "SELECT stream_id FROM notebook.streams WHERE tenant_id = $1"
    async with notebook.runner().reading(notebook.caller) as (conn, ctx):
        found = await notebook.unit(conn, ctx).notes.find_selected(everything)
        assert [note.id for note in found] == [note_id]


async def test_history_tells_who_when_and_why_in_order(notebook: Notebook) -> None:
    note_id = await notebook.note("A", *"bcdef")
    async with notebook.runner().reading(notebook.caller) as (conn, _):
        store = EventStore(conn, "notebook", CODEC, notebook.tenant_id)
        whole = await store.history(note_id)
        assert [each.version for each in whole] == [1, 2, 3, 4, 5, 6]
        assert whole[0].event == NoteOpened(author_id=notebook.tenant_id, title="A")
        assert {each.actor for each in whole} == {"user:ada"}
        assert len({each.event_id for each in whole}) == 6
        assert all(each.occurred_at.tzinfo for each in whole)
        page = await store.history(note_id, after=2, limit=2)
        assert [each.event for each in page] == [LineWritten(text="c"), LineWritten(text="d")]
        assert page == whole[2:4]
        assert await store.history(notebook.ids.new()) == []


async def test_another_tenants_stream_is_not_there(notebook: Notebook) -> None:
    note_id = await notebook.note("A")
    other = notebook.ids.new()
    await notebook.directory.register(other, name="O")
    tenant = await notebook.directory.get(other)
    async with notebook.database.tenant_transaction(other, tenant.epoch, write=False) as conn:
        # Even a store that was given the wrong tenant finds nothing: the database refuses.
        for asked in (other, notebook.tenant_id):
            store = EventStore(conn, "notebook", CODEC, asked)
            assert await store.load([note_id], "Note") == {}
            assert await store.history(note_id) == []


async def test_a_kept_state_is_restored_without_reading_events(notebook: Notebook) -> None:
    counter_id = await notebook.run(open_counter)
    assert [await notebook.run(take_number, counter_id) for _ in range(3)] == [2, 3, 4]
    await notebook.root.execute("DELETE FROM notebook.events WHERE stream_id = $1", counter_id)
    assert await notebook.run(take_number, counter_id) == 5
    stream = await head(notebook, counter_id)
    assert (stream["version"], json.loads(stream["state"])) == (5, {"last": 5})


async def test_the_chain_goes_on_from_a_kept_state(notebook: Notebook) -> None:
    counter_id = await notebook.run(open_counter)
    await notebook.run(take_number, counter_id)
    await notebook.run(take_number, counter_id)
    previous = bytes(32)
    for row in await stored(notebook, counter_id):
        previous = chained(previous, row)
        assert row["hash"] == previous
    assert (await head(notebook, counter_id))["head_hash"] == previous


async def test_a_locked_state_waits_for_the_one_before(notebook: Notebook) -> None:
    counter_id = await notebook.run(open_counter)
    entered = asyncio.Event()
    runs = 0

    async def slowly(_: object, uow: NotebookUnit) -> int:
        nonlocal runs
        runs += 1
        number = (await uow.counters.get_locked(counter_id)).take()
        entered.set()
        await asyncio.sleep(0.1)
        return number

    first = asyncio.create_task(notebook.run(slowly))
    await entered.wait()
    second = asyncio.create_task(notebook.run(slowly))
    assert [await first, await second] == [2, 3]
    assert runs == 2, "the second waited; it did not lose a race and run again"


async def test_an_aggregate_without_a_kept_state_cannot_be_locked(notebook: Notebook) -> None:
    note_id = await notebook.note("A")

    async def lock(_: object, uow: NotebookUnit) -> Note:
        return await uow.notes.get_locked(note_id)

    with pytest.raises(InvariantViolation, match="keeps no state"):
        await notebook.run(lock)


async def test_the_application_can_neither_change_nor_delete_an_event(notebook: Notebook) -> None:
    note_id = await notebook.note("A")
    tenant = await notebook.directory.get(notebook.tenant_id)
    for attempt in (
        "UPDATE notebook.events SET actor = 'user:eve' WHERE stream_id = $1",
        "DELETE FROM notebook.events WHERE stream_id = $1",
        "DELETE FROM notebook.streams WHERE stream_id = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with notebook.database.tenant_transaction(
                notebook.tenant_id, tenant.epoch, write=True
            ) as conn:
                await conn.execute(attempt, note_id)


async def test_a_stream_is_read_by_its_own_events_however_young_the_tenant_is(
    notebook: Notebook,
) -> None:
    """Without statistics of a tenant its events look few; all of them were read for each stream."""
    other = notebook.ids.new()
    await notebook.root.execute(
        f"""
        INSERT INTO notebook.streams (tenant_id, stream_id, kind, version, head_hash)
            SELECT '{other}', gen_random_uuid(), 'Note', 1, '' FROM generate_series(1, 2000);
        INSERT INTO notebook.events
            SELECT tenant_id, stream_id, 1, gen_random_uuid(), 'LineWritten', 1, now(), now(),
                'user:ada', gen_random_uuid(), NULL, '{{"text": ""}}', ''
            FROM notebook.streams WHERE tenant_id = '{other}';
        ANALYZE notebook.streams, notebook.events"""
    )
    ids = [await notebook.note(f"young {number}", "one") for number in range(30)]
    statement = _LOAD.format(schema="notebook", wanted="$3::uuid[]")
    async with notebook.database.tenant_transaction(notebook.tenant_id, 1, write=False) as conn:
        plan = await conn.fetch(
            f"EXPLAIN (ANALYZE, COSTS OFF) {statement}", notebook.tenant_id, "Note", ids[:1]
        )
        store = EventStore(conn, "notebook", CODEC, notebook.tenant_id)
        found = await store.load(ids, "Note")
    text = "\n".join(line for (line,) in plan)
    [condition] = re.findall(r"events_pkey on events.*\n +Index Cond: (.*)", text)
    assert "stream_id = s.stream_id" in condition, text
    assert "Rows Removed" not in text
    assert {id: len(events) for id, (_, events) in found.items()} == dict.fromkeys(ids, 2)
