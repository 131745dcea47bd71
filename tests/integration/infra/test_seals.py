"""Seals: what has moved is sealed once, whoever writes meanwhile (D3)."""

import asyncio
import json
import random
from typing import Any
from uuid import UUID

import pytest

from invx.infra.audit_seals import SealAudit, verify_seals
from invx.infra.merkle import FIRST_ROOT
from invx.infra.seals import Sealer, list_seals
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel import limits
from tests.integration.delivery.stage import until
from tests.integration.infra.notebook import Note, Notebook
from tests.waiting import HANG_SECONDS


def sealer(notebook: Notebook) -> Sealer:
    return Sealer(notebook.database, notebook.directory, notebook.clock)


async def write(notebook: Notebook, note_id: UUID, *lines: str) -> None:
    async def write_lines(_: object, uow: Any) -> None:
        note: Note = await uow.notes.get(note_id)
        note.write(*lines)

    await notebook.run(write_lines)


async def audit(notebook: Notebook) -> SealAudit:
    return await verify_seals(notebook.root, "notebook", notebook.tenant_id)


async def leaves(notebook: Notebook) -> list[tuple[int, UUID, int]]:
    rows = await notebook.root.fetch(
        "SELECT number, stream_id, version FROM notebook.seal_leaves WHERE tenant_id = $1"
        " ORDER BY number, stream_id",
        notebook.tenant_id,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def test_a_seal_has_the_heads_that_moved_and_the_next_those_that_moved_since(
    notebook: Notebook,
) -> None:
    one, two = sorted([await notebook.note("one", "a", "b"), await notebook.note("two")])
    [first] = await sealer(notebook).seal(notebook.tenant_id)
    await write(notebook, two, "c")
    [second] = await sealer(notebook).seal(notebook.tenant_id)
    versions = {one: 0, two: 0}
    for number, stream_id, version in await leaves(notebook):
        assert version > versions[stream_id]
        versions[stream_id] = version
        assert number == 1 or stream_id == two
    assert (first.number, first.previous, first.leaves) == (1, FIRST_ROOT, 2)
    assert (second.number, second.previous, second.leaves) == (2, first.root, 1)
    assert await audit(notebook) == SealAudit(seals=2, leaves=3)


async def test_nothing_that_moved_makes_no_seal(notebook: Notebook) -> None:
    assert not await sealer(notebook).moved(notebook.tenant_id)
    assert await sealer(notebook).seal(notebook.tenant_id) == []
    await notebook.note("one")
    assert await sealer(notebook).moved(notebook.tenant_id)
    assert len(await sealer(notebook).seal(notebook.tenant_id)) == 1
    assert not await sealer(notebook).moved(notebook.tenant_id)
    assert await sealer(notebook).seal(notebook.tenant_id) == []


async def test_a_head_that_somebody_writes_does_not_hold_up_the_others(notebook: Notebook) -> None:
    """It comes right after, in a seal of its own, once its writer is done."""
    held, free = await notebook.note("held"), await notebook.note("free")
    transaction = notebook.root.transaction()
    await transaction.start()
    await notebook.root.execute(
        "UPDATE notebook.streams SET kind = kind WHERE tenant_id = $1 AND stream_id = $2",
        notebook.tenant_id,
        held,
    )
    sealing = asyncio.create_task(sealer(notebook).seal(notebook.tenant_id))

    async def it_waits() -> bool:
        waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
        return bool(await notebook.root.fetchval(waiting))

    await until(it_waits)
    assert not sealing.done()
    await transaction.commit()
    made = await asyncio.wait_for(sealing, HANG_SECONDS)
    assert [each.leaves for each in made] == [1, 1]
    assert [stream_id for _, stream_id, _ in await leaves(notebook)] == [free, held]
    assert (await audit(notebook)).broken is None


async def test_two_sealers_of_one_tenant_make_one_chain(notebook: Notebook) -> None:
    for n in range(20):
        await notebook.note(f"note {n}")
    made = await asyncio.gather(*(sealer(notebook).seal(notebook.tenant_id) for _ in range(4)))
    assert sum(seal.leaves for each in made for seal in each) == 20
    assert (await audit(notebook)).broken is None
    while_held = notebook.root.transaction()
    await notebook.note("late")
    await while_held.start()
    await notebook.root.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 6))", f"notebook {notebook.tenant_id}"
    )
    assert await sealer(notebook).seal(notebook.tenant_id) == []
    await while_held.rollback()
    assert len(await sealer(notebook).seal(notebook.tenant_id)) == 1


async def test_a_seal_is_bounded_and_a_turn_too(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(7):
        await notebook.note(f"note {n}")
    monkeypatch.setattr(limits, "SEAL_LEAVES_MAX", 2)
    monkeypatch.setattr(limits, "SEALS_PER_TURN", 2)
    made = await sealer(notebook).seal(notebook.tenant_id)
    assert [each.leaves for each in made] == [2, 2, 1, 1]  # the last ones as if left out
    made = await sealer(notebook).seal(notebook.tenant_id)
    assert sum(each.leaves for each in made) == 1
    assert await audit(notebook) == SealAudit(seals=5, leaves=7)


async def test_closed_and_unknown_tenants_are_refused(notebook: Notebook) -> None:
    await notebook.note("one")
    await notebook.root.execute(
        "UPDATE notebook.tenants SET status = 'suspended' WHERE tenant_id = $1", notebook.tenant_id
    )
    with pytest.raises(TenantClosed):
        await sealer(notebook).seal(notebook.tenant_id)
    with pytest.raises(UnknownTenant):
        await sealer(notebook).seal(UUID(int=404))


async def test_seals_cannot_be_changed_by_the_application(notebook: Notebook) -> None:
    granted = await notebook.root.fetch(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'notebook_app' AND table_name LIKE 'seal%'"
    )
    assert {row[1] for row in granted} == {"SELECT", "INSERT"}
    assert {row[0] for row in granted} == {"seals", "seal_leaves", "seal_anchors"}


async def test_what_has_moved_is_found_by_its_index_under_row_level_security(
    notebook: Notebook,
) -> None:
    """A hundred thousand streams, one of which has moved."""
    await notebook.root.execute(
        "INSERT INTO notebook.streams (tenant_id, stream_id, kind, version, head_hash,"
        " sealed_version) SELECT $1, gen_random_uuid(), 'Note', 1, '', 1"
        " FROM generate_series(1, 100000)",
        notebook.tenant_id,
    )
    await notebook.note("moved")
    await notebook.root.execute("VACUUM ANALYZE notebook.streams")
    epoch = (await notebook.directory.get(notebook.tenant_id)).epoch
    async with notebook.database.tenant_transaction(notebook.tenant_id, epoch, write=False) as conn:
        [(plan,)] = await conn.fetch(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT stream_id FROM notebook.streams"
            f" WHERE tenant_id = '{notebook.tenant_id}' AND version > sealed_version"
            " ORDER BY stream_id LIMIT 2000"
        )
    text = plan if isinstance(plan, str) else json.dumps(plan)
    assert "streams_moved" in text
    assert json.loads(text)[0]["Plan"]["Shared Hit Blocks"] < 50


async def test_lists_show_seals_with_their_receipts(notebook: Notebook) -> None:
    for n in range(3):
        await notebook.note(f"note {n}")
        await sealer(notebook).seal(notebook.tenant_id)
    await notebook.root.execute(
        "INSERT INTO notebook.seal_anchors VALUES ($1, 2, 'file:a', '{\"line\": 7}', now())",
        notebook.tenant_id,
    )
    up = await list_seals(notebook.root, "notebook", notebook.tenant_id, (1, 9), descending=False)
    down = await list_seals(notebook.root, "notebook", notebook.tenant_id, (3, 1), descending=True)
    assert [row["number"] for row in up] == [2, 3]
    assert [row["number"] for row in down] == [2]
    [anchor] = [json.loads(each) for each in down[0]["anchors"]]
    assert (anchor["anchor"], anchor["receipt"]) == ("file:a", {"line": 7})


async def test_writers_and_sealers_at_once_lose_nothing(notebook: Notebook) -> None:
    """Everything that was written is in exactly one chain of seals, with every version order."""
    chance = random.Random(20261129)
    notes = [await notebook.note(f"note {n}") for n in range(6)]

    async def write_some() -> None:
        for _ in range(8):
            await write(notebook, chance.choice(notes), "x")

    async def seal_some() -> None:
        for _ in range(6):
            await sealer(notebook).seal(notebook.tenant_id)
            await asyncio.sleep(0.01)

    await asyncio.gather(write_some(), write_some(), seal_some(), seal_some())
    await sealer(notebook).seal(notebook.tenant_id)
    found = await audit(notebook)
    assert found.broken is None
    assert found.seals >= 2
    heads = await notebook.root.fetch(
        "SELECT version, sealed_version FROM notebook.streams WHERE tenant_id = $1",
        notebook.tenant_id,
    )
    assert all(row["version"] == row["sealed_version"] for row in heads)
    assert sum(row["version"] for row in heads) == 6 + 16


async def test_a_tenant_whose_clock_was_moved_elsewhere_is_sealed_at_once(
    notebook: Notebook,
) -> None:
    """Another process raised the epoch: the cached entry of the directory is stale."""
    await notebook.note("one")
    mine = sealer(notebook)
    assert await mine.moved(notebook.tenant_id)
    await notebook.root.execute(
        "UPDATE notebook.tenants SET epoch = epoch + 1 WHERE tenant_id = $1", notebook.tenant_id
    )
    assert len(await mine.seal(notebook.tenant_id)) == 1
