"""Moves of tenants, for several suites: a house with three databases, and what lies in each."""

from invx.host import HOLDINGS, holdings_of
from invx.infra.storage.places import StorageSettings
from invx.infra.tenants.moving import Moved, Moving, Side
from tests.integration.isolation.rows import tenanted_tables
from tests.tenants import invx, tnt
from tests.world import Desk, World

# Who may sign in is asked over all tenants, so identity's rows stay where they are.
MOVING = tuple(name for name, each in HOLDINGS.items() if each.moves)


class Died(BaseException):
    """The mover, at this very line."""


async def moved(desk: Desk, to: str, *words: str) -> str:
    said = await invx(desk.world, "tenant", "move", tnt(desk.tenant_id), "--to", to, *words)
    assert said.code == 0, said.text
    return said.text


async def rows_in(world: World, desk: Desk, placement: str) -> dict[str, str]:
    """A checksum of each of the tenant's tables that moves, as it is in a placement.

    Those that are empty are left out.
    """
    found = {}
    async with world.admin(placement) as conn:
        for table in await tenanted_tables(conn):
            if table.endswith((".tenants", ".number_permits")) or not table.startswith(MOVING):
                continue
            said = await conn.fetchval(
                "SELECT md5(string_agg((to_jsonb(t) - 'position')::text, ','"
                f" ORDER BY (to_jsonb(t) - 'position')::text)) FROM {table} t WHERE tenant_id = $1",
                desk.tenant_id,
            )
            if said is not None:
                found[table] = said
    return found


async def status_in(world: World, desk: Desk, placement: str) -> str | None:
    async with world.admin(placement) as conn:
        found = {
            await conn.fetchval(
                f"SELECT status FROM {context}.tenants WHERE tenant_id = $1", desk.tenant_id
            )
            for context in MOVING
        }
    [status] = found
    return status


async def move_by_hand(
    desk: Desk, to: str, *, dying_at: str | None = None, at: str = "pooled"
) -> Moved:
    """The move as the command does it, in this loop; its mover may die at a step."""

    def progress(name: str, _: int) -> None:
        if name == dying_at:
            raise Died

    async with desk.world.admin(at) as one, desk.world.admin(to) as other:
        move = Moving(
            Side(at, one),
            Side(to, other),
            holdings_of(StorageSettings()),
            desk.tenant_id,
            progress,
        )
        return await move.move()
