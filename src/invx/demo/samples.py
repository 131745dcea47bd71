"""The sample documents of a new installation: something to look at before anything is entered."""

from invx.demo.api import Api
from invx.demo.source import Json

_SELLER: Json = {
    "external_id": "sample-seller",
    "name": "Kontor Nord GmbH",
    "legal_name": "Kontor Nord GmbH",
    "address": {
        "line1": "Am Sandtorkai 27",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "registrations": [{"country": "DE", "vat_id": "DE136695976"}],
    "bank_accounts": [{"currency": "EUR", "iban": "DE89370400440532013000"}],
    "contact": {"name": "Buchhaltung", "email": "rechnung@kontor-nord.example"},
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "languages": ["en", "de"],
    "payment_terms": {"kind": "net", "days": 14},
}
_BUYER: Json = {
    "customer": "C-1001",
    "kind": "business",
    "name": "Elbkontor Reederei GmbH",
    "address": {
        "line1": "Kaiserkai 62",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "vat_id": "DE811569869",
}


def _vat(rate: str) -> list[Json]:
    return [{"regime": "vat", "category": "S", "rate": rate}]


_FINALIZED: Json = {
    "external_id": "sample-invoice",
    "buyer": _BUYER,
    "buyer_reference": "PO-4711",
    "lines": [
        {
            "description": "Corporate design, concept",
            "quantity": "3",
            "unit": "day",
            "price": "1280.00",
            "discounts": [{"percent": "5", "reason": "Framework contract"}],
            "taxes": _vat("19"),
        },
        {
            "description": "Printed style guide",
            "quantity": "25",
            "unit": "piece",
            "price": "14.90",
            "taxes": _vat("7"),
        },
    ],
}
_DRAFT: Json = {
    "external_id": "sample-draft",
    "buyer": _BUYER,
    "lines": [
        {
            "description": "Website care, one month",
            "quantity": "1",
            "unit": "month",
            "price": "390.00",
            "taxes": _vat("19"),
        }
    ],
}


def ensure_samples(api: Api) -> None:
    """One seller, one finalized invoice, one draft; what is there already stays as it is.

    Each is recognised by its `external_id`, so an interrupted run is completed by the next.
    Raises Refused, Broken.
    """
    seller = _seller(api)
    invoice = _document(api, {**_FINALIZED, "legal_entity": seller})
    if invoice["status"] == "draft":
        api.finalize(str(invoice["id"]))
    _document(api, {**_DRAFT, "legal_entity": seller})


def _seller(api: Api) -> str:
    for entity in api.page("/v1/legal-entities"):
        if entity.get("external_id") == _SELLER["external_id"]:
            return str(entity["id"])
    return api.register(_SELLER)


def _document(api: Api, body: Json) -> Json:
    for found in api.page("/v1/invoices", external_id=body["external_id"]):
        return found
    return api.draft(body)
