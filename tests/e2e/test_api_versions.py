"""Two versions of the API are live: what changed between them is seen in each, on every route."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from invx.infra.http.versions import LIVE, Change
from invx.kernel.ids import parse_typeid, typeid
from tests.world import Desk, World, line

OLD, NEW = LIVE
AT = "/v1/invoices/{invoice}"

# Every route whose answer shows what has changed, and what is said there. In this order each of
# them succeeds. They are done on an invoice of which a credit note has taken a part.
SHOWING: dict[str, dict[str, Any] | None] = {
    f"GET {AT}/settlement": None,
    f"POST {AT}/payment-plan": {"instalments": [{"due_date": "2099-01-31"}]},
    f"POST {AT}/payment-plan/end": {"reason": "missed"},
    f"POST {AT}/write-offs": {"amount": "1.00"},
    f"POST {AT}/withholding-certificates": {"amount": "4.00"},
    f"POST {AT}/early-payment-discounts": {"amount": "2.00"},
    f"POST {AT}/payments": {"amount": "1000.00"},
    f"POST {AT}/refunds": {"amount": "3.00"},
    f"POST {AT}/reversals": {},
    f"POST {AT}/dispute": {"disputed": True},
    f"GET {AT}/history": None,
}


async def credited(desk: Desk) -> tuple[str, str]:
    """An invoice of which a credit note took a part: their ids."""
    invoice = await desk.invoice(line("100.00"))
    credit = {"amount": "11.90", "finalize": True}
    note = await desk.post(f"/v1/invoices/{invoice['id']}/credit-notes", credit)
    return invoice["id"], note["id"]


async def asked(
    desk: Desk, operation: str, invoice: str, body: Any = None, **headers: str
) -> httpx.Response:
    method, _, path = operation.partition(" ")
    response = await desk.client.request(
        method, path.replace("{invoice}", invoice), json=body, headers=headers
    )
    assert response.status_code == 200, f"{operation}: {response.text}"
    return response


async def said(desk: Desk, operation: str, invoice: str) -> Any:
    """What to say on this route; entries have a source of their own."""
    body = SHOWING[operation]
    if body is None or "disputed" in body or "payment-plan" in operation:
        return body
    if operation.endswith("reversals"):
        ledger = await desk.get(f"/v1/invoices/{invoice}/settlement")
        body = {"entry": ledger["entries"][-1]["id"]}
    return {**body, "source": operation}


def credits_in(answer: dict[str, Any]) -> list[str]:
    """The sources of all credits in an answer: a ledger, or a history."""
    found = answer.get("entries") or [each["details"] for each in answer["data"]]
    return [each["source"] for each in found if each.get("kind") == "credit"]


def resources(answer: Any) -> Iterator[dict[str, Any]]:
    if isinstance(answer, dict):
        yield answer
    for each in answer.values() if isinstance(answer, dict) else answer:
        if isinstance(each, (dict, list)):
            yield from resources(each)


@pytest.mark.parametrize("version", [None, NEW, OLD])
async def test_the_source_of_a_credit_in_every_version_on_every_route(
    desk: Desk, version: str | None
) -> None:
    invoice, note = await credited(desk)
    raw = str(parse_typeid("inv", note))
    headers = {"invx-version": version} if version else {}
    for operation in SHOWING:
        body = await said(desk, operation, invoice)
        response = await asked(desk, operation, invoice, body, **headers)
        assert response.headers.get_list("invx-version") == [version or NEW], operation
        assert credits_in(response.json()) == [raw if version == OLD else note], operation
        assert (raw in response.text, note in response.text) == (
            (True, operation.endswith("/history")) if version == OLD else (False, True)
        ), operation


async def test_the_ledger_of_the_credit_note_names_it_too(desk: Desk) -> None:
    _, note = await credited(desk)
    operation = f"GET {AT}/settlement"
    for version, source in ((NEW, note), (OLD, str(parse_typeid("inv", note)))):
        response = await asked(desk, operation, note, **{"invx-version": version})
        assert credits_in(response.json()) == [source]
        assert response.headers["etag"] == f'"{response.json()["version"]}"'


async def test_only_credits_are_told_differently(desk: Desk) -> None:
    """A payment whose source has the form of a UUID, or of an id of ours, is the caller's text."""
    invoice, note = await credited(desk)
    sources = [str(UUID(int=7)), typeid("inv", UUID(int=8))]
    for source in sources:
        body = {"amount": "1.00", "source": source}
        await asked(desk, f"POST {AT}/payments", invoice, body)
    shown = {}
    for version in LIVE:
        response = await asked(
            desk, f"GET {AT}/settlement", invoice, None, **{"invx-version": version}
        )
        shown[version] = response.json()
        assert [each["source"] for each in shown[version]["entries"][1:]] == sources
    shown[OLD]["entries"][0]["source"] = note
    assert shown[OLD] == shown[NEW]


@pytest.mark.parametrize(("first", "again"), [(NEW, OLD), (OLD, NEW), (OLD, OLD)])
async def test_a_replay_is_told_in_the_version_that_it_is_asked_in(
    desk: Desk, first: str, again: str
) -> None:
    """Stored is the newest shape, whoever asked first."""
    invoice, note = await credited(desk)
    expected = {OLD: str(parse_typeid("inv", note)), NEW: note}
    operation, body = f"POST {AT}/payments", {"amount": "5.00", "source": "bank-1"}
    told = []
    for version in (first, again):
        headers = {"invx-version": version, "idempotency-key": "pay-1"}
        response = await asked(desk, operation, invoice, body, **headers)
        assert response.headers.get_list("invx-version") == [version]
        assert credits_in(response.json()) == [expected[version]]
        told.append(response)
    assert [each.headers.get("idempotent-replayed") for each in told] == [None, "true"]
    for response in told:
        assert response.headers.get_list("content-length") == [str(len(response.content))]
    ledger = await desk.get(f"/v1/invoices/{invoice}/settlement")
    assert [each["kind"] for each in ledger["entries"]] == ["credit", "payment"]


@pytest.mark.parametrize("again", LIVE)
async def test_a_replay_of_what_was_stored_before_this_version_says_what_it_is(
    desk: Desk, world: World, again: str
) -> None:
    """As the release before left it: the older shape, without a word about versions."""
    invoice, note = await credited(desk)
    raw = str(parse_typeid("inv", note))
    operation, body = f"POST {AT}/payments", {"amount": "5.00", "source": "bank-1"}
    key = {"idempotency-key": "pay-1"}
    first = await asked(desk, operation, invoice, body, **key)
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.idempotency SET body = $1, headers = headers::jsonb - 'invx-version'",
            first.content.replace(note.encode(), raw.encode()),
        )
    response = await asked(desk, operation, invoice, body, **key, **{"invx-version": again})
    assert response.headers["idempotent-replayed"] == "true"
    assert response.headers.get_list("invx-version") == [OLD]
    assert credits_in(response.json()) == [raw]


def changes_of(world: World) -> list[Change]:
    return [each for context in world.host.contexts.values() for each in context.api_changes]


async def test_each_change_is_undone_in_some_answer_and_changes_nothing_it_was_given(
    desk: Desk, world: World
) -> None:
    """A change that no answer shows is not tested by the routes above, or needs no undoing."""
    invoice, _ = await credited(desk)
    shown: dict[str, list[dict[str, Any]]] = {}
    for operation in SHOWING:
        body = await said(desk, operation, invoice)
        answer = (await asked(desk, operation, invoice, body)).json()
        for each in resources(answer):
            if isinstance(each.get("object"), str):
                shown.setdefault(each["object"], []).append(each)
    changes = changes_of(world)
    assert {change.since for change in changes} == set(LIVE[1:])
    for change in changes:
        told = shown[change.resource]
        before = repr(told)
        undone = [change.undone(each) for each in told]
        assert undone != told, f"{change.since} {change.resource}"
        assert repr(told) == before
        assert undone == [change.undone(each) for each in told]


async def test_every_route_that_shows_what_changed_is_asked_here(world: World) -> None:
    document = world.app.openapi()
    changed = {change.resource for change in changes_of(world)}
    showing = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if objects_of(document, answers_of(operation), set()) & changed
    }
    assert showing == set(SHOWING)


def answers_of(operation: dict[str, Any]) -> list[Any]:
    return [answer for code, answer in operation["responses"].items() if code.startswith("2")]


def objects_of(document: dict[str, Any], schema: Any, seen: set[str]) -> set[str]:
    """The `object` of every resource that a schema shows, at any depth."""
    if isinstance(schema, list):
        return set().union(*(objects_of(document, each, seen) for each in schema))
    if not isinstance(schema, dict):
        return set()
    found = {schema["const"]} if "const" in schema else set()
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen and name in document["components"]["schemas"]:
        seen.add(name)
        found |= objects_of(document, document["components"]["schemas"][name], seen)
    return found | objects_of(document, list(schema.values()), seen)
