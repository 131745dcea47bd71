"""E-invoices: issued documents as XML, files of others read and judged."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile
from invx.contexts.invoicing.adapters.wording import Mark
from invx.contexts.invoicing.api.content import content_of
from invx.contexts.invoicing.api.e_invoices import (
    Parsed,
    about_to_be_issued,
    claimed,
    importable,
    parse,
    show_parsed,
    written,
)
from invx.contexts.invoicing.api.edge import Edge, InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.files import attached_bytes
from invx.contexts.invoicing.api.schemas.documents_out import InvoiceOut
from invx.contexts.invoicing.api.schemas.e_invoices import EInvoiceOut, ValidationOut
from invx.contexts.invoicing.api.schemas.examples import E_INVOICE
from invx.contexts.invoicing.api.schemas.routing import FORMAT_SAYS, FormatCode
from invx.contexts.invoicing.api.showing import show_new_draft
from invx.contexts.invoicing.app.archive_e_invoice import (
    ArchiveEInvoice,
    archive_e_invoice,
    archive_kind,
)
from invx.contexts.invoicing.app.check_content import CheckContent, check_content
from invx.contexts.invoicing.app.draft_document import DraftDocument, draft_document
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS, Format
from invx.contexts.invoicing.domain.errors import DocumentNotFound, LegalEntityNotFound
from invx.contexts.invoicing.read.archives import ArchivedFile, get_archived_file
from invx.contexts.invoicing.read.queries import get_document
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY
from invx.infra.apart import is_apart
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller
from invx.kernel.errors import violated

router = APIRouter(prefix="/v1", tags=["Electronic invoices"])

Reader = Annotated[Caller, requires("invoices:read")]
Writer = Annotated[Caller, requires("invoices:write")]
Wanted = Annotated[
    FormatCode | None,
    Query(description=f"That of its route when absent, else `ubl`. {FORMAT_SAYS}."),
]
Rules = Annotated[
    FormatCode | None,
    Query(description="By whose rules; what the file claims to be when absent."),
]
Entity = Annotated[str | None, Query(description="The legal entity that sells; the only one.")]
Accepting = Annotated[
    bool, Query(description="Import although the draft comes to other figures than the file.")
]

XML, PDF = "application/xml", "application/pdf"
_UNROUTED = "ubl"
_XMLS = (XML, "text/xml")
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The XML; of a format of Factur-X, the PDF with its XML.",
        "content": {XML: {}, PDF: {"schema": {"type": "string", "format": "binary"}}},
    },
    **problem_responses(404, 409, 410, 422, 500),
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            XML: {"schema": {"type": "string"}, "example": E_INVOICE},
            PDF: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@dataclass(frozen=True, slots=True)
class _Sent:
    """The XML that was sent, by itself or in a PDF."""

    xml: bytes
    hybrid: bool


@router.get("/invoices/{invoice}/e-invoice", response_class=Response, responses=_FILE)
async def get(
    invoice: InvoiceId, request: Request, caller: Reader, edge: Invoicing, format: Wanted = None
) -> Response:
    """Read an invoice as an e-invoice. What was first issued in a format stays as it is.

    Without `format` it is the one that the buyer was to get.

    The formats of Factur-X are a PDF that carries the XML. Of a draft it is a preview, made anew
    each time: its header says `Invx-Preview: true`. The ETag of an issued one is the SHA-256 of its
    bytes.
    """
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    wanted = FORMATS[format or await _routed(document_id, caller, edge)]
    kind = archive_kind(wanted.code, hybrid=wanted.hybrid)
    for _ in range(2):
        async with edge.runner.reading(caller) as (conn, ctx):
            archived = await get_archived_file(conn, ctx, document_id, kind)
            if archived is None:
                shown = await get_document(conn, ctx, document_id)
        if archived is not None:
            return await _issued(archived, wanted, request, caller, edge)
        if b'"status":"draft"' in shown.body:
            return await _preview(document_id, wanted, caller, edge)
        await edge.runner.run(archive_e_invoice, ArchiveEInvoice(document_id, wanted.code), caller)
    return violated("an archived e-invoice is not there")


async def _routed(document_id: UUID, caller: Caller, edge: Edge) -> str:
    """The format that a document was issued in, or that its draft would be."""
    resource = await edge.resource(caller, document_id)
    route = resource["route"]
    if resource["number"] is None:
        command = CheckContent(document_id=document_id)
        due = (await edge.runner.look(check_content, command, caller)).route
        return due.format if due else _UNROUTED
    return str(route["format"]) if route else _UNROUTED


async def _issued(
    archived: ArchivedFile, format: Format, request: Request, caller: Caller, edge: Edge
) -> Response:
    tag = f'"{archived.stored.sha256}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    headers = {"etag": tag, "content-disposition": _named(archived.number, format)}
    content = await edge.places.content(caller.tenant_id, archived.stored, archived.held)
    return Response(content, media_type=_media_type(format), headers=headers)


async def _preview(document_id: UUID, format: Format, caller: Caller, edge: Edge) -> Response:
    resource = await edge.resource(caller, document_id) if format.hybrid else {}
    command = CheckContent(document_id=document_id)
    checked = await edge.runner.look(check_content, command, caller)
    files = await attached_bytes(checked.content, caller, edge)
    content = await written(about_to_be_issued(checked), format, files=files)
    if format.profile is not None:
        xml, profile = content.decode(), Profile(format.profile)
        content = await edge.rendering.render(resource, Mark.DRAFT, xml, profile)
    headers = {"invx-preview": "true", "content-disposition": _named("draft", format)}
    return Response(content, media_type=_media_type(format), headers=headers)


def _media_type(format: Format) -> str:
    return PDF if format.hybrid else XML


def _named(number: str, format: Format) -> str:
    """A file name that every system takes, whatever the number holds."""
    plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in number)
    ending = "pdf" if format.hybrid else "xml"
    return f'attachment; filename="{plain}-{format.code}.{ending}"'


@router.post(
    "/e-invoices/parse",
    response_model=EInvoiceOut,
    responses=problem_responses(415, 422),
    openapi_extra=_BODY,
)
async def parse_(request: Request, caller: Reader, edge: Invoicing) -> Response:
    """Read an e-invoice in UBL or CII, or a PDF that carries one. Nothing is written.

    The answer has what it says by our names, the bodies that restate it, where a draft of it would
    differ, and what we do not carry.
    """
    del caller
    return json_response(show_parsed(await _parsed(await _sent(request, edge))))


@router.post(
    "/e-invoices/validate",
    response_model=ValidationOut,
    responses=problem_responses(415, 422),
    openapi_extra=_BODY,
)
async def validate(
    request: Request, caller: Reader, edge: Invoicing, format: Rules = None
) -> Response:
    """Judge an e-invoice by its schema and the official rules of a format.

    Of a PDF it is the XML inside that is judged.
    """
    del caller
    sent = await _sent(request, edge)
    by = format or claimed(sent.xml, hybrid=sent.hybrid)
    findings = await edge.validator.validate(sent.xml, by)
    return json_response(encode({"object": "e_invoice_validation", **findings.to_json()}))


@router.post(
    "/invoices/import",
    status_code=201,
    response_model=InvoiceOut,
    responses=problem_responses(404, 409, 415, 422),
    openapi_extra=_BODY,
)
async def import_(
    *,
    request: Request,
    caller: Writer,
    once: Once,
    edge: Invoicing,
    legal_entity: Entity = None,
    accept_differences: Accepting = False,
) -> Response:
    """Write a draft from an e-invoice in UBL or CII, or from a PDF that carries one.

    It says what the file's author decided; its figures are ours. A file whose own figures differ
    is refused unless you accept that. Number and seller are yours, not those of the file.
    """
    parsed = await _parsed(await _sent(request, edge))
    body = importable(parsed, accept_differences=accept_differences)
    content, defaults = content_of(body)
    command = DraftDocument(
        content=content,
        defaults=defaults - {"payment_terms"},  # those of the file, and none if it has none
        legal_entity_id=(
            id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound) if legal_entity else None
        ),
    )
    return await answered(edge, draft_document, command, caller, show=show_new_draft, once=once)


async def _parsed(sent: _Sent) -> Parsed:
    """What the file says. A small PDF may hold a long XML, so that is read beside the loop."""
    if sent.hybrid and not is_apart():
        return await asyncio.to_thread(parse, sent.xml, hybrid=True)
    return parse(sent.xml, hybrid=sent.hybrid)


async def _sent(request: Request, edge: Edge) -> _Sent:
    """The file that was sent; of a PDF the XML in it.

    Raises HTTPException 415 for what is neither by its own word, EInvoiceUnreadable for a PDF that
    carries none.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == PDF:
        return _Sent(await edge.opening.xml_in(await request.body()), hybrid=True)
    if media_type not in _XMLS:
        raise HTTPException(415, detail="The body must be application/xml or application/pdf.")
    return _Sent(await request.body(), hybrid=False)
