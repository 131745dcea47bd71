"""Access tokens: ES256, short-lived, verified offline, remembered for a minute.

Claims: iss, aud "invx", sub, tid (tenant), perms (permissions, not roles), jti, iat, exp, nbf?,
sid? (the session of a person),
approval_limit? (an object of decimal strings by currency; without it there is no limit).
A signature costs about 125 µs to check, a remembered token about one.

Programs show an API key instead. It is exchanged for an access token at identity, and what that
says is remembered for the key: a minute at most, and never longer than the token lives.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from invx.infra.http.jwks import KeySet, fetch_from
from invx.infra.metrics import TOKENS
from invx.infra.secret_text import KEY_KINDS, is_key, parse_secret
from invx.infra.system import SystemClock
from invx.kernel import limits
from invx.kernel.errors import Unauthenticated
from invx.kernel.ids import MalformedId, parse_typeid
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
    token_url: str | None = None  # where API keys are exchanged, if identity is elsewhere
    token_lifetime_seconds_max: int = 300
    leeway_seconds: int = 5  # by which two clocks may differ
    # By which the clock of who signs may be ahead: that lets a token live earlier, never longer.
    ahead_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Principal:
    """What a verified token says."""

    tenant_id: UUID
    subject: str
    permissions: frozenset[str]
    issued_at: float  # seconds since the epoch, like exp
    expires_at: float
    token_id: str
    approval_limit: Mapping[str, Decimal] | None = field(default=None, hash=False)
    session_id: UUID | None = None  # of a person; keys and programs have none


_Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
_Limit = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}(\.[0-9]{1,12})?\Z")]


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
    approval_limit: dict[_Currency, _Limit] | None = None
    sid: str | None = None


class _Header(msgspec.Struct):
    alg: str
    kid: str


_claims = msgspec.json.Decoder(_Claims)
_header = msgspec.json.Decoder(_Header)

# When the tenant's older tokens stopped counting (a role was taken away, a key revoked).
TokensNotBefore = Callable[[UUID], Awaitable[datetime | None]]

# An access token for an API key, given by identity. Raises InvalidToken, Unavailable.
Exchange = Callable[[str], Awaitable[str]]


class Verifier:
    """Turns a bearer token, or an API key, into a Principal."""

    def __init__(
        self,
        settings: AuthSettings,
        *,
        clock: Clock | None = None,
        tokens_not_before: TokensNotBefore | None = None,
        exchange: Exchange | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._not_before = tokens_not_before
        self._exchange = exchange
        self._exchanges: dict[bytes, asyncio.Task[Principal]] = {}
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
        digest = sha256(token.encode()).digest()
        principal = await self._principal(token, digest)
        if await self._is_revoked(principal):
            if not is_key(token):
                raise InvalidToken("The access token was revoked; get a new one.")
            # Somebody's access was reduced, not this key's for certain: identity is asked again.
            self._remembered.pop(digest, None)
            principal = await self._principal(token, digest)
            if await self._is_revoked(principal):
                raise InvalidToken("The API key was revoked.")
        return principal

    async def _principal(self, token: str, digest: bytes) -> Principal:
        now = self._clock.now().timestamp()
        entry = self._remembered.get(digest)
        if entry is not None and now < entry[1]:
            _CACHED.inc()
            return entry[0]
        try:
            if is_key(token):
                principal = await self._exchanged(token, digest)
            else:
                principal = await self._check(token, now)
        except InvalidToken:
            _REFUSED.inc()
            raise
        _VERIFIED.inc()
        self._remember(digest, principal, now)
        return principal

    async def _is_revoked(self, principal: Principal) -> bool:
        if self._not_before is None:
            return False
        earliest = await self._not_before(principal.tenant_id)
        return earliest is not None and principal.issued_at < earliest.timestamp()

    async def _exchanged(self, key: str, digest: bytes) -> Principal:
        """What identity says of a key. Who shows the same one meanwhile gets the same answer."""
        said = parse_secret(key)
        if said is None or said.kind not in KEY_KINDS:
            raise InvalidToken("This is no API key: it is mistyped or cut off.")
        task = self._exchanges.get(digest)
        if task is None:
            task = asyncio.create_task(self._ask(key, said.tenant_id), name="exchange")
            self._exchanges[digest] = task
            task.add_done_callback(lambda done: self._exchange_ended(digest, done))
        return await asyncio.shield(task)

    def _exchange_ended(self, digest: bytes, task: asyncio.Task[Principal]) -> None:
        del self._exchanges[digest]
        if not task.cancelled():
            task.exception()  # whoever waits gets it; nobody may be left

    async def _ask(self, key: str, tenant_id: UUID) -> Principal:
        if self._exchange is None:
            raise InvalidToken("API keys are not taken here; send an access token.")
        token = await self._exchange(key)
        principal = await self._check(token, self._clock.now().timestamp())
        if principal.tenant_id != tenant_id:
            raise InvalidToken("The API key was exchanged for another tenant's token.")
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
            approval_limit=_limits(claims.approval_limit),
            session_id=_session(claims.sid),
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
        if now < max(claims.nbf, claims.iat) - settings.ahead_seconds:
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


def _limits(stated: Mapping[str, str] | None) -> Mapping[str, Decimal] | None:
    if stated is None:
        return None
    return {currency: Decimal(amount) for currency, amount in stated.items()}


def _session(stated: str | None) -> UUID | None:
    if stated is None:
        return None
    try:
        return parse_typeid("ses", stated)
    except MalformedId as error:
        raise InvalidToken("The access token names no session.") from error
