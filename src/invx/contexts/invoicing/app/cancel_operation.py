"""Cancel an operation: what is done stays done."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.kernel.messages import Command
from invx.kernel.operations import Operation


@dataclass(frozen=True, slots=True)
class CancelOperation(Command):
    operation_id: UUID


async def cancel_operation(command: CancelOperation, uow: InvoicingUnitOfWork) -> Operation:
    """Stop it; a running chunk ends first. Raises OperationNotFound, OperationFinished."""
    return await uow.operations.cancel(await uow.operations.locked(command.operation_id))
