"""Which published rate a day has, and which source serves what: gaps, closed days, choices."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.exchange.exchange import (
    OWN_DAYS_MAX,
    SOURCES,
    PublishedRate,
    RateKind,
    RatePurpose,
    RateQuestion,
    rate_between,
    source_of,
)
from invx.contexts.invoicing.domain.exchange.rate_sources import RateSources, sources_problems
from invx.rules.calendar.target import is_target_day
from tests.unit.rules.tax.shipped import packs_with

DAY = timedelta(1)
PACKS = packs_with()
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def held(first: date, on: date, today: date, source: str, last: date | None = None) -> bool:
    """Whether what was published for a day (or a month) is the rate of another day."""
    pivot = source_of(source).pivot
    rate = PublishedRate(
        base=pivot, quote="USD", first_day=first, last_day=last, rate=Decimal("1.25")
    )
    question = RateQuestion(source=source, base=pivot, quote="USD", on=on)
    return rate_between(question, [rate], today) is not None


@given(first=DAYS, gap=st.integers(-3, 12), late=st.integers(0, 12))
@pytest.mark.parametrize("source", ["ecb", "bazg"])
def test_a_daily_rate_holds_until_the_next_day_of_publication(
    source: str, first: date, gap: int, late: int
) -> None:
    """Said once more in plain words, day by day."""
    on = first + gap * DAY
    today = on + late * DAY
    expected = gap >= 0
    day = first + DAY
    while day <= on:
        if is_target_day(day) and not (day == on and day == today):
            expected = False  # another was published by then
        day += DAY
    assert held(first, on, today, source) is expected


@given(first=DAYS, late=st.integers(0, 40))
def test_there_is_a_rate_for_every_day_when_none_was_forgotten(first: date, late: int) -> None:
    """A month in which each day of publication was taken down: no gap, and never two answers."""
    days = [first + step * DAY for step in range(30)]
    published = [day for day in days if is_target_day(day)]
    today = days[-1] + late * DAY
    for on in days[days.index(published[0]) :]:
        holding = [day for day in published if held(day, on, today, "ecb")]
        newest = [day for day in published if day <= on][-1]
        assert newest in holding
        assert set(holding) <= {newest, *([published[-2]] if on == today else [])}


@pytest.mark.parametrize(
    ("first", "on", "holds"),
    [
        # Good Friday, Easter Monday, 1 May, Christmas and New Year are closed.
        (date(2026, 4, 2), date(2026, 4, 6), True),
        (date(2026, 4, 2), date(2026, 4, 7), False),
        (date(2026, 4, 30), date(2026, 5, 3), True),
        (date(2026, 4, 30), date(2026, 5, 4), False),
        (date(2026, 12, 24), date(2026, 12, 27), True),
        (date(2026, 12, 24), date(2026, 12, 28), False),
        (date(2026, 12, 31), date(2027, 1, 3), True),
        (date(2026, 12, 31), date(2027, 1, 4), False),
        # Holidays of a country are none of TARGET's.
        (date(2026, 10, 2), date(2026, 10, 4), True),
        (date(2026, 12, 4), date(2026, 12, 8), False),
    ],
)
def test_closed_days_keep_the_rate_before_them(first: date, on: date, holds: bool) -> None:
    assert held(first, on, on + 30 * DAY, "ecb") is holds


@given(first=DAYS, gap=st.integers(-10, 400))
def test_a_monthly_rate_is_of_its_month_whenever_it_is_asked(first: date, gap: int) -> None:
    month = first.replace(day=1)
    last = (month + 31 * DAY).replace(day=1) - DAY
    on = month + gap * DAY
    same = (on.year, on.month) == (month.year, month.month)
    for source in (each.code for each in SOURCES.values() if each.kind is RateKind.MONTHLY):
        assert held(month, on, on, source, last) is same


@given(first=DAYS, gap=st.integers(-3, 30), late=st.integers(0, 30))
def test_own_daily_rates_hold_for_a_week_over_any_closed_day(
    first: date, gap: int, late: int
) -> None:
    on = first + gap * DAY
    assert held(first, on, on + late * DAY, "house") is (0 <= gap <= OWN_DAYS_MAX)


@pytest.mark.parametrize(
    ("country", "source"),
    [
        ("DE", "bmf"),
        ("GB", "hmrc"),
        ("CH", "estv"),
        ("US", "ecb"),  # no pack: what is used where nothing is set
        (None, "ecb"),
    ],
)
def test_taxes_go_by_the_law_of_their_country(country: str | None, source: str) -> None:
    assert RateSources().source_for(RatePurpose.TAX, PACKS, country) == source


@pytest.mark.parametrize("purpose", [RatePurpose.BOOK, RatePurpose.SETTLEMENT])
def test_what_is_no_tax_goes_by_the_ecb_unless_chosen(purpose: RatePurpose) -> None:
    assert RateSources().source_for(purpose, PACKS, "DE") == "ecb"
    chosen = RateSources(book="house", settlement="house", tax={"DE": "ecb"})
    assert chosen.source_for(purpose, PACKS, "DE") == "house"
    assert chosen.source_for(RatePurpose.TAX, PACKS, "DE") == "ecb"
    assert chosen.source_for(RatePurpose.TAX, PACKS, "GB") == "hmrc"


@pytest.mark.parametrize(
    ("sources", "pointer", "code"),
    [
        (RateSources(book="ECB"), "/book", "rate_source_malformed"),
        (RateSources(book=""), "/book", "rate_source_malformed"),
        (RateSources(settlement="my bank"), "/settlement", "rate_source_malformed"),
        (RateSources(settlement="x" * 31), "/settlement", "rate_source_malformed"),
        (RateSources(tax={"DE": "1st"}), "/tax/DE", "rate_source_malformed"),
        (RateSources(tax={"ZZ": "ecb"}), "/tax/ZZ", "country_unknown"),
        (RateSources(tax={"de": "ecb"}), "/tax/de", "country_unknown"),
        (RateSources(tax={"A/B~": "ecb"}), "/tax/A~1B~0", "country_unknown"),
    ],
)
def test_a_choice_that_names_nothing_is_told_by_its_field(
    sources: RateSources, pointer: str, code: str
) -> None:
    [problem] = list(sources_problems(sources))
    assert (problem.pointer, problem.code) == (f"/exchange_rate_sources{pointer}", code)


@pytest.mark.parametrize("source", [*SOURCES, "house", "h2_o"])
def test_what_names_a_source_is_taken(source: str) -> None:
    chosen = RateSources(book=source, settlement=source, tax={"DE": source, "XI": source})
    assert list(sources_problems(chosen)) == []
