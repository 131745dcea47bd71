"""Start a document anew: a draft that says the same and will take the place of a cancelled one."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.cancel_document import CancelDocument, cancel_document
from invx.contexts.invoicing.app.draft_document import open_draft
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.crediting.crediting import replacement_of
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.status import Status
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceDocument(Command):
    document_id: UUID
    reason: str | None = None
    expected_version: int | None = None


async def replace_document(command: ReplaceDocument, uow: InvoicingUnitOfWork) -> Document:
    """The replacement's draft. A document that still stands is cancelled first (N08).

    Raises DocumentNotFinalized for a draft, and when the document has been replaced already.
    """
    original = await uow.documents.get(command.document_id)
    expect(original, command.expected_version)
    original.ensure_replaceable()
    if original.status is Status.FINALIZED:
        await cancel_document(CancelDocument(document_id=original.id, reason=command.reason), uow)
    entity = await uow.legal_entities.get(original.legal_entity_id)
    return open_draft(replacement_of(original), entity, uow, Links(replaces=original.id))
