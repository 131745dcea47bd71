"""Stored answers, so that the same write sent twice happens once (E4)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from invx.infra.postgres import Connection, Database
from invx.kernel.errors import Conflict, DomainError, Kind

_SLOTS = 16
_EPOCH = date(2020, 1, 1)

# Refusals that depend on the moment or on the token are not stored: the next try may differ.
_NOT_STORED = {
    Kind.BUSY,
    Kind.TOO_MANY,
    Kind.UNAVAILABLE,
    Kind.DAMAGED,
    Kind.UNAUTHENTICATED,
    Kind.FORBIDDEN,
}


class IdempotencyKeyReused(Conflict):
    """This Idempotency-Key was used with another request."""


class RequestInProgress(DomainError):
    """The same request is being worked on; ask again in a moment."""

    kind = Kind.BUSY


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished response: made inside the transaction, stored with it, sent after it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    stream_id: UUID | None = None  # whose personal data the body repeats, for erasure


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request under a key. `key_hash` covers tenant, subject, method, route and key."""

    key_hash: str
    fingerprint: str
    refusal: Callable[[DomainError], Answer]  # how a refusal would be answered


def storable(error: DomainError) -> bool:
    """Whether a refusal is the lasting answer to this request.

    That its key was used for another one is not: the key has an answer already.
    """
    reused = isinstance(error, IdempotencyKeyReused)
    return error.lasting and error.kind not in _NOT_STORED and not reused


def answer_row(
    tenant_id: UUID, request: IdempotentRequest, answer: Answer, now: datetime
) -> dict[str, Any]:
    """The row that remembers an answer."""
    return {
        "tenant_id": tenant_id,
        "key_hash": request.key_hash,
        "slot": (now.date() - _EPOCH).days % _SLOTS,
        "created_at": now,
        "fingerprint": request.fingerprint,
        "stream_id": answer.stream_id,
        "status": answer.status,
        "headers": answer.headers,
        "body": answer.body,
    }


async def stored_answer(
    conn: Connection, schema: str, tenant_id: UUID, request: IdempotentRequest
) -> Answer:
    """The answer given before. Raises IdempotencyKeyReused when the request was another one."""
    row = await conn.fetchrow(
        f"SELECT fingerprint, status, headers::text, body FROM {schema}.idempotency"
        " WHERE tenant_id = $1 AND key_hash = $2 ORDER BY created_at DESC LIMIT 1",
        tenant_id,
        request.key_hash,
    )
    if row is None:
        raise RequestInProgress
    if row["fingerprint"] != request.fingerprint:
        raise IdempotencyKeyReused
    headers = {**json.loads(row["headers"]), "Idempotent-Replayed": "true"}
    return Answer(row["status"], row["body"], headers)


async def forget_answers(database: Database, today: date) -> None:
    """Forget the answers of days before the last eight; `today` is the day in UTC.

    Raises TookTooLong when a long transaction reads them; try again later.
    """
    async with database.system_transaction() as conn:
        await conn.execute(f"SELECT {database.schema}.forget_idempotency($1)", today)
