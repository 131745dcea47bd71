"""The tax ledger in the database: its constraint, its rebuild, and what its lists cost."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from invx.contexts.invoicing.api.tax_lists import ENTRIES, tax_slice
from invx.contexts.invoicing.read.tax_queries import list_tax_entries, tax_summary
from invx.infra.http.pagination import parse_list_query
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid, typeid
from tests.integration.invoicing.crowd import Spy, nodes
from tests.world import Desk, line

ENTRY_COUNT = 100_000
ROWS_MOST = 5_000

_FILL = """
INSERT INTO invoicing.tax_entries (tenant_id, document_id, sequence, tax_entry_id, legal_entity_id,
    cause, tax_point, period, country, registration_id, basis, regime, jurisdiction, category,
    rate, currency, base, tax, provisional, recorded_at)
SELECT $1, ('01900000-0000-7000-8000-' || lpad(to_hex(g), 12, '0'))::uuid, 1, gen_random_uuid(),
    $2, CASE WHEN g % 50 = 0 THEN 'credited' ELSE 'issued' END, day, to_char(day, 'YYYY-MM'), 'DE',
    $3, 'accrual', 'vat', 'DE', 'S', 19, 'EUR', g, g, false, now()
FROM generate_series(1, $4::int) g, LATERAL (SELECT date '2020-01-01' + g / 50 AS day) d
"""

QUERIES: dict[str, dict[str, str]] = {
    "nothing": {},
    "legal entity": {"legal_entity": ""},
    "a period": {"legal_entity": "", "period": "2022-03"},
    "a registration": {"legal_entity": "", "registration": "", "period": "2022-03"},
    "a figure": {"legal_entity": "", "registration": "", "period": "2022-03", "category": "S",
                 "rate": "19", "currency": "EUR", "regime": "vat", "country": "DE",
                 "jurisdiction": "DE", "provisional": "false", "accounted": "false"},
    "a currency of tax": {"legal_entity": "", "period": "2022-03", "tax_currency": "EUR"},
    "no registration": {"legal_entity": "", "period": "2022-03", "registered": "false"},
    "a cause": {"cause": "credited"},
    "an invoice": {"invoice": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"},
    "a quarter": {"legal_entity": "", "registration": "", "period": "2022-Q1"},
    "a supply's period": {"legal_entity": "", "period": "2022-03", "origin_period": "2022"},
    "a box": {"legal_entity": "", "registration": "", "period": "2022-03", "provisional": "false",
              "treatment": "vat/-/-/S/19/DE,vat/-/-/S/7/DE", "reporting_currency": "EUR"},
    "a ground": {"legal_entity": "", "period": "2022-03", "scheme": "export", "supply": "goods"},
    "a buyer": {"legal_entity": "", "registration": "", "period": "2022-03",
                "same_buyer_as": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"},
    "days": {"tax_point[gte]": "2022-03-01", "tax_point[lt]": "2022-03-05"},
}  # fmt: skip

NOTHING = {"no registration", "an invoice", "a currency of tax", "a ground", "a buyer"}
NOTHING |= {"a supply's period"}


def test_every_filter_of_the_list_is_tried() -> None:
    tried = {name.partition("[")[0] for query in QUERIES.values() for name in query}
    assert tried == set(ENTRIES.filters)


@pytest.fixture
async def crowded(desk: Desk) -> tuple[Desk, UUID]:
    registration = uuid4()
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        entity = parse_typeid("le", desk.entity)
        await conn.execute(_FILL, desk.tenant_id, entity, registration, ENTRY_COUNT)
        await conn.execute("ANALYZE invoicing.tax_entries")
    return desk, registration


def _read(spy: Spy) -> int:
    """The rows that the last statement looked at, taken or not."""
    return sum(
        int(node["Actual Rows"]) + int(node.get("Rows Removed by Filter", 0))
        for node in nodes(spy.plans[-1]["Plan"])
        if "Scan" in node["Node Type"]
    )


async def test_every_filter_is_served_by_an_index(crowded: tuple[Desk, UUID]) -> None:
    desk, registration = crowded
    runner = desk.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=desk.tenant_id, actor="user:test", correlation_id=uuid4())
    ids = {"legal_entity": desk.entity, "registration": typeid("reg", registration)}
    wrong = []
    async with runner.reading(caller) as (conn, ctx):
        assert await conn.fetchval("SELECT current_user") == "invoicing_app"
        for name, wanted in QUERIES.items():
            for sort in ("tax_point", "-tax_point"):
                said = {key: value or ids[key] for key, value in wanted.items()}
                query = parse_list_query(ENTRIES, list({**said, "sort": sort}.items()))
                spy = Spy(conn)
                found, _ = await list_tax_entries(spy, ctx, tax_slice(query))
                kinds = {node["Node Type"] for node in nodes(spy.plans[0]["Plan"])}
                if "Seq Scan" in kinds or _read(spy) > ROWS_MOST:
                    wrong.append((name, sort, kinds, _read(spy)))
                assert found or name in NOTHING
        assert wrong == []


async def test_a_summary_reads_its_months_only(crowded: tuple[Desk, UUID]) -> None:
    desk, _ = crowded
    runner = desk.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=desk.tenant_id, actor="user:test", correlation_id=uuid4())
    async with runner.reading(caller) as (conn, ctx):

        class Whole(Spy):
            async def fetchval(self, statement: str, *values: Any) -> Any:
                return await conn.fetchval(statement, *values)

        spy = Whole(conn)
        entity = parse_typeid("le", desk.entity)
        found = await tax_summary(spy, ctx, entity, "2022-03", "2022-04")
        assert [each["count"] for each in found["figures"]] == [31 * 50, 30 * 50]
        assert _read(spy) <= ROWS_MOST


async def test_the_database_refuses_a_ledger_that_is_not_what_the_settlement_says(
    desk: Desk,
) -> None:
    issued = parse_typeid("inv", (await desk.invoice(line("100.00")))["id"])
    async with desk.world.admin() as conn:
        with pytest.raises(asyncpg.CheckViolationError, match="the tax ledger holds"):
            await conn.execute(
                "UPDATE invoicing.settlements SET entered_tax = 18 WHERE document_id = $1", issued
            )
        with pytest.raises(asyncpg.CheckViolationError, match="an_entry_moves_something"):
            await conn.execute(
                "UPDATE invoicing.tax_entries SET base = 0, tax = 0 WHERE document_id = $1", issued
            )


async def test_a_reconciliation_notices_what_does_not_agree(desk: Desk) -> None:
    issued = await desk.invoice(line("100.00"))
    period = issued["issue_date"][:7]
    query = {"legal_entity": desk.entity, "period": period}
    assert (await desk.get("/v1/tax/reconciliation", **query))["balanced"]
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(
            "UPDATE invoicing.tax_entries SET tax = 18 WHERE tenant_id = $1", desk.tenant_id
        )
    found = await desk.get("/v1/tax/reconciliation", **query)
    assert not found["balanced"]
    assert found["currencies"][0]["differences"]["entered"] == "-1.00"


async def test_an_erasure_leaves_the_tax_ledger_as_it_is(desk: Desk) -> None:
    issued = await desk.invoice(line("100.00"))
    body = {"amount": "19.00", "source": "p", "note": "for Ada"}
    await desk.post(f"/v1/invoices/{issued['id']}/write-offs", body)
    before = await desk.get("/v1/tax/entries")
    await desk.post("/v1/erasures", {"customer": "C-1"})
    assert await desk.get("/v1/tax/entries") == before
    assert len(before["data"]) == 2
