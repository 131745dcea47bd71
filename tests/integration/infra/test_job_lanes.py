"""Due jobs by lane and tenant: ten thousand of one tenant delay nobody else's one."""

import pytest

from invx.infra.jobs import JobQueue
from invx.infra.rotation import BULK, INTERACTIVE
from invx.infra.system import Uuid7Ids
from tests.world import World

MANY, ROOM = 10_000, 8


async def filled(world: World, tenant_id: object, count: int, lane: int, hours: int) -> None:
    """So many jobs that have been due for so long."""
    async with world.admin() as conn:
        await conn.execute(
            "INSERT INTO invoicing.due_jobs"
            " (tenant_id, kind, key, due_at, payload, correlation_id, lane)"
            " SELECT $1, 'k' || $3::integer, n::text, now() - make_interval(hours => $4), '{}',"
            " $1, $3::integer"
            " FROM generate_series(1, $2::integer) n",
            tenant_id,
            count,
            lane,
            hours,
        )


def queue(world: World, lane: int) -> JobQueue:
    database = world.host.contexts["invoicing"].database
    return JobQueue(database, clock=world.host.clock, ids=Uuid7Ids(), lane=lane)


@pytest.mark.parametrize("first", [True, False])
async def test_one_job_does_not_wait_behind_ten_thousand_older_ones(
    world: World, first: bool
) -> None:
    tenants = [await world.tenant(), await world.tenant()]
    small, large = tenants if first else tenants[::-1]
    await filled(world, large, MANY, BULK, hours=9)
    await filled(world, small, 1, BULK, hours=1)
    await filled(world, large, 1, INTERACTIVE, hours=0)
    bulk, interactive = queue(world, BULK), queue(world, INTERACTIVE)
    rounds = [await bulk.claim(ROOM) for _ in range(2)]
    assert all(0 < len(jobs) <= ROOM for jobs in rounds)
    assert small in {job.tenant_id for jobs in rounds for job in jobs}
    keys = [(job.tenant_id, job.key) for jobs in rounds for job in jobs]
    assert len(set(keys)) == len(keys)  # what is claimed is nobody else's meanwhile
    [waited_for] = await interactive.claim(ROOM)
    assert (waited_for.tenant_id, waited_for.attempt) == (large, 1)
    assert await interactive.claim(ROOM) == []
