"""The step of a draft that determines taxes: the lines that leave them open get them here."""

from dataclasses import replace
from datetime import date

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.countries import VAT_PREFIXES, vat_prefix
from invx.contexts.invoicing.domain.determination import (
    UNKNOWN,
    Determined,
    TaxChanged,
    Validated,
    country_of_id,
    determined,
    reopened,
    wants_determination,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.kernel.errors import Invalid
from invx.rules.tax.model import Policy, Validation
from invx.rules.tax.outcome import UNDETERMINED


class TaxUndetermined(Invalid):
    """The taxes of a line cannot be told from what is known; the problems ask for the rest."""

    code = UNDETERMINED
    lasting = False  # a register that is down answers again


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
    details = entity.details
    day = day or content.issue_date or entity.today(uow.ctx.now)
    waiting = replace(details, tax_id_policy=Policy())
    known = await uow.rate_tables.known()
    found = determined(content, waiting, known.packs, table=known.table, day=day)
    if not found.hangs_on_id:
        return found  # the same whatever a register says, so none is asked
    buyer_id = await _validated(content, entity, uow)
    return determined(content, details, known.packs, table=known.table, day=day, buyer_id=buyer_id)


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
    """What is known of the buyer's VAT id: its form, and the register's answer if there is one."""
    buyer = content.buyer
    country = country_of_id(buyer) if buyer else ""
    if buyer is None or not buyer.vat_id or vat_prefix(country) not in VAT_PREFIXES:
        return UNKNOWN
    form = uow.tax_ids.form(buyer.vat_id, country)
    if form.fault is not None:
        return Validated(Validation.INVALID)
    own = entity.registration_on(None, entity.today(uow.ctx.now))
    fact = uow.tax_ids.in_register(form, own.vat_id if own else None)
    if fact is None:
        return UNKNOWN
    [answer] = await uow.facts.need(fact)
    return Validated(answer.validity, answer.consultation)
