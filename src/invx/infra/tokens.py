"""Key pairs and access tokens for an installation that has no identity context yet.

Tokens are ES256 with a `kid` (RFC 7519, RFC 7638 thumbprint). Whoever can read the private key can
be anybody: it is written with mode 0600 and never overwritten.
"""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict, Unpack
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from invx.infra.system import SystemClock, Uuid7Ids
from invx.kernel.errors import DomainError, Unavailable
from invx.kernel.ports import Clock

AUDIENCE = "invx"


class KeyExists(DomainError):
    """There is a private key already; it is not overwritten."""


class KeyMissing(Unavailable):
    """There is no usable private key at this place."""


def create_key(private_key_path: Path, jwks_path: Path) -> str:
    """Make a P-256 key pair, add its public half to the JWKS file, and return its `kid`.

    Keys that the JWKS holds already stay, so tokens under way remain valid while keys rotate.
    Raises KeyExists.
    """
    key = ECKey.generate_key("P-256")
    kid = key.thumbprint()
    named = {"kid": kid, "use": "sig", "alg": "ES256"}
    for path in (private_key_path, jwks_path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write_new(private_key_path, json.dumps(key.as_dict(private=True) | named), mode=0o600)
    except FileExistsError:
        raise KeyExists(f"{private_key_path.name} exists already.") from None
    known = json.loads(jwks_path.read_text())["keys"] if jwks_path.exists() else []
    public = json.dumps({"keys": [*known, key.as_dict(private=False) | named]}, indent=2)
    # A reader sees the old file or the new one, never half of it.
    fresh = jwks_path.with_name(f"{jwks_path.name}.{kid[:8]}")
    _write_new(fresh, public + "\n", mode=0o644)
    fresh.replace(jwks_path)
    return kid


def _write_new(path: Path, text: str, *, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)


class Stated(TypedDict, total=False):
    """Claims that a token need not carry."""

    approval_limit: Mapping[str, Decimal] | None  # by currency; without one any amount


class Signer:
    """Signs access tokens with the private key in a file.

    The file is read when it is first needed, and again when another key was put there: keys rotate
    while requests run (`infra.key_rotation`). While it cannot be read, the key before it signs.
    """

    def __init__(self, private_key_path: Path, *, issuer: str = "invx") -> None:
        self._path = private_key_path
        self._issuer = issuer
        self._read: tuple[ECKey, str] | None = None
        self._seen: tuple[int, int, int] | None = None  # which file it was

    def _key(self) -> tuple[ECKey, str]:
        try:
            found = self._path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if self._read is None or seen != self._seen:
                stored: dict[str, Any] = json.loads(self._path.read_text())
                self._read, self._seen = (ECKey.import_key(stored), stored["kid"]), seen
        except (OSError, ValueError, TypeError, LookupError, JoseError) as error:
            if self._read is None:
                raise KeyMissing(f"{self._path.name} is not a readable private key.") from error
        return self._read

    def sign(
        self,
        tenant_id: UUID,
        *,
        subject: str,
        permissions: Iterable[str],
        now: float,
        lifetime: timedelta,
        **more: Any,
    ) -> str:
        """A token. `now` is system time in seconds since the epoch, to the millisecond.

        Whole seconds would be earlier than a revocation a moment ago, which the token outlives.
        Raises KeyMissing.
        """
        key, kid = self._key()
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "tid": str(tenant_id),
            "perms": sorted(set(permissions)),
            "jti": str(Uuid7Ids().new()),
            "iat": round(now, 3),
            "exp": int(now) + int(lifetime.total_seconds()),
            **more,
        }
        return jwt.encode({"alg": "ES256", "kid": kid}, claims, key, algorithms=["ES256"])


def issue(
    private_key_path: Path,
    tenant_id: UUID,
    *,
    subject: str,
    permissions: Iterable[str],
    lifetime: timedelta,
    issuer: str = "invx",
    clock: Clock | None = None,
    **stated: Unpack[Stated],
) -> str:
    """A signed access token. The verifier refuses one that lives longer than its settings allow.

    Raises KeyMissing.
    """
    limit = stated.get("approval_limit")
    more = (
        {} if limit is None else {"approval_limit": {each: f"{of:f}" for each, of in limit.items()}}
    )
    return Signer(private_key_path, issuer=issuer).sign(
        tenant_id,
        subject=subject,
        permissions=permissions,
        now=(clock or SystemClock()).now().timestamp(),
        lifetime=lifetime,
        **more,
    )
