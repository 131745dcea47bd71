"""What each kind of closed period does to each kind of act (D5), in a table.

`closed_acts.tsv` names what is closed (`own` is the registration that the act is taxed under,
`other` another one of the seller), the basis of the tax, the act and its day; then the tax period
of the act with the closed one that it was moved out of, and the day of its booking with the one
that it belongs to. It was made by walking from the act's own month and day to the first that no
lock covers. Closed documents and payments move nothing: they refuse, which `test_closing` tests.

An invoice over 119.00 for a supply of 15 January, issued on 2 March, is there before. By law
accrual tax is due with supply, discount, write-off and credit note (UStG §§ 13, 17), cash tax with
the money alone (§ 20); voiding takes back what was due at the supply.
"""

import csv
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain.bookkeeping.accounting import Accounting
from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed, PeriodKind
from invx.contexts.invoicing.domain.tax.tax_entries import TaxEntry, registration_id
from tests.unit.invoicing.domain.drafts import ENTITY, S19, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity

BOOKS = Accounting(chart="SKR03")
SUPPLIED, PAID = date(2026, 1, 15), date(2026, 1, 20)
REGISTRATIONS = {"own": registration_id(ENTITY, ACCRUAL), "other": UUID(int=5)}
BASIS = {"accrual": ACCRUAL, "cash": CASH}
# What has to be there before: enough money that some can be given back, or an entry to take back.
PAID_BEFORE = {"refund": "130.90", "reverse": "11.90"}
Row = dict[str, str]
with Path(__file__).with_name("closed_acts.tsv").open() as _file:
    ROWS: list[Row] = list(csv.DictReader(_file, delimiter="\t"))


def closed_in(row: Row) -> Closed:
    said: dict[str, Any] = {"registrations": {}}
    for each in () if row["closed"] == "-" else row["closed"].split():
        name, day = each.split(":")
        if name in REGISTRATIONS:
            said["registrations"][REGISTRATIONS[name]] = date.fromisoformat(day)
        else:
            said[name] = date.fromisoformat(day)
    return Closed(**said)


def made(subject: Case) -> tuple[list[TaxEntry], list[Booking]]:
    bookings = [each for one in subject.settlements for each in one.journal.bookings]
    return subject.ledger, bookings


def acted(row: Row, closed: Closed) -> tuple[list[TaxEntry], list[Booking]]:
    """What the act adds to the tax ledger and to the journal."""
    act, on = row["act"], date.fromisoformat(row["on"])
    supplied = on if act == "issue" else SUPPLIED
    said = content(line("1", "100", "1", S19), supply_date=supplied)
    seller = entity(BASIS[row["basis"]], accounting=BOOKS)
    subject = Case.of(said, seller, closed=closed if act == "issue" else NOTHING_CLOSED)
    if act == "issue":
        return made(subject)
    if act in PAID_BEFORE:
        paid = subject.post("record_payment", PAID_BEFORE[act], PAID)
    taxes, bookings = made(subject)
    subject.closed = closed
    match act:
        case "reverse":
            subject.reverse(paid, on)
        case "credit":
            subject.credit("11.90", on)
        case "void":
            subject.settlement.close_void(closed=closed)
        case _:
            subject.post(act, "11.90", on)
    all_taxes, all_bookings = made(subject)
    assert [each for each in all_taxes if each in taxes] == taxes, "what stands stays"
    new_taxes = [each for each in all_taxes if each not in taxes]
    return new_taxes, [each for each in all_bookings if each not in bookings]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['basis']} {row['act']}")
def test_an_act_lands_where_the_table_says(row: Row) -> None:
    taxes, bookings = acted(row, closed_in(row))
    periods = {(each.period, each.closed_period or "-") for each in taxes}
    assert periods == ({(row["period"], row["closed_period"])} - {("-", "-")})
    days = {(str(each.booked_on), str(each.origin_on or "-")) for each in bookings}
    assert days == {(row["booked_on"], row["origin_on"])}
    assert {each.period for each in bookings} == {row["booked_on"][:7]}


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["closed"].count(":2026-06")], ids=lambda row: row["act"]
)
def test_what_is_moved_is_the_same_in_every_figure(row: Row) -> None:
    """Half a year closed, against nothing closed: only the place differs."""
    moved, free = acted(row, closed_in(row)), acted(row, NOTHING_CLOSED)
    for one, other in zip(moved[0], free[0], strict=True):
        assert (one.cause, one.base, one.tax) == (other.cause, other.base, other.tax)
        assert (one.tax_point, one.registration) == (other.tax_point, other.registration)
    for late, timely in zip(moved[1], free[1], strict=True):
        assert (late.debit, late.credit, late.amount) == (
            timely.debit,
            timely.credit,
            timely.amount,
        )
        assert (late.tax, late.tax_due, late.origin_on) == (
            timely.tax,
            timely.tax_due,
            timely.booked_on,
        )


def test_the_table_has_every_act_under_every_kind_of_lock() -> None:
    acts = {row["act"] for row in ROWS}
    kinds = {each.split(":")[0] for row in ROWS for each in row["closed"].split()} - {"-"}
    assert kinds == {str(kind) for kind in PeriodKind} | {"own", "other"}
    for kind in kinds:
        under = {(r["basis"], r["act"]) for r in ROWS if f"{kind}:" in r["closed"]}
        assert under == {(basis, act) for basis in BASIS for act in acts}


@pytest.mark.parametrize("basis", BASIS)
def test_taken_back_where_all_is_closed_nothing_is_left_of_it(basis: str) -> None:
    row = {"act": "reverse", "basis": basis, "on": "2026-02-10"}
    closed = Closed(tax=date(2026, 3, 31), accounting=date(2026, 3, 31))
    taxes, bookings = acted(row, closed)
    assert sum((each.tax for each in taxes), D(0)) == (D("-1.90") if basis == "cash" else D(0))
    [booking] = bookings
    assert (booking.booked_on, booking.origin_on) == (date(2026, 4, 1), date(2026, 2, 10))
    assert booking.reverses is not None
