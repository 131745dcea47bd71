"""An e-invoice as requests to the API: what its author decided."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.adapters.einvoice.to_content import Restated, restate
from tests.unit.invoicing.einvoice.mapping.issuing import e_invoice, item

SOURCE = e_invoice(item("100.00"))


def restated(**more: Any) -> Restated:
    return restate(replace(SOURCE, **more))


def with_line(**more: Any) -> dict[str, Any]:
    """The restated line of a source whose only line says this too."""
    [line] = restated(lines=(replace(SOURCE.lines[0], **more),)).content["lines"]
    found: dict[str, Any] = line
    return found


def test_no_figure_that_we_compute_is_copied() -> None:
    body = restate(SOURCE).content
    assert body["lines"] == [
        {
            "id": "1",
            "description": "Design",
            "quantity": "1",
            "unit": "C62",
            "price": "100",
            "taxes": [{"category": "S", "rate": "19"}],
        }
    ]
    assert not body.keys() & {"totals", "taxes", "number"}


def test_the_type_follows_from_the_type_code() -> None:
    kinds = {code: restated(type_code=code).content for code in ("380", "381", "389", "261")}
    assert [(body["type"], body.get("type_code")) for body in kinds.values()] == [
        ("invoice", None),
        ("credit_note", None),
        ("invoice", "389"),
        ("credit_note", "261"),
    ]


def test_the_due_date_is_stated_once() -> None:
    due = date(2026, 11, 16)
    assert restated(due_date=due).content["due_date"] == "2026-11-16"
    both = restated(due_date=due, payment_terms="Net").content
    assert both["payment_terms"] == {"kind": "net", "days": 14, "text": "Net"}
    assert "due_date" not in both
    words = restated(due_date=None, payment_terms="As agreed").content
    assert words["payment_terms"] == {"kind": "net", "days": 0, "text": "As agreed"}


def test_a_due_date_before_the_issue_is_remarked() -> None:
    found = restated(due_date=date(2026, 1, 1))
    assert found.content["due_date"] == "2026-11-02"
    assert found.remarks == ("It is due 2026-01-01, before its issue: entered as due on receipt.",)


def test_the_first_note_is_ours_unless_it_has_a_subject() -> None:
    plain, coded = model.Note(text="A"), model.Note(text="B", subject="AAI")
    assert restated(notes=(plain, coded)).content["notes"] == "A"
    assert restated(notes=(plain, coded)).content["further_notes"] == [
        {"text": "B", "subject": "AAI"}
    ]
    body = restated(notes=(coded, plain)).content
    assert "notes" not in body
    assert [each["text"] for each in body["further_notes"]] == ["B", "A"]


@pytest.mark.parametrize(
    "price,expected",
    [
        (model.Price(net=Decimal(8), gross=Decimal(10), discount=Decimal(2)), ("10", "2")),
        (model.Price(net=Decimal(8), discount=Decimal(2)), ("10", "2")),
        (model.Price(net=Decimal(8), gross=Decimal(8)), ("8", None)),
        (model.Price(net=Decimal(8), gross=Decimal(10), discount=Decimal(1)), ("8", None)),
    ],
)
def test_the_gross_price_is_entered_where_it_gives_the_net_price(
    price: model.Price, expected: tuple[str, str | None]
) -> None:
    line = with_line(price=price)
    assert (line["price"], line.get("price_discount")) == expected


def test_a_percent_is_entered_where_it_gives_the_amount() -> None:
    right = model.Adjustment(
        charge=False, amount=Decimal("1.25"), base=Decimal("12.50"), percent=Decimal(10)
    )
    line = with_line(adjustments=(right, replace(right, amount=Decimal("1.30"), charge=True)))
    assert line["discounts"] == [{"percent": "10", "base": "12.5"}]
    assert line["charges"] == [{"amount": "1.3"}]


def test_the_reason_of_an_exemption_comes_from_the_breakdown() -> None:
    exempt = [
        {"category": "E", "rate": "0", "reason": "Health care", "reason_code": "VATEX-EU-132"}
    ]
    body = restate(e_invoice(item(taxes=exempt))).content
    assert body["lines"][0]["taxes"] == exempt


def test_line_ids_that_occur_twice_are_left_to_us() -> None:
    found = restated(lines=(SOURCE.lines[0], SOURCE.lines[0]))
    assert [each.get("id") for each in found.content["lines"]] == [None, None]
    assert found.remarks == ("Line ids occur twice: we number those lines.",)


def test_an_account_is_an_iban_only_where_its_digits_hold() -> None:
    accounts = (
        model.CreditTransfer(account="DE89 3704 0044 0532 0130 00", bic="COBADEFF"),
        model.CreditTransfer(account="DE00123", bic="[BIC]"),
    )
    found = restated(payments=(model.Payment(code="58", transfers=accounts),))
    assert found.seller["bank_accounts"] == [
        {"currency": "EUR", "iban": "DE89370400440532013000", "bic": "COBADEFF"},
        {"currency": "EUR", "account": "DE00123"},
    ]
    assert found.content["payment_means"] == {"code": "58"}
    assert found.remarks == ("[BIC] is no BIC: left out.",)


def test_a_vat_id_without_a_country_is_a_tax_number() -> None:
    seller = replace(SOURCE.seller, vat_id="123", tax_number=None)
    found = restated(seller=seller)
    assert found.seller["registrations"] == [{"country": "DE", "tax_number": "123"}]
    greek = restated(seller=replace(SOURCE.seller, vat_id="EL123", tax_number=None))
    assert greek.seller["registrations"] == [{"country": "GR", "vat_id": "EL123"}]


def test_the_rate_to_the_accounting_currency_is_the_shortest_that_fits() -> None:
    totals = replace(SOURCE.totals, tax_in_tax_currency=Decimal("213.75"))
    found = restated(tax_currency="SEK", totals=totals)
    assert found.content["tax_currency"] == {"currency": "SEK", "rate": "11.25"}
    lost = restated(tax_currency="SEK", totals=replace(totals, tax_in_tax_currency=None))
    assert "tax_currency" not in lost.content
    assert lost.remarks == ("No rate to SEK follows from it: left out.",)


def test_a_period_that_ends_before_it_starts_is_left_out() -> None:
    found = restated(period=model.Period(start=date(2026, 2, 1), end=date(2026, 1, 1)))
    assert "service_period" not in found.content
    assert found.remarks == ("A period from 2026-02-01 to 2026-01-01: left out.",)


def test_a_place_of_delivery_without_a_name_goes_under_that_of_the_buyer() -> None:
    place = model.Delivery(address=model.Address(country="AT"), location=model.Identifier(id="L"))
    body = restated(delivery=place).content
    assert body["ship_to"] == {"name": "Elbkontor", "address": {"country": "AT"}}
    assert body["delivery_location"] == {"id": "L"}


def test_lines_that_only_inform_are_texts_and_parts_are_children() -> None:
    line = SOURCE.lines[0]
    part, told = replace(line, id="1.1"), replace(line, id="1.2", informative=True)
    body = restated(lines=(replace(line, children=(part, told)),)).content
    parent, text = body["lines"]
    assert [each["id"] for each in parent["children"]] == ["1.1"]
    assert "price" not in parent
    assert text == {"kind": "text", "description": "Design"}
