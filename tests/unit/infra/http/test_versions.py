from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from invx.infra.http.request_context import RequestContextMiddleware
from invx.infra.http.versions import LIVE, Change, Versions
from invx.kernel.errors import InvariantViolation
from invx.kernel.ids import typeid
from tests.unit.infra.http.example import MILK, NEW, NOTE, OLD, example_versions

NOTE_PATH = f"/v1/notes/{typeid('note', NOTE)}"
AS_IT_WAS = {**{key: MILK[key] for key in MILK if key != "title"}, "subject": MILK["title"]}


async def test_without_the_header_the_newest_version_answers(client: httpx.AsyncClient) -> None:
    answered = await client.get(NOTE_PATH)
    assert answered.headers["invx-version"] == NEW
    assert answered.json() == MILK


async def test_an_older_version_shows_the_older_shape(client: httpx.AsyncClient) -> None:
    answered = await client.get(NOTE_PATH, headers={"Invx-Version": OLD})
    assert answered.headers.get_list("invx-version") == [OLD]
    assert answered.json() == AS_IT_WAS
    assert answered.headers.get_list("content-length") == [str(len(answered.content))]
    assert answered.headers["etag"] == '"3"'


async def test_an_older_version_shows_the_older_shape_inside_a_list(
    client: httpx.AsyncClient,
) -> None:
    answered = await client.get("/v1/notes", headers={"Invx-Version": OLD})
    assert answered.json()["data"] == [AS_IT_WAS]
    assert answered.json()["next"]


async def test_problems_are_the_same_in_every_version(client: httpx.AsyncClient) -> None:
    path = f"/v1/notes/{typeid('note', NOTE)[:-1]}z"
    new, old = [await client.get(path, headers={"Invx-Version": each}) for each in (NEW, OLD)]
    ids = {"request_id": ""}
    assert new.json() | ids == old.json() | ids
    assert (new.headers["invx-version"], old.headers["invx-version"]) == (NEW, OLD)


@pytest.mark.parametrize("asked", ["2020-01-01", "2026-11-02", "latest", "1", "é", ""])
async def test_an_unknown_version_is_refused_with_the_live_ones(
    client: httpx.AsyncClient, asked: str
) -> None:
    answered = await client.get(NOTE_PATH, headers={"Invx-Version": asked.encode("latin-1")})
    assert answered.status_code == 400
    assert answered.json()["code"] == "unknown_version"
    assert f"{NEW}, {OLD}" in answered.json()["detail"]
    assert answered.headers["invx-version"] == NEW
    assert answered.headers["x-request-id"] == answered.json()["request_id"]


def answering(*parts: bytes, kind: bytes = b"application/json", **headers: str) -> ASGIApp:
    """An application that sends its body in these parts."""
    told = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        start = {"status": 200, "headers": [(b"content-type", kind), *told]}
        await send({"type": "http.response.start", **start})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


async def asked_in(version: str, app: ASGIApp) -> httpx.Response:
    edge = RequestContextMiddleware(app, versions=example_versions)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://t") as it:
        return await it.get("/", headers={"Invx-Version": version})


async def test_an_answer_in_parts_is_cast_whole() -> None:
    parts = (b'{"object":"note",', b'"title":"x"}')
    answered = await asked_in(OLD, answering(*parts, content_length="29"))
    assert answered.json() == {"object": "note", "subject": "x"}


async def test_what_is_not_json_passes_as_it_comes() -> None:
    answered = await asked_in(OLD, answering(b"%PDF", b"-1.7", kind=b"application/pdf"))
    assert answered.content == b"%PDF-1.7"
    assert answered.headers["invx-version"] == OLD


async def test_an_answer_without_a_body_stays_without() -> None:
    assert (await asked_in(OLD, answering())).content == b""


@pytest.mark.parametrize("asked", [OLD, NEW])
async def test_a_stored_answer_of_an_older_version_says_so(asked: str) -> None:
    """There is no way from an older shape to a newer one, so the answer names what it is."""
    answered = await asked_in(
        asked, answering(b'{"object":"note","subject":"x"}', invx_version=OLD)
    )
    assert answered.json() == {"object": "note", "subject": "x"}
    assert answered.headers.get_list("invx-version") == [OLD]


async def test_a_stored_answer_is_cast_for_who_asks_in_an_older_version() -> None:
    app = answering(b'{"object":"note","title":"x"}', invx_version=NEW)
    answered = await asked_in(OLD, app)
    assert answered.json() == {"object": "note", "subject": "x"}
    assert answered.headers.get_list("invx-version") == [OLD]


def test_two_versions_are_live() -> None:
    """The design promises at least two (section 7)."""
    assert len(Versions(LIVE).live) >= 2


def marking(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda value: value | {"steps": [*value.get("steps", ()), name]}


THREE = Versions(
    ["2025-01-01", "2027-01-01", "2026-01-01"],
    [
        Change("2026-01-01", "thing", "…", marking("2026")),
        Change("2027-01-01", "thing", "…", marking("2027")),
        Change("2027-01-01", "part", "…", marking("part")),
    ],
)


@pytest.mark.parametrize(
    ("version", "shape", "steps"),
    [
        ("2025-01-01", None, ["2027", "2026"]),
        ("2026-01-01", None, ["2027"]),
        ("2027-01-01", None, None),
        ("2025-01-01", "2026-01-01", ["2026"]),
        ("2025-01-01", "2025-01-01", None),
        ("2027-01-01", "2026-01-01", None),
    ],
)
def test_changes_between_shape_and_version_are_undone_newest_first(
    version: str, shape: str | None, steps: list[str] | None
) -> None:
    made = THREE.cast({"object": "thing"}, version, shape=shape)
    assert made.get("steps") == steps


def test_what_stands_inside_another_resource_is_cast_too() -> None:
    value = {"object": "list", "data": [{"object": "thing", "parts": [{"object": "part"}]}]}
    [thing] = THREE.cast(value, "2026-01-01")["data"]
    assert (thing["steps"], thing["parts"][0]["steps"]) == (["2027"], ["part"])


def test_the_value_that_was_given_is_not_changed() -> None:
    value = {"object": "list", "data": [{"object": "thing"}]}
    THREE.cast(value, "2025-01-01")
    assert value == {"object": "list", "data": [{"object": "thing"}]}


def test_words_of_the_caller_are_no_resource() -> None:
    value = {"object": "list", "metadata": {"object": "thing"}, "dimensions": {"object": "part"}}
    assert THREE.cast(value, "2025-01-01") == value


def test_a_change_that_no_live_version_brought_is_refused() -> None:
    with pytest.raises(InvariantViolation, match="2026-02-02"):
        Versions(["2026-01-01"], [Change("2026-02-02", "thing", "…", marking("x"))])


def test_a_resource_is_changed_once_by_a_version() -> None:
    change = Change("2026-01-01", "thing", "…", marking("x"))
    with pytest.raises(InvariantViolation, match="one step"):
        Versions(["2026-01-01"], [change, change])
