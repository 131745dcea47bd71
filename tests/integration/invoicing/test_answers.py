"""The answer of a write is what a read gives right after it: body, version and place."""

from typing import Any

import httpx

from tests.integration.invoicing.states import OPERATIONS, STATES, attempt
from tests.world import SELLER, Desk, draft_body, line

WRITES = [
    ("draft", "edit"),
    ("draft", "finalize"),
    ("finalized", "void"),
    ("finalized", "release"),
    ("finalized", "cancel"),
    ("settled", "cancel"),
    ("partly_credited", "cancel"),
    ("finalized", "replace"),
    ("voided", "replace"),
    ("finalized", "credit"),
    ("finalized", "credit_part"),
    ("overpaid", "credit"),
    ("credit_note", "void"),
    ("proforma", "void"),
    ("disputed", "void"),
]
ENTRIES = [
    ("finalized", "pay"),
    ("settled", "pay"),
    ("credit_note", "pay"),
    ("finalized", "discount"),
    ("partly_paid", "write_off"),
    ("overpaid", "refund"),
    ("credit_note", "refund"),
    ("finalized", "dispute"),
    ("disputed", "settle_dispute"),
    ("finalized", "certify"),
    ("finalized", "plan"),
]


async def same_as_read(desk: Desk, answer: httpx.Response, path: str) -> None:
    assert answer.is_success, answer.text
    read = await desk.client.get(path)
    assert answer.json() == read.json()
    assert answer.headers["etag"] == read.headers["etag"] == f'"{answer.json()["version"]}"'
    assert answer.headers["content-type"] == read.headers["content-type"] == "application/json"
    if answer.status_code == 201:
        assert answer.headers["location"] == path
    else:
        assert "location" not in answer.headers


async def test_a_document_is_answered_as_it_is_read(desk: Desk) -> None:
    for state, operation in WRITES:
        answer = await attempt(desk, await STATES[state](desk), operation)
        await same_as_read(desk, answer, f"/v1/invoices/{answer.json()['id']}")


async def test_a_ledger_is_answered_as_it_is_read(desk: Desk) -> None:
    for state, operation in ENTRIES:
        document = await STATES[state](desk)
        answer = await attempt(desk, document, operation)
        await same_as_read(desk, answer, f"/v1/invoices/{document['id']}/settlement")


async def test_a_reversal_is_answered_as_it_is_read(desk: Desk) -> None:
    path = f"/v1/invoices/{(await desk.invoice())['id']}"
    paid = await desk.post(f"{path}/payments", {"amount": "19.00", "source": "p"})
    body = {"entry": paid["entries"][0]["id"], "source": "returned"}
    answer = await desk.client.post(f"{path}/reversals", json=body)
    await same_as_read(desk, answer, f"{path}/settlement")


async def test_the_end_of_a_plan_is_answered_as_it_is_read(desk: Desk) -> None:
    document = await desk.invoice(line("100.00"))
    assert (await attempt(desk, document, "plan")).is_success
    answer = await attempt(desk, document, "end_plan")
    await same_as_read(desk, answer, f"/v1/invoices/{document['id']}/settlement")


async def test_a_new_draft_is_answered_as_it_is_read(desk: Desk) -> None:
    answer = await desk.client.post("/v1/invoices", json=draft_body(line("1.23", "3")))
    assert answer.status_code == 201
    await same_as_read(desk, answer, f"/v1/invoices/{answer.json()['id']}")


async def test_a_deleted_draft_is_answered_with_nothing(desk: Desk) -> None:
    draft = await desk.draft()
    answer = await desk.client.delete(f"/v1/invoices/{draft['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not {"etag", "location", "content-type"} & answer.headers.keys()


async def test_a_legal_entity_is_answered_as_it_is_read(desk: Desk) -> None:
    answer = await desk.client.post("/v1/legal-entities", json={**SELLER, "name": "Second"})
    assert answer.status_code == 201
    path = f"/v1/legal-entities/{answer.json()['id']}"
    await same_as_read(desk, answer, path)
    await same_as_read(desk, await desk.client.put(path, json={**SELLER, "name": "Other"}), path)


async def test_a_series_is_answered_as_it_is_read(desk: Desk) -> None:
    body = {"name": "S", "pattern": "{number}", "types": ["credit_note", "invoice"]}
    answer = await desk.client.post("/v1/series", json={**body, "reset": "none"})
    assert answer.status_code == 201
    path = f"/v1/series/{answer.json()['id']}"
    await same_as_read(desk, answer, path)
    raised = await desk.client.post(f"{path}/next-number", json={"next": 7, "reason": "move"})
    await same_as_read(desk, raised, path)
    await desk.invoice()
    assert (await desk.get(path))["last_number"] == 7


SMALL = "0.0000002"  # what one call of an API costs


async def test_figures_have_no_exponent_wherever_they_are_read(desk: Desk) -> None:
    computed = {
        "description": "Calls",
        "net": "0.20",
        "taxes": [{"category": "S", "rate": "19"}],
        "breakdown": [
            {"quantity": "0.0000003", "price": SMALL, "amount": "0.0000000"},
        ],
    }
    priced = line(SMALL, "1000000", base_quantity="0.00000010", price_discount="0.00000000")
    more: dict[str, Any] = {
        "prepaid": "0.00000000",
        "tax_currency": {"currency": "SEK", "rate": "0.0000009"},
    }
    body = draft_body(priced, computed, {**computed, "net": "0.10"}, **more)
    draft = await desk.post("/v1/invoices", body)
    checked = await desk.post("/v1/invoices/check", body)
    path = f"/v1/invoices/{draft['id']}"
    finalized = await desk.finalize(draft)
    moment = {"at": finalized["finalized_at"]}
    for found in (draft, await desk.get(path), await desk.get(f"{path}/state", **moment), checked):
        first, second, _ = found["lines"]
        assert (first["price"], first["quantity"]) == (SMALL, "1000000")
        assert (first["base_quantity"], first["price_discount"]) == ("0.00000010", "0.00000000")
        [step] = second["breakdown"]
        assert (step["quantity"], step["price"]) == ("0.0000003", SMALL)
        assert step["amount"] == "0.0000000"
        if "tax_currency" in found:
            assert found["tax_currency"]["rate"] == "0.0000009"
            assert found["prepaid"] == "0.00000000"
    steps = (await desk.get(f"{path}/explain"))["steps"]
    assert not [each for each in steps if "E-" in each["result"] or "E-" in each["formula"]]


async def test_a_negative_zero_is_zero_wherever_it_is_read(desk: Desk) -> None:
    body = draft_body(line("-0.00", "-0"), line("5.00"), prepaid="-0.00")
    draft = await desk.post("/v1/invoices", body)
    assert (draft["lines"][0]["price"], draft["lines"][0]["quantity"]) == ("0.00", "0")
    assert (draft["prepaid"], draft["totals"]["prepaid"]) == ("0.00", "0.00")
    assert '"-0' not in (await desk.client.get(f"/v1/invoices/{draft['id']}")).text


def test_every_operation_that_writes_is_compared() -> None:
    compared = {operation for _, operation in (*WRITES, *ENTRIES)}
    writing = {name for name, (method, _, _) in OPERATIONS.items() if method != "GET"}
    assert writing - compared == {"delete", "check", "reverse", "end_plan"}, (
        "these have tests of their own"
    )
