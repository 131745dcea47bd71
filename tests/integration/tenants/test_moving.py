"""A tenant is moved into a database of its own while it is at work: nothing lost, nothing twice."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from invx.host import CONTEXTS
from invx.infra.embedded import Postgres
from invx.infra.system import Uuid7Ids
from invx.infra.tenants.tables import TenantCarried, alone, tenant_tables
from tests.integration.isolation.victims import furnish
from tests.integration.tenants.houses import MOVING, move_by_hand, moved, rows_in, status_in
from tests.integration.tenants.two import ensure_planned_for, traded
from tests.sealing import seal
from tests.tenants import invx, tnt
from tests.waiting import HANG_SECONDS
from tests.world import Desk, World, draft_body, line


async def until_revenue(desk: Desk, gross: str) -> None:
    """What was told to analytics in the end; workers have their own pace."""
    for _ in range(10 * HANG_SECONDS):
        [revenue] = (await desk.get("/v1/analytics/revenue"))["data"]
        if revenue["gross"] == gross:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{revenue['gross']} of {gross}")


async def test_a_tenant_with_something_of_everything_moves_and_goes_on(house: World) -> None:
    desk, other = (await furnish(house)).desk, await traded(await house.seller())
    await house.settle()
    await seal(desk)
    before, others = await rows_in(house, desk, "pooled"), await rows_in(house, other, "pooled")
    invoices = await desk.get("/v1/invoices", limit=100)
    said = await moved(desk, "acme")
    assert re.search(r"Moved from pooled to acme: \d+ rows .* write for \d+\.\d\d s", said), said
    async with house.admin("acme") as conn:
        await ensure_planned_for(conn)
    assert await rows_in(house, desk, "acme") == before
    assert await rows_in(house, desk, "pooled") == {}
    assert await rows_in(house, other, "pooled") == others
    # The same process, whose caches know it elsewhere, finds it at once.
    assert await desk.get("/v1/invoices", limit=100) == invoices
    draft = await desk.draft(legal_entity=desk.entity)
    assert (await desk.finalize(draft))["status"] == "finalized"  # series are not on hold
    await house.settle()
    await other.invoice()
    assert "Intact: 3 tenants" in (await invx(house, "audit", "verify")).text
    assert await rows_in(house, desk, "pooled") == {}
    listed = (await invx(house, "tenant", "list", COLUMNS="200")).text
    [shown] = [each for each in listed.splitlines() if each.startswith(tnt(desk.tenant_id))]
    assert re.search(r"active\s+acme\s+\d", shown), shown


async def test_everything_behind_the_scenes_works_where_the_tenant_is(house: World) -> None:
    desk, other = await house.seller(), await house.seller()
    await desk.invoice()
    await moved(desk, "acme")
    issued = await desk.invoice(line("50.00"))
    await other.invoice()
    await house.settle()  # relay, reactions and jobs
    data = (await desk.get("/v1/analytics/revenue"))["data"]
    assert [each["gross"] for each in data] == ["178.50"]
    assert (await desk.client.get(f"/v1/invoices/{issued['id']}/pdf")).status_code == 200
    assert await seal(desk) >= 1
    async with house.admin("acme") as conn:
        assert await conn.fetchval("SELECT count(*) FROM invoicing.seals") >= 1
        assert await conn.fetchval("SELECT count(*) FROM invoicing.archives") == 2
        assert not await conn.fetchval("SELECT count(*) FROM analytics.inbox WHERE state <> 'done'")
    republished = await invx(house, "republish", "--from", "invoicing", "--to", "analytics")
    assert (republished.code, "0 were new to analytics" in republished.text) == (0, True)
    assert (await invx(house, "tenant", "suspend", tnt(desk.tenant_id))).code == 0
    assert await status_in(house, desk, "acme") == "suspended"
    refused = await desk.client.post("/v1/invoices", json=draft_body())
    assert refused.json()["code"] == "tenant_closed"
    assert (await invx(house, "tenant", "resume", tnt(desk.tenant_id))).code == 0
    directory = house.host.contexts["invoicing"].directory
    before = (await desk.draft())["created_at"]
    for context in house.host.contexts.values():
        await context.directory.advance_clock(desk.tenant_id, timedelta(days=400))
    assert (await desk.draft())["created_at"][:4] > before[:4]
    await directory.refuse_tokens_before(
        desk.tenant_id, directory.business_now(await directory.get(desk.tenant_id))
    )
    assert (await desk.client.get("/v1/invoices")).status_code == 401
    assert (await other.client.get("/v1/invoices")).status_code == 200


async def test_it_moves_on_and_home_again(house: World, tmp_path: Path) -> None:
    desk = await traded(await house.seller())
    numbers = []
    for to in ("acme", "berlin", "pooled", "acme", "pooled"):
        await moved(desk, to)
        numbers.append(int((await desk.invoice())["number"][-4:]))
        await house.settle()
        async with house.admin() as conn:
            row = await conn.fetchrow(
                "SELECT status, placement FROM invoicing.tenants WHERE tenant_id = $1",
                desk.tenant_id,
            )
        here = to == "pooled"
        assert tuple(row) == ("active" if here else "moved", to)
    assert numbers == [3, 4, 5, 6, 7]
    for placement in ("acme", "berlin"):
        assert await rows_in(house, desk, placement) == {}
    data = (await desk.get("/v1/analytics/revenue"))["data"]
    assert [each["gross"] for each in data] == ["833.00"]
    assert "lives in pooled already" in await moved(desk, "pooled")


async def test_others_and_the_tenant_itself_write_while_it_moves(house: World) -> None:
    """Nothing that was answered is lost, and nobody's numbers have a gap."""
    desk, other = await traded(await house.seller()), await traded(await house.seller())
    house.host.start_background()
    stop = asyncio.Event()
    answered: dict[str, list[str]] = {"desk": [], "other": []}
    refused: list[tuple[int, str]] = []

    async def write(name: str, who: Desk) -> None:
        while not stop.is_set():
            made = await who.client.post("/v1/invoices", json=draft_body())
            if made.status_code == 201 and (id := made.json()["id"]):
                done = await who.client.post(f"/v1/invoices/{id}/finalize", json={})
                if done.status_code == 200:
                    answered[name].append(done.json()["number"])
                    continue
                refused.append((done.status_code, done.json()["code"]))
            elif made.status_code != 201:
                refused.append((made.status_code, made.json()["code"]))
                assert made.headers.get("Retry-After") or made.status_code == 422, made.text
            await asyncio.sleep(0.01)

    writing = [asyncio.create_task(write("desk", desk)) for _ in range(2)]
    writing += [asyncio.create_task(write("other", other))]
    try:
        await asyncio.sleep(0.5)
        for to in ("acme", "berlin", "pooled"):
            await moved(desk, to)
            await asyncio.sleep(0.2)
        async with asyncio.timeout(HANG_SECONDS):
            while min(map(len, answered.values())) <= 3:  # noqa: ASYNC110 - as writers go on
                await asyncio.sleep(0.1)
    finally:
        stop.set()
        await asyncio.gather(*writing)
    assert {code for _, code in refused} <= {"tenant_moving"}, refused
    for name, who in (("desk", desk), ("other", other)):
        numbers = sorted(int(number[-4:]) for number in answered[name])
        assert numbers == list(range(3, 3 + len(numbers)))  # none lost, none twice, no gap
        assert len(numbers) > 3
        await until_revenue(who, f"{119 * (len(numbers) + 2)}.00")
    assert "Intact: 3 tenants" in (await invx(house, "audit", "verify")).text


async def test_what_cannot_be_moved_is_refused_and_stays(house: World) -> None:
    desk = await traded(await house.seller())
    id = tnt(desk.tenant_id)
    unknown = await invx(house, "tenant", "move", id, "--to", "nowhere")
    assert (unknown.code, "pooled, acme, berlin" in unknown.text) == (1, True)
    nobody = await invx(house, "tenant", "move", tnt(Uuid7Ids().new()), "--to", "acme")
    assert (nobody.code, "no such tenant" in nobody.text) == (1, True)
    assert "would be moved from pooled to acme" in await moved(desk, "acme", "--dry-run")
    async with house.admin("acme") as conn:
        await conn.execute("DELETE FROM invoicing.migrations WHERE number = 190")
    older = await invx(house, "tenant", "move", id, "--to", "acme")
    assert (older.code, "of another version in acme" in older.text) == (1, True)
    async with house.admin() as busy, alone(desk.tenant_id, busy):
        with pytest.raises(TenantCarried):
            await move_by_hand(desk, "berlin")
    assert await status_in(house, desk, "pooled") == "active"
    await desk.invoice()


async def test_two_active_places_are_named_and_neither_is_touched(house: World) -> None:
    """As after restoring one of two databases to a moment before a move."""
    desk = await traded(await house.seller())
    await moved(desk, "acme")
    before = await rows_in(house, desk, "acme")
    async with house.admin() as conn:
        for context in MOVING:
            await conn.execute(
                f"UPDATE {context}.tenants SET status = 'active', epoch = epoch + 1"
                " WHERE tenant_id = $1",
                desk.tenant_id,
            )
    for to in ("acme", "pooled", "berlin"):
        refused = await invx(house, "tenant", "move", tnt(desk.tenant_id), "--to", to)
        assert (refused.code, "active in pooled and acme" in refused.text) == (1, True)
    assert await rows_in(house, desk, "acme") == before


async def test_every_table_can_be_brought_up_to_date(house: World) -> None:
    async with house.admin() as conn:
        for schema in CONTEXTS:
            for table in await tenant_tables(conn, schema):
                assert table.key, f"{table.full} is keyed by more than its tenant"


async def test_a_tenant_elsewhere_is_exported_erased_and_held_there(
    house: World, server: Postgres, tmp_path: Path
) -> None:
    desk, other = await traded(await house.seller()), await traded(await house.seller())
    await moved(desk, "acme")
    id = tnt(desk.tenant_id)
    assert "6 series are on hold" in (await invx(house, "numbers", "hold")).text
    held = await desk.post(f"/v1/invoices/{(await desk.draft())['id']}/finalize", {}, status=409)
    assert held["code"] == "series_on_hold"
    await invx(house, "tenant", "suspend", id)
    said = await invx(house, "tenant", "export", id, str(tmp_path / "t.zip"))
    assert (said.code, "not suspended" in said.text) == (0, False), said.text
    refused = await invx(house, "tenant", "import", str(tmp_path / "t.zip"))
    assert (refused.code, "here already (moved, suspended)" in refused.text) == (1, True)
    gone = await invx(house, "tenant", "erase", id, "--confirm", "T")
    assert gone.code == 0, gone.text
    assert (
        await status_in(house, desk, "acme") == await status_in(house, desk, "pooled") == "erased"
    )
    assert await rows_in(house, desk, "acme") == {}
    assert (await desk.client.get("/v1/invoices")).status_code == 404
    assert (await other.client.get("/v1/invoices")).status_code == 200
