"""Due dates, instalments and early-payment discounts."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.kernel.errors import InvariantViolation
from invx.rules.calendar.terms import (
    DiscountTerm,
    InstalmentTerm,
    PaymentTerms,
    TermsKind,
    due_date,
    early_payments,
    schedule,
    terms_problems,
)

ISSUED = date(2026, 1, 31)


def terms(kind: str, **more) -> PaymentTerms:
    return PaymentTerms(kind=TermsKind(kind), **more)


def part(percent: str, days: int) -> InstalmentTerm:
    return InstalmentTerm(Decimal(percent), days)


@pytest.mark.parametrize(
    ("agreed", "issued", "due"),
    [
        (terms("on_receipt"), "2026-01-31", "2026-01-31"),
        (terms("net", days=14), "2026-02-20", "2026-03-06"),
        (terms("net", days=14), "2028-02-20", "2028-03-05"),
        (terms("net"), "2026-01-31", "2026-01-31"),
        (terms("end_of_month"), "2026-02-01", "2026-02-28"),
        (terms("end_of_month", months=1), "2026-01-31", "2026-02-28"),
        (terms("end_of_month", months=1), "2027-12-15", "2028-01-31"),
        (terms("end_of_month", days=15), "2026-02-10", "2026-03-15"),
        (terms("end_of_month", months=1, days=10), "2026-01-15", "2026-03-10"),
        (terms("instalments", instalments=(part("50", 60), part("50", 30))), "2026-01-01",
         "2026-03-02"),
    ],
)  # fmt: skip
def test_the_due_date_follows_from_the_terms(agreed, issued, due):
    assert due_date(agreed, date.fromisoformat(issued)).isoformat() == due


def test_terms_without_instalments_have_one_part():
    (only,) = schedule(terms("net", days=30), ISSUED, amount=Decimal(119), currency="EUR")
    assert (only.due_date.isoformat(), str(only.amount)) == ("2026-03-02", "119.00")


def test_instalments_are_split_by_largest_remainder_in_order_of_their_dates():
    agreed = terms("instalments", instalments=(part("33.3", 60), part("33.4", 30), part("33.3", 0)))
    parts = schedule(agreed, ISSUED, amount=Decimal("100.01"), currency="EUR")
    assert [each.due_date.isoformat() for each in parts] == [
        "2026-01-31", "2026-03-02", "2026-04-01",
    ]  # fmt: skip
    assert [str(each.amount) for each in parts] == ["33.30", "33.41", "33.30"]


@given(
    st.integers(-(10**7), 10**7),
    st.lists(st.integers(1, 99), min_size=1, max_size=8),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_instalments_sum_to_the_amount(units, cuts, currency):
    edges = [0, *sorted(set(cuts)), 100]
    percents = [after - before for before, after in pairwise(edges)]
    agreed = terms(
        "instalments",
        instalments=tuple(part(str(each), days) for days, each in enumerate(percents)),
    )
    assert list(terms_problems(agreed)) == []
    parts = schedule(agreed, ISSUED, amount=Decimal(units), currency=currency)
    assert sum(each.amount for each in parts) == units


def test_an_early_payment_saves_its_percent_of_the_gross():
    agreed = terms(
        "net", days=30, discounts=(DiscountTerm(Decimal(2), 14), DiscountTerm(Decimal(3), 7))
    )
    first, second = early_payments(agreed, ISSUED, amount=Decimal("2238.50"), currency="EUR")
    assert first.last_date == date(2026, 2, 7)
    assert (str(first.discount), str(first.payable)) == ("67.16", "2171.34")
    assert second.last_date == date(2026, 2, 14)
    assert (str(second.discount), str(second.payable)) == ("44.77", "2193.73")


@pytest.mark.parametrize(
    ("agreed", "expected"),
    [
        (terms("net", days=-1), [("/payment_terms/days", "out_of_range")]),
        (terms("net", days=99999), [("/payment_terms/days", "out_of_range")]),
        (terms("net", months=1), [("/payment_terms/months", "not_for_this_kind")]),
        (terms("end_of_month", months=-1), [("/payment_terms/months", "out_of_range")]),
        (terms("on_receipt", days=1), [("/payment_terms/days", "not_for_this_kind")]),
        (terms("instalments"), [("/payment_terms/instalments", "out_of_range")]),
        (
            terms("instalments", instalments=(part("50", 0), part("49.9", 30))),
            [("/payment_terms/instalments", "not_100_percent")],
        ),
        (
            terms("instalments", instalments=(part("150", 0), part("-50", 30))),
            [
                ("/payment_terms/instalments/0/percent", "out_of_range"),
                ("/payment_terms/instalments/1/percent", "out_of_range"),
            ],
        ),
        (
            terms("instalments", instalments=(part("50", 7), part("50", 7))),
            [("/payment_terms/instalments/1/days", "duplicate_days")],
        ),
        (
            terms("net", instalments=(part("100", 0),)),
            [("/payment_terms/instalments", "not_for_this_kind")],
        ),
        (
            terms("net", discounts=(DiscountTerm(Decimal(0), -1),)),
            [
                ("/payment_terms/discounts/0/percent", "out_of_range"),
                ("/payment_terms/discounts/0/days", "out_of_range"),
            ],
        ),
        (terms("end_of_month", months=2, days=15), []),
    ],
)
def test_terms_that_make_no_sense_are_named(agreed, expected):
    assert [(each.pointer, each.code) for each in terms_problems(agreed)] == expected


def test_instalments_without_a_part_are_our_defect():
    with pytest.raises(InvariantViolation):
        due_date(terms("instalments"), ISSUED)
