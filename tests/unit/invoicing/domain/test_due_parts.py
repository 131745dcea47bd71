"""Instalments against jars: money fills the jar that is due first, coin by coin, then the next.

`instalment_splits.tsv` was dealt out by largest remainder in whole units (`earning.dealt`), and
`part_payments.tsv` by putting one cent after the other into the first jar with room. A part is
overdue on the day after its own, in the zone of the legal entity.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.payment_plan import PaymentPlanInvalid, agree_plan, end_plan
from invx.contexts.invoicing.domain.schedule import due_part, with_rest
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import BecameOverdue
from invx.rules.calendar.terms import (
    InstalmentTerm,
    PaymentTerms,
    TermsKind,
    due_date,
    schedule,
    terms_problems,
)
from tests.unit.invoicing.domain.earning import dealt
from tests.unit.invoicing.domain.settlements import DAY, opened, post

D = Decimal
HERE = Path(__file__).parent
BERLIN = "Europe/Berlin"
ONE_DAY = timedelta(days=1)


def table(name: str) -> list[dict[str, str]]:
    head, *rows = (HERE / name).read_text("utf-8").splitlines()
    return [dict(zip(head.split("\t"), row.split("\t"), strict=True)) for row in rows]


SPLITS = table("instalment_splits.tsv")
PAYMENTS = table("part_payments.tsv")
SCHEDULES = sorted({row["schedule"] for row in PAYMENTS})


def agreed(text: str) -> PaymentTerms:
    """Terms as the table writes them: `30@0 70@30` is 30 percent at once, 70 a month later."""
    pairs = [each.split("@") for each in text.split()]
    parts = tuple([InstalmentTerm(D(percent), int(days)) for percent, days in pairs])
    return PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=parts)


def claimed(parts: Sequence[tuple[date, Decimal]]) -> Settlement:
    """A document that is due in these parts."""
    dues = tuple([due_part(day, amount, BERLIN) for day, amount in parts])
    total = sum((amount for _, amount in parts), D(0))
    last = dues[-1]
    return opened(
        str(total), instalments=dues, due_date=last.due_date, overdue_from=last.overdue_from
    )


def morning(day: date) -> datetime:
    """The first moment of the day in Berlin."""
    return datetime.combine(day, time.min, ZoneInfo(BERLIN)).astimezone(UTC)


def left(settlement: Settlement) -> list[Decimal]:
    parts = settlement.dues.schedule.open_parts(settlement.standing.settled)
    return [each.open for each in parts]


def jars(parts: Sequence[int], poured: int) -> list[int]:
    """What each jar still has room for."""
    room = []
    for each in parts:
        taken = min(each, max(poured, 0))
        room.append(each - taken)
        poured -= taken
    return room


@pytest.mark.parametrize("name", sorted({row["terms"] for row in SPLITS}))
def test_each_total_of_the_table_is_split_to_the_unit(name: str) -> None:
    for row in (each for each in SPLITS if each["terms"] == name):
        terms, issued = agreed(row["agreed"]), date.fromisoformat(row["issued"])
        assert list(terms_problems(terms)) == []
        total = D(row["total"])
        found = schedule(terms, issued, amount=total, currency=row["currency"])
        told = " ".join(f"{each.due_date}={each.amount}" for each in found)
        assert told == row["parts"], row
        assert sum((each.amount for each in found), D(0)) == total
        assert due_date(terms, issued) == found[-1].due_date


@pytest.mark.parametrize("name", SCHEDULES)
def test_each_payment_of_the_table_covers_the_oldest_part_first(name: str) -> None:
    for row in (each for each in PAYMENTS if each["schedule"] == name):
        settlement = settled_by(row)
        assert " ".join(map(str, left(settlement))) == row["open by part"], row
        assert sum(left(settlement), D(0)) == settlement.open


@pytest.mark.parametrize("name", SCHEDULES)
def test_what_is_overdue_on_each_day_of_the_table_is_what_passed_and_is_open(name: str) -> None:
    for row in (each for each in PAYMENTS if each["schedule"] == name):
        settlement = settled_by(row)
        now = morning(date.fromisoformat(row["day"]))
        missed = D(row["overdue"])
        assert settlement.become_overdue(now) == bool(missed), row
        assert settlement.standing.overdue == bool(missed)
        told = [each for each in settlement.recorded if isinstance(each, BecameOverdue)]
        want = [(missed, date.fromisoformat(row["since"]))] if missed else []
        assert [(each.amount, each.due_date) for each in told] == want, row
        assert not settlement.become_overdue(now), "it is noted once"


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_second_before_that_day_nothing_of_it_is_overdue(name: str) -> None:
    for row in (each for each in PAYMENTS if each["schedule"] == name):
        day = date.fromisoformat(row["day"])
        settlement = settled_by(row)
        settlement.become_overdue(morning(day) - timedelta(seconds=1))
        for event in settlement.recorded:
            if isinstance(event, BecameOverdue):
                assert event.due_date is not None
                assert event.due_date < day - ONE_DAY


@pytest.mark.parametrize("name", SCHEDULES)
def test_what_is_paid_in_many_sums_covers_the_same(name: str) -> None:
    """It matters how much was paid, never in how many sums."""
    for row in (each for each in PAYMENTS if each["schedule"] == name):
        whole, cut = settled_by(row), claimed(parts_of(row))
        rest, number = D(row["paid"]), 0
        while rest:
            sum_ = min(rest, D("17.01"))
            cut.record_payment(post(sum_, f"p{number}"))
            rest, number = rest - sum_, number + 1
        assert left(cut) == left(whole)
        assert cut.dues.schedule.next_part(cut.standing.settled) == (
            whole.dues.schedule.next_part(whole.standing.settled)
        )


def parts_of(row: dict[str, str]) -> list[tuple[date, Decimal]]:
    pairs = [each.split("=") for each in row["parts"].split()]
    return [(date.fromisoformat(day), D(amount)) for day, amount in pairs]


def settled_by(row: dict[str, str]) -> Settlement:
    settlement = claimed(parts_of(row))
    if D(row["paid"]):
        settlement.record_payment(post(row["paid"], "bank"))
    return settlement


PERCENTS = st.lists(st.integers(1, 9_999), unique=True, max_size=7).map(
    lambda cuts: [
        after - before
        for before, after in zip([0, *sorted(cuts)], [*sorted(cuts), 10_000], strict=True)
    ]
)


@given(st.integers(-5_000_000, 5_000_000), PERCENTS)
def test_any_split_is_the_one_by_largest_remainder(units: int, hundredths: list[int]) -> None:
    terms = PaymentTerms(
        kind=TermsKind.INSTALMENTS,
        instalments=tuple(
            [InstalmentTerm(D(each).scaleb(-2), at * 30) for at, each in enumerate(hundredths)]
        ),
    )
    found = schedule(terms, DAY, amount=D(units).scaleb(-2), currency="EUR")
    counted = dealt(units, [Fraction(each) for each in hundredths])
    assert [int(each.amount.scaleb(2)) for each in found] == counted


CENTS = st.integers(1, 20_000)
HAPPENED = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), CENTS),
        st.tuples(st.just("wait"), st.integers(1, 45)),
        st.tuples(st.just("bounce"), st.integers(0, 5)),
    ),
    max_size=12,
)


@given(st.lists(CENTS, min_size=2, max_size=6), HAPPENED)
@settings(max_examples=150)
def test_whatever_is_paid_and_bounces_what_is_late_is_what_the_jars_say(
    amounts: list[int], happened: list[tuple[str, int]]
) -> None:
    days = [DAY + timedelta(days=20 * (at + 1)) for at in range(len(amounts))]
    settlement = claimed(
        [(day, D(each).scaleb(-2)) for day, each in zip(days, amounts, strict=True)]
    )
    today, paid = DAY, {}
    for number, (what, size) in enumerate(happened):
        if what == "wait":
            today += timedelta(days=size)
        elif what == "pay":
            entry = settlement.record_payment(post(D(size).scaleb(-2), f"p{number}"))
            paid[entry.entry_id] = size
        elif paid:
            entry_id = list(paid)[size % len(paid)]
            settlement.reverse(entry_id, post(source=f"b{number}"))
            del paid[entry_id]
        settlement.become_overdue(morning(today))  # as the job does
        room = jars(amounts, sum(paid.values()))
        assert [int(each.scaleb(2)) for each in left(settlement)] == room
        late = sum(each for day, each in zip(days, room, strict=True) if day < today)
        assert settlement.standing.overdue == (late > 0)
        if late:
            assert settlement.standing.late == D(late).scaleb(-2)
        assert settlement.open == D(sum(room)).scaleb(-2)


@given(st.lists(CENTS, min_size=1, max_size=6), CENTS, CENTS, st.integers(0, 200))
def test_under_a_plan_only_the_plan_counts_until_it_ends(
    planned: list[int], before: int, after: int, waited: int
) -> None:
    """A claim that is due long ago is not overdue under a plan; when it ends it is, at once."""
    total = sum(planned) + before
    settlement = claimed([(DAY, D(total).scaleb(-2))])
    settlement.record_payment(post(D(before).scaleb(-2), "before"))
    days = [DAY + timedelta(days=25 * (at + 1)) for at in range(len(planned))]
    dues = [
        due_part(day, D(each).scaleb(-2), BERLIN) for day, each in zip(days, planned, strict=True)
    ]
    agree_plan(settlement, dues, today=DAY)
    settlement.record_payment(post(D(after).scaleb(-2), "after"))
    today = DAY + timedelta(days=waited)
    settlement.become_overdue(morning(today))
    room = jars(planned, after)
    late = sum(each for day, each in zip(days, room, strict=True) if day < today)
    assert settlement.standing.overdue == (late > 0)
    assert [int(each.scaleb(2)) for each in left(settlement)] == room
    end_plan(settlement)
    assert not settlement.standing.overdue
    assert settlement.become_overdue(morning(today)) == (today > DAY and sum(room) > 0)
    assert settlement.open == D(sum(room)).scaleb(-2)


@given(st.lists(CENTS, min_size=1, max_size=8), st.integers(-3, 3).filter(bool))
def test_a_plan_that_misses_what_is_open_by_a_cent_is_refused(planned: list[int], off: int) -> None:
    total = sum(planned) + off
    if total <= 0:
        return
    settlement = opened(str(D(total).scaleb(-2)))
    dues = [
        due_part(DAY + timedelta(days=at + 1), D(each).scaleb(-2), BERLIN)
        for at, each in enumerate(planned)
    ]
    with pytest.raises(PaymentPlanInvalid):
        agree_plan(settlement, dues, today=DAY)
    rest = with_rest([None, *[each.amount for each in dues[1:]]], settlement.open)
    assert sum(rest, D(0)) == settlement.open, "the first takes the difference when it may"
