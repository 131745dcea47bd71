"""Timestamps of seals by an authority (RFC 3161): signed words that a root was there by a time.

The authority keeps nothing; its token is the receipt. So this anchor proves when, to whoever trusts
the authority, and leaves it to the other anchors to prove that nothing is missing.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from invx.infra.anchoring import instant, pseudonym
from invx.kernel.errors import Unavailable
from invx.kernel.ports import SealStatement

_SECONDS_MAX = 20.0
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_SAID = ("context", "tenant", "seal", "root", "leaves", "sealed_at")


class TimestampRefused(Unavailable):
    """The timestamp authority does not answer, or not with a timestamp of what it was sent."""


class TimestampAnchor:
    """Has each seal timestamped. `roots` are the certificates that its signature must lead to."""

    def __init__(self, url: str, roots: Sequence[Certificate]) -> None:
        self._url = url
        self._roots = roots

    @property
    def name(self) -> str:
        return f"tsa:{urlsplit(self._url).hostname}"

    async def keep(
        self, statements: Sequence[SealStatement], *, known: int
    ) -> list[Mapping[str, Any]]:
        """See SealAnchor. A seal that was timestamped before gets another one, which is as good."""
        del known
        async with httpx.AsyncClient(timeout=_SECONDS_MAX) as client:
            return [await self._stamped(client, each) for each in statements]

    async def _stamped(self, client: httpx.AsyncClient, each: SealStatement) -> Mapping[str, Any]:
        message = message_of(each)
        request = (
            TimestampRequestBuilder(data=message)
            .hash_algorithm(HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .cert_request(cert_request=True)
            .build()
        )
        try:
            answer = await client.post(
                self._url, content=request.as_bytes(), headers={"content-type": _QUERY}
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise TimestampRefused(f"{self.name}: {type(error).__name__}") from error
        if (wrong := wrong_token(answer.content, message, self._roots, request.nonce)) is not None:
            raise TimestampRefused(f"{self.name}: {wrong}")
        return {
            "line": each.seal,
            "sha256": hashlib.sha256(message).hexdigest(),
            "token": base64.b64encode(answer.content).decode(),
        }


def message_of(statement: SealStatement) -> bytes:
    """What is timestamped: the seal without the numbers, which may be read at another moment."""
    return msgspec.json.encode({name: getattr(statement, name) for name in _SAID})


def wrong_token(
    token: bytes, message: bytes, roots: Sequence[Certificate], nonce: int | None = None
) -> str | None:
    """Why a token is no timestamp of this message by somebody these roots vouch for, or None."""
    builder = VerifierBuilder(roots=list(roots), nonce=nonce)
    try:
        builder.build().verify_message(decode_timestamp_response(token), message)
    except (VerificationError, ValueError) as error:
        return f"the token does not hold: {error}"
    return None


def roots_in(path: Path) -> list[Certificate]:
    """The certificates of a PEM file. Raises OSError, ValueError."""
    return load_pem_x509_certificates(path.read_bytes())


async def verify_timestamps(
    conn: Any, schema: str, tenant_id: UUID, roots: Sequence[Certificate]
) -> tuple[int, str | None]:
    """How many seals of a tenant have a timestamp, and the first whose token does not hold.

    The message is made of the seal as it is stored now, so a seal that was changed shows too.
    """
    count = 0
    while rows := await conn.fetch(_STAMPED.format(schema=schema), tenant_id, count):
        for row in rows:
            count += 1
            sealed_at: datetime = row["sealed_at"]
            message = message_of(
                SealStatement(
                    context=schema,
                    tenant=pseudonym(tenant_id),
                    seal=row["number"],
                    root=row["root"].hex(),
                    leaves=row["leaves"],
                    sealed_at=instant(sealed_at),
                )
            )
            try:
                token = base64.b64decode(row["token"] or "", validate=True)
            except ValueError:
                token = b""
            if (wrong := wrong_token(token, message, roots)) is not None:
                return count, f"timestamp of seal {row['number']} by {row['anchor']}: {wrong}"
    return count, None


_STAMPED = """
SELECT s.number, s.root, s.leaves, s.sealed_at, a.anchor, a.receipt ->> 'token' AS token
FROM {schema}.seal_anchors a
JOIN {schema}.seals s ON s.tenant_id = a.tenant_id AND s.number = a.number
WHERE a.tenant_id = $1 AND a.anchor LIKE 'tsa:%' ORDER BY a.number, a.anchor OFFSET $2 LIMIT 500
"""
