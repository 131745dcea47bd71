"""Whole units within bounds that sum to a total."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.tax.tax_split import (
    fitted,
    is_within,
    minus,
    plus,
    portion,
    scaled,
    shared,
    upto,
)
from invx.rules.totals.model import ZERO
from tests.unit.invoicing.domain.drafts import D

units = st.integers(-5_000, 5_000).map(lambda value: Decimal(value).scaleb(-2))
cells = st.lists(units, min_size=1, max_size=6).map(tuple)


@given(whole=cells, part=st.integers(0, 1_000))
def test_a_part_of_cells_is_within_a_unit_of_its_proportion_and_sums_up(whole, part):
    total = portion(sum(whole, ZERO), D(part), D(1_000), "EUR")
    ideal = scaled(whole, D(part), D(1_000))
    found = fitted(ideal, total, upto(whole), "EUR")
    assert sum(found, ZERO) == total
    assert is_within(found, upto(whole))
    assert all(abs(a - b) <= D("0.01") for a, b in zip(found, ideal, strict=True))


@given(ideal=cells, total=units, data=st.data())
def test_the_bounds_hold_and_the_total_is_met_as_far_as_they_allow(ideal, total, data):
    bounds = [sorted((data.draw(units), data.draw(units))) for _ in ideal]
    found = fitted(ideal, total, bounds, "EUR")
    assert is_within(found, bounds)
    lowest, highest = (sum((each[at] for each in bounds), ZERO) for at in (0, 1))
    assert sum(found, ZERO) == min(max(total, lowest), highest)


def test_a_large_sum_that_bounds_shift_is_not_dealt_out_unit_by_unit():
    huge = D("1E12").quantize(D("0.01"))
    found = fitted((huge, ZERO), huge, [(ZERO, ZERO), (ZERO, huge)], "EUR")
    assert found == (ZERO, huge)


def test_ties_go_to_the_earlier_cell():
    assert fitted((D("0.5"), D("0.5")), D(1), upto((D(9), D(9))), "JPY") == (D(1), D(0))


@given(one=cells)
def test_plus_and_minus_undo_each_other_and_what_is_shared_is_the_smaller(one):
    twice = plus(one, one)
    assert minus(twice, one) == one
    assert shared(twice, one) == shared(one, twice)
    assert all(a == b for a, b in zip(shared(twice, one), one, strict=True))
    assert not any(shared(one, minus(minus(one, one), one)))


def test_the_whole_is_taken_when_there_is_nothing_to_divide_by():
    assert portion(D("1.00"), ZERO, ZERO, "EUR") == D("1.00")
    assert scaled((D("1.00"),), ZERO, ZERO) == (D("1.00"),)
