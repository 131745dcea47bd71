"""What the schema of the edge refuses before the domain, which would refuse it too, sees it.

A case here proves that the domain's own check stays a second net: its code never reaches a caller.
"""

from typing import Any

from tests.api.problem_sources import Case
from tests.world import BUYER, SELLER, line


def _shut(codes: str, pointer: str, code: str, /, **body: Any) -> Case:
    found = tuple(each for each in codes.split(", ") if each)
    return Case(name=f"{pointer} {code}", codes=found, said=((pointer, code),), body=body)


def _item(codes: str, field: str, code: str, **fields: Any) -> Case:
    return _shut(codes, f"/lines/0/{field}", code, lines=[line("1.00", **fields)])


GIVEN = [{"category": "S", "rate": "19", "amount": "19.00"}]
DOCUMENTS = [
    _shut("representable: unknown_group", "/given_taxes", "unknown_field", given_taxes=GIVEN),
    _shut(
        "routes: format_unknown",
        "/buyer/e_invoicing/routes/0/format",
        "literal_error",
        buyer={**BUYER, "e_invoicing": {"routes": [{"format": "edifact"}]}},
    ),
    _item("inputs: not_finite", "quantity", "decimal_string", quantity="NaN"),
    _item("inputs: not_positive", "base_quantity", "greater_than", base_quantity="0"),
    _shut("inputs: not_positive", "/cash_unit", "greater_than", cash_unit="0"),
    _item("inputs: negative", "price_discount", "greater_than_equal", price_discount="-1"),
    _item(
        "inputs: taxes_on_line_adjustment",
        "discounts/0/taxes",
        "unknown_field",
        discounts=[{"amount": "1.00", "taxes": []}],
    ),
    _shut(
        "check: not_positive",
        "/tax_currency/rate",
        "greater_than",
        tax_currency={"currency": "SEK", "rate": "0"},
    ),
    _item("", "supply/triangular", "bool_type", supply={"kind": "goods", "triangular": "yes"}),
    _item("", "supply/kind", "enum", supply={"kind": "triangular"}),
    _shut("check: text_too_long", "/notes", "string_too_long", notes="x" * 10_001),
    _shut("check: text_too_long", "/metadata/key", "string_too_long", metadata={"key": "x" * 501}),
    _shut(
        "check: too_many_keys",
        "/metadata",
        "too_long",
        metadata={f"k{number}": "" for number in range(51)},
    ),
    _shut(
        "check: key_too_long",
        f"/metadata/{'k' * 301}",
        "string_too_long",
        metadata={"k" * 301: ""},
    ),
    _shut(
        "terms: out_of_range",
        "/payment_terms/days",
        "less_than_equal",
        payment_terms={"days": 3661},
    ),
    _shut(
        "terms: out_of_range",
        "/payment_terms/months",
        "less_than_equal",
        payment_terms={"kind": "end_of_month", "months": 121},
    ),
]


def _entity(codes: str, pointer: str, code: str, /, **body: Any) -> Case:
    whole = {name: value for name, value in {**SELLER, **body}.items() if value is not ...}
    return _shut(codes, pointer, code, **whole)


ENTITIES = [
    Case(
        name="a source of rates that is none",
        codes=("rate_sources: rate_source_malformed",),
        said=(("/exchange_rate_sources/book", "string_pattern_mismatch"),),
        body={**SELLER, "exchange_rate_sources": {"book": "E C B"}},
    ),
    _entity(
        "legal_entity_details: language_malformed",
        "/languages/0",
        "string_pattern_mismatch",
        languages=["German"],
    ),
    _entity(
        "legal_entity_details: backdating_days_out_of_range",
        "/backdating_days",
        "less_than_equal",
        backdating_days=36_501,
    ),
    _entity(
        "legal_entity_details: document_type_unknown",
        "/titles/letter",
        "literal_error",
        titles={"letter": "Letter"},
    ),
    _entity(
        "legal_entity_details: tax_engine_malformed",
        "/tax_engine",
        "string_pattern_mismatch",
        tax_engine="https://engine.example.org",
    ),
    _entity(
        "accounting: too_many",
        "/accounting/overrides",
        "too_long",
        accounting={"overrides": [{"purpose": "revenue", "account": "8400"}] * 501},
    ),
    _entity(
        "",
        "/registrations/0/return_period",
        "enum",
        registrations=[{"country": "DE", "vat_id": "DE136695976", "return_period": "fortnight"}],
    ),
    _entity("legal_entity_details: name_missing", "/name", "required", name=...),
    _entity("legal_entity_details: address_missing", "/address", "required", address=...),
    _entity("legal_entity_details: too_many", "/directors", "too_long", directors=["Jo"] * 101),
    _entity(
        "legal_entity_details: logo_malformed",
        "/logo",
        "string_pattern_mismatch",
        logo="https://example.org/logo.png",
    ),
]
SERIES = [
    _shut(
        "series_definition: legal_mismatch",
        "/legal",
        "unknown_field",
        name="B",
        pattern="B{YYYY}-{number}",
        types=["invoice"],
        legal=False,
    ),
]
