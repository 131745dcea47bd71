"""What credit notes say: the whole, lines or an amount, and never more than what is left."""

from dataclasses import replace
from decimal import Decimal

import pytest

from invx.contexts.invoicing.domain.content import DocumentType, Preceding
from invx.contexts.invoicing.domain.crediting.credit_taxes import fitted
from invx.contexts.invoicing.domain.crediting.crediting import (
    LineCredit,
    credit_amount,
    credit_lines,
    credit_whole,
    replacement_of,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import (
    CreditExceedsRemainder,
    LineNotFound,
    NothingLeftToCredit,
)
from invx.kernel.errors import Invalid
from invx.rules.totals.model import GivenTax, Profile, Regime, Rounding, Tax
from tests.unit.invoicing.domain.drafts import (
    S7,
    S19,
    TODAY,
    D,
    Z,
    content,
    credit,
    finalized,
    line,
    named,
    off,
    totalled,
)


def parts(*wanted: tuple[str, str | None]) -> list[LineCredit]:
    """Units of lines; None for the rest of one."""
    return [LineCredit(line_id=name, quantity=D(q) if q else None) for name, q in wanted]


def amounts(*wanted: tuple[str, str]) -> list[LineCredit]:
    return [LineCredit(line_id=name, net=D(net)) for name, net in wanted]


def taxes_left(document: Document) -> dict[str, Decimal]:
    return {f"{group[2]}{group[3]}": tax for group, tax in document.remainder.taxes.items()}


def test_a_whole_credit_says_what_the_invoice_said_with_positive_amounts() -> None:
    invoice = finalized(
        content(
            line("1", "10.005", "3", discounts=(off(percent="3"),)),
            line("2", "4.99", "2", S7),
            discounts=(off(percent="2.5"),),
            charges=(off("5.90", taxes=(S19,)),),
            external_id="order-7",
            notes="thanks",
        )
    )
    note = credit_whole(invoice)

    assert note.type is DocumentType.CREDIT_NOTE
    assert note.preceding == (Preceding(number="2026-0001", issue_date=TODAY),)
    assert (note.lines, note.discounts) == (invoice.content.lines, invoice.content.discounts)
    assert (note.external_id, note.notes, note.payment_terms) == (None, None, None)
    assert totalled(note).taxes == invoice.totals.taxes
    credit(invoice, note)
    assert invoice.remainder.exhausted


def test_a_second_whole_credit_finds_nothing_left() -> None:
    invoice = finalized(content(line("1", "10")))
    credit(invoice, credit_whole(invoice))
    with pytest.raises(NothingLeftToCredit):
        credit_whole(invoice)
    with pytest.raises(NothingLeftToCredit):
        credit_lines(invoice, parts(("1", None)))
    with pytest.raises(CreditExceedsRemainder):
        credit_amount(invoice, D("0.01"), "more")


def test_units_that_come_back_are_credited_at_their_price() -> None:
    invoice = finalized(content(line("1", "1280.00", "5", unit="DAY"), line("2", "30", "1")))
    note = credit_lines(invoice, parts(("1", "2")))

    [returned] = note.lines
    assert (returned.id, returned.quantity, returned.price) == ("1", D(2), D("1280.00"))
    assert credit(invoice, note).gross == D("3046.40")
    assert invoice.remainder.positions["line:1"].quantity == 3
    assert invoice.remainder.net == D("3870.00")


def test_the_last_units_take_the_net_that_is_left_to_the_cent() -> None:
    """3 x 0.335 is 1.01, but 0.34 three times would be 1.02."""
    invoice = finalized(content(line("1", "0.335", "3")))
    nets = [credit(invoice, credit_lines(invoice, parts(("1", "1"))), name).net for name in "abc"]
    assert nets == [D("0.34"), D("0.34"), D("0.33")]
    assert invoice.remainder.exhausted


def test_more_units_than_are_left_are_refused_with_what_is_left() -> None:
    invoice = finalized(content(line("1", "10", "3")))
    credit(invoice, credit_lines(invoice, parts(("1", "2"))))
    with pytest.raises(CreditExceedsRemainder, match="Line 1 has 1 units left, not 2"):
        credit_lines(invoice, parts(("1", "2")))
    with pytest.raises(CreditExceedsRemainder):
        credit_lines(invoice, parts(("1", "-1")))


def test_a_lower_price_is_credited_without_units() -> None:
    invoice = finalized(content(line("1", "10", "3")))
    note = credit_lines(invoice, amounts(("1", "4.50")))

    assert [(each.quantity, each.price) for each in note.lines] == [(D(1), D("4.50"))]
    credit(invoice, note)
    left = invoice.remainder.positions["line:1"]
    assert (left.net, left.quantity) == (D("25.50"), D(3))
    with pytest.raises(CreditExceedsRemainder, match=r"Line 1 has 25.50 EUR left, not 25.51"):
        credit_lines(invoice, amounts(("1", "25.51")))


def test_a_line_takes_its_part_of_the_document_discount_but_no_charge() -> None:
    invoice = finalized(
        content(
            line("1", "100"),
            line("2", "300"),
            discounts=(off(percent="10"),),
            charges=(off("9.00", taxes=(S19,)),),
        )
    )
    note = credit_lines(invoice, parts(("1", None)))

    assert [(each.amount, each.taxes) for each in note.discounts] == [(D("10.00"), (S19,))]
    assert note.charges == ()
    assert credit(invoice, note, "a").net == D("90.00")
    rest = credit(invoice, credit_whole(invoice), "b")
    assert (rest.discounts, rest.charges, rest.net) == (D("30.00"), D("9.00"), D("279.00"))
    assert invoice.remainder.exhausted


def test_r05_a_credit_of_the_large_line_stops_at_what_the_discount_line_left() -> None:
    invoice = finalized(content(line("1", "8500"), line("2", "7500", "-1")))
    assert invoice.totals.gross == D("1190.00")
    with pytest.raises(CreditExceedsRemainder, match=r"1000.00 EUR are left under S 19 %"):
        credit_lines(invoice, parts(("1", None)))
    assert credit(invoice, credit_amount(invoice, D("1190.00"), "all")).tax == D("190.00")


@pytest.mark.parametrize("discounts, gross", [((), "1190.00"), ((off("7500.00"),), "1190.00")])
def test_r05_a_discount_of_line_or_document_gives_the_same_credit(
    discounts: tuple[object, ...], gross: str
) -> None:
    lines = [line("1", "8500")] + ([] if discounts else [line("2", "7500", "-1")])
    invoice = finalized(content(*lines, discounts=discounts))
    totals = credit(invoice, credit_whole(invoice))
    assert (totals.net, totals.tax, totals.gross) == (D(1000), D(190), D(gross))
    assert invoice.remainder.exhausted


def test_r30_a_fixed_discount_is_the_same_in_invoice_and_credit() -> None:
    invoice = finalized(content(line("1", "870"), discounts=(off("70.00"),)))
    totals = credit(invoice, credit_whole(invoice))
    assert (totals.net, totals.tax) == (D("800.00"), D("152.00"))


def test_an_amount_is_split_over_the_rates_by_what_is_left_of_them() -> None:
    invoice = finalized(
        content(line("1", "100"), line("2", "100", "1", S7), line("3", "50", "1", Z))
    )
    note = credit_amount(invoice, D("69.00"), "goodwill")
    totals = credit(invoice, note)

    assert totals.gross == D("69.00")
    assert [each.description for each in note.lines] == ["goodwill"] * 3
    assert sum(group.base + group.amount for group in totals.taxes) == D("69.00")
    assert [group.base for group in totals.taxes] == [D("25.00"), D("25.00"), D("12.50")]


@pytest.mark.parametrize("amount", ["0", "1.005"])
def test_an_amount_that_is_no_money_is_refused(amount: str) -> None:
    invoice = finalized(content(line("1", "100")))
    with pytest.raises(Invalid) as refused:
        credit_amount(invoice, D(amount), "what")
    assert [problem.pointer for problem in refused.value.problems] == ["/amount"]


@pytest.mark.parametrize("amount", ["119.01", "-1.00"])
def test_an_amount_beyond_what_is_left_is_refused(amount: str) -> None:
    invoice = finalized(content(line("1", "100")))
    with pytest.raises(CreditExceedsRemainder, match=r"119\.00 EUR left"):
        credit_amount(invoice, D(amount), "too much")


def test_r25_refunded_tax_never_exceeds_the_tax_that_was_collected() -> None:
    """10.00 gross three times would refund 3 x 1.60 of the 4.79 that were charged."""
    invoice = finalized(content(line("1", "10.00", "3"), prices_include_tax=True))
    assert (invoice.totals.net, invoice.totals.tax) == (D("25.21"), D("4.79"))

    notes = [credit(invoice, credit_lines(invoice, parts(("1", "1"))), n) for n in "abc"]

    assert [note.gross for note in notes] == [D("10.00")] * 3
    assert [note.tax for note in notes] == [D("1.60"), D("1.60"), D("1.59")]
    assert invoice.remainder.exhausted


def test_r25_an_untaxed_document_is_credited_without_dividing_by_zero() -> None:
    invoice = finalized(content(line("1", "100", "1", Z)))
    assert credit(invoice, credit_amount(invoice, D(40), "part"), "a").tax == 0
    assert credit(invoice, credit_whole(invoice), "b").gross == 60


def test_r25_a_document_of_zero_can_be_credited_once_as_a_whole() -> None:
    invoice = finalized(content(line("1", "100"), line("2", "100", "-1")))
    assert credit(invoice, credit_whole(invoice)).gross == 0
    with pytest.raises(NothingLeftToCredit):
        credit_whole(invoice)


def test_a_unit_priced_with_tax_comes_back_at_that_price_beside_other_lines() -> None:
    """The last of three takes the line's own last cent, though the group has more lines."""
    invoice = finalized(
        content(line("1", "10.00", "3"), line("2", "7.77", "4"), prices_include_tax=True)
    )
    grosses = [credit(invoice, credit_lines(invoice, parts(("1", "1"))), n).gross for n in "abc"]
    assert grosses == [D("10.00")] * 3
    assert credit(invoice, credit_whole(invoice), "rest").gross == D("31.08")
    assert invoice.remainder.exhausted


def test_a_unit_priced_with_tax_comes_back_under_a_document_discount() -> None:
    invoice = finalized(
        content(line("1", "10.00", "3"), discounts=(off(percent="10"),), prices_include_tax=True)
    )
    for name in "abc":
        credit(invoice, credit_lines(invoice, parts(("1", "1"))), name)
    assert invoice.remainder.exhausted


def test_a_parent_stands_for_all_items_below_it() -> None:
    kit = replace(
        line("kit", None), taxes=(), children=(line("a", "10", "2"), line("b", "5", "1", S7))
    )
    invoice = finalized(content(kit, line("2", "1")))

    with pytest.raises(Invalid, match="items below"):
        credit_lines(invoice, parts(("kit", "1")))
    note = credit_lines(invoice, parts(("kit", None)))
    assert [each.id for each in note.lines] == ["a", "b"]
    assert credit(invoice, note, "kit").net == 25
    assert credit(invoice, credit_whole(invoice), "rest").net == 1


def test_lines_that_are_not_there_or_named_twice_are_refused_by_pointer() -> None:
    invoice = finalized(content(line("1", "10"), line("2", "10")))
    with pytest.raises(LineNotFound) as missing:
        credit_lines(invoice, parts(("2", None), ("9", None)))
    assert [problem.pointer for problem in missing.value.problems] == ["/lines/1/line_id"]
    with pytest.raises(Invalid, match="twice"):
        credit_lines(invoice, parts(("1", None), ("1", None)))
    with pytest.raises(NothingLeftToCredit):
        credit_lines(invoice, [])


def test_a_credit_note_by_hand_takes_from_all_that_bears_its_tax() -> None:
    """A line that no line of the original is: spread by what is left."""
    invoice = finalized(content(line("1", "100"), line("2", "300")))
    by_hand = replace(credit_whole(invoice), lines=(line("goodwill", "40"),))
    invoice.record_credit(named("c"), by_hand, totalled(by_hand))

    assert [each.net for each in invoice.remainder.positions.values()] == [D(90), D(270)]


def test_a_credit_note_by_hand_under_another_tax_is_refused() -> None:
    invoice = finalized(content(line("1", "100"), line("2", "300")))
    wrong = replace(credit_whole(invoice), lines=(line("1", "40", "1", S7),))
    with pytest.raises(CreditExceedsRemainder, match="S 7 %"):
        invoice.record_credit(named("c"), wrong, totalled(wrong))


def test_of_two_drafts_that_take_the_rest_only_the_first_is_recorded() -> None:
    invoice = finalized(content(line("1", "100")))
    first, second = credit_whole(invoice), credit_whole(invoice)
    credit(invoice, first, "first")
    with pytest.raises(CreditExceedsRemainder, match=r"Line 1 has 0.00 EUR left, not 100.00"):
        invoice.record_credit(named("second"), second, totalled(second))
    assert list(invoice.credits) == [named("first")]


def test_a_draft_that_became_the_last_is_fitted_to_the_tax_that_is_left() -> None:
    """0.05 at 19 % is 0.01 of tax; two credits of 0.03 and 0.02 would each state 0.01 and 0.00."""
    invoice = finalized(content(line("1", "0.10", "1")))
    drafts = [credit_lines(invoice, amounts(("1", "0.05"))) for _ in range(2)]
    assert [totalled(each).tax for each in drafts] == [D("0.01")] * 2
    credit(invoice, drafts[0], "first")
    late = fitted(drafts[1], invoice)
    assert totalled(late).tax == taxes_left(invoice)["S19"]
    credit(invoice, late, "second")
    assert invoice.remainder.exhausted


def test_withholdings_go_back_with_the_lines_that_bore_them() -> None:
    kept = Tax(regime=Regime.WITHHOLDING, category="IRPF", rate=D(15))
    invoice = finalized(content(line("1", "1393.50", "1", Tax(category="S", rate=D(21)), kept)))
    assert (invoice.totals.due, invoice.totals.withheld) == (D("1477.11"), D("209.03"))

    half = credit(invoice, credit_amount(invoice, D("843.07"), "half"), "half")
    rest = credit(invoice, credit_whole(invoice), "rest")

    assert half.gross + rest.gross == invoice.totals.gross
    assert half.withheld + rest.withheld == D("209.03")
    assert invoice.remainder.exhausted


def test_several_taxes_on_one_line_are_refunded_in_their_proportion() -> None:
    gst = Tax(regime=Regime.SALES, category="GST", rate=D(5))
    qst = Tax(regime=Regime.SALES, category="QST", rate=D("9.975"))
    invoice = finalized(
        content(
            line("1", "140", "1", gst, qst),
            line("2", "60", "1", gst),
            currency="CAD",
            profile=Profile.PLAIN,
        )
    )
    half = credit(invoice, credit_amount(invoice, D("111.99"), "half"), "half")
    rest = credit(invoice, credit_whole(invoice), "rest")
    assert [group.amount for group in half.taxes] == [D("5.00"), D("6.99")]
    assert [group.amount for group in rest.taxes] == [D("5.00"), D("6.98")]


def test_the_payable_rounding_goes_back_with_the_last_credit() -> None:
    """R29's neighbour: 96.93 was rounded to 96.95, and 96.95 is what goes back."""
    vat = Tax(category="S", rate=D("7.7"))
    invoice = finalized(content(line("1", "90", "1", vat), currency="CHF", cash_unit=D("0.05")))
    assert invoice.totals.payable == D("96.95")
    assert credit(invoice, credit_amount(invoice, D("50.00"), "part"), "a").payable == D("50.00")
    assert credit(invoice, credit_whole(invoice), "b").payable == D("46.95")


def test_a_given_tax_of_the_original_is_refunded_as_given() -> None:
    """A tax engine's 7.77 instead of the computed 7.60."""
    given = GivenTax(category="S", rate=D(19), amount=D("7.77"))
    invoice = finalized(content(line("1", "40"), given_taxes=(given,)))
    first = credit(invoice, credit_amount(invoice, D("23.88"), "half"), "a")
    assert first.gross == D("23.88")
    assert credit(invoice, credit_whole(invoice), "b").gross == D("23.89")
    assert invoice.remainder.exhausted


def test_r27_yen_are_credited_in_whole_yen() -> None:
    vat = Tax(category="S", rate=D(10))
    invoice = finalized(
        content(
            line("1", "105", "3", vat),
            currency="JPY",
            profile=Profile.PLAIN,
            prices_include_tax=True,
        )
    )
    assert (invoice.totals.net, invoice.totals.tax) == (D(286), D(29))
    notes = [credit(invoice, credit_lines(invoice, parts(("1", "1"))), n) for n in "abc"]
    assert [note.gross for note in notes] == [D(105)] * 3
    assert sum(note.tax for note in notes) == 29


def test_per_line_rounding_is_credited_per_line() -> None:
    lines = [line(str(number), "0.33") for number in range(3)]
    invoice = finalized(content(*lines, profile=Profile.PLAIN), rounding=Rounding.PER_LINE)
    assert invoice.totals.tax == D("0.18")
    for number in range(3):
        note = credit_lines(invoice, parts((str(number), None)))
        assert credit(invoice, note, str(number)).tax == D("0.06")
    assert invoice.remainder.exhausted


def test_a_replacement_says_the_same_under_new_dates() -> None:
    invoice = finalized(content(line("1", "10"), external_id="order-7", issue_date=TODAY))
    draft = replacement_of(invoice)
    assert draft.lines == invoice.content.lines
    assert (draft.external_id, draft.issue_date, draft.due_date) == (None, None, None)
    assert draft.type is DocumentType.INVOICE
