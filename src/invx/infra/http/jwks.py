"""The public keys that access tokens are verified with (RFC 7517): a file, a URL or given.

A key that nobody knows is looked for at the source, at most once a minute for the whole process;
requests with known keys never wait for that.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from invx.kernel.errors import Unavailable
from invx.kernel.ports import Clock

REFRESH_SECONDS_MIN = 60
_FETCH_SECONDS_MAX = 2.0

Jwks = Mapping[str, Any]
Fetch = Callable[[], Awaitable[Jwks]]

# A source that is down, and one that answers with something else than a key set.
_UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    JoseError,
    httpx.HTTPError,
)

log = structlog.get_logger(__name__)


def fetch_from(
    source: str | Path | Jwks, transport: httpx.AsyncBaseTransport | None = None
) -> Fetch:
    """How to read the key set: an http(s) URL, a path, or the set itself."""
    if isinstance(source, Mapping):
        return lambda: _given(source)
    if str(source).startswith(("http://", "https://")):
        return lambda: _over_http(str(source), transport)
    return lambda: asyncio.to_thread(_from_file, Path(source))


async def _given(jwks: Jwks) -> Jwks:
    return jwks


async def _over_http(url: str, transport: httpx.AsyncBaseTransport | None) -> Jwks:
    async with httpx.AsyncClient(transport=transport, timeout=_FETCH_SECONDS_MAX) as client:
        response = await client.get(url)
        jwks: Jwks = response.raise_for_status().json()
        return jwks


def _from_file(path: Path) -> Jwks:
    jwks: Jwks = json.loads(path.read_text())
    return jwks


class KeySet:
    """The keys by their `kid`. `on_change` is called when a key was added or taken away."""

    def __init__(self, fetch: Fetch, clock: Clock, on_change: Callable[[], None]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._on_change = on_change
        self._keys: dict[str, ECKey] = {}
        self._asked_at = float("-inf")
        self._reachable = False
        self._under_way: asyncio.Task[None] | None = None

    @property
    def reachable(self) -> bool:
        """Whether the source answered when it was last asked."""
        return self._reachable

    def known(self, kid: str) -> ECKey | None:
        """The key, if it is here already."""
        return self._keys.get(kid)

    async def find(self, kid: str) -> ECKey | None:
        """The key, asking the source if it is new. Raises Unavailable if the source is silent."""
        if (key := self._keys.get(kid)) is not None:
            return key
        if self._clock.now().timestamp() - self._asked_at >= REFRESH_SECONDS_MIN:
            await self.refresh()
        elif self._under_way is not None:
            await asyncio.shield(self._under_way)
        if not self._reachable:
            raise Unavailable("The keys that tokens are verified with cannot be read.")
        return self._keys.get(kid)

    async def refresh(self) -> None:
        """Read the keys now; whoever else wants that waits for the same answer. Never raises."""
        if self._under_way is None:
            self._asked_at = self._clock.now().timestamp()
            self._under_way = asyncio.create_task(self._read(), name="jwks")
        await asyncio.shield(self._under_way)

    async def _read(self) -> None:
        try:
            keys = parse_keys(await self._fetch())
        except _UNREADABLE as error:
            # The old keys stay: a source that is down for a while locks nobody out.
            self._reachable = False
            log.warning("jwks_not_read", reason=type(error).__name__)
            return
        finally:
            self._under_way = None
        self._reachable = True
        if keys.keys() != self._keys.keys():
            self._keys = keys
            self._on_change()


def parse_keys(jwks: Jwks) -> dict[str, ECKey]:
    """The P-256 signing keys of a set; others are left out. Raises ValueError for a private one."""
    keys = {}
    for entry in jwks["keys"]:
        if "d" in entry:
            raise ValueError("a private key stands in the key set")
        fits = entry.get("kty") == "EC" and entry.get("crv") == "P-256"
        if fits and entry.get("kid") and entry.get("use", "sig") == "sig":
            keys[entry["kid"]] = ECKey.import_key(entry)
    return keys
