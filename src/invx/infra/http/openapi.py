"""The OpenAPI 3.1 document: what FastAPI knows, completed by what the routes declare.

FastAPI contributes paths, bodies and models. Added here: the bearer scheme and the permission of
each route, declared parameters, the headers of answers, and the problem schema for every error.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from invx.infra.http.answers import encode, json_response
from invx.infra.http.declarations import Declaration, declarations_of, routes_of
from invx.infra.http.edge import add_router
from invx.infra.http.permissions import public
from invx.infra.http.problems import openapi_problem
from invx.infra.http.versions import LIVE, Versions

# What holds for every route; docs/API_DOCUMENTATION.md says it at length.
DESCRIPTION = """Write drafts, finalize them into legal documents, correct and settle them.

- Amounts are decimal strings beside a currency; days are ISO dates; moments are RFC 3339.
- Errors are `application/problem+json` (RFC 9457) with a stable `code`, and a pointer per field.
- A POST with an `Idempotency-Key` is done once, however often it is sent.
- `ETag` carries the version of a resource; send it back in `If-Match` to change what you have seen.
- Lists have `limit`, `after`, `sort` and filters; a parameter that is not known is refused.
- Fields may be added at any time, and lists of words (`x-extensible-enum`) may grow.
"""

_SECURITY, _OPERATORS = "accessToken", "operatorToken"
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `title` and `detail` are for people.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string", "format": "uuid"},
        "problems": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}
_FIELD_PROBLEM = {
    "type": "object",
    "description": "One field at fault: of the body by `pointer`, otherwise by `parameter`.",
    "required": ["code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) into the body."},
        "parameter": {"type": "string"},
        "in": {"type": "string", "description": "query, path, header or cookie."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "rule": {
            "type": "string",
            "description": "The official rule that says so, such as BR-CO-09 of EN 16931.",
        },
        "terms": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Its names of what is at fault, such as BT-48; beside `rule` only.",
        },
    },
}
_HEADERS = {
    "X-Request-Id": {
        "description": "Under this id the request stands in our logs. Yours, if you sent a UUID.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "Invx-Version": {
        "description": "The version of the API that answered.",
        "schema": {"type": "string", "format": "date"},
    },
    "ETag": {
        "description": "The version of the resource; send it back in If-Match or If-None-Match.",
        "schema": {"type": "string"},
    },
}


def install_openapi(
    app: FastAPI,
    *,
    title: str,
    version: str,
    description: str = "",
    tags: Sequence[Mapping[str, Any]] = (),
    versions: Versions | None = None,
) -> None:
    """Serve the document at `/openapi.json`; `app.openapi()` returns it too.

    It is made when first asked for, in a thread, once every route is in place.
    """
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if "document" not in made:
            raw = get_openapi(
                title=title,
                version=version,
                description=description or None,
                routes=routes_of(app),
                tags=[dict(tag) for tag in tags] or None,
            )
            made["document"] = complete(raw, app, versions or Versions(LIVE))
        found: dict[str, Any] = made["document"]
        return found

    app.openapi = document  # type: ignore[method-assign]

    router = APIRouter(dependencies=[public()], include_in_schema=False)

    @router.get("/openapi.json")
    async def openapi_json(request: Request) -> Response:
        del request
        if "bytes" not in made:
            made["bytes"] = encode(await asyncio.to_thread(document))
        return json_response(made["bytes"])

    add_router(app, router)


def complete(document: dict[str, Any], app: FastAPI, versions: Versions) -> dict[str, Any]:
    """FastAPI's document with everything that the routes declare. Changes and returns it."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    schemas["FieldProblem"] = _FIELD_PROBLEM
    components["headers"] = _HEADERS
    components["parameters"] = {"InvxVersion": _version_parameter(versions)}
    components["securitySchemes"] = {
        _SECURITY: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A short-lived access token (ES256). It carries permissions.",
        },
        _OPERATORS: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The token of an operator; no token of a tenant is taken in its place.",
        },
    }
    for route in routes_of(app):
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            _complete_operation(operation, route, declarations_of(route))
    return document


def _version_parameter(versions: Versions) -> dict[str, Any]:
    return {
        "name": "Invx-Version",
        "in": "header",
        "description": _changes(versions),
        "schema": {
            "type": "string",
            "enum": list(versions.live),
            "default": versions.current,
        },
    }


def _changes(versions: Versions) -> str:
    said = [f"- `{change.since}`: {change.says}" for change in versions.changes]
    asked = "The dated version of the API to answer in; without it the newest answers."
    return "\n".join([asked, *(["", *said] if said else [])])


def _complete_operation(
    operation: dict[str, Any], route: APIRoute, declarations: list[Declaration]
) -> None:
    permissions = [each.permission for each in declarations if each.permission]
    operation["summary"] = _summary(operation.get("description", "")) or operation["summary"]
    operation["security"] = [{_SECURITY: []}] if permissions else []
    if any(each.operator for each in declarations):
        operation["security"] = [{_OPERATORS: []}]
    if permissions:
        operation["x-permission"] = permissions[0]
        said = operation.get("description", "")
        needs = f"Needs the permission `{permissions[0]}`."
        operation["description"] = f"{said}\n\n{needs}" if said else needs
    known = {(each["in"], each["name"]): each for each in operation.get("parameters", ())}
    for declaration in declarations:
        for parameter in declaration.parameters:
            known[parameter["in"], parameter["name"]] = dict(parameter)
    operation["parameters"] = [
        *known.values(),
        {"$ref": "#/components/parameters/InvxVersion"},
    ]
    _complete_answers(operation, route, declarations)


def _summary(description: str) -> str:
    """The first sentence: what a list of operations shows."""
    return description.partition("\n\n")[0].replace("\n", " ").split(". ")[0].removesuffix(".")


def _complete_answers(
    operation: dict[str, Any], route: APIRoute, declarations: list[Declaration]
) -> None:
    answers: dict[str, Any] = operation["responses"]
    fastapis = answers.get("422", {}).get("content", {}).get("application/json", {})
    if fastapis.get("schema", {}).get("$ref", "").endswith(_FASTAPIS_OWN):
        del answers["422"]
    statuses = {400, 422}  # of the version, and of parameters that nobody knows
    for declaration in declarations:
        statuses |= set(declaration.statuses)
    if operation.get("requestBody"):
        statuses |= {413, 415}
    if "{" in route.path_format:
        statuses.add(404)
    for status in sorted(statuses):
        answers.setdefault(str(status), openapi_problem(status))
    answers["default"] = openapi_problem(500) | {"description": "Any other problem."}
    extra = {name for declaration in declarations for name in declaration.answer_headers}
    for code, answer in answers.items():
        names = {"X-Request-Id", "Invx-Version"} | (extra if code.startswith("2") else set())
        headers = answer.setdefault("headers", {})
        for name in sorted(names):
            headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})
