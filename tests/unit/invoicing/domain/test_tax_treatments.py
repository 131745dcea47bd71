"""On which ground entries stand: said by the rules, else read from what was stated by hand."""

from dataclasses import replace
from datetime import date

import pytest

from invx.contexts.invoicing.domain.content import (
    DeterminedLine,
    LineSupply,
    TaxDetermination,
)
from invx.contexts.invoicing.domain.party import Address, PartyKind, Registration
from invx.contexts.invoicing.domain.tax.tax_entries import registration_id
from invx.contexts.invoicing.domain.tax.tax_treatment import partner_of, vat_id_of
from invx.rules.tax.model import Special, SupplyKind
from invx.rules.totals.model import Profile, Regime, Tax
from tests.unit.invoicing.domain.drafts import BUYER, ENTITY, S7, S19, D, content, line, off
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity, figures

AT = Registration(country="AT", vat_id="ATU12345675")
SHOP = replace(ACCRUAL, special=Special.OSS)
SMALL = replace(ACCRUAL, special=Special.SMALL_BUSINESS)
FRENCH = replace(BUYER, address=Address(country="FR"), vat_id="FR83404833048")
GREEK = replace(BUYER, address=Address(country="GR"), vat_id="EL 094 259 216")
ADA = replace(BUYER, kind=PartyKind.CONSUMER, vat_id=None, address=Address(country="FR"))
GOODS, DIGITAL = LineSupply(kind=SupplyKind.GOODS), LineSupply(kind=SupplyKind.DIGITAL)
LAND = LineSupply(kind=SupplyKind.REAL_ESTATE)
MIDDLE = LineSupply(kind=SupplyKind.GOODS, triangular=True)


def tax(category, rate="0", jurisdiction=None, **more):
    reason = None if category in "SZ" else "x"
    return Tax(category=category, rate=D(rate), jurisdiction=jurisdiction, reason=reason, **more)


def stated(a_tax, *registrations, buyer=BUYER, supply=None, **more):
    """The one entry of a document whose tax a person stated."""
    more = {"profile": Profile.PLAIN} | more
    said = content(line("1", "100.00", "1", a_tax, supply=supply), buyer=buyer, **more)
    [entry] = Case.of(said, entity(*(registrations or (ACCRUAL,)))).ledger
    return entry


@pytest.mark.parametrize(
    "a_tax,buyer,supply,read",
    [
        (S19, BUYER, GOODS, ("domestic", None, "DE")),
        (tax("Z"), BUYER, None, ("domestic", None, "DE")),
        (tax("E"), BUYER, None, ("exempt", None, "DE")),
        (tax("E", reason_code="VATEX-EU-151"), BUYER, None, ("exempt_buyer", None, "DE")),
        (tax("O"), FRENCH, None, ("outside_scope", None, "DE")),
        (tax("G"), FRENCH, None, ("export", None, "DE")),
        (tax("K"), FRENCH, None, ("intra_community", "goods", "DE")),
        (tax("K"), FRENCH, MIDDLE, ("intra_community", "triangular", "DE")),
        (tax("AE"), FRENCH, None, ("reverse_charge", "services", "FR")),
        (tax("AE"), FRENCH, LAND, ("reverse_charge", "located", "FR")),
        (tax("AE"), FRENCH, MIDDLE, ("reverse_charge", "triangular", "FR")),
        (tax("AE"), BUYER, None, ("reverse_charge", None, "DE")),
        (tax("AE", jurisdiction="DE"), FRENCH, None, ("reverse_charge", None, "DE")),
    ],
)
def test_what_was_stated_by_hand_is_read_and_marked(a_tax, buyer, supply, read):
    entry = stated(a_tax, buyer=buyer, supply=supply)
    assert (entry.scheme, entry.supply, entry.jurisdiction) == read
    assert entry.derived
    assert entry.registration == registration_id(ENTITY, ACCRUAL), "all are in the German return"
    assert entry.country == "DE"


def test_other_taxes_than_vat_have_grounds_of_their_own():
    levy = tax("CO2", "2", regime=Regime.LEVY)
    assert stated(levy).scheme == "levy"
    sales = tax("TX", "8", "US", regime=Regime.SALES)
    assert stated(sales).scheme == "sales_tax"


def test_a_small_business_is_known_by_its_registration():
    assert stated(tax("E"), SMALL).scheme == "small_business"


def test_each_entry_is_in_the_return_of_its_registration():
    """Germany and Austria, and the shop that has the German number and a return of its own."""
    ours = (ACCRUAL, AT, SHOP)
    german, austrian, shop = [registration_id(ENTITY, each) for each in ours]
    assert len({german, austrian, shop}) == 3
    cases = [
        (stated(S19, *ours), german, "domestic"),
        (stated(tax("S", "20", "AT"), *ours), austrian, "domestic"),
        (stated(tax("K", jurisdiction="AT"), *ours, buyer=FRENCH), austrian, "intra_community"),
        (stated(tax("S", "20", "FR"), *ours, buyer=ADA), shop, "oss"),
        (stated(tax("AE", jurisdiction="AT"), *ours, buyer=GREEK), german, "reverse_charge"),
        (stated(tax("O", jurisdiction="AT"), *ours), german, "outside_scope"),
    ]
    for entry, registration, scheme in cases:
        assert (entry.registration, entry.scheme) == (registration, scheme), entry
    established = replace(AT, established=True)
    owed = stated(tax("AE", jurisdiction="AT"), ACCRUAL, established)
    assert owed.registration == austrian


def test_a_shop_serves_only_its_days_and_never_a_country_with_a_registration():
    late = replace(SHOP, valid_from=date(2026, 4, 1))
    entry = stated(tax("S", "20", "FR"), ACCRUAL, late, buyer=ADA)
    assert (entry.scheme, entry.registration) == ("domestic", None)
    french = Registration(country="FR", vat_id="FR83404833048")
    entry = stated(tax("S", "20", "FR"), ACCRUAL, SHOP, french, buyer=ADA)
    assert entry.registration == registration_id(ENTITY, french)


def owed_lines(*supplies, **more):
    """A document on which a buyer in France owes the tax of several kinds of supply."""
    lines = [
        line(str(index), price, "1", tax("AE", jurisdiction="FR"), supply=supply)
        for index, (price, supply) in enumerate(supplies, 1)
    ]
    return content(*lines, buyer=FRENCH, profile=Profile.PLAIN, **more)


def test_a_group_of_several_kinds_falls_apart_into_them_to_the_cent():
    said = owed_lines(("100.00", DIGITAL), ("33.33", LAND), ("66.67", DIGITAL), discounts=(
        off("10.01", taxes=(tax("AE", jurisdiction="FR"),)),))  # fmt: skip
    subject = Case.of(said, entity(ACCRUAL))
    # 10.01 of 200.00 off: 166.67 x 189.99 / 200 = 158.3282, 33.33 x 189.99 / 200 = 31.6618.
    assert figures(subject.ledger, "supply") == {
        "services": ("158.33", "0.00"),
        "located": ("31.66", "0.00"),
    }


def test_domestic_supplies_stay_together_whatever_they_are():
    said = content(line("1", "10.00", supply=GOODS), line("2", "5.00", supply=DIGITAL))
    assert len(Case.of(said, entity(ACCRUAL)).ledger) == 1


def test_a_credit_note_takes_from_the_kinds_that_its_lines_name():
    subject = Case.of(owed_lines(("100.00", DIGITAL), ("40.00", LAND)), entity(ACCRUAL))
    subject.credit(line="2")
    assert figures(subject.ledger, "supply") == {"services": ("100.00", "0.00")}
    assert {entry.supply for entry in subject.ledger} == {"services", "located"}


def test_a_credited_amount_is_shared_among_the_kinds_in_proportion():
    subject = Case.of(owed_lines(("100.00", DIGITAL), ("50.00", LAND)), entity(ACCRUAL))
    subject.credit("10.00")
    # 10.00 as 100 to 50: 6.67 and 3.33.
    assert figures(subject.ledger, "supply") == {
        "services": ("93.33", "0.00"),
        "located": ("46.67", "0.00"),
    }
    subject.credit()
    assert figures(subject.ledger) == {}


def test_a_part_payment_on_cash_is_shared_among_kinds_too():
    shop = replace(SHOP, basis=CASH.basis)
    french = tax("S", "20", "FR")
    lines = (line("1", "60.00", "1", french, supply=GOODS), line("2", "40.00", "1", french,
             supply=DIGITAL))  # fmt: skip
    subject = Case.of(content(*lines, buyer=ADA), entity(ACCRUAL, shop))
    assert subject.ledger == []
    subject.post("record_payment", "60.00")
    assert figures(subject.ledger, "supply") == {
        "goods": ("30.00", "6.00"),
        "services": ("20.00", "4.00"),
    }


def test_what_the_rules_said_is_kept_and_not_marked():
    said = content(line("1", "100.00", "1", tax("E"), supply=DIGITAL))
    ruled = DeterminedLine(line_id="1", scheme="small_business", place="DE", source="§ 19")
    said = replace(said, determination=TaxDetermination(lines=(ruled,)))
    [entry] = Case.of(said, entity(ACCRUAL)).ledger
    assert (entry.scheme, entry.derived) == ("small_business", False)


def test_lines_of_one_group_keep_the_grounds_that_the_rules_found():
    lines = [line(name, price, "1", tax("E")) for name, price in (("1", "70.00"), ("2", "30.00"))]
    ruled = [
        DeterminedLine(line_id=name, scheme=scheme, place="DE", source="x")
        for name, scheme in (("1", "exempt"), ("2", "exempt_buyer"))
    ]
    said = replace(content(*lines), determination=TaxDetermination(lines=tuple(ruled)))
    found = figures(Case.of(said, entity(ACCRUAL)).ledger, "scheme")
    assert found == {"exempt": ("70.00", "0.00"), "exempt_buyer": ("30.00", "0.00")}


@pytest.mark.parametrize(
    "party,partner,vat_id",
    [
        (GREEK, "EL", "EL094259216"),
        (replace(BUYER, vat_id="de 129 273 398"), "DE", "DE129273398"),
        (replace(FRENCH, vat_id="83-404.833"), "FR", "FR83404833"),
        (ADA, None, None),
        (None, None, None),
        (replace(BUYER, vat_id="12", address=None), None, "12"),
    ],
)
def test_a_partner_is_the_country_of_its_number(party, partner, vat_id):
    assert (partner_of(party), vat_id_of(party)) == (partner, vat_id)


def test_no_number_of_a_buyer_stands_in_an_entry():
    entry = stated(tax("AE"), buyer=FRENCH)
    assert (entry.partner, "83404833048" in str(entry)) == ("FR", False)


def test_groups_of_two_rates_have_one_ground():
    said = content(line("1", "10.00"), line("2", "10.00", "1", S7))
    assert {each.scheme for each in Case.of(said, entity(ACCRUAL)).ledger} == {"domestic"}
