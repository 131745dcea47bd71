"""When and for whom a tax is due."""

from dataclasses import replace
from datetime import date

import pytest

from invx.contexts.invoicing.domain.content import DocumentType, Period
from invx.contexts.invoicing.domain.party import Address, Basis, Party, Registration
from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause, registration_id
from invx.contexts.invoicing.domain.tax.tax_points import basis_of, period_of, tax_point_of
from invx.rules.totals.model import Tax
from tests.unit.invoicing.domain.drafts import BUYER, ENTITY, S19, TODAY, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity, entries_of

JANUARY = Period(start=date(2026, 1, 1), end=date(2026, 1, 31))


@pytest.mark.parametrize(
    "said,category,expected",
    [
        ({}, "S", TODAY),
        ({"supply_date": date(2026, 2, 5)}, "S", date(2026, 2, 5)),
        ({"service_period": JANUARY}, "S", date(2026, 1, 31)),
        ({"service_period": Period(start=date(2026, 1, 1))}, "S", TODAY),
        ({"supply_date": date(2026, 2, 5), "service_period": JANUARY}, "S", date(2026, 2, 5)),
        ({"tax_point": date(2026, 2, 9), "service_period": JANUARY}, "S", date(2026, 2, 9)),
        ({"tax_point_code": "3", "service_period": JANUARY}, "S", TODAY),
        ({"tax_point_code": "35", "service_period": JANUARY}, "S", date(2026, 1, 31)),
        ({"type": DocumentType.CREDIT_NOTE, "service_period": JANUARY}, "S", TODAY),
        ({"supply_date": date(2026, 2, 20)}, "K", TODAY),  # the invoice comes first
        ({"supply_date": date(2026, 1, 20)}, "K", date(2026, 2, 15)),  # Article 67
    ],
)
def test_the_tax_point_follows_the_supply(said, category, expected):
    assert tax_point_of(content(line("1", "10"), **said), category, TODAY) == expected


def test_periods_of_lines_stand_for_that_of_the_document():
    lines = [
        line("1", "10", service_period=JANUARY),
        line("2", "10", service_period=Period(end=date(2026, 2, 28))),
    ]
    assert tax_point_of(content(*lines), "S", TODAY) == date(2026, 2, 28)


FRENCH = replace(BUYER, address=Address(country="FR"))


@pytest.mark.parametrize(
    "registered,said,category,expected",
    [
        (Basis.CASH, {}, "S", Basis.CASH),
        (Basis.ACCRUAL, {}, "S", Basis.ACCRUAL),
        (Basis.ACCRUAL, {"tax_point_code": "432"}, "S", Basis.CASH),
        (Basis.CASH, {}, "K", Basis.ACCRUAL),
        (Basis.CASH, {"buyer": FRENCH}, "AE", Basis.ACCRUAL),
        (Basis.CASH, {}, "AE", Basis.CASH),  # at home
        (Basis.CASH, {"buyer": Party(name="X")}, "AE", Basis.CASH),
    ],
)
def test_the_basis_is_the_registrations_unless_the_law_or_the_document_says_otherwise(
    registered, said, category, expected
):
    assert basis_of(registered, content(line("1", "10"), **said), category, "DE") is expected


def test_a_period_is_a_month():
    assert period_of(date(2026, 1, 31)) == "2026-01"


def test_the_registration_of_the_tax_point_serves_the_document():
    old = replace(CASH, vat_id="DE136695976", valid_to=date(2026, 1, 31))
    new = replace(ACCRUAL, valid_from=date(2026, 2, 1))
    seller = entity(old, new)
    january = Case.of(content(line("1", "10"), service_period=JANUARY), seller)
    march = Case.of(content(line("1", "10")), seller)
    assert entries_of(january.settlement) == []
    [entry] = entries_of(march.settlement)
    assert entry.registration == registration_id(ENTITY, new)
    january.post("record_payment")
    assert entries_of(january.settlement)[0].registration == registration_id(ENTITY, old)


def test_a_tax_of_another_country_goes_to_the_registration_there():
    abroad = Registration(country="FR", vat_id="FR83404833048", basis=Basis.CASH)
    french = Tax(category="S", rate=D(20), jurisdiction="FR")
    subject = Case.of(
        content(line("1", "10"), line("2", "10", "1", french)), entity(ACCRUAL, abroad)
    )
    [entry] = subject.ledger
    assert (entry.country, entry.cause) == ("DE", TaxCause.ISSUED)
    subject.post("record_payment")
    assert [(e.country, e.cause) for e in subject.ledger[1:]] == [("FR", TaxCause.CASH_RECEIVED)]


def test_an_entry_without_a_registration_is_made_all_the_same():
    [entry] = Case.of(content(line("1", "10")), entity()).ledger
    assert (entry.registration, entry.country, entry.basis) == (None, "DE", Basis.ACCRUAL)


def test_a_credit_note_stays_with_the_basis_of_its_original():
    subject = Case.of(content(line("1", "100.00")), entity(CASH))
    subject.seller = entity(ACCRUAL)  # changed since
    note = subject.credit("11.90")
    assert note.taxes.account.groups[0].basis is Basis.CASH
    assert subject.ledger == []


@pytest.mark.parametrize(
    "currency,country,provisional",
    [("EUR", "DE", False), ("USD", "DE", True), ("EUR", "PL", True), ("PLN", "PL", False)],
)
def test_a_tax_in_another_currency_without_a_rate_is_provisional(currency, country, provisional):
    taxes = (replace(S19, jurisdiction=country),)
    [entry] = Case.of(content(line("1", "10", "1", *taxes), currency=currency), entity()).ledger
    assert entry.provisional is provisional


def test_a_registration_keeps_its_id_when_its_basis_or_validity_change():
    later = replace(ACCRUAL, basis=Basis.CASH, valid_to=date(2030, 1, 1))
    assert registration_id(ENTITY, later) == registration_id(ENTITY, ACCRUAL)
    assert registration_id(ENTITY, replace(ACCRUAL, vat_id="DE1")) != registration_id(
        ENTITY, ACCRUAL
    )
