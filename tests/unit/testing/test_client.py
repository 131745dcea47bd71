"""The client of `invx.testing` against an API that a test makes up."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from invx.testing import client as module
from invx.testing.client import Business, Client, ClockStopped, Refused, Sandbox

Answer = Callable[[httpx.Request], httpx.Response]
HERE = "/v1/sandboxes/tnt_1"


def talking_to(client: Client, answer: Answer) -> list[httpx.Request]:
    """Let the client speak with `answer`; what it asked."""
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    headers = client.http.headers
    client.http = httpx.Client(
        base_url="http://invx.test", headers=headers, transport=httpx.MockTransport(respond)
    )
    return asked


def sandbox() -> Sandbox:
    return Sandbox("http://invx.test", "invx_test_key", "tnt_1")


def said(status: int = 200, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body)


class Advances:
    """An API whose operation goes through these states."""

    def __init__(self, *states: dict[str, Any]) -> None:
        self.states = list(states)
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.bodies.append(json.loads(request.content))
            return said(202, id="op_1")
        if request.url.path == HERE:
            return said(clock={"now": "2026-02-01T08:00:00Z"})
        assert request.url.path == f"{HERE}/clock/op_1"
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return said(**{"failed": 0, "problem": None, **state})


def test_each_request_carries_the_credential_and_json() -> None:
    client = sandbox()
    asked = talking_to(client, lambda _: said(id="x"))
    assert client.get("/v1/a", limit=2) == {"id": "x"}
    assert client.post("/v1/b", {"n": 1}) == {"id": "x"}
    assert client.put("/v1/c", {"n": 2}) == {"id": "x"}
    client.delete("/v1/d")
    assert client.file("/v1/e", format="ubl") == b'{"id":"x"}'
    assert [(each.method, str(each.url.copy_with(scheme="http"))) for each in asked] == [
        ("GET", "http://invx.test/v1/a?limit=2"),
        ("POST", "http://invx.test/v1/b"),
        ("PUT", "http://invx.test/v1/c"),
        ("DELETE", "http://invx.test/v1/d"),
        ("GET", "http://invx.test/v1/e?format=ubl"),
    ]
    assert {each.headers["authorization"] for each in asked} == {"Bearer invx_test_key"}
    assert json.loads(asked[1].content) == {"n": 1}


def test_who_has_no_credential_sends_none() -> None:
    client = Client("http://invx.test")
    asked = talking_to(client, lambda _: said())
    client.get("/v1/permissions")
    assert "authorization" not in asked[0].headers


def test_an_empty_answer_is_an_empty_object() -> None:
    client = sandbox()
    talking_to(client, lambda _: httpx.Response(204))
    assert client.post("/v1/a") == {}
    assert client.put("/v1/a", {}) == {}


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500, 503])
def test_no_success_is_a_failed_test_with_the_answer(status: int) -> None:
    client = sandbox()
    talking_to(client, lambda _: said(status, code="no", detail="Not so."))
    with pytest.raises(AssertionError, match=rf"^POST /v1/a: {status} .*Not so\.") as refused:
        client.post("/v1/a", {})
    assert isinstance(refused.value, Refused)
    assert (refused.value.status, refused.value.problem["code"]) == (status, "no")


def test_what_is_no_problem_document_is_quoted_as_it_is() -> None:
    client = sandbox()
    page = httpx.Response(502, text="<h1>Bad gateway</h1>", headers={"content-type": "text/html"})
    talking_to(client, lambda _: page)
    with pytest.raises(Refused, match="Bad gateway") as refused:
        client.get("/v1/a")
    assert refused.value.problem == {}


def test_a_list_is_followed_to_its_end() -> None:
    pages = {
        None: {"data": [{"n": 1}, {"n": 2}], "has_more": True, "next": "c1"},
        "c1": {"data": [{"n": 3}], "has_more": True, "next": "c2"},
        "c2": {"data": [], "has_more": False, "next": None},
    }
    client = sandbox()
    asked = talking_to(client, lambda r: said(**pages[r.url.params.get("after")]))
    assert [each["n"] for each in client.list("/v1/a", status="open")] == [1, 2, 3]
    assert {each.url.params["status"] for each in asked} == {"open"}


def test_a_list_without_pages_is_one_page() -> None:
    client = sandbox()
    asked = talking_to(client, lambda _: said(data=[{"n": 1}]))
    assert len(list(client.list("/v1/a"))) == len(asked) == 1


def test_an_advance_waits_for_its_end_and_says_what_time_it_is() -> None:
    client = sandbox()
    api = Advances({"state": "pending"}, {"state": "running"}, {"state": "done"})
    asked = talking_to(client, api)
    assert client.advance("P1M") == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert api.bodies == [{"by": "P1M"}]
    assert [each.method for each in asked] == ["POST", "GET", "GET", "GET", "GET"]


def test_spans_and_moments_are_said_as_the_api_reads_them() -> None:
    client, api = sandbox(), Advances({"state": "done"})
    talking_to(client, api)
    client.advance(timedelta(days=1, hours=2, seconds=3))
    client.advance(to=datetime(2026, 3, 1, 7, tzinfo=UTC))
    assert [shown.day for shown in client.months(2)] == [1, 1]
    assert api.bodies == [
        {"by": "PT93603S"},
        {"to": "2026-03-01T07:00:00+00:00"},
        {"by": "P1M"},
        {"by": "P1M"},
    ]


def test_an_advance_that_stops_names_what_stopped_it() -> None:
    client = sandbox()
    problem = {"code": "clock_stopped", "detail": "invoicing job mark_overdue inv_1 is parked: no"}
    talking_to(client, Advances({"state": "done", "failed": 3, "problem": problem}))
    with pytest.raises(ClockStopped, match="mark_overdue inv_1 is parked"):
        client.advance("P1M")


def test_an_advance_that_somebody_cancels_is_no_success() -> None:
    client = sandbox()
    talking_to(client, Advances({"state": "running"}, {"state": "cancelled"}))
    with pytest.raises(AssertionError, match="cancelled"):
        client.advance("P1M")


def test_an_advance_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ADVANCE_SECONDS_MAX", 0.05)
    client = sandbox()
    talking_to(client, Advances({"state": "running", "done": 4}))
    with pytest.raises(ClockStopped, match="on its way still"):
        client.advance("P1M")


class Firm:
    """An API that signs a business up and makes sandboxes."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        text = request.content.decode()
        body = json.loads(text) if text.startswith("{") else text
        self.requests.append((request.method, path, body))
        token = {"access_token": f"t{len(self.requests)}", "expires_in": 300, "refresh_token": "r"}
        if path == "/v1/permissions":
            names = {"invoices:read": True, "me:read": False}
            return said(data=[{"id": name, "grantable": may} for name, may in names.items()])
        if path in ("/v1/sign-up", "/oauth/token"):
            return said(**token, tenant="tnt_live", sandbox="tnt_first")
        if path.endswith("/api-keys"):
            return said(201, secret="invx_test_secret")
        return said(201, id="tnt_new") if request.method == "POST" else httpx.Response(204)


@pytest.fixture
def firm(monkeypatch: pytest.MonkeyPatch) -> Firm:
    api = Firm()
    real = httpx.Client

    def made(**options: Any) -> httpx.Client:
        return real(**options, transport=httpx.MockTransport(api))

    monkeypatch.setattr(httpx, "Client", made)
    return api


def test_a_business_signs_up_and_makes_a_sandbox_with_a_key(firm: Firm) -> None:
    owner = Business("http://invx.test", "Tests", "ada@tests.example", "secret")
    made = owner.sandbox("t" * 150, clock="2026-01-01T08:00:00Z")
    assert (made.id, made.key) == ("tnt_new", "invx_test_secret")
    assert made.http.headers["authorization"] == "Bearer invx_test_secret"
    by_path = {(method, path): body for method, path, body in firm.requests}
    asked = by_path["POST", "/v1/sandboxes"]
    assert (len(asked["name"]), asked["ttl_hours"]) == (100, 24)
    assert asked["clock"] == "2026-01-01T08:00:00Z"
    key = by_path["POST", "/v1/sandboxes/tnt_new/api-keys"]
    assert key["permissions"] == ["invoices:read"], "nobody's own account"
    owner.end(made)
    assert firm.requests[-1][:2] == ("DELETE", "/v1/sandboxes/tnt_new")
    assert made.http.is_closed


def test_a_business_keeps_its_token_while_it_is_good_and_no_longer(firm: Firm) -> None:
    owner = Business("http://invx.test", "Tests", "ada@tests.example", "secret")
    first = owner.http.headers["authorization"]
    owner.sandbox("One")
    assert owner.http.headers["authorization"] == first
    owner._until = 0
    owner.sandbox("Two")
    assert owner.http.headers["authorization"] != first
    forms = [body for _, path, body in firm.requests if path == "/oauth/token"]
    assert forms == ["grant_type=refresh_token&tenant=tnt_live&refresh_token=r"]
