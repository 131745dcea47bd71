"""Many documents at once: batches of new ones, and operations on those that are there."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Edge, Invoicing, Once, answered
from invx.contexts.invoicing.api.operating import batch_item, selected, show_batch, show_begun
from invx.contexts.invoicing.api.schemas.operations import (
    BatchIn,
    BatchOut,
    FinalizeManyIn,
    OperationOut,
    SelectionIn,
)
from invx.contexts.invoicing.app.batch_invoices import BatchInvoices, batch_invoices
from invx.contexts.invoicing.app.begin_operation import BeginOperation, begin_operation
from invx.contexts.invoicing.app.bulk_invoices import NewInvoice
from invx.infra.http.idempotency_key import IdempotencyRequest
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller
from invx.kernel.errors import Forbidden

router = APIRouter(prefix="/v1/invoices", tags=["Bulk"])

_FINALIZE = "invoices:finalize"
Writer = Annotated[Caller, requires("invoices:write")]
Finalizer = Annotated[Caller, requires(_FINALIZE)]
Corrector = Annotated[Caller, requires("invoices:correct")]

_REFUSED = problem_responses(409, 422)


@router.post("/batch", response_model=BatchOut, responses=problem_responses(403, 409, 422))
async def batch(body: BatchIn, caller: Writer, once: Once, edge: Invoicing) -> Response:
    """Write up to 1,000 drafts, or documents at once. Each is accepted or rejected by itself.

    Items with `finalize` need the permission `invoices:finalize` too.
    """
    items = [batch_item(raw, caller) for raw in body.items]
    wanted = [each.wanted for each in items if isinstance(each.wanted, NewInvoice)]
    if any(each.finalize for each in wanted) and _FINALIZE not in caller.permissions:
        raise Forbidden(f"Items to be finalized need the permission {_FINALIZE}.")
    return await answered(
        edge,
        batch_invoices,
        BatchInvoices(items),
        caller,
        show=lambda results, unit: show_batch(items, results, unit),
        once=once,
    )


@router.post("/finalize", status_code=202, response_model=OperationOut, responses=_REFUSED)
async def finalize(
    body: FinalizeManyIn, caller: Finalizer, once: Once, edge: Invoicing
) -> Response:
    """Finalize many drafts, as an operation."""
    day = body.issue_date.isoformat() if body.issue_date else None
    return await _begun("finalize", body, caller, once, edge, issue_date=day)


@router.post("/void", status_code=202, response_model=OperationOut, responses=_REFUSED)
async def void(body: SelectionIn, caller: Corrector, once: Once, edge: Invoicing) -> Response:
    """Void many documents that nobody outside has seen, as an operation."""
    return await _begun("void", body, caller, once, edge)


@router.post("/release", status_code=202, response_model=OperationOut, responses=_REFUSED)
async def release(body: SelectionIn, caller: Corrector, once: Once, edge: Invoicing) -> Response:
    """Say of many documents that they left the house, as an operation."""
    return await _begun("release", body, caller, once, edge)


async def _begun(
    kind: str,
    selection: SelectionIn,
    caller: Caller,
    once: IdempotencyRequest | None,
    edge: Edge,
    **settings: Any,
) -> Response:
    ids = await selected(selection, edge, caller)
    command = BeginOperation(kind, ids, settings)
    return await answered(edge, begin_operation, command, caller, show=show_begun, once=once)
