"""Locks of a legal entity: how far, for how long, and where late things go."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.periods import locks as refusals
from invx.contexts.invoicing.domain.periods.closed import Closed, PeriodClosed, PeriodKind
from invx.contexts.invoicing.domain.periods.locks import Closing, Lock, Locks
from invx.contexts.invoicing.domain.periods.period_events import PeriodsClosed, PeriodsReopened
from invx.contexts.invoicing.domain.periods.schedule import (
    ClosingRule,
    closings_on,
    next_closing,
    rules_problems,
)
from invx.rules.calendar.periods import end_of_month

ENTITY, REGISTRATION, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
TODAY = date(2026, 3, 20)
DOCUMENTS, TAX = PeriodKind.DOCUMENTS, PeriodKind.TAX
days = st.dates(date(2025, 12, 1), date(2026, 3, 19))


def closing(through, kind=DOCUMENTS, **more):
    return Closing(kind=kind, through=through, **more)


def closed(*wanted):
    locks = Locks(ENTITY)
    for each in wanted:
        event = locks.close(each, TODAY)
        if event is not None:
            locks.remember(event)
    return locks


def test_a_lock_goes_forward_and_says_where_it_stood():
    locks = closed(closing(date(2026, 1, 31)))
    event = locks.close(closing(date(2026, 2, 28)), TODAY)
    assert (event.before, event.through) == (date(2026, 1, 31), date(2026, 2, 28))
    assert locks.close(closing(date(2026, 1, 31)), TODAY) is None
    with pytest.raises(refusals.PeriodWouldReopen):
        locks.close(closing(date(2026, 1, 30)), TODAY)


def test_only_days_that_are_over_are_closed_so_today_is_always_open():
    with pytest.raises(refusals.PeriodNotOver) as refused:
        closed(closing(TODAY))
    assert refused.value.problems[0].pointer == "/closed_through"
    assert closed(closing(TODAY - timedelta(days=1))).closed.documents == date(2026, 3, 19)


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        (closing(date(2026, 2, 27), TAX), "/closed_through"),
        (closing(date(2026, 2, 28), registration=REGISTRATION), "/registration"),
    ],
)
def test_tax_ends_with_a_month_and_only_tax_has_registrations(wanted, pointer):
    with pytest.raises(refusals.PeriodMalformed) as refused:
        closed(wanted)
    assert refused.value.problems[0].pointer == pointer


def test_what_is_closed_for_good_can_be_made_so_later_and_never_opened():
    locks = closed(closing(date(2026, 1, 31)), closing(date(2026, 1, 31), hard=True))
    assert locks.held[DOCUMENTS, None] == Lock(date(2026, 1, 31), date(2026, 1, 31))
    locks = closed(closing(date(2026, 1, 31), hard=True), closing(date(2026, 2, 28)))
    assert locks.held[DOCUMENTS, None] == Lock(date(2026, 2, 28), date(2026, 1, 31))
    for through in (None, date(2026, 1, 30)):
        with pytest.raises(refusals.PeriodClosedForGood):
            locks.reopen((DOCUMENTS, None), through, "why")
    locks.remember(locks.reopen((DOCUMENTS, None), date(2026, 1, 31), "why"))
    assert locks.closed.documents == date(2026, 1, 31)


@pytest.mark.parametrize("through", [date(2026, 1, 31), date(2026, 2, 5)])
def test_there_is_nothing_to_open_where_nothing_is_closed(through):
    with pytest.raises(refusals.PeriodNotClosed):
        closed(closing(date(2026, 1, 31))).reopen((DOCUMENTS, None), through, "why")
    with pytest.raises(refusals.PeriodNotClosed):
        Locks(ENTITY).reopen((DOCUMENTS, None), None, "why")


def test_tax_is_opened_by_months_too():
    locks = closed(closing(date(2026, 2, 28), TAX))
    with pytest.raises(refusals.PeriodMalformed):
        locks.reopen((TAX, None), date(2026, 1, 30), "why")
    event = locks.reopen((TAX, None), None, "why")
    assert (event.before, event.through, event.reason) == (date(2026, 2, 28), None, "why")
    locks.remember(event)
    assert locks.held == {}


def test_a_registration_may_have_closed_more_of_its_tax():
    found = closed(
        closing(date(2026, 1, 31), TAX), closing(date(2026, 2, 28), TAX, registration=REGISTRATION)
    ).closed
    assert found.last(TAX, REGISTRATION) == date(2026, 2, 28)
    assert found.last(TAX, OTHER) == found.last(TAX) == date(2026, 1, 31)
    assert found.first_open(TAX, date(2026, 1, 1), REGISTRATION) == date(2026, 3, 1)


def test_a_refusal_names_the_field_the_lock_and_the_first_open_day():
    with pytest.raises(PeriodClosed) as refused:
        Closed(documents=date(2026, 2, 28)).ensure_open(DOCUMENTS, date(2026, 2, 28), "/on")
    [problem] = refused.value.problems
    assert (problem.pointer, problem.code) == ("/on", "period_closed")
    assert "2026-02-28" in problem.detail
    assert "2026-03-01" in problem.detail
    Closed(documents=date(2026, 2, 28)).ensure_open(DOCUMENTS, date(2026, 3, 1), "/on")


@given(st.lists(st.tuples(st.booleans(), days, st.booleans()), max_size=12))
def test_a_lock_is_what_its_events_say_and_never_behind_what_is_for_good(steps):
    locks, events, for_good = Locks(ENTITY), [], date.min
    for forward, day, hard in steps:
        try:
            event = (
                locks.close(closing(day, hard=hard), TODAY)
                if forward
                else locks.reopen((DOCUMENTS, None), day, "why")
            )
        except (refusals.PeriodWouldReopen, refusals.PeriodNotClosed, refusals.PeriodClosedForGood):
            continue
        if event is not None:
            locks.remember(event)
            events.append(event)
        for_good = max(for_good, day) if forward and hard else for_good
        assert (locks.closed.documents or date.min) >= for_good
    again = Locks(ENTITY)
    for event in events:
        assert isinstance(event, PeriodsClosed | PeriodsReopened)
        again.remember(event)
    assert again.held == locks.held


@pytest.mark.parametrize(
    ("today", "through", "following"),
    [
        (date(2026, 3, 10), date(2026, 1, 31), date(2026, 3, 11)),
        (date(2026, 3, 11), date(2026, 2, 28), date(2026, 4, 11)),
        (date(2026, 3, 1), date(2026, 1, 31), date(2026, 3, 11)),
        (date(2026, 1, 1), date(2025, 11, 30), date(2026, 1, 11)),
    ],
)
def test_a_month_closes_ten_days_after_its_end(today, through, following):
    rules = [ClosingRule(kind=TAX, days=10)]
    assert closings_on(rules, today) == [Closing(kind=TAX, through=through)]
    assert next_closing(rules, today) == following


@given(st.dates(date(2024, 1, 1), date(2027, 1, 1)), st.integers(0, 366))
def test_what_is_due_can_be_closed_and_the_next_time_is_later(today, count):
    rules = [ClosingRule(kind=TAX, days=count)]
    [wanted] = closings_on(rules, today)
    assert Locks(ENTITY).close(wanted, today).through == end_of_month(wanted.through)
    following = next_closing(rules, today)
    assert following > today
    assert closings_on(rules, following)[0].through > wanted.through
    assert closings_on(rules, following - timedelta(days=1)) == [wanted]


def test_rules_name_each_kind_once_and_no_impossible_days():
    rules = [ClosingRule(kind=TAX, days=-1), ClosingRule(kind=TAX, days=1)]
    assert [(each.pointer, each.code) for each in rules_problems(rules)] == [
        ("/period_closing/0/days", "closing_days_out_of_range"),
        ("/period_closing/1/kind", "closing_rule_twice"),
    ]
    assert next_closing([], TODAY) is None
