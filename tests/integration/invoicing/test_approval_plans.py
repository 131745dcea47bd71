"""What the list of approvals costs a tenant that has 100,000 of them (section 5)."""

from typing import Any
from uuid import UUID, uuid4

from invx.contexts.invoicing.api.approving import APPROVALS, approval_slice
from invx.contexts.invoicing.read.approvals import list_approvals
from invx.infra.http.pagination import parse_list_query
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from invx.place import ALL_PERMISSIONS
from tests.integration.invoicing.crowd import Spy, faults, walked
from tests.world import Desk

COUNT, ROWS_MOST = 100_000, 3_000  # of one step: each of so many permissions may lead to a page
ME = Caller(UUID(int=1), "user:7", UUID(int=2), frozenset(ALL_PERMISSIONS))
FILTERS: dict[str, dict[str, str]] = {
    "nothing": {},
    "pending": {"status": "pending"},
    "decided": {"status": "approved,rejected"},
    "rare": {"status": "lapsed"},
    "mine": {"assignee": "me"},
    "mine pending": {"assignee": "me", "status": "pending"},
    "one's": {"assignee": "user:9"},
    "nobody's": {"assignee": "user:nobody"},
    "entity": {"legal_entity": ""},
    "entity pending": {"legal_entity": "", "status": "pending"},
    "entity mine": {"legal_entity": "", "assignee": "me"},
}
_FILL = """
INSERT INTO invoicing.approvals (tenant_id, document_id, legal_entity_id, version, status, resource)
SELECT $1, lpad(to_hex(n), 32, '0')::uuid, CASE WHEN n % 10 = 0 THEN $2::uuid ELSE $3::uuid END, 1,
    (ARRAY['pending', 'approved', 'approved', 'rejected', 'withdrawn'])[1 + n % 5], '{}'
FROM generate_series($4::int, $4::int + $5::int) n
"""
_ASSIGN = """
INSERT INTO invoicing.approval_assignees (tenant_id, assignee, document_id, legal_entity_id)
SELECT a.tenant_id, who, a.document_id, a.legal_entity_id FROM invoicing.approvals a,
    LATERAL (VALUES ('permission:invoices:approve'),
        ('user:' || hashtext(a.document_id::text) % 50)) AS asked(who)
    WHERE a.status = 'pending' AND a.tenant_id = $1
"""


async def filled(desk: Desk, first: int, count: int) -> None:
    """Approvals without their documents, which this list does not read."""
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        entity = parse_typeid("le", desk.entity)
        await conn.execute(_FILL, desk.tenant_id, entity, uuid4(), first, count)
        await conn.execute(_ASSIGN, desk.tenant_id)
        await conn.execute("ANALYZE invoicing.approvals, invoicing.approval_assignees")


def test_every_filter_is_tried() -> None:
    assert {name for query in FILTERS.values() for name in query} == set(APPROVALS.filters)


async def test_every_filter_is_served_by_an_index(desk: Desk) -> None:
    other = await desk.world.seller()
    await filled(other, 10_000_000, 5_000)
    await filled(desk, 1, COUNT)
    runner = desk.world.host.contexts["invoicing"].runner
    caller = Caller(desk.tenant_id, "user:test", uuid4())
    wrong: list[str] = []
    async with runner.reading(caller) as (conn, ctx):
        assert await conn.fetchval("SELECT current_user") == "invoicing_app"
        for name, wanted in FILTERS.items():
            asked = {
                **wanted,
                **({"legal_entity": desk.entity} if "legal_entity" in wanted else {}),
            }
            for sort in ("created", "-created"):
                query = parse_list_query(APPROVALS, [*asked.items(), ("sort", sort)])
                spy: Any = Spy(conn)
                found = await list_approvals(spy, ctx, approval_slice(query, ME))
                assert len({row["document_id"] for row in found}) == len(found)
                ids = [row["document_id"] for row in found]
                assert ids == sorted(ids, reverse=sort == "-created")
                for plan in spy.plans:
                    problems = faults(plan, ROWS_MOST) + walked(plan, ROWS_MOST)
                    wrong += [f"{name} by {sort}: {each}" for each in problems]
    assert not wrong, "\n".join(wrong)


async def test_pages_of_what_waits_for_me_leave_nothing_out_and_nothing_twice(desk: Desk) -> None:
    """Also where I am asked twice: by name and by what I may do."""
    await filled(desk, 1, 700)
    mine = desk.world.client(desk.tenant_id, ALL_PERMISSIONS, subject="user:7")
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.approvals SET resource ="
            " json_build_object('invoice', document_id::text) WHERE tenant_id = $1",
            desk.tenant_id,
        )
        expected = await conn.fetch(
            "SELECT DISTINCT document_id FROM invoicing.approval_assignees WHERE tenant_id = $1"
            " AND assignee IN ('user:7', 'permission:invoices:approve') ORDER BY 1",
            desk.tenant_id,
        )
    found: list[str] = []
    query = {"assignee": "me", "status": "pending", "limit": "50"}
    while True:
        page = (await mine.get("/v1/approvals", params=query)).json()
        found += [each["invoice"] for each in page["data"]]
        if not page["has_more"]:
            break
        query["after"] = page["next"]
    assert found == [str(row[0]) for row in expected]
    assert len(found) > 100
