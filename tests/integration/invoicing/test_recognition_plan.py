"""What the report of deferred revenue costs a tenant of 100,000 entries, and that its sums hold."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from invx.contexts.invoicing.read.recognition import revenue_by_month
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.integration.invoicing.crowd import Spy, nodes, touched
from tests.world import Desk

ENTRIES = 100_000
SELLERS = 20  # the desk's own and nineteen others share the entries
OWN = ENTRIES // SELLERS
FIRST, LAST = date(2026, 4, 1), date(2026, 6, 30)

# Every fifth entry defers 48.00, and each of the next four takes 10.00 or 11.00 of it, or credits
# 9.00; $3 sellers take turns by document, 100 days of each year are used.
FILL = """
WITH numbers AS (
    SELECT g, g / 5 AS document, g % 5 AS step FROM generate_series(0, $2::int - 1) g
)
INSERT INTO invoicing.recognition_entries (tenant_id, document_id, sequence, legal_entity_id,
    line_id, kind, part, on_date, amount, currency, book_currency, revenue_account,
    deferral_account, recorded_at)
SELECT $1, ('01900000-0000-7000-8000-' || lpad(to_hex($5::bigint + document), 12, '0'))::uuid,
    step + 1,
    CASE WHEN document % $3 = 0 THEN $4::uuid
        ELSE ('01900000-0000-7000-9000-' || lpad(to_hex(document % $3), 12, '0'))::uuid END,
    '1',
    CASE step WHEN 0 THEN 'deferred' WHEN 4 THEN 'credited' ELSE 'recognized' END,
    'p' || step,
    date '2025-01-15' + (document % 200) * 2 + step * 31,
    CASE step WHEN 0 THEN 48.00 WHEN 4 THEN 9.00 WHEN 1 THEN 11.00 ELSE 10.00 END,
    CASE WHEN document % 7 = 3 THEN 'CHF' ELSE 'EUR' END, 'EUR',
    CASE WHEN document % 3 = 0 THEN '8400' ELSE '8300' END, '0990', now()
FROM numbers
"""
_KINDS = ("deferred", "recognized", "credited", "reversed")


async def filled(desk: Desk, *, first: int) -> None:
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")  # no triggers, no documents
        entity = parse_typeid("le", desk.entity)
        await conn.execute(FILL, desk.tenant_id, ENTRIES, SELLERS, entity, first)
        await conn.execute("ANALYZE invoicing.recognition_entries")


@pytest.fixture
async def crowd(desk: Desk) -> Desk:
    """The desk with all its entries, beside another tenant with as many."""
    await filled(await desk.world.seller(), first=10_000_000)
    await filled(desk, first=0)
    return desk


async def test_the_report_reads_one_sellers_entries_by_their_index_and_sums_them(
    crowd: Desk,
) -> None:
    """One crowd for all questions: making it takes longer than asking them."""
    runner = crowd.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=crowd.tenant_id, actor="user:test", correlation_id=uuid4())
    entity = parse_typeid("le", crowd.entity)
    async with runner.reading(caller) as (conn, ctx):
        assert await conn.fetchval("SELECT current_user") == "invoicing_app"
        for first, last in ((FIRST, LAST), (date(2025, 1, 1), date(2025, 2, 28))):
            spy = Spy(conn)
            found = await revenue_by_month(spy, ctx, entity, first, last)
            assert found["months"]
            for plan in spy.plans:
                assert not touched(plan, OWN, "recognition")
                used = [node.get("Index Name") for node in nodes(plan["Plan"])]
                assert "recognition_entries_day" in used
        rows = await conn.fetch(
            "SELECT to_char(on_date, 'YYYY-MM') AS month, currency, revenue_account AS account,"
            " kind, amount FROM invoicing.recognition_entries"
            " WHERE tenant_id = $1 AND legal_entity_id = $2 AND on_date <= $3",
            crowd.tenant_id,
            entity,
            LAST,
        )
        told = await revenue_by_month(conn, ctx, entity, FIRST, LAST)
    summed: dict[tuple[str, str, str], dict[str, Decimal]] = defaultdict(
        lambda: dict.fromkeys(_KINDS, Decimal(0))
    )
    for row in rows:
        summed[row["currency"], row["account"], row["month"]][row["kind"]] += row["amount"]
    expected, balances = {}, defaultdict[tuple[str, str], Decimal](Decimal)
    for currency, account, month in sorted(summed):
        moved = summed[currency, account, month]
        balances[currency, account] += moved["deferred"] - moved["recognized"] - moved["credited"]
        if month >= f"{FIRST:%Y-%m}":
            figures = [*moved.values(), balances[currency, account]]
            expected[month, currency, account] = [f"{each:.2f}" for each in figures]
    assert expected == {
        (each["month"], each["currency"], each["account"]): [
            each[name] for name in (*_KINDS, "balance")
        ]
        for each in told["months"]
    }
    assert all(balance >= 0 for balance in balances.values())
