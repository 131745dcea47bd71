"""The past of documents without a database: what aggregates recorded, and when."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from invx.infra.event_store import EventStore, Recorded
from invx.infra.unit_of_work import Rows
from invx.kernel.aggregate import Aggregate
from tests.unit.invoicing.domain.drafts import NOW, named

TENANT = named("tenant")
DAY = timedelta(days=1)


@dataclass(slots=True)
class Past:
    """Keeps what aggregates record, and answers as an event store does."""

    events: list[Recorded] = field(default_factory=list)

    def keep(self, *aggregates: Aggregate, at: datetime = NOW, actor: str = "user:ada") -> None:
        """Take what the aggregates recorded, as one command at this moment of business time."""
        for aggregate in aggregates:
            version = aggregate.version - len(aggregate.recorded)
            for event in aggregate.recorded:
                version += 1
                number = len(self.events)
                recorded_at = NOW + timedelta(seconds=number)
                self.events.append(
                    Recorded(
                        TENANT, aggregate.id, version, UUID(int=number), at, recorded_at,
                        actor, named(f"request {at}"), None, event, aggregate,
                    )
                )  # fmt: skip
            aggregate.recorded.clear()

    async def history(self, stream_id: UUID) -> list[Recorded]:
        """The events of one stream."""
        return [each for each in self.events if each.stream_id == stream_id]

    @property
    def store(self) -> EventStore:
        """Stands for the store where one is asked for; only `history` is."""
        return cast("EventStore", self)


class Sheet:
    """Rows as a projection states them, by table and key; what is deleted is gone."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}

    def put(self, table: str, key: dict[str, Any], values: dict[str, Any]) -> None:
        self.rows.setdefault(table, {})[tuple(key.values())] = values

    def delete(self, table: str, key: dict[str, Any]) -> None:
        rows = self.rows.get(table, {})
        rows.pop(tuple(key.values()), None)
        if not rows:
            self.rows.pop(table, None)

    @property
    def open(self) -> Rows:
        """Stands for the rows of a write set, where a projection asks for them."""
        return cast("Rows", self)

    @property
    def counts(self) -> dict[str, int]:
        return {table: len(rows) for table, rows in self.rows.items()}
