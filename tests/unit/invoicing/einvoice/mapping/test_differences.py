"""Where two e-invoices say something else, and what only looks different."""

from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any, get_args

import pytest

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.adapters.einvoice.differences import Difference, compare
from invx.contexts.invoicing.adapters.einvoice.terms import TERMS, term_of
from tests.unit.invoicing.einvoice.mapping.issuing import e_invoice, item

SOURCE = e_invoice(item("100.00", discounts=[{"amount": "1.00"}]))
LINE = SOURCE.lines[0]


def test_an_e_invoice_does_not_differ_from_itself() -> None:
    assert compare(SOURCE, SOURCE) == []


def test_number_process_and_specification_are_the_issuers() -> None:
    other = replace(SOURCE, number="X", process="P", specification="S")
    assert compare(SOURCE, other) == []


def test_a_difference_names_place_term_and_both_values() -> None:
    other = replace(SOURCE, lines=(replace(LINE, net=Decimal("1.00")),))
    assert compare(SOURCE, other) == [Difference("/lines/0/net", "BT-131", "99.00", "1.00")]
    assert compare(SOURCE, other)[0].is_figure


def test_a_price_is_no_figure_that_follows_from_others() -> None:
    other = replace(SOURCE, lines=(replace(LINE, price=model.Price(net=Decimal(7))),))
    [found] = compare(SOURCE, other)
    assert (found.pointer, found.term, found.is_figure) == ("/lines/0/price/net", "BT-146", False)


def test_what_one_has_alone_is_a_difference() -> None:
    more = replace(SOURCE, notes=(model.Note(text="Hello"),), lines=(LINE, LINE))
    found = {each.pointer: each for each in compare(SOURCE, more)}
    assert found["/notes/0/text"] == Difference("/notes/0/text", "BT-22", None, "Hello")
    assert found["/lines/1/net"].source is None


def test_bytes_are_compared_whole_and_shown_by_their_size() -> None:
    one = replace(SOURCE, attachments=(model.Attachment(id="A", content=b"abc"),))
    two = replace(SOURCE, attachments=(model.Attachment(id="A", content=b"abe"),))
    assert compare(one, two) == [
        Difference("/attachments/0/content", "BT-125", "3 bytes", "3 bytes")
    ]


def line(**more: Any) -> model.EInvoice:
    return replace(SOURCE, lines=(replace(LINE, **more),))


@pytest.mark.parametrize(
    "other",
    [
        line(price=replace(LINE.price, base_quantity=Decimal(1), base_unit="C62")),
        line(price=replace(LINE.price, gross=LINE.price.net, discount=Decimal(0))),
        replace(SOURCE, totals=replace(SOURCE.totals, prepaid=Decimal("0.00"))),
        replace(SOURCE, seller=replace(SOURCE.seller, vat_id="DE 136 695 976")),
        replace(SOURCE, buyer=replace(SOURCE.buyer, contact=model.Contact())),
        replace(SOURCE, delivery=model.Delivery()),
        replace(SOURCE, tax_currency="EUR"),
    ],
)
def test_what_only_looks_different_is_the_same(other: model.EInvoice) -> None:
    assert compare(SOURCE, other) == compare(other, SOURCE) == []


def leaves(kind: Any, at: str = "") -> list[str]:
    """Every value that an e-invoice may hold, by its pointer."""
    found: list[str] = []
    for field in fields(kind):
        place = f"{at}/{field.name}"
        inner = [field.type, *get_args(field.type)]
        inner += [each for one in inner for each in get_args(one)]
        record = next((each for each in inner if is_dataclass(each)), None)
        many = "tuple" in str(field.type)
        if record is None or record is model.Identifier:
            found.append(place + ("/*" if many else ""))
        elif field.name != "children":
            found += leaves(record, place + ("/*" if many else ""))
    return found


def test_every_value_has_its_business_term() -> None:
    """The rest the model has for both sides, or for one, and the standard for one only."""
    without = [place for place in leaves(model.EInvoice) if place not in TERMS]
    assert without == [
        "/buyer/tax_number",
        "/buyer/legal_information",
        "/lines/*/adjustments/*/category",
        "/lines/*/adjustments/*/rate",
        "/lines/*/children/*",
        "/lines/*/informative",
    ]


def test_a_term_is_found_for_a_part_of_an_identifier_and_for_sub_lines() -> None:
    assert term_of("/seller/endpoint/scheme") == "BT-34"
    assert term_of("/lines/3/children/1/children/0/net") == "BT-131"
    assert term_of("/nowhere") is None


def _part(net: str, **more: Any) -> model.Line:
    price = model.Price(net=Decimal(net))
    return replace(LINE, net=Decimal(net), price=price, adjustments=(), **more)


def test_a_line_that_only_sums_its_sub_lines_says_what_they_say() -> None:
    """Sub-lines are of XRechnung's extension; a document with children has no line for the sum."""
    whole = _part("99.00", item=model.Item(name="Parcel"), note="Fragile")
    parts = (_part("59.00", note="Blue"), _part("40.00"))
    source = replace(SOURCE, lines=(replace(whole, children=parts),))
    told = replace(parts[0], note="Parcel\nFragile\nBlue")
    assert compare(source, replace(SOURCE, lines=(told, parts[1]))) == []
    wrong = replace(SOURCE, lines=(replace(whole, children=parts[:1]),))
    assert "/lines/0/net" in {each.pointer for each in compare(wrong, source) if each.is_figure}


def test_another_way_to_pay_is_seen() -> None:
    """Several accounts are one way to pay; a card beside them is another (UBL-SR-47)."""
    one, two = model.CreditTransfer(account="DE1"), model.CreditTransfer(account="DE2")
    transfer = model.Payment(code="58", transfers=(one, two))
    parts = tuple(model.Payment(code="58", transfers=(each,)) for each in (one, two))
    paid = replace(SOURCE, payments=(transfer,))
    assert compare(replace(SOURCE, payments=parts), paid) == []
    card = model.Payment(code="48", card=model.Card(number="1234"))
    found = compare(replace(SOURCE, payments=(*parts, card)), paid)
    assert {each.term for each in found} == {"BT-81", "BT-87"}
