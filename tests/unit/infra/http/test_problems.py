import json

import httpx
import pytest
from fastapi import FastAPI

from invx.infra.http.problems import (
    STATUS,
    http_problem,
    parameter_problem,
    problem_response,
    problem_responses,
    refusal,
)
from invx.kernel.errors import DomainError, Invalid, Kind, Problem, Unauthenticated
from tests.unit.infra.http.example import client_of


async def problem(client: httpx.AsyncClient, how: str) -> tuple[httpx.Response, dict]:
    answered = await client.get(f"/fail/{how}")
    assert answered.headers["content-type"] == "application/problem+json"
    return answered, answered.json()


async def test_a_refusal_is_a_problem_with_a_stable_code(client: httpx.AsyncClient) -> None:
    answered, body = await problem(client, "conflict")
    assert answered.status_code == 409
    assert body == {
        "type": "/problems/note_locked",
        "title": "Note locked",
        "status": 409,
        "detail": "The note is locked.",
        "code": "note_locked",
        "request_id": answered.headers["x-request-id"],
    }


@pytest.mark.parametrize(
    "how,status,retry_after",
    [
        ("missing", 404, None),
        ("stale", 412, None),
        ("busy", 409, "1"),
        ("race", 409, "1"),
        ("unavailable", 503, "5"),
    ],
)
async def test_each_kind_has_its_status(
    client: httpx.AsyncClient, how: str, status: int, retry_after: str | None
) -> None:
    answered, body = await problem(client, how)
    assert answered.status_code == body["status"] == status
    assert answered.headers.get("retry-after") == retry_after


def test_no_kind_is_without_a_status() -> None:
    assert set(STATUS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_refusal_can_be_answered(kind: Kind) -> None:
    error = type("SomethingElse", (DomainError,), {"kind": kind, "__doc__": "Something else."})()
    answered = refusal(error)
    assert answered.status_code == STATUS[kind]
    assert json.loads(answered.body)["code"] == "something_else"


def test_only_a_bad_token_is_called_invalid() -> None:
    assert "error" not in refusal(Unauthenticated()).headers["www-authenticate"]


def test_fields_are_named_by_pointer_and_parameters_by_name() -> None:
    error = Invalid(
        problems=[
            Problem("/lines/0/price", "negative", "A price is not negative."),
            Problem("", "empty", "Send something."),
            parameter_problem("query", "created[gte]", "invalid_value", "Expected a date."),
        ]
    )
    assert json.loads(refusal(error).body)["problems"] == [
        {"pointer": "/lines/0/price", "code": "negative", "detail": "A price is not negative."},
        {"pointer": "", "code": "empty", "detail": "Send something."},
        {
            "parameter": "created[gte]",
            "in": "query",
            "code": "invalid_value",
            "detail": "Expected a date.",
        },
    ]


async def test_a_route_that_does_not_exist_is_a_problem(client: httpx.AsyncClient) -> None:
    answered = await client.get("/v1/nothing")
    assert answered.status_code == 404
    assert answered.json()["code"] == "no_such_route"


async def test_a_wrong_method_names_every_right_one(client: httpx.AsyncClient) -> None:
    answered = await client.patch("/v1/notes/note_1")
    assert answered.status_code == 405
    assert answered.json()["code"] == "method_not_allowed"
    assert answered.headers["allow"] == "GET, PUT"


async def test_malformed_json_is_400_and_says_where(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answered = await client.post("/v1/notes", content=b'{"title": Ada}', headers=headers)
    assert answered.status_code == 400
    assert answered.json()["code"] == "malformed_json"
    assert "character 10" in answered.json()["detail"]
    assert "Ada" not in answered.text


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "multipart/form-data", None])
async def test_another_media_type_is_415(client: httpx.AsyncClient, media: str | None) -> None:
    headers = {"Content-Type": media} if media else {}
    answered = await client.post("/v1/notes", content=b'{"title": "a"}', headers=headers)
    assert answered.status_code == 415
    assert answered.json()["code"] == "unsupported_media_type"


async def test_an_unknown_http_error_gets_a_code_from_its_phrase() -> None:
    body = json.loads(http_problem(418, None).body)
    assert (body["code"], body["detail"]) == ("i'm_a_teapot", "I'm a Teapot.")


async def test_headers_of_an_http_error_are_kept() -> None:
    answered = http_problem(429, None, detail="Slower.", headers={"Retry-After": "7"})
    assert answered.headers["retry-after"] == "7"
    assert json.loads(answered.body)["code"] == "too_many_requests"


def test_a_problem_can_be_made_without_a_request() -> None:
    answered = problem_response(409, "series_on_hold", "The series is on hold.")
    assert "request_id" not in json.loads(answered.body)


def test_routes_declare_problems_in_one_word() -> None:
    declared = problem_responses(404, 409)
    assert set(declared) == {404, 409}
    assert "application/problem+json" in declared[409]["content"]


async def test_problems_work_outside_the_request_context(app: FastAPI) -> None:
    """A test, or another program, may serve the routes without the outermost layer."""
    app.user_middleware.clear()
    async with client_of(app) as client:
        answered = await client.get("/fail/conflict")
    assert answered.json()["code"] == "note_locked"
    assert "request_id" not in answered.json()
