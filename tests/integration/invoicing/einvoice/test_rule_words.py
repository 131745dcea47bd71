"""Every rule of the sheets has its business terms; those a user can break have field and words."""

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

import pytest
from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.validation import Resource, Severity, sheets
from invx.contexts.invoicing.adapters.einvoice.validation.explain import (
    explain,
    rule,
    term_field,
    terms_of,
)
from invx.contexts.invoicing.api.schemas.documents import ContentIn
from invx.contexts.invoicing.api.schemas.legal_entities import LegalEntityIn

SYNTAX = re.compile(r"^(UBL-(CR|SR|DT)|CII-(SR|DT)|FX-SCH)-")
PACKAGE = "invx.contexts.invoicing.adapters.einvoice.validation"


@cache
def texts(name: str) -> dict[str, str]:
    """The official text per rule of a sheet."""
    sheet = sheets.sheet(name)
    assert sheet is not None
    found = {}
    for element in etree.parse(str(sheet.path)).iter():
        if isinstance(element.tag, str) and element.tag.endswith(
            ("}failed-assert", "}successful-report")
        ):
            id = element.get("id") or next(
                ("".join(each.itertext()).strip() for each in element if each.get("name") == "id"),
                "",
            )
            found[id] = " ".join(
                "".join(element.xpath(".//*[local-name()='text']//text()")).split()
            )
    return found


def table(name: str) -> Any:
    return tomllib.loads((resources.files(PACKAGE) / name).read_text("utf-8"))


@pytest.mark.parametrize("name", ["en16931-ubl", "en16931-cii"])
def test_every_business_rule_of_the_core_names_its_terms(name: str) -> None:
    rules = texts(name)
    assert len(rules) > 800
    business = {id: text for id, text in rules.items() if not SYNTAX.match(id)}
    assert len(business) > 200
    assert [id for id, text in business.items() if not terms_of(id, text)] == []


@pytest.mark.parametrize("name", ["xrechnung-ubl", "xrechnung-cii"])
def test_the_rules_of_germany_are_told_in_english(name: str) -> None:
    german = {id for id in texts(name) if re.fullmatch(r"BR-DE-\d+(-a)?", id)}
    untold = {id for id in german if not rule(id).get("words")}
    assert untold <= {"BR-DE-22", "BR-DE-24-a", "BR-DE-25-a"}  # what our API cannot say
    assert len(german) > 25


def test_rules_that_are_told_by_hand_exist() -> None:
    official = {id for name in sheets.NAMES[:-1] for id in texts(name)}
    elsewhere = {"PEPPOL-EN16931-R003"}  # of Peppol only
    assert set(table("rules.toml")["rules"]) - official == elsewhere


def test_at_least_eighty_rules_lead_to_a_field() -> None:
    led = [id for id, told in table("rules.toml")["rules"].items() if told.get("field")]
    assert len(led) >= 80


def test_categories_are_told_one_by_one() -> None:
    told = {
        id: rule(id) for id in texts("en16931-ubl") if re.match(r"BR-(S|Z|E|AE|IC|G|O|A[FG])-", id)
    }
    assert len(told) >= 90
    assert all(each.get("words") for each in told.values())
    assert "{" not in "".join(each["words"] for each in told.values())
    assert "K (intra-community supply)" in rule("BR-IC-10")["words"]


def _fields() -> set[str]:
    rules = table("rules.toml")
    told = [*rules["rules"].values(), *rules["category"].values()]
    return {each["field"] for each in told if each.get("field")} | set(
        table("terms.toml")["terms"].values()
    )


@pytest.mark.parametrize("field", sorted(_fields()))
def test_every_field_exists_in_our_api(field: str) -> None:
    parties = ("seller", "buyer", "payee", "tax_representative") if "{party}" in field else ("",)
    for party in parties:
        for any_of in ("/discounts/0", "/lines/0/charges/0") if "{any}" in field else ("",):
            pointer = field.replace("{party}", party).replace("/{any}", any_of)
            pointer = re.sub(r"\{\w+\}", "0", pointer)
            assert _leads_somewhere(pointer), pointer


def _leads_somewhere(pointer: str) -> bool:
    model: Any = ContentIn
    if pointer == "/status":
        return True  # of the resource that goes out
    if pointer.startswith("/seller"):
        model, pointer = LegalEntityIn, pointer.removeprefix("/seller")
        pointer = pointer.replace("/vat_id", "/registrations")
    schema = model.model_json_schema()
    node: Any = schema
    for step in pointer.split("/")[1:]:
        node = _resolved(node, schema)
        node = node.get("items") if step.isdecimal() else node.get("properties", {}).get(step)
        if node is None:
            return False
    return True


def _resolved(node: Any, schema: Any) -> Any:
    for option in node.get("anyOf", []):
        if option.get("type") != "null":
            return _resolved(option, schema)
    if "$ref" in node:
        return _resolved(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    return node


def raw(id: str, text: str = "", **place: Any) -> dict[str, Any]:
    return {
        "rule": id,
        "text": text,
        "severity": "fatal",
        "location": "/",
        "source": "x",
        "place": place,
    }


def test_a_rule_without_words_speaks_with_its_own_text_and_terms() -> None:
    found = explain(raw("BR-X-1", "[BR-X-1]-The Deliver to city (BT-77) shall be there (BG-15)."))
    assert found.words == found.text == "The Deliver to city (BT-77) shall be there (BG-15)."
    assert found.terms == ("BT-77", "BG-15")
    assert found.field == "/ship_to/address/city"
    assert found.severity is Severity.FATAL


def test_a_field_whose_place_is_not_known_is_not_guessed() -> None:
    text = "Item net price (BT-146) of the seller (BT-27)"
    assert explain(raw("BR-X-1", text, line=3)).field == "/lines/3/price"
    found = explain(raw("BR-X-1", text))
    assert (found.field, found.resource) == ("/legal_name", Resource.LEGAL_ENTITY)
    assert explain(raw("BR-27")).field == "/lines"


def test_words_without_a_field_say_that_there_is_none() -> None:
    assert explain(raw("BR-CO-10", "(BT-92)", adjustment=0)).field is None


def test_terms_of_extensions_and_parts_are_terms() -> None:
    assert terms_of("X", "BT-DEX-002, BG-DEX-01 and BT-29-1, not BT-1234 or ABT-1") == (
        "BT-DEX-002",
        "BG-DEX-01",
        "BT-29-1",
    )


def test_what_is_worked_out_has_no_field() -> None:
    assert term_field("BT-112") is None
    assert term_field("BT-48") == "/buyer/vat_id"
