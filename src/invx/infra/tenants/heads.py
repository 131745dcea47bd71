"""What a tenant's history comes to in one context: two copies are the same when these are."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Heads:
    """The newest version and hash of every stream, as one hash, and the last seal.

    `heads` is the SHA-256 over a line `stream version hash` per stream, in the order of their ids.
    """

    streams: int
    events: int
    heads: str
    seals: int
    last_root: str | None

    def said(self) -> dict[str, Any]:
        """For a manifest."""
        return asdict(self)


async def heads_of(conn: Any, schema: str, tenant_id: UUID) -> Heads:
    """Read in a transaction; its snapshot is what is stated."""
    streams, digest = 0, hashlib.sha256()
    statement = (
        f"SELECT stream_id, version, head_hash FROM {schema}.streams"
        " WHERE tenant_id = $1 ORDER BY stream_id"
    )
    async for row in conn.cursor(statement, tenant_id, prefetch=_ROWS_AT_ONCE):
        streams += 1
        digest.update(f"{row[0]} {row[1]} {row[2].hex()}\n".encode())
    events = await conn.fetchval(
        f"SELECT count(*) FROM {schema}.events WHERE tenant_id = $1", tenant_id
    )
    seal = await conn.fetchrow(
        f"SELECT number, root FROM {schema}.seals WHERE tenant_id = $1"
        " ORDER BY number DESC LIMIT 1",
        tenant_id,
    )
    number, root = (seal["number"], seal["root"].hex()) if seal else (0, None)
    return Heads(streams, events, digest.hexdigest(), number, root)
