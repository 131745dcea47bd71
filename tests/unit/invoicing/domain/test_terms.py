"""When documents are due."""

from datetime import date

import pytest

from invx.contexts.invoicing.domain.content import PaymentTerms, TermsKind, TermsStep
from invx.contexts.invoicing.domain.terms import (
    defines_due_date,
    due_date_of,
    early_payments_of,
    instalments_of,
)
from tests.unit.invoicing.domain.drafts import D, content, line

ISSUED = date(2026, 1, 31)
THIRDS = tuple(
    TermsStep(percent=D(percent), days=days)
    for percent, days in (("33.3", 60), ("33.3", 0), ("33.4", 30))
)


@pytest.mark.parametrize(
    "terms, due",
    [
        (None, date(2026, 1, 31)),
        (PaymentTerms(kind=TermsKind.ON_RECEIPT), date(2026, 1, 31)),
        (PaymentTerms(days=14), date(2026, 2, 14)),
        (PaymentTerms(kind=TermsKind.END_OF_MONTH, months=1), date(2026, 2, 28)),
        (PaymentTerms(kind=TermsKind.END_OF_MONTH, months=1, days=10), date(2026, 3, 10)),
        (PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=THIRDS), date(2026, 4, 1)),
    ],
)
def test_the_due_date_follows_from_the_terms(terms: PaymentTerms | None, due: date) -> None:
    assert due_date_of(content(line("1", "10"), payment_terms=terms), ISSUED) == due


def test_a_stated_due_date_stands() -> None:
    said = content(line("1", "10"), payment_terms=None, due_date=date(2026, 2, 15))
    assert due_date_of(said, ISSUED) == date(2026, 2, 15)


def test_instalments_make_the_whole_in_order_of_their_days() -> None:
    terms = PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=THIRDS)
    parts = instalments_of(content(line("1", "10"), payment_terms=terms), D("100.01"), ISSUED)

    assert [part.due_date for part in parts] == [ISSUED, date(2026, 3, 2), date(2026, 4, 1)]
    assert sum(part.amount for part in parts) == D("100.01")
    assert parts[1].amount == D("33.41")


def test_other_terms_have_no_instalments() -> None:
    assert instalments_of(content(line("1", "10")), D(10), ISSUED) == ()


def test_r16_an_early_payment_discount_is_told_apart_from_the_totals() -> None:
    """1850.00 at 21 % stays 2238.50; 3 % of it is what paying within 7 days is worth."""
    terms = PaymentTerms(days=30, discounts=(TermsStep(percent=D(3), days=7),))
    said = content(line("1", "1850"), payment_terms=terms)
    [offer] = early_payments_of(said, D("2238.50"), ISSUED)
    assert (offer.last_date, offer.discount) == (date(2026, 2, 7), D("67.16"))
    assert offer.payable == D("2171.34")


def test_a_text_or_a_discount_alone_defines_no_due_date() -> None:
    assert not defines_due_date(PaymentTerms(text="as agreed"))
    assert not defines_due_date(PaymentTerms(discounts=(TermsStep(percent=D(2), days=10),)))
    assert defines_due_date(PaymentTerms(days=30))
    assert defines_due_date(PaymentTerms(kind=TermsKind.ON_RECEIPT))
