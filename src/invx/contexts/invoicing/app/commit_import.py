"""Commit an import: its documents are taken in by an operation, each exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.check_import import examine
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.importing.errors import NothingToImport, RowsRejected
from invx.contexts.invoicing.domain.importing.imported_events import ImportCommitted
from invx.contexts.invoicing.domain.importing.reading import Read
from invx.kernel.errors import DomainError, Problem, Stale
from invx.kernel.messages import Command
from invx.kernel.operations import Operation

OPERATION = "import"
_PROBLEMS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitImport(Command):
    """The documents as read by the mapping of `version`; `skip_rejected` leaves out the wrong.

    Or why they could not be read: a commit that comes again under its key has its answer already.
    """

    import_id: UUID
    version: int
    read: Sequence[Read] | DomainError
    skip_rejected: bool = False


async def commit_import(command: CommitImport, uow: InvoicingUnitOfWork) -> Operation:
    """The operation; its items are the documents that are not there yet.

    Raises ImportNotFound, ImportNotOpen, Stale, RowsRejected, NothingToImport.
    """
    if isinstance(command.read, DomainError):
        raise command.read
    foreign = await uow.imports.get(command.import_id)
    foreign.ensure_open()
    if foreign.version != command.version:
        raise Stale
    result = await examine(command.read, foreign, uow)
    if result.rejected and not command.skip_rejected:
        wrong = [each for each in result.problems if not each.warning][:_PROBLEMS_SHOWN]
        raise RowsRejected(
            problems=[
                Problem(f"/rows/{each.row}/{each.field}", each.code, each.detail) for each in wrong
            ]
        )
    if not result.ready:
        raise NothingToImport
    items = [(uow.ids.new(), item) for item in result.ready]
    operation = await uow.operations.open(
        OPERATION, [id for id, _ in items], {"import": str(foreign.id)}
    )
    foreign.note_committed(
        ImportCommitted(
            operation_id=operation.operation_id,
            documents=len(items),
            left_out=result.rejected + result.duplicates,
            committed_at=uow.ctx.now,
            by=uow.ctx.caller.actor,
        )
    )
    await uow.importing.keep_items(foreign.id, items)
    return operation
