"""The client of `invx.testing` where an API or a test does something odd."""

import json
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.identity.api.schemas.sandboxes import SandboxIn
from invx.contexts.identity.domain.clock import after
from invx.testing.client import Business, Client, Refused, Sandbox
from invx.testing.plugin import _label, claimed
from tests.unit.identity.test_sandbox_bodies import NOW
from tests.unit.testing.test_client import HERE, Advances, said, sandbox, talking_to

FEW = 20  # each makes clients, and a client reads all certificates


@pytest.mark.parametrize("method", ["get", "file", "post", "put", "delete"])
@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (httpx.Response(502), {}),
        (httpx.Response(502, text="<html>bad gateway</html>"), {}),
        (httpx.Response(504, content=b"\xff\xfe"), {}),
        (httpx.Response(301, headers={"location": "/login"}), {}),
        (httpx.Response(409, json={"code": "clock_moving"}), {"code": "clock_moving"}),
        (
            httpx.Response(
                422, content=b'{"code": "x"}', headers={"content-type": "application/problem+json"}
            ),
            {"code": "x"},
        ),
    ],
)
def test_whatever_is_no_success_fails_the_test_with_its_status(
    method: str, response: httpx.Response, problem: dict[str, Any]
) -> None:
    client = Client("http://invx.test")
    answer = httpx.Response(
        response.status_code, headers=response.headers, content=response.content
    )
    talking_to(client, lambda _: answer)
    body = [{}] if method in ("post", "put") else []
    with pytest.raises(Refused) as refused:
        getattr(client, method)("/v1/x", *body)
    assert (refused.value.status, refused.value.problem) == (response.status_code, problem)
    asked = {"file": "GET"}.get(method, method.upper())
    assert str(refused.value).startswith(f"{asked} /v1/x: {response.status_code}")


@settings(max_examples=FEW)
@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=3_660)))
def test_a_timedelta_is_said_as_a_span_that_is_as_long_or_a_part_of_a_second_longer(
    by: timedelta,
) -> None:
    api, client = Advances({"state": "done"}), sandbox()
    talking_to(client, api)
    client.advance(by)
    [body] = api.bodies
    assert timedelta() <= after(NOW, body["by"]) - NOW - by < timedelta(seconds=1)


def test_one_way_to_say_how_far_is_needed_and_only_one() -> None:
    client = sandbox()
    asked = talking_to(client, lambda _: said())
    with pytest.raises(ValueError, match="one of both"):
        client.advance()
    with pytest.raises(ValueError, match="one of both"):
        client.advance("P1M", to=NOW)
    assert asked == [], "nothing was asked of the API"


def test_months_are_asked_for_one_by_one_and_only_as_far_as_a_test_goes() -> None:
    api, client = Advances({"state": "done"}), sandbox()
    talking_to(client, api)
    months = client.months(12)
    assert api.bodies == []
    for _ in range(3):
        assert next(months).isoformat() == "2026-02-01T08:00:00+00:00"
    assert api.bodies == [{"by": "P1M"}] * 3
    assert list(client.months(0)) == []


def test_a_list_asks_for_the_next_page_where_the_last_one_ended() -> None:
    pages = {None: ("a", "b"), "b": ("c",), "c": ()}

    def answer(request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        found = pages[query.get("after")]
        assert query["status"] == "open"
        more = bool(found) and found[-1] != "d" and query.get("after") != "c"
        return said(data=[{"id": each} for each in found], has_more=more, next=(found or "-")[-1])

    client = sandbox()
    asked = talking_to(client, answer)
    found = client.list("/v1/things", status="open")
    assert next(found) == {"id": "a"}
    assert len(asked) == 1, "the next page is not asked for before it is needed"
    assert [each["id"] for each in found] == ["b", "c"]
    assert len(asked) == 3


class Made:
    """An API that makes sandboxes, and keeps what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/sandboxes":
            self.bodies.append(json.loads(request.content))
            SandboxIn.model_validate(self.bodies[-1])
            return said(201, id="tnt_1")
        assert request.url.path == f"{HERE}/api-keys"
        return said(201, secret="invx_test_key")


def business(api: Made) -> Business:
    firm = Business.__new__(Business)
    Client.__init__(firm, "http://invx.test")
    firm.url, firm.grantable, firm.tokens = "http://invx.test", ["invoices:read"], {}
    firm._until = float("inf")
    talking_to(firm, api)
    return firm


@settings(max_examples=FEW)
@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_whatever_a_test_is_called_its_sandbox_has_a_name(name: str) -> None:
    api = Made()
    made = business(api).sandbox(_label(name))
    assert isinstance(made, Sandbox)
    assert 1 <= len(api.bodies[0]["name"]) <= 100


@pytest.mark.parametrize("end", [98, 99, 100, 101])
def test_a_long_name_is_not_cut_off_behind_a_blank(end: int) -> None:
    api = Made()
    business(api).sandbox(_label("x" * end + " " + "y" * 50))
    assert api.bodies[0]["name"] == ("x" * end + " " + "y" * 50)[:100].strip()


def test_what_a_test_says_of_its_sandbox_goes_before_what_is_usual() -> None:
    api = Made()
    firm = business(api)
    firm.sandbox("a")
    firm.sandbox("b", ttl_hours=1, clock="2026-01-01T08:00:00Z")
    assert api.bodies == [
        {"name": "a", "ttl_hours": 24},
        {"name": "b", "ttl_hours": 1, "clock": "2026-01-01T08:00:00Z"},
    ]


def test_a_folder_is_given_to_one_run_at_a_time_and_is_free_afterwards(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "main"
    with ExitStack() as first:
        assert claimed(home, first) == home
        with ExitStack() as second:
            other = claimed(home, second)
            assert other != home
            assert other.is_dir()
        assert not other.exists(), "a folder for one run goes with it"
        with ExitStack() as third:
            assert claimed(home, third) != home, "the first run has it still"
    with ExitStack() as later:
        assert claimed(home, later) == home
