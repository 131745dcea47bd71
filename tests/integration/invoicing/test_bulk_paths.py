"""In bulk or one by one: the same rows, events and contracts, but for ids and times."""

import json
import re
from typing import Any
from uuid import UUID

import asyncpg

from invx.infra.audit import verify
from tests.integration.isolation.rows import tenanted_tables
from tests.world import Desk, World, draft_body, line

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Times, chances and what is made of them; `lane` is what is meant to differ.
_CHANCE = {"created_at", "finalized_at", "recorded_at", "occurred_at", "archived_at", "received_at"}
_CHANCE |= {"hash", "head_hash", "salt", "~personal", "position", "lane", "message_id", "on_date"}
_CHANCE |= {
    "overdue_from",
    "opened_on",
    "sha256",
    "bytes",
    "published_at",
    "trace_parent",
    "finished_at",
}
_CHANCE |= {"next_attempt_at", "put_at"}
# Of a document that was never a draft there is one event less.
_VERSION = {"version", "sequence"}
# Jobs stand in other rows, as many documents share one; answers and facts are of the requests.
_APART = {"due_jobs", "idempotency", "facts", "archives", "operations", "operation_items", "graces"}

BODIES = [
    draft_body(line("100.00"), line("19.99", "3")),
    draft_body(line("0.07", "1.5"), metadata={"k": "v"}, notes="Thank you"),
    draft_body(line("50.00"), prepaid="10.00"),
    draft_body(line("119.00"), prices_include_tax=True, type="proforma"),
]


def plain(value: Any, dropped: set[str]) -> Any:
    """A row without what chance decides; ids are all alike."""
    if isinstance(value, dict):
        return {key: plain(each, dropped) for key, each in value.items() if key not in dropped}
    if isinstance(value, list):
        return [plain(each, dropped) for each in value]
    return _ID.sub("id", value) if isinstance(value, str) else value


async def rows_of(conn: asyncpg.Connection, table: str, desk: Desk) -> list[str]:
    rows = await conn.fetch(
        f"SELECT to_jsonb(t)::text FROM {table} t WHERE tenant_id = $1", desk.tenant_id
    )
    dropped = _CHANCE | (_VERSION if not table.endswith((".numbers", "tax_entries")) else set())
    found = [plain(json.loads(row[0]), dropped) for row in rows]
    if table.endswith(".events"):
        found = [each for each in found if each["type"] != "DraftCreated"]
    if table.endswith(".personal"):
        # A draft's own copy of what the document says goes with the draft.
        return sorted({json.dumps(each, sort_keys=True) for each in found})
    return sorted(json.dumps(each, sort_keys=True) for each in found)


async def test_bulk_writes_what_single_requests_write(world: World) -> None:
    books = {"chart": "SKR03"}
    single, bulk = await world.seller(accounting=books), await world.seller(accounting=books)
    for body in BODIES:
        await single.finalize(await single.post("/v1/invoices", body))
    answer = await bulk.post(
        "/v1/invoices/batch", {"items": [{**body, "finalize": True} for body in BODIES]}
    )
    assert answer["accepted"] == len(BODIES)
    await world.settle()
    async with world.admin() as conn:
        for table in await tenanted_tables(conn):
            if table.split(".")[1] not in _APART:
                assert await rows_of(conn, table, bulk) == await rows_of(conn, table, single), table


async def test_a_document_that_was_never_a_draft_has_a_past_and_an_unbroken_chain(
    world: World, desk: Desk
) -> None:
    answer = await desk.post(
        "/v1/invoices/batch", {"items": [{**draft_body(), "finalize": True}] * 3}
    )
    id = answer["results"][0]["invoice"]["id"]
    history = await desk.get(f"/v1/invoices/{id}/history")
    assert [each["type"] for each in history["data"]][:1] == ["DocumentFinalized"]
    whole = await desk.get(f"/v1/invoices/{id}")
    assert whole["created_at"] == whole["finalized_at"]
    assert (await desk.get(f"/v1/invoices/{id}/state", at="2100-01-01T00:00:00Z"))["lines"]
    note = await desk.post(f"/v1/invoices/{id}/credit-notes", {"finalize": True})
    assert note["credits"] == id
    async with world.admin() as conn:
        found = await verify(conn, "invoicing", UUID(str(desk.tenant_id)))  # type: ignore[arg-type]
    assert not found.broken, found


async def test_a_refused_credit_note_of_a_batch_takes_nothing_from_its_original(desk: Desk) -> None:
    """Two take all that is left: the second is refused, and spoils neither the first nor others."""
    original = await desk.invoice(line("100.00"))
    notes = [
        await desk.post(f"/v1/invoices/{original['id']}/credit-notes", {"amount": "119.00"})
        for _ in range(2)
    ]
    plain_draft = await desk.draft(line("5.00"))
    ids = [each["id"] for each in (*notes, plain_draft)]
    begun = await desk.post("/v1/invoices/finalize", {"invoices": ids})
    await desk.world.settle()
    done = await desk.get(f"/v1/operations/{begun['id']}")
    assert (done["done"], done["failed"]) == (2, 1)
    states = [(await desk.get(f"/v1/invoices/{id}"))["status"] for id in ids]
    assert states == ["finalized", "draft", "finalized"]
    whole = await desk.get(f"/v1/invoices/{original['id']}")
    assert (whole["credited"], whole["open"]) == ("119.00", "0.00")
    for series in (await desk.get("/v1/series"))["data"]:
        assert (await desk.get(f"/v1/series/{series['id']}/gaps"))["gaps"] == []


async def test_what_cannot_be_dated_so_is_refused_and_no_number_is_lost(desk: Desk) -> None:
    held = [await desk.draft() for _ in range(3)]
    other = await desk.draft(type="proforma")
    future = {"issue_date": "2199-01-01"}
    begun = await desk.post(
        "/v1/invoices/finalize", {"invoices": [each["id"] for each in (*held, other)], **future}
    )
    await desk.world.settle()
    done = await desk.get(f"/v1/operations/{begun['id']}")
    assert (done["done"], done["failed"]) == (0, 4)
    assert (await desk.finalize(held[0]))["number"].endswith("0001")
