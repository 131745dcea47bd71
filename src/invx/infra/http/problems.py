"""Every error as an RFC 9457 problem: one shape, a stable code, a place for each bad field.

A field of the body is named by a JSON Pointer (`"pointer": "/lines/0/price"`). A query, path or
header parameter has no pointer; it is named by `"parameter"` and `"in"`. Code that knows only
kernel.errors writes the latter as the pointer `query:limit`.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from invx.infra.http.answers import encode
from invx.infra.http.request_info import KEY, RequestInfo, route_template
from invx.infra.http.validation import field_problems, malformed_json, unsupported_body
from invx.infra.metrics import INVARIANTS_VIOLATED
from invx.kernel.errors import (
    ConcurrencyConflict,
    DomainError,
    InvariantViolation,
    Kind,
    Problem,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS_BUSY = 1
RETRY_AFTER_SECONDS_UNAVAILABLE = 5

STATUS = {
    Kind.INVALID: 422,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.BUSY: 409,
    Kind.FORBIDDEN: 403,
    Kind.UNAUTHENTICATED: 401,
    Kind.UNAVAILABLE: 503,
    Kind.TOO_MANY: 429,
    Kind.GONE: 410,
    Kind.DAMAGED: 500,
}
_HTTP_CODES = {
    400: "malformed_request",
    404: "no_such_route",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "unsupported_media_type",
    428: "precondition_required",
    429: "too_many_requests",
}
# What somebody tried and may not: logged for whoever watches (ASVS 5.0, 16.3.1 to 16.3.3).
_TRIED = frozenset({Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.TOO_MANY})
_OUR_FAULT = "Something failed on our side; it is logged under this request id."

log = structlog.get_logger(__name__)


def parameter_problem(place: str, name: str, code: str, detail: str) -> Problem:
    """A problem of a parameter; `place` is query, path, header or cookie."""
    return Problem(f"{place}:{name}", code, detail)


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    problems: Sequence[Problem] = (),
    info: RequestInfo | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer. `type` is a stable URI reference; `title` is the same for all of one type."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if info is not None:
        body["request_id"] = str(info.request_id)
    if problems:
        body["problems"] = [_rendered(problem) for problem in problems]
    return Response(encode(body), status, headers, MEDIA_TYPE)


def _rendered(problem: Problem) -> dict[str, Any]:
    where = {"pointer": problem.pointer}
    if problem.pointer and not problem.pointer.startswith("/"):
        place, _, name = problem.pointer.partition(":")
        where = {"parameter": name, "in": place}
    said = where | {"code": problem.code, "detail": problem.detail}
    written: dict[str, Any] = {name: _writable(text) for name, text in said.items()}
    if problem.rule is not None:
        written |= {"rule": problem.rule, "terms": list(problem.terms)}
    return written


def _writable(text: str) -> str:
    """Lone surrogates, legal in JSON's escapes, cannot be written as UTF-8: shown escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def refusal(error: DomainError, info: RequestInfo | None = None) -> Response:
    """The answer to a DomainError; the same error always gives the same bytes, request id apart."""
    headers: dict[str, str] = {}
    match error.kind:
        case Kind.BUSY:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS_BUSY)
        case Kind.UNAVAILABLE:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS_UNAVAILABLE)
        case Kind.TOO_MANY:
            headers["Retry-After"] = str(getattr(error, "wait_seconds", 1))
            headers |= getattr(error, "headers", {})
        case Kind.UNAUTHENTICATED:
            # RFC 6750: no error attribute when the request carried no token at all.
            extra = "" if error.code == "unauthenticated" else ', error="invalid_token"'
            headers["WWW-Authenticate"] = f'Bearer realm="invx"{extra}'
        case Kind.FORBIDDEN:
            headers["WWW-Authenticate"] = 'Bearer realm="invx", error="insufficient_scope"'
        case _:
            pass
    return problem_response(
        STATUS[error.kind],
        error.code,
        error.detail,
        problems=error.problems,
        info=info,
        headers=headers,
    )


def http_problem(
    status: int,
    info: RequestInfo | None,
    *,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to what HTTP itself refuses: no such route, method, media type, size."""
    phrase = HTTPStatus(status).phrase
    code = _HTTP_CODES.get(status, phrase.lower().replace(" ", "_"))
    return problem_response(status, code, detail or f"{phrase}.", info=info, headers=headers)


def failure(error: Exception, info: RequestInfo | None) -> Response:
    """500 for what nobody foresaw. The stack goes to the log, not to the caller."""
    if isinstance(error, InvariantViolation):
        INVARIANTS_VIOLATED.inc()
        log.critical("invariant_violated", exc_info=error)
    else:
        log.error("unhandled_exception", exc_info=error)
    return problem_response(500, "internal_error", _OUR_FAULT, info=info)


def install_problems(app: FastAPI) -> None:
    """Answer every error of `app` with a problem.

    What has no handler here ends in RequestContextMiddleware, which calls `failure`.
    """
    app.exception_handlers |= {
        DomainError: _on_refusal,
        ConcurrencyConflict: _on_race,
        RequestValidationError: _on_validation,
        HTTPException: _on_http,
    }


# `async`, although they wait for nothing: Starlette runs plain functions in a thread.
async def _on_refusal(request: Request, error: DomainError) -> Response:
    info: RequestInfo | None = request.scope.get(KEY)
    if error.kind in _TRIED:
        actor = info.caller.actor if info is not None and info.caller is not None else None
        log.warning(
            "access_refused",
            code=error.code,
            actor=actor,
            method=request.method,
            route=route_template(request.scope),
        )
    return refusal(error, info)


async def _on_race(request: Request, error: ConcurrencyConflict) -> Response:
    del error
    return problem_response(
        409,
        "busy",
        "Others kept changing the same thing; nothing was written.",
        info=request.scope.get(KEY),
        headers={"Retry-After": str(RETRY_AFTER_SECONDS_BUSY)},
    )


async def _on_validation(request: Request, error: RequestValidationError) -> Response:
    return _validation_answer(error, request.scope.get(KEY))


async def _on_http(request: Request, error: HTTPException) -> Response:
    status, info = error.status_code, request.scope.get(KEY)
    detail = "" if error.detail == HTTPStatus(status).phrase else error.detail
    return http_problem(status, info, detail=detail, headers=error.headers)


def _validation_answer(error: RequestValidationError, info: RequestInfo | None) -> Response:
    if (detail := malformed_json(error)) is not None:
        return problem_response(400, "malformed_json", detail, info=info)
    if unsupported_body(error):
        return http_problem(415, info, detail="The body must be application/json.")
    problems = field_problems(error)
    detail = "One field is wrong." if len(problems) == 1 else f"{len(problems)} fields are wrong."
    return problem_response(422, "invalid", detail, problems=problems, info=info)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may answer with these problems."""
    return {status: openapi_problem(status) for status in statuses}


def openapi_problem(status: int) -> dict[str, Any]:
    """OpenAPI's description of a problem answer; the schema is added by `install_openapi`."""
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
