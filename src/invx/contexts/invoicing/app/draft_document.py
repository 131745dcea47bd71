"""Open a draft: what it says, its totals, and nothing that could not be changed again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from invx.contexts.invoicing.app.determine_taxes import determine_taxes
from invx.contexts.invoicing.app.give_grace import wait_until
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.subjects import subject_of
from invx.contexts.invoicing.app.with_files import with_files
from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.cash_units import cash_unit_for
from invx.contexts.invoicing.domain.check import problems_of
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Links, Mode, Origin
from invx.contexts.invoicing.domain.errors import refusal_of
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.kernel.messages import Command
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Rounding, Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDocument(Command):
    """`defaults` names the fields of the content that the legal entity is to fill in."""

    content: Content
    legal_entity_id: UUID | None = None
    defaults: frozenset[str] = frozenset()
    finalize_at: datetime | None = None  # give it a grace period, see `give_grace`


TotalsOf: TypeAlias = Callable[[Content, Rounding], Totals]


def totals_of(content: Content, rounding: Rounding) -> Totals:
    """The totals. Raises Invalid with a problem for each field that stands in the way."""
    bill = bill_of(content, rounding)
    if problems := problems_of(content, rounding, finalizing=False, bill=bill):
        raise refusal_of(problems)
    return compute(bill)


async def draft_document(
    command: DraftDocument, uow: InvoicingUnitOfWork, totalled: TotalsOf = totals_of
) -> Document:
    """A new draft with its totals. Raises Invalid, naming each field that cannot be.

    Lines that say what they supply, and no taxes, get them determined. Raises TaxUndetermined, and
    DocumentQuotaExceeded. What corrects a document is counted too, but never refused.
    """
    entity = await selling_entity(command.legal_entity_id, uow)
    content = await with_files(filled(command.content, command.defaults, entity), uow)
    content = await determine_taxes(content, entity, uow)
    await uow.document_quota.ensure_room()
    document = open_draft(content, entity, uow, totalled=totalled)
    if command.finalize_at is not None:
        await wait_until(document.id, command.finalize_at, uow)
    return document


def open_draft(
    content: Content,
    entity: LegalEntity,
    uow: InvoicingUnitOfWork,
    links: Links | None = None,
    *,
    totalled: TotalsOf = totals_of,
) -> Document:
    """A draft of this content in the unit of work."""
    document_id = uow.ids.new()
    document = Document.draft(
        document_id,
        content,
        totalled(content, entity.details.rounding),
        Origin(
            legal_entity_id=entity.id,
            subject_id=subject_of(uow.ctx.tenant_id, content, document_id),
            mode=Mode.TEST if uow.ctx.test else Mode.LIVE,
            created_at=uow.ctx.now,
            links=links or Links(),
        ),
    )
    document.trust_draft()
    uow.documents.add(document)
    return document


async def selling_entity(legal_entity_id: UUID | None, uow: InvoicingUnitOfWork) -> LegalEntity:
    """The legal entity that is named, or the only one. Raises NotFound, LegalEntityRequired."""
    if legal_entity_id is None:
        return await uow.legal_entities.only()
    return await uow.legal_entities.get(legal_entity_id)


def filled(content: Content, defaults: frozenset[str], entity: LegalEntity) -> Content:
    """The content with what the legal entity says for fields that the caller left open."""
    details = entity.details
    from_entity: dict[str, Any] = {
        "currency": details.currency,
        "profile": details.default_profile,
        "language": details.languages[0],
        "payment_terms": details.payment_terms,
    }
    content = replace(content, **{name: from_entity[name] for name in defaults})
    unit = cash_unit_for(content, details.cash_rounding)
    return content if unit is content.cash_unit else replace(content, cash_unit=unit)
