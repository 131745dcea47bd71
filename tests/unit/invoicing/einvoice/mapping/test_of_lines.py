"""Lines of a document as lines of an e-invoice."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.einvoice.model import Adjustment, Attribute, Line
from tests.unit.invoicing.einvoice.mapping.issuing import S19, e_invoice, item

CENT = Decimal("0.01")


def product(line: Line) -> Decimal:
    """BT-131 as EN 16931 has it follow: quantity x price, charges, allowances."""
    base = line.price.base_quantity or Decimal(1)
    net = (line.quantity * line.price.net / base).quantize(CENT, ROUND_HALF_UP)
    for each in line.adjustments:
        net += each.amount if each.charge else -each.amount
    return net


def only(*lines: dict[str, Any], **more: Any) -> Line:
    [line] = e_invoice(*lines, **more).lines
    return line


def test_a_price_goes_out_with_every_digit() -> None:
    line = only(item("0.0001234", quantity="10000"))
    assert (line.price.net, line.quantity, line.net) == (
        Decimal("0.0001234"),
        Decimal(10000),
        Decimal("1.23"),
    )


def test_a_price_discount_goes_out_as_gross_price_and_discount() -> None:
    price = only(item("10.00", price_discount="2.50", base_quantity="5", unit="LTR")).price
    assert (price.gross, price.discount, price.net) == (
        Decimal("10.00"),
        Decimal("2.50"),
        Decimal("7.50"),
    )
    assert (price.base_quantity, price.base_unit) == (Decimal(5), "LTR")


def test_a_computed_line_is_one_times_its_amount_with_the_real_quantity_beside_it() -> None:
    line = only(item(None, net="12.35", quantity="1000", unit="KWH"))
    assert (line.quantity, line.unit, line.price.net) == (Decimal(1), "C62", Decimal("12.35"))
    assert line.item.attributes == (Attribute(name="Quantity", value="1000 KWH"),)


def test_the_tiers_of_a_computed_line_are_said() -> None:
    tiers = [{"description": "First", "quantity": "10", "price": "0.5", "amount": "5.00"}]
    line = only(item(None, net="5.00", breakdown=tiers))
    assert Attribute(name="First", value="10 x 0.5 = 5.00") in line.item.attributes


def test_a_computed_line_below_zero_has_a_negative_quantity_and_no_negative_price() -> None:
    line = only(item(None, net="-7.00"))
    assert (line.quantity, line.price.net, line.net) == (-1, Decimal("7.00"), Decimal("-7.00"))


def test_a_price_that_includes_tax_goes_out_net() -> None:
    line = only(item("119.00"), prices_include_tax=True)
    assert (line.price.net, line.net) == (Decimal("100.00"), Decimal("100.00"))


def test_discounts_of_a_price_that_includes_tax_go_out_net_too() -> None:
    line = only(
        item("119.00", discounts=[{"percent": "10", "reason": "Regular"}]), prices_include_tax=True
    )
    assert line.net == Decimal("90.00")
    assert line.adjustments == (
        Adjustment(charge=False, amount=Decimal("10.00"), reason="Regular"),
    )
    assert product(line) == line.net


@given(
    price=st.decimals("0.01", "9999", places=2),
    quantity=st.decimals("-50", "50", places=3),
    rate=st.sampled_from(["6", "7", "19", "8.1", "5.5"]),
    discount=st.none() | st.decimals("0.01", "99", places=2),
    base=st.sampled_from(["1", "3", "100"]),
)
def test_quantity_and_price_always_give_the_stated_net(
    price: Decimal, quantity: Decimal, rate: str, discount: Decimal | None, base: str
) -> None:
    """Rule 2 of BT-131, which Peppol tests: also of prices that include tax."""
    adjusted = [] if discount is None else [{"amount": str(discount)}]
    fields = {"quantity": str(quantity), "base_quantity": base, "discounts": adjusted}
    taxes = [{"category": "S", "rate": rate}]
    first = item(str(price), **{**fields, "taxes": taxes})
    second = item("0.99", id="2", taxes=taxes)
    for inclusive in (False, True):
        for line in e_invoice(first, second, prices_include_tax=inclusive).lines:
            assert product(line) == line.net
            assert line.price.net >= 0


def test_headings_and_texts_become_the_note_of_the_item_that_follows() -> None:
    found = e_invoice(
        {"id": "H", "kind": "heading", "description": "October"},
        {"id": "T", "kind": "text", "description": "All by hand."},
        item(note="On site"),
        {"id": "S", "kind": "subtotal", "description": "Sum"},
        {"id": "Z", "kind": "text", "description": "With thanks."},
    )
    assert [line.note for line in found.lines] == ["October\nAll by hand.\nOn site"]
    assert [note.text for note in found.notes] == ["With thanks."]


def test_children_stand_alone_and_inherit_what_was_said_once() -> None:
    parent = {
        "id": "P",
        "description": "Package",
        "service_period": {"start": "2026-10-01"},
        "children": [item(id="P-1"), item(id="P-2", order_line="7")],
        "order_line": "5",
    }
    first, second = e_invoice(parent).lines
    assert (first.id, first.note, first.order_line) == ("P-1", "Package", "5")
    assert (second.id, second.note, second.order_line) == ("P-2", None, "7")
    assert first.period == second.period is not None


def test_a_discount_without_a_reason_is_called_one_in_the_language_of_the_document() -> None:
    line = only(item(discounts=[{"amount": "1.00"}]), language="de")
    assert [each.reason for each in line.adjustments] == ["Rabatt"]


def test_withholding_is_left_aside() -> None:
    taxes = [*S19, {"regime": "withholding", "category": "IRPF", "rate": "15"}]
    found = e_invoice(item(taxes=taxes))
    assert [each.category for each in found.taxes] == ["S"]
    assert found.totals.payable == Decimal("119.00")
