"""Which tokens count is asked of all directories at once, and each is believed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from invx.infra.embedded import Postgres
from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import Tenant
from invx.kernel import limits
from tests.integration.tenants.houses import moved
from tests.load.queries import counted
from tests.world import Desk, World, open_world

MOMENT = datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def forget(desk: Desk) -> None:
    for context in desk.world.host.contexts.values():
        context.directory.forget(desk.tenant_id)


async def revoke(desk: Desk, schema: str, moment: datetime) -> None:
    async with desk.world.admin() as conn:
        await conn.execute(
            f"UPDATE {schema}.tenants SET tokens_not_before = $2 WHERE tenant_id = $1",
            *(desk.tenant_id, moment),
        )


async def remembered(desk: Desk) -> list[Tenant]:
    contexts = desk.world.host.contexts.values()
    return [await context.directory.get(desk.tenant_id) for context in contexts]


async def test_whichever_context_hears_of_a_revocation_it_counts_to_the_microsecond(
    desk: Desk,
) -> None:
    ask = desk.world.host.tokens_not_before
    assert await ask(desk.tenant_id) is None
    for days, schema in enumerate(desk.world.host.contexts):
        await revoke(desk, schema, MOMENT + timedelta(days=days))
        forget(desk)
        assert await ask(desk.tenant_id) == MOMENT + timedelta(days=days), schema


async def test_what_is_read_together_is_what_each_would_read(desk: Desk) -> None:
    by = timedelta(days=40, hours=-1, microseconds=7)
    await desk.world.advance(desk.tenant_id, by)
    async with desk.world.admin() as conn:
        for schema in desk.world.host.contexts:
            await conn.execute(
                f"UPDATE {schema}.tenants SET mode = 'test', quota_class = $2, epoch = epoch + 7,"
                " tokens_not_before = $3 WHERE tenant_id = $1",
                *(desk.tenant_id, f"class of {schema}", MOMENT),
            )
    forget(desk)
    alone = await remembered(desk)
    forget(desk)
    await desk.world.host.tokens_not_before(desk.tenant_id)
    async with desk.world.admin() as conn:  # so that what is remembered is what was read
        for schema in desk.world.host.contexts:
            await conn.execute(f"UPDATE {schema}.tenants SET quota_class = 'later'")
    together = await remembered(desk)
    assert together == alone
    assert {each.clock_offset for each in together} == {by}
    assert len({each.quota_class for each in together}) == len(together)


async def test_it_is_asked_in_three_round_trips_and_not_again_for_some_seconds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REVOCATION_CACHE_SECONDS", 3600)
    async with counted(desk.world) as sent:
        forget(desk)
        await desk.world.host.tokens_not_before(desk.tenant_id)
        assert len(sent) == 3
        assert all(f'"{schema}_system"' in sent[0] for schema in desk.world.host.contexts)
        await desk.world.host.tokens_not_before(desk.tenant_id)
        assert len(sent) == 3
        monkeypatch.setattr(limits, "REVOCATION_CACHE_SECONDS", 0)
        await desk.world.host.tokens_not_before(desk.tenant_id)
        assert len(sent) > 3


async def test_of_a_tenant_that_nobody_knows_nothing_was_revoked(world: World) -> None:
    assert await world.host.tokens_not_before(Uuid7Ids().new()) is None


async def test_a_tenant_that_moved_is_asked_for_where_it_lives(
    server: Postgres, tmp_path: Path
) -> None:
    async with open_world(server, tmp_path, placements=("acme",)) as house:
        desk = await house.seller()
        await moved(desk, "acme")
        async with house.admin("acme") as conn:
            await conn.execute("UPDATE invoicing.tenants SET tokens_not_before = $1", MOMENT)
        forget(desk)
        assert await house.host.tokens_not_before(desk.tenant_id) == MOMENT
