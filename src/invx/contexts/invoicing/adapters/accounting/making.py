"""Files of exports as facts: made outside any transaction that writes, a chunk at a time."""

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from invx.contexts.invoicing.adapters.accounting.files import writer_for
from invx.contexts.invoicing.app.asked import ExportFile
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import ExportedBooking
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import (
    AccountingExportOpened,
)
from invx.contexts.invoicing.domain.bookkeeping.booking import Booking, BookingKind
from invx.infra.facts import Answered
from invx.infra.postgres import Connection
from invx.kernel.context import Caller, RequestContext
from invx.kernel.errors import invariant
from invx.kernel.ports import Fact

PORT = "accounting_file"
_CHUNK = 2_000
_FIELDS = tuple(each.name for each in dataclasses.fields(Booking))
_EXPORTED = f"""SELECT x.position, x.debtor, {", ".join(f"b.{name}" for name in _FIELDS)}
FROM invoicing.exported_bookings x
JOIN invoicing.bookings b ON b.tenant_id = x.tenant_id AND b.booking_id = x.booking_id
WHERE x.tenant_id = $1 AND x.export_id = $2 AND x.position > $3
ORDER BY x.position LIMIT {_CHUNK}"""

Reading = Callable[[Caller], AbstractAsyncContextManager[tuple[Connection, RequestContext]]]


@dataclass(frozen=True, slots=True)
class Question:
    """What the file is made of."""

    caller: Caller
    opened: AccountingExportOpened


class AccountingFiles:
    """Provides the facts. `reading` opens a transaction for queries."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One file per fact; what is kept as evidence is its hash. Raises NotInDatev."""
        found = []
        for fact in facts:
            made = await self._made(fact.question)
            evidence = {"sha256": hashlib.sha256(made.content).hexdigest()}
            found.append(Answered(fact, made, "invx", evidence))
        return found

    async def _made(self, question: Question) -> ExportFile:
        opened = question.opened
        writer, count = writer_for(opened), 0
        async for chunk in self._chunks(question.caller, opened.export_id):
            await asyncio.to_thread(writer.add, chunk)
            count += len(chunk)
        invariant(count == opened.selection.bookings, f"export {opened.export_id} lost bookings")
        return await asyncio.to_thread(writer.finish)

    async def _chunks(
        self, caller: Caller, export_id: UUID
    ) -> AsyncIterator[list[ExportedBooking]]:
        after = 0
        while True:
            async with self._reading(caller) as (conn, ctx):
                rows = await conn.fetch(_EXPORTED, ctx.tenant_id, export_id, after)
            if not rows:
                return
            after = rows[-1]["position"]
            yield [ExportedBooking(_booking(row), row["debtor"]) for row in rows]


def _booking(row: asyncpg.Record) -> Booking:
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    values["kind"] = BookingKind(values["kind"])
    return Booking(**values)
