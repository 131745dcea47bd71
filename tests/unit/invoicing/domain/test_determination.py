"""What the rules are asked for a line, seen from the taxes that come of it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from invx.contexts.invoicing.domain.content import LineSupply, Period, TaxCurrency
from invx.contexts.invoicing.domain.party import Address, Basis, Party, PartyKind, Registration
from invx.contexts.invoicing.domain.tax.determination import Validated, country_of_id
from invx.rules.tax.model import (
    Certificate,
    DistanceSales,
    Policy,
    Special,
    SupplyKind,
    Unproven,
    Validation,
)
from tests.unit.invoicing.domain.determinations import (
    AMSTERDAM,
    GERMANY,
    HAMBURG,
    KOPER,
    KUNDIN,
    asked,
    asks,
    decided,
    entity,
    open_line,
    schemes_of,
    supply,
    tax_of,
)

GOODS = SupplyKind.GOODS
LAST, FIRST = date(2025, 12, 31), date(2026, 1, 1)  # German restaurants: 19 % until, 7 % from
VALID = Validated(Validation.VALID)
BELIEVING = Policy(not_asked=Unproven.ACCEPT)
CONSUMER = replace(KUNDIN, address=AMSTERDAM)
OSS = Registration(country="DE", vat_id="DE136695976", special=Special.OSS)
SWISS = Address(country="CH", postal_code="8001")


def meal(**more: Any) -> Any:
    """A line whose rate tells which day the rules were asked about."""
    dish = LineSupply(kind=SupplyKind.RESTAURANT, category="restaurant_food", located=HAMBURG)
    return replace(open_line(of=dish), **more)


def rate_on(said: Any, day: date) -> str:
    return tax_of(said, day=day)[1]


def test_without_any_date_the_rate_is_that_of_the_day_of_issue() -> None:
    assert [rate_on(asked(meal()), day) for day in (LAST, FIRST)] == ["19", "7"]


def test_the_day_of_supply_goes_before_the_day_of_issue() -> None:
    assert rate_on(asked(meal(), supply_date=LAST), FIRST) == "19"
    assert rate_on(asked(meal(), supply_date=FIRST), LAST) == "7"


def test_the_end_of_the_documents_period_goes_before_the_day_of_supply() -> None:
    across = Period(start=LAST, end=FIRST)
    assert rate_on(asked(meal(), supply_date=LAST, service_period=across), LAST) == "7"
    begun = Period(start=LAST)
    assert rate_on(asked(meal(), supply_date=FIRST, service_period=begun), FIRST) == "19"


def test_a_lines_own_period_goes_before_the_documents() -> None:
    until = meal(service_period=Period(start=date(2025, 12, 1), end=LAST))
    said = asked(until, replace(meal(), id="2"), service_period=Period(start=FIRST, end=FIRST))
    found = decided(said, day=FIRST)
    assert [str(each.taxes[0].rate) for each in found.content.lines] == ["19", "7"]


def test_goods_start_at_the_sellers_unless_dispatched_elsewhere() -> None:
    swiss_shop = entity(
        Registration(country="CH", vat_id="CHE-107.787.577 MWST"), GERMANY, at=SWISS
    )
    goods = asked(open_line(of=supply(GOODS, dispatch=HAMBURG)))
    assert tax_of(goods, swiss_shop) == ("S", "19")
    assert asks(asked(open_line(of=supply(GOODS))), swiss_shop) == ["/lines/0/supply/importer"]


def test_goods_go_to_the_buyer_unless_shipped_elsewhere() -> None:
    """By the line first, then by the document, then to the buyer's address."""
    sent = open_line(of=supply(GOODS, delivery=SWISS))
    kept = open_line(of=supply(GOODS))
    to_swiss = Party(name="Lager", address=SWISS)
    to_hamburg = Party(name="Lager", address=HAMBURG)
    assert schemes_of(decided(asked(kept))) == ["domestic"]
    assert schemes_of(decided(asked(kept, ship_to=to_swiss))) == ["export"]
    assert schemes_of(decided(asked(sent, ship_to=to_hamburg))) == ["export"]
    assert schemes_of(decided(asked(kept, ship_to=Party(name="Nobody knows where")))) == [
        "domestic"
    ]


def test_a_service_at_a_place_is_taxed_there() -> None:
    stay = supply(SupplyKind.REAL_ESTATE, located=AMSTERDAM)
    dutch = Registration(country="NL", vat_id="NL123456782B12")
    found = decided(asked(open_line(of=stay)), entity(GERMANY, dutch))
    assert found.content.lines[0].taxes[0].rate == Decimal(21)
    assert asks(asked(open_line(of=supply(SupplyKind.REAL_ESTATE)))) == ["/lines/0/supply/located"]


def test_collected_and_installed_goods_are_taxed_where_they_end() -> None:
    dutch = Registration(country="NL", vat_id="NL123456782B12")
    both = entity(GERMANY, dutch)
    collected = supply(GOODS, transported=False)
    installed = supply(GOODS, installed=True)
    assert tax_of(asked(open_line(of=collected), buyer=CONSUMER), both) == ("S", "19")
    assert tax_of(asked(open_line(of=installed), buyer=CONSUMER), both) == ("S", "21")


@pytest.mark.parametrize("day,known", [(date(2026, 6, 30), True), (date(2026, 7, 1), False)])
def test_a_registration_counts_to_its_last_day(day: date, known: bool) -> None:
    ends = replace(GERMANY, valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30))
    pointers = asks(asked(), entity(ends), day=day)
    assert pointers == ([] if known else ["/seller/registrations"])
    assert asks(asked(), entity(ends), day=date(2025, 12, 31)) == ["/seller/registrations"]


def test_who_is_in_the_one_stop_shop_charges_the_rate_of_the_consumers_country() -> None:
    sold = asked(open_line(of=supply(GOODS)), buyer=CONSUMER)
    assert schemes_of(decided(sold, entity(GERMANY, OSS))) == ["oss"]
    assert tax_of(sold, entity(GERMANY, OSS)) == ("S", "21")


def test_a_small_business_charges_no_tax_and_says_so_in_the_language_of_the_document() -> None:
    small = replace(GERMANY, special=Special.SMALL_BUSINESS)
    reasons = {
        language: decided(asked(language=language), entity(small)).content.lines[0].taxes[0].reason
        for language in ("de", "de-AT", "en")
    }
    assert reasons["de"] == reasons["de-AT"] == "Gemäß § 19 UStG wird keine Umsatzsteuer berechnet."
    assert reasons["en"] != reasons["de"]


def test_the_basis_of_a_registration_changes_no_tax() -> None:
    assert tax_of(asked(), entity(replace(GERMANY, basis=Basis.CASH))) == ("S", "19")


def test_a_fixed_establishment_charges_the_tax_that_a_visitor_leaves_to_the_buyer() -> None:
    dutch = Registration(country="NL", vat_id="NL123456782B12")
    said = asked(buyer=KOPER)
    visiting = entity(GERMANY, dutch)
    there = entity(GERMANY, replace(dutch, established=True))
    assert tax_of(said, visiting, buyer_id=VALID) == ("AE", "0")
    assert tax_of(said, there, buyer_id=VALID) == ("S", "21")


@pytest.mark.parametrize(
    "written,country",
    [
        ("NL4495445B01", "NL"),
        (" nl4495445B01 ", "NL"),
        ("4495445B01", "NL"),
        ("EL094259216", "EL"),
        ("XI123456789", "XI"),
        ("", "NL"),
    ],
)
def test_a_vat_id_is_of_the_country_that_it_begins_with_else_of_the_buyers(
    written: str, country: str
) -> None:
    assert country_of_id(replace(KOPER, vat_id=written)) == country


def test_an_id_of_another_country_than_the_buyers_frees_goods_but_no_services() -> None:
    """Goods from Germany to Belgium, bought under a Dutch id: the id counts (Article 138)."""
    belgian = Party(name="Kopers", address=Address(country="BE"), vat_id="NL4495445B01")
    goods, service = (
        asked(open_line(of=supply(k)), buyer=belgian) for k in (GOODS, SupplyKind.SERVICES)
    )
    assert schemes_of(decided(goods, buyer_id=VALID)) == ["intra_community"]
    assert asks(service, buyer_id=VALID) == ["/buyer/vat_id"]


def test_a_business_without_an_id_is_asked_for_it_and_a_consumer_is_not() -> None:
    nameless = replace(KOPER, vat_id=None)
    blank = replace(KOPER, vat_id="  ")
    assert asks(asked(buyer=nameless)) == asks(asked(buyer=blank)) == ["/buyer/vat_id"]
    assert tax_of(asked(buyer=replace(nameless, kind=PartyKind.CONSUMER))) == ("S", "19")


@pytest.mark.parametrize("validation", ["invalid", "unavailable", "not_asked"])
def test_each_outcome_of_a_validation_has_its_own_answer_by_policy(validation: str) -> None:
    outcome = Validated(Validation(validation))
    accepting = entity(tax_id_policy=Policy(**{validation: Unproven.ACCEPT}))
    taxing = entity(tax_id_policy=Policy(**{validation: Unproven.TAX}))
    said = asked(buyer=KOPER)
    assert asks(said, buyer_id=outcome) == ["/buyer/vat_id"]
    believed = decided(said, accepting, buyer_id=outcome).content
    assert believed.lines[0].taxes[0].category == "AE"
    assert believed.determination is not None
    assert believed.determination.tax_id_validation == validation
    [assumed] = believed.determination.lines[0].assumed or ()
    assert "NL4495445B01" in assumed
    assert tax_of(said, taxing, buyer_id=outcome) == ("S", "19")


def test_a_certificate_frees_its_buyer_while_it_holds() -> None:
    paper = Certificate(kind="eu_151", country="DE", number="151-7", valid_until=date(2026, 6, 30))
    embassy = Party(name="Embassy", address=HAMBURG, vat_id="DE811569869", certificates=(paper,))
    found = decided(asked(buyer=embassy), day=date(2026, 6, 30))
    [tax] = found.content.lines[0].taxes
    assert (tax.category, tax.reason_code) == ("E", "VATEX-EU-151")
    assert schemes_of(found) == ["exempt_buyer"]
    assert tax_of(asked(buyer=embassy), day=date(2026, 7, 1)) == ("S", "19")


def test_the_reason_of_a_reverse_charge_is_in_the_language_of_the_document() -> None:
    reasons = {
        language: decided(asked(buyer=KOPER, language=language), buyer_id=VALID)
        .content.lines[0]
        .taxes[0]
        .reason
        for language in ("de", "fr", "nl", "en")
    }
    assert len(set(reasons.values())) == 4
    assert "Steuerschuldnerschaft" in str(reasons["de"])
    assert "verlegd" in str(reasons["nl"]).lower()


def sold_abroad(price: str, year: str, **more: Any) -> str:
    """On which ground goods go to a Dutch consumer, after so many euros of such sales."""
    sales = DistanceSales(last_year=Decimal(0), this_year=Decimal(year))
    dutch = Registration(country="NL", vat_id="NL123456782B12")
    said = asked(open_line(price=price, of=supply(GOODS)), buyer=CONSUMER, **more)
    found = decided(said, entity(GERMANY, distance_sales=sales))
    if found.problems:
        return found.problems[0].pointer
    [scheme] = schemes_of(found)
    assert tax_of(said, entity(GERMANY, dutch)) == ("S", "21"), "with a registration there"
    return scheme


def test_the_sale_that_passes_the_limit_is_taxed_at_its_destination() -> None:
    assert sold_abroad("100.00", "9900") == "domestic"
    assert sold_abroad("100.01", "9900") == "/seller/registrations", "the shop, or a registration"


def test_a_price_that_includes_tax_counts_without_it() -> None:
    """119.00 at 19 % are 100.00: the limit of 10 000 euros is net."""
    assert sold_abroad("119.00", "9900", prices_include_tax=True) == "domestic"
    assert sold_abroad("119.02", "9900", prices_include_tax=True) == "/seller/registrations"


def test_all_lines_of_a_document_count_towards_the_limit_together() -> None:
    sales = DistanceSales(last_year=Decimal(0), this_year=Decimal(9900))
    seller = entity(GERMANY, distance_sales=sales)
    goods = supply(GOODS)
    lines = [open_line(str(n), "50.01", of=goods) for n in (1, 2)]
    assert asks(asked(*lines, buyer=CONSUMER), seller) == ["/seller/registrations"] * 2
    service = open_line("2", "5000.00")  # taxed at home whatever it costs
    assert schemes_of(decided(asked(lines[0], service, buyer=CONSUMER), seller)) == [
        "domestic",
        "domestic",
    ]


def test_a_limit_in_euros_asks_for_the_rate_of_another_currency() -> None:
    assert sold_abroad("100.00", "9900", currency="USD") == "/tax_currency"
    euros = TaxCurrency(currency="EUR", rate=Decimal("0.9"))
    assert sold_abroad("111.11", "9900", currency="USD", tax_currency=euros) == "domestic"
    assert (
        sold_abroad("111.13", "9900", currency="USD", tax_currency=euros) == "/seller/registrations"
    )
    pounds = TaxCurrency(currency="GBP", rate=Decimal("0.9"))
    assert sold_abroad("1.00", "0", currency="USD", tax_currency=pounds) == "/tax_currency"


def test_who_waives_the_limit_or_was_above_it_last_year_is_taxed_at_the_destination() -> None:
    sold = asked(open_line(of=supply(GOODS)), buyer=CONSUMER)
    nothing = DistanceSales(last_year=Decimal(0), this_year=Decimal(0))
    for sales in (replace(nothing, waived=True), replace(nothing, last_year=Decimal("10000.01"))):
        assert asks(sold, entity(distance_sales=sales)) == ["/seller/registrations"]
    assert tax_of(sold, entity(distance_sales=nothing)) == ("S", "19")


def test_a_small_consignment_comes_in_through_the_import_shop() -> None:
    """The value of the consignment decides, net of tax: up to 150 euros (Article 369l)."""
    ioss = Registration(country="NL", vat_id="IM5280000001", special=Special.IOSS)
    shop = entity(Registration(country="CH", vat_id="CHE-107.787.577 MWST"), ioss, at=SWISS)
    for price, expected in (("178.50", ["ioss"]), ("178.52", None)):
        line = open_line(price=price, of=supply(GOODS))
        found = decided(asked(line, prices_include_tax=True), shop)
        if expected is None:
            assert [each.pointer for each in found.problems] == ["/lines/0/supply/importer"]
        else:
            assert schemes_of(found) == expected
