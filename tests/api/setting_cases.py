"""Documents that cannot be issued, legal entities and series that cannot be set up."""

import base64
from typing import Any

from tests.api.draft_cases import EXEMPT, kit, taxed
from tests.api.problem_sources import Case
from tests.world import BUYER, SELLER, line

REVERSE = {"category": "AE", "rate": "0", "reason_code": "VATEX-EU-AE"}
WITHIN = {"category": "K", "rate": "0", "reason_code": "VATEX-EU-IC"}
PRIVATE = {name: BUYER[name] for name in ("name", "address")}
NO_SCHEME = {"id": "mia@example.org"}
BIG_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(200_000)).decode()


def _issue(
    module: str, name: str, *said: tuple[str, str], entity: str = "usual", **body: Any
) -> Case:
    """A document that can be drafted, not issued."""
    codes = tuple(f"{module}: {code}" for _, code in said)
    return Case(name=name, codes=codes, said=said, body=body, entity=entity, finalizing=True)


ISSUING = [
    _issue("check", "no line", ("/lines", "document_empty"), lines=[]),
    _issue(
        "check",
        "words only",
        ("/lines", "document_empty"),
        lines=[{"kind": "text", "description": "Hello"}],
    ),
    _issue(
        "check",
        "lines without words",
        ("/lines/0/description", "description_missing"),
        ("/lines/1/children/0/description", "description_missing"),
        ("/lines/2/description", "description_missing"),
        lines=[
            line("1.00", description=None),
            kit(children=[line("1.00", description=" ")]),
            {"kind": "heading"},
        ],
    ),
    _issue(
        "check",
        "goods to another member state",
        ("/supply_date", "delivery_date_missing"),
        ("/ship_to/address/country", "delivery_country_missing"),
        lines=[taxed(WITHIN)],
    ),
    _issue("check", "no terms", ("/payment_terms", "payment_terms_missing"), payment_terms=None),
    _issue(
        "check_parties",
        "no buyer",
        ("/buyer/name", "name_missing"),
        ("/buyer/address/country", "country_missing"),
        buyer=None,
    ),
    _issue("check_parties", "a blank payee", ("/payee/name", "name_missing"), payee={"name": " "}),
    _issue(
        "check_parties",
        "a representative without a place or number",
        ("/tax_representative/address/country", "country_missing"),
        ("/tax_representative/vat_id", "vat_id_missing"),
        tax_representative={"name": "Steuerhaus"},
    ),
    _issue(
        "check_parties",
        "a delivery to nowhere",
        ("/ship_to/address/country", "country_missing"),
        ship_to={"name": "Lager"},
    ),
    _issue(
        "check_parties",
        "electronic addresses without a scheme",
        ("/buyer/endpoint/scheme", "scheme_missing"),
        ("/recipient/endpoint/scheme", "scheme_missing"),
        buyer={**BUYER, "endpoint": NO_SCHEME},
        recipient={"name": "Accounts", "endpoint": NO_SCHEME},
    ),
    _issue(
        "check_parties",
        "reverse charge without the buyer's number",
        ("/buyer/vat_id", "vat_id_missing"),
        buyer=PRIVATE,
        lines=[taxed(REVERSE)],
    ),
    _issue(
        "check_parties",
        "a buyer's number that does not begin with a country",
        ("/buyer/vat_id", "vat_id_without_country"),
        buyer={**BUYER, "vat_id": "129273398"},
    ),
    _issue(
        "check_parties",
        "supply within the community without the buyer's number",
        ("/buyer/vat_id", "vat_id_missing"),
        buyer=PRIVATE,
        lines=[taxed(WITHIN)],
        supply_date="2026-11-01",
        ship_to=PRIVATE,
    ),
    _issue(
        "check_parties",
        "a payee who is the seller",
        ("/payee", "payee_is_seller"),
        payee={"name": SELLER["name"]},
    ),
    _issue(
        "check_parties",
        "a seller without any number",
        ("/seller/vat_id", "seller_id_missing"),
        ("/seller/vat_id", "vat_id_missing"),
        entity="unnumbered",
        lines=[taxed(EXEMPT)],
    ),
    _issue(
        "accounts",
        "an exemption that the chart has no account for",
        ("/lines/0/children/0/ledger_account", "account_missing"),
        entity="booked",
        lines=[kit(children=[taxed(EXEMPT)])],
    ),
    _issue(
        "accounts",
        "an account of letters and a key of five digits",
        ("/lines/0/ledger_account", "ledger_account_malformed"),
        ("/lines/0/tax_key", "tax_key_malformed"),
        entity="booked",
        lines=[line("1.00", ledger_account="84OO", tax_key="12345")],
    ),
    _issue(
        "accounts",
        "a cost centre that the books cannot hold",
        ("/lines/0/dimensions/a~1b", "cost_malformed"),
        entity="booked",
        lines=[line("1.00", dimensions={"a/b": "Süd!"})],
    ),
]


def _entity(name: str, pointer: str, code: str, module: str = "", /, **body: Any) -> Case:
    codes = (f"{module or 'legal_entity_details'}: {code}",)
    return Case(name=name, codes=codes, said=((pointer, code),), body={**SELLER, **body})


def _account(name: str, field: str, code: str, /, **account: Any) -> Case:
    accounts = [SELLER["bank_accounts"][0], {"currency": "CHF", **account}]
    return _entity(name, f"/bank_accounts/1/{field}", code, "bank", bank_accounts=accounts)


def _registered(name: str, pointer: str, code: str, /, **second: Any) -> Case:
    registrations = [SELLER["registrations"][0], second]
    return _entity(name, f"/registrations/1/{pointer}", code, registrations=registrations)


def _booked(name: str, pointer: str, code: str, /, *rows: dict[str, Any], **more: Any) -> Case:
    sound = {"purpose": "revenue", "account": "8400"}
    books = {"overrides": [{**sound, **row} for row in rows], **more}
    return _entity(name, f"/accounting{pointer}", code, "accounting", accounting=books)


ENTITIES = [
    _booked("a chart that nobody ships", "/chart", "chart_unknown", chart="SKR99"),
    _booked(
        "an account of ten digits",
        "/overrides/1/account",
        "account_malformed",
        {"rate": "19"},
        {"account": "1234567890"},
    ),
    _booked("a tax key of letters", "/overrides/0/tax_key", "tax_key_malformed", {"tax_key": "A1"}),
    _booked(
        "an account for a country nobody knows",
        "/overrides/0/country",
        "country_unknown",
        {"country": "XX"},
    ),
    _booked(
        "an account that ends before it begins",
        "/overrides/0/valid_until",
        "validity_reversed",
        {"valid_from": "2026-02-01", "valid_until": "2026-01-31"},
    ),
    _booked(
        "two accounts for the same",
        "/overrides/2",
        "account_rows_overlap",
        {"rate": "19"},
        {"rate": "7"},
        {"rate": "19", "account": "8401"},
    ),
    _entity("a zone nobody knows", "/time_zone", "unknown_zone", time_zone="Europe/Hamburg"),
    _entity("a zone of the machine", "/time_zone", "unknown_zone", time_zone="localtime"),
    _entity("a currency nobody knows", "/currency", "unknown_currency", currency="ZZZ"),
    _entity("a language twice", "/languages", "languages_malformed", languages=["de", "de"]),
    _entity("e-invoices by line", "/rounding", "not_representable", rounding="per_line"),
    _entity(
        "e-invoices of who rounds by line",
        "/e_invoicing/default_format",
        "not_representable",
        default_profile="plain",
        rounding="per_line",
        e_invoicing={"default_format": "ubl"},
    ),
    _entity("a blank title", "/titles/invoice", "title_malformed", titles={"invoice": " "}),
    _entity(
        "taxes of a country nobody knows",
        "/exchange_rate_sources/tax/QQ",
        "country_unknown",
        "rate_sources",
        exchange_rate_sources={"tax": {"QQ": "ecb"}},
    ),
    _entity(
        "a channel named twice",
        "/transmission_channels/1/channel",
        "channel_twice",
        transmission_channels=[{"channel": "folder", "format": form} for form in ("ubl", "pdf")],
    ),
    _entity("a blank name", "/name", "name_malformed", name=" "),
    _entity("a blank director", "/directors/1", "name_malformed", directors=["Jo", " "]),
    _entity(
        "a country nobody knows", "/address/country", "country_unknown", address={"country": "XX"}
    ),
    _registered("registered nowhere", "country", "country_unknown", country="XX", vat_id="XX1"),
    _registered(
        "a number of elsewhere", "vat_id", "vat_id_without_country", country="AT", vat_id="12345675"
    ),
    _registered("without a number", "vat_id", "registration_empty", country="AT", vat_id=None),
    _registered(
        "ended before it began",
        "valid_to",
        "validity_reversed",
        country="AT",
        tax_number="1",
        valid_from="2026-02-01",
        valid_to="2026-01-31",
    ),
    _registered(
        "registered twice",
        "valid_from",
        "registrations_overlap",
        country="DE",
        tax_number="1",
        valid_from="2026-02-01",
    ),
    _entity(
        "a blank endpoint",
        "/endpoint/id",
        "endpoint_empty",
        endpoint={"id": " ", "scheme": "EM"},
    ),
    _entity(
        "an endpoint without a scheme",
        "/endpoint/scheme",
        "endpoint_scheme_missing",
        endpoint=NO_SCHEME,
    ),
    _entity(
        "a logo that is none", "/logo", "logo_malformed", logo="data:image/png;base64,aGVsbG8="
    ),
    _entity("a big logo", "/logo", "logo_too_large", logo=f"data:image/png;base64,{BIG_PNG}"),
    _account(
        "a currency of no country", "currency", "unknown_currency", currency="ZZZ", account="1"
    ),
    _account("an account without a number", "iban", "account_missing"),
    _account("wrong check digits", "iban", "iban_invalid", iban="CH9400762011623852957"),
    _account("an IBAN for QR", "iban", "iban_is_qr_iban", iban="CH4431999123000889012"),
    _account(
        "a QR-IBAN that is none",
        "qr_iban",
        "qr_iban_invalid",
        iban="CH9300762011623852957",
        qr_iban="CH9300762011623852957",
    ),
    _account("no BIC", "bic", "bic_invalid", iban="CH9300762011623852957", bic="COBADE"),
    _entity(
        "terms that make no sense",
        "/payment_terms/instalments",
        "not_100_percent",
        "terms",
        payment_terms={"kind": "instalments", "instalments": [{"percent": "9", "days": 1}]},
    ),
]


def _series(name: str, pointer: str, code: str, module: str = "", /, **body: Any) -> Case:
    whole = {"name": "Second", "pattern": "B{YYYY}-{number}", "types": ["invoice"], **body}
    codes = (f"{module or 'series_definition'}: {code}",)
    return Case(name=name, codes=codes, said=((pointer, code),), body=whole)


PATTERNS = {
    "no number": "B{YYYY}",
    "two numbers": "{YYYY}-{number}-{number}",
    "no year": "B{number}",
    "a field nobody knows": "{YYYY}{DD}-{number}",
    "a sign that no number has": "{YYYY}!{number}",
    "a blank at its end": "{YYYY}-{number} ",
    "more than thirty characters": "{YYYY}-ABCDEFGHIJKLMNOPQRST-{number}",
}
SERIES = [
    *(
        _series(name, "/pattern", "pattern_invalid", "numbering", pattern=pattern)
        for name, pattern in PATTERNS.items()
    ),
    _series("no month", "/pattern", "pattern_invalid", "numbering", reset="monthly"),
    _series("a blank name", "/name", "name_malformed", name=" "),
    _series("a type twice", "/types", "types_malformed", types=["invoice", "invoice"]),
    _series("a proforma among them", "/types", "types_do_not_mix", types=["invoice", "proforma"]),
    _series("a start of 11 digits", "/start", "start_out_of_range", start=10**10),
]
