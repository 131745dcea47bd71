"""Operations: how far they are, what failed, and how to stop them and go on."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Invoicing, Once, OperationId, answered
from invx.contexts.invoicing.api.lists import PLAIN_NEWEST_FIRST
from invx.contexts.invoicing.api.operating import (
    OPERATION,
    item_view,
    operation_view,
    show_operation,
)
from invx.contexts.invoicing.api.schemas.operations import (
    OperationItemListOut,
    OperationListOut,
    OperationOut,
)
from invx.contexts.invoicing.app.cancel_operation import CancelOperation, cancel_operation
from invx.contexts.invoicing.app.resume_operation import ResumeOperation, resume_operation
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.filters import Choice
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.operations import ItemSlice, get_operation, list_items, list_operations
from invx.kernel.context import Caller
from invx.kernel.operations import OperationNotFound

router = APIRouter(prefix="/v1/operations", tags=["Operations"])

Reader = Annotated[Caller, requires("operations:read")]
Writer = Annotated[Caller, requires("operations:write")]

_STATES = ("pending", "done", "failed")
_ITEMS = Listing(
    filters={"state": Choice(_STATES)}, sorts={"position": int}, default_sort="position"
)
_SCHEMA = "invoicing"


@router.get("", response_model=OperationListOut, responses=problem_responses(422))
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(PLAIN_NEWEST_FIRST)], edge: Invoicing
) -> Response:
    """List operations, the newest first."""
    after = query.after.id if query.after else None
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_operations(
            conn, ctx, _SCHEMA, after=after, limit=query.limit + 1, descending=query.descending
        )
    page, more = found[: query.limit], len(found) > query.limit
    following = query.cursor("", page[-1].operation_id) if more else None
    items = [encode(operation_view(each)) for each in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get("/{operation}", response_model=OperationOut, responses=problem_responses(404))
async def get(operation: OperationId, caller: Reader, edge: Invoicing) -> Response:
    """Read how far an operation is."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await get_operation(conn, ctx, _SCHEMA, _id(operation))
    return json_response(encode(operation_view(found)))


@router.get(
    "/{operation}/items", response_model=OperationItemListOut, responses=problem_responses(404, 422)
)
async def items(
    operation: OperationId,
    caller: Reader,
    query: Annotated[ListQuery, list_query(_ITEMS)],
    edge: Invoicing,
) -> Response:
    """List the items in their order; `state=failed` lists what was refused, and why."""
    states: Any = query.conditions[0].value if query.conditions else _STATES
    position: Any = query.after.key if query.after else None
    part = ItemSlice(
        states=states, after=position, limit=query.limit + 1, descending=query.descending
    )
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await get_operation(conn, ctx, _SCHEMA, _id(operation))
        rows = await list_items(conn, ctx, _SCHEMA, found.operation_id, part)
    page, more = rows[: query.limit], len(rows) > query.limit
    following = query.cursor(page[-1]["position"], page[-1]["subject"]) if more else None
    views = [encode(item_view(row)) for row in page]
    return json_response(page_body(views, has_more=more, next=following))


@router.post(
    "/{operation}/cancel", response_model=OperationOut, responses=problem_responses(404, 409)
)
async def cancel(operation: OperationId, caller: Writer, once: Once, edge: Invoicing) -> Response:
    """Stop an operation. What is done stays done; once this is answered nothing more happens."""
    command = CancelOperation(_id(operation))
    return await answered(edge, cancel_operation, command, caller, show=show_operation, once=once)


@router.post(
    "/{operation}/resume", response_model=OperationOut, responses=problem_responses(404, 409)
)
async def resume(operation: OperationId, caller: Writer, once: Once, edge: Invoicing) -> Response:
    """Go on with a cancelled operation, and try again what failed."""
    command = ResumeOperation(_id(operation))
    return await answered(edge, resume_operation, command, caller, show=show_operation, once=once)


def _id(text: str) -> UUID:
    return id_of(OPERATION, text, OperationNotFound)
