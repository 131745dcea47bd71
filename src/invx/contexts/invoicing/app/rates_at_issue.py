"""The exchange rates that a document in a foreign currency freezes when it is finalized."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from invx.contexts.invoicing.app.apply_exchange_rates import rates_of
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.books import BookValue
from invx.contexts.invoicing.domain.content import DocumentType, TaxCurrency
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate, RatePurpose, RateQuestion
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.tax_entries import RATE_OF_DOCUMENT, TaxAccount
from invx.contexts.invoicing.domain.tax.tax_opening import tax_account_of
from invx.contexts.invoicing.domain.tax.tax_points import tax_currency_of


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A document with what decides which rates it needs."""

    document: Document
    entity: LegalEntity
    issue_date: date
    original: Settlement | None


async def rates_at_issue(
    document: Document,
    entity: LegalEntity,
    issue_date: date,
    original: Settlement | None,
    uow: InvoicingUnitOfWork,
) -> BookValue | None:
    """States the tax currency in the document, if its rate is published, and gives its book value.

    A credit note takes both from its original. None when the document is in the currency of the
    books. One more round trip for documents that need a rate, none for the others.
    """
    content = document.content
    if content.type is DocumentType.PROFORMA:
        return None
    of = _Foreign(document, entity, issue_date, original)
    stated, tax = _tax_of_original(original), _tax_question(of, uow)
    value = _book_value(of)
    book = _book_question(of, value, uow)
    asked = [each for each in (tax if stated is None else None, book) if each is not None]
    known = dict(zip(asked, await rates_of(asked, entity, uow), strict=True))
    if tax is not None:
        if stated is None and (rate := known[tax]) is not None:
            stated = TaxCurrency(
                currency=tax.quote, rate=rate.rate, source=rate.source, day=rate.day
            )
        if stated is not None:
            content = replace(content, tax_currency=stated)
            document.edit(content, document.totals, subject_id=document.subject_id)
    if value is not None and book is not None and (rate := known[book]) is not None:
        value = replace(value, rate=rate)
    return value


def _tax_question(of: _Foreign, uow: InvoicingUnitOfWork) -> RateQuestion | None:
    """The one rate by which the whole document is accounted; None when no single one is needed.

    Taxes of several countries, or of several days, are converted later, each group at its own.
    """
    if of.document.content.tax_currency is not None:
        return None
    found = set(_tax_questions(of, uow))
    return found.pop() if len(found) == 1 else None


def _tax_questions(of: _Foreign, uow: InvoicingUnitOfWork) -> Iterator[RateQuestion | None]:
    document, details = of.document, of.entity.details
    currency = document.content.currency
    if not _is_foreign(of):
        return
    said = (document.content, document.totals, document.links)
    account = tax_account_of(said, of.entity, of.issue_date)
    for group in account.groups if account else ():
        wanted = tax_currency_of(group.country, details.currency)
        if wanted == currency:
            yield None
            continue
        sources = details.exchange_rate_sources
        yield RateQuestion(
            source=sources.source_for(RatePurpose.TAX, uow.packs, group.country),
            base=currency,
            quote=wanted,
            on=group.tax_point,
        )


def _is_foreign(of: _Foreign) -> bool:
    """Whether a tax may be accounted in another currency; most documents are told apart here."""
    content, default = of.document.content, of.entity.details.currency
    address = of.entity.seller.party.address
    countries = {group.jurisdiction[:2] for group in of.document.totals.taxes if group.jurisdiction}
    countries.add(address.country if address else "")
    return any(tax_currency_of(each, default) != content.currency for each in countries)


def _tax_of_original(original: Settlement | None) -> TaxCurrency | None:
    """The rate by which the whole original was converted after it was issued."""
    if original is None or original.taxes is None:
        return None
    account: TaxAccount = original.taxes.account
    found = {account.conversion_of(group) for group in account.groups}
    only = found.pop() if len(found) == 1 else None
    if only is None or account.tax_currency is not None:
        return account.tax_currency
    return TaxCurrency(currency=only.currency, rate=only.rate, source=only.source, day=only.day)


def _book_value(of: _Foreign) -> BookValue | None:
    content, currency = of.document.content, of.entity.details.currency
    if of.original is not None:
        value = of.original.books.value if of.original.books else None
        return replace(value, total=None) if value else None
    if content.currency == currency:
        return None
    stated = content.tax_currency
    if stated is None or stated.currency != currency:
        return BookValue(currency=currency, day=of.issue_date)
    # What the author states for the tax holds for the books of the same currency too.
    rate = ExchangeRate(rate=stated.rate, source=RATE_OF_DOCUMENT, day=of.issue_date)
    return BookValue(currency=currency, day=of.issue_date, rate=rate)


def _book_question(
    of: _Foreign, value: BookValue | None, uow: InvoicingUnitOfWork
) -> RateQuestion | None:
    if value is None or value.rate is not None:
        return None
    source = of.entity.details.exchange_rate_sources.source_for(RatePurpose.BOOK, uow.packs)
    currency = of.document.content.currency
    return RateQuestion(source=source, base=currency, quote=value.currency, on=value.day)
