"""A tenant that finalizes thousands of invoices at once holds up no other (E3).

Counted, not timed: what somebody else does meanwhile is done while most of the bulk is still to
come. `python -m bench.fairness` measures how long it takes.
"""

import asyncio

from tests.world import Desk, World, draft_body

DRAFTS, BATCH = 2_000, 1_000
ROUNDS = 3
EFFECT_SECONDS_MAX = 300  # of a machine that does much else; nothing here is timed


async def effect_of(quiet: Desk) -> None:
    """Create and finalize an invoice, and wait until analytics counts it."""
    before = await counted(quiet)
    await quiet.invoice()
    await until(quiet, before + 1)


async def until(desk: Desk, count: int) -> None:
    """Wait until analytics knows of so many documents."""
    async with asyncio.timeout(EFFECT_SECONDS_MAX):
        while await counted(desk) < count:  # noqa: ASYNC110 - the worker tells nobody
            await asyncio.sleep(0.02)


async def counted(desk: Desk) -> int:
    """How many documents analytics knows of."""
    async with desk.world.admin() as conn:
        found: int = await conn.fetchval(
            "SELECT count(*) FROM analytics.documents WHERE tenant_id = $1", desk.tenant_id
        )
    return found


async def test_a_bulk_of_one_tenant_holds_up_no_event_of_another(world: World) -> None:
    busy, quiet = await world.seller(), await world.seller()
    for _ in range(DRAFTS // BATCH):
        await busy.post("/v1/invoices/batch", {"items": [draft_body()] * BATCH})
    begun = await busy.post("/v1/invoices/finalize", {"filter": {"status": "draft"}})
    world.host.start_background()
    left = []
    for _ in range(ROUNDS):
        await effect_of(quiet)
        left.append(DRAFTS - await counted(busy))
    assert left[0] > DRAFTS * 0.5, f"of {DRAFTS} of the bulk only {left} were still to come"
    async with asyncio.timeout(EFFECT_SECONDS_MAX):
        path = f"/v1/operations/{begun['id']}"
        while (done := await busy.get(path))["state"] != "done":  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    assert (done["done"], done["failed"]) == (DRAFTS, 0)
