"""What lists of the ledgers cost a tenant of 100,000 rows in each, as the application's role."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from invx.contexts.invoicing.api.accounting_lists import BOOKINGS, booking_slice
from invx.contexts.invoicing.api.routes.engine_entries import ENTRIES as ENGINE_ENTRIES
from invx.contexts.invoicing.api.routes.engine_entries import conditions_of
from invx.contexts.invoicing.api.tax_lists import ENTRIES, tax_slice
from invx.contexts.invoicing.read.accounting_queries import list_bookings
from invx.contexts.invoicing.read.engine_entries import list_engine_entries
from invx.contexts.invoicing.read.tax_queries import list_tax_entries
from invx.contexts.invoicing.read.tax_views import REGISTRATION
from invx.contexts.invoicing.read.views import ENTRY, INVOICE
from invx.infra.http.pagination import Listing, ListQuery, parse_list_query
from invx.kernel.context import Caller, RequestContext
from invx.kernel.ids import typeid
from tests.integration.invoicing.crowd import Spy, faults, walked
from tests.integration.invoicing.ledger_crowd import fill_ledgers
from tests.world import Desk

Filters = dict[str, dict[str, str]]
Asking = Callable[[Any, RequestContext, ListQuery], Awaitable[object]]

ROW_COUNT = 100_000
ROWS_MOST = 5_000  # of one step; the whole ledger has twenty times as many

DOCUMENT = typeid(INVOICE, UUID("01900000-0000-7000-8000-000000001268"))
MOVEMENT = typeid(ENTRY, UUID("01910000-0000-7000-8000-000000001268"))
RARE_ONE = typeid(REGISTRATION, UUID("01920000-0000-7000-8000-000000000002"))
USUAL_ONE = typeid(REGISTRATION, UUID("01920000-0000-7000-8000-000000000001"))
OURS = {"legal_entity": ""}  # the desk's entity, which the test puts in

OF_BOOKINGS: Filters = {
    "legal_entity": OURS,
    "period": {"period": "2025-02"},
    "invoice": {"invoice": DOCUMENT},
    "settlement_entry": {"settlement_entry": MOVEMENT},
    "kind": {"kind": "payment"},
    "rare kind": {"kind": "exchange"},
    "account": {"account": "debtor"},
    "rare account": {"account": "2660"},
    "rare account of an entity": {"account": "2660", **OURS},
    "account in a month": {"account": "8400", "period": "2025-02", **OURS},
    "currency": {"currency": "USD"},
    "cost_center": {"cost_center": "CC-77"},
    "cost_object": {"cost_object": "CO-70"},
    "pending": {"pending": "true"},
    "not pending": {"pending": "false"},
    "booked_on": {"booked_on[gte]": "2025-02-03", "booked_on[lt]": "2025-02-10"},
    "nothing": {},
}
OF_TAX: Filters = {
    "legal_entity": OURS,
    "month": {"period": "2025-02"},
    "quarter of an entity": {"period": "2025-Q1", **OURS},
    "year": {"period": "2025"},
    "origin_period": {"origin_period": "2025-02", **OURS},
    "registration": {"registration": USUAL_ONE},
    "rare registration": {"registration": RARE_ONE, **OURS},
    "registered": {"registered": "true"},
    "not registered": {"registered": "false"},
    "cause": {"cause": "issued"},
    "rare cause": {"cause": "written_off"},
    "category": {"category": "K"},
    "rate": {"rate": "17"},
    "regime": {"regime": "sales"},
    "scheme": {"scheme": "oss_union"},
    "supply": {"supply": "triangular"},
    "treatment": {"treatment": "vat/-/goods/S/19/DE"},
    "rare treatment": {"treatment": "sales/oss_union/triangular/K/17/TX"},
    "figure of a return": {
        "treatment": "vat/-/goods/S/19/DE,vat/-/services/S/19/DE",
        "period": "2025-02",
        "registration": USUAL_ONE,
        **OURS,
    },
    "country": {"country": "LU"},
    "jurisdiction": {"jurisdiction": "TX"},
    "currency": {"currency": "USD"},
    "tax_currency": {"tax_currency": "PLN"},
    "reporting_currency": {"reporting_currency": "PLN"},
    "accounted": {"accounted": "true"},
    "not accounted": {"accounted": "false"},
    "provisional": {"provisional": "true"},
    "invoice": {"invoice": DOCUMENT},
    "same_buyer_as": {"same_buyer_as": DOCUMENT},
    "tax_point": {"tax_point[gte]": "2025-02-03", "tax_point[lt]": "2025-02-10"},
    "nothing": {},
}
OF_ENGINES: Filters = {
    "status": {"status": "committed"},
    "rare status": {"status": "failed"},
    "statuses": {"status": "failed,pending"},
    "invoice": {"invoice": DOCUMENT},
    "nothing": {},
}

# Words of which there are few. Alone they are asked for by nobody who is in a hurry: the ledger is
# walked in its order until a page is full. In an address of a figure they stand beside a
# registration and a period, which have an index.
WALKED = {
    *("bookings, rare kind", "tax entries, rare cause", "tax entries, category"),
    *("tax entries, rate", "tax entries, regime", "tax entries, scheme", "tax entries, supply"),
    *("tax entries, rare treatment", "tax entries, country", "tax entries, jurisdiction"),
    *("tax entries, currency", "tax entries, reporting_currency", "tax entries, origin_period"),
}


async def _bookings(conn: Any, ctx: RequestContext, query: ListQuery) -> object:
    return await list_bookings(conn, ctx, booking_slice(query))


async def _tax_entries(conn: Any, ctx: RequestContext, query: ListQuery) -> object:
    return await list_tax_entries(conn, ctx, tax_slice(query))


async def _engine_entries(conn: Any, ctx: RequestContext, query: ListQuery) -> object:
    return await list_engine_entries(
        conn, ctx, conditions_of(query), None, query.limit, descending=query.descending
    )


LISTS: dict[str, tuple[Listing, Filters, Asking]] = {
    "bookings": (BOOKINGS, OF_BOOKINGS, _bookings),
    "tax entries": (ENTRIES, OF_TAX, _tax_entries),
    "engine entries": (ENGINE_ENTRIES, OF_ENGINES, _engine_entries),
}


@pytest.mark.parametrize("name", LISTS)
def test_every_filter_of_the_ledgers_is_tried(name: str) -> None:
    listing, filters, _ = LISTS[name]
    tried = {each.partition("[")[0] for query in filters.values() for each in query}
    assert tried == set(listing.filters)


async def _asked(desk: Desk, asking: Asking, query: ListQuery) -> Spy:
    runner = desk.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=desk.tenant_id, actor="user:test", correlation_id=uuid4())
    async with runner.reading(caller) as (conn, ctx):
        assert await conn.fetchval("SELECT current_user") == "invoicing_app"
        spy = Spy(conn)
        await asking(spy, ctx, query)
    return spy


async def test_ledgers_stay_quick_for_a_tenant_with_a_hundred_thousand_rows(desk: Desk) -> None:
    """Each list by each filter in both directions.

    No ledger is read whole, none is sorted whole, and nobody looks at thousands of rows to find
    the few that were asked for.
    """
    await fill_ledgers(await desk.world.seller(), 5_000, first=10_000_000)
    await fill_ledgers(desk, ROW_COUNT)
    wrong: list[str] = []
    for ledger, (listing, filters, asking) in LISTS.items():
        for name, wanted in filters.items():
            told = {each: value or desk.entity for each, value in wanted.items()}
            for sort in (form for each in listing.sorts for form in (each, f"-{each}")):
                query = parse_list_query(listing, list({**told, "sort": sort}.items()))
                spy = await _asked(desk, asking, query)
                for plan in spy.plans:
                    found = faults(plan, ROWS_MOST)
                    if f"{ledger}, {name}" not in WALKED:
                        found += walked(plan, ROWS_MOST)
                    wrong += [f"{ledger}, {name} by {sort}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)
