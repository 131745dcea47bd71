"""The step of a draft that determines taxes: the lines that leave them open get them here."""

from datetime import date

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.determination import (
    UNKNOWN,
    Determined,
    TaxChanged,
    Validated,
    determined,
    reopened,
    wants_determination,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.party import PartyKind
from invx.kernel.errors import Invalid
from invx.rules.tax.model import Validation
from invx.rules.tax.outcome import UNDETERMINED


class TaxUndetermined(Invalid):
    """The taxes of a line cannot be told from what is known; the problems ask for the rest."""

    code = UNDETERMINED


async def determine_taxes(
    content: Content, entity: LegalEntity, uow: InvoicingUnitOfWork, *, day: date | None = None
) -> Content:
    """The content with determined taxes; as it is when no line asks. Raises TaxUndetermined.

    What was determined before is determined anew.
    """
    found = await taxes_found(content, entity, uow, day=day)
    if found.problems:
        raise TaxUndetermined(problems=found.problems)
    return found.content


async def taxes_found(
    content: Content, entity: LegalEntity, uow: InvoicingUnitOfWork, *, day: date | None = None
) -> Determined:
    """The same with the questions beside it."""
    content = reopened(content)
    if not wants_determination(content):
        return Determined(content=content)
    return determined(
        content,
        entity.details,
        uow.packs,
        day=day or content.issue_date or entity.today(uow.ctx.now),
        buyer_id=await _validated(content, entity, uow),
    )


async def ensure_taxes_hold(
    document: Document, entity: LegalEntity, day: date, uow: InvoicingUnitOfWork
) -> Content | None:
    """The content to be issued that day, when taxes were determined: with the grounds of that day.

    Raises TaxChanged when other taxes are right by now, TaxUndetermined when it cannot be told.
    """
    if document.content.determination is None:
        return None
    anew = await determine_taxes(document.content, entity, uow, day=day)
    if anew.lines != document.content.lines:
        raise TaxChanged
    return anew if anew != document.content else None


async def _validated(content: Content, entity: LegalEntity, uow: InvoicingUnitOfWork) -> Validated:
    """What the register says of a business buyer's VAT id, where one can be asked."""
    buyer = content.buyer
    if buyer is None or not buyer.vat_id or buyer.kind is not PartyKind.BUSINESS:
        return UNKNOWN
    country = buyer.address.country if buyer.address else None
    home = entity.seller.party.address
    if home is not None and country == home.country:
        return UNKNOWN  # at home an id decides nothing
    form = uow.tax_ids.form(buyer.vat_id, None if buyer.vat_id[:2].isalpha() else country)
    if form.fault is not None:
        return Validated(Validation.INVALID)
    own = entity.registration_on(None, entity.today(uow.ctx.now))
    fact = uow.tax_ids.in_register(form, own.vat_id if own else None)
    if fact is None:
        return UNKNOWN
    [answer] = await uow.facts.need(fact)
    return Validated(answer.validity, answer.consultation)
