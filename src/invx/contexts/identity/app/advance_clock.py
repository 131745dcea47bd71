"""Advance a sandbox's clock: an operation that steps from due time to due time (T5).

Each step is a transaction of its own. What is due by the clock of now is done first, in every
context; only then the clock moves, to the earliest time at which something becomes due, or to the
end of the way. So a year passes in the order in which it would have passed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.identity.app.find_sandbox import find_sandbox
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.clock import after, days_between, ensure_ahead
from invx.contexts.identity.domain.errors import ClockMoving, ClockStopped
from invx.contexts.identity.domain.tenant import Tenant
from invx.kernel.clocks import Standing
from invx.kernel.errors import DomainError, Problem
from invx.kernel.messages import Command
from invx.kernel.operations import (
    ItemGivenUp,
    Operation,
    OperationState,
)

KIND = "clock_advance"
TRIES_OF_A_STEP = 4
_OVER = (OperationState.DONE, OperationState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceClock(Command):
    """To a moment of business time, or by a span (ISO 8601) from the sandbox's now."""

    asked_from: UUID
    sandbox_id: UUID
    to: datetime | None = None
    by: str = ""


async def advance_clock(command: AdvanceClock, uow: IdentityUnitOfWork) -> Operation:
    """The operation, of which days are counted.

    Raises SandboxNotFound, ClockOfLiveTenant, ClockMoving, ClockGoesBack, ClockTooFar,
    ClockSpanMalformed.
    """
    sandbox = await find_sandbox(command.sandbox_id, command.asked_from, uow)
    if sandbox.advance_id is not None:
        last = await uow.operations.locked(sandbox.advance_id)
        if last.state not in _OVER:
            raise ClockMoving
    now = uow.system_now()
    start = sandbox.clock(now)
    until = command.to or after(start, command.by)
    ensure_ahead(until, start, now, "/to" if command.to else "/by")
    operation = await uow.operations.open_measured(
        KIND,
        sandbox.id,
        days_between(start, until) + 1,
        {"start": start.isoformat(), "until": until.isoformat()},
    )
    sandbox.begin_advance(operation.operation_id, until)
    return operation


async def step_clock(payload: Mapping[str, Any], uow: IdentityUnitOfWork) -> None:
    """One step of the advance that the job names; nothing when it was cancelled meanwhile."""
    operation = await uow.operations.locked(UUID(payload["key"]))
    if operation.state in _OVER:
        return
    sandbox = await uow.tenants.get(UUID(operation.settings["subject"]))
    if not sandbox.is_open:
        await uow.operations.cancel(operation)
        return
    if payload["attempt"] >= TRIES_OF_A_STEP:
        uow.operations.measure(operation, operation.done, ItemGivenUp())
        return
    standing = await uow.clockwork.settle(sandbox)
    known = operation.settings.get("known", standing.parked_before)
    operation = replace(operation, settings={**operation.settings, "known": known})
    _step(operation, sandbox, standing, uow)
    if sandbox.recorded:
        await uow.directory.state(sandbox)


def _step(
    operation: Operation, sandbox: Tenant, standing: Standing, uow: IdentityUnitOfWork
) -> None:
    """Move the clock if everything is done, and state how far it is."""
    start = datetime.fromisoformat(operation.settings["start"])
    until = datetime.fromisoformat(operation.settings["until"])
    now = uow.system_now()
    refusal = _stopped(standing, operation.settings["known"])
    passed = min(days_between(start, sandbox.clock(now)), operation.total - 1)
    if refusal is not None:
        uow.operations.measure(operation, passed, refusal)
    elif standing.settled and sandbox.clock(now) >= until:
        uow.operations.measure(operation, operation.total)
    else:
        if standing.settled:
            sandbox.step_clock(min(until, standing.next_due or until), now)
        uow.operations.measure(operation, passed)


def _stopped(standing: Standing, known: Collection[str]) -> DomainError | None:
    """Why the clock cannot go on, naming what is in its way."""
    if not standing.open:
        return ClockStopped("The sandbox is suspended, or lives in a database of its own.")
    for name, reason in standing.parked.items():
        if name not in known:
            return _named(f"{name} is parked: {reason}")
    for name, reason in standing.failing.items():
        return _named(f"{name} fails and is tried again later: {reason}")
    return None


def _named(detail: str) -> DomainError:
    return ClockStopped(detail, problems=[Problem("", ClockStopped.code, detail)])
