"""The account of a document in the tax ledger, frozen when it is finalized."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.content import Content, DocumentType, TaxCurrency
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.interest.late_claims import is_compensation
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.party import Basis
from invx.contexts.invoicing.domain.tax.tax_credited import as_in
from invx.contexts.invoicing.domain.tax.tax_entries import (
    Conversion,
    TaxAccount,
    TaxCause,
    TaxedGroup,
    registration_id,
)
from invx.contexts.invoicing.domain.tax.tax_points import (
    basis_of,
    supplied_on,
    tax_currency_of,
    tax_point_of,
)
from invx.contexts.invoicing.domain.tax.tax_treatment import Part, Treatments, answering, partner_of
from invx.kernel.money import EXACT, quantize, round_to_sum
from invx.rules.totals.model import ZERO, Regime, TaxGroup, Totals


def tax_account_of(
    said: tuple[Content, Totals, Links],
    entity: LegalEntity,
    issue_date: date,
    original: tuple[TaxAccount, Content] | None = None,
) -> TaxAccount | None:
    """What a document is to the tax ledger; None when it bears no tax, or is no supply.

    A credit note stays with the registration and the basis of its original. Withholdings are no
    tax of the seller's and are left out.
    """
    content, totals, links = said
    if is_compensation(content, totals):
        return None
    sign = -1 if content.type is DocumentType.CREDIT_NOTE else 1
    day = supplied_on(content, issue_date)
    lines = {line.id for _, line in lines_of(original[1].lines)} if original else None
    treatments = Treatments(content, totals, entity, day, original_lines=lines)
    partner = partner_of(content.buyer)
    groups = [
        _group((group, part, partner), sign, content, entity, issue_date)
        for group in totals.taxes
        if group.regime is not Regime.WITHHOLDING
        for part in treatments.parts_of(group)
        if part.base or part.tax
    ]
    if not groups:
        return None
    if original is not None:
        groups = as_in(original[0], groups)
    groups = _at_the_documents_rate(groups, content.tax_currency)
    if content.tax_currency is None:
        groups = at_conversions(groups)
    return TaxAccount(
        currency=content.currency,
        total=sign * (totals.due + totals.prepaid),
        prepaid=sign * totals.prepaid,
        groups=tuple(groups),
        cause=_cause(content, links),
        credits=links.credits,
        tax_currency=content.tax_currency,
    )


def _cause(content: Content, links: Links) -> TaxCause:
    if links.cancels is not None:
        return TaxCause.CORRECTED
    if content.type is DocumentType.CREDIT_NOTE:
        return TaxCause.CREDITED
    return TaxCause.ISSUED


def _group(
    taxed: tuple[TaxGroup, Part, str | None],
    sign: int,
    content: Content,
    entity: LegalEntity,
    issue_date: date,
) -> TaxedGroup:
    group, part, partner = taxed
    day = tax_point_of(content, group.category, issue_date)
    scheme = part.treatment.scheme
    country, registration = answering(entity, scheme, part.place, day)
    basis = registration.basis if registration else Basis.ACCRUAL
    on = basis_of(basis, content, group.category, country)
    wanted = tax_currency_of(country, entity.details.currency)
    return TaxedGroup(
        regime=group.regime,
        jurisdiction=part.place,
        category=group.category,
        rate=group.rate,
        base=sign * part.base,
        tax=sign * part.tax,
        country=country,
        registration=registration_id(entity.id, registration) if registration else None,
        basis=on,
        tax_point=day,
        provisional=content.currency != wanted
        and (content.tax_currency is None or paid_at_own_rates(content.tax_currency, on)),
        scheme=scheme,
        derived=part.treatment.derived,
        supply=part.treatment.supply,
        partner=partner,
    )


def paid_at_own_rates(stated: TaxCurrency, basis: Basis) -> bool:
    """Whether each payment is converted at the rate of its own month or day.

    § 16 (6) sentence 2 UStG, and Article 91(2) of the VAT Directive: the rate of the time when the
    tax becomes chargeable, which on cash is the payment. A rate that the author states is taken.
    """
    return basis is Basis.CASH and stated.source is not None


def _at_the_documents_rate(
    groups: list[TaxedGroup], stated: TaxCurrency | None
) -> list[TaxedGroup]:
    """The groups in the tax currency; their taxes sum to what the document states (BT-111)."""
    if stated is None:
        return groups
    following = [each for each in groups if not each.provisional]
    converted = iter(_in_currency(following, stated.rate, stated.currency))
    return [each if each.provisional else next(converted) for each in groups]


def at_conversions(groups: Sequence[TaxedGroup]) -> list[TaxedGroup]:
    """Groups at their conversions; those of one conversion are rounded together."""
    together: dict[Conversion, list[int]] = {}
    for index, group in enumerate(groups):
        if group.conversion is not None:
            together.setdefault(group.conversion, []).append(index)
    found = list(groups)
    for each, indexes in together.items():
        own = _in_currency([groups[index] for index in indexes], each.rate, each.currency)
        for index, group in zip(indexes, own, strict=True):
            found[index] = group
    return found


def _in_currency(groups: Sequence[TaxedGroup], rate: Decimal, currency: str) -> list[TaxedGroup]:
    """Groups in another currency, so that they sum to their converted whole."""
    bases = _converted([each.base for each in groups], rate, currency)
    taxes = _converted([each.tax for each in groups], rate, currency)
    return [
        replace(group, accounted_base=base, accounted_tax=tax)
        for group, base, tax in zip(groups, bases, taxes, strict=True)
    ]


def _converted(amounts: Sequence[Decimal], rate: Decimal, currency: str) -> list[Decimal]:
    total = quantize(EXACT.multiply(sum(amounts, ZERO), rate), currency)
    return round_to_sum([EXACT.multiply(each, rate) for each in amounts], total, currency)
