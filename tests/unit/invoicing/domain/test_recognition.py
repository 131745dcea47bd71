"""Deferred and recognised revenue: nothing is lost between them, whatever is credited."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.recognition.deferral_bookings import Owner, booking_day
from invx.contexts.invoicing.domain.recognition.recognition import (
    MilestoneNotFound,
    MilestoneReachedAlready,
    Recognition,
)
from invx.contexts.invoicing.domain.recognition.recognition_events import (
    DeferredLine,
    RecognitionKind,
    RevenueRecognized,
)
from invx.contexts.invoicing.domain.recognition.spreading import (
    earned,
    month_ends,
    share_of,
    taken_from,
)
from invx.contexts.invoicing.domain.recognition.terms import (
    Method,
    Milestone,
    RecognitionTerms,
    recognition_problems,
)

D = Decimal
JAN1 = date(2027, 1, 1)
OWNER = Owner(document_id=UUID(int=1), legal_entity_id=UUID(int=2), currency="EUR")
DAYS = st.integers(0, 800).map(lambda days: JAN1 + timedelta(days=days))
CENTS = st.integers(-1_000_000, 1_000_000).filter(bool).map(lambda cents: D(cents).scaleb(-2))


def by_day(net: str | Decimal, start: date = JAN1, end: date = date(2027, 12, 31)) -> DeferredLine:
    return DeferredLine(
        line_id="1", net=D(net), booked=D(net), method=Method.STRAIGHT_LINE, start=start, end=end
    )


def in_steps(net: str, *percents: str) -> DeferredLine:
    steps = tuple([Milestone(name=f"m{n}", percent=D(each)) for n, each in enumerate(percents)])
    return DeferredLine(line_id="1", net=D(net), method=Method.MILESTONE, milestones=steps)


def opened(line: DeferredLine, issued_on: date = JAN1) -> Recognition:
    return Recognition.open_for(OWNER, [line], issued_on=issued_on)


def where(recognition: Recognition) -> tuple[str, str]:
    line = recognition.lines["1"]
    return str(line.deferred), str(line.recognized)


@given(CENTS, DAYS, DAYS, st.lists(DAYS, max_size=5))
def test_straight_line_is_additive_by_day_and_ends_exactly(
    amount: Decimal, one: date, other: date, cuts: list[date]
) -> None:
    start, end = min(one, other), max(one, other)
    stops = [start - timedelta(days=1), *sorted(cuts), end]
    reached = [earned(amount, start, end, day, "EUR") for day in stops]
    parts = [after - before for before, after in pairwise(reached)]
    assert sum(parts) == amount
    assert reached[0] == 0
    assert all(part * amount >= 0 for part in parts)  # it never goes back


@given(CENTS, DAYS, DAYS, st.lists(st.tuples(DAYS, st.integers(1, 100)), max_size=5))
def test_recognised_and_deferred_are_the_net_less_what_was_credited(
    net: Decimal, one: date, other: date, credits: list[tuple[date, int]]
) -> None:
    start, end = min(one, other), max(one, other)
    recognition = opened(by_day(net, start, end), issued_on=start)
    credited = D(0)
    for day, percent in sorted(credits):
        recognition.recognize(day, None)
        left = net - credited
        amount = (left * percent / 100).quantize(D("0.01"))
        if abs(amount) > abs(left):
            continue
        recognition.take(uuid4(), {"1": amount}, day, None)
        credited += amount
        line = recognition.lines["1"]
        assert line.deferred + line.recognized == net - credited
        assert line.deferred * net >= 0
        assert line.recognized * net >= 0
        planned = sum((amount for _, amount, _ in line.months()), D(0))
        assert planned == line.deferred
    recognition.recognize(end + timedelta(days=62), None)
    assert recognition.deferred == 0
    line = recognition.lines["1"]
    assert line.recognized == net - credited
    assert not line.booked  # nothing is left over in the currency of the books


@given(st.lists(DAYS, max_size=8))
def test_however_often_the_job_runs_the_months_are_the_same(runs: list[date]) -> None:
    often, once = opened(by_day("1000.01")), opened(by_day("1000.01"))
    for day in sorted(runs):
        often.recognize(day, None)
    for each in (often, once):
        each.recognize(date(2028, 2, 1), None)
    told = [(each.part, each.amount, each.on) for each in often.entries]
    assert told == [(each.part, each.amount, each.on) for each in once.entries]
    assert len(told) == 13


class TestStraightLine:
    def test_a_month_is_recognised_when_it_is_over(self) -> None:
        recognition = opened(by_day("365.00"))
        recognition.recognize(date(2027, 1, 30), None)
        assert where(recognition) == ("365.00", "0.00")
        recognition.recognize(date(2027, 1, 31), None)
        recognition.recognize(date(2027, 1, 31), None)
        assert where(recognition) == ("334.00", "31.00")
        assert recognition.next_month == date(2027, 2, 28)
        assert [type(each) for each in recognition.recorded[1:]] == [RevenueRecognized]

    def test_a_period_that_ends_within_a_month_is_done_with_it(self) -> None:
        recognition = opened(by_day("30.00", JAN1, date(2027, 2, 10)))
        recognition.recognize(date(2027, 2, 28), None)
        assert where(recognition) == ("0.00", "30.00")
        assert recognition.next_month is None
        assert [each.through for each in recognition.entries[1:]] == [
            date(2027, 1, 31),
            date(2027, 2, 10),
        ]

    def test_what_a_voided_credit_note_gives_back_is_deferred_again(self) -> None:
        recognition, note = opened(by_day("365.00")), uuid4()
        recognition.recognize(date(2027, 6, 30), None)
        recognition.take(note, {"1": D("200.00")}, date(2027, 7, 1), None)
        assert where(recognition) == ("0.00", "165.00")
        kinds = [each.kind for each in recognition.entries[-2:]]
        assert kinds == [RecognitionKind.CREDITED, RecognitionKind.REVERSED]
        recognition.take(note, {}, date(2027, 7, 2), None)
        assert where(recognition) == ("200.00", "165.00")
        recognition.recognize(date(2028, 1, 1), None)
        assert where(recognition) == ("0.00", "365.00")

    def test_what_is_given_back_after_the_last_day_is_recognised_at_once(self) -> None:
        recognition, note = opened(by_day("365.00")), uuid4()
        recognition.recognize(date(2027, 12, 31), None)
        recognition.take(note, {"1": D("65.00")}, date(2028, 1, 5), None)
        recognition.take(note, {}, date(2028, 1, 6), None)
        assert where(recognition) == ("65.00", "300.00")
        recognition.recognize(date(2028, 1, 31), None)
        assert where(recognition) == ("0.00", "365.00")

    def test_the_same_credit_note_counts_once(self) -> None:
        recognition, note = opened(by_day("365.00")), uuid4()
        for _ in range(2):
            recognition.take(note, {"1": D("65.00")}, JAN1, None)
        assert where(recognition) == ("300.00", "0.00")
        recognition.take(uuid4(), {"other": D("1.00")}, JAN1, None)
        assert len(recognition.recorded) == 2


class TestMilestones:
    def test_each_takes_its_part_and_the_last_all_that_is_left(self) -> None:
        recognition = opened(in_steps("100.01", "33.3", "33.3", "33.4"))
        recognition.reach("1", "m1", date(2027, 2, 1), None)
        assert where(recognition) == ("66.71", "33.30")
        recognition.take(uuid4(), {"1": D("50.00")}, date(2027, 2, 2), None)
        recognition.reach("1", "m0", date(2027, 3, 1), None)
        recognition.reach("1", "m2", date(2027, 4, 1), None)
        assert where(recognition) == ("0.00", "50.01")

    def test_one_is_reached_on_one_day(self) -> None:
        recognition = opened(in_steps("100.00", "100"))
        for _ in range(2):
            recognition.reach("1", "m0", JAN1, None)
        assert len(recognition.recorded) == 2
        with pytest.raises(MilestoneReachedAlready):
            recognition.reach("1", "m0", date(2027, 1, 2), None)
        for line_id, name in (("1", "m9"), ("2", "m0")):
            with pytest.raises(MilestoneNotFound):
                recognition.reach(line_id, name, JAN1, None)

    def test_what_is_given_back_after_the_last_one_is_recognised_by_the_next_job(self) -> None:
        recognition, note = opened(in_steps("100.00", "100")), uuid4()
        recognition.reach("1", "m0", JAN1, None)
        recognition.take(note, {"1": D("40.00")}, JAN1, None)
        recognition.take(note, {}, JAN1, None)
        assert where(recognition) == ("40.00", "60.00")
        recognition.recognize(date(2027, 1, 31), None)
        assert where(recognition) == ("0.00", "100.00")


class TestArithmetic:
    def test_months_end_where_they_end(self) -> None:
        found = list(month_ends(date(2027, 12, 5), date(2028, 2, 1)))
        assert found == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29)]

    def test_no_more_is_taken_than_there_is(self) -> None:
        assert taken_from(D("5.00"), D("7.00")) == D("5.00")
        assert taken_from(D("-5.00"), D("-3.00")) == D("-3.00")
        assert taken_from(D("0.00"), D("3.00")) == 0

    def test_the_whole_goes_with_the_whole(self) -> None:
        assert share_of(D("9.99"), D("1.00"), D("3.00"), "EUR") == D("3.33")
        assert share_of(D("9.99"), D("3.00"), D("3.00"), "EUR") == D("9.99")
        assert share_of(None, D("3.00"), D("3.00"), "EUR") is None

    def test_nothing_is_booked_before_the_issue(self) -> None:
        assert booking_day(JAN1, date(2027, 3, 1)) == date(2027, 3, 1)
        assert booking_day(date(2027, 3, 31), JAN1) == date(2027, 3, 31)


@pytest.mark.parametrize(
    ("terms", "codes"),
    [
        (RecognitionTerms(), []),
        (RecognitionTerms(method=Method.STRAIGHT_LINE), ["service_period_missing"]),
        (RecognitionTerms(method=Method.MILESTONE), ["out_of_range"]),
        (
            RecognitionTerms(
                method=Method.MILESTONE,
                milestones=(Milestone(name="a", percent=D(0)), Milestone(name="a", percent=D(90))),
            ),
            ["out_of_range", "milestone_twice", "not_100_percent"],
        ),
        (
            RecognitionTerms(milestones=(Milestone(name="a", percent=D(100)),)),
            ["not_for_this_method"],
        ),
    ],
)
def test_terms_that_make_no_sense(terms: RecognitionTerms, codes: list[str]) -> None:
    found = recognition_problems(terms, "/lines/0/recognition", (JAN1, None))
    assert [each.code for each in found] == codes
