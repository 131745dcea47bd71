"""How people come into a tenant that others opened."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from invx.contexts.identity.api.edge import (
    INVITATION,
    TENANT,
    Edge,
    Identity,
    InvitationId,
    installed,
    stranger,
    user_of,
    whereabouts,
)
from invx.contexts.identity.api.granting import Secret, granted, seat_view, tokens_view
from invx.contexts.identity.api.schemas.invitations import (
    AcceptIn,
    InvitationIn,
    InvitationListOut,
    InvitedOut,
    NewInvitationOut,
)
from invx.contexts.identity.api.schemas.sign_in import SeatOut, TokensOut
from invx.contexts.identity.app.accept_invitation import AcceptInvitation, accept_invitation
from invx.contexts.identity.app.invite_member import InviteMember, invite_member
from invx.contexts.identity.app.register_user import RegisterUser, register_user
from invx.contexts.identity.app.withdraw_invitation import (
    WithdrawInvitation,
    withdraw_invitation,
)
from invx.contexts.identity.domain.errors import (
    InvitationIncomplete,
    InvitationNotFound,
    InvitationOver,
    SignUpClosed,
)
from invx.contexts.identity.domain.user import actor_of
from invx.contexts.identity.read.access_queries import (
    InvitationView,
    InvitedView,
    list_invitations,
    read_invited,
)
from invx.contexts.identity.read.queries import get_user, seats_of
from invx.infra.http.answers import created, encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import caller_of, public, requires
from invx.infra.http.problems import problem_responses
from invx.infra.http.request_info import request_info
from invx.infra.secret_text import INVITATION as INVITATION_SECRET
from invx.infra.secret_text import PATTERN, SecretText, parse_secret
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel.context import Caller
from invx.kernel.errors import Forbidden, Problem
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1/invitations", tags=["Members"])

Reader = Annotated[Caller, requires("members:read")]
Writer = Annotated[Caller, requires("members:write")]
InvitationToken = Annotated[
    str, Path(description="The token.", json_schema_extra={"pattern": f"^{PATTERN}$"})
]
_NOT_KEPT = {"Cache-Control": "no-store"}


@router.post(
    "",
    status_code=201,
    operation_id="invitations_make",
    response_model=NewInvitationOut,
    responses=problem_responses(403, 409, 422),
)
async def invite(body: InvitationIn, caller: Writer, edge: Identity) -> Response:
    """Invite somebody to this tenant. The answer has the token, once: hand it on yourself.

    Good for seven days, once, and for this address only. The role may do nothing that you may not.
    An older invitation of the same address is withdrawn, and yours are when you are removed.
    """
    secret = SecretText.new(INVITATION_SECRET, caller.tenant_id)
    command = InviteMember(body.email.strip(), body.role, secret.hash)
    made = await edge.runner.run(invite_member, command, caller)
    view = InvitationView(
        made.id, made.email, made.role, made.invited_by, made.made_at, made.expires_at
    )
    path = f"/v1/invitations/{secret.text}"
    shown = _view(view, edge.runner.clock.now()) | {"token": secret.text, "path": path}
    return created(encode(shown), f"/v1/invitations/{shown['id']}", _NOT_KEPT)


@router.get("", operation_id="invitations_list", response_model=InvitationListOut)
async def list_(caller: Reader, edge: Identity) -> Response:
    """List the invitations that nobody has accepted or withdrawn, the newest first."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_invitations(conn, ctx)
    now = edge.runner.clock.now()
    return json_response(encode({"object": "list", "data": [_view(each, now) for each in found]}))


@router.get(
    "/{invitation}",
    operation_id="invitations_read",
    response_model=InvitedOut,
    responses=problem_responses(404, 410),
    dependencies=[public()],
)
async def read(invitation: InvitationToken, request: Request, edge: Identity) -> Response:
    """Read what an invitation is to, by its token."""
    _, view = await _invited(edge, stranger(request), invitation)
    shown = {
        "object": "invited",
        "tenant": typeid(TENANT, view.tenant_id),
        "name": view.name,
        "mode": view.mode,
        "email": view.email,
        "role": view.role,
        "expires_at": view.expires_at,
    }
    return json_response(encode(shown), 200, _NOT_KEPT)


@router.post(
    "/accept",
    status_code=201,
    operation_id="invitations_accept",
    response_model=TokensOut | SeatOut,
    responses={
        200: {"model": SeatOut, "description": "You are a member, and stay signed in."},
        **problem_responses(401, 403, 404, 409, 410, 422),
    },
    dependencies=[public()],
)
async def accept(body: AcceptIn, request: Request, edge: Identity) -> Response:
    """Accept an invitation.

    Without an account: with a name and a password you get one, for the address that was invited,
    and are signed in. With one: send your access token; you are a member afterwards, and get a
    token for the tenant by refreshing yours with `tenant`.
    """
    if request_info(request).authorization:
        return await _accepted_by_user(body, request, edge)
    caller = stranger(request)
    secret, view = await _invited(edge, caller, body.token)
    if not edge.access.invited_open:
        raise SignUpClosed
    name, password = _complete(body)
    email = view.email or ""
    await edge.passwords.ensure_strong(password, (email, name, view.name))
    refresh = Secret.refresh_token()
    address, agent = whereabouts(request)
    command = RegisterUser(
        email=email,
        name=name,
        language=body.language,
        password_hash=await edge.passwords.hash(password),
        refresh_hash=refresh.hash,
        address=address,
        user_agent=agent,
    )
    session = await edge.runner.run(register_user, command, caller)
    inside = Caller(view.tenant_id, actor_of(session.user_id), caller.correlation_id)
    await _accept(edge, inside, secret, (session.user_id, email, name))
    given = await granted(edge, caller, session, view.tenant_id)
    shown = tokens_view(given, refresh.text, session)
    return json_response(encode(shown), 201, _NOT_KEPT)


@router.delete(
    "/{invitation}",
    operation_id="invitations_withdraw",
    status_code=204,
    responses=problem_responses(404),
)
async def withdraw(invitation: InvitationId, caller: Writer, edge: Identity) -> Response:
    """Withdraw an invitation, by its id. One that is over stays as it is."""
    command = WithdrawInvitation(id_of(INVITATION, invitation, InvitationNotFound))
    await edge.runner.run(withdraw_invitation, command, caller)
    return no_content()


async def _accepted_by_user(body: AcceptIn, request: Request, edge: Edge) -> Response:
    """For somebody who has an account, under their own session."""
    caller = await caller_of(request.scope)
    user_id = user_of(caller)
    if "me:write" not in caller.permissions:
        raise Forbidden("This needs the permission me:write.")
    secret, view = await _invited(edge, stranger(request), body.token)
    async with edge.runner.reading(installed(caller)) as (conn, ctx):
        user = await get_user(conn, ctx, user_id)
    inside = Caller(
        view.tenant_id, caller.actor, caller.correlation_id, session_id=caller.session_id
    )
    await _accept(edge, inside, secret, (user_id, user.email or "", user.name or ""))
    async with edge.runner.reading(installed(caller)) as (conn, ctx):
        seats = await seats_of(conn, ctx, user_id)
    seat = next(each for each in seats if each.tenant_id == view.tenant_id)
    return json_response(encode(seat_view(seat)))


async def _accept(
    edge: Edge, inside: Caller, secret: SecretText, who: tuple[UUID, str, str]
) -> None:
    user_id, email, name = who
    command = AcceptInvitation(token_hash=secret.hash, user_id=user_id, email=email, name=name)
    await edge.runner.run(accept_invitation, command, inside)


async def _invited(edge: Edge, caller: Caller, text: str) -> tuple[SecretText, InvitedView]:
    """What a token is good for. Raises InvitationNotFound, InvitationOver."""
    secret = parse_secret(text)
    if secret is None or secret.kind != INVITATION_SECRET:
        raise InvitationNotFound
    if await edge.runner.directory.find(secret.tenant_id) is None:
        raise InvitationNotFound
    inside = Caller(secret.tenant_id, caller.actor, caller.correlation_id)
    try:
        async with edge.runner.reading(inside) as (conn, ctx):
            view = await read_invited(conn, ctx, secret.hash)
    except (UnknownTenant, TenantClosed):
        raise InvitationNotFound from None
    if not view.is_open or view.expires_at <= edge.runner.clock.now():
        raise InvitationOver
    return secret, view


def _complete(body: AcceptIn) -> tuple[str, str]:
    """Name and password. Raises InvitationIncomplete, naming what is missing."""
    if body.name is not None and body.password is not None:
        return body.name, body.password
    detail = "Needed for an account; if you have one, send your access token."
    given = {"name": body.name, "password": body.password}
    problems = [
        Problem(f"/{field}", "missing", detail) for field, value in given.items() if value is None
    ]
    raise InvitationIncomplete(problems=problems)


def _view(view: InvitationView, now: datetime) -> dict[str, Any]:
    return {
        "object": "invitation",
        "id": typeid(INVITATION, view.invitation_id),
        "email": view.email,
        "role": view.role,
        "status": "open" if view.expires_at > now else "expired",
        "invited_by": view.invited_by,
        "made_at": view.made_at,
        "expires_at": view.expires_at,
    }
