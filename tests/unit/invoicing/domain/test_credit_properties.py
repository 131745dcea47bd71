"""Any sequence of credits keeps within the original, and a last one exhausts it to the cent."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import AdjustmentLine, Content, Line
from invx.contexts.invoicing.domain.crediting.crediting import (
    LineCredit,
    credit_amount,
    credit_lines,
    credit_whole,
)
from invx.contexts.invoicing.domain.crediting.remainder import within
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import CreditExceedsRemainder, NothingLeftToCredit
from invx.kernel.errors import Invalid
from invx.kernel.money import quantize
from invx.rules.totals.model import ZERO, Profile, Regime, Rounding, Tax
from invx.rules.totals.representable import problems
from tests.unit.invoicing.domain.drafts import (
    S7,
    S19,
    D,
    Z,
    content,
    drafted,
    finalize,
    line,
    named,
    off,
    replayed,
    totalled,
)

KEPT = Tax(regime=Regime.WITHHOLDING, category="IRPF", rate=D(15))
LEVY = Tax(regime=Regime.LEVY, category="env", rate=D("1.5"))
EXEMPT = Tax(category="E", reason="Art. 132")

quantities = st.sampled_from(["1", "2", "3", "7", "0.5", "1.25", "12.25"])
PRICES = {
    "EUR": st.one_of(
        st.decimals(D("0.01"), D(2000), places=3).map(str),
        st.decimals(D("0.01"), D("0.05"), places=3).map(str),  # where rounding weighs most
    ),
    "JPY": st.one_of(st.integers(1, 20_000), st.integers(1, 9)).map(str),
}
SMALL = {"EUR": ("0.01", "0.02", "4.90"), "JPY": ("1", "2", "490")}  # fixed discounts, a charge
percents = st.sampled_from(["1", "3", "10", "33.3"])


@st.composite
def lines(draw: st.DrawFn, number: int, taxes: tuple[tuple[Tax, ...], ...], currency: str) -> Line:
    own = draw(st.sampled_from(taxes))
    discounts: tuple[AdjustmentLine, ...] = ()
    kind = draw(st.sampled_from(["plain", "plain", "percent", "amount", "computed"]))
    if kind == "percent":
        discounts = (off(percent=draw(percents)),)
    if kind == "amount":
        discounts = (off(SMALL[currency][0]),)
    sold = line(str(number), draw(PRICES[currency]), draw(quantities), *own, discounts=discounts)
    if kind == "computed":
        net = quantize(sold.price or ZERO, currency)
        sold = replace(sold, price=None, net=net, price_includes_tax=False)
    return sold


@st.composite
def invoices(draw: st.DrawFn, currency: str = "EUR") -> tuple[Content, Rounding]:
    """Sound invoices of every make: inclusive or not, with discounts, per group or per line."""
    plain = draw(st.booleans())
    taxes: tuple[tuple[Tax, ...], ...] = ((S19,), (S7,), (Z,), (EXEMPT,), (S19, KEPT))
    if plain:
        taxes = ((S19,), (S19, LEVY), (LEVY,), (Z,), (S7, KEPT))
    count = draw(st.integers(1, 5))
    _, small, charge = SMALL[currency]
    adjustments = draw(
        st.lists(
            st.one_of(percents.map(lambda each: off(percent=each)), st.just(off(small))),
            max_size=2,
        )
    )
    charges = draw(st.lists(st.just(off(charge, taxes=(S19,))), max_size=1))
    said = content(
        *[draw(lines(number, taxes, currency)) for number in range(count)],
        profile=Profile.PLAIN if plain else Profile.EN16931,
        prices_include_tax=draw(st.booleans()),
        discounts=tuple(adjustments),
        charges=tuple(charges),
        currency=currency,
        cash_unit=draw(st.sampled_from([None, D("0.05")])) if currency == "EUR" else None,
    )
    per_line = plain and draw(st.booleans())
    return said, Rounding.PER_LINE if per_line else Rounding.PER_GROUP


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, int, Decimal]:
    """How to credit, which line, and which part of what is left."""
    how = draw(st.sampled_from(["units", "net", "rest", "amount", "whole"]))
    part = draw(st.sampled_from([D("0.01"), D("0.1"), D("0.33"), D("0.5"), D("0.9"), D(1)]))
    return how, draw(st.integers(0, 4)), part


def wanted(original: Document, how: str, index: int, part: Decimal) -> Content | None:
    """The credit note that is asked for; None when there is no such thing to ask for."""
    left = original.remainder
    if how == "whole":
        return credit_whole(original)
    if how == "amount":
        gross = quantize(left.gross * part, left.currency)
        return credit_amount(original, gross, "part") if gross else None
    name = str(index % len(original.content.lines))
    position = left.positions[f"line:{name}"]
    ask = LineCredit(line_id=name)
    if how == "net":
        net = quantize(position.net * part, left.currency)
        if not net:
            return None
        ask = LineCredit(line_id=name, net=net)
    if how == "units":
        quantity = (position.quantity * part).quantize(D("0.01"))
        if not quantity:
            return None
        ask = LineCredit(line_id=name, quantity=quantity)
    return credit_lines(original, [ask])


def issue(original: Document, note: Content, name: str) -> None:
    """Record the credit note; it must be sound and never take more than what is left."""
    rounding = original.rounding
    assert problems(bill_of(note, rounding)) == ()
    totals = totalled(note, rounding)
    original.record_credit(named(name), note, totals)
    left = original.remainder
    for group, charged in original.invoiced.taxes.items():
        assert within(left.taxes[group], charged)
        assert within(left.base(group), original.invoiced.base(group))
    assert within(left.gross, original.totals.gross)


def adds_up(original: Document) -> None:
    """What was credited and what is left make the original: net, gross and each tax (M4)."""
    left, credits_ = original.remainder, original.credits.values()
    assert sum((each.net for each in credits_), left.net) == original.totals.net
    assert sum((each.gross for each in credits_), left.gross) == original.totals.gross
    for group in original.totals.taxes:
        key = (group.regime, group.jurisdiction, group.category, group.rate)
        refunded = (
            tax.amount
            for each in credits_
            for tax in each.taxes
            if (tax.regime, tax.jurisdiction, tax.category, tax.rate) == key
        )
        assert sum(refunded, left.taxes[key]) == group.amount


@settings(max_examples=300, deadline=None)
@given(invoices(), st.lists(requests(), max_size=8))
def test_credits_never_exceed_and_always_exhaust_the_original(
    invoice: tuple[Content, Rounding], asked: list[tuple[str, int, Decimal]]
) -> None:
    credit_to_the_end(*invoice, asked)


@settings(max_examples=200, deadline=None)
@given(invoices("JPY"), st.lists(requests(), max_size=8))
def test_credits_exhaust_an_original_in_a_currency_without_decimals(
    invoice: tuple[Content, Rounding], asked: list[tuple[str, int, Decimal]]
) -> None:
    """There one unit of tax is all that BR-CO-17 allows between a given and a computed tax."""
    credit_to_the_end(*invoice, asked)


def credit_to_the_end(
    said: Content, rounding: Rounding, asked: Sequence[tuple[str, int, Decimal]]
) -> None:
    """Credit as asked, then what is left; every credit note must be sound on its own."""
    if problems(bill_of(said, rounding)) or totalled(said, rounding).gross <= 0:
        event("not an invoice")
        return
    original = finalize(drafted(said, rounding=rounding))
    for number, (how, index, part) in enumerate(asked):
        try:
            note = wanted(original, how, index, part)
        except (CreditExceedsRemainder, NothingLeftToCredit, Invalid) as refused:
            assert how != "whole" or original.remainder.exhausted
            event(f"{how}: {refused.code}")
            continue
        if note is not None:
            event(how)
            issue(original, note, str(number))
            adds_up(original)
    if not original.remainder.exhausted:
        issue(original, credit_whole(original), "last")
    adds_up(original)
    assert original.remainder.exhausted
    assert original.remainder.gross == 0
    assert replayed(original).remainder == original.remainder


@settings(max_examples=100, deadline=None)
@given(invoices())
def test_a_whole_credit_has_the_very_totals_of_the_invoice(
    invoice: tuple[Content, Rounding],
) -> None:
    said, rounding = invoice
    if problems(bill_of(said, rounding)):
        return
    original = finalize(drafted(said, rounding=rounding))
    totals = totalled(credit_whole(original), rounding)
    assert totals == original.totals


@pytest.mark.parametrize("price", ["0.03", "0.33", "19.99"])
@pytest.mark.parametrize("inclusive", [False, True])
def test_a_hundred_small_credits_refund_the_tax_to_the_cent(price: str, inclusive: bool) -> None:
    """Rounding each refund alone would drift by up to half a cent a time."""
    said = content(line("1", price, "100"), prices_include_tax=inclusive)
    original = finalize(drafted(said))
    for number in range(100):
        ask = [LineCredit(line_id="1", quantity=D(1))]
        issue(original, credit_lines(original, ask), str(number))
    assert original.remainder.exhausted


@pytest.mark.parametrize("amount", ["0.01", "0.03"])
def test_hundreds_of_tiny_amounts_refund_the_tax_to_the_cent(amount: str) -> None:
    original = finalize(drafted(content(line("1", "2.40"), line("2", "0.50", "1", S7))))
    number = 0
    while original.remainder.gross >= D(amount):
        issue(original, credit_amount(original, D(amount), "drop"), str(number))
        number += 1
    if not original.remainder.exhausted:
        issue(original, credit_whole(original), "last")
    adds_up(original)
    assert original.remainder.exhausted
