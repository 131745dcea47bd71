"""What the OpenAPI document promises of every operation: If-Match, methods, Idempotency-Key."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.acts import count_rows
from tests.e2e.xml_files import exported
from tests.integration.invoicing.states import STATES
from tests.world import BUYER, SELLER, Desk, World, draft_body, line

Json = dict[str, Any]
READ_AS_IDS = {"/v1/invoices/import", "/v1/invoices/check"}  # where an id may stand too
ON_AN_ID = {"GET", "PUT", "DELETE"}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
SERIES = {"name": "S", "pattern": "X{YYYY}-{number}", "types": ["invoice"], "default": False}
# A body that each operation accepts, and the state of the document that it is sent about.
BODIES: dict[str, tuple[str, Any]] = {
    "invoices_create": ("draft", draft_body(line("7.00"))),
    "invoices_edit": ("draft", draft_body(line("7.00"))),
    "invoices_delete": ("draft", None),
    "invoices_finalize": ("draft", {}),
    "electronic_invoices_import": ("finalized", b"<Invoice/>"),
    "corrections_void": ("finalized", {"reason": "typo"}),
    "corrections_cancel": ("finalized", {"reason": "typo"}),
    "corrections_replace": ("finalized", {"reason": "typo"}),
    "corrections_credit": ("finalized", {"amount": "11.90", "finalize": True}),
    "corrections_release": ("finalized", {"how": "by post"}),
    "settlement_record_payment": ("finalized", {"amount": "5.00", "source": "p"}),
    "settlement_write_off": ("finalized", {"amount": "5.00"}),
    "settlement_take_discount": ("finalized", {"amount": "5.00", "source": "d"}),
    "settlement_refund": ("overpaid", {"amount": "5.00", "source": "r"}),
    "settlement_reverse": ("partly_paid", {"entry": "?", "source": "b"}),
    "settlement_set_dispute": ("finalized", {"disputed": True}),
    "legal_entities_register": ("draft", {**SELLER, "name": "Second"}),
    "legal_entities_amend": ("draft", {**SELLER, "name": "Other"}),
    "series_open": ("draft", SERIES),
    "series_set_next": ("draft", {"next": 50, "reason": "move"}),
    "personal_data_erase": ("draft", {"customer": BUYER["customer"]}),
}


def operations(world: World) -> Iterator[tuple[str, str, Json]]:
    """Method, path and description of every operation about documents and who issues them."""
    for path, methods in world.app.openapi()["paths"].items():
        for method, described in methods.items():
            if not path.startswith(("/v1/analytics", "/v1/tax/")):
                yield method.upper(), path, described


def taking(world: World, header: str) -> list[tuple[str, str, str]]:
    """Id, method and path of the operations that take a header."""
    return [
        (described["operationId"], method, path)
        for method, path, described in operations(world)
        if header in {each.get("name") for each in described["parameters"]}
    ]


class Scene:
    """A document in the right state, an entity and a series for one operation."""

    def __init__(self, desk: Desk, document: Json, series: str, operation: str) -> None:
        self.desk, self.document = desk, document
        self.body = BODIES[operation][1]
        self._ids = {"invoice": document["id"], "legal_entity": desk.entity, "series": series}

    def url(self, path: str) -> str:
        return path.format(**self._ids)

    async def send(self, method: str, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(self.body, bytes):
            named["content-type"] = "application/xml"
            url = f"{path}?accept_differences=true"
            return await self.desk.client.post(url, content=self.body, headers=named)
        url = self.url(path)
        return await self.desk.client.request(method, url, json=self.body, headers=named)


async def scene(desk: Desk, operation: str) -> Scene:
    document = await STATES[BODIES[operation][0]](desk)
    series = (await desk.get("/v1/series"))["data"][0]["id"]
    made = Scene(desk, document, series, operation)
    if operation == "settlement_reverse":
        ledger = await desk.get(f"/v1/invoices/{document['id']}/settlement")
        made.body = {**made.body, "entry": ledger["entries"][0]["id"]}
    if operation == "electronic_invoices_import":
        made.body = await exported(desk, document, "ubl")
    return made


IF_MATCH = {
    "invoices_edit", "invoices_delete", "invoices_finalize", "corrections_void",
    "corrections_cancel", "corrections_replace", "legal_entities_amend",
}  # fmt: skip


def test_the_bodies_of_this_file_are_those_of_operations_that_write() -> None:
    assert BODIES.keys() >= IF_MATCH
    assert all(state in STATES for state, _ in BODIES.values())


@pytest.mark.parametrize("operation", sorted(IF_MATCH))
async def test_a_write_goes_by_the_version_that_was_read(desk: Desk, operation: str) -> None:
    taken = {id: (method, path) for id, method, path in taking(desk.world, "If-Match")}
    assert taken.keys() == IF_MATCH
    method, path = taken[operation]
    made = await scene(desk, operation)
    read = made.url(path if path.endswith("}") else path.rpartition("/")[0])
    tag = (await desk.client.get(read)).headers["etag"]
    before = await count_rows(desk.world)
    for stale in ('"99"', '"0"', f"W/{tag}", '"abc"', '""'):
        answer = await made.send(method, path, If_Match=stale)
        assert (answer.status_code, answer.json()["code"]) == (412, "stale"), stale
    for malformed in (tag.strip('"'), f"{tag}, {tag}", f"{tag}x", "'1'", "latest"):
        answer = await made.send(method, path, If_Match=malformed)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_if_match")
        [problem] = answer.json()["problems"]
        assert (problem["in"], problem["parameter"]) == ("header", "If-Match")
    assert await count_rows(desk.world) == before
    good = await made.send(method, path, If_Match=tag)
    assert good.is_success, good.text
    again = await made.send(method, path, If_Match=tag)
    assert again.status_code in {404, 409, 412}, "the version has moved on"


async def test_any_version_will_do_where_none_is_named(desk: Desk) -> None:
    for operation, method, path in taking(desk.world, "If-Match"):
        for headers in ({}, {"If_Match": "*"}):
            made = await scene(desk, operation)
            answer = await made.send(method, path, **headers)
            assert answer.is_success, f"{operation}: {answer.text}"


async def test_a_path_names_the_methods_that_it_has(desk: Desk) -> None:
    paths: dict[str, set[str]] = {}
    for method, path, _ in operations(desk.world):
        paths.setdefault(path, set()).add(method)
    made = await scene(desk, "invoices_create")
    before = await count_rows(desk.world)
    for path, methods in paths.items():
        for method in set(METHODS) - methods:
            answer = await desk.client.request(method, made.url(path))
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
    assert await count_rows(desk.world) == before


async def test_every_write_that_creates_takes_an_idempotency_key(desk: Desk) -> None:
    posts = {each["operationId"] for method, _, each in operations(desk.world) if method == "POST"}
    keyed = {id for id, _, _ in taking(desk.world, "Idempotency-Key")}
    assert posts - keyed == {
        "invoices_check",
        "invoices_check_draft",
        "electronic_invoices_parse",
        "electronic_invoices_validate",
        "tax_ids_check",
    }, "only what writes no business fact can do without"
    assert keyed == BODIES.keys() - {"invoices_edit", "invoices_delete", "legal_entities_amend"}


async def test_a_write_that_comes_again_under_its_key_is_done_once(desk: Desk) -> None:
    for operation, method, path in taking(desk.world, "Idempotency-Key"):
        made = await scene(await desk.world.seller(), operation)
        first = await made.send(method, path, Idempotency_Key=f"once-{operation}")
        assert first.is_success, f"{operation}: {first.text}"
        assert "idempotent-replayed" not in first.headers
        before = await count_rows(desk.world)
        second = await made.send(method, path, Idempotency_Key=f"once-{operation}")
        assert second.headers["idempotent-replayed"] == "true", operation
        assert (second.status_code, second.content) == (first.status_code, first.content)
        for name in ("etag", "location", "content-type", "invx-version"):
            assert second.headers.get(name) == first.headers.get(name), f"{operation} {name}"
        made.body = made.body + b" " if isinstance(made.body, bytes) else _other(made.body)
        other = await made.send(method, path, Idempotency_Key=f"once-{operation}")
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
        assert await count_rows(desk.world) == before, operation


def _other(body: Json) -> Json:
    """Another body that is as right; what has no field to change gains one."""
    for name, value in (("customer", "C-2"), ("disputed", False), ("next", 51), ("name", "Else")):
        if name in body:
            return {**body, name: value}
    if "lines" in body:
        return {**body, "notes": "other"}
    if "amount" in body:
        return {**body, "amount": "6.00"}
    if "source" in body:
        return {**body, "source": "other"}
    return {**body, ("how" if "how" in body else "reason" if body else "issue_date"): "2026-01-01"}


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there", "r\xe9sum\xe9"])
async def test_a_key_that_is_none_is_refused_before_anything_happens(desk: Desk, key: str) -> None:
    before = await count_rows(desk.world)
    for operation, method, path in taking(desk.world, "Idempotency-Key"):
        url = path.format(invoice="inv_x", legal_entity="le_x", series="ser_x")
        headers = [(b"idempotency-key", key.encode("latin-1"))]
        body = BODIES[operation][1]
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await desk.client.request(method, url, headers=headers, **sent)
        assert answer.status_code in {415, 422}, f"{operation}: {answer.text}"
        if answer.status_code == 422:
            assert answer.json()["code"] == "malformed_idempotency_key"
    assert await count_rows(desk.world) == before
