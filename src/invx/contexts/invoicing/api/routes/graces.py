"""Grace periods: drafts that are finalized by themselves unless somebody holds them."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.graces import GraceIn, GraceListOut, GraceOut, HoldIn
from invx.contexts.invoicing.app.give_grace import GiveGrace, HoldGrace, give_grace, hold_grace
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.domain.grace import Grace
from invx.contexts.invoicing.read.graces import get_grace, grace_row, grace_view, list_graces
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.filters import Choice
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1", tags=["Grace periods"])

Reader = Annotated[Caller, requires("invoices:read")]
Finalizer = Annotated[Caller, requires("invoices:finalize")]
_STATES = ("waiting", "held", "failed")
_LIST = Listing(filters={"state": Choice(_STATES)}, sorts={"created": str}, default_sort="created")


@router.get("/graces", response_model=GraceListOut, responses=problem_responses(422))
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(_LIST)], edge: Invoicing
) -> Response:
    """List the drafts that are finalized by themselves, or that failed to be.

    `state=failed` lists the latter.
    """
    states: Any = query.conditions[0].value if query.conditions else _STATES
    after = query.after.id if query.after else None
    async with edge.runner.reading(caller) as (conn, ctx):
        rows = await list_graces(
            conn, ctx, states, after, limit=query.limit + 1, descending=query.descending
        )
    page, more = rows[: query.limit], len(rows) > query.limit
    following = query.cursor("", page[-1]["document_id"]) if more else None
    items = [encode(grace_view(row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get("/invoices/{invoice}/grace", response_model=GraceOut, responses=problem_responses(404))
async def get(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """Read when a draft is finalized by itself, and whether that failed."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        return json_response(encode(await get_grace(conn, ctx, document_id)))


@router.post(
    "/invoices/{invoice}/grace",
    response_model=GraceOut,
    responses=problem_responses(404, 409, 422),
)
async def give(
    invoice: InvoiceId, body: GraceIn, caller: Finalizer, once: Once, edge: Invoicing
) -> Response:
    """Let a draft be finalized by itself at a moment, or not at all. Edits until then count."""
    command = GiveGrace(
        document_id=id_of(INVOICE, invoice, DocumentNotFound), finalize_at=body.finalize_at
    )
    return await answered(edge, give_grace, command, caller, show=_show, once=once)


@router.post(
    "/invoices/{invoice}/hold", response_model=GraceOut, responses=problem_responses(404, 409)
)
async def hold(
    invoice: InvoiceId,
    caller: Finalizer,
    once: Once,
    edge: Invoicing,
    body: HoldIn | None = None,
) -> Response:
    """Hold a draft back from being finalized by itself, or let its clock count again."""
    held = (body or HoldIn.model_validate({})).held
    command = HoldGrace(document_id=id_of(INVOICE, invoice, DocumentNotFound), held=held)
    return await answered(edge, hold_grace, command, caller, show=_show, once=once)


def _show(grace: Grace, unit: UnitOfWork) -> Answer:
    del unit
    view = grace_view({"document_id": grace.document_id, **grace_row(grace)})
    return Answer(200, encode(view), {"content-type": "application/json"}, grace.document_id)
