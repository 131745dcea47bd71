"""Money before the supply, on accrual: taxed when it comes, and not again when the supply does."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import TaxCurrency
from invx.contexts.invoicing.domain.party import Address, Basis
from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause
from invx.contexts.invoicing.domain.tax.tax_points import period_of
from invx.kernel.errors import DomainError
from invx.rules.totals.model import Regime, Tax
from tests.unit.invoicing.domain.drafts import BUYER, S7, S19, TODAY, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity, figures

MARCH, APRIL, MAY, JUNE = TODAY, date(2026, 4, 3), date(2026, 5, 3), date(2026, 6, 3)
ADVANCE = TaxCause.ADVANCE_RECEIVED


def ahead(*lines, seller=ACCRUAL, supply=JUNE, **more):
    """Issued on 2 March for a supply in June."""
    said = content(*(lines or (line("1", "1000.00"),)), supply_date=supply, **more)
    return Case.of(said, entity(seller))


def monthly(subject):
    return figures(subject.ledger, "period")


def test_a_part_payment_before_the_supply_is_taxed_in_its_month_and_the_rest_at_the_supply():
    subject = ahead()
    assert monthly(subject) == {"2026-06": ("1000.00", "190.00")}
    subject.post("record_payment", "595.00", APRIL)
    assert monthly(subject) == {"2026-04": ("500.00", "95.00"), "2026-06": ("500.00", "95.00")}
    subject.post("record_payment", "119.00", MAY)
    subject.post("record_payment", "476.00", JUNE)  # in the month of the supply: nothing moves
    assert monthly(subject) == {
        "2026-04": ("500.00", "95.00"),
        "2026-05": ("100.00", "19.00"),
        "2026-06": ("400.00", "76.00"),
    }
    early = [each for each in subject.ledger if each.cause is ADVANCE]
    assert {each.origin for each in subject.ledger} == {"2026-06"}
    assert all(each.settlement_entry for each in early)


def test_an_advance_over_two_rates_takes_its_part_of_each():
    # 595.00 of 1,725.00: 410.45 of the 1,190.00 at 19 %, 184.53 of the 535.00 at 7 %, by cents.
    subject = ahead(line("1", "1000.00"), line("2", "500.00", "1", S7))
    subject.post("record_payment", "595.00", APRIL)
    april = [each for each in subject.ledger if each.period == "2026-04"]
    assert sum(each.base + each.tax for each in april) == D("595.00")
    for each in april:
        assert abs(each.base * each.rate / 100 - each.tax) <= D("0.01")
    assert figures(subject.ledger) == {"19": ("1000.00", "190.00"), "7": ("500.00", "35.00")}


def test_an_advance_that_goes_back_before_the_supply_is_taken_back_in_its_month():
    subject = ahead()
    paid = subject.post("record_payment", "595.00", APRIL)
    subject.reverse(paid, MAY)
    assert monthly(subject) == {
        "2026-04": ("500.00", "95.00"),
        "2026-05": ("-500.00", "-95.00"),
        "2026-06": ("1000.00", "190.00"),
    }


def test_a_payment_that_bounces_after_the_supply_changes_nothing_on_accrual():
    subject = ahead()
    paid = subject.post("record_payment", "595.00", APRIL)
    before = list(subject.ledger)
    subject.reverse(paid, JUNE)
    assert subject.ledger == before


def test_what_is_prepaid_when_the_document_is_issued_is_taxed_with_its_issue():
    subject = ahead(prepaid=D("238.00"))
    assert monthly(subject) == {"2026-03": ("200.00", "38.00"), "2026-06": ("800.00", "152.00")}
    subject.settlement.close_void()
    assert monthly(subject) == {}


def test_a_payment_of_before_the_document_is_taxed_in_its_own_month():
    subject = ahead(supply=MARCH)
    subject.post("record_payment", "119.00", date(2026, 1, 31))
    assert monthly(subject) == {"2026-01": ("100.00", "19.00"), "2026-03": ("900.00", "171.00")}


def test_an_overpayment_is_taxed_only_as_far_as_it_is_for_the_document():
    subject = ahead()
    subject.post("record_payment", "2000.00", APRIL)
    assert monthly(subject) == {"2026-04": ("1000.00", "190.00")}
    subject.post("refund", "810.00", MAY)
    assert monthly(subject) == {"2026-04": ("1000.00", "190.00")}


def test_a_discount_for_paying_ahead_lowers_what_is_due_with_the_supply():
    subject = ahead()
    subject.post("record_payment", "1166.20", APRIL)
    subject.post("take_discount", "23.80", APRIL)
    assert monthly(subject) == {"2026-04": ("980.00", "186.20")}
    subject = ahead()
    subject.post("write_off", "119.00", APRIL)
    assert monthly(subject) == {"2026-06": ("900.00", "171.00")}


def test_a_credit_note_before_the_supply_counts_with_it_and_money_given_back_when_it_is():
    subject = ahead()
    subject.credit("119.00", on=APRIL)
    assert monthly(subject) == {"2026-06": ("900.00", "171.00")}
    subject = ahead()
    subject.post("record_payment", "1190.00", APRIL)
    subject.credit("119.00", on=APRIL)
    subject.post("refund", "119.00", MAY, which=1)
    assert monthly(subject) == {"2026-04": ("1000.00", "190.00"), "2026-05": ("-100.00", "-19.00")}


FRENCH = replace(BUYER, address=Address(country="FR"), vat_id="FR83404833048")


@pytest.mark.parametrize(
    "tax,more",
    [
        (Tax(category="K", reason="intra"), {"buyer": FRENCH}),  # Article 67
        (Tax(category="AE", reason="owed"), {"buyer": FRENCH}),
        (Tax(category="E", reason="exempt"), {}),
        (Tax(category="Z"), {}),
        (Tax(regime=Regime.SALES, category="S", rate=D(8)), {}),
    ],
)
def test_nothing_falls_due_early_where_the_seller_owes_no_vat(tax, more):
    supply = {} if tax.category != "K" else {"tax_point": JUNE}
    subject = ahead(line("1", "100.00", "1", tax), **{"profile": "plain"} | more | supply)
    subject.post("record_payment", "50.00", APRIL)
    assert ADVANCE not in {each.cause for each in subject.ledger}


def test_on_cash_an_advance_is_what_every_payment_is():
    subject = ahead(seller=CASH)
    subject.post("record_payment", "595.00", APRIL)
    assert [(e.cause, e.period) for e in subject.ledger] == [(TaxCause.CASH_RECEIVED, "2026-04")]


def test_a_registration_that_changes_its_basis_leaves_documents_as_they_were():
    """What was taxed on accrual is not taxed again when it is paid under the new basis."""
    until = replace(ACCRUAL, valid_to=date(2026, 3, 31))
    since = replace(CASH, valid_from=date(2026, 4, 1))
    old = Case.of(content(line("1", "100.00"), supply_date=MARCH), entity(until, since))
    new = Case.of(content(line("1", "100.00"), supply_date=APRIL), entity(until, since))
    for subject in (old, new):
        subject.post("record_payment", "119.00", MAY)
    assert monthly(old) == {"2026-03": ("100.00", "19.00")}
    assert monthly(new) == {"2026-05": ("100.00", "19.00")}
    assert [each.basis for each in old.ledger + new.ledger] == [Basis.ACCRUAL, Basis.CASH]
    assert old.ledger[0].registration == new.ledger[0].registration


days = st.dates(date(2026, 1, 1), date(2026, 6, 30))
cents = st.integers(1, 90_000).map(lambda value: Decimal(value).scaleb(-2))
movements = st.lists(
    st.tuples(
        st.sampled_from(["record_payment", "take_discount", "write_off", "refund", "reverse"]),
        cents,
        days,
    ),
    max_size=10,
)


@given(prices=st.lists(cents, min_size=1, max_size=3), steps=movements, rated=st.booleans())
def test_advances_bring_tax_forward_and_never_add_any(prices, steps, rated):
    lines = [line(str(i), str(p), "1", (S19, S7)[i % 2]) for i, p in enumerate(prices)]
    more = {"currency": "USD"} if rated else {}
    if rated:
        more["tax_currency"] = TaxCurrency(currency="EUR", rate=D("0.9137"))
    subject = ahead(*lines, supply=date(2026, 4, 30), **more)
    for name, amount, on in sorted(steps, key=lambda step: step[2]):
        try:
            if name == "reverse":
                standing = [e for e in subject.settlement.entries if not e.reverses]
                subject.reverse(standing[-1].entry_id, on) if standing else None
            else:
                subject.post(name, amount, on)
        except DomainError:
            continue
    early = [each for each in subject.ledger if each.cause is ADVANCE]
    assert figures(early) == {}, "what is brought forward is taken off at the tax point"
    assert sum((e.accounted_tax or D(0) for e in early), D(0)) == 0
    assert sum((e.accounted_base or D(0) for e in early), D(0)) == 0
    forward = [each for each in early if each.period != "2026-04"]
    assert all(each.period < "2026-04" for each in forward)
    received = sum((e.base + e.tax for e in forward if period_of(e.tax_point) < "2026-04"), D(0))
    whole = sum((g.base + g.tax for g in subject.settlement.taxes.account.groups), D(0))
    assert 0 <= received <= whole
