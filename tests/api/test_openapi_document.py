"""The OpenAPI document: complete, the one in the repository, and never breaking for clients."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from invx.contexts.identity.domain.roles import OWNERS_ONLY
from invx.infra.http.permissions import declared_permissions, undeclared_routes
from invx.place import ALL_PERMISSIONS
from tests.api.compatibility import breaking
from tests.api.golden import GOLDEN, text_of
from tests.api.stage import Stage

REGENERATE = (
    "docs/openapi.json is not what the program serves. If the change is meant, write it anew with"
    " `.venv/bin/python -m tests.api.golden` and say so in CHANGELOG.md."
)
Json = dict[str, Any]


@pytest.fixture
def document(stage: Stage) -> Json:
    found: Json = json.loads(stage.get("/openapi.json").content)
    return found


@pytest.fixture
def kept() -> Json:
    found: Json = json.loads(GOLDEN.read_text())
    return found


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_it_breaks_no_client_of_the_kept_one(document: Json, kept: Json) -> None:
    assert breaking(kept, document) == []


def test_it_is_the_one_in_the_repository(document: Json) -> None:
    assert text_of(document) == GOLDEN.read_text(), REGENERATE


def test_every_operation_is_described(document: Json) -> None:
    described = {tag["name"]: tag["description"] for tag in document["tags"]}
    names = Counter(operation["operationId"] for _, operation in operations(document))
    assert max(names.values()) == 1
    for label, operation in operations(document):
        assert operation["summary"], label
        assert len(operation["summary"]) <= 80, label
        needs = operation.get("x-permission", "")
        assert f"permission `{needs}`" in operation["description"] or not needs, label
        assert all(described[tag] for tag in operation["tags"]), label
        assert operation["operationId"].replace("_", "").isalpha(), label


def test_every_operation_names_its_refusals(document: Json) -> None:
    for label, operation in operations(document):
        needed = {"400", "422"}
        if "x-permission" in operation:
            needed |= {"401", "403", "503"}
        if "{" in label:
            needed.add("404")
        if "requestBody" in operation:
            needed |= {"413", "415"}
        names = {each.get("name") for each in operation["parameters"]}
        needed |= {"412"} if "If-Match" in names else set()
        needed |= {"409"} if "Idempotency-Key" in names else set()
        assert needed <= operation["responses"].keys(), label


def test_every_answer_and_every_field_has_a_type(document: Json) -> None:
    for label, operation in operations(document):
        for status, answer in operation["responses"].items():
            empty = (
                status == "204" or label == "POST /oauth/revoke"
            )  # RFC 7009, 2.2: 200 and nothing
            if status.startswith("2") and not empty:
                assert answer["content"], label
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            typed = {"type", "$ref", "anyOf", "const", "enum"} & described.keys()
            assert typed, f"{name}.{field}"
            if name.endswith("Out") and field != "details":
                items = described.get("items", {})
                loose = described.get("additionalProperties") is True or (
                    items.get("type") == "object" and "properties" not in items
                )
                assert not loose, f"{name}.{field}"


_BINARY = {"application/pdf"}  # what cannot be written into the document


def test_every_body_has_an_example(document: Json) -> None:
    for label, operation in operations(document):
        if "requestBody" not in operation or set(operation["requestBody"]["content"]) == _BINARY:
            continue
        assert examples_of(document, operation), label


def examples_of(document: Json, operation: Json) -> list[Any]:
    """The example bodies of an operation."""
    content = operation["requestBody"]["content"]
    if "application/json" not in content:
        # What is binary, a PDF, cannot be written into the document.
        return [body["example"] for body in content.values() if "example" in body]
    schema = content["application/json"]["schema"]
    references = [schema, *schema.get("anyOf", ())]
    found: list[Any] = []
    for each in references:
        if "$ref" in each:
            name = each["$ref"].rpartition("/")[2]
            found += document["components"]["schemas"][name].get("examples", [])
    return found


def test_every_route_says_who_may_call_it(stage: Stage) -> None:
    assert undeclared_routes(stage.world.app) == []


def test_permissions_are_listed_once(stage: Stage) -> None:
    # What only owners may is asked for inside routes, where something is about an owner.
    declared = set(declared_permissions(stage.world.app).values())
    assert declared == set(ALL_PERMISSIONS) - OWNERS_ONLY
    assert len(set(ALL_PERMISSIONS)) == len(ALL_PERMISSIONS)


def _without(document: Json, *path: str) -> None:
    here = document
    for part in path[:-1]:
        here = here[part]
    del here[path[-1]]


def _schema(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


PLANTED: dict[str, Callable[[Json], Any]] = {
    "GET /v1/series/{series}/gaps is gone": lambda d: _without(
        d, "paths", "/v1/series/{series}/gaps"
    ),
    "DELETE /v1/invoices/{invoice} is gone": lambda d: _without(
        d, "paths", "/v1/invoices/{invoice}", "delete"
    ),
    "POST /v1/invoices has another operationId": lambda d: d["paths"]["/v1/invoices"][
        "post"
    ].update(operationId="invoices_make"),
    "GET /v1/invoices needs another permission": lambda d: d["paths"]["/v1/invoices"]["get"].update(
        {"x-permission": "invoices:list"}
    ),
    "GET /v1/invoices lost the query parameter status": lambda d: d["paths"]["/v1/invoices"][
        "get"
    ].update(
        parameters=[
            each
            for each in d["paths"]["/v1/invoices"]["get"]["parameters"]
            if each.get("name") != "status"
        ]
    ),
    "POST /v1/invoices now needs the header parameter X-Reason": lambda d: d["paths"][
        "/v1/invoices"
    ]["post"]["parameters"].append(
        {"name": "X-Reason", "in": "header", "required": True, "schema": {"type": "string"}}
    ),
    "POST /v1/invoices no longer answers 201": lambda d: _without(
        d, "paths", "/v1/invoices", "post", "responses", "201"
    ),
    "InvoiceOut lost the field tax_groups": lambda d: _without(
        d, "components", "schemas", "InvoiceOut", "properties", "tax_groups"
    ),
    "InvoiceOut may now leave out the field number": lambda d: _schema(d, "InvoiceOut")[
        "required"
    ].remove("number"),
    "PaymentIn now needs the field note": lambda d: _schema(d, "PaymentIn")["required"].append(
        "note"
    ),
    "LineOut.quantity is number instead of string": lambda d: _schema(d, "LineOut")["properties"][
        "quantity"
    ].update(type="number"),
    "InvoiceOut.status lost the words ['replaced']": lambda d: _schema(d, "InvoiceOut")[
        "properties"
    ]["status"]["x-extensible-enum"].remove("replaced"),
    "Regime lost the words ['levy']": lambda d: _schema(d, "Regime")["enum"].remove("levy"),
    "SeriesOut is gone": lambda d: _without(d, "components", "schemas", "SeriesOut"),
}


@pytest.mark.parametrize("said", PLANTED)
def test_a_planted_break_is_found(kept: Json, said: str) -> None:
    changed = deepcopy(kept)
    PLANTED[said](changed)
    assert breaking(kept, changed) == [said]


def test_what_is_added_breaks_nobody(kept: Json) -> None:
    changed = deepcopy(kept)
    changed["paths"]["/v1/more"] = changed["paths"]["/v1/series"]
    _schema(changed, "InvoiceOut")["properties"]["colour"] = {"type": "string"}
    _schema(changed, "DraftIn")["properties"]["colour"] = {"type": "string"}
    _schema(changed, "Regime")["enum"].append("duty")
    assert breaking(kept, changed) == []
