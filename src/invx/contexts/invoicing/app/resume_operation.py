"""Resume an operation: go on with what is left, and try again what failed."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.kernel.messages import Command
from invx.kernel.operations import Operation


@dataclass(frozen=True, slots=True)
class ResumeOperation(Command):
    operation_id: UUID


async def resume_operation(command: ResumeOperation, uow: InvoicingUnitOfWork) -> Operation:
    """Go on, and try again what failed. Raises OperationNotFound, OperationFinished."""
    return await uow.operations.resume(await uow.operations.locked(command.operation_id))
