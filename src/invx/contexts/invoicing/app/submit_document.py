"""Ask for the approval of a draft as it is now."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.escalate_approval import watch_approval
from invx.contexts.invoicing.app.let_lapse import note_approval
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.require_approval import rules_for
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.approval.approval import Approval, approval_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitDocument(Command):
    """`expected_version` is that of the document."""

    document_id: UUID
    note: str | None = None
    expected_version: int | None = None


async def submit_document(command: SubmitDocument, uow: InvoicingUnitOfWork) -> Approval:
    """The approval with the steps of all rules that apply.

    Raises NotFound, Stale, DocumentNotDraft, ApprovalNotNeeded, ApprovalPending, ApprovalGiven.
    """
    document = await uow.documents.get(command.document_id)
    expect(document, command.expected_version)
    document.ensure_draft()
    entity = await uow.legal_entities.get(document.legal_entity_id)
    rules = await rules_for(document, entity, uow)
    approval = await uow.approvals.find(approval_id(document.id))
    if approval is None:
        approval = Approval.of(document.id)
        uow.approvals.add(approval)
    approval.submit(document, rules, uow.ctx.caller.actor, uow.ctx.now, command.note)
    note_approval(document, approval)
    watch_approval(approval, uow)
    return approval
