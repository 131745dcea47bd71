"""Operations as rows, worked off by the worker chunk by chunk, on the bulk lane.

A chunk is one transaction: its effects, the state of its items, the count, and the job for the next
chunk. A worker that dies leaves the last commit, from which another goes on. Whoever changes the
operation locks its row, so a cancelled one does nothing more once that is answered.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from invx.infra.postgres import Connection
from invx.infra.rotation import BULK
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel import limits
from invx.kernel.context import RequestContext
from invx.kernel.errors import DomainError
from invx.kernel.operations import (
    ItemGivenUp,
    Operation,
    OperationFinished,
    OperationItem,
    OperationNotFound,
    OperationState,
    SelectionEmpty,
    SelectionTooLarge,
)

JOB = "operation"
SUBJECT = "subject"  # in the settings of an operation on a single thing
TRIES_OF_A_CHUNK = 3  # the first with all of its items, the others with the first of them alone

Row: TypeAlias = Mapping[str, Any] | asyncpg.Record


@dataclass(frozen=True, slots=True)
class Work:
    """How a kind of operation is done: by so many subjects, a refusal or None for each."""

    chunk: int
    run: Callable[[Operation, Sequence[UUID], Any], Awaitable[Sequence[DomainError | None]]]


class PostgresOperations:
    """See `kernel.operations.Operations`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit
        self._schema = unit.store.schema

    async def open(
        self, kind: str, subjects: Sequence[UUID], settings: Mapping[str, Any]
    ) -> Operation:
        """A new operation on these, to be begun right after the commit.

        Raises SelectionEmpty, SelectionTooLarge.
        """
        subjects = list(dict.fromkeys(subjects))
        if not subjects:
            raise SelectionEmpty
        if len(subjects) > limits.OPERATION_ITEMS_MAX:
            raise SelectionTooLarge(f"An operation takes {limits.OPERATION_ITEMS_MAX:,} at most.")
        return await self._open(kind, subjects, len(subjects), settings)

    async def open_measured(
        self, kind: str, subject: UUID, total: int, settings: Mapping[str, Any]
    ) -> Operation:
        """See `kernel.operations.MeasuredOperations`."""
        settings = {**settings, SUBJECT: str(subject)}
        return await self._open(kind, [subject], total, settings)

    async def _open(
        self, kind: str, subjects: Sequence[UUID], total: int, settings: Mapping[str, Any]
    ) -> Operation:
        ctx = self._unit.ctx
        operation = Operation(
            operation_id=self._unit.ids.new(),
            kind=kind,
            state=OperationState.PENDING,
            total=total,
            settings=settings,
            actor=ctx.caller.actor,
            created_at=ctx.now,
        )
        self._state(operation)
        await self._unit.write_set.flush(self._unit.conn)  # items refer to it
        await self._unit.conn.execute(
            f"INSERT INTO {self._schema}.operation_items"
            " (tenant_id, operation_id, position, subject)"
            " SELECT $1, $2, n - 1, s FROM unnest($3::uuid[]) WITH ORDINALITY AS u(s, n)",
            ctx.tenant_id,
            operation.operation_id,
            subjects,
        )
        self._schedule(operation)
        return operation

    async def locked(self, operation_id: UUID) -> Operation:
        """As it stands; nobody works on it meanwhile. Raises OperationNotFound."""
        row = await self._unit.conn.fetchrow(
            f"SELECT {_COLUMNS} FROM {self._schema}.operations"
            " WHERE tenant_id = $1 AND operation_id = $2 FOR UPDATE",
            self._unit.ctx.tenant_id,
            operation_id,
        )
        if row is None:
            raise OperationNotFound
        return operation_of(row)

    async def cancel(self, operation: Operation) -> Operation:
        """Stop where it stands: what is done stays done. Raises OperationFinished."""
        if operation.state in (OperationState.DONE, OperationState.CANCELLED):
            raise OperationFinished
        now = self._unit.ctx.now
        return self._state(replace(operation, state=OperationState.CANCELLED, finished_at=now))

    async def resume(self, operation: Operation) -> Operation:
        """Go on with what is left, and try again what failed. Raises OperationFinished."""
        if operation.state is OperationState.DONE and not operation.failed:
            raise OperationFinished
        await self._unit.conn.execute(
            f"UPDATE {self._schema}.operation_items SET state = 'pending', problem = NULL"
            " WHERE tenant_id = $1 AND operation_id = $2 AND state = 'failed'",
            self._unit.ctx.tenant_id,
            operation.operation_id,
        )
        self._schedule(operation)
        state = OperationState.RUNNING if operation.started_at else OperationState.PENDING
        return self._state(replace(operation, state=state, failed=0, finished_at=None))

    async def next(self, operation: Operation, limit: int) -> list[OperationItem]:
        """The first items on which nobody has worked yet."""
        rows = await self._unit.conn.fetch(
            f"SELECT position, subject FROM {self._schema}.operation_items WHERE tenant_id = $1"
            " AND operation_id = $2 AND state = 'pending' ORDER BY position LIMIT $3",
            self._unit.ctx.tenant_id,
            operation.operation_id,
            limit,
        )
        return [OperationItem(row["position"], row["subject"]) for row in rows]

    def report(
        self,
        operation: Operation,
        items: Sequence[OperationItem],
        outcomes: Sequence[DomainError | None],
    ) -> Operation:
        """State what became of these items, and go on with the rest after the commit."""
        for item, refusal in zip(items, outcomes, strict=True):
            self._state_item(operation, item, refusal)
        now, failed = self._unit.ctx.now, sum(1 for each in outcomes if each is not None)
        operation = replace(
            operation,
            state=OperationState.RUNNING,
            done=operation.done + len(items) - failed,
            failed=operation.failed + failed,
            started_at=operation.started_at or now,
        )
        if operation.left:
            self._schedule(operation)
        else:
            operation = replace(operation, state=OperationState.DONE, finished_at=now)
        return self._state(operation)

    def measure(
        self, operation: Operation, done: int, refusal: DomainError | None = None
    ) -> Operation:
        """See `kernel.operations.MeasuredOperations`."""
        now = self._unit.ctx.now
        operation = replace(
            operation,
            state=OperationState.RUNNING,
            done=done,
            failed=0 if refusal is None else operation.total - done,
            started_at=operation.started_at or now,
        )
        if operation.left:
            self._schedule(operation)
            return self._state(operation)
        self._state_item(operation, OperationItem(0, UUID(operation.settings[SUBJECT])), refusal)
        return self._state(replace(operation, state=OperationState.DONE, finished_at=now))

    def _state_item(
        self, operation: Operation, item: OperationItem, refusal: DomainError | None
    ) -> None:
        problem = None if refusal is None else msgspec.Raw(msgspec.json.encode(said(refusal)))
        self._unit.write_set.put(
            "operation_items",
            {
                "tenant_id": self._unit.ctx.tenant_id,
                "operation_id": operation.operation_id,
                "position": item.position,
                "subject": item.subject,
                "state": "done" if refusal is None else "failed",
                "problem": problem,
            },
        )

    def _schedule(self, operation: Operation) -> None:
        lane, self._unit.jobs.lane = self._unit.jobs.lane, BULK
        self._unit.jobs.schedule(
            JOB,
            str(operation.operation_id),
            due_at=self._unit.ctx.now,
            payload={"actor": operation.actor},
        )
        self._unit.jobs.lane = lane

    def _state(self, operation: Operation) -> Operation:
        row = asdict(operation) | {"settings": msgspec.Raw(msgspec.json.encode(operation.settings))}
        self._unit.write_set.put("operations", {"tenant_id": self._unit.ctx.tenant_id, **row})
        return operation


async def work_on(
    payload: Mapping[str, Any], operations: PostgresOperations, works: Mapping[str, Work], uow: Any
) -> None:
    """One chunk of the operation that the job names; nothing when it was cancelled meanwhile.

    A chunk that fails as a whole is tried with its first item alone, so that an item which cannot
    be worked on is found; it is given up in the end, visibly, and the others go on.
    """
    operation = await operations.locked(UUID(payload["key"]))
    if operation.state in (OperationState.DONE, OperationState.CANCELLED):
        return
    work, attempt = works[operation.kind], payload["attempt"]
    items = await operations.next(operation, work.chunk if attempt == 1 else 1)
    outcomes: Sequence[DomainError | None] = [ItemGivenUp()] * len(items)
    if attempt <= TRIES_OF_A_CHUNK:
        outcomes = await work.run(operation, [item.subject for item in items], uow)
    operations.report(operation, items, outcomes)


def said(refusal: DomainError) -> dict[str, Any]:
    """What is kept of a refusal: code, detail, and each field that it names."""
    problems = [
        {"pointer": each.pointer, "code": each.code, "detail": each.detail}
        for each in refusal.problems
    ]
    return {"code": refusal.code, "detail": refusal.detail, "problems": problems}


def operation_of(row: Row) -> Operation:
    """The operation that a row states; its `settings` are text."""
    return Operation(
        operation_id=row["operation_id"],
        kind=row["kind"],
        state=OperationState(row["state"]),
        total=row["total"],
        done=row["done"],
        failed=row["failed"],
        settings=msgspec.json.decode(row["settings"]),
        actor=row["actor"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


async def get_operation(
    conn: Connection, ctx: RequestContext, schema: str, operation_id: UUID
) -> Operation:
    """How far an operation is. Raises OperationNotFound."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM {schema}.operations WHERE tenant_id = $1 AND operation_id = $2",
        ctx.tenant_id,
        operation_id,
    )
    if row is None:
        raise OperationNotFound
    return operation_of(row)


async def list_operations(
    conn: Connection,
    ctx: RequestContext,
    schema: str,
    *,
    after: UUID | None,
    limit: int,
    descending: bool = True,
) -> list[Operation]:
    """The newest first, those behind `after`; or the oldest first."""
    beyond, order = ("<", "DESC") if descending else (">", "ASC")
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM {schema}.operations WHERE tenant_id = $1"
        f" AND operation_id {beyond} $2 ORDER BY operation_id {order} LIMIT $3",
        ctx.tenant_id,
        after or UUID(int=2**128 - 1 if descending else 0),
        limit,
    )
    return [operation_of(row) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSlice:
    """Which items: in these states, behind a position, so many, in this order."""

    states: Sequence[str]
    after: int | None
    limit: int
    descending: bool = False


async def list_items(
    conn: Connection, ctx: RequestContext, schema: str, operation_id: UUID, part: ItemSlice
) -> Sequence[Row]:
    """Items in order; `problem` is text."""
    after = part.after
    if after is None:
        after = limits.OPERATION_ITEMS_MAX if part.descending else -1
    beyond, order = ("<", "DESC") if part.descending else (">", "ASC")
    return await conn.fetch(
        f"SELECT position, subject, state, problem::text FROM {schema}.operation_items"
        " WHERE tenant_id = $1 AND operation_id = $2 AND state = ANY($3::text[])"
        f" AND position {beyond} $4 ORDER BY position {order} LIMIT $5",
        ctx.tenant_id,
        operation_id,
        list(part.states),
        after,
        part.limit,
    )


_COLUMNS = (
    "operation_id, kind, state, total, done, failed, settings::text, actor, created_at, started_at,"
    " finished_at"
)
