"""What a token costs where 20,000 tenants are: no statement goes through them, and none is new."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from invx.contexts.identity.adapters.people import PostgresPeople
from invx.contexts.identity.read.queries import seats_of
from invx.infra.tenancy import INSTALLATION
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.integration.invoicing.crowd import Spy, nodes, touched
from tests.people import Person, sign_up
from tests.world import World

TENANTS = 20_000
ROWS_MOST = 10
_FILL = """
WITH crowd AS (
    SELECT n, ('01a00000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id
    FROM generate_series(1, $2::int) n
), people AS (
    INSERT INTO identity.users (tenant_id, user_id, email, email_key, name, language, status,
        registered_at)
    SELECT $1, id, n || '@x.example', n || '@x.example', 'X', 'en', 'active', now() FROM crowd
    RETURNING 1
), houses AS (
    INSERT INTO identity.organizations (tenant_id, organization_id, name, owner_id, founded_at)
    SELECT $1, id, 'X', id, now() FROM crowd RETURNING 1
), seats AS (
    INSERT INTO identity.members (tenant_id, member_id, user_id, email, name, role, seated_at)
    SELECT id, id, id, n || '@x.example', 'X', 'owner', now() FROM crowd RETURNING 1
)
INSERT INTO identity.opened_tenants (tenant_id, opened_tenant_id, organization_id, name, mode,
    status, clock_offset_seconds, opened_at)
SELECT $1, id, id, 'X', 'live', 'active', 0, now() FROM crowd
"""


async def crowded(world: World) -> Person:
    """Somebody who signed up beside all the others."""
    ada = await sign_up(world)
    async with world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(_FILL, INSTALLATION, TENANTS)
        await conn.execute("ANALYZE")
    return ada


async def asked(world: World, ask: Callable[[Spy, Any], Awaitable[Any]], mode: str) -> list[Any]:
    """The plans of what is asked inside the installation, as the application's own role."""
    caller = Caller(INSTALLATION, "user:test", uuid4())
    async with world.host.contexts["identity"].runner.reading(caller) as (conn, ctx):
        await conn.execute(f"SET LOCAL plan_cache_mode = {mode}")
        spy: Any = Spy(conn)
        assert await ask(spy, ctx)
        return list(spy.plans)


def unwanted(plans: list[Any]) -> list[str]:
    wrong = [each for plan in plans for each in touched(plan, ROWS_MOST, "")]
    every = [node for plan in plans for node in nodes(plan["Plan"])]
    return wrong + [n["Relation Name"] for n in every if n["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_whom_a_person_may_enter_is_found_by_indexes(world: World, mode: str) -> None:
    ada = await crowded(world)
    user_id = parse_typeid("usr", ada.tokens["user"])

    async def seats(spy: Any, ctx: Any) -> list[UUID]:
        found = await seats_of(spy, ctx, user_id)
        assert [each.mode for each in found] == ["live", "test"]
        return [each.tenant_id for each in found]

    assert unwanted(await asked(world, seats, mode)) == []


async def test_whose_tenants_would_be_left_alone_is_found_by_indexes(world: World) -> None:
    ada = await crowded(world)
    user_id = parse_typeid("usr", ada.tokens["user"])

    async def owned(spy: Any, ctx: Any) -> Any:
        class Unit:
            conn = spy

        Unit.ctx = ctx  # type: ignore[attr-defined]
        spy.execute = spy._conn.execute
        unit: Any = Unit
        return await PostgresPeople(unit).owned_alone(user_id)

    plans = await asked(world, owned, "force_custom_plan")
    assert len(plans) == 3
    assert unwanted(plans) == []
