"""A person has their own account erased."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from invx.contexts.identity.api.edge import Identity, Oneself, installed, user_of, whereabouts
from invx.contexts.identity.api.proving import (
    counting,
    ensure_no_wait,
    keys_of,
    recognised_again,
    shown_code,
)
from invx.contexts.identity.api.schemas.second_factor import DeletionIn
from invx.contexts.identity.app.erase_user import EraseUser, erase_user
from invx.contexts.identity.read.queries import get_user
from invx.infra.http.answers import no_content
from invx.infra.http.problems import problem_responses

router = APIRouter(prefix="/v1", tags=["Sign in"])


@router.delete(
    "/me",
    operation_id="me_delete",
    status_code=204,
    responses=problem_responses(401, 403, 404, 409, 422, 429),
)
async def delete(body: DeletionIn, request: Request, caller: Oneself, edge: Identity) -> Response:
    """Have your account erased, and what is held of you. There is no way back.

    You are signed out everywhere; the API keys that you made and the programs that you let in end.
    Your tenants follow within moments, a suspended one when it is open again. What you did stays in
    their histories under your id, which names nobody. Refused while a live tenant that is open has
    no other owner. Whoever guesses your password is slowed as at signing in.
    """
    user_id, inside = user_of(caller), installed(caller)
    if body.password is not None:
        _, who = await recognised_again(edge, request, inside, user_id, body.password)
        verified, keys = who.password_hash, who.keys
    else:
        async with edge.runner.reading(inside) as (conn, ctx):
            user = await get_user(conn, ctx, user_id)
        verified, keys = None, keys_of(user.email or "", whereabouts(request)[0])
        await ensure_no_wait(edge, inside, keys[2:])
    command = EraseUser(
        user_id=user_id,
        verified_hash=verified,
        code=await shown_code(edge, inside, user_id, body.code),
        attempts=keys,
    )
    async with counting(edge, inside, keys):
        await edge.runner.run(erase_user, command, inside)
    return no_content()
