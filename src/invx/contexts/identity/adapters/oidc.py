"""An OpenID Connect provider that the operator trusts: it vouches for people (Core 1.0, 3.1)."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from invx.contexts.identity.domain.errors import ProviderRefused, ProviderUnavailable
from invx.infra.http.provider import ProviderSettings
from invx.kernel.ports import Clock

# Signed with a key of the provider's only: a client's secret proves nothing about who signed.
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_KNOWN_SECONDS = 3_600.0  # what the provider says of itself
_KEYS_SECONDS_MIN = 60.0  # between two looks at its keys for one that is new
_WAIT_SECONDS_MAX = 5.0
_LEEWAY_SECONDS = 60
_BROKEN = (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for. `email` is None unless it verified that address."""

    issuer: str
    subject: str
    email: str | None


@dataclass(slots=True)
class _Known:
    metadata: Mapping[str, Any]
    keys: KeySet
    read_at: float
    keys_at: float


class OidcProvider:
    """Asks the provider. Nothing of it is asked before somebody wants to sign in there."""

    def __init__(
        self,
        settings: ProviderSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings, self._clock, self._transport = settings, clock, transport
        self._known: _Known | None = None
        self._reading = asyncio.Lock()

    @property
    def name(self) -> str:
        """What the button says."""
        return self._settings.name

    async def address(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the person is sent. Raises ProviderUnavailable."""
        known = await self._discovered()
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        place = str(known.metadata["authorization_endpoint"])
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query)}"

    async def vouched(self, code: str, *, redirect_uri: str, nonce: str, verifier: str) -> Vouched:
        """Who came back with this code. Raises ProviderRefused, ProviderUnavailable."""
        known = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        who = httpx.BasicAuth(self._settings.client_id, self._settings.client_secret)
        try:
            async with self._client() as client:
                place = str(known.metadata["token_endpoint"])
                answer = await client.post(place, data=form, auth=who)
            if answer.status_code in (400, 401):
                raise ProviderRefused
            token = answer.raise_for_status().json()["id_token"]
        except _BROKEN as error:
            raise self._unavailable(error) from error
        return await self._verified(known, str(token), nonce)

    async def _verified(self, known: _Known, token: str, nonce: str) -> Vouched:
        """OpenID Connect Core 1.0, 3.1.3.7."""
        try:
            claims = self._decoded(known, token)
        except (JoseError, ValueError):
            # Signed with a key that is not known yet, perhaps: the provider may have a new one.
            if not await self._read_keys(known):
                raise ProviderRefused from None
            try:
                claims = self._decoded(known, token)
            except (JoseError, ValueError):
                raise ProviderRefused from None
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if claims.get("nonce") != nonce or not claims.get("sub"):
            raise ProviderRefused
        if (several or "azp" in claims) and claims.get("azp") != self._settings.client_id:
            raise ProviderRefused
        verified = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
        email = str(claims["email"]) if verified else None
        return Vouched(self._settings.issuer, str(claims["sub"]), email)

    def _decoded(self, known: _Known, token: str) -> dict[str, Any]:
        registry = JWSRegistry(algorithms=_ALGORITHMS)
        decoded = jwt.decode(token, known.keys, algorithms=_ALGORITHMS, registry=registry)
        needed = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
        )
        needed.validate(decoded.claims)
        return decoded.claims

    async def _discovered(self) -> _Known:
        """What the provider says of itself (Discovery 1.0, 4). Raises ProviderUnavailable."""
        now = self._clock.now().timestamp()
        async with self._reading:
            known = self._known
            if known is not None and now - known.read_at < _KNOWN_SECONDS:
                return known
            place = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                async with self._client() as client:
                    metadata = (await client.get(place)).raise_for_status().json()
                    if metadata["issuer"] != self._settings.issuer:
                        raise ValueError("it calls itself otherwise")
                    for needed in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                        str(metadata[needed])
                    keys = await self._keys(client, metadata)
            except (*_BROKEN, JoseError) as error:
                raise self._unavailable(error) from error
            self._known = known = _Known(metadata, keys, now, now)
            return known

    async def _read_keys(self, known: _Known) -> bool:
        """Whether the keys were read anew; not more often than once a minute."""
        now = self._clock.now().timestamp()
        if now - known.keys_at < _KEYS_SECONDS_MIN:
            return False
        known.keys_at = now
        try:
            async with self._client() as client:
                known.keys = await self._keys(client, known.metadata)
        except (*_BROKEN, JoseError) as error:
            raise self._unavailable(error) from error
        return True

    async def _keys(self, client: httpx.AsyncClient, metadata: Mapping[str, Any]) -> KeySet:
        answer = await client.get(str(metadata["jwks_uri"]))
        return KeySet.import_key_set(answer.raise_for_status().json())

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self._transport, timeout=_WAIT_SECONDS_MAX)

    def _unavailable(self, error: Exception) -> ProviderUnavailable:
        # What the error says may hold an address with a code in it: only its class is told.
        log.warning("provider_unavailable", reason=type(error).__name__)
        return ProviderUnavailable()
