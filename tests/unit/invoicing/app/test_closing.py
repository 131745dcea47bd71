"""Closing and opening periods by their handlers, on twins of the ports that live in memory."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.app.close_by_schedule import (
    JOB,
    CloseBySchedule,
    begin_closing,
    close_by_schedule,
)
from invx.contexts.invoicing.app.close_periods import ClosePeriods, close_periods
from invx.contexts.invoicing.app.close_return import CloseReturn, close_return
from invx.contexts.invoicing.app.post_entry import DateInFuture, day_of
from invx.contexts.invoicing.app.reopen_periods import ReopenPeriods, reopen_periods
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.closed import PeriodClosed, PeriodKind
from invx.contexts.invoicing.domain.periods.locks import (
    Closing,
    PeriodMalformed,
    PeriodNotOver,
    PeriodUnsettled,
    PeriodWouldReopen,
)
from invx.contexts.invoicing.domain.periods.period_events import (
    ClosingCause,
    PeriodsClosed,
    PeriodsReopened,
)
from invx.contexts.invoicing.domain.periods.schedule import ClosingRule
from invx.contexts.invoicing.domain.tax.tax_entries import registration_id
from invx.kernel.errors import Stale
from tests.unit.invoicing.domain.drafts import ENTITY
from tests.unit.invoicing.domain.settlements import claim, opened, post
from tests.unit.invoicing.domain.taxed import ACCRUAL, entity

BERLIN = ZoneInfo("Europe/Berlin")
OWN = registration_id(ENTITY, ACCRUAL)
DOCUMENTS, PAYMENTS, TAX = PeriodKind.DOCUMENTS, PeriodKind.PAYMENTS, PeriodKind.TAX
JANUARY, FEBRUARY = date(2026, 1, 31), date(2026, 2, 28)


class MemoryPeriods:
    """Entries that wait for a rate, by kind; it notes when writers were shut out."""

    def __init__(self):
        self.waiting = {}
        self.shut = 0

    async def shut_out_writers(self):
        self.shut += 1

    async def unsettled(self, legal_entity_id, wanted):
        assert self.shut, "what waits is counted when nobody else writes"
        return self.waiting.get(wanted.kind, 0)


class MemoryEntities:
    def __init__(self, *entities):
        self.held = {each.id: each for each in entities}

    async def find(self, id):
        return self.held.get(id)

    async def get(self, id):
        return self.held[id]


class MemoryJobs(dict):
    def schedule(self, kind, key, *, due_at, payload=None):
        self[kind, key] = due_at


class MemoryWork:
    """A unit of work over one legal entity in Berlin."""

    def __init__(self, now, **details):
        self.entity = entity(ACCRUAL, **details)
        self.legal_entities = MemoryEntities(self.entity)
        self.periods, self.jobs = MemoryPeriods(), MemoryJobs()
        self.ctx = SimpleNamespace(now=now)
        self.restarts = 0

    def start_over(self):
        self.restarts += 1

    @property
    def told(self):
        kinds = PeriodsClosed | PeriodsReopened
        return [each for each in self.entity.recorded if isinstance(each, kinds)]


def at(text):
    """A moment of the clock on the wall in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def work(now="2026-03-20 12:00", **details):
    return MemoryWork(at(now), **details)


def closing(through, kind=DOCUMENTS, **more):
    return ClosePeriods(legal_entity_id=ENTITY, closing=Closing(kind=kind, through=through, **more))


def reopening(through, kind=DOCUMENTS, **more):
    return ReopenPeriods(legal_entity_id=ENTITY, kind=kind, through=through, reason="why", **more)


async def test_closing_shuts_writers_out_before_it_looks():
    uow = work()
    found = await close_periods(closing(FEBRUARY), uow)
    assert found.closed.documents == FEBRUARY
    assert uow.periods.shut == 1
    [event] = uow.told
    assert (event.kind, event.before, event.cause) == (DOCUMENTS, None, ClosingCause.BY_HAND)


async def test_closing_what_is_closed_is_no_event_and_asks_for_no_rates():
    uow = work()
    await close_periods(closing(FEBRUARY), uow)
    uow.periods.waiting[DOCUMENTS] = 7
    await close_periods(closing(FEBRUARY), uow)
    assert len(uow.told) == 1


@pytest.mark.parametrize("kind", PeriodKind)
async def test_what_waits_for_a_rate_cannot_be_closed_and_says_how_much_waits(kind):
    uow = work()
    uow.periods.waiting[kind] = 3
    with pytest.raises(PeriodUnsettled, match="3 of its entries"):
        await close_periods(closing(FEBRUARY, kind), uow)
    other = next(each for each in PeriodKind if each is not kind)
    await close_periods(closing(FEBRUARY, other), uow)
    assert uow.entity.closed.last(other) == FEBRUARY


@pytest.mark.parametrize(
    ("now", "is_over"),
    [
        ("2026-03-01 00:30", True),  # still 28 February in UTC
        ("2026-02-28 23:30", False),
        ("2026-03-01 23:30", True),
    ],
)
async def test_a_month_is_over_by_the_clock_of_the_seller_not_by_utc(now, is_over):
    uow = work(now)
    if is_over:
        assert (await close_periods(closing(FEBRUARY), uow)).closed.documents == FEBRUARY
    else:
        with pytest.raises(PeriodNotOver, match="Today is 2026-02-28"):
            await close_periods(closing(FEBRUARY), uow)


async def test_who_read_an_older_version_neither_closes_nor_opens():
    uow = work()
    version = uow.entity.version
    await close_periods(replace(closing(FEBRUARY), expected_version=version), uow)
    for command, handle in (
        (replace(closing(FEBRUARY, TAX), expected_version=version), close_periods),
        (reopening(JANUARY, expected_version=version), reopen_periods),
    ):
        with pytest.raises(Stale):
            await handle(command, uow)
    assert len(uow.told) == 1


async def test_opening_again_shuts_writers_out_and_keeps_the_reason():
    uow = work()
    await close_periods(closing(FEBRUARY), uow)
    found = await reopen_periods(reopening(JANUARY), uow)
    assert found.closed.documents == JANUARY
    assert uow.periods.shut == 2
    event = uow.told[-1]
    assert (event.before, event.through, event.reason) == (FEBRUARY, JANUARY, "why")
    await reopen_periods(reopening(None), uow)
    assert uow.entity.closed.documents is None


async def test_a_registration_that_the_seller_does_not_have_closes_nothing():
    uow = work()
    with pytest.raises(PeriodMalformed) as refused:
        await close_periods(closing(FEBRUARY, TAX, registration=UUID(int=9)), uow)
    [problem] = refused.value.problems
    assert (problem.pointer, problem.code) == ("/registration", "registration_not_found")
    assert uow.told == []


def filing(last, hard=False):
    return CloseReturn(legal_entity_id=ENTITY, registration=OWN, last=last, hard=hard)


async def test_a_filed_return_closes_the_tax_of_its_registration_alone():
    uow = work()
    await close_return(filing(JANUARY), uow)
    [event] = uow.told
    assert (event.kind, event.registration, event.cause) == (TAX, OWN, ClosingCause.RETURN)
    assert uow.entity.closed.last(TAX, OWN) == JANUARY
    assert uow.entity.closed.last(TAX) is None
    assert uow.restarts == 1, "it is read again when nobody else writes"


@pytest.mark.parametrize("registration", [None, OWN])
async def test_a_return_of_a_period_that_is_closed_changes_nothing(registration):
    uow = work()
    await close_periods(closing(FEBRUARY, TAX, registration=registration), uow)
    await close_return(filing(JANUARY), uow)
    await close_return(filing(FEBRUARY), uow)
    assert len(uow.told) == 1
    await close_return(filing(FEBRUARY, hard=True), uow)
    assert uow.told[-1].hard, "but it can be closed for good now"


async def test_an_earlier_return_cannot_be_closed_for_good_behind_a_later_one():
    uow = work()
    await close_return(filing(FEBRUARY), uow)
    with pytest.raises(PeriodWouldReopen):
        await close_return(filing(JANUARY, hard=True), uow)


RULES = (ClosingRule(kind=TAX, days=10), ClosingRule(kind=DOCUMENTS, days=0, hard=True))
BY_SCHEDULE = CloseBySchedule(ENTITY)


async def test_a_schedule_closes_what_is_due_and_comes_back_at_midnight_of_the_seller():
    uow = work("2026-03-11 00:00", period_closing=RULES)
    await close_by_schedule(BY_SCHEDULE, uow)
    assert {(each.kind, each.through, each.hard, each.cause) for each in uow.told} == {
        (TAX, FEBRUARY, False, ClosingCause.SCHEDULE),
        (DOCUMENTS, FEBRUARY, True, ClosingCause.SCHEDULE),
    }
    assert uow.jobs == {(JOB, str(ENTITY)): at("2026-04-01 00:00")}
    assert uow.jobs[JOB, str(ENTITY)].hour == 22, "summer time has begun"


async def test_a_schedule_that_runs_twice_closes_once():
    uow = work("2026-03-11 00:00", period_closing=RULES)
    for _ in range(2):
        await close_by_schedule(BY_SCHEDULE, uow)
    assert len(uow.told) == 2


async def test_what_waits_for_a_rate_is_tried_again_tomorrow_and_holds_up_nothing_else():
    uow = work("2026-03-11 09:00", period_closing=RULES)
    uow.periods.waiting[TAX] = 1
    await close_by_schedule(BY_SCHEDULE, uow)
    assert [each.kind for each in uow.told] == [DOCUMENTS]
    assert uow.jobs[JOB, str(ENTITY)] == at("2026-03-12 00:00")
    uow.ctx.now, uow.periods.waiting = at("2026-03-12 00:00"), {}
    await close_by_schedule(BY_SCHEDULE, uow)
    assert [each.kind for each in uow.told] == [DOCUMENTS, TAX]
    assert uow.jobs[JOB, str(ENTITY)] == at("2026-04-01 00:00")


async def test_what_was_closed_further_by_hand_stays_as_it_is():
    uow = work("2026-04-02 00:00", period_closing=(ClosingRule(kind=TAX, days=10),))
    await close_periods(closing(date(2026, 3, 31), TAX), uow)
    await close_by_schedule(BY_SCHEDULE, uow)
    assert uow.entity.closed.tax == date(2026, 3, 31)
    assert len(uow.told) == 1


async def test_without_rules_or_without_an_entity_nothing_is_closed_or_planned():
    uow = work()
    begin_closing(uow.entity, uow)
    await close_by_schedule(BY_SCHEDULE, uow)
    await close_by_schedule(CloseBySchedule(UUID(int=9)), uow)
    assert (uow.told, uow.jobs) == ([], {})


async def test_new_rules_are_looked_at_at_once():
    uow = work(period_closing=RULES)
    begin_closing(uow.entity, uow)
    assert uow.jobs == {(JOB, str(ENTITY)): uow.ctx.now}


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)),
    st.lists(st.integers(0, 40), min_size=1, max_size=4),
)
async def test_a_schedule_never_closes_today_and_always_comes_back_later(moment, counts):
    kinds = list(PeriodKind)
    rules = tuple(ClosingRule(kind=kinds[index], days=days) for index, days in enumerate(counts))
    uow = MemoryWork(moment.replace(tzinfo=UTC), period_closing=rules)
    await close_by_schedule(BY_SCHEDULE, uow)
    today = moment.replace(tzinfo=UTC).astimezone(BERLIN).date()
    assert len(uow.told) == len(rules)
    assert all(each.through < today for each in uow.told)
    due = uow.jobs[JOB, str(ENTITY)]
    assert uow.ctx.now < due <= uow.ctx.now + timedelta(days=72)
    local = due.astimezone(BERLIN)
    assert (local.hour, local.minute) == (0, 0)


def settled(*days):
    """A settlement with a payment of each day."""
    settlement = opened(legal_entity_id=ENTITY)
    assert settlement.claim == claim(legal_entity_id=ENTITY)
    for number, day in enumerate(days):
        settlement.record_payment(post("1.00", f"bank:{number}", day))
    return settlement


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-02-27", PeriodClosed),
        ("2026-02-28", PeriodClosed),
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-03-20", date(2026, 3, 20)),
        ("2026-03-21", DateInFuture),
        (None, date(2026, 3, 20)),
    ],
)
async def test_a_payment_is_of_an_open_day_that_has_come(on, expected):
    uow = work()
    await close_periods(closing(FEBRUARY, PAYMENTS), uow)
    day = None if on is None else date.fromisoformat(on)
    if isinstance(expected, date):
        assert await day_of(settled(), "bank:new", day, uow) == expected
        return
    with pytest.raises(expected) as refused:
        await day_of(settled(), "bank:new", day, uow)
    assert [each.pointer for each in refused.value.problems] == ["/on"]


@pytest.mark.parametrize("kind", [each for each in PeriodKind if each is not PAYMENTS])
async def test_other_locks_refuse_no_payment(kind):
    uow = work()
    await close_periods(closing(FEBRUARY, kind), uow)
    assert await day_of(settled(), "bank:new", JANUARY, uow) == JANUARY


async def test_a_payment_that_is_told_again_keeps_its_day_though_it_was_closed_since():
    uow = work()
    settlement = settled(JANUARY)
    await close_periods(closing(FEBRUARY, PAYMENTS), uow)
    assert await day_of(settlement, "bank:0", None, uow) == JANUARY
    assert await day_of(settlement, "bank:0", JANUARY, uow) == JANUARY


async def test_past_midnight_when_yesterday_was_closed_meanwhile_the_day_is_the_first_open_one():
    """The command began yesterday by its clock; between, yesterday became over and was closed."""
    later = work("2026-03-21 00:10")
    await close_periods(closing(date(2026, 3, 20), PAYMENTS), later)
    began = work("2026-03-20 23:59")
    for event in later.told:
        began.entity.record(event)
    assert await day_of(settled(), "bank:new", None, began) == date(2026, 3, 21)


async def test_the_events_of_a_legal_entity_tell_its_locks_again():
    uow = work("2026-03-11 00:00", period_closing=RULES)
    await close_by_schedule(BY_SCHEDULE, uow)
    await close_return(filing(FEBRUARY, hard=True), uow)
    await reopen_periods(reopening(JANUARY, TAX), uow)
    again = LegalEntity.rehydrate(ENTITY, uow.entity.recorded)
    assert again.locks.held == uow.entity.locks.held
    assert again.closed.last(TAX, OWN) == FEBRUARY
    assert again.closed.last(TAX) == JANUARY
