"""What Peppol refuses is named before, by the field of our API and the rule."""

from typing import Any

import pytest

from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.domain.einvoice.e_invoice_needs import missing
from tests.unit.invoicing.einvoice.mapping.issuing import issued, item

_SCHEMES = {"DK": ("0184", "DK13585628"), "NL": ("0106", "12345678"), "IS": ("0196", "5802696519")}
_VAT = {"DE": "DE136695976", "NO": "NO923609016MVA", "SE": "SE556036079301", "GR": "EL123456789"}


def party(country: str, **more: Any) -> dict[str, Any]:
    """One that has all that its country asks for."""
    address = {"line1": "High Street 1", "city": "Town", "postal_code": "1000", "country": country}
    contact = {"name": "Mia", "phone": "+49 40 12345", "email": "mia@example.org"}
    scheme, number = _SCHEMES.get(country, ("0088", "4012345000009"))
    return {
        "name": "Party",
        "address": address,
        "contact": contact,
        "endpoint": {"id": "4012345000009", "scheme": "0088"},
        "registration": {"id": number, "scheme": scheme},
    } | more


def rules(
    *lines: dict[str, Any],
    of: str = "DE",
    to: str = "FR",
    seller: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, str]:
    """What Peppol is said to refuse: pointer and detail."""
    register = [{"country": of, "vat_id": _VAT.get(of, f"{of}123456789")}]
    stated = issued(
        *lines,
        seller={"party": party(of), "registrations": register, **(seller or {})},
        **{"buyer": party(to), "buyer_reference": "REF", **more},
    )
    found = missing(stated.content, stated.totals, stated.seller, FORMATS["peppol"])
    return {each.pointer: each.detail for each in found}


@pytest.mark.parametrize("of", ["DE", "FR", "DK", "NL", "IS", "SE", "NO", "IT"])
def test_who_has_what_the_country_asks_for_is_let_through(of: str) -> None:
    taxed = item(taxes=[{"category": "S", "rate": "25"}])
    assert rules(taxed, of=of, to="FR") == {}


def without(country: str, *names: str, **more: Any) -> dict[str, Any]:
    """A party that lacks parts of its address."""
    stated = party(country, **more)
    return {**stated, "address": {k: v for k, v in stated["address"].items() if k not in names}}


DEBIT = {"creditor": "DE98ZZZ09999999999", "account": "DE02120300000000202051"}


def alone(of: str, **registration: Any) -> dict[str, Any]:
    """A seller of a country with this registration only."""
    return {"of": of, "seller": {"registrations": [{"country": of, **registration}]}}


def paid(of: str, to: str, code: str) -> dict[str, Any]:
    return {"of": of, "to": to, "payment_means": {"code": code}}


_EM = {"id": "a", "scheme": "EM"}
_GLN = {"id": "1", "scheme": "0088"}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("/type_code", "P0100", {"type_code": "389"}),
    ("/type_code", "P0112", {"type_code": "384"}),
    ("/type_code", "P0101", {"type": "credit_note", "type_code": "261"}),
    (
        "/payment_means/direct_debit/mandate",
        "R061",
        {"payment_means": {"code": "59", "direct_debit": DEBIT}},
    ),
    ("/buyer/endpoint/scheme", "CL008", {"buyer": party("FR", endpoint=_EM)}),
    (
        "/buyer/endpoint/id",
        "Belgian",
        {"buyer": party("BE", endpoint={"id": "0403170702", "scheme": "0208"})},
    ),
    ("/tax_currency/currency", "R005", {"tax_currency": {"currency": "EUR", "rate": "1"}}),
    ("/preceding", "NL-R-001", {"of": "NL", "type": "credit_note"}),
    (
        "/seller/address/line1",
        "NL-R-002",
        {"of": "NL", "seller": {"party": without("NL", "line1")}},
    ),
    (
        "/seller/registration/scheme",
        "NL-R-003",
        {"of": "NL", "seller": {"party": party("NL", registration=_GLN)}},
    ),
    ("/buyer/address/city", "NL-R-004", {"of": "NL", "buyer": without("NL", "city")}),
    ("/seller/bank_accounts", "NL-R-007", {"of": "NL", "seller": {"bank_accounts": []}}),
    ("/payment_means/code", "NL-R-008", paid("NL", "FR", "31")),
    (
        "/seller/registration",
        "DK-R-002",
        {"of": "DK", "seller": {"party": party("DK", registration=None)}},
    ),
    ("/payment_means/code", "DK-R-005", paid("DK", "DK", "30")),
    ("/seller/bank_accounts", "DK-R-006", paid("DK", "DK", "42")),
    ("/payment_means/remittance", "DK-R-010", paid("DK", "DK", "93")),
    ("/buyer/registration", "IS-R-004", {"of": "IS", "buyer": party("IS", registration=None)}),
    ("/seller/bank_accounts", "IS-R-006", paid("IS", "FR", "42")),
    ("/seller/registrations", "SE-R-001", alone("SE", vat_id="SE556036079")),
    ("/seller/registrations", "NO-R-001", alone("NO", vat_id="NO923609016")),
    ("/seller/registrations", "IT-R-001", alone("IT", tax_number="RSS-1")),
    ("/seller/address/country", "GR-R-001", {"of": "GR"}),
]


@pytest.mark.parametrize("pointer,rule,more", CASES, ids=[f"{at} {of}" for at, of, _ in CASES])
def test_what_a_rule_refuses_names_the_field(pointer: str, rule: str, more: dict[str, Any]) -> None:
    assert rule in rules(**more)[pointer]


def test_the_lines_of_dutch_and_swedish_sellers() -> None:
    assert "NL-R-009" in rules(item(order_line="3"), of="NL")["/purchase_order"]
    assert "/purchase_order" not in rules(item(order_line="3"), of="NL", sales_order="S")
    assert "SE-R-006" in rules(item(), of="SE")["/lines/0/taxes/0/rate"]


def test_a_period_of_a_line_lies_within_that_of_the_document() -> None:
    october = {"start": "2026-10-01", "end": "2026-10-31"}
    line = item(service_period={"start": "2026-09-30", "end": "2026-11-01"})
    found = rules(line, service_period=october)
    assert "R110" in found["/lines/0/service_period/start"]
    assert "R111" in found["/lines/0/service_period/end"]
    assert rules(item(service_period=october), service_period=october) == {}
    assert rules(line) == {}


def test_a_reason_of_another_category_is_refused() -> None:
    exempt = {"category": "E", "rate": "0", "reason_code": "vatex-eu-ae"}
    found = rules(item(taxes=[exempt]))
    assert found == {
        "/lines/0/taxes/0/reason_code": "VATEX-EU-AE is a reason of category AE"
        " (PEPPOL-EN16931-P0104 to P0111)."
    }


def test_between_two_germans_peppol_asks_what_xrechnung_asks() -> None:
    assert rules(to="DE") == {}
    found = rules(
        to="DE",
        seller={"party": party("DE", contact=None)},
        buyer_reference=None,
        purchase_order="PO",
        type_code="384",
    )
    assert set(found) == {
        "/buyer_reference",
        "/preceding",
        *(f"/seller/contact/{each}" for each in ("name", "phone", "email")),
    }
