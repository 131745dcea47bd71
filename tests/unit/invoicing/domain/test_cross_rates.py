"""Every pair of one published day, against a table that was made with whole numbers only.

Documents are frozen at these figures, so none of them may ever change. The figures of the day are
made up, in the digits in which the ECB publishes; the quotients were rounded half up to 15 digits.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from invx.contexts.invoicing.domain.exchange.exchange import (
    PublishedRate,
    RateQuestion,
    converted,
    rate_between,
)

FRIDAY = date(2026, 11, 27)
TABLE = Path(__file__).parent / "cross_rates.tsv"


def rows() -> list[list[str]]:
    """From, to, and the rate as it is shown."""
    return [line.split("\t") for line in TABLE.read_text().splitlines()[1:]]


def day() -> Sequence[PublishedRate]:
    """What was published that day: the rows from the euro."""
    return [
        PublishedRate(base=base, quote=quote, first_day=FRIDAY, rate=Decimal(rate))
        for base, quote, rate in rows()
        if base == "EUR"
    ]


def found(base: str, quote: str, published: Sequence[PublishedRate]) -> Decimal:
    question = RateQuestion(source="ecb", base=base, quote=quote, on=FRIDAY)
    relevant = [each for each in published if (each.base, each.quote) in question.pairs]
    answer = rate_between(question, relevant, FRIDAY)
    assert answer is not None
    return answer.rate


def test_every_pair_of_the_day_is_as_in_the_table() -> None:
    published = day()
    assert len(rows()) == (len(published) + 1) * len(published)
    wrong = [
        (base, quote, rate, f"{anew:f}")
        for base, quote, rate in rows()
        if f"{(anew := found(base, quote, published)):f}" != rate
    ]
    assert wrong == []


def test_a_million_through_any_other_currency_loses_less_than_a_unit() -> None:
    rates = {(base, quote): Decimal(rate) for base, quote, rate in rows()}
    amount = Decimal("1000000.00")
    for (base, quote), rate in rates.items():
        if base in ("JPY", "KRW", "ISK", "IDR", "HUF") or quote in ("JPY", "KRW", "ISK"):
            continue  # a unit of these is not a hundredth
        there = Decimal(amount) * rate
        assert converted(there, rates[quote, base], base) == amount
