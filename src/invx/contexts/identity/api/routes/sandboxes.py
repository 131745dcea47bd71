"""Tenants to try things out in."""

import contextlib
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.edge import (
    OPERATION,
    TENANT,
    Edge,
    Identity,
    Once,
    SandboxId,
    answered,
    installed,
    user_of,
)
from invx.contexts.identity.api.routes.api_keys import show_new_key
from invx.contexts.identity.api.schemas.access import ApiKeyIn, NewApiKeyOut
from invx.contexts.identity.api.schemas.sandboxes import SandboxIn, SandboxListOut, SandboxOut
from invx.contexts.identity.app.end_sandbox import EndSandbox, end_sandbox
from invx.contexts.identity.app.open_sandbox import OpenSandbox, open_sandbox
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.seat_member import SeatMember, seat_member
from invx.contexts.identity.domain.errors import MoreThanHeld, SandboxNotFound
from invx.contexts.identity.domain.roles import OWNER
from invx.contexts.identity.domain.tenant import Tenant
from invx.contexts.identity.read.queries import get_user
from invx.contexts.identity.read.sandboxes import SandboxView, get_sandbox, list_sandboxes
from invx.infra.http.answers import encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel.context import Caller
from invx.kernel.errors import Forbidden
from invx.kernel.ids import parse_typeid, typeid

router = APIRouter(prefix="/v1/sandboxes", tags=["Sandboxes"])

Reader = Annotated[Caller, requires("sandboxes:read")]
Writer = Annotated[Caller, requires("sandboxes:write")]
KeyWriter = Annotated[Caller, requires("api_keys:write")]
_LIST = Listing(sorts={"created": str})
_READS_CONFIGURATION = "legal_entities:read"


@router.post(
    "",
    status_code=201,
    operation_id="sandboxes_create",
    response_model=SandboxOut,
    responses=problem_responses(403, 404, 409, 422),
)
async def create(body: SandboxIn, caller: Writer, once: Once, edge: Identity) -> Response:
    """Make a sandbox of your organization.

    It has keys, series and a clock of its own, and is there at once. A person is its owner; a
    program makes a key for it: POST /v1/sandboxes/{sandbox}/api-keys.
    """
    if body.configured_like is not None and _READS_CONFIGURATION not in caller.permissions:
        raise MoreThanHeld(f"Who sets up a sandbox like a tenant may {_READS_CONFIGURATION}.")
    command = OpenSandbox(
        beside=caller.tenant_id,
        name=body.name,
        lifetime=timedelta(hours=body.ttl_hours) if body.ttl_hours else None,
        like=body.configured_like,
        clock=body.clock,
    )

    def show(sandbox: Tenant, unit: IdentityUnitOfWork) -> Answer:
        view = _view(_viewed(sandbox), unit.system_now())
        head = {"content-type": "application/json", "location": f"/v1/sandboxes/{view['id']}"}
        return Answer(201, encode(view), head)

    asking = await asked_by(edge, caller, write=True)
    made = await answered(edge, open_sandbox, command, asking, show=show, once=once)
    if where := made.headers.get("location"):
        await _seat(edge, caller, parse_typeid(TENANT, where.rpartition("/")[2]))
    return made


async def _seat(edge: Edge, caller: Caller, sandbox_id: UUID) -> None:
    """A person who made it owns it. Done again with the same key, so a process may end before."""
    try:
        user_id = user_of(caller)
    except Forbidden:
        return  # a program
    async with edge.runner.reading(installed(caller)) as (conn, ctx):
        user = await get_user(conn, ctx, user_id)
    command = SeatMember(user_id=user_id, email=user.email or "", name=user.name or "", role=OWNER)
    with contextlib.suppress(TenantClosed, UnknownTenant):  # asked again after it ended
        await edge.runner.run(seat_member, command, _inside(caller, sandbox_id))


@router.get(
    "",
    operation_id="sandboxes_list",
    response_model=SandboxListOut,
    responses=problem_responses(422),
)
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(_LIST)], edge: Identity
) -> Response:
    """List the sandboxes of your organization, the newest first.

    From inside a sandbox that one alone.
    """
    after = query.after.id if query.after else None
    async with edge.runner.reading(await asked_by(edge, caller)) as (conn, ctx):
        found = await list_sandboxes(
            conn,
            ctx,
            caller.tenant_id,
            after=after,
            limit=query.limit + 1,
            descending=query.descending,
        )
    page, more = found[: query.limit], len(found) > query.limit
    following = query.cursor("", page[-1].sandbox_id) if more else None
    now = edge.runner.clock.now()
    items = [encode(_view(each, now)) for each in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get(
    "/{sandbox}",
    operation_id="sandboxes_get",
    response_model=SandboxOut,
    responses=problem_responses(404),
)
async def get(sandbox: SandboxId, caller: Reader, edge: Identity) -> Response:
    """Read a sandbox, and what time it is there."""
    found = await _found(edge, caller, sandbox)
    return json_response(encode(_view(found, edge.runner.clock.now())))


@router.delete(
    "/{sandbox}",
    operation_id="sandboxes_delete",
    status_code=204,
    responses=problem_responses(403, 404, 409),
)
async def delete(sandbox: SandboxId, caller: Writer, edge: Identity) -> Response:
    """End a sandbox.

    Nobody finds it any more; all of it is erased within moments.
    """
    command = EndSandbox(
        asked_from=caller.tenant_id, sandbox_id=id_of(TENANT, sandbox, SandboxNotFound)
    )
    await edge.runner.run(end_sandbox, command, await asked_by(edge, caller, write=True))
    return no_content()


@router.post(
    "/{sandbox}/api-keys",
    operation_id="sandboxes_create_key",
    status_code=201,
    response_model=NewApiKeyOut,
    responses=problem_responses(403, 404, 409, 422),
)
async def create_key(
    sandbox: SandboxId, body: ApiKeyIn, caller: KeyWriter, edge: Identity
) -> Response:
    """Make an API key of a sandbox, from its live tenant.

    It may do what you name, of what you may do yourself. Its secret is shown in this answer only.
    """
    found = await _found(edge, caller, sandbox)
    return await show_new_key(edge, body, _inside(caller, found.sandbox_id))


async def asked_by(edge: Edge, caller: Caller, *, write: bool = False) -> Caller:
    """The caller inside the installation, from a tenant that is there, and open for a write.

    Raises UnknownTenant, TenantClosed.
    """
    edge.runner.directory.forget(caller.tenant_id)
    tenant = await edge.runner.directory.get(caller.tenant_id)
    if tenant.status == "erased":
        raise UnknownTenant
    if write and tenant.status != "active":
        raise TenantClosed
    return installed(caller)


async def _found(edge: Edge, caller: Caller, sandbox: str) -> SandboxView:
    sandbox_id = id_of(TENANT, sandbox, SandboxNotFound)
    async with edge.runner.reading(await asked_by(edge, caller)) as (conn, ctx):
        return await get_sandbox(conn, ctx, caller.tenant_id, sandbox_id)


def _inside(caller: Caller, sandbox_id: UUID) -> Caller:
    return Caller(
        sandbox_id,
        caller.actor,
        caller.correlation_id,
        permissions=caller.permissions,
        approval_limit=caller.approval_limit,
        session_id=caller.session_id,
    )


def _viewed(sandbox: Tenant) -> SandboxView:
    return SandboxView(
        sandbox.id,
        sandbox.entry.name or "",
        sandbox.sandbox_of,
        sandbox.opened_at,
        sandbox.ends_at,
        sandbox.entry.clock_offset_seconds,
        sandbox.advance_id,
    )


def _view(sandbox: SandboxView, now: datetime) -> dict[str, Any]:
    advance, beside = sandbox.advance_id, sandbox.sandbox_of
    return {
        "object": "sandbox",
        "id": typeid(TENANT, sandbox.sandbox_id),
        "name": sandbox.name,
        "sandbox_of": typeid(TENANT, beside) if beside else None,
        "created_at": sandbox.opened_at,
        "ends_at": sandbox.ends_at,
        "clock": {
            "now": sandbox.clock(now),
            "offset_seconds": sandbox.clock_offset_seconds,
            "advance": typeid(OPERATION, advance) if advance else None,
        },
    }
