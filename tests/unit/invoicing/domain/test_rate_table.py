"""A tenant's own table of rates: what it takes, and what its stream remembers."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain.tax.rate_table import (
    CountryWithoutRateTable,
    OverridesNotFound,
    RateTable,
    TaxRatesInvalid,
    rate_table_id,
)
from invx.contexts.invoicing.domain.tax.rate_table_events import (
    OverridesRemoved,
    OverridesStated,
    RatesStated,
)
from invx.contexts.invoicing.domain.tax.tax_rates import rate_problems
from invx.kernel.limits import TAX_RATE_PLACES_MAX, TAX_RATES_PER_TABLE_MAX
from invx.rules.tax.model import SupplyKind
from invx.rules.tax.pack_text import pack_of_values
from invx.rules.tax.packs import Pack
from invx.rules.tax.rate_table import TableRate

TENANT = UUID(int=1)
STATE = TableRate(
    country="US",
    region="TX",
    code="STATE",
    name="Texas",
    rate=Decimal("6.25"),
    valid_from=date(2020, 1, 1),
    source="Tex. Tax Code 151.051",
    kinds=(SupplyKind.GOODS,),
)
CITY = replace(STATE, code="CITY", name="Austin", rate=Decimal(1), cities=("Austin",))


def table(country: str = "US") -> RateTable:
    return RateTable.begin(TENANT, country)


def pack(version: str = "own") -> Pack:
    return pack_of_values(
        {"country": "DE", "name": "Germany", "version": version, "status": "complete"}
    )


def problems(*rates: TableRate) -> list[tuple[str, str]]:
    return [(each.pointer, each.code) for each in rate_problems(rates)]


def test_a_table_states_its_rates_whole() -> None:
    kept = table()
    kept.state_rates((STATE, CITY), ("US-TX",))
    [event] = kept.recorded
    assert isinstance(event, RatesStated)
    assert (event.country, event.rates, event.origin_regions) == ("US", (STATE, CITY), ("US-TX",))
    assert kept.rates is not None
    assert (kept.rates.version, kept.rates.digest) == (1, event.digest)


def test_the_same_rates_again_are_no_event_and_others_are() -> None:
    kept = table()
    kept.state_rates((STATE,))
    kept.state_rates((STATE,))
    kept.state_rates((STATE,), ("US-TX",))
    kept.state_rates((replace(STATE, rate=Decimal(7)),), ("US-TX",))
    assert kept.version == len(kept.recorded) == 3
    assert kept.rates is not None
    assert kept.rates.version == 3


def test_rates_and_overrides_have_versions_of_their_own() -> None:
    kept = table("CA")
    kept.state_rates(())
    kept.lay_over(pack())
    kept.lay_over(pack("two"), "text")
    assert (kept.rates and kept.rates.version, kept.overrides and kept.overrides.version) == (1, 3)
    assert [type(each) for each in kept.recorded] == [RatesStated, *[OverridesStated] * 2]


def test_overrides_are_taken_back_once() -> None:
    kept = table("DE")
    with pytest.raises(OverridesNotFound):
        kept.remove_overrides()
    kept.lay_over(pack())
    kept.remove_overrides()
    assert kept.overrides is None
    assert isinstance(kept.recorded[-1], OverridesRemoved)
    with pytest.raises(OverridesNotFound):
        kept.remove_overrides()
    kept.lay_over(pack())
    assert kept.version == 3


@pytest.mark.parametrize("country", ["DE", "CH", "MX"])
def test_only_the_united_states_and_canada_have_tables(country: str) -> None:
    kept = table(country)
    with pytest.raises(CountryWithoutRateTable):
        kept.state_rates(())
    assert kept.recorded == []


def test_wrong_rates_change_nothing() -> None:
    kept = table()
    with pytest.raises(TaxRatesInvalid) as refused:
        kept.state_rates((STATE, replace(CITY, rate=Decimal(-1))))
    assert [each.pointer for each in refused.value.problems] == ["/rates/1/rate"]
    assert kept.recorded == []


def test_a_table_restored_from_its_state_is_the_one_replayed() -> None:
    kept = table()
    kept.state_rates((STATE,))
    kept.lay_over(pack())
    kept.remove_overrides()
    replayed = RateTable.rehydrate(kept.id, kept.recorded)
    restored = RateTable.restore(kept.id, kept.version, kept.snapshot())
    for each in (replayed, restored):
        assert (each.version, each.snapshot()) == (kept.version, kept.snapshot())
    restored.state_rates((STATE,))
    assert restored.recorded == []


def test_a_table_has_one_stream_per_tenant_and_country() -> None:
    streams = {
        rate_table_id(tenant, country)
        for tenant in (TENANT, UUID(int=2))
        for country in ("US", "CA", "DE")
    }
    assert len(streams) == 6
    assert table().id == rate_table_id(TENANT, "US")


@pytest.mark.parametrize(
    "changes,field,code",
    [
        ({"rate": Decimal("100.01")}, "rate", "rate_out_of_range"),
        ({"rate": Decimal("-0.01")}, "rate", "rate_out_of_range"),
        ({"region": "Texas"}, "region", "region_malformed"),
        ({"valid_until": date(2019, 12, 31)}, "valid_until", "dates_reversed"),
        ({"kinds": ()}, "kinds", "kinds_malformed"),
        ({"kinds": (SupplyKind.GOODS,) * 2}, "kinds", "kinds_malformed"),
        ({"postal_codes": ("7870",)}, "postal_codes/0", "postal_code_malformed"),
        ({"postal_codes": ("78701", "78799-78701")}, "postal_codes/1", "postal_code_malformed"),
        ({"postal_codes": ("78701-787",)}, "postal_codes/0", "postal_code_malformed"),
        ({"postal_codes": ("*",)}, "postal_codes/0", "postal_code_malformed"),
        ({"cities": ("A",) * (TAX_RATE_PLACES_MAX + 1)}, "cities", "too_many_places"),
    ],
)
def test_each_row_is_judged_by_itself(changes: dict[str, Any], field: str, code: str) -> None:
    assert problems(STATE, replace(CITY, **changes)) == [(f"/rates/1/{field}", code)]


@pytest.mark.parametrize(
    "country,codes",
    [
        ("US", ("78701",)),
        ("US", ("78701-78799", "733*")),
        ("CA", ("M5V2T6", "M5V*", "M5V1A1-M5V9Z9")),
    ],
)
def test_postal_codes_are_codes_ranges_and_beginnings(country: str, codes: tuple[str]) -> None:
    assert problems(replace(CITY, country=country, postal_codes=codes)) == []


@pytest.mark.parametrize(
    "other",
    [
        STATE,
        replace(STATE, rate=Decimal(7), valid_from=date(2025, 1, 1)),
        replace(STATE, kinds=(SupplyKind.DIGITAL, SupplyKind.GOODS)),
    ],
)
def test_two_rows_cannot_state_one_tax_for_the_same_day(other: TableRate) -> None:
    assert problems(STATE, CITY, other) == [("/rates/2", "rates_overlap")]


@pytest.mark.parametrize(
    "other",
    [
        replace(STATE, valid_from=date(2019, 1, 1), valid_until=date(2019, 12, 31)),
        replace(STATE, kinds=(SupplyKind.DIGITAL,)),
        replace(STATE, categories=("food",)),
        replace(STATE, region="OH"),
        replace(STATE, name="Other"),
        replace(STATE, code="COUNTY"),
        replace(STATE, postal_codes=("78701",)),
    ],
)
def test_rows_that_differ_in_what_they_hold_for_stand_together(other: TableRate) -> None:
    assert problems(STATE, other) == []


def test_a_row_named_twice_among_its_categories_overlaps_where_they_meet() -> None:
    food = replace(STATE, categories=("food", "books"))
    books = replace(STATE, categories=("books",))
    assert problems(STATE, food, books) == [("/rates/2", "rates_overlap")]


def test_a_table_beyond_the_limit_is_refused_as_a_whole() -> None:
    many = tuple(replace(CITY, name=f"City {n}") for n in range(TAX_RATES_PER_TABLE_MAX))
    assert rate_problems(many) == []
    assert problems(*many, STATE) == [("/rates", "too_many_rates")]
