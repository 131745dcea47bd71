"""Imports: documents that another system issued, taken in from its files."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Edge, ImportId, InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.importing import (
    check_view,
    looked_at,
    preset_view,
    read_file,
    show_import,
    show_new_import,
)
from invx.contexts.invoicing.api.lists import PLAIN_NEWEST_FIRST
from invx.contexts.invoicing.api.operating import show_begun
from invx.contexts.invoicing.api.schemas.examples import IMPORT_FILE
from invx.contexts.invoicing.api.schemas.imports import (
    CommitImportIn,
    ForeignFileOut,
    ImportCheckOut,
    ImportListOut,
    ImportMappingIn,
    ImportOut,
    ImportPresetListOut,
    ReverseImportIn,
    UploadQuery,
)
from invx.contexts.invoicing.api.schemas.operations import OperationOut
from invx.contexts.invoicing.app.check_import import CheckImport, check_import
from invx.contexts.invoicing.app.commit_import import CommitImport, commit_import
from invx.contexts.invoicing.app.keep_foreign_file import KeepForeignFile, keep_foreign_file
from invx.contexts.invoicing.app.open_import import OpenImport, open_import
from invx.contexts.invoicing.app.reverse_import import ReverseImport, reverse_import
from invx.contexts.invoicing.app.state_import_mapping import (
    StateImportMapping,
    state_import_mapping,
)
from invx.contexts.invoicing.domain.errors import (
    DocumentNotFound,
    LegalEntityNotFound,
    LegalEntityRequired,
)
from invx.contexts.invoicing.domain.importing.errors import FileNamesNoDocument, ImportNotFound
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.importing.presets import PRESETS
from invx.contexts.invoicing.domain.importing.reading import Read
from invx.contexts.invoicing.read.imports import (
    document_of_file,
    get_import,
    import_view,
    last_mapping,
    list_imports,
)
from invx.contexts.invoicing.read.queries import get_legal_entity, list_legal_entities
from invx.contexts.invoicing.read.views import IMPORT, INVOICE, LEGAL_ENTITY
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import etag, expected_version
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1", tags=["Export and import"])

Reader = Annotated[Caller, requires("imports:read")]
Writer = Annotated[Caller, requires("imports:write")]
Version = Annotated[int | None, expected_version()]
PdfName = Annotated[str, Path(max_length=300, description="As the column `file` names it.")]
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": IMPORT_FILE},
            "application/jsonl": {"schema": {"type": "string"}},
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                "schema": {"type": "string", "format": "binary"}
            },
        },
    }
}
_PDF = {
    "requestBody": {
        "required": True,
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/imports",
    operation_id="imports_open",
    status_code=201,
    response_model=ImportOut,
    responses=problem_responses(404, 409, 422),
    openapi_extra=_UPLOAD,
)
async def open_(
    *,
    request: Request,
    asked: Annotated[UploadQuery, Query()],
    caller: Writer,
    once: Once,
    edge: Invoicing,
) -> Response:
    """Upload a file: CSV, JSON Lines or XLSX, told apart by its bytes. Nothing counts yet.

    The answer suggests a mapping: that of the preset, else that of the last file with these
    columns, or by their names.
    """
    content = await request.body()
    entity_id, currency = await _entity(edge, caller, asked.legal_entity)
    found, before = await looked_at(content, currency, asked.preset), None
    if asked.preset is None:
        async with edge.runner.reading(caller) as (conn, ctx):
            before = await last_mapping(conn, ctx, found.columns)
    command = OpenImport(
        source=asked.source,
        legal_entity_id=entity_id,
        as_of=asked.as_of,
        file_name=asked.name,
        content=content,
        columns=found.columns,
        rows=found.rows,
        mapping=before or found.mapping,
    )
    return await answered(edge, open_import, command, caller, show=show_new_import, once=once)


@router.get(
    "/import-presets", operation_id="imports_list_presets", response_model=ImportPresetListOut
)
async def presets(caller: Reader) -> Response:
    """List the systems whose columns are known, and which of them is which field."""
    del caller
    items = [encode(preset_view(key, preset)) for key, preset in PRESETS.items()]
    return json_response(page_body(items, has_more=False, next=None))


@router.get(
    "/imports",
    operation_id="imports_list",
    response_model=ImportListOut,
    responses=problem_responses(422),
)
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(PLAIN_NEWEST_FIRST)], edge: Invoicing
) -> Response:
    """List imports, the newest first."""
    after = query.after.id if query.after else None
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_imports(conn, ctx, after, query.limit + 1, descending=query.descending)
    page, more = found[: query.limit], len(found) > query.limit
    following = query.cursor("", page[-1]["import_id"]) if more else None
    items = [encode(import_view(row["import_id"], row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get(
    "/imports/{import_id}",
    operation_id="imports_get",
    response_model=ImportOut,
    responses=problem_responses(404),
)
async def get(import_id: ImportId, caller: Reader, edge: Invoicing) -> Response:
    """Read an import."""
    found = _id(import_id)
    async with edge.runner.reading(caller) as (conn, ctx):
        row = await get_import(conn, ctx, found)
    return json_response(encode(import_view(found, row)), headers={"etag": etag(row["version"])})


@router.put(
    "/imports/{import_id}/mapping",
    operation_id="imports_state_mapping",
    response_model=ImportOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def state_mapping(
    import_id: ImportId, body: ImportMappingIn, caller: Writer, version: Version, edge: Invoicing
) -> Response:
    """Say which column is which field. What is not said of decimals and dates is not guessed."""
    command = StateImportMapping(
        import_id=_id(import_id), mapping=body.mapping(), expected_version=version
    )
    return await answered(edge, state_import_mapping, command, caller, show=show_import)


@router.post(
    "/imports/{import_id}/check",
    operation_id="imports_check",
    response_model=ImportCheckOut,
    responses=problem_responses(404, 409, 422),
)
async def check(import_id: ImportId, caller: Reader, edge: Invoicing) -> Response:
    """Try it: what would be imported, and what is wrong, row by row. Nothing is written."""
    found = _id(import_id)
    read = await read_file(edge, caller, found)
    command = CheckImport(found, read.documents)
    result = await edge.runner.look(check_import, command, caller, long=True)
    return json_response(encode(check_view(result, len(read.documents))))


@router.post(
    "/imports/{import_id}/commit",
    operation_id="imports_commit",
    status_code=202,
    response_model=OperationOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def commit(
    import_id: ImportId, body: CommitImportIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Import the documents, as an operation. What was imported before is left out."""
    found = _id(import_id)
    read: Sequence[Read] | DomainError
    try:
        file = await read_file(edge, caller, found)
        version, read = file.version, file.documents
    except DomainError as error:
        version, read = 0, error
    command = CommitImport(
        import_id=found, version=version, read=read, skip_rejected=body.skip_rejected
    )
    return await answered(edge, commit_import, command, caller, show=show_begun, once=once)


@router.post(
    "/imports/{import_id}/reverse",
    operation_id="imports_reverse",
    status_code=202,
    response_model=OperationOut,
    responses=problem_responses(404, 409, 422),
)
async def reverse(
    import_id: ImportId, body: ReverseImportIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Take an import back as a whole, while nothing has moved on any of its documents."""
    command = ReverseImport(_id(import_id), body.reason)
    return await answered(edge, reverse_import, command, caller, show=show_begun, once=once)


@router.put(
    "/imports/{import_id}/files/{name}",
    operation_id="imports_keep_file",
    response_model=ForeignFileOut,
    responses=problem_responses(404, 409, 410, 422),
    openapi_extra=_PDF,
)
async def keep_named(
    request: Request, import_id: ImportId, name: PdfName, caller: Writer, edge: Invoicing
) -> Response:
    """Keep the PDF of the document that names this file. The same bytes again do no harm."""
    async with edge.runner.reading(caller) as (conn, ctx):
        await get_import(conn, ctx, _id(import_id))
        document_id = await document_of_file(conn, ctx, _id(import_id), name)
    if document_id is None:
        raise FileNamesNoDocument
    return await _keep(request, document_id, caller, edge)


@router.put(
    "/invoices/{invoice}/pdf",
    operation_id="imports_keep_pdf",
    response_model=ForeignFileOut,
    responses=problem_responses(404, 409, 410, 422),
    openapi_extra=_PDF,
)
async def keep(request: Request, invoice: InvoiceId, caller: Writer, edge: Invoicing) -> Response:
    """Keep the PDF that the other system issued of an imported document, for good."""
    return await _keep(request, id_of(INVOICE, invoice, DocumentNotFound), caller, edge)


async def _keep(request: Request, document_id: UUID, caller: Caller, edge: Edge) -> Response:
    command = KeepForeignFile(document_id, await request.body())
    return await answered(edge, keep_foreign_file, command, caller, show=_show_file)


def _show_file(document: ImportedDocument, unit: UnitOfWork) -> Answer:
    del unit
    view: dict[str, Any] = {
        "object": "foreign_file",
        "invoice": typeid(INVOICE, document.id),
        "sha256": document.file_sha256,
    }
    return Answer(200, encode(view), {"content-type": "application/json"})


async def _entity(edge: Edge, caller: Caller, said: str | None) -> tuple[UUID, str]:
    """The legal entity, and the currency of its books."""
    async with edge.runner.reading(caller) as (conn, ctx):
        if said is None:
            found = await list_legal_entities(conn, ctx, None, 1)
            if len(found) != 1:
                raise LegalEntityRequired
            entity_id = found[0][0]
        else:
            entity_id = id_of(LEGAL_ENTITY, said, LegalEntityNotFound)
        shown = await get_legal_entity(conn, ctx, entity_id)
    return entity_id, msgspec.json.decode(shown.body)["currency"]


def _id(text: str) -> UUID:
    return id_of(IMPORT, text, ImportNotFound)
