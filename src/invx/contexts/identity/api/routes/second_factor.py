"""A person's second factor: an authenticator app (RFC 6238) and recovery codes."""

import base64
import io
import secrets
from urllib.parse import quote, urlencode

import segno
from fastapi import APIRouter, Request
from starlette.responses import Response

from invx.contexts.identity.api.edge import Identity, Oneself, installed, user_of, whereabouts
from invx.contexts.identity.api.proving import (
    about_totp,
    counting,
    ensure_no_wait,
    keys_of,
    recognised_again,
    recovery_hash,
    shown_code,
    step_in,
)
from invx.contexts.identity.api.schemas.second_factor import (
    CodeIn,
    ReauthenticationIn,
    RecoveryCodesOut,
    RemovalIn,
    TotpOut,
)
from invx.contexts.identity.app.confirm_totp import ConfirmTotp, confirm_totp
from invx.contexts.identity.app.make_recovery_codes import MakeRecoveryCodes, make_recovery_codes
from invx.contexts.identity.app.offer_totp import OfferTotp, offer_totp
from invx.contexts.identity.app.remove_totp import RemoveTotp, remove_totp
from invx.contexts.identity.domain.errors import CodeWrong, SecondFactorNotFound, SignInRefused
from invx.contexts.identity.domain.totp import DIGITS, STEP_SECONDS
from invx.contexts.identity.read.queries import get_user
from invx.contexts.identity.read.second_factors import second_factor
from invx.infra.http.answers import encode, json_response, no_content
from invx.infra.http.problems import problem_responses
from invx.kernel.errors import Problem

router = APIRouter(prefix="/v1/me", tags=["Sign in"])

_ISSUER = "Invx"
_SECRET_BYTES = 20  # RFC 4226, 4: 160 bits
_RECOVERY_CODES, _RECOVERY_BYTES, _GROUP = 10, 15, 6  # 120 bits each; ASVS 5.0, 6.5.2
_NOT_KEPT = {"Cache-Control": "no-store"}


@router.post(
    "/totp",
    operation_id="me_offer_totp",
    response_model=TotpOut,
    responses=problem_responses(401, 403, 409, 422, 429),
)
async def offer(
    body: ReauthenticationIn, request: Request, caller: Oneself, edge: Identity
) -> Response:
    """Set up an authenticator app: its secret, as text and as a picture.

    Confirm it with a code; until then signing in asks for none.
    """
    user_id, inside = user_of(caller), installed(caller)
    user, _ = await recognised_again(edge, request, inside, user_id, body.password)
    secret = base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    kept = edge.access.secrets.encrypt(secret, about=about_totp(user_id))
    await edge.runner.run(offer_totp, OfferTotp(user_id, kept), inside)
    query = {"secret": secret, "issuer": _ISSUER, "digits": DIGITS, "period": STEP_SECONDS}
    uri = f"otpauth://totp/{quote(f'{_ISSUER}:{user.email}')}?{urlencode(query)}"
    view = {"object": "totp", "secret": secret, "uri": uri, "qr_svg": _picture(uri)}
    return json_response(encode(view), 200, _NOT_KEPT)


@router.post(
    "/totp/confirm",
    operation_id="me_confirm_totp",
    response_model=RecoveryCodesOut,
    responses=problem_responses(403, 404, 409, 422, 429),
)
async def confirm(body: CodeIn, request: Request, caller: Oneself, edge: Identity) -> Response:
    """Show a code of the app. From now on signing in takes one; here are your recovery codes."""
    user_id, inside = user_of(caller), installed(caller)
    async with edge.runner.reading(inside) as (conn, ctx):
        user = await get_user(conn, ctx, user_id)
        factor = await second_factor(conn, ctx, user_id)
    if factor is None:
        raise SecondFactorNotFound
    keys = keys_of(user.email or "", whereabouts(request)[0])
    await ensure_no_wait(edge, inside, keys[2:])
    codes = _recovery_codes()
    async with counting(edge, inside, keys):
        step = step_in(edge, user_id, factor, body.code)
        if step is None:
            raise CodeWrong(problems=[Problem("/code", CodeWrong.code, CodeWrong().detail)])
        command = ConfirmTotp(
            user_id=user_id,
            encrypted_secret=factor.encrypted_secret,
            step=step,
            recovery_hashes=[recovery_hash(each) for each in codes],
        )
        await edge.runner.run(confirm_totp, command, inside)
    return json_response(_shown(codes), 200, _NOT_KEPT)


@router.post(
    "/totp/remove",
    operation_id="me_remove_totp",
    status_code=204,
    responses=problem_responses(401, 403, 404, 422, 429),
)
async def remove(body: RemovalIn, request: Request, caller: Oneself, edge: Identity) -> Response:
    """Sign in without codes again. It takes the password and a code, or a recovery code."""
    user_id, inside = user_of(caller), installed(caller)
    _, who = await recognised_again(edge, request, inside, user_id, body.password)
    shown = await shown_code(edge, inside, user_id, body.code)
    async with counting(edge, inside, who.keys):
        if shown is None:
            raise SignInRefused
        await edge.runner.run(remove_totp, RemoveTotp(user_id, shown), inside)
    return no_content()


@router.post(
    "/recovery-codes",
    operation_id="me_make_recovery_codes",
    response_model=RecoveryCodesOut,
    responses=problem_responses(401, 403, 404, 422, 429),
)
async def recovery(
    body: ReauthenticationIn, request: Request, caller: Oneself, edge: Identity
) -> Response:
    """Take new recovery codes. The old ones are good for nothing from now on."""
    user_id, inside = user_of(caller), installed(caller)
    await recognised_again(edge, request, inside, user_id, body.password)
    codes = _recovery_codes()
    command = MakeRecoveryCodes(user_id, [recovery_hash(each) for each in codes])
    await edge.runner.run(make_recovery_codes, command, inside)
    return json_response(_shown(codes), 200, _NOT_KEPT)


def _recovery_codes() -> list[str]:
    """Readable: lower case letters and digits in groups."""
    made = []
    for _ in range(_RECOVERY_CODES):
        text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
        made.append("-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)))
    return made


def _shown(codes: list[str]) -> bytes:
    return encode({"object": "recovery_codes", "codes": codes})


def _picture(uri: str) -> str:
    out = io.BytesIO()
    segno.make(uri, error="m").save(out, kind="svg", scale=4, xmldecl=False)
    return out.getvalue().decode()
