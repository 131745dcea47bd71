"""What the edge refuses, before any context is asked: always a problem document (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

import pytest

from invx.kernel import limits
from tests.world import Desk, World, draft_body

PLAIN = {"content-type": "text/plain"}
JSON = {"content-type": "application/json"}

# Name: method, path, body, headers; then status and code of the answer.
BAD: dict[str, tuple[str, str, bytes, Mapping[str, str], int, str]] = {
    "cut": ("POST", "/v1/invoices", b'{"lines": [', JSON, 400, "malformed_json"),
    "empty": ("POST", "/v1/invoices", b"", JSON, 422, "invalid"),
    "text": ("POST", "/v1/invoices", b"lines=1", PLAIN, 415, "unsupported_media_type"),
    "announced": (
        "POST",
        "/v1/invoices",
        b"{}",
        {**JSON, "content-length": str(limits.BODY_BYTES_MAX + 1)},
        413,
        "body_too_large",
    ),
    "version": ("GET", "/v1/invoices", b"", {"invx-version": "1999-01-01"}, 400, "unknown_version"),
    "key": (
        "POST",
        "/v1/invoices",
        b"{}",
        {**JSON, "idempotency-key": "k" * 256},
        422,
        "malformed_idempotency_key",
    ),
    "route": ("GET", "/v2/invoices", b"", {}, 404, "no_such_route"),
    "method": ("DELETE", "/v1/invoices", b"", {}, 405, "method_not_allowed"),
    "parameter": ("GET", "/v1/invoices?colour=red", b"", {}, 422, "invalid_query"),
    "token": ("GET", "/v1/invoices", b"", {"authorization": "Bearer x"}, 401, "invalid_token"),
    "nobody": ("GET", "/v1/invoices", b"", {"authorization": ""}, 401, "unauthenticated"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_request_is_answered_with_a_problem(desk: Desk, name: str) -> None:
    method, path, body, headers, status, code = BAD[name]
    request_id = "0192d1f0-0000-7000-8000-0000000000aa"
    answer = await desk.client.request(
        method, path, content=body, headers={**headers, "x-request-id": request_id}
    )
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == request_id
    assert "invx-version" in answer.headers
    said: dict[str, Any] = answer.json()
    assert (answer.status_code, said["status"], said["code"]) == (status, status, code)
    assert said["type"] == f"/problems/{code}"
    assert said["title"] == code.replace("_", " ").capitalize()
    assert said["request_id"] == request_id
    assert said["detail"].endswith(".")
    if body:
        assert body.decode() not in answer.text, "what was sent is not repeated"
    assert (await desk.get("/v1/invoices"))["data"] == []


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("version", "Invx-Version"), ("key", "Idempotency-Key"), ("parameter", "colour")],
)
async def test_a_bad_header_or_parameter_is_named(desk: Desk, name: str, parameter: str) -> None:
    method, path, body, headers, _, _ = BAD[name]
    answer = await desk.client.request(method, path, content=body, headers=headers)
    [problem] = answer.json()["problems"]
    assert problem["parameter"] == parameter
    assert problem["in"] == ("query" if name == "parameter" else "header")
    assert problem["detail"].endswith(".")


async def test_what_the_token_does_not_allow_is_refused_before_the_body_is_read(
    world: World,
) -> None:
    desk = await world.seller()
    reader = world.client(desk.tenant_id, ("invoices:read",))
    answer = await reader.post("/v1/invoices", content=b"{ not json", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "invoices:write" in answer.json()["detail"]


async def test_a_refused_version_is_refused_for_every_route_and_the_live_one_is_said(
    desk: Desk,
) -> None:
    ok = await desk.client.get("/v1/invoices")
    live = ok.headers["invx-version"]
    for path in ("/v1/invoices", "/v1/series", "/v1/analytics/revenue", "/v1/nothing"):
        answer = await desk.client.get(path, headers={"invx-version": "x"})
        assert answer.status_code == 400
        assert live in answer.json()["detail"]
    again = await desk.client.get("/v1/invoices", headers={"invx-version": live})
    assert again.content == ok.content


async def test_a_body_of_the_largest_size_is_read_and_one_byte_more_is_not(desk: Desk) -> None:
    """Sent in parts, so that nobody announces its length."""
    desk.client.headers["content-type"] = "application/json"
    whole = b'{"notes": "' + b"x" * (limits.BODY_BYTES_MAX - 13) + b'"}'

    async def parts(body: bytes) -> Any:
        for start in range(0, len(body), 1_000_000):
            yield body[start : start + 1_000_000]

    fits = await desk.client.post("/v1/invoices", content=parts(whole))
    assert fits.status_code == 422, "too long a text, but it was read"
    more = await desk.client.post("/v1/invoices", content=parts(whole + b" "))
    assert (more.status_code, more.json()["code"]) == (413, "body_too_large")
    assert more.headers["connection"] == "close"
    after = await desk.client.post("/v1/invoices", json=draft_body())
    assert after.status_code == 201
