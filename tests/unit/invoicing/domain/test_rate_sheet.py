"""A source's month: what is new, what is corrected, what is known already."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate, RateKind
from invx.contexts.invoicing.domain.exchange.rate_sheet import (
    Counted,
    RateKindDiffers,
    RateSheet,
    month_end,
    rate_problems,
)
from invx.contexts.invoicing.domain.exchange.rate_sheet_events import (
    ExchangeRatesCorrected,
    ExchangeRatesPublished,
)

DAY = date(2026, 11, 27)


def rate(figure, quote="USD", day=DAY, base="EUR"):
    return PublishedRate(base=base, quote=quote, first_day=day, rate=Decimal(figure))


@pytest.fixture
def sheet():
    return RateSheet.begin(UUID(int=7), "ecb", "2026-11")


def test_rates_are_published_once(sheet):
    counted = sheet.publish(RateKind.DAILY, [rate("1.08"), rate("163.2", "JPY")])
    assert counted == Counted(published=2)
    [event] = sheet.recorded
    assert isinstance(event, ExchangeRatesPublished)
    [publication] = event.publications
    assert publication.rates == {"USD": Decimal("1.08"), "JPY": Decimal("163.2")}
    assert sheet.publish(RateKind.DAILY, [rate("1.080")]) == Counted(unchanged=1)
    assert len(sheet.recorded) == 1


def test_another_figure_is_a_correction_that_says_what_was_before(sheet):
    sheet.publish(RateKind.DAILY, [rate("1.08")])
    counted = sheet.publish(RateKind.DAILY, [rate("1.09"), rate("0.84", "GBP")])
    assert counted == Counted(published=1, corrected=1)
    corrected = sheet.recorded[-1]
    assert isinstance(corrected, ExchangeRatesCorrected)
    assert (corrected.rates[0].before, corrected.rates[0].rate) == (
        Decimal("1.08"),
        Decimal("1.09"),
    )
    assert sheet.publish(RateKind.DAILY, [rate("1.09")]) == Counted(unchanged=1)


def test_a_month_is_of_one_kind(sheet):
    sheet.publish(RateKind.DAILY, [rate("1.08")])
    with pytest.raises(RateKindDiffers):
        sheet.publish(RateKind.MONTHLY, [rate("1.08")])


def test_the_kept_state_knows_all_that_the_events_say(sheet):
    sheet.publish(RateKind.DAILY, [rate("1.08"), rate("163.2", "JPY")])
    sheet.publish(RateKind.DAILY, [rate("1.09")])
    kept = msgspec.json.decode(msgspec.json.encode(sheet.snapshot()))
    restored = RateSheet.restore(sheet.id, sheet.version, kept)
    again = [rate("1.09"), rate("163.2", "JPY"), rate("1.1", day=date(2026, 11, 26))]
    assert restored.publish(RateKind.DAILY, again) == Counted(published=1, unchanged=2)
    assert (restored.source, restored.month, restored.version) == ("ecb", "2026-11", 3)


def test_a_month_ends_on_its_last_day():
    assert month_end(date(2026, 12, 1)) == date(2026, 12, 31)
    assert month_end(date(2028, 2, 1)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("bad", "at", "code"),
    [
        (rate("0"), "/rates/0/rate", "rate_out_of_range"),
        (rate("-1"), "/rates/0/rate", "rate_out_of_range"),
        (rate("NaN"), "/rates/0/rate", "rate_out_of_range"),
        (rate("1E12"), "/rates/0/rate", "rate_out_of_range"),
        (rate("0.0000000000001"), "/rates/0/rate", "rate_too_long"),
        (rate("1", "XXX"), "/rates/0/quote", "unknown_currency"),
        (rate("1", base="???"), "/rates/0/base", "unknown_currency"),
        (rate("1", "EUR"), "/rates/0/quote", "same_currency"),
    ],
)
def test_rates_that_are_none(bad, at, code):
    [problem] = rate_problems("house", RateKind.DAILY, [bad])
    assert (problem.pointer, problem.code) == (at, code)


def test_one_day_has_one_rate():
    assert rate_problems("ecb", RateKind.DAILY, [rate("1.1"), rate("1.10")]) == []
    [problem] = rate_problems("ecb", RateKind.DAILY, [rate("1.1"), rate("1.2")])
    assert (problem.pointer, problem.code) == ("/rates/1", "rate_twice")
