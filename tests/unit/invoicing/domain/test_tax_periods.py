"""The period in which each entry of a document stands, and for which registration."""

from dataclasses import replace
from datetime import date

import pytest

from invx.contexts.invoicing.domain.content import Period
from invx.contexts.invoicing.domain.party import Address, Basis, Registration
from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause, registration_id
from invx.contexts.invoicing.domain.tax.tax_points import tax_point_of
from invx.rules.totals.model import Profile, Tax
from tests.unit.invoicing.domain.drafts import BUYER, ENTITY, S7, S19, D, content, line
from tests.unit.invoicing.domain.taxed import (
    ACCRUAL,
    CASH,
    Case,
    entity,
    entries_of,
    figures,
    groups_of,
)

APRIL, MAY, JUNE = (date(2026, month, 3) for month in (4, 5, 6))  # documents are of 2 March
JANUARY = Period(start=date(2026, 1, 1), end=date(2026, 1, 31))
K = Tax(category="K", reason="intra-community supply")
FRENCH = replace(BUYER, address=Address(country="FR"), vat_id="FR83404833048")


def periods(entries):
    return [each.period for each in entries]


@pytest.mark.parametrize(
    "supplied,issued,expected",
    [
        (date(2026, 1, 1), date(2026, 2, 16), date(2026, 2, 15)),
        (date(2026, 1, 31), date(2026, 2, 14), date(2026, 2, 14)),
        (date(2026, 1, 31), date(2026, 2, 15), date(2026, 2, 15)),
        (date(2026, 1, 31), date(2026, 3, 31), date(2026, 2, 15)),
        (date(2025, 12, 31), date(2026, 1, 16), date(2026, 1, 15)),  # over the turn of the year
        (date(2028, 1, 31), date(2028, 3, 1), date(2028, 2, 15)),
        (date(2026, 3, 9), date(2026, 3, 2), date(2026, 3, 2)),  # issued before the supply
    ],
)
def test_an_intra_community_supply_is_due_by_the_15th_at_the_latest(supplied, issued, expected):
    said = content(line("1", "10", "1", K), buyer=FRENCH, supply_date=supplied)
    assert tax_point_of(said, "K", issued) == expected


@pytest.mark.parametrize(
    "more,expected",
    [
        ({"tax_point": date(2026, 1, 20)}, date(2026, 1, 20)),  # BT-7 holds for every category
        ({"tax_point_code": "3"}, date(2026, 3, 2)),
        ({"tax_point_code": "432"}, date(2026, 2, 15)),
        ({"service_period": JANUARY, "supply_date": None}, date(2026, 2, 15)),
    ],
)
def test_what_the_document_states_comes_before_article_67_except_payment(more, expected):
    given = {"supply_date": date(2026, 1, 7)} | more
    said = content(line("1", "10", "1", K), buyer=FRENCH, profile=Profile.PLAIN, **given)
    subject = Case.of(said, entity(CASH))
    [entry] = subject.ledger
    assert (entry.tax_point, entry.basis) == (expected, Basis.ACCRUAL)


def test_goods_for_home_and_abroad_on_one_document_stand_in_their_own_months():
    lines = (line("1", "100.00", "1", K), line("2", "100.00"))
    said = content(*lines, buyer=FRENCH, supply_date=date(2026, 1, 7), profile=Profile.PLAIN)
    subject = Case.of(said, entity(ACCRUAL))
    assert figures(subject.ledger, "category", "period") == {
        ("K", "2026-02"): ("100.00", "0.00"),
        ("S", "2026-01"): ("100.00", "19.00"),
    }


def test_on_cash_a_mixed_document_enters_the_supply_abroad_at_once_and_the_rest_when_paid():
    lines = (line("1", "100.00", "1", K), line("2", "100.00"))
    said = content(*lines, buyer=FRENCH, supply_date=date(2026, 1, 7), profile=Profile.PLAIN)
    subject = Case.of(said, entity(CASH))
    assert figures(subject.ledger, "category") == {"K": ("100.00", "0.00")}
    subject.post("record_payment", "109.50", on=APRIL)
    assert figures(subject.ledger, "category", "period") == {
        ("K", "2026-02"): ("100.00", "0.00"),
        ("S", "2026-04"): ("50.00", "9.50"),
    }
    subject.post("take_discount", on=MAY)
    assert figures(subject.ledger, "category") == {"K": ("50.00", "0.00"), "S": ("50.00", "9.50")}


def test_code_432_waits_for_the_payment_whatever_the_registration_says():
    said = content(line("1", "100.00"), tax_point_code="432", service_period=JANUARY)
    subject = Case.of(said, entity(ACCRUAL))
    assert subject.ledger == []
    subject.post("record_payment", on=MAY)
    [entry] = subject.ledger
    assert (entry.cause, entry.period, entry.basis) == (
        TaxCause.CASH_RECEIVED,
        "2026-05",
        Basis.CASH,
    )


def test_code_3_puts_a_service_of_january_into_the_month_of_its_invoice():
    said = content(line("1", "100.00"), tax_point_code="3", service_period=JANUARY)
    assert periods(Case.of(said, entity(ACCRUAL)).ledger) == ["2026-03"]


def test_a_stated_tax_point_leaves_a_document_on_cash_to_its_payments():
    said = content(line("1", "100.00"), tax_point=date(2026, 1, 9))
    subject = Case.of(said, entity(CASH))
    assert subject.ledger == []
    subject.post("record_payment", on=APRIL)
    assert periods(subject.ledger) == ["2026-04"]


@pytest.mark.parametrize(
    "more",
    [
        {"tax_point": date(2026, 1, 9)},
        {"supply_date": date(2026, 1, 9)},
        {"service_period": JANUARY},
        {"tax_point_code": "3"},
    ],
)
def test_a_credit_note_counts_in_the_month_of_its_issue_whatever_its_original_states(more):
    subject = Case.of(content(line("1", "100.00"), **more), entity(ACCRUAL))
    note = subject.credit("11.90", on=MAY)
    [entry] = entries_of(note)
    assert (entry.period, entry.cause, entry.base) == ("2026-05", TaxCause.CREDITED, D("-10.00"))


def test_a_credit_note_of_a_document_on_payment_counts_when_the_money_goes_back():
    said = content(line("1", "100.00"), tax_point_code="432")
    subject = Case.of(said, entity(ACCRUAL))
    subject.post("record_payment", on=APRIL)
    note = subject.credit("11.90", on=MAY)
    assert entries_of(note) == []
    subject.post("refund", on=JUNE, which=1)
    assert figures(entries_of(note), "period") == {"2026-06": ("-10.00", "-1.90")}


def test_a_credit_of_an_intra_community_supply_counts_at_its_issue_even_on_cash():
    more = {"buyer": FRENCH, "supply_date": date(2026, 1, 7), "profile": Profile.PLAIN}
    subject = Case.of(content(line("1", "100.00", "1", K), **more), entity(CASH))
    note = subject.credit("40.00", on=MAY)
    assert figures(entries_of(note), "period", "category") == {("2026-05", "K"): ("-40.00", "0.00")}


def test_the_months_of_lines_do_not_split_a_document():
    """A document has one day of supply: the last that any line names."""
    lines = (
        line("1", "100.00", service_period=JANUARY),
        line("2", "100.00", "1", S7, service_period=Period(end=date(2026, 2, 28))),
    )
    assert set(periods(Case.of(content(*lines), entity(ACCRUAL)).ledger)) == {"2026-02"}


# Registrations that change in between. Documents are issued on 2 March.

OLD = replace(CASH, vat_id="DE136695976", valid_to=date(2026, 2, 28))
NEW = replace(ACCRUAL, valid_from=date(2026, 3, 1))


@pytest.mark.parametrize(
    "supplied,expected",
    [(date(2026, 2, 28), OLD), (date(2026, 3, 1), NEW)],
)
def test_the_last_and_the_first_day_of_a_registration_belong_to_it(supplied, expected):
    subject = Case.of(content(line("1", "10"), supply_date=supplied), entity(OLD, NEW))
    group = subject.settlement.taxes.account.groups[0]
    assert (group.registration, group.basis) == (registration_id(ENTITY, expected), expected.basis)


def test_a_payment_after_the_change_stays_with_the_registration_of_the_tax_point():
    said = content(line("1", "100.00"), supply_date=date(2026, 2, 1))
    subject = Case.of(said, entity(OLD, NEW))
    subject.post("record_payment", "59.50", on=APRIL)
    subject.seller = entity(NEW)  # the old one is struck off
    subject.post("record_payment", on=MAY)
    assert {(each.registration, each.basis) for each in subject.ledger} == {
        (registration_id(ENTITY, OLD), Basis.CASH)
    }
    assert figures(subject.ledger) == groups_of(subject.settlement)


def test_a_credit_note_after_the_change_goes_to_the_registration_of_its_original():
    said = content(line("1", "100.00"), supply_date=date(2026, 2, 1))
    subject = Case.of(said, entity(replace(OLD, basis=Basis.ACCRUAL), NEW))
    subject.seller = entity(NEW)
    [entry] = entries_of(subject.credit(on=MAY))
    assert entry.registration == registration_id(ENTITY, OLD)
    assert figures(subject.ledger, "registration") == {}


def test_a_credit_note_is_unregistered_when_its_original_was():
    subject = Case.of(content(line("1", "100.00")), entity())
    subject.seller = entity(NEW)  # registered since
    [entry] = entries_of(subject.credit(on=MAY))
    assert entry.registration is None


def test_a_document_between_two_registrations_has_none_and_counts_on_accrual():
    later = replace(NEW, valid_from=date(2026, 4, 1))
    [entry] = Case.of(content(line("1", "100.00")), entity(OLD, later)).ledger
    assert (entry.registration, entry.basis, entry.country) == (None, Basis.ACCRUAL, "DE")


def test_each_jurisdiction_of_a_document_has_its_own_registration_and_basis():
    abroad = Registration(country="FR", vat_id="FR83404833048", basis=Basis.CASH)
    french = Tax(category="S", rate=D(20), jurisdiction="FR")
    lines = (line("1", "100.00"), line("2", "100.00", "1", french), line("3", "50.00", "1", S19))
    subject = Case.of(content(*lines), entity(ACCRUAL, abroad))
    subject.post("record_payment", on=APRIL)
    assert figures(subject.ledger, "registration", "period") == {
        (str(registration_id(ENTITY, ACCRUAL)), "2026-03"): ("150.00", "28.50"),
        (str(registration_id(ENTITY, abroad)), "2026-04"): ("100.00", "20.00"),
    }
