"""D5 over random lives: nothing lands in a closed period, and every cent stands as it would."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bookkeeping.accounting import Accounting
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed, PeriodKind
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.tax_entries import registration_id
from invx.contexts.invoicing.domain.tax.tax_points import period_of
from invx.kernel.errors import DomainError
from tests.unit.invoicing.domain.drafts import ENTITY, S7, S19, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity, entries_of
from tests.unit.invoicing.domain.test_tax_properties import cents

BOOKS = Accounting(chart="SKR03")
ENDS = [None, date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), date(2026, 6, 30)]
ends, days = st.sampled_from(ENDS), st.dates(date(2025, 12, 1), date(2026, 7, 1))
locks = st.builds(
    Closed,
    tax=ends,
    accounting=st.none() | days,
    registrations=ends.map(
        lambda end: {} if end is None else {registration_id(ENTITY, ACCRUAL): end}
    ),
)
acts = st.sampled_from(
    ["record_payment", "take_discount", "write_off", "refund", "reverse", "credit", "void"]
)
steps = st.lists(st.tuples(acts, st.integers(0, 2), st.none() | cents, days, locks), max_size=10)
BESIDE = {"period": "", "closed_period": None}
MOVED = {"period": "", "booked_on": date.min, "origin_on": None}


def opened(prices, basis, supplied, closed):
    items = [
        line(str(at), str(price), "1", rate)
        for at, (price, rate) in enumerate(zip(prices, [S19, S7], strict=False))
    ]
    said = content(*items, supply_date=supplied)
    return Case.of(said, entity(basis, accounting=BOOKS), closed=closed)


def act(subject, step, closed):
    """One step, where these days are closed; what is refused changes nothing."""
    name, which, amount, on, _ = step
    which %= len(subject.settlements)
    settlement, subject.closed = subject.settlements[which], closed
    try:
        match name:
            case "reverse":
                standing = [each for each in settlement.entries if each.reverses is None]
                if standing:
                    subject.reverse(standing[-1].entry_id, on, which)
            case "credit":
                subject.credit(amount, on)
            case "void":
                settlement.close_void(closed=closed)
            case _:
                subject.post(name, amount, on, which)
    except DomainError:
        return


def made(subject):
    taxes = [each for one in subject.settlements for each in entries_of(one)]
    return taxes, [each for one in subject.settlements for each in one.journal.bookings]


def key(each):
    return getattr(each, "booking_id", None), repr(each)


def ensure_open(taxes, bookings, closed):
    """What was made while these days were closed names where it belongs, and stands elsewhere."""
    for each in taxes:
        last = closed.last(PeriodKind.TAX, each.registration)
        assert last is None or each.period > period_of(last)
        own = period_of(each.tax_point)
        assert each.closed_period == (None if each.period == own else own)
        assert each.period >= own
    for each in bookings:
        assert closed.accounting is None or each.booked_on > closed.accounting
        assert each.period == period_of(each.booked_on)
        assert each.origin_on is None or each.origin_on < each.booked_on


@given(
    st.lists(cents, min_size=1, max_size=2), st.sampled_from([ACCRUAL, CASH]), days, locks, steps
)
def test_nothing_lands_in_a_closed_period_and_every_cent_stands_once(
    prices, basis, supplied, at_first, sequence
):
    subject = opened(prices, basis, supplied, at_first)
    free = opened(prices, basis, supplied, NOTHING_CLOSED)
    known_taxes, known_bookings = made(subject)
    ensure_open(known_taxes, known_bookings, at_first)
    for step in sequence:
        before = {repr(each) for ledger in made(subject) for each in ledger}
        act(subject, step, step[-1])
        act(free, step, NOTHING_CLOSED)
        taxes, bookings = made(subject)
        new = [[e for e in ledger if repr(e) not in before] for ledger in (taxes, bookings)]
        assert before <= {repr(each) for each in [*taxes, *bookings]}, "what stands stays"
        ensure_open(*new, step[-1])
    for ledger, other, beside in zip(made(subject), made(free), (BESIDE, MOVED), strict=True):
        assert [replace(e, **beside) for e in ledger] == [replace(e, **beside) for e in other]
    for one, other in zip(subject.settlements, free.settlements, strict=True):
        assert one.standing == other.standing
        again = Settlement.rehydrate(one.id, one.recorded)
        assert again.taxes.held == other.taxes.held
