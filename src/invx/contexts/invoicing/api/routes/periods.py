"""Closed periods: lock days that are over, open them again with a reason, and see who did."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Invoicing, LegalEntityId, Once, answered
from invx.contexts.invoicing.api.schemas.periods import (
    CloseIn,
    CloseReturnIn,
    PeriodChangeListOut,
    PeriodsOut,
    ReopenIn,
)
from invx.contexts.invoicing.app.close_periods import ClosePeriods, close_periods
from invx.contexts.invoicing.app.close_return import CloseReturn, close_return
from invx.contexts.invoicing.app.reopen_periods import ReopenPeriods, reopen_periods
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.periods.locks import Closing
from invx.contexts.invoicing.read.periods import (
    get_periods,
    list_period_changes,
    period_change_view,
    periods_view,
)
from invx.contexts.invoicing.read.tax_periods import days_in
from invx.contexts.invoicing.read.tax_returns import find_registration
from invx.contexts.invoicing.read.views import LEGAL_ENTITY
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import etag, expected_version
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1", tags=["Closed periods"])

Reader = Annotated[Caller, requires("periods:read")]
Closer = Annotated[Caller, requires("periods:close")]
Opener = Annotated[Caller, requires("periods:reopen")]
Version = Annotated[int | None, expected_version()]
CHANGES = Listing(sorts={"version": int}, default_sort="-version")
_LAST = 2**63 - 1
_NO_ID = UUID(int=0)


@router.get(
    "/legal-entities/{legal_entity}/periods",
    operation_id="periods_get",
    response_model=PeriodsOut,
    responses=problem_responses(404),
)
async def get(legal_entity: LegalEntityId, caller: Reader, edge: Invoicing) -> Response:
    """Read how far the periods of a legal entity are closed."""
    entity_id = id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await get_periods(conn, ctx, entity_id)
    return json_response(encode(found), headers={"etag": etag(found["version"])})


@router.get(
    "/legal-entities/{legal_entity}/period-changes",
    operation_id="periods_list_changes",
    response_model=PeriodChangeListOut,
    responses=problem_responses(404, 422),
)
async def changes(
    legal_entity: LegalEntityId,
    caller: Reader,
    query: Annotated[ListQuery, list_query(CHANGES)],
    edge: Invoicing,
) -> Response:
    """List what was closed and opened again, by whom and why; the newest first."""
    entity_id = id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound)
    start = _LAST if query.descending else 0
    after = int(str(query.after.key)) if query.after else start
    after = max(-_LAST, min(after, _LAST))
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_period_changes(
            conn, ctx, entity_id, after, limit=query.limit + 1, descending=query.descending
        )
    page, more = found[: query.limit], len(found) > query.limit
    following = query.cursor(page[-1]["version"], _NO_ID) if more else None
    bodies = [encode(period_change_view(row)) for row in page]
    return json_response(page_body(bodies, has_more=more, next=following))


@router.put(
    "/legal-entities/{legal_entity}/periods/{kind}",
    operation_id="periods_close",
    response_model=PeriodsOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def close(
    *,
    legal_entity: LegalEntityId,
    kind: PeriodKind,
    body: CloseIn,
    caller: Closer,
    version: Version,
    edge: Invoicing,
) -> Response:
    """Close all days up to one: for documents, payments, tax or accounting.

    What the law still wants entered then stands in the first open period and names its own.
    """
    command = ClosePeriods(
        legal_entity_id=id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound),
        closing=Closing(
            kind=kind,
            through=body.closed_through,
            registration=body.registration,
            hard=body.hard,
        ),
        expected_version=version,
    )
    return await answered(edge, close_periods, command, caller, show=_show)


@router.post(
    "/legal-entities/{legal_entity}/periods/{kind}/reopen",
    operation_id="periods_reopen",
    response_model=PeriodsOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def reopen(
    *,
    legal_entity: LegalEntityId,
    kind: PeriodKind,
    body: ReopenIn,
    caller: Opener,
    version: Version,
    once: Once,
    edge: Invoicing,
) -> Response:
    """Open days again that were closed. The history keeps who did it and the reason."""
    command = ReopenPeriods(
        legal_entity_id=id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound),
        kind=kind,
        registration=body.registration,
        through=body.closed_through,
        reason=body.reason,
        expected_version=version,
    )
    return await answered(edge, reopen_periods, command, caller, show=_show, once=once)


@router.post(
    "/tax/returns/close",
    operation_id="tax_close_return",
    response_model=PeriodsOut,
    responses=problem_responses(404, 409, 422),
)
async def return_filed(
    body: CloseReturnIn, caller: Closer, once: Once, edge: Invoicing
) -> Response:
    """Close the period of a return that was filed, for its registration."""
    async with edge.runner.reading(caller) as (conn, ctx):
        registered = await find_registration(conn, ctx, body.registration)
    command = CloseReturn(
        legal_entity_id=registered.legal_entity_id,
        registration=body.registration,
        last=days_in(body.period)[1] - timedelta(days=1),
        hard=body.hard,
    )
    return await answered(edge, close_return, command, caller, show=_show, once=once)


def _show(entity: LegalEntity, unit: UnitOfWork) -> Answer:
    del unit
    view = periods_view(entity.id, entity.version, entity.locks.held.items())
    headers = {"content-type": "application/json", "etag": etag(entity.version)}
    return Answer(200, encode(view), headers, entity.id)
