"""What tax engines are told of documents: to look at, and to send again."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.engine_entries import EngineEntryListOut, EngineEntryOut
from invx.contexts.invoicing.app.resume_engine_entry import (
    ResumeEngineEntry,
    resume_engine_entry,
)
from invx.contexts.invoicing.domain.tax.engine_entry import (
    EngineEntry,
    EngineEntryNotFound,
    EngineEntryStatus,
)
from invx.contexts.invoicing.read.engine_entries import (
    ENGINE_ENTRY,
    engine_entry_row,
    engine_entry_view,
    list_engine_entries,
)
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import etag
from invx.infra.http.fields import id_of, typeid_pattern
from invx.infra.http.filters import Choice, Id
from invx.infra.http.pagination import InvalidQuery, Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import parameter_problem, problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/tax/engine-entries", tags=["Taxes"])

Reader = Annotated[Caller, requires("tax:read")]
Writer = Annotated[Caller, requires("tax:write")]
EngineEntryId = Annotated[
    str,
    Path(
        description="The entry.",
        json_schema_extra={"pattern": f"^{typeid_pattern(ENGINE_ENTRY)}$"},
    ),
]
ENTRIES = Listing(
    filters={"status": Choice(tuple(EngineEntryStatus)), "invoice": Id(INVOICE)},
    sorts={"created": str},
    default_sort="created",
)
_COLUMNS = {"status": "status", "invoice": "document_id"}


@router.get(
    "",
    operation_id="tax_list_engine_entries",
    response_model=EngineEntryListOut,
    responses=problem_responses(422),
)
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(ENTRIES)], edge: Invoicing
) -> Response:
    """List what tax engines are told of your documents, the oldest first."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_engine_entries(
            conn, ctx, conditions_of(query), _after(query), query.limit, descending=query.descending
        )
    page, more = found[: query.limit], len(found) > query.limit
    last = page[-1] if more else None
    following = query.cursor(last["owed_at"].isoformat(), last["engine_entry_id"]) if last else None
    items = [encode(engine_entry_view(row["engine_entry_id"], row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


def conditions_of(query: ListQuery) -> list[tuple[str, Any]]:
    """The entries that are asked for, in terms of columns."""
    return [(_COLUMNS[each.field], each.value) for each in query.conditions]


def _after(query: ListQuery) -> tuple[datetime, UUID] | None:
    if query.after is None:
        return None
    try:
        return datetime.fromisoformat(str(query.after.key)), query.after.id
    except ValueError:
        problem = parameter_problem("query", "after", "invalid_cursor", "Not of this list.")
        raise InvalidQuery(problems=[problem]) from None


@router.post(
    "/{entry}/retry",
    operation_id="tax_retry_engine_entry",
    response_model=EngineEntryOut,
    responses=problem_responses(404, 409, 422),
)
async def retry(entry: EngineEntryId, caller: Writer, once: Once, edge: Invoicing) -> Response:
    """Send an entry again that was given up, such as after the engine was set right."""
    command = ResumeEngineEntry(id_of(ENGINE_ENTRY, entry, EngineEntryNotFound))
    return await answered(edge, resume_engine_entry, command, caller, show=_show, once=once)


def _show(entry: EngineEntry, unit: UnitOfWork) -> Answer:
    del unit
    body = encode(engine_entry_view(entry.id, engine_entry_row(entry)))
    headers = {"content-type": "application/json", "etag": etag(entry.version)}
    return Answer(200, body, headers, entry.id)
