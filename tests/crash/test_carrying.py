"""Kill -9 while a tenant is carried: nobody sees half of it, and running it again is enough."""

import asyncio
import random
import subprocess
import time
from pathlib import Path

from invx.host import CONTEXTS
from invx.infra.embedded import Postgres
from invx.infra.tenants.thawing import thaw_tenants
from tests.e2e.installation import INVX
from tests.integration.isolation.rows import checksums
from tests.integration.tenants.test_large import writing
from tests.integration.tenants.two import (
    another,
    desk_in,
    everything_of,
    exported,
    rows_of,
    traded,
)
from tests.tenants import environment, invx, tnt
from tests.waiting import HANG_SECONDS
from tests.world import Desk, World, draft_body, open_world

KILLS = 3
INVOICES = 60


async def killed(
    world: World, *words: str, began: str, wait: float, placement: str = "pooled"
) -> int | None:
    """Run a command, kill it `wait` seconds after `began` is on its way; its code if it ended."""
    process = subprocess.Popen(
        [INVX, *words],
        env=environment(world),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    async with world.admin(placement) as conn:
        end = time.monotonic() + HANG_SECONDS
        while process.poll() is None and not await conn.fetchval(began):
            assert time.monotonic() < end
            await asyncio.sleep(0.005)
    await asyncio.sleep(wait)
    process.kill()
    code = await asyncio.to_thread(process.wait)
    return None if code < 0 else code


async def status(world: World, desk: Desk, placement: str = "pooled") -> str | None:
    async with world.admin(placement) as conn:
        found: str | None = await conn.fetchval(
            "SELECT status FROM invoicing.tenants WHERE tenant_id = $1", desk.tenant_id
        )
    return found


async def test_kills_of_an_import_and_of_an_erasure_leave_nothing_half(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    for _ in range(INVOICES):
        await desk.invoice()
    await world.settle()
    file = await exported(desk, tmp_path / "t.zip")
    chance = random.Random(7)
    async with another(server, tmp_path / "b") as elsewhere:
        there, other = desk_in(elsewhere, desk), await traded(await elsewhere.seller())
        before = await checksums(elsewhere, other)
        arriving = "SELECT count(*) > 0 FROM invoicing.tenants WHERE status = 'arriving'"
        for _ in range(KILLS):
            wait = chance.uniform(0, 0.3)
            code = await killed(elsewhere, "tenant", "import", str(file), began=arriving, wait=wait)
            if code == 0:
                break  # it was faster
            assert await status(elsewhere, desk) == "arriving"
            assert (await there.client.get("/v1/invoices")).status_code == 503
            refused = await there.client.post("/v1/invoices", json=draft_body())
            assert refused.status_code == 503
        else:
            assert (await invx(elsewhere, "tenant", "import", str(file))).code == 0
        assert await rows_of(elsewhere, there) == await rows_of(world, desk)
        assert "Intact: 3 tenants" in (await invx(elsewhere, "audit", "verify")).text

        id = tnt(desk.tenant_id)
        await invx(elsewhere, "tenant", "suspend", id)
        words = ("tenant", "erase", id, "--confirm", "T", "--without-export")
        gone = (
            f"SELECT status = 'erased' FROM invoicing.tenants WHERE tenant_id = '{desk.tenant_id}'"
        )
        for _ in range(KILLS):
            await killed(elsewhere, *words, began=gone, wait=chance.uniform(0, 0.05))
            assert await status(elsewhere, desk) == "erased"
            assert (await there.client.get("/v1/invoices")).status_code == 404
        assert (await invx(elsewhere, *words)).code == 0
        left = await everything_of(elsewhere, desk.tenant_id)
        assert left == {f"{context}.tenants": 1 for context in CONTEXTS}
        assert await checksums(elsewhere, other) == before


async def test_kills_of_a_move_lose_nothing_and_leave_one_place(
    server: Postgres, tmp_path: Path
) -> None:
    """The tenant writes all the while; after each kill it is thawed, and the move is run again."""
    async with open_world(server, tmp_path, placements=("acme",)) as house:
        desk = await traded(await house.seller())
        for _ in range(INVOICES):
            await desk.invoice()
        chance = random.Random(11)
        begun = f"SELECT count(*) > 0 FROM invoicing.tenants WHERE tenant_id = '{desk.tenant_id}'"
        async with writing(desk) as (writer,):
            for _ in range(KILLS):
                code = await killed(
                    house,
                    *("tenant", "move", tnt(desk.tenant_id), "--to", "acme"),
                    began=begun,
                    wait=chance.uniform(0, 1.2),
                    placement="acme",
                )
                if code == 0:
                    break
                for context in house.host.contexts.values():
                    for database in context.database.everywhere():
                        await thaw_tenants(database)
                living = [await status(house, desk, each) for each in ("pooled", "acme")]
                assert living.count("active") <= 1, living
                await asyncio.sleep(0.2)
            moved = await invx(house, "tenant", "move", tnt(desk.tenant_id), "--to", "acme")
            assert moved.code == 0, moved.text
            await asyncio.sleep(0.3)
        assert await status(house, desk, "pooled") == "moved"
        assert await status(house, desk, "acme") == "active"
        assert writer.refused <= {"tenant_moving"}
        first = INVOICES + 3
        assert sorted(writer.numbers) == list(range(first, first + len(writer.numbers)))
        await house.settle()
        assert "Intact: 2 tenants" in (await invx(house, "audit", "verify")).text
        [revenue] = (await desk.get("/v1/analytics/revenue"))["data"]
        assert revenue["gross"] == f"{119 * (INVOICES + 2 + len(writer.numbers))}.00"
