"""Locks and the schedule of closing, in tables.

`locks.tsv` has a row for each state of a lock on 20 March 2026, act and day: what becomes of it.
The rules behind it, in words: tax goes by months; today is always open; a lock never goes back but
by reopening; what was closed for good stays, and what is so already is no event.
`closing_schedule.tsv` was made by looking at every month end from 2022 to 2028: the last that was
so many whole days ago, and the day on which the next one will be.
"""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.periods.locks import Closing, Lock, Locks
from invx.contexts.invoicing.domain.periods.period_events import PeriodsClosed, PeriodsReopened
from invx.contexts.invoicing.domain.periods.schedule import ClosingRule, closings_on, next_closing
from invx.kernel.errors import DomainError
from tests.unit.invoicing.domain.drafts import ENTITY

TODAY, DAY = date(2026, 3, 20), timedelta(days=1)
Row = dict[str, str]


def rows_of(name: str) -> list[Row]:
    with Path(__file__).with_name(name).open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


LOCKS, SCHEDULE = rows_of("locks.tsv"), rows_of("closing_schedule.tsv")


def day_in(text: str) -> date | None:
    return None if text == "-" else date.fromisoformat(text)


def held_in(row: Row) -> Locks:
    """Locks as the events of a real history would have left them."""
    locks, kind = Locks(ENTITY), PeriodKind(row["kind"])
    for name, hard in (("for_good", True), ("through", False)):
        through = day_in(row[name])
        event = through and locks.close(Closing(kind=kind, through=through, hard=hard), TODAY)
        if event:
            locks.remember(event)
    return locks


def act(locks: Locks, row: Row) -> str:
    kind, day = PeriodKind(row["kind"]), day_in(row["day"])
    event: PeriodsClosed | PeriodsReopened | None
    try:
        if row["act"] == "reopen":
            event = locks.reopen((kind, None), day, "the accountant asked for it")
        else:
            assert day is not None
            wanted = Closing(kind=kind, through=day, hard=row["act"] == "close_hard")
            event = locks.close(wanted, TODAY)
    except DomainError as refused:
        return refused.code
    if event is None:
        return "nothing"
    assert event.before == day_in(row["through"])
    locks.remember(event)
    return "done"


@pytest.mark.parametrize("row", LOCKS, ids=lambda row: f"{row['kind']} {row['act']} {row['day']}")
def test_an_act_leaves_a_lock_as_the_table_says(row: Row) -> None:
    locks = held_in(row)
    assert act(locks, row) == row["outcome"]
    through, for_good = day_in(row["then"]), day_in(row["then_for_good"])
    expected = {} if through is None else {(PeriodKind(row["kind"]), None): Lock(through, for_good)}
    assert locks.held == expected


@pytest.mark.parametrize("row", [row for row in LOCKS if row["outcome"] == "done"], ids=str)
def test_the_same_act_again_does_nothing_more(row: Row) -> None:
    locks = held_in(row)
    act(locks, row)
    after = dict(locks.held)
    again = act(locks, row | {"through": row["then"]})
    assert again == ("period_not_closed" if row["act"] == "reopen" else "nothing")
    assert locks.held == after


@pytest.mark.parametrize("row", LOCKS, ids=lambda row: f"{row['kind']} {row['act']} {row['day']}")
def test_a_lock_of_one_kind_closes_no_other(row: Row) -> None:
    locks = held_in(row)
    act(locks, row)
    for kind in set(PeriodKind) - {PeriodKind(row["kind"])}:
        assert locks.closed.last(kind) is None
        assert locks.closed.first_open(kind, date.min) == date.min


def test_no_row_loses_what_is_closed_for_good() -> None:
    for row in LOCKS:
        if row["for_good"] != "-":
            assert row["then_for_good"] >= row["for_good"], row
            assert row["then"] >= row["for_good"], row


@pytest.mark.parametrize("row", SCHEDULE, ids=lambda row: f"{row['days']} days, {row['today']}")
def test_a_month_closes_on_the_day_that_the_table_says(row: Row) -> None:
    rule = ClosingRule(kind=PeriodKind.TAX, days=int(row["days"]), hard=True)
    today = date.fromisoformat(row["today"])
    through = date.fromisoformat(row["through"])
    expected = Closing(kind=PeriodKind.TAX, through=through, hard=True)
    assert closings_on([rule], today) == [expected]
    assert next_closing([rule], today) == date.fromisoformat(row["next"])


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.lists(st.integers(0, 366), max_size=4))
def test_the_next_closing_of_many_rules_is_the_first_of_them(
    today: date, counts: list[int]
) -> None:
    kinds = list(PeriodKind)
    rules = [ClosingRule(kind=kinds[at], days=days) for at, days in enumerate(counts)]
    single = [next_closing([rule], today) for rule in rules]
    known = [day for day in single if day is not None]
    assert next_closing(rules, today) == (min(known) if known else None)
    for rule, wanted in zip(rules, closings_on(rules, today), strict=True):
        assert wanted.kind is rule.kind
        assert (today - wanted.through).days > rule.days, "so many whole days have passed"
        following = (wanted.through + DAY).replace(day=28) + 4 * DAY
        assert (today - following.replace(day=1) + DAY).days <= rule.days, "not for the next month"


@given(st.integers(0, 60), st.dates(date(2024, 1, 1), date(2026, 1, 1)))
def test_who_comes_back_whenever_told_closes_every_month_once(days: int, begin: date) -> None:
    """Two years of coming back: months are closed in order, none is left out."""
    rules = [ClosingRule(kind=PeriodKind.TAX, days=days)]
    locks, today, ends = Locks(ENTITY), begin, []
    for _ in range(24):
        [wanted] = closings_on(rules, today)
        event = locks.close(wanted, today)
        assert event is not None, "there is something to close each time"
        locks.remember(event)
        ends.append(event.through)
        following = next_closing(rules, today)
        assert following is not None
        today = following
    months = [end.year * 12 + end.month for end in ends]
    assert months == list(range(months[0], months[0] + 24))
    assert all((end + DAY).day == 1 for end in ends)
