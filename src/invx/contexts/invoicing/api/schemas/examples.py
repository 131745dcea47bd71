"""Bodies that work as they stand, in this order; OpenAPI shows them, and a test posts each one."""

from typing import Any

Body = dict[str, Any]

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

FINALIZE: Body = {}
REASON: Body = {"reason": "The wrong buyer was named."}
RELEASE: Body = {"how": "sent by post"}
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

SERIES: Body = {
    "name": "Online shop",
    "pattern": "WEB-{YYYY}-{number:05}",
    "types": ["invoice"],
    "reset": "yearly",
    "default": False,
}
NEXT_NUMBER: Body = {"next": 1200, "reason": "We used another program until yesterday."}

ERASURE: Body = {"customer": "C-1001"}
ERASURE_OF_ONE: Body = {"invoice": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"}
