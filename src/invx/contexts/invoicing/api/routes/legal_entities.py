"""Legal entities: who sells."""

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from invx.contexts.invoicing.api.content import details_of
from invx.contexts.invoicing.api.edge import Invoicing, LegalEntityId, Once, answered
from invx.contexts.invoicing.api.lists import PLAIN
from invx.contexts.invoicing.api.schemas.legal_entities import (
    LegalEntityIn,
    LegalEntityListOut,
    LegalEntityOut,
)
from invx.contexts.invoicing.api.showing import show_legal_entity, show_new_legal_entity
from invx.contexts.invoicing.app.amend_legal_entity import AmendLegalEntity, amend_legal_entity
from invx.contexts.invoicing.app.register_legal_entity import (
    RegisterLegalEntity,
    register_legal_entity,
)
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.queries import get_legal_entity, list_legal_entities
from invx.contexts.invoicing.read.views import LEGAL_ENTITY
from invx.infra.http.answers import json_response
from invx.infra.http.etag import (
    NOT_MODIFIED,
    conditional,
    etag,
    expected_version,
    not_modified,
)
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/legal-entities", tags=["Legal entities"])

Reader = Annotated[Caller, requires("legal_entities:read")]
Writer = Annotated[Caller, requires("legal_entities:write")]
Version = Annotated[int | None, expected_version()]


@router.post(
    "", status_code=201, response_model=LegalEntityOut, responses=problem_responses(409, 422)
)
async def register(body: LegalEntityIn, caller: Writer, once: Once, edge: Invoicing) -> Response:
    """Register a legal entity. It gets a series of numbers for each type of document."""
    command = RegisterLegalEntity(details=details_of(body))
    return await answered(
        edge, register_legal_entity, command, caller, show=show_new_legal_entity, once=once
    )


@router.get("", response_model=LegalEntityListOut, responses=problem_responses(422))
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(PLAIN)], edge: Invoicing
) -> Response:
    """List all legal entities, the first one first."""
    after = query.after.id if query.after else None
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_legal_entities(
            conn, ctx, after, query.limit, descending=query.descending
        )
    page, more = found[: query.limit], len(found) > query.limit
    following = query.cursor("", page[-1][0]) if more else None
    return json_response(page_body([body for _, body in page], has_more=more, next=following))


@router.get(
    "/{legal_entity}",
    response_model=LegalEntityOut,
    responses=NOT_MODIFIED | problem_responses(404),
    dependencies=[conditional()],
)
async def get(
    legal_entity: LegalEntityId, request: Request, caller: Reader, edge: Invoicing
) -> Response:
    """Read a legal entity."""
    entity_id = id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        shown = await get_legal_entity(conn, ctx, entity_id)
    return not_modified(request, shown.version) or json_response(
        shown.body, headers={"etag": etag(shown.version)}
    )


@router.put(
    "/{legal_entity}",
    response_model=LegalEntityOut,
    responses=problem_responses(404, 409, 412, 422),
)
async def amend(
    legal_entity: LegalEntityId,
    body: LegalEntityIn,
    caller: Writer,
    version: Version,
    edge: Invoicing,
) -> Response:
    """Amend a legal entity. Finalized documents keep the details of their day."""
    command = AmendLegalEntity(
        legal_entity_id=id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound),
        details=details_of(body),
        expected_version=version,
    )
    return await answered(edge, amend_legal_entity, command, caller, show=show_legal_entity)
