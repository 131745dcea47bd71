"""When the next claim for late payment is due: counted from the due date, whatever came between."""

import csv
import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.interest.charging import Charging, next_charge
from invx.contexts.invoicing.domain.interest.late_claim_events import (
    LateFeesRefused,
    LateFeesWaived,
    LateFeesWaiverEnded,
)
from invx.contexts.invoicing.domain.interest.late_claims import (
    AlreadyWaived,
    LateClaims,
    NotWaived,
    late_claims_id,
)
from tests.unit.invoicing.domain.drafts import DOCUMENT, SUBJECT
from tests.unit.invoicing.domain.test_late_claims import claimed

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("due", "after", "every", "through", "day"),
    [
        ("2026-01-31", 14, 1, None, "2026-02-14"),
        ("2026-01-31", 14, 1, "2026-02-12", "2026-02-14"),
        ("2026-01-31", 14, 1, "2026-02-13", "2026-03-14"),
        ("2026-01-31", 14, 1, "2026-03-20", "2026-04-14"),
        ("2026-01-17", 14, 1, "2026-01-30", "2026-02-28"),  # there is no 31 February
        ("2026-01-17", 14, 1, "2026-02-27", "2026-03-31"),  # and the day comes back
        ("2028-01-17", 14, 1, "2028-01-30", "2028-02-29"),
        ("2026-01-31", 2, 3, "2026-02-01", "2026-05-02"),
        ("2026-01-31", 366, 12, None, "2027-02-01"),
        ("2026-01-31", 14, 12, "2027-03-01", "2028-02-14"),
    ],
)
def test_the_day_of_the_next_claim(due, after, every, through, day):
    rule = Charging(after_days=after, every_months=every)
    last = date.fromisoformat(through) if through else None
    assert next_charge(date.fromisoformat(due), rule, last) == date.fromisoformat(day)


with Path(__file__).with_name("charging_cases.tsv").open() as _file:
    CASES = list(csv.DictReader(_file, delimiter="\t"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case.values()))
def test_the_days_of_the_table(case):
    """Reckoned apart: months counted from year zero, the day cut to the length of its month."""
    through = None if case["through"] == "-" else date.fromisoformat(case["through"])
    rule = Charging(after_days=int(case["after"]), every_months=int(case["every"]))
    day = next_charge(date.fromisoformat(case["due"]), rule, through)
    assert day.isoformat() == case["day"]


dues = st.dates(date(2020, 1, 1), date(2030, 1, 1))
rules = st.builds(Charging, after_days=st.integers(2, 366), every_months=st.integers(1, 12))


@given(dues, rules, st.integers(0, 4000))
def test_there_is_always_a_day_to_claim_and_never_one_twice(due, rule, days):
    """The next claim is for at least one whole day that none was made for."""
    claimed_to = due + timedelta(days=days)
    day = next_charge(due, rule, claimed_to)
    assert day - DAY > claimed_to
    assert day >= due + timedelta(days=rule.after_days)


@given(dues, rules, st.integers(1, 12))
def test_a_walk_from_claim_to_claim_covers_each_day_once(due, rule, claims):
    through, covered = None, []
    for _ in range(claims):
        day = next_charge(due, rule, through)
        first = due + DAY if through is None else through + DAY
        through = day - DAY
        assert first <= through
        covered.append((first, through))
    assert covered[0][0] == due + DAY
    for (_, last), (first, _) in itertools.pairwise(covered):
        assert first == last + DAY


@given(dues, rules, st.integers(0, 400), st.integers(0, 40))
def test_a_claim_by_hand_moves_no_day(due, rule, days, more):
    """Whoever claims early gets the same next day, or a later one of the same row of days."""
    one = next_charge(due, rule, due + timedelta(days=days))
    other = next_charge(due, rule, due + timedelta(days=days + more))
    row, at = [], None
    while not row or row[-1] < other:
        row.append(next_charge(due, rule, at))
        at = row[-1] - DAY
    assert one in row
    assert other in row
    assert one <= other


def waiver(kind, reason="agreed"):
    return kind(document_id=DOCUMENT, subject_id=SUBJECT, reason=reason, by="user:a")


def test_a_waiver_begins_and_ends_once():
    claims = LateClaims(late_claims_id(DOCUMENT))
    with pytest.raises(NotWaived):
        claims.end_waiver(waiver(LateFeesWaiverEnded))
    claims.waive(waiver(LateFeesWaived))
    with pytest.raises(AlreadyWaived):
        claims.waive(waiver(LateFeesWaived))
    assert claims.waiver is not None
    assert (claims.waiver.reason, claims.document_id) == ("agreed", DOCUMENT)
    claims.end_waiver(waiver(LateFeesWaiverEnded))
    assert claims.waiver is None
    assert LateClaims.rehydrate(claims.id, claims.recorded).waiver is None


def test_a_refusal_is_noted_when_it_is_another_and_forgotten_with_the_next_claim():
    claims = LateClaims(late_claims_id(DOCUMENT))
    for code in ("a", "a", "b", "b", "a"):
        claims.refuse(DOCUMENT, code)
    assert [each.code for each in claims.recorded] == ["a", "b", "a"]
    assert all(isinstance(each, LateFeesRefused) for each in claims.recorded)
    claims.claim(claimed(1, date(2026, 2, 13), "4.35"))
    assert claims.refused is None
    claims.refuse(DOCUMENT, "a")
    assert (claims.refused, claims.version) == ("a", 5)
