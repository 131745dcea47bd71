"""What a format misses, by the field of our API."""

from typing import Any

import pytest

from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import (
    FORMATS,
    Syntax,
    format_of,
    judged_as,
)
from invx.contexts.invoicing.domain.einvoice.e_invoice_needs import EInvoiceIncomplete, missing
from tests.unit.invoicing.einvoice.mapping.issuing import SELLER, e_invoice, issued, item


def pointers(format: str, *lines: dict[str, Any], **more: Any) -> set[str]:
    stated = issued(*lines, **more)
    found = missing(stated.content, stated.totals, stated.seller, FORMATS[format])
    return {each.pointer for each in found}


def test_the_core_misses_nothing_in_a_usual_invoice() -> None:
    assert pointers("ubl") == pointers("cii") == set()


def test_xrechnung_asks_for_the_german_fields() -> None:
    assert pointers("xrechnung_cii", seller={"bank_accounts": []}) == {
        "/seller/bank_accounts",
        "/buyer_reference",
        "/seller/address/city",
        "/seller/address/postal_code",
        "/seller/contact/name",
        "/seller/contact/phone",
        "/seller/contact/email",
        "/buyer/address/city",
        "/buyer/address/postal_code",
        "/buyer/endpoint",
        "/seller/endpoint",
    }


ABROAD = {"name": "Sondages SA", "address": {"country": "FR"}}


def test_peppol_takes_a_purchase_order_for_a_buyer_reference() -> None:
    asked = {"/buyer_reference", "/buyer/endpoint", "/seller/endpoint"}
    assert pointers("peppol", buyer=ABROAD) == asked
    assert pointers("peppol", buyer=ABROAD, purchase_order="PO") == asked - {"/buyer_reference"}


@pytest.mark.parametrize(
    "more,pointer",
    [
        ({"tax_point": "2026-11-01", "tax_point_code": "35"}, "/tax_point_code"),
        ({"attachments": [{"id": "A", "content": "aGVsbG8="}]}, "/attachments/0/media_type"),
        ({"payment_means": {"code": "48"}}, "/payment_means/card"),
        (
            {"payment_means": {"code": "30"}, "seller": {"bank_accounts": []}},
            "/seller/bank_accounts",
        ),
        ({"buyer": {"name": "B"}}, "/buyer/address/country"),
    ],
)
def test_the_core_names_what_contradicts_or_is_missing(more: dict[str, Any], pointer: str) -> None:
    assert pointer in pointers("ubl", **more)


def test_items_name_the_schemes_of_their_ids_and_a_unit_that_e_invoices_know() -> None:
    ids = {"standard_id": {"id": "4012"}, "classifications": [{"id": "86"}]}
    assert pointers("ubl", item(item=ids, unit="HAR")) == {
        "/lines/0/item/standard_id/scheme",
        "/lines/0/item/classifications/0/scheme",
        "/lines/0/unit",
    }


def test_outside_vat_something_else_than_the_vat_id_names_the_seller() -> None:
    outside = [{"category": "O", "reason": "Not subject to VAT"}]
    assert pointers("ubl", item(taxes=outside)) == {"/seller/registration"}
    known = {**SELLER["party"], "identifiers": [{"id": "4012345000009", "scheme": "0088"}]}
    assert pointers("ubl", item(taxes=outside), seller={"party": known}) == set()


def test_a_direct_debit_in_xrechnung_names_creditor_and_account() -> None:
    means = {"direct_debit": {"mandate": "M"}}
    assert pointers("xrechnung_ubl", payment_means=means) >= {
        "/payment_means/direct_debit/creditor",
        "/payment_means/direct_debit/account",
    }


def test_a_corrected_invoice_in_xrechnung_names_what_it_corrects() -> None:
    assert "/preceding" in pointers("xrechnung_ubl", type_code="384")
    assert "/type_code" in pointers("xrechnung_ubl", type_code="325")


def test_the_refusal_names_the_format_and_every_field() -> None:
    with pytest.raises(EInvoiceIncomplete) as refused:
        e_invoice(format="peppol", buyer=ABROAD)
    assert refused.value.code == "e_invoice_incomplete"
    assert refused.value.detail == "3 fields are missing or wrong for Peppol BIS Billing 3.0."
    assert len(refused.value.problems) == 3


def test_a_format_is_known_by_its_specification_and_syntax() -> None:
    german = FORMATS["xrechnung_cii"].specification
    assert format_of(german, Syntax.CII) is FORMATS["xrechnung_cii"]
    assert format_of(german, Syntax.UBL) is FORMATS["xrechnung_ubl"]
    assert format_of("urn:cen.eu:en16931:2017", Syntax.CII) is FORMATS["cii"]
    assert format_of("urn:example", Syntax.UBL) is None


def test_an_extension_is_judged_as_what_it_builds_on() -> None:
    german = FORMATS["xrechnung_ubl"].specification
    extended = f"{german}#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0"
    assert format_of(extended, Syntax.UBL) is None
    assert judged_as(extended, Syntax.UBL) is FORMATS["xrechnung_ubl"]
    assert judged_as(german, Syntax.CII) is FORMATS["xrechnung_cii"]
    dutch = "urn:cen.eu:en16931:2017#compliant#urn:fdc:nen.nl:nlcius:v1.0"
    assert judged_as(dutch, Syntax.UBL) is FORMATS["ubl"]
    assert judged_as("urn:example", Syntax.UBL) is None
