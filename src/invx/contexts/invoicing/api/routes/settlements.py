"""What is open of a document, and the entries that settle it."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Edge, Invoicing, Once, answered, id_of
from invx.contexts.invoicing.api.schemas.settlements import (
    DisputeIn,
    PaymentIn,
    RefundIn,
    ReversalIn,
    SettlementOut,
    WriteOffIn,
)
from invx.contexts.invoicing.api.showing import show_settlement
from invx.contexts.invoicing.app.settling import (
    PostEntry,
    ReverseEntry,
    SetDispute,
    record_payment,
    refund,
    reverse_entry,
    set_dispute,
    take_discount,
    write_off,
)
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.domain.settlement_errors import EntryNotFound
from invx.contexts.invoicing.read.queries import get_settlement
from invx.contexts.invoicing.read.views import ENTRY, INVOICE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import etag
from invx.infra.http.idempotency_key import IdempotencyRequest
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices/{invoice}", tags=["Settlement"])

Reader = Annotated[Caller, requires("settlements:read")]
Writer = Annotated[Caller, requires("settlements:write")]
_REFUSALS = problem_responses(404, 409, 422)


@router.get("/settlement", response_model=SettlementOut, responses=problem_responses(404))
async def get(invoice: str, caller: Reader, edge: Invoicing) -> Response:
    """The ledger of a document."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        view = await get_settlement(conn, ctx, document_id)
    return json_response(encode(view), headers={"etag": etag(view["version"])})


@router.post("/payments", response_model=SettlementOut, responses=_REFUSALS)
async def pay(
    invoice: str, body: PaymentIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Record money received. The same `source` counts once; what is too much becomes surplus."""
    return await _post(edge, record_payment, invoice, body.model_dump(), caller, once)


@router.post("/write-offs", response_model=SettlementOut, responses=_REFUSALS)
async def give_up(
    invoice: str, body: WriteOffIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Give up what is open, or a part of it."""
    return await _post(edge, write_off, invoice, body.model_dump(), caller, once)


@router.post("/early-payment-discounts", response_model=SettlementOut, responses=_REFUSALS)
async def discount(
    invoice: str, body: PaymentIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Record that the buyer paid early and took the discount."""
    return await _post(edge, take_discount, invoice, body.model_dump(), caller, once)


@router.post("/refunds", response_model=SettlementOut, responses=_REFUSALS)
async def give_back(
    invoice: str, body: RefundIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Record money given back: at most what was paid or credited too much."""
    return await _post(edge, refund, invoice, body.model_dump(), caller, once)


@router.post("/reversals", response_model=SettlementOut, responses=_REFUSALS)
async def reverse(
    invoice: str, body: ReversalIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Take an entry back, such as a direct debit that was returned."""
    command = ReverseEntry(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        entry_id=id_of(ENTRY, body.entry, EntryNotFound),
        source=body.source,
        on=body.on,
    )
    return await answered(edge, reverse_entry, command, caller, show=show_settlement, once=once)


@router.post("/dispute", response_model=SettlementOut, responses=_REFUSALS)
async def dispute(
    invoice: str, body: DisputeIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Say that the buyer contests the document, or no longer does."""
    command = SetDispute(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        disputed=body.disputed,
        reason=body.reason,
    )
    return await answered(edge, set_dispute, command, caller, show=show_settlement, once=once)


async def _post(
    edge: Edge,
    handler: Any,
    invoice: str,
    values: dict[str, Any],
    caller: Caller,
    once: IdempotencyRequest | None,
) -> Response:
    command = PostEntry(document_id=id_of(INVOICE, invoice, DocumentNotFound), **values)
    return await answered(edge, handler, command, caller, show=show_settlement, once=once)
