"""The header `Idempotency-Key`: the same write, sent twice, is done once (E4).

Two hashes go to `infra/idempotency`: which request this is (tenant, caller, method and route, key),
and what it says (method, path, body). Neither key nor body is stored in clear.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from fastapi.params import Depends
from starlette.requests import Request

from invx.infra.http.declarations import Declaration
from invx.infra.http.permissions import caller_of
from invx.infra.http.problems import parameter_problem
from invx.infra.http.request_info import route_template
from invx.kernel import limits
from invx.kernel.errors import Invalid

HEADER = "Idempotency-Key"

_sorted = msgspec.json.Encoder(order="sorted").encode


class MalformedIdempotencyKey(Invalid):
    """An Idempotency-Key has 1 to 255 printable ASCII characters."""


@dataclass(frozen=True, slots=True)
class IdempotencyRequest:
    """What identifies a write that may come again. Both are SHA-256."""

    key_hash: bytes
    fingerprint: bytes


def check_key(key: str) -> str:
    """The key, if it is one. Raises MalformedIdempotencyKey."""
    if not 0 < len(key) <= limits.IDEMPOTENCY_KEY_CHARS_MAX or not (
        key.isascii() and key.isprintable()
    ):
        wrong = parameter_problem("header", HEADER, "malformed", "1 to 255 printable characters.")
        raise MalformedIdempotencyKey(problems=[wrong])
    return key


def hash_key(tenant_id: UUID, actor: str, operation: str, key: str) -> bytes:
    """Which request: the same key of another caller, tenant or route is another request.

    `operation` is the method and the route template, such as `POST /v1/invoices`.
    """
    return _hash(str(tenant_id), actor, operation, key)


def fingerprint(method: str, path: str, canonical_body: bytes) -> bytes:
    """What the request says. JSON that differs only in spaces or key order says the same."""
    return _hash(method, path, canonical_body)


async def canonical_body(request: Request) -> bytes:
    """JSON with sorted keys and no spaces; what is not JSON stays as it is."""
    body = await request.body()
    if not body:
        return b""
    try:
        return canonical_value(await request.json())  # parsed once: the request keeps it
    except (ValueError, RecursionError):
        return body


def canonical_value(value: Any) -> bytes:
    """The same for a body that is parsed already."""
    try:
        return _sorted(value)
    except (OverflowError, UnicodeEncodeError, ValueError):
        # Numbers above 64 bits and lone surrogates: legal JSON that msgspec does not write.
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _hash(*parts: str | bytes) -> bytes:
    digest = sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        # The length in front keeps ("ab", "c") apart from ("a", "bc").
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class ReadIdempotencyKey:
    """The dependency behind `idempotency_key`."""

    async def __call__(self, request: Request) -> IdempotencyRequest | None:
        key = request.headers.get(HEADER)
        if key is None:
            return None
        check_key(key)
        caller = await caller_of(request.scope)
        operation = f"{request.method} {route_template(request.scope)}"
        path: str = request.scope["path"]
        if query := request.scope.get("query_string"):
            path += f"?{query.decode('latin-1')}"
        return IdempotencyRequest(
            hash_key(caller.tenant_id, caller.actor, operation, key),
            fingerprint(request.method, path, await canonical_body(request)),
        )

    @property
    def declaration(self) -> Declaration:
        parameter = {
            "name": HEADER,
            "in": "header",
            "description": "The same key with the same body gives the same answer, at least for "
            f"{limits.IDEMPOTENCY_DAYS} days; with another body it is refused.",
            "schema": {
                "type": "string",
                "minLength": 1,
                "pattern": "^[ -~]+$",
                "maxLength": limits.IDEMPOTENCY_KEY_CHARS_MAX,
            },
        }
        return Declaration(parameters=(parameter,), statuses=(409, 422))


def idempotency_key() -> Depends:
    """What makes a write repeatable, or None without the header.

    `once: Annotated[IdempotencyRequest | None, idempotency_key()]`
    """
    return Depends(ReadIdempotencyKey())
