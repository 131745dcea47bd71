"""Waits grow, are bounded, and end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from invx.contexts.invoicing.domain.delivery.pacing import next_attempt, next_question
from tests.unit.invoicing.domain.drafts import NOW


@pytest.mark.parametrize(
    ("following", "first", "count", "least", "most"),
    [
        (next_attempt, 1, 7, timedelta(hours=12), timedelta(days=1)),
        (next_question, 0, 30, timedelta(days=5), timedelta(days=7)),
    ],
)
def test_waits_grow_to_six_hours_and_come_to_an_end(
    following: Callable[[int, datetime], datetime | None],
    first: int,
    count: int,
    least: timedelta,
    most: timedelta,
) -> None:
    waits = []
    number, now = first, NOW
    while (at := following(number, now)) is not None:
        waits.append(at - now)
        number, now = number + 1, at
    assert len(waits) == count
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=1), timedelta(hours=6))
    assert least < now - NOW < most
