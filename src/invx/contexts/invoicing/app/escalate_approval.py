"""Ask more people when nobody decided in time; a due job of the tenant's clock."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.approval.approval import Approval, approval_id
from invx.kernel.messages import Command

ESCALATE = "escalate_approval"


@dataclass(frozen=True, slots=True)
class EscalateApproval(Command):
    document_id: UUID


async def escalate_approval(command: EscalateApproval, uow: InvoicingUnitOfWork) -> None:
    """Escalate what is overdue; harmless when it was decided, or was done already."""
    approval = await uow.approvals.get(approval_id(command.document_id))
    approval.escalate(uow.ctx.now)
    watch_approval(approval, uow)


def watch_approval(approval: Approval, uow: InvoicingUnitOfWork) -> None:
    """A job for the moment at which the next step is overdue."""
    if approval.due_at is not None:
        due_at = max(approval.due_at, uow.ctx.now)
        uow.jobs.schedule(ESCALATE, str(approval.document_id), due_at=due_at)
