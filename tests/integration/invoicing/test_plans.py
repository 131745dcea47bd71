"""What lists cost a tenant of 100,000 documents, as the application's own role (section 5)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from invx.contexts.invoicing.api.lists import DOCUMENTS, document_filter, document_slice
from invx.contexts.invoicing.read.access_paths import BOUNDS
from invx.contexts.invoicing.read.open_items import OpenItemSlice, list_open_items
from invx.contexts.invoicing.read.queries import list_documents
from invx.contexts.invoicing.read.withholding import WithholdingSlice, list_withholding
from invx.infra.http.pagination import ListQuery, parse_list_query
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.integration.invoicing.crowd import Spy, faults, fill, nodes, touched, walked
from tests.world import Desk, World

DOCUMENT_COUNT = 100_000
ROWS_MOST = 5_000  # of one step; the whole set has twenty times as many
PASSED_MOST = BOUNDS.passed  # entries of an index, without their documents
OTHERS = 20  # tenants beside, with the same customers, deals and states

FILTERS: dict[str, dict[str, str]] = {
    "type": {"type": "credit_note"},
    "types": {"type": "credit_note,proforma"},
    "status": {"status": "draft"},
    "rare status": {"status": "cancelled,replaced"},
    "settlement_status": {"settlement_status": "open,partial"},
    "delivery_status": {"delivery_status": "sent,delivered"},
    "nothing sent": {"delivery_status": "none"},
    "clearance_status": {"clearance_status": "pending,rejected"},
    "nothing to clear": {"clearance_status": "not_required"},
    "customer": {"customer": "C-77"},
    "external_id": {"external_id": "X-4711"},
    "number": {"number": "2026-004711"},
    "currency": {"currency": "USD"},
    "currency that is not there": {"currency": "SEK"},
    "legal_entity": {"legal_entity": ""},
    "credits": {"credits": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"},
    "created": {"created[gte]": "2024-03-01", "created[lt]": "2024-03-03"},
    "created from": {"created[gte]": "2024-03-01"},
    "created to": {"created[lte]": "2025-10-01"},
    "issue_date": {"issue_date": "2025-02-03"},
    "issue_date range": {"issue_date[gte]": "2025-02-03", "issue_date[lte]": "2025-02-10"},
    "due_date": {"due_date[gt]": "2025-02-03", "due_date[lt]": "2025-02-06"},
    "gross": {"gross[gte]": "5000", "gross[lt]": "5100", "currency": "EUR"},
    "imported": {"origin": "imported"},
    "issued": {"origin": "issued"},
    "overdue": {"overdue": "true"},
    "not overdue": {"overdue": "false"},
    "q": {"q": "x-4711"},
    "q that all have": {"q": "design"},
    "metadata": {"metadata[deal]": "D-77"},
    "metadata that half have": {"metadata[team]": "T-1"},
    "q and metadata": {"q": "buyer 7", "metadata[team]": "T-1"},
    "open of a customer": {"settlement_status": "open", "customer": "C-97"},
    "overdue of a customer": {"overdue": "true", "customer": "C-97"},
    "overdue and finalized": {"overdue": "true", "status": "finalized"},
    "what none is": {"settlement_status": "partial"},
    "nothing": {},
}
DEEP = (
    "nothing",
    "status",
    "overdue",
    "not overdue",
    "settlement_status",
    "currency",
    "created to",
)


def test_every_filter_of_the_list_is_tried() -> None:
    tried = {name.partition("[")[0] for query in FILTERS.values() for name in query}
    assert tried == set(DOCUMENTS.filters)


async def _asked(world: World, desk: Desk, query: ListQuery) -> Spy:
    runner = world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=desk.tenant_id, actor="user:test", correlation_id=uuid4())
    async with runner.reading(caller) as (conn, ctx):
        assert await conn.fetchval("SELECT current_user") == "invoicing_app"
        spy = Spy(conn)
        await list_documents(spy, ctx, document_filter(query), document_slice(query))
    return spy


@pytest.fixture
async def crowd(desk: Desk) -> Desk:
    """The desk with all its documents, beside tenants with some."""
    for number in range(1, OTHERS + 1):
        await fill(await desk.world.seller(), 2_000, first=number * 10_000_000)
    await fill(desk, DOCUMENT_COUNT)
    return desk


async def _every_filter_and_every_sort_is_served_by_an_index(crowd: Desk) -> None:
    wrong: list[str] = []
    for name, wanted in FILTERS.items():
        parameters = {"legal_entity": crowd.entity} if "legal_entity" in wanted else wanted
        for sort in (form for each in DOCUMENTS.sorts for form in (each, f"-{each}")):
            query = parse_list_query(DOCUMENTS, list({**parameters, "sort": sort}.items()))
            spy = await _asked(crowd.world, crowd, query)
            wrong += [f"{name} by {sort}: {each}" for each in _wrong(spy)]
    assert not wrong, "\n".join(wrong)


def _wrong(spy: Spy) -> list[str]:
    found = [each for plan in spy.plans for each in faults(plan, ROWS_MOST)]
    return found + [each for plan in spy.plans for each in walked(plan, PASSED_MOST)]


async def _a_page_in_the_middle_costs_what_the_first_one_does(crowd: Desk) -> None:
    """From the document of the middle on, in either direction."""
    number = DOCUMENT_COUNT // 2 + 1
    middle = UUID(f"01900000-0000-7000-8000-{number:012x}")
    day = date(2024, 1, 1) + timedelta(days=number // 100)
    made = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=10 * number)
    keys: dict[str, Any] = {"created": str(middle), "issue_date": day, "gross": number * 100}
    keys |= {"due_date": day + timedelta(days=14), "number": f"2026-{number:06}"}
    keys |= {"buyer": f"buyer {number % 1_000}"}
    wrong: list[str] = []
    for name in DEEP:
        for sort in (form for each in DOCUMENTS.sorts for form in (each, f"-{each}")):
            wanted = {**FILTERS[name], "sort": sort}
            query = parse_list_query(DOCUMENTS, list(wanted.items()))
            key = made if (name, query.sort) == ("created to", "created") else keys[query.sort]
            after = query.cursor(key, middle)
            deep = parse_list_query(DOCUMENTS, [*wanted.items(), ("after", after)])
            spy = await _asked(crowd.world, crowd, deep)
            wrong += [f"{name} by {sort}: {each}" for each in _wrong(spy)]
    assert not wrong, "\n".join(wrong)


async def _words_and_metadata_are_found_by_their_index(crowd: Desk) -> None:
    """The function runs as a role of its own; this asks what it asks, as that role."""
    asked = {
        "words": "s.words ILIKE '%x-4711%'",
        "metadata": """s.metadata @> '{"deal": "D-77"}'""",
        "both": """s.words ILIKE '%buyer 77%' AND s.metadata @> '{"deal": "D-77"}'""",
    }
    async with crowd.world.admin() as conn, conn.transaction():
        await conn.execute("SET LOCAL ROLE invoicing_search")
        await conn.execute("SET LOCAL enable_indexscan = off")  # as the function does
        await conn.execute("SET LOCAL enable_seqscan = off")
        await conn.execute("SELECT set_config('app.tenant', $1, true)", str(crowd.tenant_id))
        for name, condition in asked.items():
            spy = Spy(conn)
            found = await spy.fetch(
                "SELECT s.document_id FROM invoicing.document_search s WHERE s.tenant_id ="
                f" invoicing.current_tenant() AND {condition} AND s.document_id < $1"
                " ORDER BY s.document_id DESC LIMIT 1000",
                UUID(int=2**128 - 1),
            )
            assert found, name
            assert faults(spy.plans[0], ROWS_MOST) == [], name
            used = {node.get("Index Name") for node in nodes(spy.plans[0]["Plan"])}
            assert used & {"document_search_words", "document_search_metadata"}, name


async def _what_all_documents_have_is_read_from_the_newest_on(crowd: Desk) -> None:
    """Rows that the search takes, however it goes about it: it runs as a role of its own."""
    counted = """SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables
        WHERE relname = 'document_search'"""
    asked = [("%design%", None, 1_000), ("%x-4711%", None, 11), (None, '{"team": "T-1"}', 1_000)]
    asked += [("%no such word%", None, 0), ("%buyer 77%", '{"team": "T-1"}', 1_000)]
    asked += [(None, '{"deal": "D-77"}', 50), (None, '{"deal": "no such deal"}', 0)]
    asked += [("%design%", '{"deal": "D-77"}', 50), ("%buyer 77%", '{"deal": "D-77"}', 50)]
    asked += [("%x-4711%", '{"team": "T-1"}', 11), ("%design%x-4711%", None, 11)]
    async with crowd.world.admin() as conn:
        for text, metadata, most in asked:
            async with conn.transaction():
                await conn.execute(
                    "SELECT set_config('app.tenant', $1, true)", str(crowd.tenant_id)
                )
                before = await conn.fetchval(counted)
                found = await conn.fetch(
                    "SELECT invoicing.search_documents($1, $2::jsonb, $3, 1000)",
                    *(text, metadata, UUID(int=2**128 - 1)),
                )
                taken = await conn.fetchval(counted) - before
            assert len(found) <= most, text
            assert bool(found) is bool(most), text
            ids = [row[0] for row in found]
            assert ids == sorted(ids, reverse=True), "newest first"
            assert taken <= ROWS_MOST, (text, metadata, taken)


async def _a_search_finds_what_contains_it(crowd: Desk) -> None:
    """The index is asked for the rare part of a pattern only, and for one of two conditions."""
    asked = [
        ("%buyer 777%", "%777%", '{"deal": "D-777"}'),
        ("%design\nx-4711%", "%4711%", None),
        ("%x-4711\nbuyer 711%", "%4711\nbuyer 711%", '{"team": "T-1"}'),
        ("%4711\nbuyer%", "%4711%", None),
        ("%buyer 77\\%%", "%buyer 77\\%%", None),
        ("%design\\_4711%", "%4711%", None),
        ("%design%buyer%", "%design%buyer%", '{"deal": "D-1077"}'),
        ("%r 99%", "%r 99%", None),
    ]
    every = UUID(int=2**128 - 1)
    async with crowd.world.admin() as conn, conn.transaction():
        await conn.execute("SELECT set_config('app.tenant', $1, true)", str(crowd.tenant_id))
        for text, part, metadata in asked:
            rare = "SELECT invoicing.rare_part_of_words($1, $2)"
            assert await conn.fetchval(rare, text, every) == part
            found = await conn.fetch(
                "SELECT invoicing.search_documents($1, $2::jsonb, $3, 1000)", text, metadata, every
            )
            naive = await conn.fetch(
                "SELECT document_id FROM invoicing.document_search WHERE tenant_id = $1"
                " AND words ILIKE $2 AND metadata @> coalesce($3::jsonb, '{}')"
                " ORDER BY document_id DESC LIMIT 1000",
                *(crowd.tenant_id, text, metadata),
            )
            assert found == naive, text


async def _open_items_are_found_among_what_is_open(crowd: Desk) -> None:
    """Of a hundred thousand documents nine hundred are open: today's answer looks at no others.

    That of a day of the past looks at those, too, which have moved since.
    """
    runner = crowd.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=crowd.tenant_id, actor="user:test", correlation_id=uuid4())
    filters: dict[str, dict[str, Any]] = {
        "today": {},
        "of a customer": {"customer": "C-97"},
        "of an entity": {"legal_entities": [parse_typeid("le", crowd.entity)]},
        "backwards": {"descending": True, "after": "EUR zzz"},
        "a week before the last": {"on": date(2026, 10, 3)},
    }
    async with runner.reading(caller) as (conn, ctx):
        for name, wanted in filters.items():
            spy = Spy(conn)
            rows, _ = await list_open_items(spy, ctx, OpenItemSlice(**wanted))
            assert rows, name
            wrong = [x for plan in spy.plans for x in touched(plan, ROWS_MOST, "settlement")]
            assert not wrong, f"{name}: {wrong}"


async def _withholding_is_found_among_what_expects_it(crowd: Desk) -> None:
    """Few documents have tax that the buyer keeps back: the report looks at no others."""
    runner = crowd.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=crowd.tenant_id, actor="user:test", correlation_id=uuid4())
    filters: dict[str, dict[str, Any]] = {
        "all": {},
        "of a customer": {"customer": "C-103"},
        "of an entity": {"legal_entities": [parse_typeid("le", crowd.entity)]},
        "of a year": {"first": date(2025, 1, 1), "last": date(2025, 12, 31)},
        "backwards": {"descending": True, "after": "EUR zzz"},
    }
    async with runner.reading(caller) as (conn, ctx):
        for name, wanted in filters.items():
            spy = Spy(conn)
            rows, _ = await list_withholding(spy, ctx, WithholdingSlice(**wanted))
            assert rows, name
            wrong = [x for plan in spy.plans for x in touched(plan, ROWS_MOST, "settlement")]
            assert not wrong, f"{name}: {wrong}"


async def _a_search_that_all_documents_answer_pages_through_all_of_them(crowd: Desk) -> None:
    """More match than one search returns; the second page begins where the first one ended."""
    seen: list[str] = []
    after: dict[str, str] = {}
    for _ in range(12):
        page = await crowd.get("/v1/invoices", q="design", limit=100, **after)
        seen += [each["external_id"] for each in page["data"]]
        after = {"after": page["next"]}
    assert seen == [f"X-{number}" for number in range(DOCUMENT_COUNT, DOCUMENT_COUNT - 1200, -1)]


async def test_lists_stay_quick_for_a_tenant_with_a_hundred_thousand_documents(crowd: Desk) -> None:
    """One crowd for all its questions: making it takes longer than asking them."""
    await _every_filter_and_every_sort_is_served_by_an_index(crowd)
    await _a_page_in_the_middle_costs_what_the_first_one_does(crowd)
    await _words_and_metadata_are_found_by_their_index(crowd)
    await _what_all_documents_have_is_read_from_the_newest_on(crowd)
    await _a_search_finds_what_contains_it(crowd)
    await _open_items_are_found_among_what_is_open(crowd)
    await _withholding_is_found_among_what_expects_it(crowd)
    await _a_search_that_all_documents_answer_pages_through_all_of_them(crowd)
