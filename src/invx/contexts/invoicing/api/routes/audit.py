"""What proves that nothing was changed: the register of a legal entity, and the seals."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Invoicing, LegalEntityId
from invx.contexts.invoicing.api.schemas.audit import RegisterListOut, SealListOut
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.register import list_register, register_view
from invx.contexts.invoicing.read.views import LEGAL_ENTITY, instant
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.seals import list_seals
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1", tags=["Proof"])

Reader = Annotated[Caller, requires("audit:read")]
REGISTER = Listing(sorts={"position": int}, default_sort="position")
SEALS = Listing(sorts={"number": int}, default_sort="-number")
_LAST = 2**63 - 1
_NO_ID = UUID(int=0)


@router.get(
    "/legal-entities/{legal_entity}/register",
    operation_id="register_list",
    response_model=RegisterListOut,
    responses=problem_responses(404, 422),
)
async def list_entries(
    legal_entity: LegalEntityId,
    caller: Reader,
    query: Annotated[ListQuery, list_query(REGISTER)],
    edge: Invoicing,
) -> Response:
    """List what a legal entity issued and voided, in order, each entry chained.

    Documents are entered within a minute.
    """
    entity_id = id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_register(
            conn, ctx, entity_id, _bounds(query), descending=query.descending
        )
    return _page(query, [register_view(row) for row in found], "position")


@router.get(
    "/audit/seals",
    operation_id="audit_list_seals",
    response_model=SealListOut,
    responses=problem_responses(422),
)
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(SEALS)], edge: Invoicing
) -> Response:
    """List the seals over the history of invoicing, the newest first."""
    schema = edge.runner.database.schema
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_seals(
            conn, schema, ctx.tenant_id, _bounds(query), descending=query.descending
        )
    return _page(query, [_seal(row) for row in found], "number")


def _bounds(query: ListQuery) -> tuple[int, int]:
    """Behind which number, and how many: one more than asked for shows whether there are more."""
    begin = _LAST if query.descending else 0
    after = int(str(query.after.key)) if query.after else begin
    return max(-_LAST, min(after, _LAST)), query.limit + 1


def _page(query: ListQuery, items: Sequence[dict[str, Any]], key: str) -> Response:
    page, more = items[: query.limit], len(items) > query.limit
    following = query.cursor(page[-1][key], _NO_ID) if more else None
    return json_response(page_body([encode(item) for item in page], has_more=more, next=following))


def _seal(row: Any) -> dict[str, Any]:
    return {
        "object": "seal",
        "number": row["number"],
        "previous": row["previous"].hex(),
        "root": row["root"].hex(),
        "leaves": row["leaves"],
        "sealed_at": instant(row["sealed_at"]),
        "anchors": [msgspec.json.decode(each) for each in row["anchors"]],
    }
