"""What a command recorded becomes rows: events, projections, outbox and jobs, in one statement."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from invx.infra.event_store import EventStore
from invx.infra.unit_of_work import envelopes_of
from tests.integration.infra.notebook import (
    CODEC,
    Counter,
    Note,
    Notebook,
    NotebookUnit,
    at,
)


async def jobs(notebook: Notebook) -> list[Any]:
    return await notebook.root.fetch(
        "SELECT *, payload::text AS payload FROM notebook.due_jobs WHERE tenant_id = $1"
        " ORDER BY kind, key",
        notebook.tenant_id,
    )


async def outbox(notebook: Notebook) -> list[Any]:
    return await notebook.root.fetch(
        "SELECT *, body::text AS body FROM notebook.outbox WHERE tenant_id = $1",
        notebook.tenant_id,
    )


async def test_everything_is_written_by_one_statement(notebook: Notebook) -> None:
    """Events of several aggregates, their rows, the outbox and a job: many rows, one statement."""
    tenant, ctx = await notebook.runner().context(notebook.caller)
    async with notebook.database.tenant_transaction(ctx.tenant_id, tenant.epoch, write=True) as c:
        asked: list[str] = []
        c.add_query_logger(lambda query: asked.append(query.query))
        uow = notebook.unit(c, ctx)
        for title in "abc":
            note = Note.open(uow.ids.new(), title, author_id=ctx.tenant_id)
            note.write("x", "y")
            uow.notes.add(note)
        uow.jobs.schedule("remind", "1", due_at=ctx.now)
        counter = Counter(uow.ids.new())
        counter.take()
        uow.counters.add(counter)
        assert len(uow.changed) == 4
        await uow.flush()
        await asyncio.sleep(0)  # the driver tells its loggers in the next turn of the loop
        assert len(asked) == 1
        assert uow.changed == []
    assert await notebook.counts() == {
        "streams": 4,
        "events": 10,
        "personal": 3,
        "outbox": 3,
        "notes": 3,
        "due_jobs": 1,
    }


async def test_an_aggregate_that_changed_nothing_writes_nothing(notebook: Notebook) -> None:
    note_id = await notebook.note("A")
    before = await notebook.root.fetchval("SELECT xmin FROM notebook.streams LIMIT 1")

    async def look(_: object, uow: NotebookUnit) -> None:
        await uow.notes.get(note_id)

    await notebook.run(look)
    assert await notebook.root.fetchval("SELECT xmin FROM notebook.streams LIMIT 1") == before
    assert await notebook.count("events") == 1


async def test_a_projection_sees_the_aggregate_after_the_whole_command(notebook: Notebook) -> None:
    await notebook.note("A", "one", "two", "three")
    (row,) = await notebook.root.fetch(
        "SELECT * FROM notebook.notes WHERE tenant_id = $1", notebook.tenant_id
    )
    assert (row["title"], row["lines"]) == ("A", 3)


async def test_a_second_flush_goes_on_where_the_first_ended(notebook: Notebook) -> None:
    async def twice(_: object, uow: NotebookUnit) -> UUID:
        note = Note.open(uow.ids.new(), "A", author_id=notebook.tenant_id)
        uow.notes.add(note)
        await uow.flush()
        note.write("one")
        await uow.flush()
        note.write("two")
        return note.id

    note_id = await notebook.run(twice)
    async with notebook.runner().reading(notebook.caller) as (conn, _):
        past = await EventStore(conn, "notebook", CODEC, notebook.tenant_id).history(note_id)
    assert [each.version for each in past] == [1, 2, 3]


async def test_times_actor_and_cause_are_those_of_the_command(notebook: Notebook) -> None:
    await notebook.directory.advance_clock(notebook.tenant_id, timedelta(days=400))
    note_id = await notebook.note("A", "one")
    (first, second) = await notebook.root.fetch(
        "SELECT * FROM notebook.events WHERE stream_id = $1 ORDER BY version", note_id
    )
    assert first["occurred_at"] == second["occurred_at"]
    assert timedelta(days=399) < first["occurred_at"] - first["recorded_at"] < timedelta(days=401)
    assert first["correlation_id"] == second["correlation_id"]
    assert first["causation_id"] is None


async def test_a_contract_leaves_with_the_event_that_it_states(notebook: Notebook) -> None:
    note_id = await notebook.note("A", "one")
    (row,) = await outbox(notebook)
    (event, _) = await notebook.root.fetch(
        "SELECT * FROM notebook.events WHERE stream_id = $1 ORDER BY version", note_id
    )
    assert row["message_id"] == uuid5(NAMESPACE_OID, f"{event['event_id']}:notebook.note.opened.v1")
    assert (row["order_key"], row["sequence"], row["lane"]) == (note_id, 1, 0)
    assert row["causation_id"] == event["event_id"]
    assert row["correlation_id"] == event["correlation_id"]
    assert json.loads(row["body"]) == {"note_id": str(note_id)}
    assert row["published_at"] is None


async def test_a_contract_made_again_is_the_same_message(notebook: Notebook) -> None:
    note_id = await notebook.note("A", "one")
    (row,) = await outbox(notebook)
    async with notebook.runner().reading(notebook.caller) as (conn, _):
        store = EventStore(conn, "notebook", CODEC, notebook.tenant_id)
        made = [envelopes_of(await store.history(note_id), notebook.storage) for _ in range(2)]
    assert made[0] == made[1]
    (envelope,) = made[0]
    for name in ("message_id", "order_key", "sequence", "body", "contract", "actor"):
        assert getattr(envelope, name) == row[name], name


async def test_a_job_is_scheduled_with_the_transaction(notebook: Notebook) -> None:
    async def schedule(fail: bool, uow: NotebookUnit) -> None:
        uow.jobs.schedule("remind", "1", due_at=at(1), payload={"days": 3})
        if fail:
            raise ValueError

    with pytest.raises(ValueError):
        await notebook.runner().run(schedule, True, notebook.caller)
    assert await jobs(notebook) == []
    await notebook.run(schedule, False)
    (job,) = await jobs(notebook)
    assert (job["kind"], job["key"], job["due_at"], job["state"]) == (
        "remind",
        "1",
        at(1),
        "pending",
    )
    assert json.loads(job["payload"]) == {"days": 3}


async def test_the_same_kind_and_key_replaces_a_job(notebook: Notebook) -> None:
    """Also one that is done or parked: it is due again, with all its attempts before it."""

    async def schedule(hours: float, uow: NotebookUnit) -> None:
        uow.jobs.schedule("remind", "1", due_at=at(99))
        uow.jobs.schedule("remind", "1", due_at=at(hours), payload={"hours": hours})
        uow.jobs.schedule("remind", "2", due_at=at(hours))

    await notebook.run(schedule, 1)
    await notebook.root.execute(
        "UPDATE notebook.due_jobs SET state = 'parked', attempts = 8, reason = 'x',"
        " claim = gen_random_uuid(), claimed_until = now() WHERE tenant_id = $1",
        notebook.tenant_id,
    )
    await notebook.run(schedule, 2)
    first, second = await jobs(notebook)
    assert (first["due_at"], json.loads(first["payload"])) == (at(2), {"hours": 2})
    for job in (first, second):
        assert (job["state"], job["attempts"], job["reason"], job["claim"]) == (
            "pending",
            0,
            None,
            None,
        )


async def test_rows_are_made_anew_from_events(notebook: Notebook) -> None:
    note_id = await notebook.note("A", "one", "two")
    await notebook.root.execute(
        "UPDATE notebook.notes SET lines = 99, title = 'wrong' WHERE note_id = $1", note_id
    )

    async def again(id: UUID, uow: NotebookUnit) -> None:
        await uow.reproject(id)

    await notebook.run(again, notebook.ids.new())
    assert await notebook.count("notes") == 1
    await notebook.run(again, note_id)
    row = await notebook.root.fetchrow("SELECT * FROM notebook.notes WHERE note_id = $1", note_id)
    assert row is not None
    assert (row["title"], row["lines"]) == ("A", 2)
    assert await notebook.count("outbox") == 1, "nothing is told twice"
    assert await notebook.count("events") == 3
