"""What is open of a document, and the entries that settle it."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Edge, InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.settlements import (
    CertificateIn,
    DiscountTakenIn,
    DisputeIn,
    PaymentIn,
    RefundIn,
    ReversalIn,
    SettlementOut,
    WriteOffIn,
)
from invx.contexts.invoicing.api.showing import show_settlement
from invx.contexts.invoicing.app.certify_withholding import (
    CertifyWithholding,
    certify_withholding,
)
from invx.contexts.invoicing.app.post_entry import PostEntry, post_entry
from invx.contexts.invoicing.app.reverse_entry import ReverseEntry, reverse_entry
from invx.contexts.invoicing.app.set_dispute import SetDispute, set_dispute
from invx.contexts.invoicing.domain.balance import EntryKind
from invx.contexts.invoicing.domain.delivery.received import Received
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.read.queries import get_settlement
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import etag
from invx.infra.http.fields import id_of
from invx.infra.http.idempotency_key import IdempotencyRequest
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices/{invoice}", tags=["Settlement"])

Reader = Annotated[Caller, requires("settlements:read")]
Writer = Annotated[Caller, requires("settlements:write")]
_REFUSALS = problem_responses(404, 409, 422)


@router.get("/settlement", response_model=SettlementOut, responses=problem_responses(404))
async def get(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """Read the ledger of a document."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        view = await get_settlement(conn, ctx, document_id)
    return json_response(encode(view), headers={"etag": etag(view["version"])})


@router.post(
    "/payments",
    operation_id="settlement_record_payment",
    response_model=SettlementOut,
    responses=_REFUSALS,
)
async def pay(
    invoice: InvoiceId, body: PaymentIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Record money received. The same `source` counts once; what is too much becomes surplus."""
    return await _post(edge, EntryKind.PAYMENT, invoice, body, caller, once=once)


@router.post(
    "/write-offs",
    operation_id="settlement_write_off",
    response_model=SettlementOut,
    responses=_REFUSALS,
)
async def give_up(
    invoice: InvoiceId, body: WriteOffIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Give up what is open, or a part of it."""
    return await _post(edge, EntryKind.WRITE_OFF, invoice, body, caller, once=once)


@router.post(
    "/early-payment-discounts",
    operation_id="settlement_take_discount",
    response_model=SettlementOut,
    responses=_REFUSALS,
)
async def discount(
    invoice: InvoiceId, body: DiscountTakenIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Record that the buyer paid early and took the discount."""
    return await _post(edge, EntryKind.DISCOUNT, invoice, body, caller, once=once)


@router.post(
    "/refunds", operation_id="settlement_refund", response_model=SettlementOut, responses=_REFUSALS
)
async def give_back(
    invoice: InvoiceId, body: RefundIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Record money given back: at most what was paid or credited too much."""
    return await _post(edge, EntryKind.REFUND, invoice, body, caller, once=once)


@router.post(
    "/withholding-certificates",
    operation_id="settlement_certify_withholding",
    response_model=SettlementOut,
    responses=_REFUSALS,
)
async def certify(
    invoice: InvoiceId, body: CertificateIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Record the buyer's certificate of tax kept back.

    What was kept back beyond what the document expects settles it; what was expected and not kept
    back is open again once a certificate is `final`.
    """
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    command = CertifyWithholding(document_id=document_id, **body.model_dump())
    return await answered(
        edge, certify_withholding, command, caller, show=show_settlement, once=once
    )


@router.post("/reversals", response_model=SettlementOut, responses=_REFUSALS)
async def reverse(
    invoice: InvoiceId, body: ReversalIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Take an entry back, such as a direct debit that was returned."""
    command = ReverseEntry(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        entry_id=body.entry,
        source=body.source,
        on=body.on,
    )
    return await answered(edge, reverse_entry, command, caller, show=show_settlement, once=once)


@router.post(
    "/dispute",
    operation_id="settlement_set_dispute",
    response_model=SettlementOut,
    responses=_REFUSALS,
)
async def dispute(
    invoice: InvoiceId, body: DisputeIn, caller: Writer, once: Once, edge: Invoicing
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
    kind: EntryKind,
    invoice: str,
    body: PaymentIn | WriteOffIn | DiscountTakenIn | RefundIn,
    caller: Caller,
    *,
    once: IdempotencyRequest | None,
) -> Response:
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    said = body.model_dump()
    if (received := said.pop("received", None)) is not None:
        said["received"] = Received(**received)
    command = PostEntry(document_id=document_id, kind=kind, **said)
    return await answered(edge, post_entry, command, caller, show=show_settlement, once=once)
