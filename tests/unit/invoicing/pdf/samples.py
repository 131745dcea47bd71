"""Invoice resources as the API gives them, drawn by the tests and looked at by people."""

import base64
import struct
import zlib
from copy import deepcopy
from decimal import Decimal
from typing import Any

Resource = dict[str, Any]

SELLER: Resource = {
    "name": "Kontor Nord GmbH",
    "address": {
        "line1": "Am Sandtorkai 27",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "vat_id": "DE342118907",
    "tax_number": "27/123/45678",
    "contact": {
        "name": "Ines Brandt",
        "email": "rechnung@kontor-nord.example",
        "phone": "+49 40 123",
    },
    "register": {"court": "Amtsgericht Hamburg", "number": "HRB 154321"},
    "directors": ["Ines Brandt", "Jon Petersen"],
    "bank_accounts": [
        {
            "currency": "EUR",
            "iban": "DE89370400440532013000",
            "bic": "COBADEFFXXX",
            "bank_name": "Commerzbank",
            "holder": "Kontor Nord GmbH",
        }
    ],
}
BUYER: Resource = {
    "kind": "business",
    "name": "Elbkontor Reederei GmbH",
    "contact": {"name": "Frau A. Petersen"},
    "address": {
        "line1": "Kaiserkai 62",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
}


def line(description: str, quantity: str, unit: str, price: str, net: str, **more: Any) -> Resource:
    """An item with 19 % VAT unless told otherwise."""
    taxes = more.pop("taxes", [{"regime": "vat", "category": "S", "rate": more.pop("rate", "19")}])
    return {
        "kind": "item",
        "description": description,
        "quantity": quantity,
        "unit": unit,
        "price": price,
        "subtotal": net,
        "net": net,
        "taxes": taxes,
    } | more


def group(rate: str, base: str, amount: str, category: str = "S", **more: Any) -> Resource:
    """One tax group."""
    return {
        "regime": "vat",
        "jurisdiction": "DE",
        "category": category,
        "rate": rate,
        "base": base,
        "amount": amount,
    } | more


def sums(net: str, tax: str, gross: str, **more: str) -> Resource:
    """Totals of a document with nothing beside its lines and taxes."""
    zero = str(Decimal(net) * 0)
    return {
        "line_net": net,
        "discounts": zero,
        "charges": zero,
        "net": net,
        "tax": tax,
        "gross": gross,
        "prepaid": zero,
        "rounding": zero,
        "payable": gross,
        "withheld": zero,
        "due": gross,
    } | more


def hosted() -> Resource:
    """The invoice of the hosted page, to the letter."""
    return {
        "id": "inv_01",
        "type": "invoice",
        "number": "2026-1413",
        "status": "finalized",
        "mode": "live",
        "language": "en",
        "currency": "EUR",
        "profile": "en16931",
        "seller": deepcopy(SELLER),
        "buyer": deepcopy(BUYER),
        "issue_date": "2026-11-22",
        "service_period": {"start": "2026-11-01", "end": "2026-11-30"},
        "due_date": "2026-12-06",
        "payment_terms": {"kind": "net", "days": 14},
        "buyer_reference": "02000000-B1101-41",
        "purchase_order": "PO 4500-8812",
        "lines": [
            line("Discovery workshop, on site in Hamburg", "2", "DAY", "1280.00", "2560.00"),
            line("Interface design, booking flow", "46.5", "HUR", "112.00", "5208.00"),
            line("Front-end development", "88", "HUR", "118.00", "10384.00"),
            line("Accessibility review (WCAG 2.2 AA)", "12", "HUR", "118.00", "1416.00"),
            line(
                "Licence: photo set “Harbour”, printed use",
                "1",
                "C62",
                "640.00",
                "640.00",
                rate="7",
            ),
            line("Translation DE to EN, 3,200 words", "1", "C62", "544.00", "544.00"),
            line("Managed hosting, November 2026", "1", "MON", "89.00", "89.00"),
            line("User tests, five sessions", "5", "C62", "320.00", "1600.00"),
            line("Travel, Berlin to Hamburg and back", "578", "KMT", "0.42", "242.76"),
            line("Project lead", "16", "HUR", "126.00", "2016.00"),
        ],
        "totals": sums("24699.76", "4616.15", "29315.91"),
        "tax_groups": [group("19", "24059.76", "4571.35"), group("7", "640.00", "44.80")],
        "instalments": [{"due_date": "2026-12-06", "amount": "29315.91"}],
    }


def _german_lines() -> list[Resource]:
    steps = [
        {"description": "0–1.000 Aufrufe", "quantity": "1000", "price": "0.020", "amount": "20.00"},
        {"description": "ab 1.001", "quantity": "500", "price": "0.015", "amount": "7.50"},
    ]
    kit = line("Konferenzpaket", "1", "SET", "0", "350.00")
    del kit["price"]
    kit["children"] = [
        line("Mikrofon", "2", "C62", "100.00", "200.00", rate="19"),
        line("Lautsprecher mit Stativ", "1", "C62", "150.00", "150.00", rate="19"),
    ]
    return [
        {"kind": "heading", "description": "Technik"},
        kit,
        line(
            "Schnittstelle, nach Verbrauch",
            "1500",
            "C62",
            "0.0183333",
            "27.50",
            breakdown=steps,
            service_period={"start": "2026-10-01", "end": "2026-10-31"},
            item={
                "seller_id": "API-1",
                "standard_id": {"id": "4012345678901", "scheme": "0160"},
            },
        ),
        {"kind": "subtotal", "description": "Zwischensumme Technik", "net": "377.50"},
        {"kind": "heading", "description": "Arbeit"},
        line(
            "Aufbau und Einweisung",
            "2.50",
            "DAY",
            "800",
            "1800.00",
            subtotal="2000.00",
            details="Zwei Personen, mit Anfahrt.\nProtokoll vom 20. November liegt bei.",
            discounts=[{"percent": "10", "base": "2000.00", "amount": "200.00"}],
        ),
        {
            "kind": "text",
            "description": "Die Einweisung wird im Januar wiederholt, ohne Berechnung.",
        },
    ]


def _german_money() -> Resource:
    """Totals, and how they are to be paid."""
    return {
        "totals": sums("2177.50", "397.79", "2491.41")
        | {"discounts": "108.88", "charges": "25.00", "net": "2093.62"}
        | {"prepaid": "500.00", "payable": "1991.41", "due": "1991.41"},
        "tax_groups": [group("19", "2093.62", "397.79")],
        "payment_terms": {
            "kind": "instalments",
            "instalments": [{"percent": "50", "days": 14}, {"percent": "50", "days": 44}],
            "discounts": [
                {"percent": "2", "days": 7, "amount": "39.83", "payable": "1951.58"},
            ],
        },
        "instalments": [
            {"due_date": "2026-12-06", "amount": "995.71"},
            {"due_date": "2027-01-05", "amount": "995.70"},
        ],
    }


def german() -> Resource:
    """German, with children, texts, headings, discounts, references and early payment."""
    return hosted() | {
        "number": "RE-2026-00077",
        "language": "de",
        "buyer": BUYER
        | {"vat_id": "DE811128135", "legal_name": "Elbkontor Reederei GmbH & Co. KG"},
        "recipient": {"name": "Elbkontor Buchhaltung", "address": BUYER["address"]},
        "ship_to": {
            "name": "Lager Süd",
            "address": {
                "line1": "Ringstraße 9",
                "postal_code": "8010",
                "city": "Graz",
                "country": "AT",
            },
        },
        "buyer_reference": "Frau Petersen, Projekt Hafen",
        "contract": "RV-2025-3",
        "project": "P-77",
        "service_period": {"start": "2026-11-03", "end": "2026-11-20"},
        "lines": _german_lines(),
        "discounts": [
            {"percent": "5", "base": "2177.50", "amount": "108.88", "reason": "Stammkunde"}
        ],
        "charges": [{"amount": "25.00", "reason": "Versand"}],
        **_german_money(),
        "notes": "Vielen Dank für Ihren Auftrag.\nEs gelten unsere Geschäftsbedingungen.",
        "footer": "Gerichtsstand ist Hamburg.",
    }


def long_table(count: int = 120) -> Resource:
    """Many lines over many pages, some of them long, one of a word that no column holds."""
    items = [
        line(f"Position {number}: Transport", "1", "C62", "10.01", "10.01")
        for number in range(1, count + 1)
    ]
    if count > 7:
        items[2]["details"] = "Abholung in Hamburg, Zustellung in Kiel. " * 8
        items[5]["description"] = "X" * 30 + "https://example.org/" + "a1b2c3d4" * 16
    net = Decimal("10.01") * count
    tax = (net * 19 / 100).quantize(Decimal("0.01"))
    return hosted() | {
        "number": "2026-1414",
        "lines": items,
        "totals": sums(str(net), str(tax), str(net + tax)),
        "tax_groups": [group("19", str(net), str(tax))],
        "instalments": [{"due_date": "2026-12-06", "amount": str(net + tax)}],
    }


def telling() -> Resource:
    """All that may stand beside the lines: notes, how it is collected, what is attached."""
    return hosted() | {
        "seller": SELLER | {"legal_information": "Share capital 25,000 EUR"},
        "further_notes": [{"text": "Export licence 7", "subject": "ABC"}, {"text": "Two\nlines"}],
        "payment_means": {
            "code": "59",
            "text": "SEPA direct debit",
            "direct_debit": {"mandate": "M-1", "creditor": "DE98ZZZ09999999999", "account": "X9"},
        },
        "attachments": [{"id": "A-1", "description": "Timesheet", "filename": "hours.csv"}],
    }


def credit_note() -> Resource:
    """A German credit note that names its original."""
    return hosted() | {
        "type": "credit_note",
        "number": "GS-2026-0004",
        "language": "de",
        "credits": "inv_01",
        "preceding": [{"number": "2026-1413", "issue_date": "2026-11-22"}],
        "issue_date": "2026-11-23",
        "due_date": None,
        "payment_terms": None,
        "lines": [line("Projektleitung, nicht erbracht", "4", "HUR", "126.00", "504.00")],
        "totals": sums("504.00", "95.76", "599.76"),
        "tax_groups": [group("19", "504.00", "95.76")],
        "instalments": [],
    }


def draft() -> Resource:
    """A draft as poor as a draft can be."""
    return {
        "type": "invoice",
        "status": "draft",
        "number": None,
        "currency": "EUR",
        "language": "en",
        "seller": {"name": "Kontor Nord GmbH"},
        "buyer": {"name": "Somebody"},
        "issue_date": None,
        "lines": [line("Something", "1", "C62", "10", "10.00")],
        "totals": sums("10.00", "1.90", "11.90"),
        "tax_groups": [group("19", "10.00", "1.90")],
        "created_at": "2026-11-22T10:11:12Z",
    }


def inclusive() -> Resource:
    """Prices with VAT in them, for a consumer."""
    return hosted() | {
        "number": "2026-2001",
        "prices_include_tax": True,
        "buyer": {"kind": "consumer", "name": "Zoë Kowalska", "address": BUYER["address"]},
        "buyer_reference": None,
        "purchase_order": None,
        "lines": [
            line("Desk lamp, brass", "2", "C62", "119.00", "200.00", gross="238.00"),
            line("Book “Harbours”", "1", "C62", "21.40", "20.00", rate="7", gross="21.40"),
        ],
        "totals": sums("220.00", "39.40", "259.40"),
        "tax_groups": [group("19", "200.00", "38.00"), group("7", "20.00", "1.40")],
        "instalments": [{"due_date": "2026-12-06", "amount": "259.40"}],
    }


def exempt() -> Resource:
    """Groups without tax, with their reasons; tax kept back by the buyer."""
    abroad = {
        "line1": "Herengracht 1",
        "postal_code": "1015 BA",
        "city": "Amsterdam",
        "country": "NL",
    }

    def untaxed(category: str) -> list[Resource]:
        return [{"regime": "vat", "category": category, "rate": "0"}]

    return hosted() | {
        "number": "2026-2002",
        "buyer": {"name": "Kade Logistiek B.V.", "address": abroad, "vat_id": "NL123456789B01"},
        "lines": [
            line("Course for port pilots", "3", "DAY", "400.00", "1200.00", taxes=untaxed("E")),
            line("Consulting", "10", "HUR", "90.00", "900.00", taxes=untaxed("AE")),
        ],
        "totals": sums("2100.00", "0.00", "2100.00") | {"withheld": "315.00", "due": "1785.00"},
        "tax_groups": [
            group(
                "0",
                "1200.00",
                "0.00",
                "E",
                reason="Vocational training",
                reason_code="VATEX-EU-132",
            ),
            group("0", "900.00", "0.00", "AE", reason="Reverse charge"),
            group("15", "2100.00", "315.00", "WHT", regime="withholding"),
        ],
        "instalments": [{"due_date": "2026-12-06", "amount": "1785.00"}],
    }


def dinars() -> Resource:
    """A currency with three decimals, profile `plain`: no column of VAT, no SEPA code."""
    return hosted() | {
        "number": "2026-2003",
        "currency": "KWD",
        "profile": "plain",
        "lines": [line("Harbour survey", "1.250", "DAY", "310.5", "388.125", taxes=[])],
        "totals": sums("388.125", "0.000", "388.125"),
        "tax_groups": [],
        "instalments": [{"due_date": "2026-12-06", "amount": "388.125"}],
    }


def proforma() -> Resource:
    """A proforma."""
    return hosted() | {"type": "proforma", "number": "PF-12", "mode": "test"}


def with_logo() -> Resource:
    """The hosted invoice under a PNG logo."""
    return hosted() | {"seller": SELLER | {"logo": base64.b64encode(png(120, 40)).decode()}}


def png(width: int, height: int) -> bytes:
    """A dark green rectangle."""

    def chunk(tag: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))

    pixels = (b"\0" + b"\x0f\x5b\x4b" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )
