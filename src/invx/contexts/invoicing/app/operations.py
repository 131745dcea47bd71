"""Begin, cancel and resume operations: work on many documents that outlasts a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.kernel.messages import Command
from invx.kernel.operations import Operation


@dataclass(frozen=True, slots=True)
class BeginOperation(Command):
    """On these documents, in this order. `settings` is what the kind of operation goes by."""

    kind: str
    document_ids: Sequence[UUID]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CancelOperation(Command):
    operation_id: UUID


@dataclass(frozen=True, slots=True)
class ResumeOperation(Command):
    operation_id: UUID


async def begin_operation(command: BeginOperation, uow: InvoicingUnitOfWork) -> Operation:
    """The operation; the worker begins with it at once. Raises SelectionEmpty."""
    return await uow.operations.open(command.kind, command.document_ids, command.settings)


async def cancel_operation(command: CancelOperation, uow: InvoicingUnitOfWork) -> Operation:
    """Stop it; a running chunk ends first. Raises OperationNotFound, OperationFinished."""
    return await uow.operations.cancel(await uow.operations.locked(command.operation_id))


async def resume_operation(command: ResumeOperation, uow: InvoicingUnitOfWork) -> Operation:
    """Go on, and try again what failed. Raises OperationNotFound, OperationFinished."""
    return await uow.operations.resume(await uow.operations.locked(command.operation_id))
