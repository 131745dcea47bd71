"""The unit of work of an event-sourced context: what a handler holds, and how it is written.

A context derives its own from `EventUnitOfWork` and adds its repositories and ports. Handlers never
commit: the runner flushes once, outside the handler.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, UUID

import msgspec

from invx.infra.codec import Codec
from invx.infra.event_store import EventSourcedRepository, EventStore, Held, Recorded, event_hash
from invx.infra.facts import KnownFacts
from invx.infra.jobs import traced
from invx.infra.lock_times import LockTimes
from invx.infra.postgres import Connection
from invx.infra.rotation import BULK, INTERACTIVE
from invx.infra.tracing import current_traceparent
from invx.infra.write_set import Catalogue, Row, WriteSet
from invx.kernel.aggregate import Aggregate
from invx.kernel.context import RequestContext
from invx.kernel.errors import NotFound, invariant
from invx.kernel.ids import named_id
from invx.kernel.messages import Contract, Envelope
from invx.kernel.ports import Clock, Ids

A = TypeVar("A", bound=Aggregate)

Project = Callable[[Recorded, "Rows"], None]
Publish = Callable[[Recorded], Contract | None]


class Rows:
    """What a projection may do: state whole rows, or delete them."""

    def __init__(self, write_set: WriteSet, tenant_id: UUID) -> None:
        self._write_set = write_set
        self._tenant_id = tenant_id

    def put(self, table: str, key: Row, values: Row) -> None:
        """The row with this key is now exactly this."""
        self._write_set.put(table, {"tenant_id": self._tenant_id, **key, **values})

    def delete(self, table: str, key: Row) -> None:
        """There is no row with this key."""
        self._write_set.delete(table, {"tenant_id": self._tenant_id, **key})


@dataclass(frozen=True, slots=True)
class Storage:
    """How one context stores: its events, its rows, and what it tells the others."""

    catalogue: Catalogue
    codec: Codec
    project: Project
    publish: Publish
    contract_body: Callable[[Contract], Mapping[str, Any]]
    kinds: tuple[type[Aggregate], ...] = ()
    tables: tuple[str, ...] = ()  # those that projections state, and nobody else writes


class DueJobs:
    """Jobs scheduled by this unit of work."""

    def __init__(self, write_set: WriteSet, ctx: RequestContext) -> None:
        self._write_set = write_set
        self._ctx = ctx
        self.lane = INTERACTIVE

    def schedule(
        self, kind: str, key: str, *, due_at: datetime, payload: Mapping[str, Any] | None = None
    ) -> None:
        """Remember the job with this transaction; the same kind and key replaces the old one."""
        said = traced(payload or {}, at_once=due_at <= self._ctx.now)
        self._write_set.put(
            "due_jobs",
            {
                "tenant_id": self._ctx.tenant_id,
                "kind": kind,
                "key": key,
                "lane": self.lane,
                "due_at": due_at,
                "payload": msgspec.Raw(msgspec.json.encode(said)),
                "correlation_id": self._ctx.caller.correlation_id,
                "state": "pending",
                "attempts": 0,
                "next_attempt_at": "-infinity",
                "claim": None,
                "claimed_until": None,
                "reason": None,
            },
        )


class EventUnitOfWork:
    """Repositories, facts, jobs and the write set of one command."""

    def __init__(
        self,
        conn: Connection,
        ctx: RequestContext,
        *,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        facts: KnownFacts,
    ) -> None:
        self.conn = conn
        self.ctx = ctx
        self.ids = ids
        self.facts = facts
        self.write_set = WriteSet(storage.catalogue)
        self.locks = LockTimes()
        self.jobs = DueJobs(self.write_set, ctx)
        self.store = EventStore(conn, storage.catalogue.schema, storage.codec, ctx.tenant_id)
        self._storage = storage
        self._clock = clock
        self.held: dict[UUID, Held] = {}

    def repository(
        self, kind: type[A], *, missing: type[NotFound] = NotFound
    ) -> EventSourcedRepository[A]:
        """A repository whose aggregates this unit of work writes."""
        return EventSourcedRepository(kind, self.store, self.held, missing=missing)

    def behind_others(self) -> None:
        """This is bulk work: its contracts and jobs go behind everybody's interactive ones (E3)."""
        self.jobs.lane = BULK

    def system_now(self) -> datetime:
        """System time, for what is remembered of an answer."""
        return self._clock.now()

    def start_over(self) -> None:
        """Forget all that was loaded and recorded; nothing of it is written. Locks stay."""
        self.held.clear()
        self.write_set.clear()

    @property
    def changed(self) -> list[Aggregate]:
        """The aggregates that recorded something."""
        return [held.aggregate for held in self.held.values() if held.aggregate.recorded]

    def stage(self) -> None:
        """Turn what was recorded into rows of the write set: events, projections, outbox."""
        recorded_at = self._clock.now()
        for held in self.held.values():
            if held.aggregate.recorded:
                self._stage(held, recorded_at)

    async def flush(self) -> None:
        """Stage and write everything in one statement. Raises asyncpg.PostgresError."""
        self.stage()
        await self.write_set.flush(self.conn)

    def let_go(self, stream_id: UUID) -> None:
        """Forget an aggregate that was loaded, so that it is read again; it recorded nothing."""
        held = self.held.pop(stream_id, None)
        invariant(held is None or not held.aggregate.recorded, "what was recorded would be lost")

    async def reproject(self, stream_id: UUID) -> None:
        """Make the rows of a stream anew from its events; nothing when there is no such stream."""
        name = await self.conn.fetchval(
            f"SELECT kind FROM {self._storage.catalogue.schema}.streams"
            " WHERE tenant_id = $1 AND stream_id = $2",
            self.ctx.tenant_id,
            stream_id,
        )
        kind = next((kind for kind in self._storage.kinds if kind.__name__ == name), None)
        if kind is None:
            return
        past = await self.store.history(stream_id)
        aggregate = kind.rehydrate(stream_id, [each.event for each in past])
        rows = Rows(self.write_set, self.ctx.tenant_id)
        for recorded in past:
            self._storage.project(replace(recorded, aggregate=aggregate), rows)

    def _stage(self, held: Held, recorded_at: datetime) -> None:
        aggregate = held.aggregate
        version = aggregate.version - len(aggregate.recorded)
        rows = Rows(self.write_set, self.ctx.tenant_id)
        caller = self.ctx.caller
        for event in aggregate.recorded:
            version += 1
            recorded = Recorded(
                self.ctx.tenant_id,
                aggregate.id,
                version,
                self.ids.new(),
                self.ctx.now,
                recorded_at,
                caller.actor,
                caller.correlation_id,
                caller.causation_id,
                event,
                aggregate,
            )
            self._store_event(held, recorded)
            self._storage.project(recorded, rows)
            self._publish(recorded)
        aggregate.recorded.clear()
        snapshot = getattr(aggregate, "snapshot", None)
        self.write_set.put(
            "streams",
            {
                "tenant_id": self.ctx.tenant_id,
                "stream_id": aggregate.id,
                "kind": held.kind,
                "version": aggregate.version,
                "head_hash": held.head_hash,
                "state": msgspec.Raw(msgspec.json.encode(snapshot())) if snapshot else None,
            },
        )

    def _store_event(self, held: Held, recorded: Recorded) -> None:
        encoded = self._storage.codec.encode(recorded.event)
        held.head_hash = event_hash(held.head_hash, recorded, encoded)
        key = {
            "tenant_id": recorded.tenant_id,
            "stream_id": recorded.stream_id,
            "version": recorded.version,
        }
        self.write_set.insert(
            "events",
            {
                **key,
                "event_id": recorded.event_id,
                "type": encoded.type,
                "schema_version": encoded.schema_version,
                "occurred_at": recorded.occurred_at,
                "recorded_at": recorded.recorded_at,
                "actor": recorded.actor,
                "correlation_id": recorded.correlation_id,
                "causation_id": recorded.causation_id,
                "body": msgspec.Raw(encoded.body),
                "hash": held.head_hash,
            },
        )
        for number, item in enumerate(encoded.personal):
            self.write_set.insert(
                "personal",
                {
                    **key,
                    "field": str(number),
                    "subject_id": item.subject_id,
                    "salt": item.salt,
                    "value": msgspec.Raw(item.value),
                },
            )

    def _publish(self, recorded: Recorded) -> None:
        contract = self._storage.publish(recorded)
        if contract is None:
            return
        row = outbox_row(recorded, contract, self._storage)
        row["lane"] = self.jobs.lane
        self.write_set.insert("outbox", row)


def outbox_row(recorded: Recorded, contract: Contract, storage: Storage) -> dict[str, Any]:
    """The outbox row of a contract: the same event always gives the same message id."""
    return {
        "tenant_id": recorded.tenant_id,
        "message_id": message_id(recorded.event_id, contract.wire),
        "contract": contract.wire,
        "order_key": recorded.stream_id,
        "sequence": recorded.version,
        "lane": INTERACTIVE,
        "occurred_at": recorded.occurred_at,
        "recorded_at": recorded.recorded_at,
        "actor": recorded.actor,
        "correlation_id": recorded.correlation_id,
        "causation_id": recorded.event_id,
        "trace_parent": current_traceparent(),
        "body": msgspec.Raw(msgspec.json.encode(storage.contract_body(contract))),
    }


def envelopes_of(past: Iterable[Recorded], storage: Storage) -> list[Envelope]:
    """The contracts of a stream's past, made again from its events: for `republish`."""
    made = []
    for recorded in past:
        contract = storage.publish(recorded)
        if contract is not None:
            row = outbox_row(recorded, contract, storage)
            row["body"] = bytes(row["body"]).decode()
            del row["lane"], row["recorded_at"]
            made.append(Envelope(**row))
    return made


def message_id(event_id: UUID, wire: str) -> UUID:
    """uuid5 of event and contract name, so a contract made again is recognised."""
    return named_id(NAMESPACE_OID, f"{event_id}:{wire}")
