"""Data access for an auditor (GoBD): everything of a span of days, as tables with a description."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from invx.contexts.invoicing.adapters.accounting import auditor_tables as tables
from invx.contexts.invoicing.adapters.accounting import data_access
from invx.contexts.invoicing.adapters.accounting.auditor_tables import AuditTable
from invx.contexts.invoicing.api.edge import Edge, Invoicing
from invx.contexts.invoicing.api.schemas.accounting_exports import DataAccessQuery
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read import data_access as books_read
from invx.contexts.invoicing.read.data_access import START, Books, Page, books_of
from invx.contexts.invoicing.read.views import LEGAL_ENTITY
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import InvalidQuery
from invx.infra.http.permissions import requires
from invx.infra.http.problems import parameter_problem, problem_responses
from invx.infra.http.streaming import StreamedResponse
from invx.infra.postgres import Connection
from invx.infra.zip_stream import ZipStream
from invx.kernel.context import Caller, RequestContext

router = APIRouter(prefix="/v1/accounting", tags=["Accounting exports"])

Exporter = Annotated[Caller, requires("accounting:export")]
_ReadPage = Callable[[Connection, RequestContext, Books, tuple[Any, ...]], Awaitable[Page]]
_READ: tuple[tuple[AuditTable, _ReadPage], ...] = (
    (tables.DOCUMENTS, books_read.documents_page),
    (tables.LINES, books_read.lines_page),
    (tables.SETTLEMENTS, books_read.settlements_page),
    (tables.TAX_ENTRIES, books_read.tax_entries_page),
    (tables.BOOKINGS, books_read.bookings_page),
)
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Tables, `index.xml`, and the grammar of the description standard.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    },
    **problem_responses(404, 422),
}


@router.get(
    "/data-access",
    operation_id="accounting_get_data_access",
    response_class=Response,
    responses=_ZIP,
)
async def get(
    query: Annotated[DataAccessQuery, Query()], caller: Exporter, edge: Invoicing
) -> Response:
    """Read documents, lines, settlements, taxes and bookings of a span of days.

    For a tax audit in Germany (§ 147 AO, GoBD): an archive that audit programs import.
    """
    entity_id = id_of(LEGAL_ENTITY, query.legal_entity, LegalEntityNotFound)
    if query.last < query.first:
        problem = parameter_problem("query", "to", "invalid_range", "`from` comes before `to`.")
        raise InvalidQuery(problems=[problem])
    async with edge.runner.reading(caller) as (conn, ctx):
        books = await books_of(conn, ctx, entity_id, query.first, query.last)
    name = f"gobd_{query.first.isoformat()}_{query.last.isoformat()}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamedResponse(
        _archive(edge, caller, books), media_type="application/zip", headers=headers
    )


async def _archive(edge: Edge, caller: Caller, books: Books) -> AsyncGenerator[bytes]:
    """A page of a table at a time: each in a transaction of its own, so no reader holds one."""
    archive = ZipStream()
    described = data_access.index(
        [table for table, _ in _READ], (books.name, books.place), (books.first, books.last)
    )
    yield archive.add("index.xml", described)
    yield archive.add(data_access.DTD, data_access.dtd())
    for table, read in _READ:
        with archive.open(table.file) as file:
            file.write(data_access.heading(table))
            after: tuple[Any, ...] | None = START
            while after is not None:
                async with edge.runner.reading(caller) as (conn, ctx):
                    page = await read(conn, ctx, books, after)
                file.write(await asyncio.to_thread(data_access.lines, table, page.rows))
                after = page.next
                yield archive.drain()
        yield archive.drain()
    yield archive.close()
