"""How far somebody got on the page of `/oauth/authorize`: kept by the browser, unreadable to it.

There is no row before a person has agreed. What the page needs again is encrypted into a hidden
field, bound to a cookie of the same page (so that a form that somebody else made is refused: CSRF)
and ends after ten minutes.
"""

import secrets
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
from fastapi import Request
from starlette.responses import Response

from invx.contexts.identity.api.edge import Edge, url_of
from invx.contexts.identity.api.granting import hash_of
from invx.infra.encryption import SecretDamaged

LIFETIME_SECONDS = 600
_COOKIE = "invx_authorize"
_CHARS_MAX = 8_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What a client asked for, checked (RFC 6749, 4.1.1 and RFC 7636, 4.3)."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn:
    """Nobody has said yet who they are. Without a request they come for themselves (OIDC)."""

    request: AuthorizationRequest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who was recognised, by what; failures were counted under these keys."""

    user_id: UUID
    method: str
    proof: str | None  # SHA-256 of the hash of the password that was right
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAsked:
    """The first factor was right; a code of the second is missing."""

    request: AuthorizationRequest | None
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Consenting:
    """The person is known and has not decided yet."""

    request: AuthorizationRequest
    person: Person


Stage = SigningIn | CodeAsked | Consenting


class _Sealed(msgspec.Struct):
    until: int
    kind: str
    body: msgspec.Raw


def proof_of(password_hash: str | None) -> str | None:
    """By which it is known later whether the password is still the same."""
    return hash_of(password_hash) if password_hash else None


def cookie_name(edge: Edge, request: Request) -> str:
    """With the prefix that lets no other host set it, where there is TLS."""
    secure = url_of(edge, request).startswith("https:")
    return f"__Host-{_COOKIE}" if secure else _COOKIE


def cookie_of(edge: Edge, request: Request) -> str:
    """The secret that binds this browser to its forms: the one it has, or a new one."""
    return request.cookies.get(cookie_name(edge, request)) or secrets.token_urlsafe(32)


def set_cookie(edge: Edge, request: Request, response: Response, secret: str) -> None:
    """For the page itself, on the way back from elsewhere too (`lax`); no script reads it."""
    name = cookie_name(edge, request)
    response.set_cookie(
        name,
        secret,
        max_age=LIFETIME_SECONDS,
        httponly=True,
        secure=name.startswith("__Host-"),
        samesite="lax",
        path="/",
    )


def sealed(edge: Edge, cookie: str, value: object) -> str:
    """What the browser keeps for us."""
    until = int(edge.runner.clock.now().timestamp()) + LIFETIME_SECONDS
    body = msgspec.Raw(msgspec.json.encode(value))
    text = msgspec.json.encode({"until": until, "kind": type(value).__name__, "body": body})
    return edge.access.secrets.encrypt(text.decode(), about=_about(cookie))


def opened(edge: Edge, cookie: str | None, text: str | None, kind: type[T]) -> T | None:
    """What it kept, if it is ours, of this browser, of this kind, and not too old."""
    if not cookie or not text or len(text) > _CHARS_MAX:
        return None
    try:
        held = msgspec.json.decode(
            edge.access.secrets.decrypt(text, about=_about(cookie)), type=_Sealed
        )
        if held.kind != kind.__name__ or held.until < edge.runner.clock.now().timestamp():
            return None
        return msgspec.json.decode(held.body, type=kind)
    except (SecretDamaged, msgspec.MsgspecError):
        return None


def _about(cookie: str) -> str:
    return f"interaction {hash_of(cookie)}"
