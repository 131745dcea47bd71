"""`/oauth/authorize`: a person signs in on our page and lets a client in (RFC 6749, 4.1)."""

import re
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from invx.contexts.identity.api.client_auth import known_client, scopes_asked
from invx.contexts.identity.api.edge import TENANT, Edge, Identity, stranger, url_of
from invx.contexts.identity.api.entering import (
    GONE,
    ask_code,
    ask_consent,
    ask_who,
    go_on,
    let_in,
    recognised_by,
)
from invx.contexts.identity.api.forms import FormRefused, form_of, once
from invx.contexts.identity.api.granting import Secret
from invx.contexts.identity.api.interaction import (
    AuthorizationRequest,
    CodeAsked,
    Consenting,
    Person,
    SigningIn,
    cookie_name,
    opened,
    proof_of,
)
from invx.contexts.identity.api.page import STYLE, refused
from invx.contexts.identity.api.proving import (
    counting,
    ensure_no_wait,
    recognised,
    shown_code,
)
from invx.contexts.identity.app.authorize_client import AuthorizeClient, authorize_client
from invx.contexts.identity.app.spend_code import SpendCode, spend_code
from invx.contexts.identity.domain.errors import (
    CodeRequired,
    NotAMember,
    SignInRefused,
    SignInThrottled,
)
from invx.contexts.identity.domain.redirects import leads_to
from invx.contexts.identity.domain.session_events import ClientGrant
from invx.contexts.identity.domain.tenant import ACTIVE
from invx.contexts.identity.read.queries import password_hash, seats_of
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import public

router = APIRouter(prefix="/oauth", dependencies=[public()], include_in_schema=False)

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256
_STATE_CHARS_MAX = 1_000
_CODE = "invx_ac_"
_STALE = (
    "This page is too old, or was opened in another browser. Go back to the program that sent you."
)
_LATER = "Too many attempts failed. Wait a minute, then try again."


@router.get("/page.css")
async def style() -> Response:
    """The style sheet of the page."""
    kept = {"Cache-Control": "public, max-age=3600"}
    return Response(STYLE, headers=kept, media_type="text/css")


@router.get("/authorize")
async def begin(request: Request, edge: Identity) -> Response:
    """Where a client sends a person.

    What is wrong is told to the client only once it is certain that the place to tell it to is the
    client's (RFC 9700, 4.11).
    """
    try:
        asked = once(request.scope["query_string"].decode("latin-1"))
    except FormRefused as wrong:
        return refused(wrong.description)
    client = await known_client(edge, request, asked.get("client_id", ""))
    if client is None:
        return refused(GONE)
    uri = asked.get("redirect_uri", "")
    if not leads_to(client.view.redirect_uris, uri):
        return refused("The program wants to send you to a place that it did not register.")
    try:
        if asked.get("response_type") != "code":
            raise FormRefused("unsupported_response_type", "Ask for a code.")  # noqa: TRY301
        wanted = AuthorizationRequest(
            client_id=client.public_id,
            redirect_uri=uri,
            scopes=scopes_asked(edge, client, asked.get("scope")),
            state=asked.get("state"),
            challenge=_challenge(asked),
        )
    except FormRefused as wrong:
        said = {"error": wrong.error, "error_description": wrong.description}
        return _back(edge, request, uri, asked.get("state"), said)
    return await ask_who(edge, request, wanted)


@router.post("/authorize")
async def step(request: Request, edge: Identity) -> Response:
    """The forms of the page: each step knows by itself which it is."""
    try:
        form = await form_of(request)
    except FormRefused as wrong:
        return refused(wrong.description)
    cookie, kept = request.cookies.get(cookie_name(edge, request)), form.get("request")
    signing_in = opened(edge, cookie, kept, SigningIn)
    if signing_in is not None and signing_in.request is not None:
        return await _sign_in(request, edge, form, signing_in.request)
    code_asked = opened(edge, cookie, kept, CodeAsked)
    if code_asked is not None:
        return await _second_factor(request, edge, form, code_asked)
    consenting = opened(edge, cookie, kept, Consenting)
    if consenting is not None:
        return await _decide(request, edge, form, consenting)
    return refused(_STALE)


async def _sign_in(
    request: Request, edge: Edge, form: dict[str, str], wanted: AuthorizationRequest
) -> Response:
    email = form.get("email", "")
    try:
        who = await recognised(edge, request, email, form.get("password", ""))
    except SignInRefused as wrong:
        return await ask_who(edge, request, wanted, email=email, wrong=wrong.detail)
    except SignInThrottled:
        return await ask_who(edge, request, wanted, email=email, wrong=_LATER)
    person = Person(
        user_id=who.user_id, method="password", proof=proof_of(who.password_hash), keys=who.keys
    )
    return await go_on(edge, request, wanted, person)


async def _second_factor(
    request: Request, edge: Edge, form: dict[str, str], stage: CodeAsked
) -> Response:
    caller, person = stranger(request), stage.person
    try:
        await ensure_no_wait(edge, caller, person.keys[2:])
        shown = await shown_code(edge, caller, person.user_id, form.get("code"))
        async with counting(edge, caller, person.keys):
            if stage.request is None:
                return await let_in(edge, request, person, shown)
            command = SpendCode(person.user_id, shown)
            beside = await edge.runner.run(spend_code, command, caller)
    except (SignInRefused, CodeRequired):
        return await ask_code(edge, request, stage, wrong="The code is not right.")
    except SignInThrottled:
        return await ask_code(edge, request, stage, wrong=_LATER)
    return await ask_consent(edge, request, stage.request, recognised_by(person, beside))


async def _decide(
    request: Request, edge: Edge, form: dict[str, str], stage: Consenting
) -> Response:
    wanted, person = stage.request, stage.person
    if form.get("decision") != "allow":
        said = {"error": "access_denied", "error_description": "The person did not allow it."}
        return _back(edge, request, wanted.redirect_uri, wanted.state, said)
    caller = stranger(request)
    async with edge.runner.reading(caller) as (conn, ctx):
        seats = await seats_of(conn, ctx, person.user_id)
        stored = await password_hash(conn, ctx, person.user_id)
    try:
        into = id_of(TENANT, form.get("tenant", ""), NotAMember)
    except NotAMember as wrong:
        return refused(wrong.detail, 403)
    if not any(seat.tenant_id == into and seat.status == ACTIVE for seat in seats):
        return refused(NotAMember().detail, 403)
    if await known_client(edge, request, wanted.client_id) is None:
        return refused(GONE)
    if person.proof is not None and person.proof != proof_of(stored):
        return refused(_STALE)
    code = Secret.beginning(_CODE)
    command = AuthorizeClient(
        user_id=person.user_id,
        password_hash=stored if person.proof is not None else None,
        grant=ClientGrant(client=wanted.client_id, into=into, scopes=wanted.scopes),
        redirect_uri=wanted.redirect_uri,
        challenge=wanted.challenge,
        code_hash=code.hash,
        attempts=person.keys,
    )
    try:
        await edge.runner.run(authorize_client, command, caller)
    except SignInRefused:
        return refused(_STALE)
    return _back(edge, request, wanted.redirect_uri, wanted.state, {"code": code.text})


def _challenge(asked: dict[str, str]) -> str:
    """RFC 7636 is required, and only its method that hides the verifier. Raises FormRefused."""
    challenge = asked.get("code_challenge", "")
    if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        said = "Send code_challenge with code_challenge_method=S256 (RFC 7636)."
        raise FormRefused("invalid_request", said)
    if len(asked.get("state", "")) > _STATE_CHARS_MAX:
        raise FormRefused("invalid_request", f"state has {_STATE_CHARS_MAX} characters at most.")
    return challenge


def _back(
    edge: Edge, request: Request, uri: str, state: str | None, said: dict[str, str]
) -> Response:
    """To the client, naming who answers (RFC 9207)."""
    query = said | ({"state": state} if state else {}) | {"iss": url_of(edge, request)}
    joint = "&" if "?" in uri else "?"
    headers = {"Cache-Control": "no-store"}
    return RedirectResponse(f"{uri}{joint}{urlencode(query)}", 303, headers)
