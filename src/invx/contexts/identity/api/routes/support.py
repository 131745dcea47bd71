"""What tenants decide about operators who ask to be let in, and what operators tell them."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.edge import (
    SUPPORT_GRANT,
    Identity,
    SupportGrantId,
    installed,
    user_of,
)
from invx.contexts.identity.api.operating import announcement_view, grant_view, grant_viewed
from invx.contexts.identity.api.schemas.operators import (
    AnnouncementListOut,
    SupportGrantIn,
    SupportGrantListOut,
    SupportGrantOut,
)
from invx.contexts.identity.app.end_support import RevokeSupport, revoke_support
from invx.contexts.identity.app.grant_support import (
    GrantSupport,
    RefuseSupport,
    grant_support,
    refuse_support,
)
from invx.contexts.identity.domain.errors import SupportGrantNotFound
from invx.contexts.identity.domain.support import reading
from invx.contexts.identity.read.operators import (
    get_support_grant,
    list_support_grants,
    shown_announcements,
)
from invx.infra.http.answers import created, encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1", tags=["Support"])

Reader = Annotated[Caller, requires("support:read")]
Granter = Annotated[Caller, requires("support:grant")]
Anybody = Annotated[Caller, requires("announcements:read")]


@router.get("/support-grants", operation_id="support_list", response_model=SupportGrantListOut)
async def list_(caller: Reader, edge: Identity) -> Response:
    """List which operators asked to be let in. With why, and what became of it; newest first."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_support_grants(conn, ctx)
    now = edge.runner.clock.now()
    data = [grant_view(each, now) for each in found]
    return json_response(encode({"object": "list", "data": data}))


@router.post(
    "/support-grants",
    status_code=201,
    operation_id="support_grant",
    response_model=SupportGrantOut,
    responses=problem_responses(403, 404, 409, 422),
)
async def grant(body: SupportGrantIn, caller: Granter, edge: Identity) -> Response:
    """Let an operator in who asked for it. To do what you name, for as many hours as you say.

    Only people do, and only for what they may do themselves. Without `permissions` the operator
    reads what you may read, and changes nothing. What would outlive the access (members, keys,
    roles, programs), approvals and erasures are never granted.
    """
    user_of(caller)  # a program lets nobody in
    permissions = body.permissions
    if permissions is None:
        permissions = sorted(reading(edge.access.permissions) & caller.permissions)
    command = GrantSupport(
        id_of(SUPPORT_GRANT, body.request, SupportGrantNotFound),
        permissions,
        timedelta(hours=body.hours),
    )
    granted = await edge.runner.run(grant_support, command, caller)
    view = grant_view(grant_viewed(granted), edge.runner.clock.now())
    return created(encode(view), f"/v1/support-grants/{view['id']}")


@router.get(
    "/support-grants/{support_grant}",
    operation_id="support_get",
    response_model=SupportGrantOut,
    responses=problem_responses(404),
)
async def get(support_grant: SupportGrantId, caller: Reader, edge: Identity) -> Response:
    """Read what an operator asked for, and what became of it."""
    async with edge.runner.reading(caller) as (conn, ctx):
        id = id_of(SUPPORT_GRANT, support_grant, SupportGrantNotFound)
        found = await get_support_grant(conn, ctx, id)
    return json_response(encode(grant_view(found, edge.runner.clock.now())))


@router.post(
    "/support-grants/{support_grant}/refuse",
    operation_id="support_refuse",
    response_model=SupportGrantOut,
    responses=problem_responses(403, 404, 409),
)
async def refuse(support_grant: SupportGrantId, caller: Granter, edge: Identity) -> Response:
    """Do not let the operator in. They may ask again. Programs may refuse, and revoke, too."""
    command = RefuseSupport(id_of(SUPPORT_GRANT, support_grant, SupportGrantNotFound))
    refused = await edge.runner.run(refuse_support, command, caller)
    return json_response(encode(grant_view(grant_viewed(refused), edge.runner.clock.now())))


@router.delete(
    "/support-grants/{support_grant}",
    operation_id="support_revoke",
    status_code=204,
    responses=problem_responses(404, 409),
)
async def revoke(support_grant: SupportGrantId, caller: Granter, edge: Identity) -> Response:
    """End an operator's access. Their tokens for this tenant end within five seconds."""
    command = RevokeSupport(id_of(SUPPORT_GRANT, support_grant, SupportGrantNotFound))
    await edge.runner.run(revoke_support, command, caller)
    return no_content()


@router.get("/announcements", operation_id="announcements_list", response_model=AnnouncementListOut)
async def announcements(caller: Anybody, edge: Identity) -> Response:
    """List what the operators of this installation announce now, the gravest first."""
    async with edge.runner.reading(installed(caller)) as (conn, ctx):
        found = await shown_announcements(conn, ctx, edge.runner.clock.now())
    data = [announcement_view(each) for each in found]
    return json_response(encode({"object": "list", "data": data}))
