"""Several commands of one tenant in one transaction: what each alone would cost is paid once.

Each sees what those before it wrote. What they write is gathered into one statement, which is sent
when one of them asks the database something, and at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from invx.infra.facts import KnownFacts
from invx.infra.metrics import HANDLER_SECONDS
from invx.infra.postgres import Connection
from invx.infra.runner import Handler, Runner, Within
from invx.infra.write_set import WriteSet
from invx.kernel.context import Caller


@dataclass(frozen=True, slots=True)
class Piece:
    """A handler with its command, and who asks."""

    handler: Handler[Any, Any, Any]
    command: Any
    caller: Caller


async def run_together(runner: Runner[Any], pieces: Sequence[Piece], *, within: Within) -> None:
    """Run all to one commit; `pieces` are of one tenant, and `within` is awaited before it.

    Raises what one of them raises, also a lost race and a fact that is needed: then none of them
    has happened, and each is to be run by itself.
    """
    tenant, _ = await runner.context(pieces[0].caller)
    database = runner.database.at(tenant.placement)
    async with database.tenant_transaction(tenant.tenant_id, tenant.epoch, write=True) as conn:
        gathering = _Gathering(conn)
        for piece in pieces:
            began = perf_counter()
            _, ctx = await runner.context(piece.caller)
            unit = runner.open_unit(gathering, ctx, KnownFacts())  # type: ignore[arg-type]
            await piece.handler(piece.command, unit)
            unit.stage()
            gathering.add(unit.write_set)
            took = HANDLER_SECONDS.labels(runner.database.schema, piece.handler.__name__)
            took.observe(perf_counter() - began)
        await gathering.flush()
        await within(conn)
    runner.committed()


class _Gathering:
    """A connection that first writes what was gathered, then asks."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._gathered: WriteSet | None = None

    def add(self, rows: WriteSet) -> None:
        """Write these, too, some time before the end."""
        if self._gathered is None:
            self._gathered = rows
        else:
            self._gathered.absorb(rows)

    async def flush(self) -> None:
        gathered, self._gathered = self._gathered, None
        if gathered is not None:
            await gathered.flush(self._conn)

    async def execute(self, *query: Any, **options: Any) -> Any:
        await self.flush()
        return await self._conn.execute(*query, **options)

    async def executemany(self, *query: Any, **options: Any) -> Any:
        await self.flush()
        return await self._conn.executemany(*query, **options)

    async def fetch(self, *query: Any, **options: Any) -> Any:
        await self.flush()
        return await self._conn.fetch(*query, **options)

    async def fetchrow(self, *query: Any, **options: Any) -> Any:
        await self.flush()
        return await self._conn.fetchrow(*query, **options)

    async def fetchval(self, *query: Any, **options: Any) -> Any:
        await self.flush()
        return await self._conn.fetchval(*query, **options)
