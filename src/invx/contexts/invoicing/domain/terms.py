"""When a document is due, in which parts, and what paying early is worth."""

from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.content import Content, PaymentTerms, TermsKind
from invx.rules.calendar import terms as rules
from invx.rules.calendar.terms import EarlyPayment, Instalment


def agreed(terms: PaymentTerms | None) -> rules.PaymentTerms:
    """The terms without their words; none at all means on receipt."""
    if terms is None:
        return rules.PaymentTerms(kind=rules.TermsKind.ON_RECEIPT)
    return rules.PaymentTerms(
        kind=rules.TermsKind(terms.kind),
        days=terms.days,
        months=terms.months,
        instalments=tuple(
            rules.InstalmentTerm(part.percent, part.days) for part in terms.instalments
        ),
        discounts=tuple(rules.DiscountTerm(part.percent, part.days) for part in terms.discounts),
    )


def due_date_of(content: Content, issue_date: date) -> date:
    """The last day to pay in time: as stated, else by the terms, else the issue date."""
    return content.due_date or rules.due_date(agreed(content.payment_terms), issue_date)


def instalments_of(content: Content, due: Decimal, issue_date: date) -> tuple[Instalment, ...]:
    """The parts of what is due, which sum to it; none unless the terms are by instalments."""
    terms = content.payment_terms
    if terms is None or terms.kind is not TermsKind.INSTALMENTS:
        return ()
    return rules.schedule(agreed(terms), issue_date, amount=due, currency=content.currency)


def early_payments_of(content: Content, due: Decimal, issue_date: date) -> tuple[EarlyPayment, ...]:
    """The discounts for paying early, soonest first. They change no figure of the document."""
    terms = agreed(content.payment_terms)
    return rules.early_payments(terms, issue_date, amount=due, currency=content.currency)


def defines_due_date(terms: PaymentTerms) -> bool:
    """Whether the terms say by themselves when to pay; a text or discounts alone do not."""
    return terms.kind is not TermsKind.NET or terms.days > 0
