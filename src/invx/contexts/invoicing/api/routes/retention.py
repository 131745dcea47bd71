"""Retention: what the law keeps, and the purge of what it keeps no more."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from invx.contexts.invoicing.api.edge import Invoicing, Once, OperationId, answered
from invx.contexts.invoicing.api.operating import OPERATION, show_begun
from invx.contexts.invoicing.api.schemas.keeping import PurgeIn, RetentionListOut
from invx.contexts.invoicing.api.schemas.operations import OperationOut
from invx.contexts.invoicing.app.begin_purge import (
    BeginPurge,
    TryPurge,
    begin_purge,
    try_purge,
)
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.retention import get_retention, outlived
from invx.contexts.invoicing.read.selection import done_by
from invx.contexts.invoicing.read.views import LEGAL_ENTITY
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel import limits
from invx.kernel.context import Caller
from invx.kernel.operations import OperationNotFound

router = APIRouter(prefix="/v1/retention", tags=["Retention"])

Reader = Annotated[Caller, requires("retention:read")]
Purger = Annotated[Caller, requires("retention:purge")]
LegalEntity = Annotated[
    str | None, Query(max_length=64, description="Only this one; each of them when absent.")
]


@router.get("", response_model=RetentionListOut, responses=problem_responses(404, 422))
async def get(caller: Reader, edge: Invoicing, legal_entity: LegalEntity = None) -> Response:
    """Read what the law keeps of each legal entity, and what falls due when."""
    entity_id = id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound) if legal_entity else None
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await get_retention(conn, ctx, edge.packs, entity_id)
    return json_response(page_body([encode(each) for each in found], has_more=False, next=None))


@router.post(
    "/purges",
    operation_id="retention_try_purge",
    status_code=202,
    response_model=OperationOut,
    responses=problem_responses(404, 422),
)
async def trial(body: PurgeIn, caller: Purger, once: Once, edge: Invoicing) -> Response:
    """Try a purge, as an operation that writes nothing: what would go, what not.

    Its items with `state=failed` say what keeps a document; those that are done can be purged.
    """
    async with edge.runner.reading(caller) as (conn, ctx):
        most = limits.OPERATION_ITEMS_MAX
        ids = await outlived(conn, ctx, edge.packs, body.legal_entity, most)
    return await answered(edge, try_purge, TryPurge(ids), caller, show=show_begun, once=once)


@router.post(
    "/purges/{operation}/carry-out",
    operation_id="retention_purge",
    status_code=202,
    response_model=OperationOut,
    responses=problem_responses(404, 409, 422),
)
async def carry_out(
    operation: OperationId, caller: Purger, once: Once, edge: Invoicing
) -> Response:
    """Purge what a trial let pass, as an operation; each document is judged again.

    What was said of anybody, the content and the files go for good; number, dates and figures stay.
    """
    trial_id = id_of(OPERATION, operation, OperationNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        ids = await done_by(conn, ctx, trial_id)
    command = BeginPurge(trial_id, ids)
    return await answered(edge, begin_purge, command, caller, show=show_begun, once=once)
