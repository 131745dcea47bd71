"""Numbers in time: a document counts in the period of its day where the seller is."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.numbering import (
    NUMBER_MAX,
    Reset,
    pattern_problems,
    period_of,
    period_start,
    render,
)
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from tests.unit.invoicing.domain.drafts import ENTITY, SELLER, SERIES

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago",
    "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo",
)  # fmt: skip
PATTERNS = {
    Reset.NONE: "R{number:03}",
    Reset.YEARLY: "{YYYY}-{number:04}",
    Reset.MONTHLY: "{YY}{MM}/{number}",
}

moments = st.datetimes(datetime(2011, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def seller_in(zone: str) -> LegalEntity:
    details = LegalEntityDetails(seller=SELLER, time_zone=zone, languages=("en",), currency="EUR")
    return LegalEntity.register(ENTITY, details)


def series(reset: Reset) -> Series:
    definition = SeriesDefinition(
        name="All", pattern=PATTERNS[reset], types=(DocumentType.INVOICE,), reset=reset
    )
    return Series.open(SERIES, legal_entity_id=ENTITY, definition=definition)


class TestPlaces:
    @pytest.mark.parametrize(
        "zone,number",
        [
            ("UTC", "2026-0001"),
            ("America/New_York", "2026-0001"),
            ("Europe/Berlin", "2027-0001"),
            ("Pacific/Kiritimati", "2027-0001"),
        ],
    )
    def test_n02_one_instant_is_two_years_in_two_places(self, zone, number):
        instant = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
        day = seller_in(zone).issue_date_for(None, instant)
        assert series(Reset.YEARLY).draw(UUID(int=1), day) == number

    @given(
        zone=st.sampled_from(ZONES),
        reset=st.sampled_from(Reset),
        start=moments,
        steps=st.lists(st.timedeltas(timedelta(0), timedelta(days=200)), min_size=1, max_size=12),
    )
    def test_time_that_goes_on_never_lacks_a_number(self, zone, reset, start, steps):
        """Clocks are put back, days are skipped: dates of a series still follow each other."""
        entity, counted, now = seller_in(zone), series(reset), start
        drawn: list[tuple[str, int]] = []
        for step in steps:
            now += step
            day = entity.issue_date_for(None, now)
            counted.draw(UUID(int=len(drawn)), day)
            period = period_of(day, reset)
            drawn.append((period, counted.periods[period].last))
        assert drawn == sorted(drawn), "periods and numbers only go up"
        for period in {each for each, _ in drawn}:
            numbers = [number for each, number in drawn if each == period]
            assert numbers == list(range(1, len(numbers) + 1))

    @given(zone=st.sampled_from(ZONES), now=moments)
    def test_the_day_of_a_document_is_the_day_on_the_wall(self, zone, now):
        entity = seller_in(zone)
        day = entity.issue_date_for(None, now)
        assert abs((datetime.combine(day, now.time(), UTC) - now).days) <= 1
        assert entity.issue_date_for(day, now) == day == entity.today(now)


class TestForms:
    @given(
        reset=st.sampled_from(Reset),
        number=st.integers(1, NUMBER_MAX),
        on=days,
        before=st.sampled_from(["", "RE-", "Nr. ", "A/7_"]),
    )
    def test_a_text_reads_back_to_its_number_and_period(self, reset, number, on, before):
        pattern = before + "{YYYY}.{MM}-{number:05}"
        assert pattern_problems(pattern, reset) == []
        text = render(pattern, number, on)
        read = re.fullmatch(re.escape(before) + r"(\d{4})\.(\d{2})-(\d{5,10})", text)
        assert read is not None
        year, month, counted = map(int, read.groups())
        assert (year, month, counted) == (on.year, on.month, number)

    @given(on=days, other=days, reset=st.sampled_from(Reset))
    def test_periods_sort_as_their_days_do(self, on, other, reset):
        early, late = sorted([on, other])
        assert period_of(early, reset) <= period_of(late, reset)

    @given(on=days, reset=st.sampled_from([Reset.YEARLY, Reset.MONTHLY]))
    def test_a_period_begins_on_its_first_day_and_no_day_before(self, on, reset):
        start = period_start(period_of(on, reset), reset)
        assert start is not None
        assert start <= on
        assert period_of(start, reset) == period_of(on, reset)
        assert period_of(start - timedelta(days=1), reset) != period_of(on, reset)

    @given(st.text(max_size=40), st.sampled_from(Reset))
    def test_no_text_does_worse_than_a_refused_pattern(self, pattern, reset):
        problems = pattern_problems(pattern, reset)
        assert all(each.pointer == "/pattern" for each in problems)
        if not problems:
            assert "1" in render(pattern, 1, date(2026, 3, 2))
        assert period_start(pattern, reset) is None or pattern[:4].isdigit()
