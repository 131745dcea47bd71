"""Access tokens: ES256, short-lived, verified offline, remembered for a minute.

Claims: iss, aud "invx", sub, tid (tenant), perms (permissions, not roles), jti, iat, exp, nbf?.
A signature costs about 125 µs to check, a remembered token about one.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from invx.infra.http.jwks import KeySet, fetch_from
from invx.infra.metrics import TOKENS
from invx.infra.system import SystemClock
from invx.kernel import limits
from invx.kernel.errors import Unauthenticated
from invx.kernel.ports import Clock

TOKEN_CHARS_MAX = 8_192
CACHED_TOKENS_MAX = 10_000

_CACHED = TOKENS.labels("cached")
_VERIFIED = TOKENS.labels("verified")
_REFUSED = TOKENS.labels("refused")


class InvalidToken(Unauthenticated):
    """The access token is not valid."""


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Whose tokens are accepted."""

    jwks: str | Path | Mapping[str, Any]  # URL, file, or the key set itself
    issuer: str = "invx"
    audience: str = "invx"
    token_lifetime_seconds_max: int = 300
    leeway_seconds: int = 5  # by which two clocks may differ


@dataclass(frozen=True, slots=True)
class Principal:
    """What a verified token says."""

    tenant_id: UUID
    subject: str
    permissions: frozenset[str]
    issued_at: float  # seconds since the epoch, like exp
    expires_at: float
    token_id: str


class _Claims(msgspec.Struct):
    iss: str
    aud: str | list[str]
    sub: str
    tid: UUID
    perms: list[str]
    jti: str
    iat: int | float
    exp: int | float
    nbf: int | float = 0


class _Header(msgspec.Struct):
    alg: str
    kid: str


_claims = msgspec.json.Decoder(_Claims)
_header = msgspec.json.Decoder(_Header)

# When the tenant's older tokens stopped counting (a role was taken away, a key revoked).
TokensNotBefore = Callable[[UUID], Awaitable[datetime | None]]


class Verifier:
    """Turns a bearer token into a Principal."""

    def __init__(
        self,
        settings: AuthSettings,
        *,
        clock: Clock | None = None,
        tokens_not_before: TokensNotBefore | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._not_before = tokens_not_before
        self._remembered: dict[bytes, tuple[Principal, float]] = {}
        fetch = fetch_from(settings.jwks, transport)
        self._keys = KeySet(fetch, self._clock, on_change=self._remembered.clear)

    async def start(self) -> None:
        """Read the keys. A source that is not up yet is asked again when a token comes."""
        await self._keys.refresh()

    async def ready(self) -> bool:
        """Whether the keys could be read; a check for `/readyz`."""
        if not self._keys.reachable:
            await self._keys.refresh()
        return self._keys.reachable

    async def verify(self, token: str) -> Principal:
        """The principal. Raises InvalidToken, or Unavailable while the keys cannot be read."""
        if len(token) > TOKEN_CHARS_MAX:
            raise InvalidToken("The access token is too long.")
        now = self._clock.now().timestamp()
        digest = sha256(token.encode()).digest()
        entry = self._remembered.get(digest)
        if entry is not None and now < entry[1]:
            principal = entry[0]
            _CACHED.inc()
        else:
            try:
                principal = await self._check(token, now)
            except InvalidToken:
                _REFUSED.inc()
                raise
            _VERIFIED.inc()
            self._remember(digest, principal, now)
        if self._not_before is not None:
            earliest = await self._not_before(principal.tenant_id)
            if earliest is not None and principal.issued_at < earliest.timestamp():
                raise InvalidToken("The access token was revoked; get a new one.")
        return principal

    async def _check(self, token: str, now: float) -> Principal:
        key = await self._key_of(token)
        try:
            payload = jws.deserialize_compact(token, key, algorithms=["ES256"]).payload
            claims = _claims.decode(payload)
        except (JoseError, ValueError, TypeError) as error:
            raise InvalidToken("The access token is malformed or badly signed.") from error
        self._check_claims(claims, now)
        return Principal(
            tenant_id=claims.tid,
            subject=claims.sub,
            permissions=frozenset(claims.perms),
            issued_at=claims.iat,
            expires_at=claims.exp,
            token_id=claims.jti,
        )

    async def _key_of(self, token: str) -> ECKey:
        segment = token.partition(".")[0]
        try:
            padded = segment + "=" * (-len(segment) % 4)
            header = _header.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (binascii.Error, msgspec.DecodeError, ValueError) as error:
            raise InvalidToken("The access token is malformed.") from error
        key = self._keys.known(header.kid) or await self._keys.find(header.kid)
        if key is None or header.alg != "ES256":
            raise InvalidToken("The access token is signed with a key that is not known here.")
        return key

    def _check_claims(self, claims: _Claims, now: float) -> None:
        settings, leeway = self._settings, self._settings.leeway_seconds
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != settings.issuer or settings.audience not in audiences:
            raise InvalidToken("The access token was issued by or for somebody else.")
        if not claims.sub:
            raise InvalidToken("The access token names nobody.")
        if now >= claims.exp + leeway:
            raise InvalidToken("The access token has expired.")
        if now < max(claims.nbf, claims.iat) - leeway:
            raise InvalidToken("The access token is not valid yet.")
        if claims.exp - claims.iat > settings.token_lifetime_seconds_max:
            raise InvalidToken(
                f"An access token may live {settings.token_lifetime_seconds_max} seconds at most."
            )

    def _remember(self, digest: bytes, principal: Principal, now: float) -> None:
        if len(self._remembered) >= CACHED_TOKENS_MAX:
            # Dicts keep the order of insertion, and nothing here lives longer than a minute.
            for oldest in list(self._remembered)[: CACHED_TOKENS_MAX // 10]:
                del self._remembered[oldest]
        until = min(principal.expires_at, now + limits.TOKEN_CACHE_SECONDS)
        self._remembered[digest] = (principal, until)
