"""What happens to a document after it was finalized: void, cancel, replace, credit, release."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.corrections import (
    CancelIn,
    CreditNoteIn,
    ReasonIn,
    ReleaseIn,
)
from invx.contexts.invoicing.api.schemas.documents_out import InvoiceOut
from invx.contexts.invoicing.api.showing import (
    show_created,
    show_finalized,
    show_new_draft,
)
from invx.contexts.invoicing.app.cancel_document import CancelDocument, cancel_document
from invx.contexts.invoicing.app.credit_document import CreditDocument, credit_document
from invx.contexts.invoicing.app.release_document import ReleaseDocument, release_document
from invx.contexts.invoicing.app.replace_document import ReplaceDocument, replace_document
from invx.contexts.invoicing.app.void_document import VoidDocument, void_document
from invx.contexts.invoicing.domain.crediting.crediting import LineCredit
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.etag import expected_version
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices/{invoice}", tags=["Corrections"])

Corrector = Annotated[Caller, requires("invoices:correct")]
Version = Annotated[int | None, expected_version()]
_REFUSALS = problem_responses(404, 409, 412, 422)


@router.post("/void", response_model=InvoiceOut, responses=_REFUSALS)
async def void(
    *,
    invoice: InvoiceId,
    caller: Corrector,
    version: Version,
    once: Once,
    edge: Invoicing,
    body: ReasonIn | None = None,
) -> Response:
    """Take a document back that nobody outside has seen. Its number stays used."""
    command = VoidDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        reason=body.reason if body else None,
        expected_version=version,
    )
    return await answered(edge, void_document, command, caller, show=show_finalized, once=once)


@router.post("/cancel", status_code=201, response_model=InvoiceOut, responses=_REFUSALS)
async def cancel(
    *,
    invoice: InvoiceId,
    caller: Corrector,
    version: Version,
    once: Once,
    edge: Invoicing,
    body: CancelIn | None = None,
) -> Response:
    """Cancel a document that has left the house. The answer is the cancellation document."""
    wanted = body or CancelIn.model_validate({})
    command = CancelDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        reason=wanted.reason,
        issue_date=wanted.issue_date,
        expected_version=version,
    )
    return await answered(edge, cancel_document, command, caller, show=show_created, once=once)


@router.post("/replace", status_code=201, response_model=InvoiceOut, responses=_REFUSALS)
async def replace(
    *,
    invoice: InvoiceId,
    caller: Corrector,
    version: Version,
    once: Once,
    edge: Invoicing,
    body: ReasonIn | None = None,
) -> Response:
    """Replace a document by a new draft. It is cancelled if it still stands."""
    command = ReplaceDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        reason=body.reason if body else None,
        expected_version=version,
    )
    return await answered(edge, replace_document, command, caller, show=show_new_draft, once=once)


@router.post("/credit-notes", status_code=201, response_model=InvoiceOut, responses=_REFUSALS)
async def credit(
    *,
    invoice: InvoiceId,
    caller: Corrector,
    once: Once,
    edge: Invoicing,
    body: CreditNoteIn | None = None,
) -> Response:
    """Credit all that is left, some lines or an amount; never more than what is left."""
    wanted = body or CreditNoteIn.model_validate({})
    lines = wanted.lines
    command = CreditDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        lines=None if lines is None else [LineCredit(**dict(each)) for each in lines],
        amount=wanted.amount,
        reason=wanted.reason,
        external_id=wanted.external_id,
        finalize=wanted.finalize,
        issue_date=wanted.issue_date,
    )
    return await answered(edge, credit_document, command, caller, show=show_created, once=once)


@router.post("/release", response_model=InvoiceOut, responses=_REFUSALS)
async def release(
    invoice: InvoiceId,
    caller: Corrector,
    once: Once,
    edge: Invoicing,
    body: ReleaseIn | None = None,
) -> Response:
    """Say that the document left the house, as when you sent it by hand."""
    command = ReleaseDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        how=(body or ReleaseIn.model_validate({})).how,
    )
    return await answered(edge, release_document, command, caller, show=show_finalized, once=once)
