"""The steps between "who are you" and "you are in", for the page and for OpenID Connect."""

from dataclasses import replace

from fastapi import Request
from starlette.responses import Response

from invx.contexts.identity.api.client_auth import known_client
from invx.contexts.identity.api.edge import Edge, stranger, whereabouts
from invx.contexts.identity.api.granting import Secret, granted, tokens_view
from invx.contexts.identity.api.interaction import (
    AuthorizationRequest,
    CodeAsked,
    Consenting,
    Person,
    SigningIn,
    cookie_of,
    sealed,
    set_cookie,
)
from invx.contexts.identity.api.page import (
    Asked,
    code_page,
    consent_page,
    origin_of,
    refused,
    sign_in_page,
)
from invx.contexts.identity.app.open_session import OpenSession, open_session
from invx.contexts.identity.app.spend_code import ShownCode
from invx.contexts.identity.domain.tenant import ACTIVE
from invx.contexts.identity.read.queries import seats_of
from invx.contexts.identity.read.second_factors import second_factor
from invx.infra.http.answers import encode, json_response

GONE = "The program that asks for access is not known here any more."
NO_TENANT = "You belong to no tenant that is open, so there is nothing to let anybody into."


async def asked_of(edge: Edge, request: Request, wanted: AuthorizationRequest) -> Asked | None:
    """What the person is told; None if the client was removed meanwhile."""
    client = await known_client(edge, request, wanted.client_id)
    if client is None:
        return None
    return Asked(
        client=client.view.name,
        registered_by=client.tenant,
        scopes=wanted.scopes,
        back_to=origin_of(wanted.redirect_uri),
    )


async def ask_who(
    edge: Edge, request: Request, wanted: AuthorizationRequest, *, email: str = "", wrong: str = ""
) -> Response:
    """The page that asks for address and password."""
    asked = await asked_of(edge, request, wanted)
    if asked is None:
        return refused(GONE)
    cookie = cookie_of(edge, request)
    kept = sealed(edge, cookie, SigningIn(request=wanted))
    provider = edge.provider.name if edge.provider else None
    response = sign_in_page(kept, asked, email=email, wrong=wrong, provider=provider)
    set_cookie(edge, request, response, cookie)
    return response


async def ask_code(edge: Edge, request: Request, stage: CodeAsked, *, wrong: str = "") -> Response:
    """The page that asks for the second factor."""
    cookie = cookie_of(edge, request)
    response = code_page(sealed(edge, cookie, stage), wrong=wrong)
    set_cookie(edge, request, response, cookie)
    return response


async def go_on(
    edge: Edge, request: Request, wanted: AuthorizationRequest | None, person: Person
) -> Response:
    """After the first factor: the second, if the person has one, or what comes after."""
    async with edge.runner.reading(stranger(request)) as (conn, ctx):
        factor = await second_factor(conn, ctx, person.user_id)
    if factor is not None and factor.active:
        return await ask_code(edge, request, CodeAsked(request=wanted, person=person))
    if wanted is None:
        return await let_in(edge, request, person, None)
    return await ask_consent(edge, request, wanted, person)


async def ask_consent(
    edge: Edge, request: Request, wanted: AuthorizationRequest, person: Person
) -> Response:
    """The page that asks whether the client may."""
    asked = await asked_of(edge, request, wanted)
    if asked is None:
        return refused(GONE)
    async with edge.runner.reading(stranger(request)) as (conn, ctx):
        seats = await seats_of(conn, ctx, person.user_id)
    open_ones = [seat for seat in seats if seat.status == ACTIVE]
    if not open_ones:
        return refused(NO_TENANT, 403)
    cookie = cookie_of(edge, request)
    kept = sealed(edge, cookie, Consenting(request=wanted, person=person))
    response = consent_page(kept, asked, open_ones)
    set_cookie(edge, request, response, cookie)
    return response


async def let_in(edge: Edge, request: Request, person: Person, code: ShownCode | None) -> Response:
    """Whom a provider vouches for, for themselves: a session, and tokens as `POST /v1/sessions`.

    Raises CodeRequired, SignInRefused.
    """
    address, agent = whereabouts(request)
    refresh = Secret.refresh_token()
    command = OpenSession(
        user_id=person.user_id,
        method=person.method,
        refresh_hash=refresh.hash,
        address=address,
        user_agent=agent,
        attempts=person.keys,
        code=code,
    )
    caller = stranger(request)
    session = await edge.runner.run(open_session, command, caller)
    given = await granted(edge, caller, session, None)
    view = tokens_view(given, refresh.text, session)
    return json_response(encode(view), 200, {"Cache-Control": "no-store"})


def recognised_by(person: Person, beside: str | None) -> Person:
    """With what was shown beside the first factor."""
    return replace(person, method=f"{person.method}+{beside}") if beside else person
