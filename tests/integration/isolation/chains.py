"""Verifies stored hash chains from their bytes alone (D3), and the proofs of personal values (D4)."""

import hashlib
from itertools import groupby

import asyncpg

from invx.infra.codec import Encoded, proofs
from invx.infra.event_store import FIRST_HASH, Recorded, event_hash
from invx.kernel.messages import Event


async def broken_links(conn: asyncpg.Connection, schema: str) -> list[str]:
    """The first wrong event of every stream, and every stream whose head is another."""
    rows = await conn.fetch(
        "SELECT e.*, e.body::text AS text, s.version AS last, s.head_hash FROM"
        f" {schema}.events e JOIN {schema}.streams s USING (tenant_id, stream_id)"
        " ORDER BY e.tenant_id, e.stream_id, e.version"
    )
    wrong = []
    for stream, events in groupby(rows, key=lambda row: (row["tenant_id"], row["stream_id"])):
        before, version = FIRST_HASH, 0
        for row in events:
            version += 1
            before = event_hash(before, _recorded(row), _encoded(row))
            if (row["version"], row["hash"]) != (version, before):
                wrong.append(f"{stream[1]} at {version}")
                break
        else:
            if (row["last"], row["head_hash"]) != (version, before):
                wrong.append(f"{stream[1]} has another head")
    return wrong


async def wrong_proofs(conn: asyncpg.Connection, schema: str) -> list[str]:
    """Personal values that are not what the event's body vouches for."""
    rows = await conn.fetch(
        f"SELECT p.*, p.value::text AS text, e.body::text AS body FROM {schema}.personal p"
        f" JOIN {schema}.events e USING (tenant_id, stream_id, version)"
    )
    return [
        f"{row['stream_id']} at {row['version']}"
        for row in rows
        if proofs(row["body"]).get(str(row["subject_id"]))
        != hashlib.sha256(row["salt"] + row["text"].encode()).hexdigest()
    ]


def _recorded(row: asyncpg.Record) -> Recorded:
    return Recorded(
        row["tenant_id"],
        row["stream_id"],
        row["version"],
        row["event_id"],
        row["occurred_at"],
        row["recorded_at"],
        row["actor"],
        row["correlation_id"],
        row["causation_id"],
        Event(),
    )


def _encoded(row: asyncpg.Record) -> Encoded:
    return Encoded(row["type"], row["schema_version"], row["text"].encode(), ())
