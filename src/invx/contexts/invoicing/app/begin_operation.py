"""Begin an operation: work on many documents that outlasts a request."""

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


async def begin_operation(command: BeginOperation, uow: InvoicingUnitOfWork) -> Operation:
    """The operation; the worker begins with it at once. Raises SelectionEmpty."""
    return await uow.operations.open(command.kind, command.document_ids, command.settings)
