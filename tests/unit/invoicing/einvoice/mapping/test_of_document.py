"""What stands beside the lines: parties, payment, terms, totals, notes."""

from decimal import Decimal

import pytest

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.domain.errors import NotRepresentable
from tests.unit.invoicing.einvoice.mapping.issuing import BUYER, SELLER, e_invoice, item

OUTSIDE = [{"category": "O", "reason": "Not subject to VAT"}]
REGISTERED = {**SELLER["party"], "registration": {"id": "HRB 1", "scheme": "0204"}}


def test_a_document_outside_vat_shows_no_vat_id_and_no_rate() -> None:
    buyer = {**BUYER, "vat_id": "DE811569869"}
    found = e_invoice(item(taxes=OUTSIDE), buyer=buyer, seller={"party": REGISTERED})
    assert (found.seller.vat_id, found.buyer.vat_id) == (None, None)
    assert found.seller.tax_number == "22/815"
    assert [line.rate for line in found.lines] == [None]
    assert [(each.rate, each.amount) for each in found.taxes] == [(None, Decimal("0.00"))]


def test_a_legal_name_makes_the_name_a_trading_name() -> None:
    both = {**BUYER, "legal_name": "Elbkontor GmbH"}
    found = e_invoice(buyer=both).buyer
    assert (found.name, found.trading_name) == ("Elbkontor GmbH", "Elbkontor")
    assert e_invoice().buyer.trading_name is None


def test_the_registration_of_the_country_that_taxes_is_shown() -> None:
    registrations = [
        {"country": "DE", "vat_id": "DE136695976"},
        {"country": "FR", "vat_id": "FR83404833048"},
        {"country": "NL", "vat_id": "NL000099998B57", "valid_to": "2025-12-31"},
    ]
    for place, expected in (("FR", "FR83404833048"), ("DE", "DE136695976"), ("NL", "DE136695976")):
        taxes = [{"category": "S", "rate": "20", "jurisdiction": place}]
        found = e_invoice(item(taxes=taxes), seller={"registrations": registrations})
        assert found.seller.vat_id == expected


def test_the_accounts_are_those_in_the_currency_of_the_document() -> None:
    accounts = [
        {"currency": "USD", "account": "1234"},
        {"currency": "EUR", "iban": "DE89370400440532013000", "bic": "COBADEFF", "holder": "K"},
    ]
    [payment] = e_invoice(seller={"bank_accounts": accounts}).payments
    iban = "DE89370400440532013000"
    assert payment.code == "58"
    assert payment.transfers == (model.CreditTransfer(account=iban, name="K", bic="COBADEFF"),)
    [payment] = e_invoice(currency="USD", seller={"bank_accounts": accounts}).payments
    assert (payment.code, payment.transfers[0].account) == ("30", "1234")


def test_a_charged_card_names_no_account() -> None:
    [payment] = e_invoice(payment_means={"card": {"number": "1234"}}).payments
    assert (payment.code, payment.card, payment.transfers) == ("48", model.Card(number="1234"), ())


def test_a_direct_debit_is_one_of_sepa_in_euro() -> None:
    debit = {
        "mandate": "M-1",
        "creditor": "DE98ZZZ09999999999",
        "account": "DE02120300000000202051",
    }
    [payment] = e_invoice(payment_means={"direct_debit": debit}).payments
    assert (payment.code, payment.debit) == ("59", model.DirectDebit(**debit))


def test_the_due_date_stands_where_terms_give_one() -> None:
    assert e_invoice(payment_terms={"kind": "net", "days": 14}).due_date is not None
    worded = {"kind": "net", "days": 0, "text": "As agreed"}
    found = e_invoice(payment_terms=worded)
    assert (found.due_date, found.payment_terms) == (None, "As agreed")


def test_what_is_to_be_paid_always_has_a_due_date_or_terms() -> None:
    """BR-CO-25."""
    assert e_invoice().due_date is not None
    assert e_invoice(prepaid="119.00").due_date is None


def test_early_payment_is_worded_or_coded_for_xrechnung() -> None:
    terms = {
        "kind": "net",
        "days": 30,
        "discounts": [{"percent": "2", "days": 14}, {"percent": "3", "days": 7}],
    }
    said = e_invoice(payment_terms=terms, language="en").payment_terms or ""
    assert said.splitlines()[0].endswith("9 November 2026.")
    assert "#" not in said
    coded = e_invoice(payment_terms=terms, format="xrechnung_ubl", **_GERMAN, seller=_GERMAN_SELLER)
    assert coded.payment_terms == ("#SKONTO#TAGE=7#PROZENT=3.00#\n#SKONTO#TAGE=14#PROZENT=2.00#\n")


_ADDRESS = {"country": "DE", "city": "Hamburg", "postal_code": "20457"}
_ENDPOINT = {"id": "a@example.org", "scheme": "9930"}
_GERMAN = {
    "buyer_reference": "04011000-1",
    "buyer": {"name": "B", "address": _ADDRESS, "endpoint": _ENDPOINT},
}
_GERMAN_SELLER = {
    "party": {
        "name": "S",
        "address": _ADDRESS,
        "endpoint": _ENDPOINT,
        "contact": {"name": "M", "phone": "+49 40 1", "email": "m@example.org"},
    }
}


def test_instalments_are_listed_in_the_terms() -> None:
    parts = [{"percent": "40", "days": 10}, {"percent": "60", "days": 40}]
    terms = {"kind": "instalments", "instalments": parts}
    said = (e_invoice(payment_terms=terms).payment_terms or "").splitlines()
    assert len(said) == 3
    assert "47.60" in said[1]
    assert "71.40" in said[2]


def test_a_discount_on_the_document_is_split_by_tax_and_sums_to_the_total() -> None:
    seven = [{"category": "S", "rate": "7"}]
    found = e_invoice(
        item(),
        item("50.00", id="2", taxes=seven),
        discounts=[{"percent": "10", "reason": "Spring"}],
    )
    assert [(each.rate, each.amount) for each in found.adjustments] == [
        (Decimal(19), Decimal("10.00")),
        (Decimal(7), Decimal("5.00")),
    ]
    assert found.totals.discounts == Decimal("15.00")
    assert found.totals.charges is None


def test_tax_in_the_accounting_currency_is_stated() -> None:
    found = e_invoice(tax_currency={"currency": "SEK", "rate": "11.25"})
    assert found.tax_currency == "SEK"
    assert found.totals.tax_in_tax_currency == Decimal("213.75")


def test_the_place_of_delivery_is_named_only_if_it_is_not_the_buyer() -> None:
    place = {"name": "Lager", "address": {"country": "AT"}}
    named = e_invoice(ship_to=place, delivery_location={"id": "4012", "scheme": "0088"}).delivery
    assert named is not None
    assert (named.name, named.location) == ("Lager", model.Identifier(id="4012", scheme="0088"))
    own = e_invoice(ship_to={**place, "name": "Elbkontor"}).delivery
    assert own is not None
    assert own.name is None


def test_peppol_takes_one_note() -> None:
    notes = {"notes": "First", "further_notes": [{"text": "Second", "subject": "AAI"}]}
    two = e_invoice(**notes)
    assert [(each.text, each.subject) for each in two.notes] == [("First", None), ("Second", "AAI")]
    one = e_invoice(format="peppol", **notes, **_GERMAN, seller=_GERMAN_SELLER)
    assert [each.text for each in one.notes] == ["First\nSecond"]


def test_an_attachment_goes_out_as_bytes() -> None:
    file = {"id": "A", "content": "aGVsbG8=", "media_type": "text/csv", "filename": "a.csv"}
    [found] = e_invoice(attachments=[file]).attachments
    assert (found.content, found.media_type, found.filename) == (b"hello", "text/csv", "a.csv")


def test_a_credit_note_has_its_type_code_and_names_its_original() -> None:
    found = e_invoice(type="credit_note", preceding=[{"number": "2026-0001"}])
    assert (found.type_code, found.due_date) == ("381", None)
    assert found.preceding == (model.Preceding(number="2026-0001"),)
    assert e_invoice(type_code="389").type_code == "389"


@pytest.mark.parametrize("fields", [{"profile": "plain"}, {"type": "proforma"}])
def test_what_is_no_e_invoice_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(NotRepresentable) as refused:
        e_invoice(**fields)
    assert refused.value.problems
