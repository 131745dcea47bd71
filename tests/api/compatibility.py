"""What a new OpenAPI document takes away from the clients of the old one.

For clients it is breaking when something is gone that they may call or read, or when something is
asked of them that was not before. What is added does them no harm.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def breaking(old: Json, new: Json) -> list[str]:
    """A sentence for each change that breaks a client; nothing when all is well."""
    return [*_operations(old, new), *_schemas(old, new)]


def _operations(old: Json, new: Json) -> Iterator[str]:
    for path, methods in old["paths"].items():
        for method, before in methods.items():
            label = f"{method.upper()} {path}"
            after = new["paths"].get(path, {}).get(method)
            if after is None:
                yield f"{label} is gone"
                continue
            if before["operationId"] != after["operationId"]:
                yield f"{label} has another operationId"
            if before.get("x-permission") != after.get("x-permission"):
                yield f"{label} needs another permission"
            yield from _parameters(label, before, after)
            yield from _answers(label, before, after)
            needed = [bool(each.get("requestBody", {}).get("required")) for each in (before, after)]
            if needed == [False, True]:
                yield f"{label} now needs a body"


def _parameters(label: str, before: Json, after: Json) -> Iterator[str]:
    def named(operation: Json) -> dict[tuple[str, str], Json]:
        return {(e["in"], e["name"]): e for e in operation["parameters"] if "$ref" not in e}

    known, now = named(before), named(after)
    for place, name in known.keys() - now.keys():
        yield f"{label} lost the {place} parameter {name}"
    for key, parameter in now.items():
        if parameter.get("required") and not known.get(key, {}).get("required"):
            yield f"{label} now needs the {key[0]} parameter {key[1]}"
        gone = set(known.get(key, {}).get("schema", {}).get("enum", ()))
        gone -= set(parameter["schema"].get("enum", gone))
        if gone:
            yield f"{label} no longer takes {key[1]}={sorted(gone)}"


def _answers(label: str, before: Json, after: Json) -> Iterator[str]:
    for status, answer in before["responses"].items():
        if not status.startswith("2"):
            continue
        if status not in after["responses"]:
            yield f"{label} no longer answers {status}"
        elif answer.get("content") != after["responses"][status].get("content"):
            yield f"{label} answers {status} with something else"


def _schemas(old: Json, new: Json) -> Iterator[str]:
    schemas = new["components"]["schemas"]
    for name, before in old["components"]["schemas"].items():
        if name in schemas:
            yield from _schema(name, before, schemas[name], comes_in=name.endswith("In"))
        else:
            yield f"{name} is gone"


def _schema(name: str, before: Json, after: Json, *, comes_in: bool) -> Iterator[str]:
    fields, now = before.get("properties", {}), after.get("properties", {})
    for field in fields.keys() - now.keys():
        yield f"{name} lost the field {field}"
    required, demanded = set(before.get("required", ())), set(after.get("required", ()))
    if comes_in:
        for field in sorted(demanded - required):
            yield f"{name} now needs the field {field}"
    else:
        for field in sorted(required - demanded & now.keys()):
            yield f"{name} may now leave out the field {field}"
    for field in fields.keys() & now.keys():
        yield from _field(f"{name}.{field}", fields[field], now[field])
    yield from _words(name, before, after)


def _field(name: str, before: Json, after: Json) -> Iterator[str]:
    if _types(before) != _types(after):
        yield f"{name} is {' or '.join(_types(after))} instead of {' or '.join(_types(before))}"
    yield from _words(name, before, after)


def _words(name: str, before: Json, after: Json) -> Iterator[str]:
    gone = set(_enum(before)) - set(_enum(after))
    if gone and _enum(after):
        yield f"{name} lost the words {sorted(gone)}"


def _enum(schema: Json) -> list[str]:
    found = [*schema.get("enum", ()), *schema.get("x-extensible-enum", ())]
    for each in (*schema.get("anyOf", ()), schema.get("items", {})):
        found += _enum(each) if each else []
    return found


def _types(schema: Json) -> list[str]:
    """The types of a schema, flat and in order; a reference is the name of what it refers to."""
    if "$ref" in schema:
        return [schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return sorted({type for each in schema["anyOf"] for type in _types(each)})
    if schema.get("type") == "array":
        return [f"array of {' or '.join(_types(schema.get('items', {})))}"]
    return [schema.get("type", "anything")]
