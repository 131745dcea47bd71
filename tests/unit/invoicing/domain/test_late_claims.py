"""Claims for late payment: what they remember, which of them stand, what is no supply."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import Content, Source
from invx.contexts.invoicing.domain.interest.accrual import Debt, accrue, total_of
from invx.contexts.invoicing.domain.interest.late_claim_events import LatePaymentClaimed
from invx.contexts.invoicing.domain.interest.late_claims import (
    SOURCE,
    LateClaims,
    NothingToClaim,
    claimed_of,
    is_compensation,
    is_late_claim,
    late_claims_id,
)
from invx.contexts.invoicing.domain.interest.rule import (
    DayCount,
    InterestKind,
    LateFeeRule,
    StatutoryInterestUnknown,
    Terms,
    YearlyRate,
    terms_of,
)
from invx.rules.totals.model import Tax
from tests.unit.invoicing.domain.drafts import DOCUMENT, S19, D, content, line, named, totalled
from tests.unit.rules.tax.shipped import packs_with

DUE, DAY = date(2025, 1, 31), timedelta(days=1)
LUMP = (("lump_sum", D("40.00")),)
OUTSIDE = Tax(category="O", reason="compensation")
PACKS = packs_with()


def claimed(number: int, through: date, interest: str, once: tuple = ()) -> LatePaymentClaimed:
    return LatePaymentClaimed(
        document_id=DOCUMENT,
        claim_id=UUID(int=number),
        through=through,
        interest=D(interest),
        once=once,
        currency="EUR",
    )


def claims_of(*events: LatePaymentClaimed) -> LateClaims:
    claims = LateClaims(late_claims_id(DOCUMENT))
    for each in events:
        claims.claim(each)
    return claims


@pytest.mark.parametrize(
    ("interest", "once", "is_something"),
    [
        ("0.01", (), True),
        ("0.00", LUMP, True),
        ("0.00", (), False),
        ("-1.00", (), False),
        ("-40.00", LUMP, False),
        ("-39.99", LUMP, True),
    ],
)
def test_a_claim_asks_for_something(interest: str, once: tuple, is_something: bool) -> None:
    event = claimed(1, DUE, interest, once)
    if is_something:
        assert claims_of(event).recorded == [event]
        return
    with pytest.raises(NothingToClaim):
        claims_of(event)


def test_what_was_thrown_away_or_cancelled_was_never_claimed() -> None:
    first = claimed(1, date(2025, 2, 28), "5.00", LUMP)
    second = claimed(2, date(2025, 3, 31), "6.00")
    claims = claims_of(first, second)
    assert claimed_of(claims.standing(())) == (D("11.00"), date(2025, 3, 31), {"lump_sum"})
    assert claimed_of(claims.standing({second.claim_id})) == (
        D("5.00"),
        date(2025, 2, 28),
        {"lump_sum"},
    )
    assert claimed_of(claims.standing({first.claim_id})) == (D("6.00"), date(2025, 3, 31), set())
    both = {first.claim_id, second.claim_id}
    assert claimed_of(claims.standing(both)) == (D(0), None, set())


def test_the_id_is_found_without_looking_it_up_and_is_of_one_document() -> None:
    ids = {late_claims_id(named(name)) for name in "abc"}
    assert len(ids) == 3
    assert late_claims_id(named("a")) in ids
    assert not ids & {named(name) for name in "abc"}


def claim_content(*categories: Tax, source: str | None = SOURCE) -> Content:
    where = Source(kind=source, id="x") if source else None
    lines = [
        replace(line(str(at), "10", "1", tax), source=where) for at, tax in enumerate(categories)
    ]
    return content(*lines)


@pytest.mark.parametrize(
    ("said", "claims", "is_no_supply"),
    [
        (claim_content(OUTSIDE), True, True),
        (claim_content(OUTSIDE, OUTSIDE), True, True),
        (claim_content(OUTSIDE, source=None), False, False),
        (claim_content(OUTSIDE, source="time_entry"), False, False),
        (claim_content(S19), True, False),
        (claim_content(S19, source=None), False, False),
    ],
)
def test_compensation_is_no_supply_where_no_line_is_taxed(
    said: Content, claims: bool, is_no_supply: bool
) -> None:
    """Court of Justice, case 222/81: interest for late payment is no consideration."""
    assert is_late_claim(said) is claims
    assert is_compensation(said, totalled(said)) is is_no_supply


cents = st.integers(1, 300_000).map(lambda value: Decimal(value).scaleb(-2))
days = st.dates(date(2025, 1, 1), date(2025, 12, 31))
moves = st.lists(st.tuples(days, cents), max_size=4)
asked = st.lists(st.tuples(days, st.booleans()), min_size=1, max_size=6)
TERMS = Terms(
    rates=(YearlyRate(date.min, D("11.27")),), day_count=DayCount.ACT_365, grace_days=0, cap=None
)


@given(cents, moves, asked)
def test_claims_that_stand_make_up_all_interest_to_the_last_of_them(
    total: Decimal, known_late: list[tuple[date, Decimal]], steps: list[tuple[date, bool]]
) -> None:
    """Claim now and then, let some be cancelled, learn of old payments only at the last claim.

    What stands after the last claim is the interest that one claim for all would have asked for.
    """
    claims, gone = LateClaims(late_claims_id(DOCUMENT)), set()
    last = len(steps) - 1
    for number, (at, is_cancelled) in enumerate(sorted(steps)):
        known = known_late if number == last else []
        debt = Debt(total=total, currency="EUR", parts=[(DUE, total)], lowered=known)
        before, through, _ = claimed_of(claims.standing(gone))
        owed = total_of(accrue(debt, TERMS, at, through)) - before
        event = claimed(number, at, str(owed))
        try:
            claims.claim(event)
        except NothingToClaim:
            assert owed <= 0
            continue
        if number == last:
            whole = total_of(accrue(debt, TERMS, at))
            assert claimed_of(claims.standing(gone))[0] == whole
        elif is_cancelled:
            gone.add(event.claim_id)
    again = LateClaims.rehydrate(claims.id, claims.recorded)
    assert again.claims == claims.claims


def owed_once(country: str, consumer: bool, currency: str, **more: Any) -> dict[str, str]:
    pack = PACKS.get(country)
    rule = LateFeeRule(**more)
    law = pack.late_payment if pack else None
    terms = terms_of(rule, law, consumer=consumer, currency=currency)
    return {name: str(amount) for name, amount in terms.once}


YEARLY = {"interest": InterestKind.YEARLY, "rate": D(5)}
FREE = {"interest": InterestKind.NONE}


@pytest.mark.parametrize(
    ("country", "consumer", "currency", "rule", "expected"),
    [
        ("DE", False, "EUR", {}, {"lump_sum": "40.00"}),  # BGB § 288 Abs. 5
        ("DE", True, "EUR", {}, {}),  # not owed by consumers
        ("DE", False, "USD", {}, {}),  # the law says it in euro
        ("DE", False, "EUR", {"lump_sum": False}, {}),
        ("DE", False, "EUR", {"fee": D(5)}, {"lump_sum": "40.00", "fee": "5"}),
        ("DE", True, "EUR", {"fee": D(5)}, {"fee": "5"}),
        ("DE", False, "EUR", {"fee": D(5), "lump_sum": False}, {"fee": "5"}),
        ("DE", False, "EUR", {"fee": D(0)}, {"lump_sum": "40.00"}),
        ("DE", False, "EUR", YEARLY, {"lump_sum": "40.00"}),  # beside agreed interest, too
        ("DE", False, "EUR", FREE, {"lump_sum": "40.00"}),
        ("DE", False, "EUR", FREE | {"lump_sum": False}, {}),
        ("EU", False, "EUR", {}, {"lump_sum": "40.00"}),  # Directive 2011/7/EU, Article 6
        ("EU", False, "SEK", {}, {}),
        ("EU", True, "EUR", YEARLY, {}),
        ("US", False, "USD", YEARLY, {}),
        ("US", False, "USD", YEARLY | {"fee": D(25)}, {"fee": "25"}),
        ("US", True, "USD", FREE | {"fee": D(25)}, {"fee": "25"}),
    ],
)
def test_what_is_owed_once(
    country: str, consumer: bool, currency: str, rule: dict, expected: dict[str, str]
) -> None:
    assert owed_once(country, consumer, currency, **rule) == expected


@pytest.mark.parametrize(
    ("country", "consumer", "points"),
    [("DE", False, 9), ("DE", True, 5), ("EU", False, 8), ("EU", True, None), ("US", False, None)],
)
def test_the_points_above_the_base_rate_are_those_of_the_law_or_none_is_guessed(
    country: str, consumer: bool, points: int | None
) -> None:
    pack = PACKS.get(country)
    law = pack.late_payment if pack else None
    if points is None:
        with pytest.raises(StatutoryInterestUnknown):
            terms_of(LateFeeRule(), law, consumer=consumer, currency="EUR")
        return
    terms = terms_of(LateFeeRule(), law, consumer=consumer, currency="EUR")
    assert {each.rate - (each.base or D(0)) for each in terms.rates} == {D(points)}
    assert law is not None
    assert (terms.source, terms.known_to) == (law.source, law.known_to)
