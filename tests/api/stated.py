"""Which fields of an answer the OpenAPI document does not state."""

import json
from collections.abc import Iterator
from typing import Any


def unstated(document: dict[str, Any], operation: dict[str, Any], response: Any) -> list[str]:
    """Pointers of fields that go out without being stated; array places are written as `*`."""
    answers = operation["responses"]
    answer = answers.get(str(response.status_code)) or answers["default"]
    media = response.headers.get("content-type", "").partition(";")[0]
    schema = answer.get("content", {}).get(media, {}).get("schema")
    if schema is None or not media.partition(";")[0].endswith("json"):
        return []
    return sorted(set(_walk(document, schema, json.loads(response.content), "")))


def _walk(document: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
    forms = list(_forms(document, schema))
    if isinstance(value, list):
        for each in value:
            for form in forms:
                if "items" in form:
                    yield from _walk(document, form["items"], each, f"{at}/*")
    elif isinstance(value, dict):
        stated = {name: each for form in forms for name, each in form.get("properties", {}).items()}
        if not stated:  # a free map, such as metadata
            return
        for name, each in value.items():
            if name in stated:
                yield from _walk(document, stated[name], each, f"{at}/{name}")
            else:
                yield f"{at}/{name}"


def _forms(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema with its references and alternatives resolved."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _forms(document, document["components"]["schemas"][name])
        return
    yield schema
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _forms(document, each)
