"""Payment terms in general: every sound agreement has days that can be kept and sums that fit."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from invx.kernel.money import smallest_unit
from invx.rules.calendar.periods import end_of_month
from invx.rules.calendar.terms import (
    DAYS_MAX,
    MONTHS_MAX,
    DiscountTerm,
    InstalmentTerm,
    PaymentTerms,
    TermsKind,
    due_date,
    early_payments,
    schedule,
    terms_problems,
)

HUNDREDTH = Decimal("0.01")

issue_dates = st.dates(date(1900, 1, 1), date(2199, 12, 31))
currencies = st.sampled_from(["EUR", "JPY", "KWD"])
units = st.integers(-(10**8), 10**8)


@st.composite
def parts(draw: st.DrawFn) -> tuple[InstalmentTerm, ...]:
    """Parts of a whole in hundredths of a percent, on different days, in any order."""
    cuts = draw(st.sets(st.integers(1, 9_999), max_size=11))
    edges = [0, *sorted(cuts), 10_000]
    percents = [(after - before) * HUNDREDTH for before, after in pairwise(edges)]
    chosen = draw(
        st.lists(
            st.integers(0, DAYS_MAX), min_size=len(percents), max_size=len(percents), unique=True
        )
    )
    return tuple(InstalmentTerm(*each) for each in zip(percents, chosen, strict=True))


discounts = st.lists(
    st.builds(DiscountTerm, st.decimals("0.01", "100", places=2), st.integers(0, DAYS_MAX)),
    max_size=4,
    unique_by=lambda term: term.days,
).map(tuple)

agreements = st.one_of(
    st.builds(PaymentTerms, kind=st.just(TermsKind.ON_RECEIPT), discounts=discounts),
    st.builds(
        PaymentTerms,
        kind=st.just(TermsKind.NET),
        days=st.integers(0, DAYS_MAX),
        discounts=discounts,
    ),
    st.builds(
        PaymentTerms,
        kind=st.just(TermsKind.END_OF_MONTH),
        days=st.integers(0, DAYS_MAX),
        months=st.integers(0, MONTHS_MAX),
        discounts=discounts,
    ),
    st.builds(
        PaymentTerms,
        kind=st.just(TermsKind.INSTALMENTS),
        instalments=parts(),
        discounts=discounts,
    ),
)


@given(agreements, issue_dates, units, currencies)
def test_sound_terms_give_days_in_order_and_parts_of_the_whole(terms, issued, amount, currency):
    assert list(terms_problems(terms)) == []
    total = amount * smallest_unit(currency)
    plan = schedule(terms, issued, amount=total, currency=currency)
    days = [part.due_date for part in plan]
    assert sum(part.amount for part in plan) == total
    assert days == sorted(set(days)), "no two parts on one day"
    assert issued <= days[0]
    assert days[-1] == due_date(terms, issued)
    assert not any(part.amount * total < 0 for part in plan), "no part goes the other way"


@given(parts(), units, currencies)
def test_what_has_fallen_due_keeps_to_the_agreed_share(agreed, amount, currency):
    """After any number of parts the sum is off by less than a unit for each of them."""
    unit = smallest_unit(currency)
    terms = PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=agreed)
    plan = schedule(terms, date(2026, 1, 31), amount=amount * unit, currency=currency)
    shares = [term.percent for term in sorted(agreed, key=lambda term: term.days)]
    fallen = accumulate(part.amount for part in plan)
    owed = accumulate(amount * unit * share / 100 for share in shares)
    for count, (have, want) in enumerate(zip(fallen, owed, strict=True), 1):
        assert abs(have - want) < unit * count


@given(agreements, issue_dates, st.integers(0, 400))
def test_who_is_billed_later_pays_no_earlier(terms, issued, later):
    assert due_date(terms, issued) <= due_date(terms, issued + timedelta(days=later))


@given(issue_dates, st.integers(0, MONTHS_MAX), st.integers(0, 27))
def test_the_end_of_a_month_is_the_same_for_all_its_days(issued, months, day):
    terms = PaymentTerms(kind=TermsKind.END_OF_MONTH, months=months)
    due = due_date(terms, issued)
    assert due == end_of_month(due)
    assert due_date(terms, issued.replace(day=day + 1)) == due
    apart = (due.year - issued.year) * 12 + due.month - issued.month
    assert apart == months


@given(discounts, issue_dates, st.integers(0, 10**8), currencies)
def test_paying_early_never_costs_more_and_never_less_than_nothing(
    offers, issued, amount, currency
):
    total = amount * smallest_unit(currency)
    terms = PaymentTerms(kind=TermsKind.NET, days=30, discounts=offers)
    stated = early_payments(terms, issued, amount=total, currency=currency)
    assert len(stated) == len(offers)
    assert [each.last_date for each in stated] == sorted(each.last_date for each in stated)
    for each in stated:
        assert each.discount + each.payable == total
        assert 0 <= each.payable <= total
        assert abs(each.discount - total * each.percent / 100) <= smallest_unit(currency) / 2
