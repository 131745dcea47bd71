"""Throw a draft away. Its history stays; its row goes."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.let_lapse import let_lapse
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.approval.approval_events import LapseCause
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDraft(Command):
    document_id: UUID
    expected_version: int | None = None


async def delete_draft(command: DeleteDraft, uow: InvoicingUnitOfWork) -> Document:
    """Raises NotFound, Stale, DocumentNotDraft."""
    document = await uow.documents.get(command.document_id)
    expect(document, command.expected_version)
    document.ensure_draft()
    await let_lapse(document, LapseCause.DELETED, uow)
    document.delete()
    return document
