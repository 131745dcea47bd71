"""Tax that buyers kept back: what to claim, and whose certificate is missing."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.accounting_lists import WITHHOLDING, withholding_slice
from invx.contexts.invoicing.api.edge import Invoicing
from invx.contexts.invoicing.api.schemas.withholding import WithholdingListOut
from invx.contexts.invoicing.read.withholding import list_withholding, withholding_report_view
from invx.infra.http.answers import encode, json_response
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/accounting", tags=["Accounting"])

Reader = Annotated[Caller, requires("accounting:read")]


@router.get(
    "/withholding",
    operation_id="accounting_list_withholding",
    response_model=WithholdingListOut,
    responses=problem_responses(422),
)
async def withholding(
    caller: Reader, query: Annotated[ListQuery, list_query(WITHHOLDING)], edge: Invoicing
) -> Response:
    """List by buyer what tax was kept back: expected, certified, and not certified yet.

    `from` and `to` are days of issue for what is expected, and of certificates for what is
    certified.
    """
    async with edge.runner.reading(caller) as (conn, ctx):
        page, more = await list_withholding(conn, ctx, withholding_slice(query))
    items = [encode(withholding_report_view(row)) for row in page]
    following = query.cursor(page[-1]["place"], page[-1]["legal_entity_id"]) if more else None
    return json_response(page_body(items, has_more=more, next=following))
