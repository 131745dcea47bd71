"""Forms of returns, drawn: what a rule takes, what a box says, and which key is at fault."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.rules.tax.boxes import Box, Figure, ReturnForm, Rule, Taxed, Unit, Whereabouts
from invx.rules.tax.model import Scheme
from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.pack_text import pack_of_values

D = Decimal
SCHEMES = ("domestic", "export", "reverse_charge")
SUPPLIES = ("goods", "services", "-")
CATEGORIES = ("S", "E")
RATES = (D(0), D(7), D(19))
PLACES = ("DE", "DE-1", "FR")
CAUSES = ("issued", "credited")
HEAD: dict[str, Any] = {
    "country": "NO",
    "name": "Norway",
    "version": "1",
    "status": "partial",
    "covers": ["domestic"],
}


def some(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=len(values)).map(tuple)


rules = st.builds(
    Rule,
    source=st.just("§ 1"),
    schemes=some(SCHEMES),
    supplies=some(SUPPLIES),
    categories=some(CATEGORIES),
    rates=some(RATES),
    other_rates=some(RATES),
    jurisdictions=some(PLACES),
    where=some(tuple(Whereabouts)),
    causes=some(CAUSES),
    other_causes=some(CAUSES),
)
entries = st.builds(
    Taxed,
    regime=st.sampled_from(["vat", "vat", "vat", "sales"]),
    scheme=st.none() | st.sampled_from(SCHEMES),
    supply=st.none() | st.sampled_from(["goods", "services"]),
    category=st.sampled_from(CATEGORIES),
    rate=st.sampled_from(RATES),
    jurisdiction=st.none() | st.sampled_from(PLACES),
    cause=st.sampled_from(CAUSES),
    where=st.sampled_from(Whereabouts),
)
boxes = st.builds(
    Box,
    code=st.sampled_from("123456"),
    label=st.just("x"),
    rule=rules,
    group=st.sampled_from(["main", "total"]),
)
WANTED = {
    "schemes": "scheme",
    "categories": "category",
    "rates": "rate",
    "causes": "cause",
    "jurisdictions": "jurisdiction",
    "where": "where",
}


@given(rule=rules, taxed=entries)
def test_a_condition_that_is_stated_counts_and_one_that_is_not_never_does(rule, taxed):
    takes = rule.takes(taxed)
    assert not (takes and taxed.regime != "vat")
    for name, about in WANTED.items():
        stated, value = getattr(rule, name), getattr(taxed, about)
        assert not (takes and stated and value not in stated), name
        # Without the condition at least as much is taken; with this value alone no more.
        assert not takes or replace(rule, **{name: ()}).takes(taxed)
        if value is not None:
            assert replace(rule, **{name: (value,)}).takes(taxed) >= takes
    assert not (takes and taxed.rate in rule.other_rates)
    assert not (takes and taxed.cause in rule.other_causes)
    assert not (takes and rule.supplies and (taxed.supply or "-") not in rule.supplies)


@given(rule=rules, taxed=entries)
def test_what_a_rule_takes_and_what_it_does_not_want_are_two_halves(rule, taxed):
    """`rates` and `other_rates` of the same values part all entries: none is in both or neither."""
    said = RATES[1:]
    inside = replace(rule, rates=said, other_rates=())
    outside = replace(rule, rates=(), other_rates=said)
    both = replace(rule, rates=(), other_rates=())
    assert inside.takes(taxed) + outside.takes(taxed) == both.takes(taxed)


@given(found=st.lists(boxes, max_size=6), taxed=entries)
def test_entries_are_in_one_box_of_a_group_at_most(found, taxed):
    form = ReturnForm(name="x", source="y", boxes=tuple(found))
    taken = form.boxes_of(taxed)
    groups = [box.group for box in taken]
    assert len(groups) == len(set(groups))
    assert all(box.rule.takes(taxed) for box in taken)
    asked = {box.group for box in found if box.rule.takes(taxed)}
    assert set(groups) == asked, "what any box takes is in one of its group"


@given(
    amount=st.decimals(-1_000_000, 1_000_000, places=2, allow_nan=False),
    unit=st.sampled_from(Unit),
)
def test_a_figure_is_less_than_one_away_from_the_exact_one_and_never_changes_its_sign(amount, unit):
    box = Box(code="1", label="x", rule=Rule(source="y"), unit=unit)
    stated = box.stated(amount)
    assert abs(stated - amount) < 1
    assert stated * amount >= 0
    assert box.stated(-amount) == -stated, "a return and its correction cancel out"
    if unit is Unit.EXACT:
        assert stated == amount
    else:
        assert stated == stated.to_integral_value()
    if unit is Unit.WHOLE_DOWN:
        assert abs(stated) <= abs(amount)


@st.composite
def rows(draw: Any) -> dict[str, Any]:
    """A row as a pack has it."""
    optional = {
        "schemes": st.lists(st.sampled_from([str(each) for each in Scheme]), max_size=2),
        "supplies": st.lists(st.sampled_from(SUPPLIES), max_size=2),
        "rates": st.lists(st.sampled_from(["0", "7", "8.1", "19"]), max_size=2),
        "other_rates": st.lists(st.sampled_from(["0", "5.5"]), max_size=2),
        "where": st.lists(st.sampled_from([str(each) for each in Whereabouts]), max_size=2),
        "causes": st.lists(st.sampled_from(CAUSES), max_size=2),
        "figure": st.sampled_from([str(each) for each in Figure]),
        "group": st.sampled_from(["main", "tax"]),
    }
    said: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=optional))
    return {"code": draw(st.sampled_from("1234")), "label": "x", "source": "y", **said}


forms = st.lists(rows(), min_size=1, max_size=4)
MISSING = object()
FAULTS: dict[str, Any] = {
    "code": MISSING,
    "label": MISSING,
    "source": MISSING,
    "schemes": ["vat"],
    "rates": ["x"],
    "other_rates": ["-1"],
    "where": ["there"],
    "figure": "gross",
    "unit": "round",
    "supplies": "goods",
    "causes": [1],
    "group": 1,
    "rate": "19",
    "Rates": ["7"],
}


def pack(boxes: list[dict[str, Any]]) -> Any:
    form = {"name": "MVA", "source": "Mval.", "boxes": boxes}
    return pack_of_values({**HEAD, "return": form}).vat_return


@given(said=forms)
def test_a_form_is_read_row_by_row_as_it_is_written(said):
    read = pack(said).boxes
    assert len(read) == len(said)
    for box, row in zip(read, said, strict=True):
        assert (box.code, box.label, box.rule.source) == (row["code"], "x", "y")
        assert [str(each) for each in box.rule.schemes] == row.get("schemes", [])
        assert list(box.rule.rates) == [D(each) for each in row.get("rates", [])]
        assert list(box.rule.other_rates) == [D(each) for each in row.get("other_rates", [])]
        assert (box.figure, box.group) == (row.get("figure", "base"), row.get("group", "main"))


@given(said=forms, at=st.integers(0, 3), key=st.sampled_from(sorted(FAULTS)))
def test_the_key_at_fault_is_named_wherever_it_stands(said, at, key):
    row = said[at % len(said)]
    if FAULTS[key] is MISSING:
        del row[key]
    else:
        row[key] = FAULTS[key]
    with pytest.raises(PackInvalid) as refused:
        pack(said)
    pointers = [problem.pointer for problem in refused.value.problems]
    expected = f"/return/boxes/{at % len(said)}/{key}"
    assert all(each.startswith(expected) for each in pointers), pointers
