"""Whatever is changed, cut off or lost after it was sealed is found and named (D3)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from invx.host import HOLDINGS
from invx.infra.anchor_file import AnchorFile, AnchorMismatch, read_anchor
from invx.infra.anchoring import Anchoring, pseudonym
from invx.infra.audit_seals import verify_seals
from invx.infra.sealing import Sealing
from invx.infra.seals import Sealer
from invx.infra.system import SystemClock
from invx.infra.tenancy import TenantClosed
from invx.place import place_of
from tests.integration.infra.test_audit import tampering
from tests.sealing import faults, intact, seal
from tests.waiting import HANG_SECONDS
from tests.world import Desk, World, line


async def sealed_history(desk: Desk) -> None:
    """Two seals over invoices, a payment and the register."""
    first = await desk.invoice(line("100.00"))
    await seal(desk)
    await desk.post(f"/v1/invoices/{first['id']}/payments", {"amount": "19.00", "source": "b-1"})
    await desk.invoice(line("5.00"))
    await seal(desk)


@asynccontextmanager
async def changed(desk: Desk, statement: str) -> AsyncIterator[Any]:
    """The desk's rows after a statement of a superuser; as they were, afterwards."""
    async with tampering(desk) as conn:
        done = await conn.execute(statement, desk.tenant_id)
        assert not done.endswith(" 0"), statement
        yield conn


_ONE_LEAF = (
    "ctid = (SELECT ctid FROM invoicing.seal_leaves WHERE tenant_id = $1 AND number = 2 LIMIT 1)"
)


_CHANGES = [
    ("UPDATE {s}.seals SET number = 7 WHERE tenant_id = $1 AND number = 2", "seal 2 is miss"),
    ("UPDATE {s}.seals SET previous = root WHERE tenant_id = $1 AND number = 2", "root of se"),
    (
        (
            "UPDATE {s}.seals SET root = set_byte(root, 31, get_byte(root, 31) # 1)"
            " WHERE tenant_id = $1 AND number = 1"
        ),
        "seal 1: its leaves and time do not give its root",
    ),
    ("UPDATE {s}.seals SET leaves = leaves + 1 WHERE tenant_id = $1", "leaves, and says"),
    (
        (
            "UPDATE {s}.seals SET sealed_at = sealed_at + interval '1 microsecond'"
            " WHERE tenant_id = $1 AND number = 2"
        ),
        "seal 2: its leaves and time do not give its root",
    ),
    ("DELETE FROM {s}.seals WHERE tenant_id = $1 AND number = 1", "seal 1 is missing"),
    ("DELETE FROM {s}.seals WHERE tenant_id = $1 AND number = 2", "leaves of seal 2 are"),
    ("DELETE FROM {s}.seals WHERE tenant_id = $1", "leaves of seal 1 are there"),
    (f"DELETE FROM {{s}}.seal_leaves WHERE tenant_id = $1 AND {_ONE_LEAF}", "leaves, and sa"),
    (
        (
            "UPDATE {s}.seal_leaves SET number = 1 WHERE tenant_id = $1 AND number = 2 AND"
            " stream_id NOT IN"
            " (SELECT stream_id FROM {s}.seal_leaves WHERE tenant_id = $1 AND number = 1)"
        ),
        "leaves, and says",
    ),
    (
        f"UPDATE {{s}}.seal_leaves SET version = 99 WHERE tenant_id = $1 AND {_ONE_LEAF}",
        "the event that was sealed is missing",
    ),
    (
        (
            "UPDATE {s}.seal_leaves SET stream_id = gen_random_uuid() WHERE tenant_id = $1"
            f" AND {_ONE_LEAF}"
        ),
        "the event that was sealed is missing",
    ),
    (
        (
            "UPDATE {s}.seal_leaves SET head_hash = set_byte(head_hash, 0,"
            f" get_byte(head_hash, 0) # 128) WHERE tenant_id = $1 AND {_ONE_LEAF}"
        ),
        "the event that was sealed has another hash",
    ),
    ("UPDATE {s}.streams SET sealed_version = 0 WHERE tenant_id = $1", "its last leaf is"),
    (
        (
            "UPDATE {s}.streams SET sealed_version = sealed_version - 1 WHERE tenant_id = $1"
            " AND kind = 'Settlement' AND version > 1"
        ),
        "its last leaf is version",
    ),
    ("DELETE FROM {s}.seal_leaves WHERE tenant_id = $1 AND number = 2", "seal 2 has 0 leaves"),
]


async def test_a_change_of_what_was_sealed_is_named(desk: Desk) -> None:
    await sealed_history(desk)
    async with tampering(desk) as conn:
        assert await faults(conn, desk.tenant_id) == {}
        for change, said in _CHANGES:
            savepoint = conn.transaction()
            await savepoint.start()
            done = await conn.execute(change.format(s="invoicing"), desk.tenant_id)
            found = await faults(conn, desk.tenant_id)
            await savepoint.rollback()
            assert not done.endswith(" 0"), change
            assert said in found.get("seals", ""), (change, found)


async def test_a_stream_that_was_cut_with_its_head_is_found_by_its_seal(desk: Desk) -> None:
    """The chain alone cannot know: the shorter stream is as whole as the longer one was."""
    await sealed_history(desk)
    newest = "SELECT {what} FROM invoicing.{table} WHERE tenant_id = $1 AND {where}"
    async with tampering(desk) as conn:
        stream_id, version = await conn.fetchrow(
            newest.format(
                what="stream_id, version",
                table="streams",
                where="kind = 'Settlement' AND version > 1",
            ),
            desk.tenant_id,
        )
        await conn.execute(
            "DELETE FROM invoicing.events WHERE stream_id = $1 AND version = $2",
            *(stream_id, version),
        )
        await conn.execute(
            "DELETE FROM invoicing.personal WHERE stream_id = $1 AND version = $2",
            *(stream_id, version),
        )
        await conn.execute(
            "UPDATE invoicing.streams s SET version = e.version, head_hash = e.hash,"
            " sealed_version = e.version FROM invoicing.events e WHERE e.stream_id = s.stream_id"
            " AND s.stream_id = $1 AND e.version = $2 - 1",
            *(stream_id, version),
        )
        found = await faults(conn, desk.tenant_id)
    assert list(found) == ["seals", "rows"]
    assert f"is missing (stream {stream_id}, version {version})" in found["seals"]
    assert "not what the events give" in found["rows"]


async def test_a_stream_that_is_gone_whole_is_found_by_its_seal(desk: Desk) -> None:
    await sealed_history(desk)
    async with tampering(desk) as conn:
        stream_id = await conn.fetchval(
            "DELETE FROM invoicing.streams WHERE ctid = (SELECT ctid FROM invoicing.streams"
            " WHERE tenant_id = $1 AND kind = 'Document' LIMIT 1) RETURNING stream_id",
            desk.tenant_id,
        )
        for table in ("events", "personal"):
            await conn.execute(f"DELETE FROM invoicing.{table} WHERE stream_id = $1", stream_id)
        found = await faults(conn, desk.tenant_id)
    assert f"is missing (stream {stream_id}" in found["seals"]
    assert "events" not in found


async def test_archived_bytes_that_changed_are_named(desk: Desk) -> None:
    made = await desk.invoice(line("1.00"))
    await desk.world.settle()
    examine = HOLDINGS["invoicing"].examinations["archives"]
    for change in (
        "stored_files SET bytes = set_byte(bytes, 100, get_byte(bytes, 100) # 1)",
        "archives SET sha256 = md5('x'), row_sha256 = md5('x')",
    ):
        async with changed(desk, f"UPDATE invoicing.{change} WHERE tenant_id = $1") as conn:
            count, wrong = await examine(conn, desk.tenant_id)
        assert count == 1
        assert wrong is not None
        assert "pdf: the bytes do not give the hash" in wrong
    async with desk.world.admin() as conn:
        assert await examine(conn, desk.tenant_id) == (1, None)
    assert made["number"]


def sealing_to(world: World, path: Path) -> Sealing:
    """Sealing with an anchor in a file."""
    clock = SystemClock()
    return Sealing(world.host.contexts.values(), clock, Anchoring(AnchorFile(path), clock))


async def test_seals_leave_the_house_with_the_last_numbers(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "anchor.jsonl"
    context = desk.world.host.contexts["invoicing"]
    await desk.invoice(line("1.00"))
    made = await sealing_to(desk.world, path).seal(context, desk.tenant_id)
    last = await desk.invoice(line("2.00"))
    made += await sealing_to(desk.world, path).seal(context, desk.tenant_id)
    held = list(read_anchor(path))
    assert [(each.seal, each.root) for each in held] == [(s.number, s.root.hex()) for s in made]
    assert {each.tenant for each in held} == {pseudonym(desk.tenant_id)}
    text = path.read_text()
    assert str(desk.tenant_id) not in text
    assert '{"series":"' in text.splitlines()[-1]
    assert '"period":"2026","last":2}' in text.splitlines()[-1]
    assert last["number"].endswith("2")
    shown = (await desk.get("/v1/audit/seals"))["data"]
    assert [each["number"] for each in shown] == [2, 1]
    assert shown[0]["anchors"][0]["receipt"] == {"line": 2, "sha256": held[1].sha256}
    assert await intact(desk.world, desk, path)


_RECEIPTS = [
    ("UPDATE {s}.seal_anchors SET number = 9 WHERE tenant_id = $1", "receipt of seal 9, which"),
    ("UPDATE {s}.seal_anchors SET anchor = 'file:b' WHERE tenant_id = $1", "not the anchor's"),
    (
        (
            "UPDATE {s}.seal_anchors SET receipt = replace(receipt::text, ':1', ':2')::json"
            " WHERE tenant_id = $1"
        ),
        "the receipt of seal 1 is not the anchor's",
    ),
]


async def test_a_receipt_that_changed_is_named(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "anchor.jsonl"
    await desk.invoice(line("1.00"))
    context = desk.world.host.contexts["invoicing"]
    await sealing_to(desk.world, path).seal(context, desk.tenant_id)
    for statement, said in _RECEIPTS:
        async with changed(desk, statement.format(s="invoicing")) as conn:
            found = await faults(conn, desk.tenant_id, path)
        assert said in found["seals"]


async def test_a_history_that_was_written_anew_is_found_by_the_anchor(
    desk: Desk, tmp_path: Path
) -> None:
    """Whoever may write everything makes new hashes and new seals; the anchor holds the old."""
    path = tmp_path / "anchor.jsonl"
    context = desk.world.host.contexts["invoicing"]
    await desk.invoice(line("1.00"))
    await sealing_to(desk.world, path).seal(context, desk.tenant_id)
    async with desk.world.admin() as conn:
        for table in ("seal_anchors", "seal_leaves", "seals"):
            await conn.execute(
                f"DELETE FROM invoicing.{table} WHERE tenant_id = $1", desk.tenant_id
            )
        await conn.execute(
            "UPDATE invoicing.streams SET sealed_version = 0 WHERE tenant_id = $1", desk.tenant_id
        )
    await seal(desk)
    async with desk.world.admin() as conn:
        assert await faults(conn, desk.tenant_id) == {}
        found = await faults(conn, desk.tenant_id, path)
    assert found == {"seals": "seal 1 is another than the anchor holds"}
    with pytest.raises(AnchorMismatch, match="its seal 1 is another"):
        await sealing_to(desk.world, path).seal(context, desk.tenant_id)


async def test_a_restored_database_is_found_and_its_loss_named(desk: Desk, tmp_path: Path) -> None:
    """A copy of an hour ago is whole in itself; the anchor knows how far it had come."""
    path = tmp_path / "anchor.jsonl"
    world, context = desk.world, desk.world.host.contexts["invoicing"]
    await desk.invoice(line("1.00"))
    await sealing_to(world, path).seal(context, desk.tenant_id)
    copy = await _copied(world)
    for n in range(2, 4):
        await desk.invoice(line(f"{n}.00"))
        await sealing_to(world, path).seal(context, desk.tenant_id)
    assert await intact(world, desk, path)
    conn = await asyncpg.connect(**place_of(world.server, copy).admin)
    try:
        assert await faults(conn, desk.tenant_id) == {}
        found = await faults(conn, desk.tenant_id, path)
    finally:
        await conn.close()
    assert list(found) == ["seals"]
    assert "seal 2 is missing: the anchor goes on to seal 3" in found["seals"]


async def _copied(world: World) -> str:
    """A database as this one is now, with nobody connected meanwhile."""
    name = str(world.place.admin["database"])
    server = await asyncpg.connect(**world.server.connection())
    try:
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        await server.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
    finally:
        await server.close()
    return f"{name}_copy"


async def test_an_anchor_that_fails_leaves_the_seal_and_is_asked_again(
    desk: Desk, tmp_path: Path
) -> None:
    context = desk.world.host.contexts["invoicing"]
    await desk.invoice(line("1.00"))
    path = tmp_path / "away" / "anchor.jsonl"
    with pytest.raises(FileNotFoundError):
        await sealing_to(desk.world, path).seal(context, desk.tenant_id)
    assert [s["anchors"] for s in (await desk.get("/v1/audit/seals"))["data"]] == [[]]
    path.parent.mkdir()
    assert await sealing_to(desk.world, path).seal(context, desk.tenant_id) == []
    assert len(list(read_anchor(path))) == 1


async def test_a_walk_seals_every_tenant_and_one_that_fails_holds_up_no_other(
    world: World,
) -> None:
    desks = [await world.seller() for _ in range(3)]
    for desk in desks:
        await desk.invoice(line("1.00"))
    async with world.admin() as conn:  # its newest seal is not one
        await conn.execute(
            "INSERT INTO invoicing.seals VALUES ($1, 9223372036854775807, $2, $2, 1, now())",
            *(desks[1].tenant_id, bytes(32)),
        )
        await conn.execute(
            "UPDATE invoicing.tenants SET status = 'suspended' WHERE tenant_id = $1",
            (closed := await world.seller()).tenant_id,
        )
    stop = asyncio.Event()
    with capture_logs() as logs:
        running = asyncio.create_task(
            Sealing(world.host.contexts.values(), SystemClock(), pause_seconds=3_600).run(stop)
        )
        while not (await desks[2].get("/v1/audit/seals"))["data"]:
            assert not running.done()
            await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(running, HANG_SECONDS)
    failed = [each["tenant"] for each in logs if each["event"] == "sealing_failed"]
    assert failed == [str(desks[1].tenant_id)]
    async with world.admin() as conn:
        for desk, sealed in zip((*desks, closed), (True, False, True, False), strict=True):
            count = (await verify_seals(conn, "invoicing", desk.tenant_id)).leaves
            assert bool(count) is sealed
    context = world.host.contexts["invoicing"]
    with pytest.raises(TenantClosed):
        await Sealer(context.database, context.directory, SystemClock()).seal(closed.tenant_id)


async def test_seals_are_shown_to_auditors_of_the_tenant_only(world: World) -> None:
    one, other = await world.seller(), await world.seller()
    await one.invoice(line("1.00"))
    await seal(one)
    assert len((await one.get("/v1/audit/seals"))["data"]) == 1
    assert (await other.get("/v1/audit/seals"))["data"] == []
    refused = await world.client(one.tenant_id, ("invoices:read",)).get("/v1/audit/seals")
    assert refused.status_code == 403
