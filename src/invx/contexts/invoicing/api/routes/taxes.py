"""The tax ledger: what returns and accounting exports are made from (M5)."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Invoicing
from invx.contexts.invoicing.api.schemas.taxes import (
    ReconciliationOut,
    ReconciliationQuery,
    SummaryQuery,
    TaxEntryListOut,
    TaxSummaryOut,
)
from invx.contexts.invoicing.api.tax_lists import ENTRIES, months_of, place_of, tax_slice
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.tax_queries import list_tax_entries, reconcile, tax_summary
from invx.contexts.invoicing.read.tax_views import tax_entry_view
from invx.contexts.invoicing.read.views import LEGAL_ENTITY
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/tax", tags=["Taxes"])

Reader = Annotated[Caller, requires("tax:read")]


@router.get(
    "/entries",
    operation_id="tax_list_entries",
    response_model=TaxEntryListOut,
    responses=problem_responses(422),
)
async def entries(
    caller: Reader, query: Annotated[ListQuery, list_query(ENTRIES)], edge: Invoicing
) -> Response:
    """List the entries of the tax ledger by tax point."""
    async with edge.runner.reading(caller) as (conn, ctx):
        page, more = await list_tax_entries(conn, ctx, tax_slice(query))
    following = query.cursor(*place_of(page[-1])) if more else None
    items = [encode(tax_entry_view(row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get(
    "/summary",
    operation_id="tax_get_summary",
    response_model=TaxSummaryOut,
    responses=problem_responses(404, 422),
)
async def summary(
    query: Annotated[SummaryQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Sum the tax ledger by registration, period, category and rate."""
    entity_id = id_of(LEGAL_ENTITY, query.legal_entity, LegalEntityNotFound)
    first, last = months_of(query.first, query.last)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await tax_summary(conn, ctx, entity_id, first, last)
    return json_response(encode(found))


@router.get(
    "/reconciliation",
    operation_id="tax_get_reconciliation",
    response_model=ReconciliationOut,
    responses=problem_responses(404, 422),
)
async def reconciliation(
    query: Annotated[ReconciliationQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Compare the tax ledger of a month with documents, settlements and returns."""
    entity_id = id_of(LEGAL_ENTITY, query.legal_entity, LegalEntityNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await reconcile(conn, ctx, entity_id, query.period, edge.packs)
    return json_response(encode(found))
