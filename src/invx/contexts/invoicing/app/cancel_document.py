"""Cancel a document that has left the house: another document in the series takes it back."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.draft_document import open_draft
from invx.contexts.invoicing.app.finalize_document import (
    Finalized,
    FinalizeDocument,
    finalize_document,
)
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.crediting.crediting import cancellation_of
from invx.contexts.invoicing.domain.document_events import Links
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDocument(Command):
    document_id: UUID
    reason: str | None = None
    issue_date: date | None = None
    expected_version: int | None = None


async def cancel_document(command: CancelDocument, uow: InvoicingUnitOfWork) -> Finalized:
    """The cancellation document, finalized. Raises DocumentNotFinalized, NothingLeftToCredit."""
    original = await uow.documents.get(command.document_id)
    expect(original, command.expected_version)
    original.ensure_creditable()
    entity = await uow.legal_entities.get(original.legal_entity_id)
    content = replace(cancellation_of(original), notes=command.reason)
    links = Links(credits=original.id, cancels=original.id)
    draft = open_draft(content, entity, uow, links)
    return await finalize_document(
        FinalizeDocument(document_id=draft.id, issue_date=command.issue_date), uow
    )
