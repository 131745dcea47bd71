"""Resume an advance that was cancelled, or that something stopped."""

from dataclasses import dataclass, replace
from uuid import UUID

from invx.contexts.identity.app.cancel_advance import advance_of
from invx.contexts.identity.app.find_sandbox import find_sandbox
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.kernel.messages import Command
from invx.kernel.operations import Operation, OperationFinished


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAdvance(Command):
    """Asked for from inside the tenant `asked_from`."""

    asked_from: UUID
    sandbox_id: UUID
    operation_id: UUID


async def resume_advance(command: ResumeAdvance, uow: IdentityUnitOfWork) -> Operation:
    """Go on, without what is parked by now. Only the last advance of a sandbox can be resumed.

    Raises SandboxNotFound, OperationNotFound, OperationFinished.
    """
    sandbox = await find_sandbox(command.sandbox_id, command.asked_from, uow)
    operation = await advance_of(sandbox, command.operation_id, uow)
    if sandbox.advance_id != operation.operation_id:
        raise OperationFinished("The clock was advanced again since.")
    settings = {name: value for name, value in operation.settings.items() if name != "known"}
    return await uow.operations.resume(replace(operation, settings=settings))
