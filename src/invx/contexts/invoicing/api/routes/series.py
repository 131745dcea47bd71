"""Series of document numbers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Invoicing, Once, SeriesId, answered
from invx.contexts.invoicing.api.lists import PLAIN
from invx.contexts.invoicing.api.schemas.series import (
    GapReportOut,
    HoldSeriesIn,
    NextNumberIn,
    SeriesIn,
    SeriesListOut,
    SeriesOut,
)
from invx.contexts.invoicing.api.showing import show_new_series, show_series
from invx.contexts.invoicing.app.hold_series import (
    HoldSeries,
    ReleaseSeries,
    hold_series,
    release_series,
)
from invx.contexts.invoicing.app.open_series import OpenSeries, open_series
from invx.contexts.invoicing.app.set_next_number import SetNextNumber, set_next_number
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.errors import SeriesNotFound
from invx.contexts.invoicing.domain.numbering import Reset
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.contexts.invoicing.read.queries import get_series, list_series, series_gaps
from invx.contexts.invoicing.read.views import SERIES
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import etag, expected_version
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid

router = APIRouter(prefix="/v1/series", tags=["Series"])

Reader = Annotated[Caller, requires("series:read")]
Writer = Annotated[Caller, requires("series:write")]
Holder = Annotated[Caller, requires("series:hold")]
Version = Annotated[int | None, expected_version()]


@router.post(
    "", status_code=201, response_model=SeriesOut, responses=problem_responses(404, 409, 422)
)
async def open_(body: SeriesIn, caller: Writer, once: Once, edge: Invoicing) -> Response:
    """Open a series. With `default` its types draw their numbers from it from now on."""
    command = OpenSeries(
        definition=SeriesDefinition(
            name=body.name,
            pattern=body.pattern,
            types=tuple(DocumentType(each) for each in body.types),
            reset=Reset(body.reset),
            start=body.start,
            legal="proforma" not in body.types,
        ),
        legal_entity_id=body.legal_entity,
        default=body.default,
    )
    return await answered(edge, open_series, command, caller, show=show_new_series, once=once)


@router.get("", response_model=SeriesListOut, responses=problem_responses(422))
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(PLAIN)], edge: Invoicing
) -> Response:
    """List all series, the first one first."""
    after = query.after.id if query.after else None
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_series(conn, ctx, after, query.limit, descending=query.descending)
    page, more = found[: query.limit], len(found) > query.limit
    last: UUID | None = parse_typeid(SERIES, page[-1]["id"]) if more else None
    following = query.cursor("", last) if last else None
    return json_response(page_body([encode(each) for each in page], has_more=more, next=following))


@router.get("/{series}", response_model=SeriesOut, responses=problem_responses(404))
async def get(series: SeriesId, caller: Reader, edge: Invoicing) -> Response:
    """Read a series and where it stands."""
    async with edge.runner.reading(caller) as (conn, ctx):
        view = await get_series(conn, ctx, id_of(SERIES, series, SeriesNotFound))
    return json_response(encode(view), headers={"etag": etag(view["version"])})


@router.get("/{series}/gaps", response_model=GapReportOut, responses=problem_responses(404))
async def gaps(series: SeriesId, caller: Reader, edge: Invoicing) -> Response:
    """List every number that the series lacks, and why."""
    async with edge.runner.reading(caller) as (conn, ctx):
        report = await series_gaps(conn, ctx, id_of(SERIES, series, SeriesNotFound))
    return json_response(encode(report))


@router.post(
    "/{series}/next-number", response_model=SeriesOut, responses=problem_responses(404, 409, 422)
)
async def set_next(
    series: SeriesId, body: NextNumberIn, caller: Writer, once: Once, edge: Invoicing
) -> Response:
    """Go on at a higher number, as when you move here from another system."""
    command = SetNextNumber(
        series_id=id_of(SERIES, series, SeriesNotFound),
        next=body.next,
        period=body.period,
        reason=body.reason,
    )
    return await answered(edge, set_next_number, command, caller, show=show_series, once=once)


@router.post(
    "/{series}/hold", response_model=SeriesOut, responses=problem_responses(404, 409, 412, 422)
)
async def hold(
    series: SeriesId,
    body: HoldSeriesIn,
    caller: Holder,
    *,
    once: Once,
    version: Version,
    edge: Invoicing,
) -> Response:
    """Give no numbers for now. Finalizing is refused with `series_on_hold`; drafts go on."""
    command = HoldSeries(
        series_id=id_of(SERIES, series, SeriesNotFound),
        reason=body.reason,
        expected_version=version,
    )
    return await answered(edge, hold_series, command, caller, show=show_series, once=once)


@router.post(
    "/{series}/release", response_model=SeriesOut, responses=problem_responses(404, 409, 412, 422)
)
async def release(
    series: SeriesId,
    body: HoldSeriesIn,
    caller: Holder,
    *,
    once: Once,
    version: Version,
    edge: Invoicing,
) -> Response:
    """Give numbers again. What is held because of a restore, only the operator can release."""
    command = ReleaseSeries(
        series_id=id_of(SERIES, series, SeriesNotFound),
        reason=body.reason,
        expected_version=version,
    )
    return await answered(edge, release_series, command, caller, show=show_series, once=once)
