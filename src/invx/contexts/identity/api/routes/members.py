"""Who belongs to a tenant."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.edge import MEMBER, Identity, MemberId
from invx.contexts.identity.api.schemas.sign_in import MemberListOut, MemberOut, RoleIn
from invx.contexts.identity.app.change_role import (
    ChangeRole,
    RemoveMember,
    change_role,
    remove_member,
)
from invx.contexts.identity.domain.errors import MemberNotFound
from invx.contexts.identity.domain.member import Member
from invx.contexts.identity.domain.user import USER
from invx.contexts.identity.read.queries import MemberView, list_members
from invx.infra.http.answers import encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1/members", tags=["Members"])

Reader = Annotated[Caller, requires("members:read")]
Writer = Annotated[Caller, requires("members:write")]


@router.get("", operation_id="members_list", response_model=MemberListOut)
async def list_(caller: Reader, edge: Identity) -> Response:
    """List who belongs to this tenant."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_members(conn, ctx)
    return json_response(encode({"object": "list", "data": [_view(each) for each in found]}))


@router.put(
    "/{member}/role",
    operation_id="members_change_role",
    response_model=MemberOut,
    responses=problem_responses(403, 404, 409, 422),
)
async def change(member: MemberId, body: RoleIn, caller: Writer, edge: Identity) -> Response:
    """Give a member another role, by its name or the id of one of your own.

    It may not do more than you. Access tokens with more permissions end within five seconds.
    """
    command = ChangeRole(id_of(MEMBER, member, MemberNotFound), body.role)
    changed = await edge.runner.run(change_role, command, caller)
    return json_response(encode(_view(_viewed(changed))))


@router.delete(
    "/{member}",
    operation_id="members_remove",
    status_code=204,
    responses=problem_responses(403, 404, 409),
)
async def remove(member: MemberId, caller: Writer, edge: Identity) -> Response:
    """Remove a member. Their access tokens for this tenant end within five seconds."""
    command = RemoveMember(id_of(MEMBER, member, MemberNotFound))
    await edge.runner.run(remove_member, command, caller)
    return no_content()


def _viewed(member: Member) -> MemberView:
    return MemberView(
        member.id, member.user_id, member.email, member.name, member.role, member.seated_at
    )


def _view(member: MemberView) -> dict[str, Any]:
    return {
        "object": "member",
        "id": typeid(MEMBER, member.member_id),
        "user": typeid(USER, member.user_id),
        "email": member.email,
        "name": member.name,
        "role": member.role,
        "seated_at": member.seated_at,
    }
