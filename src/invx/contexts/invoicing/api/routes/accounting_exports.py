"""Accounting exports: bookings for an accountant, each handed out once per destination."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.accounting_files import (
    debtor_file,
    packed_documents,
    streamed_documents,
)
from invx.contexts.invoicing.api.edge import ExportId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.accounting_exports import (
    AccountingExportIn,
    AccountingExportListOut,
    AccountingExportOut,
    CancelExportIn,
)
from invx.contexts.invoicing.app.archive_accounting_file import (
    ArchiveAccountingFile,
    archive_accounting_file,
)
from invx.contexts.invoicing.app.cancel_accounting_export import (
    CancelAccountingExport,
    cancel_accounting_export,
)
from invx.contexts.invoicing.app.hand_over_accounting_export import (
    HandOverAccountingExport,
    hand_over_accounting_export,
)
from invx.contexts.invoicing.app.open_accounting_export import (
    OpenAccountingExport,
    open_accounting_export,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import (
    AccountingExport,
    AccountingExportNotFound,
    ExportStatus,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import ExportFormat
from invx.contexts.invoicing.read.accounting_exports import (
    EXPORT,
    ExportSlice,
    export_row,
    export_view,
    get_export,
    get_export_file,
    list_exports,
)
from invx.contexts.invoicing.read.views import LEGAL_ENTITY, Row
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import NOT_MODIFIED, conditional, etag, not_modified
from invx.infra.http.fields import id_of
from invx.infra.http.filters import Choice, Id, Text
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.http.streaming import StreamedResponse
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller
from invx.kernel.errors import violated
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1/accounting/exports", tags=["Accounting exports"])

Reader = Annotated[Caller, requires("accounting:read")]
Exporter = Annotated[Caller, requires("accounting:export")]
EXPORTS = Listing(
    filters={
        "legal_entity": Id(LEGAL_ENTITY),
        "destination": Text(100),
        "format": Choice(tuple(ExportFormat)),
        "status": Choice(tuple(ExportStatus)),
    },
    sorts={"created": str},
    default_sort="-created",
)
_COLUMNS = {"legal_entity": "legal_entity_id"}
Part = Annotated[int, Query(ge=1, le=1_000, description="Of 1000 documents each.")]
_ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
_TEXT = {"text/csv": {"schema": {"type": "string"}}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A text; several DATEV batches come as a zip archive.",
        "content": {**_TEXT, "application/jsonl": {"schema": {"type": "string"}}, **_ZIP},
    },
    **problem_responses(404, 409),
}
_DEBTORS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The debtors.", "content": {**_TEXT, "application/jsonl": {}}},
    **problem_responses(404, 409),
}
_DOCUMENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The archive.", "content": _ZIP},
    **problem_responses(404, 422),
}


@router.post(
    "",
    operation_id="accounting_open_export",
    status_code=201,
    response_model=AccountingExportOut,
    responses=problem_responses(404, 409, 422),
)
async def open_(
    body: AccountingExportIn, caller: Exporter, once: Once, edge: Invoicing
) -> Response:
    """Take all bookings up to a day that the destination does not have yet.

    A booking that comes later, with whatever date, is in the next export. Settings and debtor
    numbers are frozen, so the file never changes.
    """
    command = OpenAccountingExport(
        legal_entity_id=body.legal_entity,
        destination=body.destination or body.format,
        format=ExportFormat(body.format),
        until=body.until,
        settings=body.settings.model_dump(exclude_none=True) if body.settings else {},
    )
    return await answered(edge, open_accounting_export, command, caller, show=_show_new, once=once)


@router.get(
    "",
    operation_id="accounting_list_exports",
    response_model=AccountingExportListOut,
    responses=problem_responses(422),
)
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(EXPORTS)], edge: Invoicing
) -> Response:
    """List the exports, the newest first."""
    asked = ExportSlice(
        [(_COLUMNS.get(each.field, each.field), each.value) for each in query.conditions],
        query.after.id if query.after else None,
        descending=query.descending,
        limit=query.limit,
    )
    async with edge.runner.reading(caller) as (conn, ctx):
        rows = await list_exports(conn, ctx, asked)
    page, more = rows[: query.limit], len(rows) > query.limit
    following = query.cursor("", page[-1]["export_id"]) if more else None
    items = [encode(export_view(row["export_id"], row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get(
    "/{accounting_export}",
    operation_id="accounting_get_export",
    response_model=AccountingExportOut,
    responses=NOT_MODIFIED | problem_responses(404),
    dependencies=[conditional()],
)
async def get(
    accounting_export: ExportId, request: Request, caller: Reader, edge: Invoicing
) -> Response:
    """Read an export."""
    export_id = _id(accounting_export)
    async with edge.runner.reading(caller) as (conn, ctx):
        row = await get_export(conn, ctx, export_id)
    return not_modified(request, row["version"]) or json_response(
        encode(export_view(export_id, row)), headers={"etag": etag(row["version"])}
    )


@router.get(
    "/{accounting_export}/file",
    operation_id="accounting_get_export_file",
    response_class=Response,
    responses=_FILE,
)
async def file(
    accounting_export: ExportId, request: Request, caller: Exporter, edge: Invoicing
) -> Response:
    """Read the bookings in the format of the export: always the same bytes.

    The ETag is their SHA-256. The file of a cancelled export can still be read.
    """
    export_id = _id(accounting_export)
    for _ in range(2):
        async with edge.runner.reading(caller) as (conn, ctx):
            content = await get_export_file(conn, ctx, export_id)
            row = await get_export(conn, ctx, export_id)
        if content is not None:
            return _sent(row, content, request)
        await edge.runner.run(archive_accounting_file, ArchiveAccountingFile(export_id), caller)
    return violated("an archived export is not there")


@router.get(
    "/{accounting_export}/debtors",
    operation_id="accounting_get_export_debtors",
    response_class=Response,
    responses=_DEBTORS,
)
async def debtors(accounting_export: ExportId, caller: Exporter, edge: Invoicing) -> Response:
    """Read the debtors that the export books on, as master data in its format.

    It is made of the documents each time and kept nowhere, so whoever is erased is not in it.
    """
    made = await debtor_file(edge, caller, _id(accounting_export))
    return Response(made.content, media_type=made.media_type, headers=_named(made.name))


@router.get(
    "/{accounting_export}/documents",
    operation_id="accounting_get_export_documents",
    response_class=Response,
    responses=_DOCUMENTS,
)
async def documents(
    accounting_export: ExportId, caller: Exporter, edge: Invoicing, part: Part = 1
) -> Response:
    """Read the documents whose issue the export books, for DATEV's Belegtransfer.

    A zip archive of the PDFs with a `document.xml`; each has the GUID that its booking names.
    """
    export_id = _id(accounting_export)
    packed = await packed_documents(edge, caller, export_id, part)
    name = f"documents_{accounting_export}_{part}.zip"
    return StreamedResponse(
        streamed_documents(edge, caller, packed), media_type="application/zip", headers=_named(name)
    )


@router.post(
    "/{accounting_export}/cancel",
    operation_id="accounting_cancel_export",
    response_model=AccountingExportOut,
    responses=problem_responses(404, 409, 422),
)
async def cancel(
    accounting_export: ExportId,
    body: CancelExportIn,
    caller: Exporter,
    once: Once,
    edge: Invoicing,
) -> Response:
    """Give the bookings back, so that the next export takes them. The record stays."""
    command = CancelAccountingExport(_id(accounting_export), body.reason)
    return await answered(edge, cancel_accounting_export, command, caller, show=_show, once=once)


@router.post(
    "/{accounting_export}/handover",
    operation_id="accounting_hand_over_export",
    response_model=AccountingExportOut,
    responses=problem_responses(404, 409),
)
async def hand_over(
    accounting_export: ExportId, caller: Exporter, once: Once, edge: Invoicing
) -> Response:
    """Note that the destination has it. From then on it cannot be cancelled."""
    command = HandOverAccountingExport(_id(accounting_export))
    return await answered(edge, hand_over_accounting_export, command, caller, show=_show, once=once)


def _id(text: str) -> UUID:
    return id_of(EXPORT, text, AccountingExportNotFound)


def _sent(row: Row, content: bytes, request: Request) -> Response:
    tag = f'"{row["file_sha256"]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    headers = {"etag": tag, **_named(row["file_name"])}
    return Response(content, media_type=row["file_media_type"], headers=headers)


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


def _show(export: AccountingExport, unit: UnitOfWork) -> Answer:
    del unit
    body = encode(export_view(export.id, export_row(export)))
    headers = {"content-type": "application/json", "etag": etag(export.version)}
    return Answer(200, body, headers)


def _show_new(export: AccountingExport, unit: UnitOfWork) -> Answer:
    shown = _show(export, unit)
    location = f"/v1/accounting/exports/{typeid(EXPORT, export.id)}"
    return Answer(201, shown.body, {**shown.headers, "location": location})
