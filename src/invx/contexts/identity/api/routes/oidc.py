"""Signing in through a provider that the operator trusts (OpenID Connect Core 1.0, 3.1)."""

import secrets
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from invx.contexts.identity.api.edge import Edge, Identity, stranger, url_of
from invx.contexts.identity.api.entering import go_on
from invx.contexts.identity.api.forms import FormRefused, once
from invx.contexts.identity.api.interaction import (
    AuthorizationRequest,
    Person,
    SigningIn,
    cookie_name,
    cookie_of,
    opened,
    sealed,
    set_cookie,
)
from invx.contexts.identity.api.page import refused
from invx.contexts.identity.app.recognise_vouched import RecogniseVouched, recognise_vouched
from invx.contexts.identity.domain.errors import (
    ProviderRefused,
    ProviderUnavailable,
    SignInRefused,
)
from invx.infra.http.permissions import public

router = APIRouter(prefix="/oauth", dependencies=[public()], include_in_schema=False)

_STALE = "This took too long, or was begun in another browser. Go back to where you came from."
_NOBODY = "The provider vouches for you, but you have no account here: sign up first."


@dataclass(frozen=True, slots=True, kw_only=True)
class AtProvider:
    """What is needed when the person comes back. It travels as `state`, unreadable on the way."""

    request: AuthorizationRequest | None
    nonce: str
    verifier: str


@router.get("/oidc")
async def leave(request: Request, edge: Identity) -> Response:
    """To the provider. From the page of `/oauth/authorize`, or for oneself (without `request`)."""
    provider = edge.provider
    if provider is None:
        return refused("No provider is set up here: sign in with your password.", 404)
    try:
        asked = once(request.scope["query_string"].decode("latin-1"))
    except FormRefused as wrong:
        return refused(wrong.description)
    wanted = None
    if "request" in asked:
        begun = opened(
            edge, request.cookies.get(cookie_name(edge, request)), asked["request"], SigningIn
        )
        if begun is None:
            return refused(_STALE)
        wanted = begun.request
    cookie = cookie_of(edge, request)
    there = AtProvider(
        request=wanted, nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48)
    )
    try:
        place = await provider.address(
            redirect_uri=_back_to(edge, request),
            state=sealed(edge, cookie, there),
            nonce=there.nonce,
            verifier=there.verifier,
        )
    except ProviderUnavailable as error:
        return refused(error.detail, 503)
    response = RedirectResponse(place, 303, {"Cache-Control": "no-store"})
    set_cookie(edge, request, response, cookie)
    return response


@router.get("/oidc-callback")
async def come_back(request: Request, edge: Identity) -> Response:
    """From the provider: on with the page, or with tokens for who came for themselves."""
    provider = edge.provider
    try:
        said = once(request.scope["query_string"].decode("latin-1"))
    except FormRefused as wrong:
        return refused(wrong.description)
    cookie = request.cookies.get(cookie_name(edge, request))
    there = opened(edge, cookie, said.get("state"), AtProvider)
    if provider is None or there is None:
        return refused(_STALE)
    if "code" not in said:
        return refused("The provider did not let you in.", 401)
    try:
        who = await provider.vouched(
            said["code"],
            redirect_uri=_back_to(edge, request),
            nonce=there.nonce,
            verifier=there.verifier,
        )
        command = RecogniseVouched(issuer=who.issuer, subject=who.subject, email=who.email)
        user = await edge.runner.run(recognise_vouched, command, stranger(request))
    except ProviderUnavailable as error:
        return refused(error.detail, 503)
    except ProviderRefused as error:
        return refused(error.detail, 401)
    except SignInRefused:
        return refused(_NOBODY, 403)
    person = Person(user_id=user.id, method="oidc", proof=None, keys=())
    return await go_on(edge, request, there.request, person)


def _back_to(edge: Edge, request: Request) -> str:
    return f"{url_of(edge, request)}/oauth/oidc-callback"
