"""Bodies that are wrong in one place, at every place that a body has."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from invx.contexts.invoicing.api.schemas.corrections import CreditNoteIn
from invx.contexts.invoicing.api.schemas.documents import DraftIn
from invx.contexts.invoicing.api.schemas.legal_entities import LegalEntityIn
from invx.contexts.invoicing.api.schemas.personal import ErasureIn
from invx.contexts.invoicing.api.schemas.series import NextNumberIn, SeriesIn
from invx.contexts.invoicing.api.schemas.settlements import PaymentIn, WriteOffIn
from invx.infra.http.validation import field_problems
from tests.e2e.fullest import BODY, ENTITY

Path = tuple[str | int, ...]
FREE = {"metadata", "dimensions", "titles"}  # maps whose keys are the caller's
SUPPLY = {
    "kind": "services",
    "category": "standard",
    "dispatch": {"country": "DE"},
    "delivery": {"country": "DE", "line1": "Kai 1"},
    "located": {"country": "DE"},
    "transported": True,
    "installed": False,
    "importer": "buyer",
}
LINES = [*BODY["lines"], {"id": "U", "description": "Determined", "supply": SUPPLY}]
BUYER = {
    **BODY["buyer"],
    "certificates": [
        {"kind": "eu_151", "country": "DE", "number": "7", "valid_from": "2026-01-01"}
    ],
}
WHOLE: dict[type[BaseModel], dict[str, Any]] = {
    DraftIn: {**BODY, "lines": LINES, "buyer": BUYER},
    LegalEntityIn: {
        **ENTITY,
        "tax_id_policy": {"invalid": "wait", "unavailable": "accept", "not_asked": "tax"},
        "distance_sales": {"last_year": "0", "this_year": "12.50", "waived": False},
    },
}


def problems(model: type[BaseModel], body: Any) -> dict[str, str]:
    """The code of each field at fault, as a caller is told."""
    try:
        model.model_validate(body)
    except ValidationError as error:
        located = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        told = field_problems(RequestValidationError(located, body=body))
        return {each.pointer: each.code for each in told}
    return {}


def places(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in a body with its place."""
    if at:
        yield at, value
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*at, key))


def with_value(body: dict[str, Any], at: Path, value: Any) -> dict[str, Any]:
    changed = json.loads(json.dumps(body))  # no part of it is another part too
    here: Any = changed
    for key in at[:-1]:
        here = here[key]
    here[at[-1]] = value
    return changed


def pointer(at: Path) -> str:
    return "".join(f"/{key}" for key in at)


@pytest.mark.parametrize("model", WHOLE)
def test_the_whole_bodies_are_right(model: type[BaseModel]) -> None:
    assert problems(model, WHOLE[model]) == {}


@pytest.mark.parametrize("model", WHOLE)
def test_a_misspelt_field_is_named_at_every_depth(model: type[BaseModel]) -> None:
    body = WHOLE[model]
    objects = [((), body), *(each for each in places(body) if isinstance(each[1], dict))]
    depths = set()
    for at, value in objects:
        if not FREE & set(at):
            changed = with_value(body, (*at, "pruchase"), value)
            assert problems(model, changed) == {pointer((*at, "pruchase")): "unknown_field"}
            depths.add(len(at))
    assert len(depths) > 2


def others(value: Any) -> list[Any]:
    """Values of every other JSON type than this one's. Null is another matter: see below."""
    kinds: list[Any] = [True, 7, 7.5, "?", ["?"], {"?": "?"}]
    mine = type(value)
    return [each for each in kinds if type(each) is not mine and not (mine is int and each == 7)]


@pytest.mark.parametrize("model", WHOLE)
def test_a_value_of_another_json_type_is_refused_where_it_stands(model: type[BaseModel]) -> None:
    body = WHOLE[model]
    tried = 0
    for at, value in places(body):
        if value is None:
            continue
        for wrong in others(value):
            found = problems(model, with_value(body, at, wrong))
            assert found, f"{pointer(at)} takes {wrong!r} instead of {value!r}"
            assert all(each.startswith(pointer(at)) for each in found), found
            tried += 1
    assert tried > 300


@pytest.mark.parametrize("model", WHOLE)
def test_null_is_as_good_as_absence_or_refused_but_never_stored(model: type[BaseModel]) -> None:
    """A field whose absence means null takes null; a list, a flag or a figure does not."""
    body = WHOLE[model]
    for at, value in places(body):
        if isinstance(at[-1], int) or FREE & set(at[:-1]):
            found = problems(model, with_value(body, at, None))
            assert found, f"{pointer(at)} takes null among others"
        elif isinstance(value, list | bool):
            accepts = at[-1] == "price_includes_tax"
            assert bool(problems(model, with_value(body, at, None))) is not accepts, pointer(at)


CHOICES: list[tuple[type[BaseModel], str, list[str]]] = [
    (DraftIn, "/type", ["invoice", "credit_note", "proforma"]),
    (DraftIn, "/profile", ["en16931", "plain"]),
    (DraftIn, "/tax_point_code", ["3", "35", "432"]),
    (DraftIn, "/buyer/kind", ["business", "consumer"]),
    (
        DraftIn,
        "/payment_terms/kind",
        ["on_receipt", "net", "end_of_month", "instalments"],
    ),
    (DraftIn, "/lines/1/kind", ["item", "text", "heading", "subtotal"]),
    (DraftIn, "/lines/1/taxes/0/regime", ["vat", "sales", "levy", "withholding"]),
    (DraftIn, "/lines/6/supply/importer", ["buyer", "seller"]),
    (LegalEntityIn, "/rounding", ["per_group", "per_line"]),
    (LegalEntityIn, "/default_profile", ["en16931", "plain"]),
    (LegalEntityIn, "/registrations/0/basis", ["accrual", "cash"]),
    (LegalEntityIn, "/tax_id_policy/invalid", ["wait", "accept", "tax"]),
]


@pytest.mark.parametrize("model,at,words", CHOICES, ids=[at for _, at, _ in CHOICES])
def test_a_word_is_one_of_its_list_letter_by_letter(
    model: type[BaseModel], at: str, words: list[str]
) -> None:
    path = tuple(int(key) if key.isdigit() else key for key in at.split("/")[1:])
    for word in words:
        assert problems(model, with_value(WHOLE[model], path, word)) == {}
    for wrong in ("", "other", f" {words[0]}", f"{words[0]}\n", words[0] + "\u0000"):
        found = problems(model, with_value(WHOLE[model], path, wrong))
        assert found.keys() == {at}
        assert set(found.values()) <= {"enum", "literal_error"}


BOUNDS: list[tuple[type[BaseModel], str, int]] = [
    (DraftIn, "/lines", 10_000),
    (DraftIn, "/lines/5/children", 1_000),
    (DraftIn, "/lines/2/breakdown", 1_000),
    (DraftIn, "/lines/1/discounts", 20),
    (DraftIn, "/lines/1/charges", 20),
    (DraftIn, "/lines/1/taxes", 5),
    (DraftIn, "/lines/1/item/classifications", 20),
    (DraftIn, "/lines/1/item/attributes", 100),
    (DraftIn, "/discounts", 100),
    (DraftIn, "/charges", 100),
    (DraftIn, "/charges/0/taxes", 5),
    (DraftIn, "/preceding", 100),
    (DraftIn, "/buyer/identifiers", 20),
    (DraftIn, "/buyer/certificates", 20),
    (DraftIn, "/payment_terms/instalments", 120),
    (DraftIn, "/payment_terms/discounts", 10),
    (DraftIn, "/further_notes", 100),
    (DraftIn, "/attachments", 20),
    (LegalEntityIn, "/registrations", 50),
    (LegalEntityIn, "/bank_accounts", 50),
    (LegalEntityIn, "/identifiers", 20),
    (LegalEntityIn, "/directors", 50),
    (LegalEntityIn, "/languages", 10),
]


@pytest.mark.parametrize("model,at,most", BOUNDS, ids=[at for _, at, _ in BOUNDS])
def test_a_list_takes_so_many_and_not_one_more(model: type[BaseModel], at: str, most: int) -> None:
    path = tuple(int(key) if key.isdigit() else key for key in at.split("/")[1:])
    [first] = [value[0] for place, value in places(WHOLE[model]) if place == path]
    assert problems(model, with_value(WHOLE[model], path, [first] * most)) == {}
    assert problems(model, with_value(WHOLE[model], path, [first] * (most + 1))) == {at: "too_long"}


def test_every_list_of_the_bodies_is_bounded() -> None:
    """A list without a bound would let one request take all memory."""
    stated = {(model, at) for model, at, _ in BOUNDS}
    for model, body in WHOLE.items():
        for at, value in places(body):
            if isinstance(value, list) and value:
                many = problems(model, with_value(body, at, value[:1] * 10_001))
                assert many == {pointer(at): "too_long"}, pointer(at)
    assert len(stated) == len(BOUNDS)


SERIES = {"name": "S", "pattern": "{number}", "types": ["invoice"], "reset": "none"}
ONE_WAY: list[tuple[str, type[BaseModel], Any, dict[str, str]]] = [
    ("lines and an amount", CreditNoteIn, {"lines": [{"line_id": "1"}], "amount": "1"},
     {"": "value_error"}),
    ("no line to credit", CreditNoteIn, {"lines": []}, {"/lines": "too_short"}),
    ("nothing of a line", CreditNoteIn, {"lines": [{"line_id": "1", "quantity": "0"}]},
     {"/lines/0/quantity": "greater_than"}),
    ("a credit below zero", CreditNoteIn, {"amount": "-1"}, {"/amount": "greater_than"}),
    ("a payment of nothing", PaymentIn, {"amount": "0.00", "source": "p"},
     {"/amount": "greater_than"}),
    ("a payment from nowhere", PaymentIn, {"amount": "1"}, {"/source": "required"}),
    ("a write-off below zero", WriteOffIn, {"amount": "-0.01"}, {"/amount": "greater_than"}),
    ("nobody to erase", ErasureIn, {}, {"/customer": "required"}),
    ("two to erase", ErasureIn, {"customer": "C", "invoice": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"},
     {"/customer": "one_of_two"}),
    ("a series for nothing", SeriesIn, {**SERIES, "types": []}, {"/types": "too_short"}),
    ("a series from zero", SeriesIn, {**SERIES, "start": 0}, {"/start": "greater_than_equal"}),
    ("a next number of zero", NextNumberIn, {"next": 0, "reason": "r"},
     {"/next": "greater_than_equal"}),
    ("a next number for no reason", NextNumberIn, {"next": 5}, {"/reason": "required"}),
    ("a period of words", NextNumberIn, {"next": 5, "reason": "r", "period": "2026-1"},
     {"/period": "string_pattern_mismatch"}),
]  # fmt: skip


@pytest.mark.parametrize("name,model,body,said", ONE_WAY, ids=[each[0] for each in ONE_WAY])
def test_what_contradicts_itself_or_means_nothing_is_refused(
    name: str, model: type[BaseModel], body: Any, said: dict[str, str]
) -> None:
    assert problems(model, body) == said


@pytest.mark.parametrize("model", [*WHOLE, CreditNoteIn, PaymentIn, SeriesIn, NextNumberIn])
@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_a_body_is_an_object(model: type[BaseModel], body: Any) -> None:
    assert problems(model, body).keys() == {""}
