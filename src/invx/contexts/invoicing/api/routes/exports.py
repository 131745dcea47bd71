"""Documents, their lines and their payments as files for other programs and spreadsheets."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Invoicing
from invx.contexts.invoicing.api.exporting import EXPORTED, FORMATS, wanted_export, written
from invx.infra.http.pagination import ListQuery, list_query
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.http.streaming import StreamedResponse
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/invoices", tags=["Export and import"])

Exporter = Annotated[Caller, requires("invoices:export")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, as it is made.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/jsonl": {"schema": {"type": "string"}},
            FORMATS["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    **problem_responses(422, 503),
}


@router.get("/export", response_class=Response, responses=_FILE)
async def export(
    caller: Exporter, query: Annotated[ListQuery, list_query(EXPORTED)], edge: Invoicing
) -> Response:
    """Export documents, their lines or their payments, as of this moment.

    `of` is `documents`, `lines` or `payments`; `format` is `csv`, `jsonl` or `xlsx`; `locale=de`
    writes CSV as Excel opens it in Germany. Filters are those of the list; `on` is the day of a
    payment. `limit`, `sort` and `after` are without meaning here.
    """
    wanted = wanted_export(query)
    edge.exports.take()
    return StreamedResponse(
        await edge.exports.begun(lambda: written(wanted, edge, caller)),
        media_type=FORMATS[wanted.format],
        headers={"content-disposition": f'attachment; filename="{wanted.name}"'},
    )
