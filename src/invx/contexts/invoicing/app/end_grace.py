"""A draft's grace period is over: finalize it as it is by now; a due job of business time."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.finalize_document import FinalizeDocument, finalize_document
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.grace import grace_id
from invx.contexts.invoicing.domain.status import Status
from invx.kernel.errors import DomainError
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class EndGrace(Command):
    """`last` when nobody tries again if this fails."""

    document_id: UUID
    last: bool = False


async def end_grace(command: EndGrace, uow: InvoicingUnitOfWork) -> None:
    """Finalize the draft; harmless when it is none any more, is held, or waits for longer.

    What refuses it is kept with the grace period, where people see it. A refusal that may pass by
    itself is raised, so that the job is tried again; what does not pass is kept in the end too.
    """
    grace = await uow.graces.get(grace_id(command.document_id))
    document = await uow.documents.get(command.document_id)
    if document.status is Status.DELETED or grace.due is None or grace.due > uow.ctx.now:
        return
    if document.status is not Status.DRAFT:
        grace.end()
        return
    try:
        await finalize_document(FinalizeDocument(document_id=document.id), uow)
        grace.end()
    except DomainError as refusal:
        if not (refusal.lasting or command.last):
            raise
        uow.start_over()
        grace = await uow.graces.get(grace_id(command.document_id))
        grace.fail(refusal.code)
