"""A planted cent in any figure is found; an unchanged document is equal."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from invx.demo.compare import Difference, compare, contradictions
from invx.demo.source import TOTALS, Expected
from tests.unit.demo.fake_api import compute
from tests.unit.demo.samples import CII, UBL, cases, changed

CENT = Decimal("0.01")


@pytest.fixture
def expected() -> Expected:
    return changed(UBL).expected


@pytest.fixture
def result() -> dict[str, Any]:
    return compute(changed(UBL).request)


def off_by_a_cent(holder: dict[str, Any], field: str) -> None:
    holder[field] = str(Decimal(holder[field]) + CENT)


def figures(result: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every place of a result where the source states a figure."""
    for line in result["lines"]:
        if line.get("kind", "item") == "item":
            yield line, "net"
            for tax in line["taxes"]:
                yield tax, "rate"
    for group in result["tax_groups"]:
        for field in ("rate", "base", "amount"):
            yield group, field
    for total in TOTALS:
        yield result["totals"], total


def test_an_unchanged_document_is_equal(expected: Expected, result: dict[str, Any]) -> None:
    assert compare(expected, result) == []
    assert contradictions(result) == []


def test_one_cent_is_found_in_every_figure_of_every_document() -> None:
    for case in cases():
        assert case.source is not None, case.name
        clean = compute(case.source.request)
        already = compare(case.source.expected, clean)
        for position in range(len(list(figures(clean)))):
            spoiled = copy.deepcopy(clean)
            holder, field = list(figures(spoiled))[position]
            off_by_a_cent(holder, field)
            found = compare(case.source.expected, spoiled)
            assert found != already, (case.name, position, field)


@pytest.mark.parametrize("name", TOTALS)
def test_a_total_that_differs_is_named_with_both_figures(
    name: str, expected: Expected, result: dict[str, Any]
) -> None:
    off_by_a_cent(result["totals"], name)
    figure = f"{name} {TOTALS[name]}"
    (difference,) = [one for one in compare(expected, result) if one.figure == figure]
    assert Decimal(difference.ours) - Decimal(difference.source) == CENT


def test_a_line_that_differs_is_named_by_its_position(
    expected: Expected, result: dict[str, Any]
) -> None:
    off_by_a_cent(result["lines"][1], "net")
    assert compare(expected, result) == [Difference("line 2 net BT-131", "20.00", "20.01")]
    assert str(compare(expected, result)[0]) == "line 2 net BT-131: source 20.00, ours 20.01"


def test_a_line_with_another_category_or_none_is_found(
    expected: Expected, result: dict[str, Any]
) -> None:
    result["lines"][0]["taxes"][0]["category"] = "Z"
    result["lines"][1]["taxes"] = []
    assert [one.figure for one in compare(expected, result)] == [
        "line 1 category BT-151",
        "line 2 category BT-151",
        "line 2 rate BT-152",
    ]


def test_a_line_too_few_or_too_many_is_found(expected: Expected, result: dict[str, Any]) -> None:
    last = result["lines"].pop()
    assert compare(expected, result) == [Difference("line 2", "present", "-")]
    result["lines"] += [last, last]
    assert compare(expected, result) == [Difference("line 3", "-", "present")]


def test_a_missing_an_extra_and_a_doubled_group_are_found(
    expected: Expected, result: dict[str, Any]
) -> None:
    first, second = result["tax_groups"]
    result["tax_groups"] = [first]
    assert [one.ours for one in compare(expected, result)] == ["-", "-"]
    result["tax_groups"] = [first, second, {**second, "category": "K"}]
    assert [one.source for one in compare(expected, result)] == ["-", "-"]
    result["tax_groups"] = [first, first, second]
    assert len(compare(expected, result)) == 2


def test_the_order_of_groups_does_not_matter(expected: Expected, result: dict[str, Any]) -> None:
    result["tax_groups"].reverse()
    assert compare(expected, result) == []


def test_a_withholding_is_not_vat(expected: Expected, result: dict[str, Any]) -> None:
    result["tax_groups"].append(
        {"regime": "withholding", "category": "W", "rate": "20", "base": "1", "amount": "0.2"}
    )
    assert compare(expected, result) == []
    assert contradictions(result) == []


def test_text_lines_are_not_compared(expected: Expected, result: dict[str, Any]) -> None:
    result["lines"].insert(1, {"kind": "text", "description": "Thank you"})
    assert compare(expected, result) == []
    assert contradictions(result) == []


def test_the_tax_in_the_accounting_currency_follows_the_kept_rate(
    expected: Expected, result: dict[str, Any]
) -> None:
    result["tax_currency"]["rate"] = "11.31"
    (difference,) = compare(expected, result)
    assert (difference.figure, difference.source, difference.ours) == (
        "tax in the tax currency BT-111",
        "171.76",
        "171.91",
    )
    del result["tax_currency"]
    assert [one.ours for one in compare(expected, result)] == ["-"]


def test_parents_are_compared_by_their_sum() -> None:
    old = "<ram:LineID>2</ram:LineID></ram:AssociatedDocumentLineDocument>"
    new = old.replace("</ram:LineID></", "</ram:LineID><ram:ParentLineID>1</ram:ParentLineID></")
    source = changed(CII, (old, new), ("<ram:LineTotalAmount>90<", "<ram:LineTotalAmount>20<"))
    result = compute(source.request)
    assert compare(source.expected, result)[0].figure.startswith("tax group")
    off_by_a_cent(result["lines"][0], "net")
    assert compare(source.expected, result)[0].figure == "line 1 net BT-131"


@pytest.mark.parametrize(
    "field, rule",
    [
        ("line_net", "BR-CO-10"),
        ("discounts", "BR-CO-11"),
        ("charges", "BR-CO-12"),
        ("net", "BR-CO-13"),
        ("tax", "BR-CO-14"),
        ("gross", "BR-CO-15"),
        ("payable", "BR-CO-16"),
        ("prepaid", "BR-CO-16"),
        ("rounding", "BR-CO-16"),
    ],
)
def test_a_result_that_contradicts_itself_is_named_by_the_rule(
    field: str, rule: str, result: dict[str, Any]
) -> None:
    off_by_a_cent(result["totals"], field)
    assert any(found.startswith(rule) for found in contradictions(result))


@pytest.mark.parametrize(
    "field, rule", [("amount", "BR-CO-17"), ("base", "sum of the group bases")]
)
def test_a_group_that_contradicts_itself_is_found(
    field: str, rule: str, result: dict[str, Any]
) -> None:
    off_by_a_cent(result["tax_groups"][0], field)
    assert any(found.startswith(rule) for found in contradictions(result))


def test_bases_moved_from_one_group_to_another_are_found(result: dict[str, Any]) -> None:
    first, second = result["tax_groups"]
    first["base"], second["base"] = second["base"], first["base"]
    assert any(found.startswith("base of S 19") for found in contradictions(result))


def test_results_of_all_documents_agree_with_themselves() -> None:
    for case in cases():
        assert case.source is not None, case.name
        assert contradictions(compute(case.source.request)) == [], case.name
