"""Take an import back as a whole, while nobody has worked with what it brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.importing.carried import is_untouched, take_back
from invx.contexts.invoicing.domain.importing.errors import ImportInUse, ImportUnderWay
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.errors import DomainError
from invx.kernel.messages import Command
from invx.kernel.operations import Operation, OperationState

OPERATION = "reverse_import"


@dataclass(frozen=True, slots=True)
class ReverseImport(Command):
    import_id: UUID
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class WithdrawDocuments(Command):
    """A chunk of what an import brought."""

    document_ids: Sequence[UUID]


async def reverse_import(command: ReverseImport, uow: InvoicingUnitOfWork) -> Operation:
    """The operation that takes its documents back; their numbers may be imported again then.

    Raises ImportNotFound, ImportNotCommitted, ImportUnderWay, ImportInUse.
    """
    foreign = await uow.imports.get(command.import_id)
    importing = await uow.operations.locked(foreign.ensure_reversible())
    if importing.state not in (OperationState.DONE, OperationState.CANCELLED):
        raise ImportUnderWay
    if await uow.importing.is_in_use(foreign.id):
        raise ImportInUse
    ids = await uow.importing.documents_of(foreign.id)
    foreign.reverse(len(ids), command.reason, uow.ctx.now, uow.ctx.caller.actor)
    await uow.importing.drop_import(foreign.id)
    return await uow.operations.open(OPERATION, ids, {"import": str(foreign.id)})


async def withdraw_documents(
    command: WithdrawDocuments, uow: InvoicingUnitOfWork
) -> Sequence[DomainError | None]:
    """The refusal of each, or None, in order: one on which something moved meanwhile stays."""
    uow.behind_others()
    documents = await uow.imported.find_all(command.document_ids)
    settlements = await uow.settlements.find_all(map(settlement_id, command.document_ids))
    outcomes: list[DomainError | None] = []
    for id in command.document_ids:
        document, settlement = documents[id], settlements[settlement_id(id)]
        if not document.voided:
            if not is_untouched(settlement, f"import:{document.import_id}"):
                outcomes.append(ImportInUse())
                continue
            take_back(settlement, settlement.claim.opened_on)
            document.withdraw(uow.ctx.now)
        outcomes.append(None)
    return outcomes
