"""Proves from the stored bytes that no event of a tenant was changed, removed or slipped in (D3).

Written from the description of the chain, not from the code that writes it: a defect that both
shared would go unseen. What the chain does not cover: the kind and the kept state of a stream, and
whether the newest events of a stream were cut off together with its head; seals are for the latter.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from invx.infra.postgres import Connection

_ROWS_AT_ONCE = 1_000
_BEFORE_ALL = UUID(int=0)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first event, or head of a stream, that is not what it must be."""

    tenant_id: UUID
    stream_id: UUID
    version: int
    what: str

    def __str__(self) -> str:
        place = f"tenant {self.tenant_id}, stream {self.stream_id}, version {self.version}"
        return f"{place}: {self.what}"


@dataclass(slots=True)
class Audit:
    """What was looked at, and the first thing that is wrong. Erased values are no fault (D4)."""

    streams: int = 0
    events: int = 0
    personal: int = 0
    erased: int = 0
    broken: BrokenLink | None = None

    @property
    def intact(self) -> bool:
        return self.broken is None


async def verify(
    conn: Connection, schema: str, tenant_id: UUID, *, progress: Progress = lambda _, __: None
) -> Audit:
    """Walk over every stream of a tenant in one context, until the first broken link.

    `conn` is inside a transaction of the tenant (or a superuser's). Streams may grow meanwhile.
    `progress` is told how many events were read, of how many there were at the beginning.
    """
    audit = Audit()
    total = await conn.fetchval(_COUNT.format(schema=schema), tenant_id) or 0
    chain: _Chain | None = None
    place = (_BEFORE_ALL, 0)
    while rows := await conn.fetch(_READ.format(schema=schema), tenant_id, *place, _ROWS_AT_ONCE):
        for row in rows:
            if chain is None or chain.stream_id != row["stream_id"]:
                if chain is not None and (what := chain.wrong_end()):
                    return _found(audit, tenant_id, chain, what)
                chain = _Chain(row["stream_id"])
                audit.streams += 1
            if what := chain.wrong(tenant_id, row, audit):
                return _found(audit, tenant_id, chain, what)
        place = (chain.stream_id, chain.version) if chain else place
        progress(audit.events, max(total, audit.events))
    if chain is not None and (what := chain.wrong_end()):
        return _found(audit, tenant_id, chain, what)
    audit.broken = await _strays(conn, schema, tenant_id)
    return audit


def _found(audit: Audit, tenant_id: UUID, chain: "_Chain", what: str) -> Audit:
    audit.broken = BrokenLink(tenant_id, chain.stream_id, chain.version, what)
    return audit


class _Chain:
    """One stream as it is walked; `version` is the one looked at."""

    def __init__(self, stream_id: UUID) -> None:
        self.stream_id = stream_id
        self.version = 0
        self._hash = bytes(32)
        self._head: tuple[int, bytes, int] = (0, b"", 0)

    def wrong(self, tenant_id: UUID, row: Any, audit: Audit) -> str | None:
        """What is wrong with the next event; None when it follows from the one before."""
        self._head = (row["head_version"], row["head_hash"], row["sealed_version"])
        if row["version"] is None:
            return None  # a stream without events; its head will say so
        self.version += 1
        if row["version"] != self.version:
            return f"the event is missing; the next one is version {row['version']}"
        audit.events += 1
        computed = _hash_of(self._hash, tenant_id, row)
        if computed != row["hash"]:
            return (
                f"the hash is {row['hash'].hex()}, but previous hash, header and body"
                f" give {computed.hex()}"
            )
        self._hash = computed
        return _wrong_personal(row, audit)

    def wrong_end(self) -> str | None:
        """What is wrong with the head of the stream."""
        version, head, sealed = self._head
        if version > self.version:
            self.version += 1
            return f"the event is missing; the stream says version {version}"
        if version < self.version:
            return f"the event is one too many; the stream says version {version}"
        if head != self._hash:
            return f"the head hash is {head.hex()}, the last event's is {self._hash.hex()}"
        if not 0 <= sealed <= version:
            return f"version {sealed} is sealed, which does not exist"
        return None


def _hash_of(previous: bytes, tenant_id: UUID, row: Any) -> bytes:
    header = [
        str(tenant_id),
        str(row["stream_id"]),
        row["version"],
        str(row["event_id"]),
        row["type"],
        row["schema_version"],
        _instant(row["occurred_at"]),
        _instant(row["recorded_at"]),
        row["actor"],
        str(row["correlation_id"]),
        str(row["causation_id"]) if row["causation_id"] else None,
    ]
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + text.encode() + row["body"].encode()).digest()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _wrong_personal(row: Any, audit: Audit) -> str | None:
    """The values that are still there must be those that the body proves, in its order."""
    fields: Sequence[str] = row["fields"]
    proofs: dict[str, str] = {}
    if fields or '"~personal"' in row["body"]:
        proofs = json.loads(row["body"]).get("~personal", {})
    expected = {str(place): proof for place, proof in enumerate(proofs.items())}
    parts = (row["subjects"] or [], row["salts"] or [], row["values"] or [])
    for field, subject, salt, value in zip(fields, *parts, strict=True):
        name, proof = expected.pop(field, ("", ""))
        if name != str(subject):
            return f"personal field {field!r} of subject {subject} is not in the body"
        if hashlib.sha256(salt + value.encode()).hexdigest() != proof:
            return f"the personal values of subject {subject} do not give the proof in the body"
        audit.personal += 1
    audit.erased += len(expected)
    return None


async def _strays(conn: Connection, schema: str, tenant_id: UUID) -> BrokenLink | None:
    """Events without a stream, personal values without an event: no foreign key lets them be."""
    for query, what in (
        (_STRAY_EVENTS, "the event belongs to no stream"),
        (_STRAY_VALUES, "the personal values belong to no event"),
    ):
        row = await conn.fetchrow(query.format(schema=schema), tenant_id)
        if row is not None:
            return BrokenLink(tenant_id, row["stream_id"], row["version"], what)
    return None


_COUNT = "SELECT count(*) FROM {schema}.events WHERE tenant_id = $1"
# Every row brings the head of its stream as of the same moment, so growth in between is no fault.
_READ = """
SELECT s.stream_id, s.version AS head_version, s.head_hash, s.sealed_version, e.version, e.event_id,
    e.type, e.schema_version, e.occurred_at, e.recorded_at, e.actor, e.correlation_id,
    e.causation_id, e.body::text AS body, e.hash, p.fields, p.subjects, p.salts, p.values
FROM {schema}.streams s
LEFT JOIN {schema}.events e ON e.tenant_id = s.tenant_id AND e.stream_id = s.stream_id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(v.field ORDER BY v.field), '{{}}') AS fields,
        array_agg(v.subject_id ORDER BY v.field) AS subjects,
        array_agg(v.salt ORDER BY v.field) AS salts,
        array_agg(v.value::text ORDER BY v.field) AS values
    FROM {schema}.personal v WHERE v.tenant_id = e.tenant_id AND v.stream_id = e.stream_id
    AND v.version = e.version) AS p
WHERE s.tenant_id = $1 AND s.stream_id >= $2 AND (s.stream_id > $2 OR e.version > $3)
ORDER BY s.stream_id, e.version LIMIT $4
"""
_STRAY_EVENTS = """
SELECT e.stream_id, e.version FROM {schema}.events e WHERE e.tenant_id = $1 AND NOT EXISTS (
    SELECT FROM {schema}.streams s
    WHERE s.tenant_id = e.tenant_id AND s.stream_id = e.stream_id)
ORDER BY e.stream_id, e.version LIMIT 1
"""
_STRAY_VALUES = """
SELECT p.stream_id, p.version FROM {schema}.personal p WHERE p.tenant_id = $1 AND NOT EXISTS (
    SELECT FROM {schema}.events e WHERE e.tenant_id = p.tenant_id
    AND e.stream_id = p.stream_id AND e.version = p.version)
ORDER BY p.stream_id, p.version LIMIT 1
"""
