"""Sales taxes come from the table that the tenant keeps, and from nothing else."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from invx.rules.tax.determine import determine
from invx.rules.tax.model import Certificate
from invx.rules.tax.outcome import Determination, Undetermined
from invx.rules.tax.rate_table import RateTable, RateTableInvalid, rate_table_of
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Bill, Line, Profile, Regime, Rounding, Tax
from tests.unit.rules.tax.rows import facts
from tests.unit.rules.tax.shipped import packs_with

TABLE = (Path(__file__).parent / "rates.toml").read_text()
SELLER = "US-TX/73301 none reg=US-TX reg=US-OH"


def table() -> RateTable:
    return rate_table_of(TABLE)


def found(seller: str, buyer: str, supply: str) -> Determination:
    answer = determine(facts(seller, buyer, supply), packs_with(), table())
    assert isinstance(answer, Determination), answer
    return answer


def asked(seller: str, buyer: str, supply: str, rates: RateTable | None = None) -> str:
    answer = determine(facts(seller, buyer, supply), packs_with(), rates or table())
    assert isinstance(answer, Undetermined), answer
    return answer.questions[0].pointer


def figures(answer: Determination) -> list[tuple[str, str | None, Decimal]]:
    return [(tax.category, tax.jurisdiction, tax.rate) for tax in answer.taxes]


def test_a_texan_buyer_pays_state_city_and_transit() -> None:
    answer = found(SELLER, "C US-TX/78704-1234/Austin", "goods standard 2026-05-04")
    assert figures(answer) == [
        ("STATE", "US-TX", Decimal("6.25")),
        ("CITY", "US-TX-Austin", Decimal(1)),
        ("TRANSIT", "US-TX-Capital Metro", Decimal(1)),
    ]
    assert answer.profile is Profile.PLAIN
    assert answer.scheme == "sales_tax"
    assert answer.place == "US-TX"
    assert "Tex. Tax Code 151.051 (table acme-7)" in answer.source


def test_the_taxes_of_texas_are_totalled_in_profile_plain() -> None:
    taxes = found(SELLER, "C US-TX/78704/Austin", "goods standard 2026-05-04").taxes
    line = Line(id="1", price=Decimal("19.99"), taxes=taxes)
    totals = compute(
        Bill(currency="USD", lines=(line,), profile=Profile.PLAIN, rounding=Rounding.PER_LINE)
    )
    assert [group.amount for group in totals.taxes] == [
        Decimal("1.25"),
        Decimal("0.20"),
        Decimal("0.20"),
    ]
    assert totals.gross == Decimal("21.64")


def test_outside_the_city_only_the_state_taxes() -> None:
    answer = found(SELLER, "C US-TX/79901/El_Paso", "goods standard 2026-05-04")
    assert figures(answer) == [("STATE", "US-TX", Decimal("6.25"))]


def test_a_row_for_the_category_comes_before_the_general_one() -> None:
    answer = found(SELLER, "C US-TX/79901/El_Paso", "goods food 2026-05-04")
    assert figures(answer) == [("STATE", "US-TX", Decimal(0))]
    assert "151.314" in answer.source


def test_in_an_origin_state_a_seller_inside_uses_its_own_place() -> None:
    inside = "US-OH/44101 none reg=US-OH"
    answer = found(inside, "C US-OH/43215", "goods standard 2025-03-31")
    assert [tax.jurisdiction for tax in answer.taxes] == ["US-OH", "US-OH-Cuyahoga"]
    remote = found(SELLER, "C US-OH/43215", "goods standard 2025-03-31")
    assert [tax.jurisdiction for tax in remote.taxes] == ["US-OH", "US-OH-Franklin"]


def test_a_rate_ends_on_its_last_day() -> None:
    answer = found(SELLER, "C US-OH/43215", "goods standard 2025-04-01")
    assert figures(answer) == [("STATE", "US-OH", Decimal("5.75"))]


def test_quebec_has_two_taxes_and_ontario_one() -> None:
    seller = "CA-QC/H2Y none reg=CA-QC reg=CA-ON"
    quebec = found(seller, "B CA-QC/H2Y_1C6", "services standard 2026-05-04")
    assert figures(quebec) == [
        ("GST", "CA-QC", Decimal(5)),
        ("QST", "CA-QC", Decimal("9.975")),
    ]
    ontario = found(seller, "C CA-ON/M5V", "digital standard 2026-05-04")
    assert figures(ontario) == [("HST", "CA-ON", Decimal(13))]


@pytest.mark.parametrize(
    ("buyer", "supply", "pointer"),
    [
        ("C US-TX/78704", "digital standard 2026-05-04", "/table/rates"),
        ("C US-TX/", "goods standard 2026-05-04", "/buyer/place/postal_code"),
        ("C US", "goods standard 2026-05-04", "/buyer/place/region"),
        ("C US-TX/78704", "goods standard 2019-12-31", "/table/rates"),
    ],
)
def test_what_the_table_does_not_say_is_asked(buyer: str, supply: str, pointer: str) -> None:
    assert asked(SELLER, buyer, supply) == pointer


def test_without_a_table_the_rates_are_asked() -> None:
    answer = determine(facts(SELLER, "C US-TX/1", "goods standard 2026-05-04"), packs_with())
    assert isinstance(answer, Undetermined)
    assert answer.questions[0].pointer == "/table"


def test_a_seller_at_home_without_any_registration_is_asked() -> None:
    assert asked("US-TX none", "C US-TX/1", "goods standard 2026-05-04") == "/seller/registrations"


def test_a_state_without_a_registration_is_stated_not_passed_over() -> None:
    answer = found(SELLER, "C US-NY/10001", "goods standard 2026-05-04")
    (tax,) = answer.taxes
    assert (tax.regime, tax.category, tax.rate) == (Regime.SALES, "NONE", Decimal(0))
    assert answer.assumed == ("The seller has no duty to register in US-NY.",)


@pytest.mark.parametrize(("region", "rate"), [("TX", 0), (None, 0), ("OH", 6)])
def test_a_resale_certificate_frees_where_it_holds(region: str | None, rate: int) -> None:
    stated = facts(SELLER, "B US-TX/79901/El_Paso", "goods standard 2026-05-04")
    held = Certificate(
        kind="resale", country="US", region=region, number="01-339", valid_until=date(2026, 5, 4)
    )
    free = replace(stated, buyer=replace(stated.buyer, certificates=(held,)))
    answer = determine(free, packs_with(), table())
    assert isinstance(answer, Determination)
    assert int(answer.taxes[0].rate) == rate
    late = replace(free, supply=replace(free.supply, date=date(2026, 5, 5)))
    after = determine(late, packs_with(), table())
    assert isinstance(after, Determination)
    assert after.taxes[0].rate == Decimal("6.25")


def test_a_european_seller_collects_where_it_is_registered() -> None:
    answer = found("DE reg=US-TX", "C US-TX/79901/El_Paso", "goods standard 2026-05-04")
    assert answer.scheme == "sales_tax"
    export = found("DE", "C US-TX/79901/El_Paso", "goods standard 2026-05-04")
    assert export.scheme == "export"


def test_an_american_seller_of_services_to_germany_charges_nothing() -> None:
    answer = found("US-TX none reg=US-TX", "B DE id=DE", "services standard 2026-05-04")
    assert [tax.category for tax in answer.taxes] == ["O"]


def test_the_fingerprint_follows_the_table() -> None:
    stated = facts(SELLER, "C US-TX/79901/El_Paso", "goods standard 2026-05-04")
    changed = rate_table_of(TABLE.replace('"6.25"', '"6.3"'))
    first = determine(stated, packs_with(), table())
    second = determine(stated, packs_with(), changed)
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('version = "acme-7"', "", "/version"),
        ('source = "ETA 165"', 'source = " "', "/rates/7/source"),
        ('source = "ETA 165"', "source = 5", "/rates/7/source"),
        (', source = "ETA 165"', "", "/rates/7/source"),
        ('rate = "13"', 'rate = "thirteen"', "/rates/9/rate"),
        ('rate = "13"', 'rate = "130"', "/rates/9/rate"),
        ('rate = "13"', "rate = 13", "/rates/9/rate"),
        ("from = 2010-07-01", 'from = "July"', "/rates/9/from"),
        ('kinds = ["goods"]', 'kinds = ["ghosts"]', "/rates/0/kinds"),
        ('cities = ["Austin"]', 'cities = "Austin"', "/rates/1/cities"),
        ('name = "HST"', 'name = "HST", colour = "red"', "/rates/9/colour"),
        ("origin_regions", "origins", "/origins"),
        ("rates = [", "rates = [ 1,", "/rates/0"),
        ("rates = [", "rates = ", "/"),
    ],
)
def test_a_wrong_table_names_the_key(old: str, new: str, key: str) -> None:
    assert old in TABLE
    with pytest.raises(RateTableInvalid) as refused:
        rate_table_of(TABLE.replace(old, new))
    assert [problem.pointer for problem in refused.value.problems] == [key]


def test_a_free_line_carries_its_reason() -> None:
    answer = found(SELLER, "B US-TX/1 cert=US-TX:resale", "goods standard 2026-05-04")
    assert answer.taxes == (
        Tax(
            regime=Regime.SALES,
            category="FREE",
            jurisdiction="US-TX",
            reason="Certificate resale 42",
        ),
    )
