"""Returns from the tax ledger: VAT return, EC sales list, one-stop shop. Sums of entries, no more.

Each figure carries the address of exactly its entries.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Edge, Invoicing
from invx.contexts.invoicing.api.schemas.tax_returns import (
    OssQuery,
    OssReturnOut,
    ReturnQuery,
    SalesListFileQuery,
    SalesListOut,
    TaxReturnOut,
)
from invx.contexts.invoicing.api.tax_files import oss_csv, sales_list_csv, zm_csv
from invx.contexts.invoicing.domain.errors import RegistrationNotFound
from invx.contexts.invoicing.read.ec_sales_list import ec_sales_list, ec_sales_list_view
from invx.contexts.invoicing.read.oss_returns import oss_return
from invx.contexts.invoicing.read.tax_returns import tax_return
from invx.contexts.invoicing.read.tax_views import REGISTRATION
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/tax", tags=["Taxes"])

Reader = Annotated[Caller, requires("tax:read")]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
    **problem_responses(404, 422),
}


@router.get(
    "/returns",
    operation_id="tax_get_return",
    response_model=TaxReturnOut,
    responses=problem_responses(404, 422),
)
async def vat_return(
    query: Annotated[ReturnQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Fill the VAT return of a registration and period."""
    registration = id_of(REGISTRATION, query.registration, RegistrationNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await tax_return(conn, ctx, registration, query.period, edge.packs)
    return json_response(encode(found))


@router.get(
    "/ec-sales-list",
    operation_id="tax_get_ec_sales_list",
    response_model=SalesListOut,
    responses=problem_responses(404, 422),
)
async def sales_list(
    query: Annotated[ReturnQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """List supplies to businesses of other member states by VAT id."""
    return json_response(encode(await _sales_list(query, caller, edge)))


@router.get(
    "/ec-sales-list/file",
    operation_id="tax_get_ec_sales_list_file",
    response_class=Response,
    responses=_CSV,
)
async def sales_list_file(
    query: Annotated[SalesListFileQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Download the EC sales list as CSV."""
    found = await _sales_list(query, caller, edge)
    made = zm_csv if query.format == "zm" else sales_list_csv
    return _file(made(found), f"ec-sales-list-{query.period}.csv")


@router.get(
    "/oss",
    operation_id="tax_get_oss_return",
    response_model=OssReturnOut,
    responses=problem_responses(404, 422),
)
async def oss(query: Annotated[OssQuery, Query()], caller: Reader, edge: Invoicing) -> Response:
    """Fill the quarterly return of a one-stop shop."""
    return json_response(encode(await _oss(query, caller, edge)))


@router.get("/oss/file", operation_id="tax_get_oss_file", response_class=Response, responses=_CSV)
async def oss_file(
    query: Annotated[OssQuery, Query()], caller: Reader, edge: Invoicing
) -> Response:
    """Download the return of a one-stop shop as CSV."""
    found = await _oss(query, caller, edge)
    return _file(oss_csv(found), f"oss-{query.quarter}.csv")


async def _sales_list(query: ReturnQuery, caller: Caller, edge: Edge) -> dict[str, Any]:
    registration = id_of(REGISTRATION, query.registration, RegistrationNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await ec_sales_list(conn, ctx, registration, query.period, edge.packs)
    return ec_sales_list_view(found)


async def _oss(query: OssQuery, caller: Caller, edge: Edge) -> dict[str, Any]:
    registration = id_of(REGISTRATION, query.registration, RegistrationNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        return await oss_return(conn, ctx, registration, query.quarter)


def _file(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
