"""Repositories over rows: the state of an aggregate is its row, its events say who changed what.

The idiom is that of event-sourced aggregates: methods check rules and record events, the unit of
work chains them and states the row with the projection. Only loading differs: the row is read, and
no past is replayed. So what must never stand in an event (a password's hash) can stand in a row.
"""

from collections.abc import Mapping
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import UUID

from invx.infra.event_store import Held
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import NotFound

_BESIDE = frozenset(("tenant_id", "~version", "~head_hash"))


class Restorable(Protocol):
    """An aggregate that is made anew from what its row says."""

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self: ...


A = TypeVar("A", bound=Aggregate)


class RowRepository(Generic[A]):
    """Aggregates of one kind, each a row of `table` under `key`. The unit of work writes them."""

    def __init__(
        self,
        kind: type[A],
        unit: EventUnitOfWork,
        *,
        table: str,
        key: str,
        missing: type[NotFound] = NotFound,
    ) -> None:
        self._kind = kind
        self._restore: Any = kind.restore  # type: ignore[attr-defined]  # see `Restorable`
        self._unit = unit
        self._key = key
        self._missing = missing
        schema = unit.store.schema
        self._select = (
            f'SELECT t.*, s.version AS "~version", s.head_hash AS "~head_hash"'
            f" FROM {schema}.{table} t JOIN {schema}.streams s"
            f" ON s.tenant_id = t.tenant_id AND s.stream_id = t.{key} WHERE t.tenant_id = $1"
        )

    async def get(self, id: UUID) -> A:
        """The aggregate. Raises NotFound."""
        found = await self.find(id)
        if found is None:
            raise self._missing
        return found

    async def find(self, id: UUID) -> A | None:
        """The aggregate, or None."""
        held = self._unit.held.get(id)
        if held is not None and isinstance(held.aggregate, self._kind):
            return held.aggregate
        return await self.find_by(f"t.{self._key} = $2", id)

    async def find_by(self, condition: str, *arguments: Any) -> A | None:
        """The one of which the condition holds (`t` is its row, $1 the tenant), or None."""
        rows = await self._unit.conn.fetch(
            f"{self._select} AND {condition} LIMIT 1", self._unit.ctx.tenant_id, *arguments
        )
        return self._held(rows[0]) if rows else None

    async def find_all_by(self, condition: str, *arguments: Any) -> list[A]:
        """All of which the condition holds, in the order of their ids."""
        rows = await self._unit.conn.fetch(
            f"{self._select} AND {condition} ORDER BY t.{self._key}",
            self._unit.ctx.tenant_id,
            *arguments,
        )
        return [self._held(row) for row in rows]

    def add(self, aggregate: A) -> None:
        """Take a new aggregate into the unit of work."""
        self._unit.held[aggregate.id] = Held(aggregate, self._kind.__name__)

    def _held(self, row: Any) -> A:
        id: UUID = row[self._key]
        held = self._unit.held.get(id)
        if held is not None and isinstance(held.aggregate, self._kind):
            return held.aggregate
        left_out = _BESIDE | {self._key}
        state = {name: value for name, value in row.items() if name not in left_out}
        aggregate: A = self._restore(id, row["~version"], state)
        self._unit.held[id] = Held(aggregate, self._kind.__name__, row["~head_hash"])
        return aggregate
