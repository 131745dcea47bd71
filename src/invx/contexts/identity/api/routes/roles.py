"""What may be allowed, and the roles that allow it."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.edge import Edge, Identity, RoleId
from invx.contexts.identity.api.schemas.access import (
    PermissionListOut,
    RoleContentIn,
    RoleListOut,
    RoleOut,
)
from invx.contexts.identity.app.change_role_content import ChangeRoleContent, change_role_content
from invx.contexts.identity.app.create_role import CreateRole, create_role
from invx.contexts.identity.app.remove_role import RemoveRole, remove_role
from invx.contexts.identity.domain.errors import PermissionUnknown, RoleNotFound
from invx.contexts.identity.domain.role import ROLE, Role
from invx.contexts.identity.domain.role_events import RoleContent
from invx.contexts.identity.domain.roles import (
    OWNERS_ONLY,
    PERSONAL_PERMISSIONS,
    ROLES,
    permissions_of,
)
from invx.contexts.identity.read.access_queries import RoleView, get_role, list_roles
from invx.infra.http.answers import created, encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import public, requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller
from invx.kernel.errors import Problem
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1", tags=["Roles"])

Reader = Annotated[Caller, requires("roles:read")]
Writer = Annotated[Caller, requires("roles:write")]


@router.get(
    "/permissions",
    operation_id="permissions_list",
    response_model=PermissionListOut,
    dependencies=[public()],
)
async def permissions(edge: Identity) -> Response:
    """List all permissions: what routes ask for, and what keys and roles may have."""
    known = edge.access.permissions
    by_role = {role: permissions_of(role, known) for role in ROLES}
    views = [
        {
            "object": "permission",
            "id": each,
            "roles": [role for role, held in by_role.items() if each in held],
            "personal": each in PERSONAL_PERMISSIONS,
            "grantable": each not in PERSONAL_PERMISSIONS | OWNERS_ONLY,
        }
        for each in sorted(known)
    ]
    return json_response(encode({"object": "list", "data": views}))


@router.get("/roles", operation_id="roles_list", response_model=RoleListOut)
async def list_(caller: Reader, edge: Identity) -> Response:
    """List the roles of this tenant: those that every tenant has, then its own by name."""
    async with edge.runner.reading(caller) as (conn, ctx):
        own = await list_roles(conn, ctx)
    built_in = [
        {
            "object": "role",
            "id": role,
            "name": role,
            "built_in": True,
            "permissions": sorted(permissions_of(role, edge.access.permissions)),
            "approval_limit": None,
        }
        for role in ROLES
    ]
    data = [*built_in, *(_view(each) for each in own)]
    return json_response(encode({"object": "list", "data": data}))


@router.post(
    "/roles",
    status_code=201,
    operation_id="roles_create",
    response_model=RoleOut,
    responses=problem_responses(403, 409, 422),
)
async def create(body: RoleContentIn, caller: Writer, edge: Identity) -> Response:
    """Make a role of your own. It may do nothing that you may not, and approve no more."""
    command = CreateRole(_content(edge, body))
    view = _view(_viewed(await edge.runner.run(create_role, command, caller)))
    return created(encode(view), f"/v1/roles/{view['id']}")


@router.get(
    "/roles/{role}",
    operation_id="roles_get",
    response_model=RoleOut,
    responses=problem_responses(404),
)
async def get(role: RoleId, caller: Reader, edge: Identity) -> Response:
    """Read a role of your own."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await get_role(conn, ctx, id_of(ROLE, role, RoleNotFound))
    return json_response(encode(_view(found)))


@router.put(
    "/roles/{role}",
    operation_id="roles_change",
    response_model=RoleOut,
    responses=problem_responses(403, 404, 409, 422),
)
async def change(role: RoleId, body: RoleContentIn, caller: Writer, edge: Identity) -> Response:
    """State a role of your own anew, as a whole. Whoever has it may do this from now on.

    What it loses ends within five seconds, also for tokens that are out; what it gains comes with
    the next token. You need to hold what you add.
    """
    command = ChangeRoleContent(id_of(ROLE, role, RoleNotFound), _content(edge, body))
    changed = await edge.runner.run(change_role_content, command, caller)
    return json_response(encode(_view(_viewed(changed))))


@router.delete(
    "/roles/{role}",
    operation_id="roles_remove",
    status_code=204,
    responses=problem_responses(404, 409),
)
async def remove(role: RoleId, caller: Writer, edge: Identity) -> Response:
    """Remove a role of your own that nobody has."""
    await edge.runner.run(remove_role, RemoveRole(id_of(ROLE, role, RoleNotFound)), caller)
    return no_content()


def _content(edge: Edge, body: RoleContentIn) -> RoleContent:
    """What the body says. Raises PermissionUnknown, naming each."""
    problems = [
        Problem(f"/permissions/{index}", "permission_unknown", "There is no such permission.")
        for index, each in enumerate(body.permissions)
        if each not in edge.access.permissions
    ]
    if problems:
        raise PermissionUnknown(problems=problems)
    return RoleContent(
        name=body.name,
        permissions=tuple(dict.fromkeys(body.permissions)),
        approval_limit=body.approval_limit,
    )


def _viewed(role: Role) -> RoleView:
    content = role.content
    return RoleView(role.id, content.name, list(content.permissions), content.approval_limit)


def _view(role: RoleView) -> dict[str, Any]:
    return {
        "object": "role",
        "id": typeid(ROLE, role.role_id),
        "name": role.name,
        "built_in": False,
        "permissions": sorted(role.permissions),
        "approval_limit": role.approval_limit,
    }
