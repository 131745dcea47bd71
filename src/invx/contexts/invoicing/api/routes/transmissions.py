"""Documents on their way: sent, tried again, asked about, issued anew when rejected."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.content import content_of
from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, TransmissionId, answered
from invx.contexts.invoicing.api.schemas.documents_out import InvoiceOut
from invx.contexts.invoicing.api.schemas.transmissions import (
    RevisionIn,
    TransmissionIn,
    TransmissionListOut,
    TransmissionOut,
)
from invx.contexts.invoicing.api.showing import show_created, show_transmission
from invx.contexts.invoicing.app.ask_transmission import AskTransmission, ask_now
from invx.contexts.invoicing.app.retry_transmission import RetryTransmission, retry_transmission
from invx.contexts.invoicing.app.revise_document import ReviseDocument, revise_document
from invx.contexts.invoicing.app.transmit_document import TransmitDocument, transmit_document
from invx.contexts.invoicing.domain.delivery.delivery_errors import TransmissionNotFound
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.read.transmissions import list_transmissions
from invx.contexts.invoicing.read.views import INVOICE, TRANSMISSION
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import expected_version
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices/{invoice}", tags=["Transmissions"])

Reader = Annotated[Caller, requires("invoices:read")]
Sender = Annotated[Caller, requires("invoices:transmit")]
Corrector = Annotated[Caller, requires("invoices:correct")]
Version = Annotated[int | None, expected_version()]


@router.post(
    "/transmissions",
    status_code=202,
    response_model=TransmissionOut,
    responses=problem_responses(404, 409, 422),
)
async def send(
    invoice: InvoiceId, body: TransmissionIn, caller: Sender, once: Once, edge: Invoicing
) -> Response:
    """Send a finalized document through a channel; through each channel once.

    It is queued, and sent within seconds. What the channel says shows in the transmission and in
    the document's `delivery_status` and `clearance_status`.
    """
    command = TransmitDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        channel=body.channel,
        format=body.format,
    )
    return await answered(
        edge, transmit_document, command, caller, show=show_transmission, once=once
    )


@router.get("/transmissions", response_model=TransmissionListOut, responses=problem_responses(404))
async def list_(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """List the transmissions of a document, one for each channel that it goes through."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_transmissions(conn, ctx, document_id)
    return json_response(encode({"object": "list", "data": found, "has_more": False}))


@router.post(
    "/transmissions/{transmission}/retry",
    status_code=202,
    response_model=TransmissionOut,
    responses=problem_responses(404, 409),
)
async def retry(
    invoice: InvoiceId, transmission: TransmissionId, caller: Sender, once: Once, edge: Invoicing
) -> Response:
    """Try again what has failed. The key stays the same, so nothing arrives twice."""
    command = RetryTransmission(
        id_of(INVOICE, invoice, DocumentNotFound),
        id_of(TRANSMISSION, transmission, TransmissionNotFound),
    )
    return await answered(
        edge, retry_transmission, command, caller, show=show_transmission, once=once
    )


@router.post(
    "/transmissions/{transmission}/ask",
    status_code=202,
    response_model=TransmissionOut,
    responses=problem_responses(404, 409),
)
async def ask(
    invoice: InvoiceId, transmission: TransmissionId, caller: Sender, once: Once, edge: Invoicing
) -> Response:
    """Ask the channel now what has become of a document, instead of at the next turn.

    An access point may call this when it knows more; what it knows is asked of it, not believed
    of the caller.
    """
    command = AskTransmission(
        id_of(INVOICE, invoice, DocumentNotFound),
        id_of(TRANSMISSION, transmission, TransmissionNotFound),
    )
    return await answered(edge, ask_now, command, caller, show=show_transmission, once=once)


@router.post(
    "/revisions",
    status_code=201,
    response_model=InvoiceOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def revise(
    *,
    invoice: InvoiceId,
    body: RevisionIn,
    caller: Corrector,
    version: Version,
    once: Once,
    edge: Invoicing,
) -> Response:
    """Issue anew what an authority rejected, under the same number and date.

    Only where the country's law knows that. Payments move to the new document; the first one is
    `replaced` and stays readable.
    """
    content, defaults = content_of(body)
    command = ReviseDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        content=content,
        defaults=defaults,
        expected_version=version,
    )
    return await answered(edge, revise_document, command, caller, show=show_created, once=once)
