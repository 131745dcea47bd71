"""Change a draft: it now says this instead."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.determine_taxes import determine_taxes
from invx.contexts.invoicing.app.draft_document import filled, totals_of
from invx.contexts.invoicing.app.let_lapse import let_lapse
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.subjects import subject_of
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.app.with_files import named_files, with_files
from invx.contexts.invoicing.domain.approval.approval_events import LapseCause
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class EditDraft(Command):
    document_id: UUID
    content: Content
    defaults: frozenset[str] = frozenset()
    expected_version: int | None = None


async def edit_draft(command: EditDraft, uow: InvoicingUnitOfWork) -> Document:
    """The draft with its new content. Raises NotFound, Stale, DocumentNotDraft, Invalid."""
    document = await uow.documents.get(command.document_id)
    expect(document, command.expected_version)
    document.ensure_draft()
    before = named_files(document.content)
    entity = await uow.legal_entities.get(document.legal_entity_id)
    content = await with_files(filled(command.content, command.defaults, entity), uow)
    content = await determine_taxes(content, entity, uow)
    version = document.content_version
    document.edit(
        content,
        totals_of(content, document.rounding),
        subject_id=subject_of(uow.ctx.tenant_id, content, document.id),
    )
    if document.content_version != version:
        await let_lapse(document, LapseCause.EDITED, uow)
    if before != (named := named_files(content)):
        await uow.attached.release(document.id, but=named)
    return document
