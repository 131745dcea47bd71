"""An approval is of one version of a draft: it lapses with a change of the draft, or its end."""

from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.approval.approval import Approval, approval_id
from invx.contexts.invoicing.domain.approval.approval_events import LapseCause
from invx.contexts.invoicing.domain.approval.state import ApprovalState
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import ApprovalChanged


async def let_lapse(document: Document, cause: LapseCause, uow: InvoicingUnitOfWork) -> None:
    """What was asked for or given counts no more. Without an approval nothing is read."""
    deleted = cause is LapseCause.DELETED
    if not (document.approval.holds or (deleted and document.approval is not ApprovalState.NONE)):
        return
    approval = await approval_of(document.id, uow)
    approval.lapse(cause)
    note_approval(document, approval)


async def approval_of(document_id: UUID, uow: InvoicingUnitOfWork) -> Approval:
    """The approval of a document. Raises ApprovalNotFound."""
    return await uow.approvals.get(approval_id(document_id))


def note_approval(document: Document, approval: Approval) -> None:
    """Let the document know where its approval stands.

    Its stream decides races: whoever finalizes, edits or deletes it meanwhile loses or wins whole.
    """
    if document.approval is not approval.state:
        document.record(ApprovalChanged(state=approval.state))
