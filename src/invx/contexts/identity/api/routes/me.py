"""A person's own account."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from invx.contexts.identity.api.edge import (
    SESSION,
    TENANT,
    Identity,
    Oneself,
    OneselfReader,
    SessionId,
    installed,
    user_of,
)
from invx.contexts.identity.api.granting import seat_view
from invx.contexts.identity.api.proving import recognised_again
from invx.contexts.identity.api.schemas.sign_in import PasswordIn, SessionListOut, UserOut
from invx.contexts.identity.app.change_password import ChangePassword, change_password
from invx.contexts.identity.app.revoke_session import RevokeSession, revoke_session
from invx.contexts.identity.domain.errors import SessionNotFound
from invx.contexts.identity.domain.user import USER
from invx.contexts.identity.read.queries import (
    SessionView,
    get_user,
    list_sessions,
    seats_of,
)
from invx.infra.http.answers import encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.problems import problem_responses
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1", tags=["Sign in"])


@router.get(
    "/me", operation_id="me_get", response_model=UserOut, responses=problem_responses(403, 404)
)
async def get(caller: OneselfReader, edge: Identity) -> Response:
    """Read who you are, and which tenants you may enter."""
    user_id = user_of(caller)
    async with edge.runner.reading(installed(caller)) as (conn, ctx):
        user = await get_user(conn, ctx, user_id)
        seats = await seats_of(conn, ctx, user_id)
    view = {
        "object": "user",
        "id": typeid(USER, user.user_id),
        "email": user.email,
        "name": user.name,
        "language": user.language,
        "registered_at": user.registered_at,
        "tenants": [seat_view(seat) for seat in seats],
    }
    return json_response(encode(view))


@router.put(
    "/me/password",
    operation_id="me_change_password",
    status_code=204,
    responses=problem_responses(401, 403, 422, 429),
)
async def change(body: PasswordIn, request: Request, caller: Oneself, edge: Identity) -> Response:
    """Take another password. All your sessions end; sign in again.

    Whoever guesses the old one is slowed as at signing in.
    """
    user_id, inside = user_of(caller), installed(caller)
    user, who = await recognised_again(edge, request, inside, user_id, body.old)
    await edge.passwords.ensure_strong(body.password, [user.email or "", user.name or ""])
    command = ChangePassword(
        user_id=user_id,
        verified_hash=who.password_hash,
        new_hash=await edge.passwords.hash(body.password),
        kept_session=None,
    )
    await edge.runner.run(change_password, command, inside)
    return no_content()


@router.get(
    "/sessions",
    operation_id="sessions_list",
    response_model=SessionListOut,
    responses=problem_responses(403),
)
async def sessions(caller: OneselfReader, edge: Identity) -> Response:
    """List where you are signed in."""
    async with edge.runner.reading(installed(caller)) as (conn, ctx):
        found = await list_sessions(conn, ctx, user_of(caller))
    return json_response(encode({"object": "list", "data": [_session(each) for each in found]}))


@router.delete(
    "/sessions/{session}",
    operation_id="sessions_revoke",
    status_code=204,
    responses=problem_responses(403, 404),
)
async def revoke(session: SessionId, caller: Oneself, edge: Identity) -> Response:
    """Sign out, here or elsewhere: its refresh token is good for nothing any more.

    Access tokens that it has live on for five minutes at most.
    """
    command = RevokeSession(user_of(caller), id_of(SESSION, session, SessionNotFound))
    await edge.runner.run(revoke_session, command, installed(caller))
    return no_content()


def _session(view: SessionView) -> dict[str, Any]:
    return {
        "object": "session",
        "id": typeid(SESSION, view.session_id),
        "method": view.method,
        "address": view.address,
        "user_agent": view.user_agent,
        "opened_at": view.opened_at,
        "expires_at": view.expires_at,
        "client": view.client,
        "tenant": typeid(TENANT, view.into_tenant) if view.into_tenant else None,
    }
