"""Uploaded files: the attachments of documents."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from invx.contexts.invoicing.adapters.media_types import ALLOWED
from invx.contexts.invoicing.api.edge import Invoicing, Once, answered
from invx.contexts.invoicing.api.files import FILES, file_slice, show_file, show_no_file, upload
from invx.contexts.invoicing.api.schemas.files import FileListOut, FileOut
from invx.contexts.invoicing.app.add_file import add_file
from invx.contexts.invoicing.app.delete_file import DeleteFile, delete_file
from invx.contexts.invoicing.domain.files.file import FileNotFound
from invx.contexts.invoicing.read.files import (
    file_view,
    get_file,
    list_files,
    stored_contents,
)
from invx.contexts.invoicing.read.views import FILE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of, typeid_pattern
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/files", tags=["Files"])

Reader = Annotated[Caller, requires("files:read")]
Writer = Annotated[Caller, requires("files:write")]
Slice = Annotated[ListQuery, list_query(FILES)]
FileId = Annotated[
    str,
    Path(description="The file.", json_schema_extra={"pattern": f"^{typeid_pattern(FILE)}$"}),
]
FileName = Annotated[
    str,
    Query(
        description="What it is called, with its ending: what the buyer sees (BT-125-2).",
        max_length=1_000,
        examples=["timesheet.csv"],
    ),
]

_CSV = "day,hours\n2026-11-02,8\n"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": _CSV},
            **{
                each: {"schema": {"type": "string", "format": "binary"}}
                for each in ALLOWED
                if each != "text/csv"
            },
        },
    }
}
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes, as they were uploaded.",
        "content": {each: {"schema": {"type": "string", "format": "binary"}} for each in ALLOWED},
    },
    **problem_responses(404, 500),
}


@router.post(
    "",
    status_code=201,
    response_model=FileOut,
    responses=problem_responses(409, 413, 415, 422),
    openapi_extra=_BODY,
)
async def add(
    *, request: Request, name: FileName, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Upload a file. Its body is the bytes themselves; what they are is found out from them.

    PDF, PNG, JPEG, CSV (UTF-8), XLSX without macros and ODS are taken: what an e-invoice may carry.
    """
    stated = request.headers.get("content-type")
    command = await upload(name, stated, await request.body(), await edge.file_limits_of(caller))
    return await answered(edge, add_file, command, caller, show=show_file, once=once)


@router.get("", response_model=FileListOut, responses=problem_responses(422))
async def list_(caller: Reader, query: Slice, edge: Invoicing) -> Response:
    """List files, the newest first."""
    async with edge.runner.reading(caller) as (conn, ctx):
        rows = await list_files(conn, ctx, file_slice(query))
    page, more = rows[: query.limit], len(rows) > query.limit
    following = query.cursor("", page[-1]["file_id"]) if more else None
    items = [encode(file_view(row["file_id"], row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get("/{file}", response_model=FileOut, responses=problem_responses(404))
async def get(file: FileId, caller: Reader, edge: Invoicing) -> Response:
    """Read what is known of a file."""
    file_id = id_of(FILE, file, FileNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        row = await get_file(conn, ctx, file_id)
    return json_response(encode(file_view(file_id, row)))


@router.get("/{file}/content", response_class=Response, responses=_CONTENT)
async def content(file: FileId, request: Request, caller: Reader, edge: Invoicing) -> Response:
    """Read the bytes of a file. Their ETag is their SHA-256.

    500 (`file_damaged`, `file_missing`) when they are not what was uploaded.
    """
    file_id = id_of(FILE, file, FileNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        row = await get_file(conn, ctx, file_id)
        stored = (await stored_contents(conn, ctx, [file_id]))[file_id]
    tag = f'"{row["sha256"]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    held = await edge.places.content(caller.tenant_id, stored)
    name = quote(row["name"] or file, safe="")
    headers = {
        "etag": tag,
        # Never shown by a browser as a page of ours, whatever the bytes are.
        "content-disposition": f"attachment; filename*=UTF-8''{name}",
        "x-content-type-options": "nosniff",
    }
    return Response(held, media_type=row["media_type"], headers=headers)


@router.delete("/{file}", status_code=204, responses=problem_responses(404, 409))
async def delete(file: FileId, caller: Writer, edge: Invoicing) -> Response:
    """Delete a file that no document names, with its name and its bytes."""
    command = DeleteFile(id_of(FILE, file, FileNotFound))
    return await answered(edge, delete_file, command, caller, show=show_no_file)
