"""What one request adds to the tables of invoicing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.e2e.acts import count_rows
from tests.world import Desk

PERSONAL = "personal"  # one row per value that can be erased: as many as the request said


@dataclass(slots=True)
class Written:
    """The rows by table, and of events, contracts and jobs the names, in order."""

    rows: dict[str, int] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)

    @property
    def projected(self) -> dict[str, int]:
        """The rows beside those that every event brings along."""
        apart = {"streams", "events", "outbox", "due_jobs", PERSONAL}
        return {table: count for table, count in self.rows.items() if table not in apart}


async def _names(desk: Desk, statement: str) -> list[str]:
    async with desk.world.admin() as conn:
        return [row[0] for row in await conn.fetch(statement, desk.tenant_id)]


async def _events(desk: Desk) -> list[str]:
    return await _names(
        desk,
        "SELECT type FROM invoicing.events WHERE tenant_id = $1"
        " ORDER BY recorded_at, event_id, version",
    )


async def _contracts(desk: Desk) -> list[str]:
    return await _names(
        desk, "SELECT contract FROM invoicing.outbox WHERE tenant_id = $1 ORDER BY position"
    )


async def _jobs(desk: Desk) -> list[str]:
    return await _names(
        desk, "SELECT kind FROM invoicing.due_jobs WHERE tenant_id = $1 ORDER BY kind, key"
    )


@asynccontextmanager
async def written(desk: Desk) -> AsyncIterator[Written]:
    """What the block adds. Nothing relays or works meanwhile, so nothing goes away either."""
    found = Written()
    rows = await count_rows(desk.world)
    events, contracts, jobs = await _events(desk), await _contracts(desk), await _jobs(desk)
    yield found
    after = await count_rows(desk.world)
    found.rows = {
        table.removeprefix("invoicing."): count - rows[table]
        for table, count in after.items()
        if count != rows[table] and not table.startswith("invoicing.idempotency_")
    }
    found.events = (await _events(desk))[len(events) :]
    found.contracts = (await _contracts(desk))[len(contracts) :]
    left = await _jobs(desk)
    for kind in jobs:
        left.remove(kind)
    found.jobs = left
