"""Signing up and signing in."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from invx.contexts.identity.api.edge import ORGANIZATION, TENANT, Identity, stranger, whereabouts
from invx.contexts.identity.api.granting import Secret, granted, tokens_view
from invx.contexts.identity.api.proving import (
    counting,
    ensure_no_wait,
    key_of,
    recognised,
    shown_code,
)
from invx.contexts.identity.api.schemas.sign_in import SignedUpOut, SignInIn, SignUpIn, TokensOut
from invx.contexts.identity.app.note_failure import NoteFailure, note_failure
from invx.contexts.identity.app.open_session import OpenSession, open_session
from invx.contexts.identity.app.sign_up import SignUp, sign_up
from invx.contexts.identity.domain.errors import (
    EmailTaken,
    NotAMember,
    SignUpClosed,
)
from invx.infra.http.answers import encode, json_response
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import public
from invx.infra.http.problems import problem_responses
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1", tags=["Sign in"])


@router.post(
    "/sign-up",
    status_code=201,
    operation_id="sign_up",
    response_model=SignedUpOut,
    responses=problem_responses(403, 409, 422, 429),
    dependencies=[public()],
)
async def sign_up_(body: SignUpIn, request: Request, edge: Identity) -> Response:
    """Sign up with an organization, a live tenant and a sandbox, as their owner.

    You are signed in afterwards. Whether this is open to everybody is the operator's choice.
    """
    if not edge.access.sign_up_open:
        raise SignUpClosed
    caller = stranger(request)
    address, agent = whereabouts(request)
    network = key_of("network", address or "")
    await ensure_no_wait(edge, caller, (network,))
    about = (body.email, body.name, body.organization)
    await edge.passwords.ensure_strong(body.password, about)
    refresh = Secret.refresh_token()
    command = SignUp(
        email=body.email.strip(),
        name=body.name,
        language=body.language,
        password_hash=await edge.passwords.hash(body.password),
        organization=body.organization,
        refresh_hash=refresh.hash,
        address=address,
        user_agent=agent,
    )
    try:
        done = await edge.runner.run(sign_up, command, caller)
    except EmailTaken:  # trying addresses is slowed like guessing passwords
        await edge.runner.run(note_failure, NoteFailure((network,)), caller)
        raise
    given = await granted(edge, caller, done.session, done.live.id)
    view = tokens_view(given, refresh.text, done.session)
    view["organization"] = typeid(ORGANIZATION, done.organization.id)
    view["sandbox"] = typeid(TENANT, done.sandbox.id)
    return json_response(encode(view), 201, _NOT_KEPT)


@router.post(
    "/sessions",
    status_code=201,
    operation_id="sessions_open",
    response_model=TokensOut,
    responses=problem_responses(401, 403, 422, 429),
    dependencies=[public()],
)
async def sign_in(body: SignInIn, request: Request, edge: Identity) -> Response:
    """Sign in. The access token is for the tenant named, or for the first that you may enter.

    Who has a second factor sends `code` too (`code_required` says so once the password is right).
    What is wrong of address and password is not said. After five failures each next one waits
    longer, a minute at most; from where you signed in before, others' failures do not count.
    """
    tenant_id = id_of(TENANT, body.tenant, NotAMember) if body.tenant else None
    caller = stranger(request)
    address, agent = whereabouts(request)
    who = await recognised(edge, request, body.email, body.password)
    refresh = Secret.refresh_token()
    command = OpenSession(
        user_id=who.user_id,
        method="password",
        refresh_hash=refresh.hash,
        address=address,
        user_agent=agent,
        verified_hash=who.password_hash,
        new_hash=who.new_hash,
        attempts=who.keys,
        code=await shown_code(edge, caller, who.user_id, body.code),
    )
    async with counting(edge, caller, who.keys):
        session = await edge.runner.run(open_session, command, caller)
    given = await granted(edge, caller, session, tenant_id)
    view = tokens_view(given, refresh.text, session)
    return json_response(encode(view), 201, _NOT_KEPT)


_NOT_KEPT = {"Cache-Control": "no-store"}  # RFC 6749, 5.1
