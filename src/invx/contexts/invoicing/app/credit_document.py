"""Write a credit note for a document: all that is left, some lines, or an amount."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.draft_document import open_draft
from invx.contexts.invoicing.app.finalize_document import (
    Finalized,
    FinalizeDocument,
    finalize_document,
)
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.crediting.crediting import (
    LineCredit,
    credit_amount,
    credit_lines,
    credit_whole,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Links
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditDocument(Command):
    """Neither lines nor an amount: everything that is left."""

    document_id: UUID
    lines: Sequence[LineCredit] | None = None
    amount: Decimal | None = None
    reason: str | None = None
    external_id: str | None = None
    finalize: bool = False
    issue_date: date | None = None


async def credit_document(command: CreditDocument, uow: InvoicingUnitOfWork) -> Finalized:
    """The credit note, as a draft or finalized at once.

    Raises CreditExceedsRemainder and NothingLeftToCredit: what was credited never exceeds what was
    invoiced, however many try at once (the original's stream decides).
    """
    original = await uow.documents.get(command.document_id)
    original.ensure_creditable()
    entity = await uow.legal_entities.get(original.legal_entity_id)
    content = replace(_content(command, original), external_id=command.external_id)
    draft = open_draft(content, entity, uow, Links(credits=original.id))
    if not command.finalize:
        return Finalized(draft, None)
    return await finalize_document(
        FinalizeDocument(document_id=draft.id, issue_date=command.issue_date), uow
    )


def _content(command: CreditDocument, original: Document) -> Content:
    if command.lines is not None:
        content = credit_lines(original, command.lines)
    elif command.amount is not None:
        number = original.number or ""
        content = credit_amount(original, command.amount, command.reason or f"Credit on {number}")
    else:
        content = credit_whole(original)
    return replace(content, notes=command.reason) if command.reason else content
