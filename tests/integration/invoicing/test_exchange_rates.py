"""Exchange rates in the database: what lists and lookups cost, rebuilding, and many who wait."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from invx.contexts.invoicing.adapters.exchange_rates import PostgresExchangeRates
from invx.contexts.invoicing.api.rate_lists import RATES, rate_slice
from invx.contexts.invoicing.app import spread_exchange_rates as spreading
from invx.contexts.invoicing.domain.exchange.exchange import RateQuestion
from invx.contexts.invoicing.read.exchange_rates import list_exchange_rates
from invx.infra.http.pagination import parse_list_query
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.integration.invoicing.crowd import Spy, nodes
from tests.world import Desk, line

DAYS = 4_000
ROWS_MOST = 5_000
QUERIES: dict[str, dict[str, str]] = {
    "nothing": {},
    "a source": {"source": "hmrc"},
    "a base": {"base": "EUR"},
    "a quote": {"quote": "USD"},
    "a pair": {"source": "ecb", "base": "EUR", "quote": "USD"},
    "days": {"first_day[gte]": "2022-03-01", "first_day[lt]": "2022-03-05"},
}
_FILL = """
INSERT INTO invoicing.exchange_rates (tenant_id, source, base, quote, first_day, kind, rate,
    corrected, rate_sheet_id, recorded_at)
SELECT $1, CASE WHEN c = 'GBP' THEN 'hmrc' ELSE 'ecb' END, 'EUR', c, date '2014-01-01' + g,
    'daily', 1 + g, false, gen_random_uuid(), now()
FROM generate_series(1, $2::int) g,
    unnest('{USD,JPY,GBP,CHF,SEK,NOK,DKK,PLN,CZK,HUF,RON,BRL,CNY,INR,AUD,CAD,NZD,ZAR,MXN,KRW,SGD,
    HKD,THB,MYR,PHP}'::text[]) c
"""


def test_every_filter_of_the_list_is_tried() -> None:
    tried = {name.partition("[")[0] for query in QUERIES.values() for name in query}
    assert tried == set(RATES.filters)


@pytest.fixture
async def crowded(desk: Desk) -> Desk:
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(_FILL, desk.tenant_id, DAYS)
        await conn.execute("ANALYZE invoicing.exchange_rates")
    return desk


def _read(spy: Spy) -> int:
    return sum(
        int(node["Actual Rows"]) * int(node["Actual Loops"])
        + int(node.get("Rows Removed by Filter", 0))
        for node in nodes(spy.plans[-1]["Plan"])
        if "Scan" in node["Node Type"]
    )


async def test_every_filter_and_every_lookup_is_served_by_an_index(crowded: Desk) -> None:
    runner = crowded.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=crowded.tenant_id, actor="user:test", correlation_id=uuid4())
    async with runner.reading(caller) as (conn, ctx):
        assert await conn.fetchval("SELECT current_user") == "invoicing_app"
        wrong = []
        for name, wanted in QUERIES.items():
            for sort in ("first_day", "-first_day"):
                query = parse_list_query(RATES, list({**wanted, "sort": sort}.items()))
                spy = Spy(conn)
                found, _ = await list_exchange_rates(spy, ctx, rate_slice(query))
                kinds = {node["Node Type"] for node in nodes(spy.plans[0]["Plan"])}
                if "Seq Scan" in kinds or _read(spy) > ROWS_MOST or not found:
                    wrong.append((name, sort, kinds, _read(spy)))
        assert wrong == []
        day = date(2020, 5, 5)
        asked = [
            RateQuestion(source="ecb", base=base, quote="JPY", on=day) for base in ("EUR", "USD")
        ]
        spy = Spy(conn)
        answers = await PostgresExchangeRates(spy, ctx.tenant_id).of(asked, day)
        assert None not in answers
        assert _read(spy) < 100


async def test_the_rows_are_made_again_from_the_events(desk: Desk) -> None:
    rate = {"base": "EUR", "quote": "USD", "on": "2026-11-27", "rate": "1.10"}
    for figure in ("1.10", "1.20"):
        body = {"source": "ecb", "rates": [{**rate, "rate": figure}]}
        await desk.post("/v1/exchange-rates", body)
    before = (await desk.get("/v1/exchange-rates"))["data"]
    async with desk.world.admin() as conn:
        sheet = await conn.fetchval("SELECT rate_sheet_id FROM invoicing.exchange_rates")
        await conn.execute("DELETE FROM invoicing.exchange_rates")
    runner = desk.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=desk.tenant_id, actor="user:test", correlation_id=uuid4())

    async def rebuild(stream_id: UUID, uow: object) -> None:
        await uow.reproject(stream_id)  # type: ignore[attr-defined]

    await runner.run(rebuild, sheet, caller)
    assert (await desk.get("/v1/exchange-rates"))["data"] == before


async def test_documents_that_wait_are_found_in_portions(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "DOCUMENTS_AT_ONCE", 2)
    documents = [await desk.invoice(line("100.00"), currency="CHF") for _ in range(5)]
    await desk.world.settle()
    issued = documents[0]["issue_date"][:7]
    month = {"base": "EUR", "quote": "CHF", "month": issued, "rate": "0.95"}
    await desk.post("/v1/exchange-rates", {"source": "bmf", "rates": [month]})
    await desk.world.settle()
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT document_id, provisional, rate_source FROM invoicing.tax_entries"
        )
    assert {row["document_id"] for row in rows} == {
        parse_typeid("inv", each["id"]) for each in documents
    }
    assert {(row["provisional"], row["rate_source"]) for row in rows} == {(False, "bmf")}
