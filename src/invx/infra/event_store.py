"""Streams of events with a hash chain per stream (D3), and repositories over them.

`hash = sha256(previous hash || canonical header || body)`. The header is the JSON array of tenant,
stream, version, event id, type, schema version, occurred at, recorded at, actor, correlation id and
causation id; times are UTC with microseconds. The first event follows 32 zero bytes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from invx.infra.apart import LONG_STREAM_CHARS, TooLongHere, is_apart
from invx.infra.codec import Codec, Encoded
from invx.infra.postgres import Connection
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import NotFound, invariant
from invx.kernel.messages import Event

FIRST_HASH = bytes(32)

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with all that is stored about it. `aggregate` is as after the whole command."""

    tenant_id: UUID
    stream_id: UUID
    version: int
    event_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    correlation_id: UUID
    causation_id: UUID | None
    event: Event
    aggregate: Any = None


class Snapshotting(Protocol):
    """An aggregate whose stream is too long to replay: its state is kept beside the head."""

    def snapshot(self) -> dict[str, Any]: ...


def event_hash(previous: bytes, recorded: Recorded, encoded: Encoded) -> bytes:
    """The hash that chains this event to the one before it."""
    header = msgspec.json.encode(
        [
            recorded.tenant_id,
            recorded.stream_id,
            recorded.version,
            recorded.event_id,
            encoded.type,
            encoded.schema_version,
            _instant(recorded.occurred_at),
            _instant(recorded.recorded_at),
            recorded.actor,
            recorded.correlation_id,
            recorded.causation_id,
        ]
    )
    return hashlib.sha256(previous + header + encoded.body).digest()


@lru_cache(maxsize=64)  # the events of one command have their times in common
def _instant(moment: datetime) -> str:
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return naive.isoformat(timespec="microseconds") + "Z"


@dataclass(slots=True)
class Held:
    """An aggregate inside a unit of work, with the head of its stream as it was loaded."""

    aggregate: Aggregate
    kind: str
    head_hash: bytes = FIRST_HASH


class EventStore:
    """Reads the streams of one context inside one transaction."""

    def __init__(self, conn: Connection, schema: str, codec: Codec, tenant_id: UUID) -> None:
        self.conn = conn
        self.codec = codec
        self.tenant_id = tenant_id
        self.schema = schema

    async def load(self, ids: Sequence[UUID], kind: str) -> dict[UUID, tuple[bytes, list[Event]]]:
        """Head hash and events of each stream that exists, in one round trip.

        Raises TooLongHere for streams that would hold the event loop.
        """
        statement = _LOAD.format(schema=self.schema, wanted="$3::uuid[]")
        return self._streams(await self.conn.fetch(statement, self.tenant_id, kind, ids))

    async def load_selected(self, select: str, kind: str) -> dict[UUID, tuple[bytes, list[Event]]]:
        """The same for the streams whose ids this SELECT gives (its $1 is the tenant)."""
        statement = _LOAD.format(schema=self.schema, wanted=f"ARRAY({select})")
        return self._streams(await self.conn.fetch(statement, self.tenant_id, kind))

    def _streams(self, rows: Sequence[Any]) -> dict[UUID, tuple[bytes, list[Event]]]:
        if sum(len(row[4]) for row in rows) > LONG_STREAM_CHARS and not is_apart():
            raise TooLongHere
        found: dict[UUID, tuple[bytes, list[Event]]] = {}
        for stream_id, head, name, schema_version, body, personal in rows:
            events = found.setdefault(stream_id, (head, []))[1]
            events.append(self.codec.decode(name, schema_version, body, personal or ()))
        return found

    async def history(
        self, stream_id: UUID, *, after: int = 0, limit: int | None = None
    ) -> list[Recorded]:
        """The events of a stream in order, with who, when and why; none when there is no stream."""
        rows = await self.conn.fetch(
            _HISTORY.format(schema=self.schema), self.tenant_id, stream_id, after, limit
        )
        return [self._recorded(row) for row in rows]

    async def past(
        self, stream_ids: Sequence[UUID], after: tuple[UUID, int], limit: int
    ) -> list[Recorded]:
        """The same of many streams, one after the other by their ids, behind a place in them."""
        rows = await self.conn.fetch(
            _PAST.format(schema=self.schema), self.tenant_id, stream_ids, *after, limit
        )
        return [self._recorded(row) for row in rows]

    def _recorded(self, row: Any) -> Recorded:
        return Recorded(
            self.tenant_id,
            row["stream_id"],
            row["version"],
            row["event_id"],
            row["occurred_at"],
            row["recorded_at"],
            row["actor"],
            row["correlation_id"],
            row["causation_id"],
            self.codec.decode(
                row["type"], row["schema_version"], row["body"], row["personal"] or ()
            ),
        )

    async def lock(self, stream_id: UUID, kind: str) -> tuple[int, bytes, str] | None:
        """Version, head hash and state of a stream that keeps one; locked until the end."""
        row = await self.conn.fetchrow(
            f"SELECT version, head_hash, state::text FROM {self.schema}.streams"
            " WHERE tenant_id = $1 AND stream_id = $2 AND kind = $3 FOR UPDATE",
            self.tenant_id,
            stream_id,
            kind,
        )
        return (row[0], row[1], row[2]) if row else None


# OFFSET 0 keeps the two apart: of a tenant that is younger than the statistics the planner expects
# one event, and it would as soon go through all of them for each stream that is read.
_LOAD = """
SELECT s.stream_id, s.head_hash, e.type, e.schema_version, e.body::text,
    CASE WHEN e.body ->> '~personal' IS NULL THEN NULL ELSE ARRAY(
        SELECT p.value::text FROM {schema}.personal p WHERE p.tenant_id = s.tenant_id
        AND p.stream_id = s.stream_id AND p.version = e.version ORDER BY p.field) END
FROM {schema}.streams s
CROSS JOIN LATERAL (
    SELECT e.version, e.type, e.schema_version, e.body FROM {schema}.events e
    WHERE e.tenant_id = s.tenant_id AND e.stream_id = s.stream_id AND e.version <= s.version
    OFFSET 0) e
WHERE s.tenant_id = $1 AND s.stream_id = ANY({wanted}) AND s.kind = $2
ORDER BY s.stream_id, e.version
"""
_EVENTS = """
SELECT e.stream_id, e.version, e.event_id, e.type, e.schema_version, e.occurred_at, e.recorded_at,
    e.actor, e.correlation_id, e.causation_id, e.body::text AS body, ARRAY(
        SELECT p.value::text FROM {schema}.personal p WHERE p.tenant_id = e.tenant_id
        AND p.stream_id = e.stream_id AND p.version = e.version ORDER BY p.field) AS personal
FROM {schema}.events e
"""
_HISTORY = f"""{_EVENTS}
WHERE e.tenant_id = $1 AND e.stream_id = $2 AND e.version > $3
ORDER BY e.version LIMIT $4
"""
_PAST = f"""{_EVENTS}
WHERE e.tenant_id = $1 AND e.stream_id = ANY($2::uuid[])
AND (e.stream_id, e.version) > ($3::uuid, $4::bigint)
ORDER BY e.stream_id, e.version LIMIT $5
"""


class EventSourcedRepository(Generic[A]):
    """Aggregates of one kind over their streams. What it hands out, the unit of work writes."""

    def __init__(
        self,
        kind: type[A],
        store: EventStore,
        held: dict[UUID, Held],
        *,
        name: str = "",
        missing: type[NotFound] = NotFound,
    ) -> None:
        self._type = kind
        self._name = name or kind.__name__
        self._store = store
        self._held = held
        self._missing = missing

    async def get(self, id: UUID) -> A:
        """The aggregate. Raises NotFound."""
        found = await self.find(id)
        if found is None:
            raise self._missing
        return found

    async def find(self, id: UUID) -> A | None:
        """The aggregate, or None."""
        return (await self.find_all([id])).get(id)

    async def find_all(self, ids: Iterable[UUID]) -> dict[UUID, A]:
        """Those of `ids` that exist, in one round trip."""
        wanted = list(dict.fromkeys(ids))
        unread = [id for id in wanted if id not in self._held]
        if unread:
            for id, (head, events) in (await self._store.load(unread, self._name)).items():
                self._held[id] = Held(self._type.rehydrate(id, events), self._name, head)
        return {
            id: held.aggregate
            for id in wanted
            if (held := self._held.get(id)) and isinstance(held.aggregate, self._type)
        }

    async def find_selected(self, select: str) -> list[A]:
        """Those whose ids this SELECT gives (its $1 is the tenant), in one round trip."""
        found = await self._store.load_selected(select, self._name)
        for id, (head, events) in found.items():
            if id not in self._held:
                self._held[id] = Held(self._type.rehydrate(id, events), self._name, head)
        aggregates = [self._held[id].aggregate for id in found]
        return [each for each in aggregates if isinstance(each, self._type)]

    async def get_locked(self, id: UUID) -> A:
        """From its kept state, locked until the transaction ends. Raises NotFound."""
        if (held := self._held.get(id)) and isinstance(held.aggregate, self._type):
            return held.aggregate
        row = await self._store.lock(id, self._name)
        if row is None:
            raise self._missing
        return self.hold(id, *row)

    def hold(self, id: UUID, version: int, head_hash: bytes, state: str) -> A:
        """Take in an aggregate whose locked row an adapter has read itself."""
        restore: Any = getattr(self._type, "restore", None)
        invariant(restore is not None, f"{self._name} keeps no state")
        aggregate: A = restore(id, version, msgspec.json.decode(state))
        self._held[id] = Held(aggregate, self._name, head_hash)
        return aggregate

    def add(self, aggregate: A) -> None:
        """Take a new aggregate into the unit of work."""
        self._held[aggregate.id] = Held(aggregate, self._name)
