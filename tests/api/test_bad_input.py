"""What no client should send, and what it is told: 400 or 422 that names the field, never 500."""

import json
from copy import deepcopy
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.api.stage import Stage
from tests.world import BUYER, draft_body, line

NUL, LONE = "a\x00b", "a\ud800b"
PLACES = {
    "/buyer/name": {"buyer": {**BUYER, "name": "?"}},
    "/lines/0/description": {"lines": [line("1.00", description="?")]},
    "/lines/0/children/0/details": {
        "lines": [{"description": "g", "children": [line("1.00", details="?")]}]
    },
    "/notes": {"notes": "?"},
    "/external_id": {"external_id": "?"},
    "/metadata/k": {"metadata": {"k": "?"}},
}


def send(stage: Stage, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    """POST with surrogates escaped, as a program in any language could."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=True).encode()
    headers = {"content-type": "application/json", "idempotency-key": str(uuid4())}
    response = stage.post(path, raw, headers)
    return response.status_code, response.json()


def with_text(body: dict[str, Any], text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(body).replace('"?"', json.dumps(text)))
    return found


def pointers(answer: dict[str, Any]) -> set[str]:
    return {each.get("pointer", each.get("parameter")) for each in answer.get("problems", ())}


@pytest.mark.parametrize("text", [NUL, LONE, "a\x1bb"], ids=["nul", "surrogate", "escape"])
def test_text_that_cannot_be_stored_names_its_field(stage: Stage, text: str) -> None:
    for pointer, body in PLACES.items():
        status, answer = send(stage, "/v1/invoices", draft_body(**with_text(body, text)))
        assert (status, pointers(answer)) == (422, {pointer})


@pytest.mark.parametrize("name", [NUL, LONE, "a/b~c"], ids=["nul", "surrogate", "slash"])
def test_a_field_nobody_knows_is_named_whatever_its_name(stage: Stage, name: str) -> None:
    status, answer = send(stage, "/v1/invoices", draft_body(**{name: 1}))
    assert status == 422
    assert answer["problems"][0]["code"] in {"unknown_field", "string_unicode"}
    status, answer = send(stage, "/v1/invoices", draft_body(metadata={name: LONE}))
    assert status == 422
    assert answer["problems"][0]["pointer"].startswith("/metadata")


WRONG_VALUES: list[tuple[str, Any, str]] = [
    ("/lines/0/price", 10.5, "decimal_string"),
    ("/lines/0/price", 10, "decimal_string"),
    ("/lines/0/price", True, "decimal_string"),
    ("/lines/0/price", "1e3", "decimal_string"),
    ("/lines/0/price", "NaN", "decimal_string"),
    ("/lines/0/price", "", "decimal_string"),
    ("/lines/0/price", "１", "decimal_string"),
    ("/lines/0/price", "9" * 19, "decimal_string"),
    ("/lines/0/price", "1\n", "decimal_string"),
    ("/lines/0/base_quantity", "0", "greater_than"),
    ("/lines/0/price_includes_tax", "yes", "bool_type"),
    ("/lines/0/price_includes_tax", 1, "bool_type"),
    ("/lines/0/description", "", "string_too_short"),
    ("/lines/0/taxes/0/rate", "-1", "greater_than_equal"),
    ("/lines/0/taxes/0/regime", "VAT", "enum"),
    ("/issue_date", "9999-12-31", "day"),
    ("/issue_date", "0001-01-01", "day"),
    ("/issue_date", "2026-02-30", "date_from_datetime_parsing"),
    ("/issue_date", "2026-11-01T00:00:00Z", "day"),
    ("/issue_date", 1730419200, "day"),
    ("/payment_terms", {"days": True}, "int_type"),
    ("/payment_terms", {"days": "14"}, "int_type"),
    ("/payment_terms", {"days": 10**30}, "less_than_equal"),
    ("/currency", "eur", "string_pattern_mismatch"),
    ("/currency", "EUR\n", "string_pattern_mismatch"),
    ("/legal_entity", "le_nonsense", "malformed_id"),
    ("/legal_entity", "inv_01jd0y7ct4f6d9zq8x3s5v2w1k", "malformed_id"),
]


@pytest.mark.parametrize(("pointer", "value", "code"), WRONG_VALUES)
def test_a_wrong_value_is_refused_where_it_stands(
    stage: Stage, pointer: str, value: Any, code: str
) -> None:
    body = deepcopy(draft_body(line("1.00")))
    here: Any = body
    *path, last = pointer.split("/")[1:]
    for part in path:
        here = here[int(part) if part.isdigit() else part]
    here[last] = value
    status, answer = send(stage, "/v1/invoices", body)
    assert status == 422, answer
    [problem] = answer["problems"]
    assert problem["pointer"].startswith(pointer)
    assert problem["code"] == code


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"lines": [' * 5000,
        b"[" * 100_000,
        b'{"days": ' + b"9" * 5000 + b"}",
        b"\xff\xfe{}",
        b'{"notes": "\xff"}',
        b"",
        b"null",
        b"[]",
        b'"text"',
    ],
    ids=[
        "cut",
        "deep-open",
        "deep",
        "huge-int",
        "utf-16",
        "not-utf-8",
        "empty",
        "null",
        "[]",
        "str",
    ],
)
def test_what_is_no_body_is_refused(stage: Stage, raw: bytes) -> None:
    status, answer = send(stage, "/v1/invoices", raw)
    assert status in (400, 415, 422), answer
    assert answer["code"]


@pytest.mark.parametrize("depth", [5, 100, 900])
def test_lines_nest_only_so_deep(stage: Stage, depth: int) -> None:
    group = b'{"description": "g", "children": ['
    head = f'{{"legal_entity": "{stage.real("le", 0)}", "lines": ['.encode()
    raw = head + group * depth + json.dumps(line("1.00")).encode() + b"]}" * (depth + 1)
    for path in ("/v1/invoices", "/v1/invoices/check"):
        status, answer = send(stage, path, raw)
        if path.endswith("check") and status == 200:
            assert not answer["valid"]
        else:
            assert status in (400, 422), answer
        assert depth > 200 or "too_deep" in {each["code"] for each in answer["problems"]}


def test_the_largest_figures_are_refused_and_not_cut(stage: Stage) -> None:
    huge = "9" * 18 + "." + "9" * 12
    entity = {"legal_entity": stage.real("le", 0)}
    for body in (
        draft_body(line(huge), **entity),
        draft_body(line(huge, huge), **entity),
        draft_body(line("1.00"), prepaid=f"-{huge}", **entity),
        draft_body(line(huge, base_quantity="0.000000000001"), **entity),
    ):
        status, answer = send(stage, "/v1/invoices", body)
        assert status in (201, 422), answer
        if status == 201:
            listed = stage.get("/v1/invoices?limit=1").json()
            assert listed["data"][0]["totals"]["gross"] == answer["totals"]["gross"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("created[gte]=2026-11-01T00:00:00", "created[gte]"),
        ("created[gte]=0001-01-01T00:00:00%2B23:59", "created[gte]"),
        ("issue_date=2026-13-01", "issue_date"),
        ("limit=0", "limit"),
        ("limit=1e1", "limit"),
        ("limit=²", "limit"),
        ("limit=5&limit=6", "limit"),
        ("status=lost", "status"),
        ("q=%00", "q"),
        ("q=", "q"),
        ("after=zzz", "after"),
        ("colour=red", "colour"),
        ("gross[gte]=1", "currency"),
        ("metadata=x", "metadata"),
        ("sort=created,number", "sort"),
    ],
)
def test_a_wrong_question_names_its_parameter(stage: Stage, query: str, parameter: str) -> None:
    response = stage.get(f"/v1/invoices?{query}")
    assert response.status_code == 422
    assert pointers(response.json()) == {parameter}


def test_a_filter_beyond_all_amounts_finds_what_it_should(stage: Stage) -> None:
    huge = "9" * 15
    found = stage.get(f"/v1/invoices?currency=EUR&gross[lte]={huge}&gross[gte]=-{huge}").json()
    assert found["data"]
    for query in (f"gross[gte]={huge}", "gross=1.195", f"gross[lt]=-{huge}"):
        assert stage.get(f"/v1/invoices?currency=EUR&{query}").json()["data"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/invoices/{id}?expand=lines",
        "/v1/invoices/{id}/history?limit=5",
        "/v1/invoices/{id}/state?at=2026-11-01T00:00:00Z&zone=x",
        "/v1/analytics/revenue?year=2026",
    ],
)
def test_a_parameter_that_a_route_does_not_know_is_refused(stage: Stage, path: str) -> None:
    draft = stage.real("inv", 0)
    response = stage.get(path.format(id=draft))
    assert response.status_code == 422
    [problem] = response.json()["problems"]
    assert problem["in"] == "query"
    assert problem["parameter"] in path


@pytest.mark.parametrize(
    "at", ["2026-11-01T00:00:00", "0", "1730419200", "now", "9999-12-31T23:59:59-23:59", ""]
)
def test_a_moment_needs_its_offset(stage: Stage, at: str) -> None:
    draft = stage.real("inv", 0)
    response = stage.get(f"/v1/invoices/{draft}/state?at={quote(at)}")
    assert response.status_code == 422
    assert pointers(response.json()) == {"at"}


@pytest.mark.parametrize("month", ["0000-01", "2026-13", "9999-12", "2026-1", "x"])
def test_a_month_that_is_none_is_refused(stage: Stage, month: str) -> None:
    response = stage.get(f"/v1/analytics/revenue?from={month}")
    assert response.status_code == 422
    assert pointers(response.json()) == {"from"}


@pytest.mark.parametrize(
    "id", ["inv_", "INV_01jd0y7ct4f6d9zq8x3s5v2w1k", "%00", "inv_81jd0y7ct4f6d9zq8x3s5v2w1k", "é"]
)
def test_what_cannot_be_an_id_names_nothing(stage: Stage, id: str) -> None:
    for path in ("", "/settlement", "/history", "/pdf"):
        response = stage.get(f"/v1/invoices/{id}{path}")
        assert response.status_code == 404
        assert response.json()["code"] == "invoice_not_found"
