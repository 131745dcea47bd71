"""What lists of acts cost a tenant of 100,000 of them, as the application's own role."""

from typing import Any
from uuid import UUID, uuid4

from invx.contexts.identity.api.acts import slice_of
from invx.contexts.identity.api.routes.acts import IN_TENANT, TENANT_ACTS
from invx.contexts.identity.read.acts import Acts
from invx.infra.http.pagination import parse_list_query
from invx.kernel.context import Caller
from tests.integration.invoicing.crowd import Spy, faults, touched
from tests.world import World

COUNT = 100_000
ROWS_MOST = 2_000
RARE = "user:usr_rare"
FILTERS: dict[str, dict[str, str]] = {
    "nothing": {},
    "actor": {"actor": RARE},
    "nobody": {"actor": "user:nobody"},
    "type": {"type": "member_removed"},
    "common type": {"type": "member_entered"},
    "several types": {"type": "member_removed,role_removed"},
    "both": {"actor": RARE, "type": "member_removed"},
    "from": {"at[gte]": "2026-01-01"},
    "an hour": {"at[gte]": "2026-01-02", "at[lt]": "2026-01-02T01:00:00Z"},
    "actor since": {"actor": RARE, "at[gte]": "2026-01-01"},
    "type since": {"type": "member_removed", "at[gt]": "2026-01-01"},
}


def test_every_filter_of_the_list_is_tried() -> None:
    names = {name.partition("[")[0] for query in FILTERS.values() for name in query}
    assert names == set(TENANT_ACTS.filters)


async def fill(world: World, tenant_id: UUID) -> None:
    """Nearly all are entries; one in a thousand is a removal, by somebody who does nothing else."""
    async with world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(
            """WITH acts AS (
                SELECT n, ('01a00000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id,
                    n % 1000 = 0 AS rare FROM generate_series(1, $2::int) n
            ), streams AS (
                INSERT INTO identity.streams (tenant_id, stream_id, kind, version, head_hash)
                SELECT $1, id, 'Member', 1, '\\x00' FROM acts RETURNING 1
            )
            INSERT INTO identity.events (tenant_id, stream_id, version, event_id, type,
                schema_version, occurred_at, recorded_at, actor, correlation_id, body, hash)
            SELECT $1, id, 1, id, CASE WHEN rare THEN 'MemberRemoved' ELSE 'MemberEntered' END,
                1, now(), timestamptz '2026-01-01Z' + n * interval '1 minute',
                CASE WHEN rare THEN $3 ELSE 'user:usr_' || n % 50 END, id,
                CASE WHEN rare THEN '{"removed_at": "2026-01-01T00:00:00Z"}' ELSE
                '{"user_id": "01a00000-0000-7000-8000-000000000001", "session_id":
                "01a00000-0000-7000-8000-000000000002", "method": "password", "address": null,
                "user_agent": null, "entered_at": "2026-01-01T00:00:00Z"}' END::json, '\\x00'
            FROM acts""",
            *(tenant_id, COUNT, RARE),
        )
        await conn.execute("VACUUM ANALYZE identity.events, identity.streams")


async def test_every_filter_and_sort_is_served_by_an_index(world: World) -> None:
    tenant_id = await world.tenant()
    await fill(world, tenant_id)
    context = world.host.contexts["identity"]
    caller = Caller(tenant_id, "user:test", uuid4())
    wrong: list[Any] = []
    for name, filters in FILTERS.items():
        for sort in ("at", "-at"):
            query = parse_list_query(TENANT_ACTS, [*filters.items(), ("sort", sort)])
            async with context.runner.reading(caller) as (conn, ctx):
                assert await conn.fetchval("SELECT current_user") == "identity_app"
                spy = Spy(conn)
                acts = Acts(spy, ctx, context.edge.codec)
                found = await acts.page(slice_of(query, IN_TENANT))
            assert bool(found) == (name != "nobody"), name
            for plan in spy.plans:
                wrong += [(name, sort, each) for each in faults(plan, ROWS_MOST)]
                wrong += [(name, sort, each) for each in touched(plan, ROWS_MOST, "events")]
    assert wrong == []
