"""What the OpenAPI document promises of every operation: If-Match, methods, Idempotency-Key."""

from collections.abc import Iterator
from typing import Any

import pytest

from invx.contexts.identity.api.tags import TAGS
from tests.e2e.acts import count_rows
from tests.integration.invoicing.scenes import BODIES, NOWHERE, PLACES, SELLERS, content_of, scene
from tests.world import Desk, World

Json = dict[str, Any]
READ_AS_IDS = {  # where an id may stand too
    f"/v1/invoices/{word}"
    for word in ("import", "check", "archive", "batch", "finalize", "void", "release", "export")
}
ON_AN_ID = {"GET", "PUT", "DELETE"}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


PEOPLE = {each["name"] for each in TAGS}  # whose answers hold secrets and are stored nowhere


def operations(world: World) -> Iterator[tuple[str, str, Json]]:
    """Method, path and description of every operation about documents and who issues them."""
    for path, methods in world.app.openapi()["paths"].items():
        for method, described in methods.items():
            elsewhere = path.startswith(("/v1/analytics", "/v1/tax/"))
            if not elsewhere and not PEOPLE & set(described["tags"]):
                yield method.upper(), path, described


def taking(world: World, header: str) -> list[tuple[str, str, str]]:
    """Id, method and path of the operations that take a header."""
    return [
        (described["operationId"], method, path)
        for method, path, described in operations(world)
        if header in {each.get("name") for each in described["parameters"]}
    ]


IF_MATCH = {
    "invoices_edit", "invoices_delete", "invoices_finalize", "corrections_void",
    "corrections_cancel", "corrections_replace", "legal_entities_amend", "transmissions_revise",
    "periods_close", "periods_reopen", "series_hold", "series_release", "imports_state_mapping",
    "approvals_state_rules", "approvals_submit", "approvals_approve", "approvals_reject",
    "approvals_delegate", "approvals_withdraw",
}  # fmt: skip


def test_the_bodies_of_this_file_are_those_of_operations_that_write() -> None:
    assert BODIES.keys() >= IF_MATCH
    assert BODIES.keys() >= SELLERS.keys()
    assert all(state in PLACES for state, _ in BODIES.values())


@pytest.mark.parametrize("operation", sorted(IF_MATCH))
async def test_a_write_goes_by_the_version_that_was_read(world: World, operation: str) -> None:
    taken = {id: (method, path) for id, method, path in taking(world, "If-Match")}
    assert taken.keys() == IF_MATCH
    method, path = taken[operation]
    made = await scene(world, operation)
    tag = (await made.desk.client.get(made.read(path))).headers["etag"]
    before = await count_rows(world)
    for stale in ('"99"', '"0"', f"W/{tag}", '"abc"', '""'):
        answer = await made.send(method, path, If_Match=stale)
        assert (answer.status_code, answer.json()["code"]) == (412, "stale"), stale
    for malformed in (tag.strip('"'), f"{tag}, {tag}", f"{tag}x", "'1'", "latest"):
        answer = await made.send(method, path, If_Match=malformed)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_if_match")
        [problem] = answer.json()["problems"]
        assert (problem["in"], problem["parameter"]) == ("header", "If-Match")
    assert await count_rows(world) == before
    good = await made.send(method, path, If_Match=tag)
    assert good.is_success, good.text
    again = await made.send(method, path, If_Match=tag)
    assert again.status_code in {404, 409, 412}, "the version has moved on"


async def test_any_version_will_do_where_none_is_named(world: World) -> None:
    for operation, method, path in taking(world, "If-Match"):
        for headers in ({}, {"If_Match": "*"}):
            made = await scene(world, operation)
            answer = await made.send(method, path, **headers)
            assert answer.is_success, f"{operation}: {answer.text}"


async def test_a_path_names_the_methods_that_it_has(world: World) -> None:
    paths: dict[str, set[str]] = {}
    for method, path, _ in operations(world):
        paths.setdefault(path, set()).add(method)
    made = await scene(world, "invoices_create")
    before = await count_rows(world)
    for path, methods in paths.items():
        for method in set(METHODS) - methods:
            answer = await made.desk.client.request(method, made.url(path))
            if path in READ_AS_IDS and method in ON_AN_ID:
                assert answer.status_code in {404, 422}, path
                continue
            assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"
            allowed = set(answer.headers["allow"].split(", "))
            assert allowed == methods | (ON_AN_ID if path in READ_AS_IDS else set()), path
            assert answer.headers["content-type"] == "application/problem+json"
            if method == "HEAD":
                assert answer.content == b""
            else:
                assert answer.json()["code"] == "method_not_allowed"
    assert await count_rows(world) == before


async def test_every_write_that_creates_takes_an_idempotency_key(world: World) -> None:
    posts = {each["operationId"] for method, _, each in operations(world) if method == "POST"}
    keyed = {id for id, _, _ in taking(world, "Idempotency-Key")}
    assert posts - keyed == {
        "invoices_check",
        "invoices_check_draft",
        "electronic_invoices_parse",
        "electronic_invoices_validate",
        "tax_ids_check",
        "imports_check",
    }, "only what writes no business fact can do without"
    without = {
        "invoices_edit", "invoices_delete", "legal_entities_amend", "periods_close",
        "imports_state_mapping", "approvals_state_rules",
    }  # fmt: skip
    assert keyed == BODIES.keys() - without


async def test_a_write_that_comes_again_under_its_key_is_done_once(world: World) -> None:
    for operation, method, path in taking(world, "Idempotency-Key"):
        made = await scene(world, operation)
        key = f"once-{operation}"
        first = await made.send(method, path, Idempotency_Key=key)
        assert first.is_success, f"{operation}: {first.text}"
        assert "idempotent-replayed" not in first.headers
        for _ in range(2):  # at once, and when all that follows from it has happened
            before = await count_rows(world)
            second = await made.send(method, path, Idempotency_Key=key)
            assert second.headers.get("idempotent-replayed") == "true", f"{operation} {second.text}"
            assert (second.status_code, second.content) == (first.status_code, first.content)
            for name in ("etag", "location", "content-type", "invx-version"):
                assert second.headers.get(name) == first.headers.get(name), f"{operation} {name}"
            others = [made.otherwise()] + [made.elsewhere()] * ("{" in path)
            for other in others:
                answer = await other.send(method, path, Idempotency_Key=key)
                refused = (answer.status_code, answer.json().get("code"))
                assert refused == (409, "idempotency_key_reused"), f"{operation} {answer.text}"
            assert await count_rows(world) == before, operation
            await world.settle()


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there", "r\xe9sum\xe9"])
async def test_a_key_that_is_none_is_refused_before_anything_happens(desk: Desk, key: str) -> None:
    before = await count_rows(desk.world)
    for operation, method, path in taking(desk.world, "Idempotency-Key"):
        given = content_of(BODIES[operation][1])
        named = [(name.encode(), value.encode()) for name, value in given.pop("headers").items()]
        headers = [*named, (b"idempotency-key", key.encode("latin-1"))]
        url = path.format(**NOWHERE)
        answer = await desk.client.request(method, url, headers=headers, **given)
        assert answer.status_code == 422, f"{operation}: {answer.text}"
        assert answer.json()["code"] == "malformed_idempotency_key", operation
    assert await count_rows(desk.world) == before
