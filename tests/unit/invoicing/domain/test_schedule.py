"""What of a claim is due when: parts sum to what is open, whatever was paid and planned."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.payment_plan import (
    NoPaymentPlan,
    PaymentPlanInvalid,
    agree_plan,
    end_plan,
)
from invx.contexts.invoicing.domain.schedule import (
    PLAN_PARTS_MAX,
    DuePart,
    Schedule,
    due_part,
    plan_problems,
    with_rest,
)
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_errors import NothingOpen, SettlementClosed
from invx.contexts.invoicing.domain.settlement_events import (
    BecameOverdue,
    PaymentPlanAgreed,
    PaymentPlanEnded,
)
from tests.unit.invoicing.domain.settlements import DAY, kinds, opened, post

D = Decimal
ZONE = "Europe/Berlin"


def parts(*amounts: str, first: date = DAY + timedelta(days=10)) -> tuple[DuePart, ...]:
    return tuple(
        due_part(first + timedelta(days=30 * index), D(amount), ZONE)
        for index, amount in enumerate(amounts)
    )


def in_parts(*amounts: str) -> Settlement:
    total = sum(map(D, amounts))
    found = parts(*amounts)
    last = found[-1]
    return opened(
        str(total), instalments=found, due_date=last.due_date, overdue_from=last.overdue_from
    )


def left(settlement: Settlement) -> list[str]:
    found = settlement.dues.schedule.open_parts(settlement.standing.settled)
    return [str(each.open) for each in found]


def late(settlement: Settlement, index: int) -> datetime:
    moment = settlement.dues.schedule.parts[index].overdue_from
    assert moment is not None
    return moment


CENTS = st.integers(1, 10_000).map(lambda cents: D(cents).scaleb(-2))


@given(st.lists(CENTS, min_size=1, max_size=8), st.lists(CENTS, max_size=5))
def test_the_open_parts_sum_to_what_is_open_after_every_payment(
    amounts: list[Decimal], payments: list[Decimal]
) -> None:
    settlement = in_parts(*map(str, amounts))
    for number, amount in enumerate(payments):
        settlement.record_payment(post(amount, f"p{number}"))
        found = settlement.dues.schedule.open_parts(settlement.standing.settled)
        assert sum(each.open for each in found) == settlement.open
        # Oldest first: nothing of a later part is paid while an earlier one is open.
        touched = [each.open < each.amount for each in found]
        gaps = [one.open > 0 and later for one, later in zip(found, touched[1:], strict=False)]
        assert not any(gaps)


@given(st.lists(CENTS, min_size=1, max_size=6), CENTS, st.data())
def test_a_plan_covers_what_was_open_and_a_bounced_payment_opens_its_first_part(
    amounts: list[Decimal], paid: Decimal, data: st.DataObject
) -> None:
    settlement = opened(str(sum(amounts) + paid))
    settlement.record_payment(post(paid, "before"))
    planned = parts(*map(str, amounts))
    agree_plan(settlement, planned, today=DAY)
    more = data.draw(CENTS)
    settlement.record_payment(post(more, "after"))
    found = settlement.dues.schedule.open_parts(settlement.standing.settled)
    assert sum(each.open for each in found) == settlement.open
    assert found[-1].until == settlement.claim.total
    entry = settlement.entry_from("before")
    assert entry is not None
    settlement.reverse(entry.entry_id, post(source="bounced"))
    found = settlement.dues.schedule.open_parts(settlement.standing.settled)
    assert sum(each.open for each in found) == settlement.open


class TestOverdue:
    def test_each_part_is_noted_once_and_payment_takes_the_flag_away(self) -> None:
        settlement = in_parts("40.00", "30.00", "30.00")
        assert not settlement.become_overdue(late(settlement, 0) - timedelta(microseconds=1))
        assert settlement.become_overdue(late(settlement, 0))
        assert not settlement.become_overdue(late(settlement, 0) + timedelta(days=3))
        assert (settlement.standing.late, settlement.standing.overdue) == (D("40.00"), True)
        settlement.record_payment(post("45.00"))
        assert (settlement.standing.late, settlement.standing.overdue) == (D("0.00"), False)
        assert settlement.become_overdue(late(settlement, 1))
        assert settlement.standing.late == D("25.00")
        missed = [each for each in settlement.recorded if isinstance(each, BecameOverdue)]
        assert [(each.amount, each.due_date) for each in missed] == [
            (D("40.00"), DAY + timedelta(days=10)),
            (D("25.00"), DAY + timedelta(days=40)),
        ]

    def test_two_parts_missed_at_once_are_one_event(self) -> None:
        settlement = in_parts("40.00", "30.00", "30.00")
        assert settlement.become_overdue(late(settlement, 1))
        [event] = settlement.recorded
        assert isinstance(event, BecameOverdue)
        assert (event.amount, event.due_date) == (D("70.00"), DAY + timedelta(days=40))

    def test_a_reversal_brings_the_missed_part_back(self) -> None:
        settlement = in_parts("40.00", "60.00")
        entry = settlement.record_payment(post("40.00"))
        assert not settlement.become_overdue(late(settlement, 0))
        settlement.reverse(entry.entry_id, post(source="bounced"))
        assert settlement.become_overdue(late(settlement, 0))
        assert settlement.standing.late == D("40.00")

    def test_the_next_moment_is_that_of_the_first_open_part(self) -> None:
        settlement = in_parts("40.00", "60.00")
        schedule = settlement.dues.schedule
        assert schedule.next_moment(D(0)) == late(settlement, 0)
        assert schedule.next_moment(D("40.00")) == late(settlement, 1)
        assert schedule.next_moment(D("100.00")) is None
        assert schedule.next_moment(D(0), late(settlement, 1)) is None

    def test_a_part_without_a_day_is_never_overdue(self) -> None:
        [part] = Schedule((DuePart(None, None, D("5.00")),)).open_parts(D(0))
        assert not part.is_overdue(datetime.max.replace(tzinfo=UTC))

    def test_of_covered_parts_the_last_is_shown(self) -> None:
        schedule = Schedule(parts("40.00", "60.00"))
        assert schedule.next_part(D("40.00")).amount == D("60.00")
        assert schedule.next_part(D("100.00")).open == 0


class TestPlan:
    def test_what_was_overdue_is_so_no_more_and_the_claim_stays(self) -> None:
        settlement = in_parts("40.00", "60.00")
        settlement.become_overdue(late(settlement, 0))
        before = settlement.claim
        agree_plan(settlement, parts("100.00", first=date(2026, 9, 1)), today=DAY, reason="asked")
        assert not settlement.standing.overdue
        assert settlement.claim == before
        assert left(settlement) == ["100.00"]
        assert settlement.become_overdue(late(settlement, 0))
        end_plan(settlement)
        assert left(settlement) == ["40.00", "60.00"]
        assert settlement.dues.planned_on is None

    def test_the_same_plan_again_is_no_event(self) -> None:
        settlement = opened()
        for _ in range(2):
            agree_plan(settlement, parts("50.00", "50.00"), today=DAY)
        assert kinds(settlement) == [PaymentPlanAgreed]
        agree_plan(settlement, parts("60.00", "40.00"), today=DAY)
        end_plan(settlement, "failed")
        assert kinds(settlement) == [PaymentPlanAgreed, PaymentPlanAgreed, PaymentPlanEnded]

    def test_nothing_open_needs_no_plan(self) -> None:
        settlement = opened()
        settlement.record_payment(post("100.00"))
        with pytest.raises(NothingOpen):
            agree_plan(settlement, parts("1.00"), today=DAY)
        voided = opened()
        voided.close_void()
        with pytest.raises(SettlementClosed):
            agree_plan(voided, parts("100.00"), today=DAY)
        with pytest.raises(NoPaymentPlan):
            end_plan(settlement)

    def test_amounts_are_kept_on_the_unit(self) -> None:
        settlement = opened()
        agree_plan(settlement, parts("100"), today=DAY)
        assert str(settlement.dues.schedule.parts[0].amount) == "100.00"

    def test_a_plan_that_pays_another_sum_changes_nothing(self) -> None:
        settlement = opened()
        with pytest.raises(PaymentPlanInvalid) as refusal:
            agree_plan(settlement, parts("99.99"), today=DAY)
        assert [each.code for each in refusal.value.problems] == ["plan_differs_from_open"]
        assert settlement.recorded == []


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ([D("10.00"), None], ["10.00", "90.00"]),
        ([None], ["100.00"]),
        ([None, None], ["100.00", "0.00"]),
        ([D("120.00"), None], ["120.00", "-20.00"]),
        ([D("60.00"), D("40.00")], ["60.00", "40.00"]),
    ],
)
def test_the_amount_that_is_not_stated_takes_the_rest(
    amounts: list[Decimal | None], found: list[str]
) -> None:
    assert [str(each) for each in with_rest(amounts, D("100.00"))] == found


def test_a_plan_has_parts_but_not_without_end() -> None:
    for some in ((), parts("1.00") * (PLAN_PARTS_MAX + 1)):
        [problem] = plan_problems(some, total=D(1), currency="EUR", today=DAY)
        assert (problem.pointer, problem.code) == ("/instalments", "out_of_range")


def test_days_of_a_plan_rise_and_are_not_past() -> None:
    past = parts("50.00", "50.00", first=DAY - timedelta(days=1))
    found = plan_problems(past, total=D(100), currency="EUR", today=DAY)
    assert [(each.pointer, each.code) for each in found] == [
        ("/instalments/0/due_date", "due_date_past")
    ]
    same = (*parts("50.00"), *parts("50.00"))
    found = plan_problems(same, total=D(100), currency="EUR", today=DAY)
    assert [each.code for each in found] == ["due_dates_not_ascending"]
    bad = parts("0.001", "0")
    found = plan_problems(bad, total=D(100), currency="EUR", today=DAY)
    assert [each.pointer for each in found] == ["/instalments/0/amount", "/instalments/1/amount"]
