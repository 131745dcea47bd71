"""Bodies that work as they stand, in this order; OpenAPI shows them, and a test posts each one."""

from typing import Any

Body = dict[str, Any]

BOOK_RATE: Body = {"rate": "0.9204"}

LATE_FEES: Body = {"rule": {"interest": "yearly", "rate": "6", "fee": "5.00", "lump_sum": False}}
LATE_FEE_WAIVER: Body = {"waived": True, "reason": "Agreed by phone with Ms Lund."}
CLOSING: Body = {"closed_through": "2020-12-31"}
CLOSING_OF_RETURN: Body = {
    "registration": "reg_01jd0y7ct4f6d9zq8x3s5v2w1k",
    "period": "2020-12",
}
REOPENING: Body = {
    "closed_through": "2020-11-30",
    "reason": "The accountant asked for a late invoice.",
}

LEGAL_ENTITY: Body = {
    "name": "Kontor Nord GmbH",
    "legal_form": "GmbH",
    "address": {
        "line1": "Am Sandtorkai 27",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "registrations": [{"country": "DE", "vat_id": "DE136695976"}],
    "register": {"court": "Amtsgericht Hamburg", "number": "HRB 123456"},
    "directors": ["Ada Beispiel"],
    "bank_accounts": [
        {"currency": "EUR", "iban": "DE89370400440532013000", "holder": "Kontor Nord GmbH"}
    ],
    "time_zone": "Europe/Berlin",
    "languages": ["de", "en"],
    "currency": "EUR",
    "payment_terms": {
        "kind": "net",
        "days": 30,
        "discounts": [{"percent": "3", "days": 10}],
    },
}

BUYER: Body = {
    "name": "Elbkontor Reederei GmbH",
    "customer": "C-1001",
    "address": {
        "line1": "Kaiserkai 62",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "vat_id": "DE811569869",
}

_VAT = [{"category": "S", "rate": "19"}]

CONTENT: Body = {
    "buyer": BUYER,
    "supply_date": "2026-11-01",
    "lines": [
        {
            "description": "Design of the harbour guide",
            "quantity": "2.5",
            "unit": "day",
            "price": "960.00",
            "taxes": _VAT,
        },
        {
            "description": "Printing, 500 copies",
            "quantity": "500",
            "price": "1.2345",
            "discounts": [{"percent": "5", "reason": "Quantity"}],
            "taxes": _VAT,
        },
    ],
    "notes": "Thank you for your order.",
    "metadata": {"project": "P-7"},
}

DRAFT: Body = {"external_id": "order-4711", **CONTENT}

DRAFT_IN_PARTS: Body = {
    "buyer": BUYER,
    "prices_include_tax": True,
    "service_period": {"start": "2026-10-01", "end": "2026-10-31"},
    "payment_terms": {
        "kind": "instalments",
        "instalments": [{"percent": "50", "days": 14}, {"percent": "50", "days": 44}],
    },
    "lines": [
        {"kind": "heading", "description": "October"},
        {
            "description": "Care",
            "children": [
                {"description": "Hosting", "price": "119.00", "taxes": _VAT},
                {
                    "description": "Support",
                    "quantity": "3",
                    "unit": "hour",
                    "price": "59.50",
                    "taxes": _VAT,
                },
            ],
        },
    ],
}

BATCH: Body = {
    "items": [
        {"key": "run-11/C-1001", "finalize": True, **CONTENT},
        {"key": "run-11/C-1002", "external_id": "order-4712", **CONTENT},
    ]
}
SELECTION_BY_FILTER: Body = {"filter": {"status": "draft", "customer": "C-1001"}}
SELECTION_BY_ID: Body = {"invoices": ["inv_01jd0y7ct4f6d9zq8x3s5v2w1k"]}

APPROVAL_RULES: Body = {
    "rules": [
        {
            "name": "Over 5,000 needs a manager",
            "over": {"amount": "5000.00", "currency": "EUR"},
            "steps": [
                {
                    "name": "Second look",
                    "required": False,
                    "assignees": ["user:bea"],
                },
                {
                    "name": "Manager",
                    "assignees": [{"permission": "invoices:approve"}],
                    "due_days": 2,
                    "escalate_to": ["user:owner"],
                },
            ],
        },
        {
            "name": "Large discounts",
            "types": ["invoice"],
            "discount_over": "20",
            "own": True,
            "steps": [{"name": "Sales", "assignees": ["user:carl", "user:dora"]}],
        },
    ]
}
SUBMISSION: Body = {"note": "The discount was agreed on the phone."}
DECISION: Body = {"note": "Checked against the order.", "step": 1}
DELEGATION: Body = {"to": "user:emil", "reason": "I am away until Monday."}
WITHDRAWAL: Body = {"note": "The customer wants another item."}

GRACE: Body = {"finalize_at": "2199-12-31T09:00:00Z"}
HOLD: Body = {"held": True}

FINALIZE: Body = {}
REASON: Body = {"reason": "The wrong buyer was named."}
RELEASE: Body = {"how": "sent by post"}
TRANSMISSION: Body = {"channel": "folder", "format": "pdf"}
CANCEL: Body = {"reason": "The order was withdrawn."}
CREDIT_BY_AMOUNT: Body = {"amount": "11.90", "reason": "Goodwill", "finalize": True}
CREDIT_BY_LINE: Body = {"lines": [{"line_id": "1", "quantity": "0.5"}], "reason": "Half a day less"}

PAYMENT: Body = {"amount": "100.00", "currency": "EUR", "source": "bank-2026-11-17-003"}
EARLY_PAYMENT: Body = {"amount": "3.00", "source": "discount-2026-11-17-003"}
WRITE_OFF: Body = {"amount": "0.02", "source": "write-off-1", "note": "Bank charges"}
REFUND: Body = {"amount": "5.00", "source": "refund-1"}
REVERSAL: Body = {
    "entry": "sent_01jd0y7ct4f6d9zq8x3s5v2w1k",
    "source": "return-1",
}
DISPUTE: Body = {"disputed": True, "reason": "Two copies were damaged."}

CERTIFICATE: Body = {"amount": "15.00", "source": "CU-2026-0815", "on": "2026-11-01"}
MILESTONE: Body = {"line": "1", "milestone": "Go-live"}
PAYMENT_PLAN: Body = {
    "instalments": [
        {"due_date": "2099-01-31", "amount": "100.00"},
        {"due_date": "2099-02-28"},
    ],
    "reason": "Agreed on the telephone.",
}
PLAN_ENDED: Body = {"reason": "The first part was not paid."}

SERIES: Body = {
    "name": "Online shop",
    "pattern": "WEB-{YYYY}-{number:05}",
    "types": ["invoice"],
    "reset": "yearly",
    "default": False,
}
ACCOUNTING_EXPORT: Body = {
    "format": "datev",
    "destination": "Kanzlei Brandt",
    "until": "2026-11-30",
    "settings": {"consultant": 29098, "client": 55003, "chart": "03"},
}
HOLD_SERIES: Body = {"reason": "We move to another program tonight."}
NEXT_NUMBER: Body = {"next": 1200, "reason": "We used another program until yesterday."}

TAX_RATE_TABLE: Body = {
    "rates": [
        {
            "region": "TX",
            "code": "STATE",
            "name": "Texas",
            "rate": "6.25",
            "kinds": ["goods", "digital"],
            "valid_from": "1990-07-01",
            "source": "Tex. Tax Code 151.051",
        },
        {
            "region": "TX",
            "code": "CITY",
            "name": "Austin",
            "rate": "1",
            "kinds": ["goods", "digital"],
            "cities": ["Austin"],
            "valid_from": "1990-07-01",
            "source": "Comptroller, local rate 2227016",
        },
    ],
    "origin_regions": ["TX"],
}
TAX_OVERRIDES: Body = {
    "pack_version": "acme-3",
    "categories": [
        {
            "code": "workshop",
            "exempt": "exempt_education",
            "reason_code": "VATEX-EU-132-1I",
            "valid_from": "2026-01-01",
            "source": "Certificate of the Bezirksregierung, § 4 Nr. 21 UStG",
        }
    ],
}

ERASURE: Body = {"customer": "C-1001"}
LEGAL_HOLD: Body = {"customer": "C-1001", "reason": "Action at the regional court, 3 O 217/26."}
LEGAL_HOLD_ON_ONE: Body = {
    "invoice": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k",
    "reason": "The tax audit asked for it.",
}
LEGAL_HOLD_RELEASE: Body = {"reason": "The action was withdrawn."}
ERASURE_OF_ONE: Body = {"invoice": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"}

# The least that EN 16931 takes: two parties, a due date, one line.
E_INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>
<cbc:ID>2026-0815</cbc:ID><cbc:IssueDate>2026-11-02</cbc:IssueDate>
<cbc:DueDate>2026-11-16</cbc:DueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party>
<cac:PostalAddress><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country>
</cac:PostalAddress>
<cac:PartyTaxScheme><cbc:CompanyID>DE136695976</cbc:CompanyID>
<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
<cac:PartyLegalEntity><cbc:RegistrationName>Kontor Nord GmbH</cbc:RegistrationName>
</cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party>
<cac:PostalAddress><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country>
</cac:PostalAddress>
<cac:PartyLegalEntity><cbc:RegistrationName>Elbkontor Reederei GmbH</cbc:RegistrationName>
</cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount>
<cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">100.00</cbc:TaxableAmount>
<cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount>
<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>
<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>
</cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount currencyID="EUR">100.00</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">119.00</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">119.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="HUR">1</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>Design</cbc:Name>
<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>
<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item>
<cac:Price><cbc:PriceAmount currencyID="EUR">100.00</cbc:PriceAmount></cac:Price>
</cac:InvoiceLine>
</Invoice>
"""

EXCHANGE_RATES: Body = {
    "source": "ecb",
    "rates": [
        {"base": "EUR", "quote": "USD", "on": "2026-11-27", "rate": "1.0865"},
        {"base": "EUR", "quote": "GBP", "on": "2026-11-27", "rate": "0.8351"},
    ],
}

IMPORT_FILE = (
    "Rechnungsnummer;Rechnungsdatum;Kunde;Netto;Brutto;Offen;Steuersatz\n"
    "RE-15420;30.10.2026;Elbkontor Reederei GmbH;100,00;119,00;69,00;19\n"
)
IMPORT_MAPPING: Body = {
    "fields": {
        "number": {"column": "Rechnungsnummer"},
        "issue_date": {"column": "Rechnungsdatum"},
        "buyer_name": {"column": "Kunde"},
        "net": {"column": "Netto"},
        "gross": {"column": "Brutto"},
        "open": {"column": "Offen"},
        "tax_rate": {"column": "Steuersatz"},
        "currency": {"constant": "EUR"},
    },
    "decimal": ",",
}
COMMIT_IMPORT: Body = {"skip_rejected": False}
REVERSE_IMPORT: Body = {"reason": "the wrong file"}
