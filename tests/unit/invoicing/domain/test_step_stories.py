"""Stories told step by step: milestones that earn, and certificates of tax that was kept back.

`milestones.tsv`: what is deferred is dealt over the milestones that are left, by largest remainder
in whole cents (`earning.dealt`); a credit note takes what is deferred first. `kept_back.tsv`: open
is total + expected - kept back - paid, where kept back is what certificates say, and at least what
was expected until one of them is final.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.recognition.deferral_bookings import Owner
from invx.contexts.invoicing.domain.recognition.recognition import Recognition
from invx.contexts.invoicing.domain.recognition.recognition_events import (
    DeferredLine,
    MilestoneReached,
)
from invx.contexts.invoicing.domain.recognition.terms import Method, Milestone
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.withheld import Certificate
from invx.contexts.invoicing.domain.withholding import certify
from tests.unit.invoicing.domain.earning import dealt
from tests.unit.invoicing.domain.settlements import DAY, opened, post

D = Decimal
HERE = Path(__file__).parent
NOTES = UUID(int=3)
OWNER = Owner(document_id=UUID(int=1), legal_entity_id=UUID(int=2), currency="EUR")


def stories(name: str) -> list[list[dict[str, str]]]:
    head, *rows = (HERE / name).read_text("utf-8").splitlines()
    read = [dict(zip(head.split("\t"), row.split("\t"), strict=True)) for row in rows]
    return [list(steps) for _, steps in groupby(read, lambda row: row["story"])]


def in_steps(net: Decimal, percents: Sequence[Decimal]) -> Recognition:
    steps = tuple([Milestone(name=str(at), percent=each) for at, each in enumerate(percents)])
    line = DeferredLine(line_id="1", net=net, method=Method.MILESTONE, milestones=steps)
    return Recognition.open_for(OWNER, [line], issued_on=DAY)


def earn(recognition: Recognition, step: str, number: int) -> None:
    """One step; each is told a day later, but a milestone that is said again is of its old day."""
    verb, *rest = step.split()
    day = DAY + timedelta(days=number)
    match verb:
        case "reach":
            day = recognition.reached.get(("1", rest[0]), day)
            recognition.reach("1", rest[0], day, None)
        case "credit":
            recognition.take(uuid5(NOTES, rest[0]), {"1": D(rest[1])}, day, None)
        case "void":
            recognition.take(uuid5(NOTES, rest[0]), {}, day, None)
        case "run":
            recognition.recognize(day, None)
        case _:
            pytest.fail(f"a story has no step {step!r}")


@pytest.mark.parametrize("rows", stories("milestones.tsv"), ids=lambda rows: rows[0]["story"])
def test_each_milestone_earns_its_part_of_what_is_left(rows: list[dict[str, str]]) -> None:
    recognition = in_steps(D(rows[0]["net"]), [D(each) for each in rows[0]["percents"].split()])
    line = recognition.lines["1"]
    for number, row in enumerate(rows, 1):
        earn(recognition, row["step"], number)
        told = (str(line.deferred), str(line.recognized))
        assert told == (row["deferred"], row["recognised"]), row["step"]
        planned = sum((line.milestone(name) for name in line.unreached), D(0))
        assert planned == (line.deferred if line.unreached else 0)
    assert all(each.amount for each in recognition.entries), "an entry moves something"


@given(
    st.integers(1, 500_000),
    st.lists(st.integers(1, 99), max_size=6, unique=True),
    st.permutations(range(7)),
    st.integers(0, 100),
)
def test_in_whatever_order_they_are_reached_nothing_is_left(
    units: int, cuts: list[int], order: list[int], credited: int
) -> None:
    edges = [0, *sorted(cuts), 100]
    percents = [after - before for before, after in pairwise(edges)]
    recognition = in_steps(D(units).scaleb(-2), [D(each) for each in percents])
    line, open_ = recognition.lines["1"], dict(enumerate(map(Fraction, percents)))
    taken = units * credited // 100
    deferred, earned = units - taken, 0
    if taken:
        recognition.take(NOTES, {"1": D(taken).scaleb(-2)}, DAY, None)
    for at in [each for each in order if each < len(percents)]:
        part = dealt(deferred, list(open_.values()))[list(open_).index(at)]
        del open_[at]
        deferred, earned = deferred - part, earned + part
        recognition.reach("1", str(at), DAY, None)
        assert (line.deferred, line.recognized) == (
            D(deferred).scaleb(-2),
            D(earned).scaleb(-2),
        )
    assert (line.deferred, line.recognized) == (0, D(units - taken).scaleb(-2))
    assert all(each.amount for each in recognition.entries)


def test_a_milestone_of_nothing_is_reached_and_moves_nothing() -> None:
    """All was credited, yet the work goes on: the day is known, and no entry of zero is made."""
    recognition = in_steps(D("100.00"), [D(40), D(60)])
    recognition.take(NOTES, {"1": D("100.00")}, DAY, None)
    before = len(recognition.entries)
    recognition.reach("1", "0", DAY, None)
    assert recognition.reached == {("1", "0"): DAY}
    assert list(recognition.lines["1"].unreached) == ["1"]
    assert isinstance(recognition.recorded[-1], MilestoneReached)
    assert len(recognition.entries) == before
    recognition.take(NOTES, {}, DAY, None)
    recognition.reach("1", "1", DAY, None)
    assert recognition.lines["1"].recognized == D("100.00")


def test_what_was_given_back_is_not_earned_by_a_milestone_of_an_earlier_day() -> None:
    """Told on 10 March that a milestone was reached on the 1st: the money is back since the 5th."""
    recognition = in_steps(D("100.00"), [D(100)])
    recognition.take(NOTES, {"1": D("100.00")}, date(2027, 2, 1), None)
    recognition.take(NOTES, {}, date(2027, 3, 5), None)
    recognition.reach("1", "0", date(2027, 3, 1), None)
    assert recognition.reached["1", "0"] == date(2027, 3, 1)
    assert recognition.entries[-1].on == date(2027, 3, 5)


def keep_back(settlement: Settlement, step: str, number: int) -> None:
    verb, *rest = step.split()
    match verb:
        case "pay":
            settlement.record_payment(post(rest[0], f"bank:{number}"))
        case "said":
            source, amount, word = rest
            said = Certificate(source=source, on=DAY, amount=D(amount), final=word == "final")
            certify(settlement, said, expected=settlement.claim.withheld)
        case "wait":
            pass
        case _:
            pytest.fail(f"a story has no step {step!r}")


@pytest.mark.parametrize("rows", stories("kept_back.tsv"), ids=lambda rows: rows[0]["story"])
def test_each_certificate_leaves_open_what_the_table_says(rows: list[dict[str, str]]) -> None:
    settlement = opened(rows[0]["total"], withheld=D(rows[0]["expected"]))
    for number, row in enumerate(rows):
        keep_back(settlement, row["step"], number)
        told = (str(settlement.open), str(settlement.surplus))
        assert told == (row["open"], row["surplus"]), row["step"]
        moved = sum((each.amount for each in settlement.entries), D(0))
        assert moved == settlement.standing.settled
        assert settlement.standing.paid + settlement.standing.withheld == moved


@pytest.mark.parametrize("rows", stories("kept_back.tsv"), ids=lambda rows: rows[0]["story"])
def test_a_certificate_that_comes_twice_says_it_once(rows: list[dict[str, str]]) -> None:
    settlement = opened(rows[0]["total"], withheld=D(rows[0]["expected"]))
    for number, row in enumerate(rows):
        keep_back(settlement, row["step"], number)
        before = (len(settlement.entries), len(settlement.recorded), settlement.standing)
        keep_back(settlement, row["step"], number)
        after = (len(settlement.entries), len(settlement.recorded), settlement.standing)
        assert after == before, row["step"]
