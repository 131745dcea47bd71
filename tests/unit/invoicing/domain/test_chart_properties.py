"""Which row of a chart decides: the most telling one, whatever the order that rows stand in."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bookkeeping.chart import (
    CONDITIONS,
    AccountRow,
    Chart,
    Purpose,
    Treatment,
    Whereabouts,
    doubled,
    find,
)
from invx.rules.tax.model import SupplyKind

# Few values, so that rows fit often and stand in each other's way.
VALUES: dict[str, list[Any]] = {
    "product": ["books", "food"],
    "reason": ["VATEX-EU-79-C", "VATEX-EU-79-*", "VATEX*", "VATEX-EU-D"],
    "scheme": ["domestic", "export"],
    "kind": [SupplyKind.GOODS, SupplyKind.DIGITAL],
    "country": ["DE", "AT"],
    "where": [Whereabouts.HOME, Whereabouts.UNION],
    "rate": [Decimal(19), Decimal(7)],
    "category": ["S", "E"],
    "currency": ["EUR", "USD"],
}
DAY = date(2026, 3, 2)
days = st.none() | st.integers(-3, 3).map(lambda each: DAY + timedelta(days=each))


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Two at most, and often a reason: so that many rows fit."""
    names = st.lists(st.sampled_from(["reason", "reason", *VALUES]), max_size=2)
    return names.flatmap(
        lambda said: st.fixed_dictionaries({name: st.sampled_from(VALUES[name]) for name in said})
    )


@st.composite
def charts(draw: Any) -> list[AccountRow]:
    """Rows that a legal entity may state: no two of the same conditions on a day."""
    found: list[AccountRow] = []
    for index in range(draw(st.integers(1, 8))):
        row = AccountRow(
            purpose=draw(st.sampled_from([*[Purpose.REVENUE] * 3, Purpose.BANK])),
            account=str(1000 + index),
            valid_from=draw(days),
            valid_until=draw(days),
            **draw(conditions()),
        )
        if row.days[0] <= row.days[1] and not doubled([*found, row]):
            found.append(row)
    assume(found)
    return found


treatments = st.builds(
    Treatment,
    **{
        name: st.sampled_from([each for each in values if "*" not in str(each)])
        for name, values in VALUES.items()
    },
)


def fitting(rows: list[AccountRow], wanted: Treatment) -> list[AccountRow]:
    return [row for row in rows if row.purpose is Purpose.REVENUE and row.fits(wanted, DAY)]


@given(rows=charts(), wanted=treatments, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_decides_nothing(rows, wanted, order):
    first = find(rows, None, Purpose.REVENUE, wanted, DAY)
    order.shuffle(rows)
    assert find(rows, None, Purpose.REVENUE, wanted, DAY) == first


@given(rows=charts(), wanted=treatments)
def test_no_row_that_fits_tells_more_than_the_one_that_decides(rows, wanted):
    """Judged condition by condition, from the most telling on, not by the weight of the code."""
    fits = fitting(rows, wanted)
    found = find(rows, None, Purpose.REVENUE, wanted, DAY)
    if found is None:
        assert not fits
        return
    assert found.row in fits
    for other in fits:
        differing = [
            name for name in CONDITIONS if getattr(other, name) != getattr(found.row, name)
        ]
        if not differing:
            assert other == found.row
            continue
        name = next(
            (
                each
                for each in differing
                if (getattr(other, each) is None) != (getattr(found.row, each) is None)
            ),
            None,
        )
        if name is None:  # two beginnings of one reason: the exact one, else the longer one
            assert differing == ["reason"]
            own, beaten = str(found.row.reason), str(other.reason)
            assert beaten.endswith("*")
            assert len(own.rstrip("*")) > len(beaten.rstrip("*"))
        else:
            assert getattr(found.row, name) is not None, name


def test_a_whole_reason_wins_over_a_beginning_of_the_same_length():
    """Both state thirteen characters; the second row decided nothing while it stood second."""
    wanted = Treatment(reason="VATEX-EU-79-C")
    rows = [
        AccountRow(purpose=Purpose.REVENUE, account=account, reason=reason)
        for account, reason in (("8100", "VATEX-EU-79-*"), ("8110", "VATEX-EU-79-C"))
    ]
    for order in (rows, rows[::-1]):
        found = find(order, None, Purpose.REVENUE, wanted, DAY)
        assert found is not None
        assert found.row.account == "8110"


@given(rows=charts(), wanted=treatments)
def test_one_row_of_ones_own_wins_over_the_whole_chart(rows, wanted):
    chart = Chart(code="X", name="X", version="1", source="x", rows=tuple(rows))
    own = AccountRow(purpose=Purpose.REVENUE, account="9999")
    found = find([own], chart, Purpose.REVENUE, wanted, DAY)
    assert found is not None
    assert found.row is own
    without = find([], chart, Purpose.REVENUE, wanted, DAY)
    assert (without is None) == (not fitting(rows, wanted))
    assert without is None or without.why.startswith("X")


@given(rows=charts(), wanted=treatments)
def test_a_row_fits_no_more_when_it_is_told_something_else(rows, wanted):
    """Each condition that is stated counts; what is not stated never does."""
    for row in fitting(rows, wanted):
        for name, values in VALUES.items():
            if name == "reason" or getattr(row, name) is None:
                continue
            [other] = [each for each in values if each != getattr(row, name)]
            told = {each: getattr(wanted, each) for each in VALUES} | {name: other}
            assert not row.fits(Treatment(**told), DAY)


@given(rows=charts())
def test_a_row_that_was_said_twice_is_named_and_no_other(rows):
    assert doubled(rows) == []
    assert doubled([*rows, rows[0]]) == [len(rows)]
    assert doubled([rows[0], *rows]) == [1]
