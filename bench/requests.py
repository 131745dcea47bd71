"""The requests that are measured."""

from typing import Any

SELLER: dict[str, Any] = {
    "name": "Kontor Nord GmbH",
    "address": {
        "line1": "Am Sandtorkai 27",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "registrations": [{"country": "DE", "vat_id": "DE136695976"}],
    "bank_accounts": [{"currency": "EUR", "iban": "DE89370400440532013000"}],
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "payment_terms": {"kind": "net", "days": 14},
}
_BUYER = {
    "customer": "C-1",
    "name": "Elbkontor Reederei GmbH",
    "address": {
        "line1": "Kaiserkai 62",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "vat_id": "DE811569869",
}
_LINES = (
    ("Workshop, two facilitators", "2", "day", "1280.00", "19"),
    ("Travel", "184", "KMT", "0.42", "19"),
    ("Handbook", "12", "piece", "18.50", "7"),
)


def draft(count: int = 3) -> dict[str, Any]:
    """The body of a draft with so many lines."""
    lines = []
    for number in range(count):
        description, quantity, unit, price, rate = _LINES[number % len(_LINES)]
        taxes = [{"category": "S", "rate": rate}]
        lines.append(
            {
                "description": description,
                "quantity": quantity,
                "unit": unit,
                "price": price,
                "taxes": taxes,
            }
        )
    return {"buyer": _BUYER, "buyer_reference": "PO 4711", "lines": lines}
