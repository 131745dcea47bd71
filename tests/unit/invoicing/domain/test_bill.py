"""How a content becomes the bill that is totalled."""

from dataclasses import replace

from invx.contexts.invoicing.domain.bill import bill_of
from invx.rules.totals.model import GivenTax, LineKind, Rounding
from tests.unit.invoicing.domain.drafts import D, content, line, off, totalled


def test_a_line_takes_the_documents_word_on_whether_prices_include_tax() -> None:
    bill = bill_of(
        content(
            line("1", "10"),
            line("2", "10", price_includes_tax=False),
            replace(line("3", None), net=D(10)),
            prices_include_tax=True,
        ),
        Rounding.PER_GROUP,
    )
    assert [each.includes_tax for each in bill.lines] == [True, False, False]


def test_discounts_come_before_charges() -> None:
    discounts, charges = (off("1"), off(percent="2")), (off("3"),)
    bill = bill_of(
        content(
            line("1", "10", discounts=discounts, charges=charges),
            discounts=discounts,
            charges=charges,
        ),
        Rounding.PER_GROUP,
    )
    for adjustments in (bill.adjustments, bill.lines[0].adjustments):
        assert [each.charge for each in adjustments] == [False, False, True]
        assert [each.amount or each.percent for each in adjustments] == [D(1), D(2), D(3)]


def test_children_and_lines_without_money_keep_their_places() -> None:
    said = content(
        replace(line("h", None), kind=LineKind.HEADING, taxes=()),
        replace(line("kit", None), taxes=(), children=(line("a", "1"), line("b", "2"))),
        replace(line("s", None), kind=LineKind.SUBTOTAL, taxes=()),
    )
    bill = bill_of(said, Rounding.PER_GROUP)

    assert [each.kind for each in bill.lines] == [
        LineKind.HEADING,
        LineKind.ITEM,
        LineKind.SUBTOTAL,
    ]
    assert [each.id for each in bill.lines[1].children] == ["a", "b"]
    assert totalled(said).net == D("3.00")


def test_what_concerns_the_whole_is_handed_on() -> None:
    given = GivenTax(category="S", rate=D(19), amount=D("1.91"))
    said = content(line("1", "10"), prepaid=D(5), payable_rounding=D("0.01"), given_taxes=(given,))
    bill = bill_of(said, Rounding.PER_GROUP)
    assert (bill.prepaid, bill.payable_rounding, bill.given_taxes) == (D(5), D("0.01"), (given,))
    assert totalled(said).payable == D("6.92")
