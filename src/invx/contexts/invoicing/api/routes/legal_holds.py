"""Legal holds: place, see, release."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Invoicing, LegalHoldId, Once, answered
from invx.contexts.invoicing.api.schemas.keeping import (
    LegalHoldIn,
    LegalHoldListOut,
    LegalHoldOut,
    ReleaseLegalHoldIn,
)
from invx.contexts.invoicing.app.place_legal_hold import PlaceLegalHold, place_legal_hold
from invx.contexts.invoicing.app.release_legal_hold import ReleaseLegalHold, release_legal_hold
from invx.contexts.invoicing.domain.keeping.legal_hold import LegalHold, LegalHoldNotFound
from invx.contexts.invoicing.read.legal_holds import (
    HOLD,
    get_hold,
    hold_row,
    hold_view,
    list_holds,
)
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.filters import Choice
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/legal-holds", tags=["Legal holds"])

Reader = Annotated[Caller, requires("legal_holds:read")]
Holder = Annotated[Caller, requires("legal_holds:write")]
STATES = ("standing", "released")
LISTED = Listing(filters={"state": Choice(STATES)}, sorts={"created": str}, default_sort="-created")


@router.post(
    "",
    status_code=201,
    response_model=LegalHoldOut,
    responses=problem_responses(404, 409, 410, 422),
)
async def place(body: LegalHoldIn, caller: Holder, once: Once, edge: Invoicing) -> Response:
    """Hold a document, all of a customer, or all of a legal entity.

    Neither erasures nor purges touch what is held, whatever the law lets go.
    """
    command = PlaceLegalHold(
        document_id=body.invoice,
        customer=body.customer,
        legal_entity_id=body.legal_entity,
        reason=body.reason,
    )
    return await answered(edge, place_legal_hold, command, caller, show=_show_placed, once=once)


@router.get("", response_model=LegalHoldListOut, responses=problem_responses(422))
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(LISTED)], edge: Invoicing
) -> Response:
    """List legal holds, the newest first.

    `state=standing` lists those that hold something.
    """
    states = set(query.conditions[0].value) if query.conditions else set(STATES)
    async with edge.runner.reading(caller) as (conn, ctx):
        rows = await list_holds(
            conn,
            ctx,
            standing=None if len(states) > 1 else "standing" in states,
            after=query.after.id if query.after else None,
            limit=query.limit + 1,
            descending=query.descending,
        )
    page, more = rows[: query.limit], len(rows) > query.limit
    following = query.cursor("", page[-1]["hold_id"]) if more else None
    items = [encode(hold_view(row["hold_id"], row)) for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get("/{legal_hold}", response_model=LegalHoldOut, responses=problem_responses(404))
async def get(legal_hold: LegalHoldId, caller: Reader, edge: Invoicing) -> Response:
    """Read a legal hold: what it is on, why, who placed it, and who released it."""
    hold_id = _id(legal_hold)
    async with edge.runner.reading(caller) as (conn, ctx):
        row = await get_hold(conn, ctx, hold_id)
    return json_response(encode(hold_view(hold_id, row)))


@router.post(
    "/{legal_hold}/release", response_model=LegalHoldOut, responses=problem_responses(404, 409, 422)
)
async def release(
    legal_hold: LegalHoldId, body: ReleaseLegalHoldIn, caller: Holder, once: Once, edge: Invoicing
) -> Response:
    """Release a legal hold. Erasures that it stopped go on by themselves."""
    command = ReleaseLegalHold(_id(legal_hold), body.reason)
    return await answered(edge, release_legal_hold, command, caller, show=_show, once=once)


def _id(text: str) -> UUID:
    return id_of(HOLD, text, LegalHoldNotFound)


def _show_placed(hold: LegalHold, unit: UnitOfWork) -> Answer:
    shown = _show(hold, unit)
    view = f"/v1/legal-holds/{hold_view(hold.id, hold_row(hold))['id']}"
    return Answer(201, shown.body, {**shown.headers, "location": view}, hold.id)


def _show(hold: LegalHold, unit: UnitOfWork) -> Answer:
    del unit
    view = hold_view(hold.id, hold_row(hold))
    return Answer(200, encode(view), {"content-type": "application/json"}, hold.id)
