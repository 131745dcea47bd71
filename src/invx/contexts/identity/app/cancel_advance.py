"""Cancel an advance: the clock stays where it is by now, and runs on from there."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.find_sandbox import find_sandbox
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.tenant import Tenant
from invx.kernel.messages import Command
from invx.kernel.operations import Operation, OperationNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAdvance(Command):
    """Asked for from inside the tenant `asked_from`."""

    asked_from: UUID
    sandbox_id: UUID
    operation_id: UUID


async def cancel_advance(command: CancelAdvance, uow: IdentityUnitOfWork) -> Operation:
    """Stop it. Raises SandboxNotFound, OperationNotFound, OperationFinished."""
    sandbox = await find_sandbox(command.sandbox_id, command.asked_from, uow)
    return await uow.operations.cancel(await advance_of(sandbox, command.operation_id, uow))


async def advance_of(sandbox: Tenant, operation_id: UUID, uow: IdentityUnitOfWork) -> Operation:
    """An advance of this sandbox, locked. Raises OperationNotFound, also for another one's."""
    operation = await uow.operations.locked(operation_id)
    if operation.settings["subject"] != str(sandbox.id):
        raise OperationNotFound
    return operation
