"""The last credit takes exactly what is left of net and tax, also where a cent is a whole price."""

from collections.abc import Callable

import pytest

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.crediting.credit_taxes import fitted
from invx.contexts.invoicing.domain.crediting.crediting import (
    LineCredit,
    credit_amount,
    credit_lines,
    credit_whole,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import CreditExceedsRemainder
from invx.kernel.errors import Invalid
from invx.rules.totals.model import GivenTax, Profile, Regime, Rounding, Tax
from invx.rules.totals.representable import problems
from tests.unit.invoicing.domain.drafts import (
    S19,
    D,
    content,
    credit,
    finalized,
    line,
    off,
    totalled,
)

ENV = Tax(regime=Regime.LEVY, category="env", rate=D("1.5"))


def half_of_tiny_units() -> tuple[Document, Content]:
    """0.07 with 0.01 of tax. 3.5 units are 0.035 with tax: rounded up, both halves are 0.04."""
    invoice = finalized(content(line("0", "0.010", "7"), prices_include_tax=True))
    half = credit_lines(invoice, [LineCredit(line_id="0", quantity=D("3.5"))])
    return invoice, half


def test_r25_the_second_half_of_tiny_units_with_tax_takes_what_the_first_left() -> None:
    invoice, half = half_of_tiny_units()
    first = credit(invoice, half, "half")
    last = credit(invoice, credit_whole(invoice), "last")
    assert (first.net, first.tax) == (D("0.03"), D("0.01"))
    assert (last.net, last.tax) == (D("0.03"), D("0.00"))
    assert invoice.remainder.exhausted


def test_r25_the_second_of_two_drafted_halves_is_fitted_to_what_the_first_left() -> None:
    invoice, half = half_of_tiny_units()
    credit(invoice, half, "first")
    with pytest.raises(CreditExceedsRemainder, match=r"0.00 EUR of tax are left under S 19 %"):
        credit(invoice, half, "second")
    late = fitted(half, invoice)
    assert late.lines[0].quantity == D("3.5")
    credit(invoice, late, "late")
    assert invoice.remainder.exhausted


def test_r25_tax_is_not_left_behind_by_units_whose_net_is_rounded_away() -> None:
    """0.66 units of the second line take its whole net of 0.01 and no tax."""
    lines = [line("0", "0.010", "1"), line("1", "0.010", "2"), line("2", "0.010", "1")]
    invoice = finalized(content(*lines, prices_include_tax=True))
    part = [LineCredit(line_id="1", quantity=D("0.66"))]
    first = credit(invoice, credit_lines(invoice, part), "part")
    assert (first.net, first.tax) == (D("0.01"), D("0.00"))
    last = credit(invoice, credit_whole(invoice), "last")
    assert (last.net, last.tax) == (D("0.02"), D("0.01"))
    assert invoice.remainder.exhausted


@pytest.mark.parametrize(
    "last", [credit_whole, lambda invoice: credit_amount(invoice, D("0.01"), "rest")]
)
def test_r25_tax_that_a_credit_by_hand_left_without_base_can_still_be_credited(
    last: Callable[[Document], Content],
) -> None:
    invoice = finalized(content(line("1", "100")))
    short = GivenTax(category="S", rate=D(19), amount=D("18.99"))
    invoice.record_credit(
        invoice.id,
        by_hand := credit_whole(invoice),
        totalled(content(*by_hand.lines, given_taxes=(short,))),
    )
    assert (invoice.remainder.net, invoice.remainder.gross) == (D("0.00"), D("0.01"))
    note = credit(invoice, last(invoice), "last")
    assert (note.net, note.tax) == (D("0.00"), D("0.01"))
    assert invoice.remainder.exhausted


def test_yen_priced_with_tax_are_credited_to_the_end_under_the_e_invoice_rules() -> None:
    """Each third is 96 + 9 or 95 + 10: up to one yen off the rounded tax, less off the exact."""
    vat = Tax(category="S", rate=D(10))
    invoice = finalized(
        content(line("1", "105", "3", vat), currency="JPY", prices_include_tax=True)
    )
    one = [LineCredit(line_id="1", quantity=D(1))]
    for name in "abc":
        note = credit_lines(invoice, one)
        assert problems(bill_of(note, Rounding.PER_GROUP)) == ()
        assert credit(invoice, note, name).gross == D(105)
    assert invoice.remainder.exhausted


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("amount", ["1", "7", "33", "500"])
def test_amounts_of_yen_leave_a_rest_that_an_e_invoice_can_state(
    amount: str, inclusive: bool
) -> None:
    lines = [line("1", "217", "7"), line("2", "49", "1")]
    said = content(*lines, currency="JPY", prices_include_tax=inclusive)
    invoice = finalized(said)
    for number in range(3):
        note = credit_amount(invoice, D(amount), "part")
        assert problems(bill_of(note, Rounding.PER_GROUP)) == ()
        assert credit(invoice, note, str(number)).gross == D(amount)
    last = credit_whole(invoice)
    assert problems(bill_of(last, Rounding.PER_GROUP)) == ()
    credit(invoice, last, "last")
    assert invoice.remainder.exhausted


def test_yen_that_no_net_and_tax_make_are_refused_and_the_whole_still_goes() -> None:
    """2 of 4 yen at 50 %: 1 + 1 leaves 2 + 0 and 2 + 0 is itself a yen off."""
    vat = Tax(category="S", rate=D(50))
    invoice = finalized(content(line("1", "4", "1", vat), currency="JPY", prices_include_tax=True))
    with pytest.raises(Invalid) as refused:
        credit_amount(invoice, D(2), "half")
    assert [(each.pointer, each.code) for each in refused.value.problems] == [
        ("/amount", "amount_not_divisible")
    ]
    assert refused.value.code == "amount_not_divisible"
    credit(invoice, credit_whole(invoice), "whole")
    assert invoice.remainder.exhausted


def test_an_amount_that_nothing_can_take_is_refused_before_it_is_drafted() -> None:
    """The base of 19 % is a cent on one line less a cent on the other: nothing is left of it."""
    lines = [
        line("0", "0.010", "1.25", S19, ENV),
        line("1", "0.029", "0.5", Tax(category="Z"), discounts=(off(percent="10"),)),
        line("2", "0.040", "1"),
    ]
    invoice = finalized(
        content(
            *lines,
            profile=Profile.PLAIN,
            prices_include_tax=True,
            discounts=(off(percent="33.3"), off(percent="33.3")),
        ),
        rounding=Rounding.PER_LINE,
    )
    with pytest.raises(CreditExceedsRemainder, match=r"0.00 EUR are left under S 19 %"):
        credit_amount(invoice, D("0.02"), "part")
    credit(invoice, credit_whole(invoice), "whole")
    assert invoice.remainder.exhausted
