"""Valid invoices of ours to break: one with nearly every term, one per VAT category, three others.

Each goes the way of a draft: body of the API, checks of the domain, figures, mapping, writer.
"""

from functools import cache
from typing import Any

from invx.contexts.invoicing.adapters.einvoice.of_document import as_e_invoice
from invx.contexts.invoicing.adapters.einvoice.writing import write
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from tests.integration.invoicing.einvoice.acceptable import REACHABLE, TAXES, issued
from tests.integration.invoicing.routed import GERMAN_SELLER, LEITWEG
from tests.world import SELLER

Json = dict[str, Any]
SYNTAXES = {"ubl": "xrechnung_ubl", "cii": "xrechnung_cii"}
S19, S7 = [TAXES["S"][0]], [TAXES["S"][1]]
_PERIOD = {"start": "2026-10-01", "end": "2026-10-31"}
_KIEL = {"line1": "Kai 1", "postal_code": "24103", "city": "Kiel", "country": "DE"}
_GLN = {"id": "4000000000006", "scheme": "0088"}
_BANK = {"id": "4000000000037", "scheme": "0088"}
_HRB = {"id": "4000000000013", "scheme": "0088"}
_BUYER = {
    **REACHABLE,
    "legal_form": "GmbH",
    "identifiers": [_GLN],
    "registration": _HRB,
    "contact": {"name": "Ada Brandt", "phone": "+49 40 98765", "email": "ada@elbkontor.example"},
}
_SELLER = {
    **SELLER,
    **GERMAN_SELLER,
    "identifiers": [_GLN],
    "registration": _HRB,
    "legal_information": "Sitz Hamburg",
}
_LESS = {"percent": "10", "reason": "Regular", "reason_code": "95"}
_MORE = {"percent": "5", "reason": "Freight", "reason_code": "FC"}

RICH: Json = {
    "buyer": _BUYER,
    "buyer_reference": LEITWEG,
    "purchase_order": "PO-1",
    "sales_order": "SO-1",
    "contract": "C-1",
    "project": "P-1",
    "tender": "T-1",
    "receiving_advice": "R-1",
    "despatch_advice": "D-1",
    "buyer_accounting_reference": "K-9",
    "supply_date": "2026-10-31",
    "service_period": _PERIOD,
    "tax_point": "2026-10-31",
    "payment_terms": {"kind": "net", "days": 14},
    "preceding": [{"number": "2026-0000", "issue_date": "2026-10-01"}],
    "invoiced_object": {"id": "12", "scheme": "AAA"},
    "delivery_location": _GLN,
    "payee": {"name": "Nordbank AG", "identifiers": [_BANK], "registration": _BANK},
    "tax_representative": {"name": "Fiskal GmbH", "address": _KIEL, "vat_id": "DE123456788"},
    "ship_to": {"name": "Lager", "address": _KIEL},
    "notes": "Thank you.",
    "further_notes": [{"text": "Outside the catalogue", "subject": "AAI"}],
    "tax_currency": {"currency": "GBP", "rate": "0.87"},
    "prepaid": "10.00",
    "payable_rounding": "0.10",
    "attachments": [
        {
            "id": "A-1",
            "description": "Hours",
            "content": "aGVsbG8=",
            "media_type": "text/csv",
            "filename": "hours.csv",
        },
        {"id": "A-2", "location": "https://example.org/a"},
    ],
    "lines": [
        {
            "description": "Design",
            "details": "Three days",
            "note": "As agreed",
            "quantity": "3",
            "unit": "DAY",
            "price": "120.00",
            "price_discount": "20.00",
            "base_quantity": "1",
            "taxes": S19,
            "service_period": _PERIOD,
            "order_line": "7",
            "buyer_accounting_reference": "K-9",
            "invoiced_object": {"id": "12", "scheme": "AAA"},
            "discounts": [_LESS],
            "charges": [_MORE],
            "item": {
                "seller_id": "D-1",
                "buyer_id": "E-1",
                "standard_id": {"id": "4000000000020", "scheme": "0160"},
                "classifications": [{"id": "72000000", "scheme": "STI"}],
                "origin": "DE",
                "attributes": [{"name": "Colour", "value": "Blue"}],
            },
        },
        {"description": "Books", "quantity": "2", "price": "30.00", "taxes": S7},
        {"description": "Course", "price": "500.00", "taxes": TAXES["E"]},
    ],
    "discounts": [{**_LESS, "taxes": S19}],
    "charges": [{**_MORE, "taxes": S19}],
}


def _of_category(category: str) -> Json:
    """A line, a discount and a charge of one VAT category; nothing else."""
    taxes = [TAXES[category][0]]
    return {
        "buyer": _BUYER,
        "buyer_reference": LEITWEG,
        "supply_date": "2026-10-31",
        "payment_terms": {"kind": "net", "days": 14},
        "ship_to": {"name": "Lager", "address": _KIEL},
        "lines": [
            {"description": "Design", "quantity": "3", "price": "120.00", "taxes": taxes},
            {"description": "Print", "quantity": "2", "price": "30.00", "taxes": taxes},
        ],
        "discounts": [{"amount": "10.00", "reason": "Regular", "taxes": taxes}],
        "charges": [{"amount": "5.00", "reason": "Freight", "taxes": taxes}],
    }


def _paid(**means: Any) -> Json:
    return {**_of_category("S"), "payment_means": means}


_DEBIT = {"mandate": "M-1", "creditor": "DE98ZZZ09999999999", "account": "DE02120300000000202051"}
BODIES: dict[str, Json] = {
    "rich": RICH,
    **{category: _of_category(category) for category in TAXES},
    "credit": {**RICH, "type": "credit_note"},
    "card": _paid(code="48", card={"number": "1234", "holder": "Ada Brandt"}),
    "debit": _paid(code="59", direct_debit=_DEBIT),
}


@cache
def base(name: str, syntax: str) -> bytes:
    """The XML of an invoice in its format of that syntax."""
    format = SYNTAXES[syntax]
    stated, problems = issued(BODIES[name], _SELLER, format)
    assert stated is not None, (name, problems)
    return write(as_e_invoice(stated, FORMATS[format]), FORMATS[format])
