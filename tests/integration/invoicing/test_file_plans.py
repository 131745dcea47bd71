"""What lists of files cost a tenant of 100,000 of them, as the application's own role."""

from typing import Any
from uuid import uuid4

from invx.contexts.invoicing.api.files import FILES, file_slice
from invx.contexts.invoicing.read.files import list_files
from invx.infra.http.pagination import parse_list_query
from invx.kernel.context import Caller
from tests.integration.invoicing.crowd import Spy, faults, touched
from tests.world import Desk

COUNT = 100_000
ROWS_MOST = 5_000
FILTERS: dict[str, dict[str, str]] = {
    "media_type": {"media_type": "image/png"},
    "several": {"media_type": "image/png,image/jpeg"},
    "sha256": {"sha256": "0" * 58 + "004711"},
    "both": {"sha256": "0" * 58 + "004711", "media_type": "application/pdf"},
    "nothing": {},
}


def test_every_filter_of_the_list_is_tried() -> None:
    assert {name for query in FILTERS.values() for name in query} == set(FILES.filters)


async def fill(desk: Desk, count: int) -> None:
    """Rows without bytes; nearly all are PDFs."""
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(
            """INSERT INTO invoicing.files
            (tenant_id, file_id, version, name, media_type, size, sha256, added_at)
            SELECT $1, ('01a00000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, 'x',
                CASE WHEN n % 1000 = 0 THEN 'image/png' ELSE 'application/pdf' END,
                n, lpad(n::text, 64, '0'), now() FROM generate_series(1, $2::int) AS n""",
            *(desk.tenant_id, count),
        )
        await conn.execute("VACUUM ANALYZE invoicing.files")


async def test_every_filter_and_the_sum_are_served_by_an_index(desk: Desk) -> None:
    await fill(desk, COUNT)
    runner = desk.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=desk.tenant_id, actor="user:test", correlation_id=uuid4())
    wrong: list[Any] = []
    for name, filters in FILTERS.items():
        for sort in ("created", "-created"):
            query = parse_list_query(FILES, [*filters.items(), ("sort", sort)])
            async with runner.reading(caller) as (conn, ctx):
                assert await conn.fetchval("SELECT current_user") == "invoicing_app"
                spy = Spy(conn)
                await list_files(spy, ctx, file_slice(query))
            for plan in spy.plans:
                wrong += [(name, sort, each) for each in faults(plan, ROWS_MOST)]
                wrong += [(name, sort, each) for each in touched(plan, ROWS_MOST, "files")]
    assert wrong == []
    # The sum before an upload reads a tenant's own files, however many others have.
    other = await desk.world.seller()
    await fill(other, 1_000)
    caller = Caller(tenant_id=other.tenant_id, actor="user:test", correlation_id=uuid4())
    async with runner.reading(caller) as (conn, ctx):
        plan = await conn.fetchval(
            "EXPLAIN (FORMAT JSON) SELECT count(*), sum(size) FROM invoicing.files"
            " WHERE tenant_id = $1",
            ctx.tenant_id,
        )
    assert "Seq Scan" not in plan
