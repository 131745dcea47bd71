"""Mistakes in an item of a batch: each is told by the field it is in, and spoils no other item."""

from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.api.operating import batch_item
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError, Invalid
from tests.world import draft_body, line

CALLER = Caller(UUID(int=1), "user:a", UUID(int=2))
LONG = "x" * 10_001


def with_line(**wrong: Any) -> dict[str, Any]:
    """A draft whose second line has something wrong."""
    return draft_body(line("1.00"), {**line("1.00"), **wrong})


OF_THE_ITEM: list[tuple[Any, str, str]] = [
    (None, "", "model_type"),
    (7, "", "model_type"),
    (1.5, "", "model_type"),
    ("x", "", "model_type"),
    ([], "", "model_type"),
    (True, "", "model_type"),
    (draft_body(finalize="yes"), "/finalize", "bool_type"),
    (draft_body(finalize=1), "/finalize", "bool_type"),
    (draft_body(finalize=None), "/finalize", "bool_type"),
    # A batch is done at once: waiting is for single drafts.
    (draft_body(finalize_at="2199-01-01T00:00:00Z"), "/finalize_at", "unknown_field"),
    (draft_body(series="x"), "/series", "malformed_id"),
    (draft_body(series=7), "/series", "malformed_id"),
    (draft_body(series="inv_00000000000000000000000001"), "/series", "malformed_id"),
    (draft_body(legal_entity="x"), "/legal_entity", "malformed_id"),
    (draft_body(key=""), "/key", "string_too_short"),
    (draft_body(key=LONG), "/key", "string_too_long"),
    (draft_body(key=7), "/key", "string_type"),
    (draft_body(key="a\x00b"), "/key", "string_pattern_mismatch"),
]
OF_THE_DOCUMENT: list[tuple[Any, str, str]] = [
    (draft_body(external_id=""), "/external_id", "string_too_short"),
    (draft_body(external_id=1), "/external_id", "string_type"),
    (draft_body(type="bill"), "/type", "literal_error"),
    (draft_body(currency="EURO"), "/currency", "string_pattern_mismatch"),
    (draft_body(currency="eur"), "/currency", "string_pattern_mismatch"),
    (draft_body(issue_date="2026-02-30"), "/issue_date", "date_from_datetime_parsing"),
    (draft_body(issue_date="tomorrow"), "/issue_date", "day"),
    (draft_body(issue_date=20260101), "/issue_date", "day"),
    (draft_body(supply_date="26-01-01"), "/supply_date", "day"),
    (draft_body(due_date=""), "/due_date", "day"),
    (draft_body(payment_terms={"kind": "never"}), "/payment_terms/kind", "literal_error"),
    (
        draft_body(payment_terms={"kind": "net", "days": -1}),
        "/payment_terms/days",
        "greater_than_equal",
    ),
    (draft_body(prepaid="-"), "/prepaid", "decimal_string"),
    (draft_body(prepaid=1.5), "/prepaid", "decimal_string"),
    (draft_body(prices_include_tax="no"), "/prices_include_tax", "bool_type"),
    (draft_body(payable_rounding="x"), "/payable_rounding", "decimal_string"),
    (draft_body(cash_unit="0"), "/cash_unit", "greater_than"),
    (draft_body(metadata=[]), "/metadata", "dict_type"),
    (draft_body(metadata={"a": 1}), "/metadata/a", "string_type"),
    (draft_body(metadata={"a": "x" * 501}), "/metadata/a", "string_too_long"),
    (draft_body(metadata={str(at): "x" for at in range(51)}), "/metadata", "too_long"),
    (draft_body(notes=LONG), "/notes", "string_too_long"),
    (draft_body(tax_point_code="1"), "/tax_point_code", "literal_error"),
    (draft_body(buyer="me"), "/buyer", "model_type"),
    (draft_body(buyer={}), "/buyer/name", "required"),
    (draft_body(buyer={"name": ""}), "/buyer/name", "string_too_short"),
    (draft_body(buyer={"name": "A", "vat_id": 7}), "/buyer/vat_id", "string_type"),
    (draft_body(buyer={"name": "A", "nickname": "B"}), "/buyer/nickname", "unknown_field"),
    (
        draft_body(buyer={"name": "A", "address": {"country": "Germany"}}),
        "/buyer/address/country",
        "string_pattern_mismatch",
    ),
    (draft_body(preceding=[{}]), "/preceding/0/number", "required"),
    (draft_body(preceding=[{}] * 101), "/preceding", "too_long"),
    (draft_body(charges=[{"amount": 1}]), "/charges/0/amount", "decimal_string"),
    (draft_body(attachments=[{}]), "/attachments/0/id", "required"),
    (draft_body(attachments=[{}] * 21), "/attachments", "too_long"),
    (draft_body(Notes="x"), "/Notes", "unknown_field"),
]
OF_A_LINE: list[tuple[Any, str, str]] = [
    (draft_body(lines={}), "/lines", "list_type"),
    (draft_body(lines=["x"]), "/lines/0", "model_type"),
    (with_line(price="1,00"), "/lines/1/price", "decimal_string"),
    (with_line(price=""), "/lines/1/price", "decimal_string"),
    (with_line(price="NaN"), "/lines/1/price", "decimal_string"),
    (with_line(price="1e3"), "/lines/1/price", "decimal_string"),
    (with_line(price="9" * 40), "/lines/1/price", "decimal_string"),
    (with_line(quantity=1), "/lines/1/quantity", "decimal_string"),
    (with_line(quantity="Infinity"), "/lines/1/quantity", "decimal_string"),
    (with_line(description=""), "/lines/1/description", "string_too_short"),
    (with_line(unit="furlong"), "/lines/1/unit", "unknown_unit"),
    (with_line(unit=""), "/lines/1/unit", "string_too_short"),
    (with_line(taxes="S"), "/lines/1/taxes", "list_type"),
    (with_line(taxes=[{}]), "/lines/1/taxes/0/category", "required"),
    (
        with_line(taxes=[{"category": "S", "rate": "-1"}]),
        "/lines/1/taxes/0/rate",
        "greater_than_equal",
    ),
    (with_line(taxes=[{"category": "S", "rate": 19}]), "/lines/1/taxes/0/rate", "decimal_string"),
    (with_line(color="red"), "/lines/1/color", "unknown_field"),
    (with_line(kind="joke"), "/lines/1/kind", "enum"),
]
MISTAKES = [*OF_THE_ITEM, *OF_THE_DOCUMENT, *OF_A_LINE]


@pytest.mark.parametrize(("raw", "pointer", "code"), MISTAKES)
def test_a_mistake_is_told_by_its_field(raw: Any, pointer: str, code: str) -> None:
    refused = batch_item(raw, CALLER).wanted
    assert isinstance(refused, Invalid)
    assert [(each.pointer, each.code) for each in refused.problems] == [(pointer, code)]


@pytest.mark.parametrize(("raw", "pointer", "code"), OF_A_LINE[2:] + OF_THE_DOCUMENT)
def test_a_mistake_leaves_no_key_behind(raw: dict[str, Any], pointer: str, code: str) -> None:
    """What cannot be read is remembered under no key, so it may be mended and sent again."""
    item = batch_item({**raw, "key": "k"}, CALLER)
    assert isinstance(item.wanted, DomainError)
    assert item.key is None


def test_two_mistakes_are_told_at_once() -> None:
    raw = draft_body({**line("1.00"), "price": 1, "unit": ""}, notes=LONG, typo=1)
    refused = batch_item(raw, CALLER).wanted
    assert isinstance(refused, Invalid)
    assert {each.pointer for each in refused.problems} == {
        "/lines/0/price",
        "/lines/0/unit",
        "/notes",
        "/typo",
    }
