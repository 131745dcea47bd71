"""The files of many documents, as first issued, in one ZIP."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.archiving import ARCHIVED, archived, ensure_archivable, files_in
from invx.contexts.invoicing.api.edge import Invoicing, Once, answered
from invx.contexts.invoicing.api.operating import selected, show_begun
from invx.contexts.invoicing.api.schemas.operations import ArchiveIn, OperationOut
from invx.contexts.invoicing.app.begin_operation import BeginOperation, begin_operation
from invx.infra.http.pagination import ListQuery, list_query
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.http.streaming import StreamedResponse
from invx.infra.zipped import zipped
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices", tags=["Bulk"])

Reader = Annotated[Caller, requires("invoices:read")]
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The ZIP, as it is made.", "content": {"application/zip": {}}}
}


@router.get("/archive", response_class=Response, responses=_ZIP | problem_responses(404, 409, 422))
async def read(
    caller: Reader, query: Annotated[ListQuery, list_query(ARCHIVED)], edge: Invoicing
) -> Response:
    """Read the files of many documents in one ZIP, with a list of their hashes.

    `files` says which: `pdf` when absent. `limit`, `sort` and `after` are without meaning here.
    """
    wanted = await archived(query, edge, caller)
    return StreamedResponse(
        zipped(files_in(wanted, edge, caller)),
        media_type="application/zip",
        headers={"content-disposition": 'attachment; filename="invoices.zip"'},
    )


@router.post(
    "/archive", status_code=202, response_model=OperationOut, responses=problem_responses(409, 422)
)
async def make(body: ArchiveIn, caller: Reader, once: Once, edge: Invoicing) -> Response:
    """Make the files that are not there yet, as an operation. Its result says where the ZIP is."""
    ids = await selected(body, edge, caller)
    ensure_archivable(ids)
    command = BeginOperation("archive", ids, {"files": list(dict.fromkeys(body.files))})
    return await answered(edge, begin_operation, command, caller, show=show_begun, once=once)
