"""Straight-line revenue against counting by the day: tables of months and of whole stories.

Both tables were written by `earning.py` (Fractions, one day at a time), which knows nothing of the
program; Hypothesis puts it beside the program for whatever else there is.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, groupby
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bookkeeping.book import Book, GivenUp
from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.domain.bookkeeping.chart import Account as LedgerAccount
from invx.contexts.invoicing.domain.periods.closed import Closed
from invx.contexts.invoicing.domain.recognition.deferral_bookings import Owner
from invx.contexts.invoicing.domain.recognition.recognition import Recognition
from invx.contexts.invoicing.domain.recognition.recognition_events import (
    DeferredLine,
    RecognitionEntry,
    RecognitionKind,
)
from invx.contexts.invoicing.domain.recognition.terms import Method
from tests.unit.invoicing.domain.earning import DAY, Account, by_month

D = Decimal
HERE = Path(__file__).parent
JAN1 = date(2027, 1, 1)
ENTITY = UUID(int=2)
NOTES = UUID(int=3)
REVENUE, DEFERRAL = LedgerAccount(account="8400"), LedgerAccount(account="0990")
BANK = LedgerAccount(account="1200")  # and whatever else these bookings never come near
KEPT = RecognitionKind.DEFERRED
EARNED = RecognitionKind.RECOGNIZED
CREDITED = RecognitionKind.CREDITED
REVERSED = RecognitionKind.REVERSED


def table(name: str) -> list[dict[str, str]]:
    head, *rows = (HERE / name).read_text("utf-8").splitlines()
    return [dict(zip(head.split("\t"), row.split("\t"), strict=True)) for row in rows]


MONTHS = [list(rows) for _, rows in groupby(table("straight_line.tsv"), lambda row: row["case"])]
STORIES = [list(rows) for _, rows in groupby(table("earning_stories.tsv"), lambda r: r["story"])]


def issued(
    net: Decimal,
    start: date,
    end: date,
    *,
    on: date,
    currency: str = "EUR",
    booked: Decimal | None = None,
    closed: Closed | None = None,
) -> Recognition:
    """A document of one line, worth its own net in the books unless another worth is given."""
    line = DeferredLine(
        line_id="1",
        net=net,
        booked=net if booked is None else booked,
        method=Method.STRAIGHT_LINE,
        start=start,
        end=end,
        revenue=REVENUE,
        deferral=DEFERRAL,
    )
    owner = Owner(document_id=UUID(int=1), legal_entity_id=ENTITY, currency=currency)
    book = book_in(currency)
    more = {} if closed is None else {"closed": closed}
    return Recognition.open_for(owner, [line], issued_on=on, book=book, **more)


def book_in(currency: str) -> Book:
    return Book(
        number="RE-1",
        book_currency=currency,
        untaxed=GivenUp(discount=BANK, write_off=BANK),
        bank=BANK,
        clearing=BANK,
        withholding=BANK,
        gain=BANK,
        loss=BANK,
    )


def bookings(recognition: Recognition) -> list[Booking]:
    return [each for event in recognition.recorded for each in event.bookings]


def balance(made: Sequence[Booking], account: str) -> Decimal:
    """Debit less credit."""
    sides = [(each.debit == account) - (each.credit == account) for each in made]
    return sum((side * each.amount for side, each in zip(sides, made, strict=True)), D(0))


def tell(recognition: Recognition, day: date, step: str) -> None:
    """One step of a story after its first."""
    verb, *rest = step.split()
    book = book_in("EUR")
    match verb:
        case "run":
            recognition.recognize(day - DAY, book)
        case "credit":
            recognition.take(uuid5(NOTES, rest[0]), {"1": D(rest[1])}, day, book)
        case "void":
            recognition.take(uuid5(NOTES, rest[0]), {}, day, book)
        case _:
            pytest.fail(f"a story has no step {step!r}")


def moves(entries: Sequence[RecognitionEntry], plus: set[str], minus: set[str]) -> list[Decimal]:
    """The running sum by day, the amounts of one day taken together."""
    ordered = sorted(entries, key=lambda each: each.on)
    sums = [
        sum((each.amount * ((each.kind in plus) - (each.kind in minus)) for each in day), D(0))
        for day in [list(rows) for _, rows in groupby(ordered, lambda each: each.on)]
    ]
    return list(accumulate(sums))


def assert_no_day_is_below_nothing(recognition: Recognition) -> None:
    """Neither side of the line goes below zero on any day, as the report and the books show it."""
    sign = 1 if recognition.lines["1"].line.net > 0 else -1
    for plus, minus in (({KEPT}, {EARNED, CREDITED}), ({EARNED}, {REVERSED})):
        for found in moves(recognition.entries, plus, minus):
            assert found * sign >= 0


def assert_books_say_the_same(recognition: Recognition) -> None:
    """The deferral account holds what is deferred, and revenue has given just that away."""
    made = bookings(recognition)
    assert -balance(made, "0990") == recognition.deferred == balance(made, "8400")
    assert all(each.amount > 0 for each in made)
    assert len({each.booking_id for each in made}) == len(made)


@pytest.mark.parametrize("rows", MONTHS, ids=lambda rows: rows[0]["case"])
def test_each_month_of_the_table_earns_what_its_days_earn(rows: list[dict[str, str]]) -> None:
    first = rows[0]
    start, end = date.fromisoformat(first["start"]), date.fromisoformat(first["end"])
    currency = first["currency"]
    recognition = issued(D(first["net"]), start, end, on=start, currency=currency)
    planned = [(f"{month:%Y-%m}", str(sum_)) for month, sum_, _ in recognition.lines["1"].months()]
    assert planned == [(row["month"], row["recognised"]) for row in rows]
    for row in rows:
        month = recognition.next_month
        assert month is not None
        recognition.recognize(month - DAY, book_in(currency))
        assert recognition.entries[-1].part != row["month"], "a month is over when it is over"
        recognition.recognize(month, book_in(currency))
        done = recognition.entries[-1]
        assert (done.part, str(done.amount), done.on) == (row["month"], row["recognised"], month)
        assert str(recognition.lines["1"].deferred) == row["deferred"]
        assert -balance(bookings(recognition), "0990") == D(row["deferred"])
    assert recognition.next_month is None


@pytest.mark.parametrize("rows", STORIES, ids=lambda rows: rows[0]["story"])
def test_each_step_of_a_story_leaves_what_the_table_says(rows: list[dict[str, str]]) -> None:
    first, *rest = rows
    _, net, start, end = first["step"].split()
    day = date.fromisoformat(first["day"])
    recognition = issued(D(net), date.fromisoformat(start), date.fromisoformat(end), on=day)
    line = recognition.lines["1"]
    for row in rows:
        if row is not first:
            tell(recognition, date.fromisoformat(row["day"]), row["step"])
        told = (str(line.deferred), str(line.recognized))
        assert told == (row["deferred"], row["recognised"]), row["step"]
        assert sum((amount for _, amount, _ in line.months()), D(0)) == line.deferred
        assert_no_day_is_below_nothing(recognition)
        assert_books_say_the_same(recognition)
    assert rest, "a story has more than its beginning"


@pytest.mark.parametrize("rows", STORIES, ids=lambda rows: rows[0]["story"])
def test_no_entry_of_a_story_stands_on_a_day_before_it_could(rows: list[dict[str, str]]) -> None:
    """Not before the issue, and what was given back is not earned before the day it was."""
    first, *rest = rows
    _, net, start, end = first["step"].split()
    day = date.fromisoformat(first["day"])
    recognition = issued(D(net), date.fromisoformat(start), date.fromisoformat(end), on=day)
    for row in rest:
        at, before = date.fromisoformat(row["day"]), len(recognition.entries)
        tell(recognition, at, row["step"])
        tell(recognition, at, row["step"])  # whoever does it twice changes nothing
        new = recognition.entries[before:]
        assert all(day <= each.on <= at for each in new)
        if row["step"].startswith("void"):
            assert {each.on for each in new} == {at}
            day = at


def test_what_is_given_back_in_a_new_year_leaves_the_old_years_balance_alone() -> None:
    """Net 365.00; 184.00 credited on 1 July, given back on 6 January.

    The balance sheet of 31 December has nothing deferred, and it stays like that: an amount that
    came back in January cannot have been earned, and moved off the deferral account, in December.
    """
    recognition = issued(D("365.00"), JAN1, date(2027, 12, 31), on=JAN1)
    for day, step in (
        (date(2027, 7, 1), "run"),
        (date(2027, 7, 1), "credit a 184.00"),
        (date(2028, 1, 6), "void a"),
        (date(2028, 1, 7), "run"),
    ):
        tell(recognition, day, step)
    made = bookings(recognition)
    old = [each for each in made if each.booked_on.year == 2027]
    assert balance(old, "0990") == 0
    late = [each for each in recognition.entries if each.on.year == 2028 and each.kind == EARNED]
    assert {each.on for each in late} == {date(2028, 1, 6)}
    assert [each.part for each in late] == [f"2027-{month:02}" for month in range(7, 13)]
    assert sum(each.amount for each in late) == D("184.00")


CENTS = st.integers(1, 2_000_000)
LENGTHS = st.integers(0, 500)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 70),
        st.one_of(st.just("run"), st.sampled_from(["void a", "void b", "void c"]), CENTS),
    ),
    max_size=8,
)


@given(CENTS, st.integers(0, 400), LENGTHS, STEPS)
@settings(max_examples=120)
def test_any_story_is_told_as_the_days_tell_it(
    units: int, first: int, length: int, steps: list[tuple[int, str | int]]
) -> None:
    start = JAN1 + timedelta(days=first)
    end = start + timedelta(days=length)
    counted, day = Account(units, start, end), start
    recognition = issued(D(units).scaleb(-2), start, end, on=start)
    line = recognition.lines["1"]
    for days, step in steps:
        day += timedelta(days=days)
        counted.run(day - DAY)  # as the job does before anything else is taken
        tell(recognition, day, "run")
        left = units - sum(counted.notes.values())
        free = [name for name in "abc" if name not in counted.notes]
        if isinstance(step, int):
            if not left or not free:
                continue
            amount = min(step, left)
            counted.credit(free[0], amount)
            tell(recognition, day, f"credit {free[0]} {D(amount).scaleb(-2)}")
        elif step != "run" and (note := step.removeprefix("void ")) in counted.notes:
            counted.void(note)
            tell(recognition, day, step)
        told = (line.deferred, line.recognized)
        assert told == (D(counted.deferred).scaleb(-2), D(counted.recognised).scaleb(-2))
        assert line.deferred + line.recognized == D(units - sum(counted.notes.values())).scaleb(-2)
        assert_no_day_is_below_nothing(recognition)
        assert_books_say_the_same(recognition)
    tell(recognition, max(day, end) + timedelta(days=32), "run")
    assert (line.deferred, recognition.next_month) == (0, None)


@given(CENTS, st.integers(0, 400), LENGTHS, st.sampled_from([1, -1]))
def test_the_months_are_those_of_the_days(units: int, first: int, length: int, sign: int) -> None:
    start = JAN1 + timedelta(days=first)
    end = start + timedelta(days=length)
    line = issued(D(units * sign).scaleb(-2), start, end, on=start).lines["1"]
    found = {f"{month:%Y-%m}": int(amount.scaleb(2)) for month, amount, _ in line.months()}
    counted = by_month(units * sign, start, end)
    assert found == {month: amount for month, amount in counted.items() if amount}
    assert sum(found.values()) == units * sign


@given(CENTS, st.integers(0, 500), st.integers(0, 800), st.integers(0, 800))
def test_the_day_of_issue_moves_days_and_no_amount(
    units: int, length: int, early: int, late: int
) -> None:
    """Issued before, within or after its service: the parts are the same."""
    start, net = JAN1 + timedelta(days=400), D(units).scaleb(-2)
    end = start + timedelta(days=length)
    told = []
    for on in (JAN1 + timedelta(days=early), JAN1 + timedelta(days=late)):
        recognition = issued(net, start, end, on=on)
        recognition.recognize(max(on, end) + timedelta(days=32), book_in("EUR"))
        assert all(each.on >= on for each in recognition.entries)
        told.append([(each.part, each.amount) for each in recognition.entries])
    assert told[0] == told[1]


@given(CENTS, LENGTHS, st.integers(0, 600), st.integers(0, 600))
def test_a_closed_period_moves_bookings_to_its_next_day_and_keeps_where_they_belong(
    units: int, length: int, closed_for: int, ran: int
) -> None:
    end = JAN1 + timedelta(days=length)
    closed = Closed(accounting=JAN1 + timedelta(days=closed_for - 1))
    moved = issued(D(units).scaleb(-2), JAN1, end, on=JAN1, closed=closed)
    moved.closed = closed
    plain = issued(D(units).scaleb(-2), JAN1, end, on=JAN1)
    for each in (moved, plain):
        each.recognize(JAN1 + timedelta(days=ran), book_in("EUR"))
    assert [each.on for each in moved.entries] == [each.on for each in plain.entries]
    first_open = JAN1 + timedelta(days=closed_for)
    pairs = list(zip(bookings(moved), bookings(plain), strict=True))
    for have, want in pairs:
        assert have.booked_on == max(want.booked_on, first_open)
        assert have.period == f"{have.booked_on:%Y-%m}"
        assert have.origin_on == (want.booked_on if want.booked_on < first_open else None)
        same = (have.debit, have.credit, have.amount, have.booking_id)
        assert same == (want.debit, want.credit, want.amount, want.booking_id)
    assert_books_say_the_same(moved)


@given(CENTS, st.integers(1, 3_000_000), LENGTHS, st.lists(st.integers(0, 700), max_size=4))
def test_the_worth_in_the_books_is_used_up_with_the_amount(
    units: int, worth: int, length: int, credits: list[int]
) -> None:
    """In books of another currency nothing is left when nothing is deferred, to the cent."""
    end, booked = JAN1 + timedelta(days=length), D(worth).scaleb(-2)
    recognition = issued(D(units).scaleb(-2), JAN1, end, on=JAN1, booked=booked)
    line = recognition.lines["1"]
    for number, days in enumerate(sorted(credits)):
        day = JAN1 + timedelta(days=days)
        tell(recognition, day, "run")
        part = (line.deferred / 3).quantize(D("0.01"))
        if part:
            tell(recognition, day, f"credit n{number} {part}")
    tell(recognition, JAN1 + timedelta(days=1300), "run")
    used = [each.booked for each in recognition.entries[1:] if each.booked is not None]
    assert (sum(used, D(0)), line.booked) == (booked, 0)
    assert all(each >= 0 for each in used)
