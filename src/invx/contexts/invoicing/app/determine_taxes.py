"""The step of a draft that determines taxes: the lines that leave them open get them here."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.countries import VAT_PREFIXES, vat_prefix
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.tax.determination import (
    UNKNOWN,
    Determined,
    TaxChanged,
    Validated,
    country_of_id,
    determined,
    reopened,
    wants_determination,
)
from invx.contexts.invoicing.domain.tax.tax_quotes import (
    QuoteQuestion,
    Quoting,
    held_quote,
    question_of,
)
from invx.kernel.errors import Invalid, Problem
from invx.rules.tax.model import Policy, Validation
from invx.rules.tax.outcome import UNDETERMINED
from invx.rules.tax.quotes import Engine


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
    held, content = content, reopened(content)
    if not wants_determination(content):
        return Determined(content=content)
    details = entity.details
    day = day or content.issue_date or entity.today(uow.ctx.now)
    known = await uow.rate_tables.known()
    rates = known.table if details.tax_engine is None else Engine(details.tax_engine)
    decide = partial(determined, content, packs=known.packs, table=rates, day=day)
    found = decide(replace(details, tax_id_policy=Policy()))
    if found.hangs_on_id:  # else it is the same whatever a register says, so none is asked
        decide = partial(decide, buyer_id=await _validated(content, entity, uow))
        found = decide(details)
    if not found.unquoted:
        return found
    quoting = await _quoting(found, held, details.tax_engine or "", uow)
    if isinstance(quoting, Quoting):
        return decide(details, quoting=quoting)
    return replace(found, problems=found.problems + quoting)


async def _quoting(
    found: Determined, held: Content, engine: str, uow: InvoicingUnitOfWork
) -> Quoting | tuple[Problem, ...]:
    """The quote for the lines that wait for one: the one at hand while it holds, else a new one.

    Problems when there is none: nothing is taxed by guess because an engine is down.
    """
    question = question_of(found.content, engine, found.unquoted)
    if not isinstance(question, QuoteQuestion):
        return question
    mark = question.fingerprint
    if (kept := held_quote(held, mark, uow.ctx.now)) is not None:
        return kept
    fact = uow.tax_engines.quote(question)
    if fact is None:
        asks = f"No tax engine {engine} is set up here: ask the operator, or keep a rate table."
        return (Problem("/seller/tax_engine", UNDETERMINED, asks),)
    [answer] = await uow.facts.need(fact)
    if answer.quote is None:
        asks = f"The tax engine {engine} gave no quote: {answer.fault}"
        return tuple(Problem(each.pointer, UNDETERMINED, asks) for each in found.unquoted)
    return Quoting(answer.quote, uow.ctx.now + timedelta(seconds=answer.seconds), mark)


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
