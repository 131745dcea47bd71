"""The books: charts of accounts, the journal, what buyers owe, and whether all of it agrees."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.accounting_lists import (
    BOOKINGS,
    OPEN_ITEMS,
    booking_slice,
    open_item_slice,
)
from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.accounting import (
    BalancesOut,
    BalancesQuery,
    BookingListOut,
    BookRateIn,
    BookRateOut,
    ChartListOut,
    ChartOut,
    JournalQuery,
    JournalReconciliationOut,
    OpenItemListOut,
)
from invx.contexts.invoicing.api.tax_lists import place_of
from invx.contexts.invoicing.app.state_book_rate import StateBookRate, state_book_rate
from invx.contexts.invoicing.domain.errors import (
    ChartNotFound,
    DocumentNotFound,
    LegalEntityNotFound,
)
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.read.accounting_queries import (
    balances,
    list_bookings,
    reconcile_journal,
)
from invx.contexts.invoicing.read.accounting_views import booking_view
from invx.contexts.invoicing.read.charts import chart_summary, chart_view
from invx.contexts.invoicing.read.open_items import list_open_items, open_item_view
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import InvalidQuery, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import parameter_problem, problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1/accounting", tags=["Accounting"])

Reader = Annotated[Caller, requires("accounting:read")]
Writer = Annotated[Caller, requires("accounting:write")]


@router.get("/charts", operation_id="accounting_list_charts", response_model=ChartListOut)
async def charts(caller: Reader, edge: Invoicing) -> Response:
    """List the charts of accounts that are shipped."""
    del caller
    found = [chart_summary(chart) for chart in edge.charts.values()]
    return json_response(encode({"object": "list", "data": found, "has_more": False}))


@router.get(
    "/charts/{code}",
    operation_id="accounting_get_chart",
    response_model=ChartOut,
    responses=problem_responses(404),
)
async def chart(
    code: Annotated[str, Path(description="The code of the chart.", examples=["SKR03"])],
    caller: Reader,
    edge: Invoicing,
) -> Response:
    """Read a chart: which account for what, and whether it knows its tax."""
    del caller
    if (found := edge.charts.get(code)) is None:
        raise ChartNotFound
    return json_response(encode(chart_view(found)))


@router.get(
    "/bookings",
    operation_id="accounting_list_bookings",
    response_model=BookingListOut,
    responses=problem_responses(422),
)
async def bookings(
    caller: Reader, query: Annotated[ListQuery, list_query(BOOKINGS)], edge: Invoicing
) -> Response:
    """List the bookings of the journal by day."""
    async with edge.runner.reading(caller) as (conn, ctx):
        page, more = await list_bookings(conn, ctx, booking_slice(query))
    following = query.cursor(*place_of(page[-1], "booked_on")) if more else None
    items = [encode(booking_view(row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get(
    "/balances",
    operation_id="accounting_get_balances",
    response_model=BalancesOut,
    responses=problem_responses(404, 422),
)
async def sums(
    query: Annotated[BalancesQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Sum the journal per account, each sum with the address of its bookings."""
    entity_id = id_of(LEGAL_ENTITY, query.legal_entity, LegalEntityNotFound)
    if query.last < query.first:
        problem = parameter_problem("query", "from", "invalid_range", "`from` comes before `to`.")
        raise InvalidQuery(problems=[problem])
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await balances(conn, ctx, entity_id, query.first, query.last)
    return json_response(encode(found))


@router.get(
    "/open-items",
    operation_id="accounting_list_open_items",
    response_model=OpenItemListOut,
    responses=problem_responses(422),
)
async def open_items(
    caller: Reader, query: Annotated[ListQuery, list_query(OPEN_ITEMS)], edge: Invoicing
) -> Response:
    """List what each buyer owes on a day, by age.

    If no day is named it is today in the time zone of each legal entity.
    """
    async with edge.runner.reading(caller) as (conn, ctx):
        page, more = await list_open_items(conn, ctx, open_item_slice(query))
    items = [encode(open_item_view(row)) for row in page]
    following = query.cursor(page[-1]["place"], page[-1]["legal_entity_id"]) if more else None
    return json_response(page_body(items, has_more=more, next=following))


@router.get(
    "/reconciliation",
    operation_id="accounting_get_reconciliation",
    response_model=JournalReconciliationOut,
    responses=problem_responses(404, 422),
)
async def reconciliation(
    query: Annotated[JournalQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Compare the journal with documents, settlements and the tax ledger."""
    entity_id = id_of(LEGAL_ENTITY, query.legal_entity, LegalEntityNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await reconcile_journal(conn, ctx, entity_id)
    return json_response(encode(found))


@router.post(
    "/book-rates/{invoice}",
    operation_id="accounting_state_book_rate",
    response_model=BookRateOut,
    responses=problem_responses(404, 409, 422),
)
async def book_rate(
    invoice: InvoiceId, body: BookRateIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """State the rate that the bookings of a document wait for."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    command = StateBookRate(document_id=document_id, rate=body.rate)
    return await answered(edge, state_book_rate, command, caller, show=_shown, once=once)


def _shown(settlement: Settlement, unit: UnitOfWork) -> Answer:
    del unit
    journal = settlement.journal
    body = {
        "object": "book_rate",
        "invoice": typeid(INVOICE, settlement.claim.document_id),
        "currency": settlement.claim.currency,
        "book_currency": journal.book.book_currency if journal else None,
        "rate": format(journal.book.exchange_rate, "f") if journal else None,
        "bookings": sum(not each.pending for each in journal.bookings) if journal else 0,
    }
    return Answer(200, encode(body), {"content-type": "application/json"})
