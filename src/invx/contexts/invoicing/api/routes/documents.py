"""Drafts and documents: write, read, check, finalize."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.wording import Mark
from invx.contexts.invoicing.api.checking import show_checked
from invx.contexts.invoicing.api.content import content_of
from invx.contexts.invoicing.api.e_invoices import ruling_of
from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.lists import DOCUMENTS, document_filter, document_slice
from invx.contexts.invoicing.api.schemas.documents import DraftIn, EditIn, FinalizeIn
from invx.contexts.invoicing.api.schemas.documents_out import InvoiceListOut, InvoiceOut
from invx.contexts.invoicing.api.schemas.reports import CheckOut
from invx.contexts.invoicing.api.schemas.routing import FormatCode
from invx.contexts.invoicing.api.showing import (
    show_draft,
    show_finalized,
    show_new_draft,
    show_nothing,
)
from invx.contexts.invoicing.app.archive_document import ArchiveDocument, archive_document
from invx.contexts.invoicing.app.check_content import CheckContent, check_content
from invx.contexts.invoicing.app.delete_draft import DeleteDraft, delete_draft
from invx.contexts.invoicing.app.draft_document import DraftDocument, draft_document
from invx.contexts.invoicing.app.edit_draft import EditDraft, edit_draft
from invx.contexts.invoicing.app.finalize_document import FinalizeDocument, finalize_document
from invx.contexts.invoicing.domain.errors import (
    DocumentNotDraft,
    DocumentNotFinalized,
    DocumentNotFound,
)
from invx.contexts.invoicing.domain.importing.errors import ForeignFileMissing
from invx.contexts.invoicing.read.archives import get_archived_file
from invx.contexts.invoicing.read.queries import get_document, list_documents
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import json_response
from invx.infra.http.etag import (
    NOT_MODIFIED,
    conditional,
    etag,
    expected_version,
    not_modified,
)
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller
from invx.kernel.errors import Forbidden, violated

router = APIRouter(prefix="/v1/invoices", tags=["Invoices"])

FINALIZE = "invoices:finalize"
Reader = Annotated[Caller, requires("invoices:read")]
Writer = Annotated[Caller, requires("invoices:write")]
Finalizer = Annotated[Caller, requires(FINALIZE)]
Version = Annotated[int | None, expected_version()]
Query = Annotated[ListQuery, list_query(DOCUMENTS)]
CheckFormat = Annotated[
    FormatCode | None,
    Parameter(description="Ask the official rules of this e-invoice format too."),
]

_PDF = {
    200: {"description": "The PDF.", "content": {"application/pdf": {}}},
    **problem_responses(404, 409),
}
_ISSUED = {**_PDF, **problem_responses(410, 500)}


@router.post(
    "", status_code=201, response_model=InvoiceOut, responses=problem_responses(404, 409, 422)
)
async def create(body: DraftIn, caller: Writer, once: Once, edge: Invoicing) -> Response:
    """Write a draft. Its totals are worked out at once; nothing is numbered yet."""
    content, defaults = content_of(body)
    command = DraftDocument(
        content=content,
        defaults=defaults,
        legal_entity_id=body.legal_entity,
        finalize_at=body.finalize_at,
    )
    if body.finalize_at is not None and FINALIZE not in caller.permissions:
        raise Forbidden(f"What finalizes itself needs the permission {FINALIZE}.")
    return await answered(edge, draft_document, command, caller, show=show_new_draft, once=once)


@router.get("", response_model=InvoiceListOut, responses=problem_responses(422))
async def list_(caller: Reader, query: Query, edge: Invoicing) -> Response:
    """List documents, the newest first. `expand=content` gives them whole, with their lines."""
    async with edge.runner.reading(caller) as (conn, ctx):
        page = await list_documents(conn, ctx, document_filter(query), document_slice(query))
    following = query.cursor(*page.next) if page.next else None
    body = page_body(page.items, has_more=page.next is not None, next=following)
    return json_response(body)


@router.post("/check", response_model=CheckOut, responses=problem_responses(404, 422))
async def check(
    body: DraftIn, caller: Reader, edge: Invoicing, format: CheckFormat = None
) -> Response:
    """Check a draft without writing it. The answer says what it comes to, and what is wrong."""
    content, defaults = content_of(body)
    command = CheckContent(
        content=content,
        defaults=defaults,
        legal_entity_id=body.legal_entity,
    )
    checked = await edge.runner.look(check_content, command, caller)
    return show_checked(checked, await ruling_of(checked, format, edge.validator))


@router.get(
    "/{invoice}",
    response_model=InvoiceOut,
    responses=NOT_MODIFIED | problem_responses(404),
    dependencies=[conditional()],
)
async def get(invoice: InvoiceId, request: Request, caller: Reader, edge: Invoicing) -> Response:
    """Read a document whole."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        shown = await get_document(conn, ctx, document_id)
    # Whether it is overdue may change without a new version, so only drafts are answered with 304.
    known = not_modified(request, shown.version) if b'"status":"draft"' in shown.body else None
    return known or json_response(shown.body, headers={"etag": etag(shown.version)})


@router.put(
    "/{invoice}", response_model=InvoiceOut, responses=problem_responses(404, 409, 412, 422)
)
async def edit(
    invoice: InvoiceId, body: EditIn, caller: Writer, version: Version, edge: Invoicing
) -> Response:
    """Change a draft: from now on it says this, and nothing of what it said before."""
    content, defaults = content_of(body)
    command = EditDraft(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        content=content,
        defaults=defaults,
        expected_version=version,
    )
    return await answered(edge, edit_draft, command, caller, show=show_draft)


@router.delete("/{invoice}", status_code=204, responses=problem_responses(404, 409, 412))
async def delete(invoice: InvoiceId, caller: Writer, version: Version, edge: Invoicing) -> Response:
    """Throw a draft away. A finalized document cannot be deleted."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    command = DeleteDraft(document_id=document_id, expected_version=version)
    return await answered(edge, delete_draft, command, caller, show=show_nothing)


@router.post("/{invoice}/check", response_model=CheckOut, responses=problem_responses(404))
async def check_draft(
    invoice: InvoiceId, caller: Reader, edge: Invoicing, format: CheckFormat = None
) -> Response:
    """Check whether a draft could be finalized now, without doing it."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    checked = await edge.runner.look(check_content, CheckContent(document_id=document_id), caller)
    return show_checked(checked, await ruling_of(checked, format, edge.validator))


@router.post(
    "/{invoice}/finalize",
    response_model=InvoiceOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def finalize(
    *,
    invoice: InvoiceId,
    caller: Finalizer,
    version: Version,
    once: Once,
    edge: Invoicing,
    body: FinalizeIn | None = None,
) -> Response:
    """Finalize a draft. It gets its number and never changes again."""
    wanted = body or FinalizeIn.model_validate({})
    command = FinalizeDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        issue_date=wanted.issue_date,
        series_id=wanted.series,
        expected_version=version,
    )
    return await answered(edge, finalize_document, command, caller, show=show_finalized, once=once)


@router.get("/{invoice}/preview", response_class=Response, responses=_PDF)
async def preview(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """Preview a draft as PDF, marked DRAFT. It is made anew each time and kept nowhere."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    resource = await edge.resource(caller, document_id)
    if resource["number"] is not None:
        raise DocumentNotDraft("A finalized document has a PDF of its own: …/pdf.")
    content = await edge.rendering.render(resource, Mark.DRAFT)
    return Response(content, media_type="application/pdf")


@router.get("/{invoice}/pdf", response_class=Response, responses=_ISSUED)
async def pdf(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """Read the PDF that was first issued: always the same bytes. Its ETag is their SHA-256.

    410 after an erasure; 500 (`file_damaged`, `file_missing`) when it is not what was archived.
    """
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    for _ in range(2):
        async with edge.runner.reading(caller) as (conn, ctx):
            archived = await get_archived_file(conn, ctx, document_id, "pdf")
            if archived is None:
                shown = await get_document(conn, ctx, document_id)
        if archived is not None:
            content = await edge.places.content(caller.tenant_id, archived.stored, archived.held)
            tag = {"etag": f'"{archived.stored.sha256}"'}
            return Response(content, media_type="application/pdf", headers=tag)
        if b'"status":"draft"' in shown.body:
            raise DocumentNotFinalized("A draft has a preview only: …/preview.")
        if b'"origin":"imported"' in shown.body:
            raise ForeignFileMissing
        await edge.runner.run(archive_document, ArchiveDocument(document_id), caller)
    return violated("an archived document is not there")
