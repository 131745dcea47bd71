"""Rows of SCENARIOS.md on scale, over the API: counted, not timed, so that they hold anywhere."""

import asyncio
from typing import Any

from tests.load.queries import counted
from tests.world import BUYER, Desk, draft_body

# Bytes that do not become smaller in a ZIP, another file for each document.
_FILES = """
INSERT INTO invoicing.archives
    (tenant_id, document_id, kind, media_type, sha256, bytes, archived_at)
SELECT tenant_id, document_id, 'pdf', 'application/pdf', encode(sha256(b), 'hex'), b, now()
FROM (SELECT tenant_id, document_id, (SELECT string_agg(sha256((document_id::text || n)::bytea), '')
    FROM generate_series(1, 1600) n) AS b
    FROM invoicing.documents WHERE tenant_id = $1 AND number IS NOT NULL) AS made
"""


async def many(desk: Desk, count: int, **more: Any) -> None:
    """So many invoices."""
    body = {**draft_body(**more), "finalize": True}
    answer = await desk.post("/v1/invoices/batch", {"items": [body] * count})
    assert answer["accepted"] == count


async def test_s02_a_customer_with_233_documents_is_listed_in_three_round_trips(
    desk: Desk,
) -> None:
    """233 bundles of an account took 300 to 1,000 ms: a query for each. The page takes one."""
    await many(desk, 233, buyer={**BUYER, "customer": "C-233"})
    await many(desk, 20)
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        async with counted(desk.world) as sent:
            page = await desk.get("/v1/invoices", customer="C-233", limit=100, **after)
            assert len(sent) <= 3, sent
        found += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        after = {"after": page["next"]}
    assert len(found) == len(set(found)) == 233


async def test_s04_four_hundred_documents_in_one_archive_are_streamed(desk: Desk) -> None:
    """They leave as they are read: no answer holds all of them, and nothing waits for the last."""
    await many(desk, 400)
    async with desk.world.admin() as conn:
        await conn.execute(_FILES, desk.tenant_id)
    async with counted(desk.world) as sent:
        blocks = await streamed(desk, "/v1/invoices/archive")
        reads = sum("invoicing.archives a ON" in each for each in sent)
    whole = sum(len(block) for block, _ in blocks)
    assert whole > 400 * 50_000
    assert max(len(block) for block, _ in blocks) < whole / 20
    assert reads >= 400 / 16
    first = next(read for block, read in blocks if block)
    assert first < reads / 2, "the first bytes left when most was read already"


async def streamed(desk: Desk, path: str) -> list[tuple[bytes, int]]:
    """The blocks of an answer, each with the reads of files that had been made when it left."""
    blocks: list[tuple[bytes, int]] = []
    async with counted(desk.world) as sent:

        async def send(message: dict[str, Any]) -> None:
            reads = sum("invoicing.archives a ON" in each for each in sent)
            blocks.append((message.get("body", b""), reads))

        said = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, Any]:
            return next(said, None) or await asyncio.Future()  # the client stays

        headers = [(b"authorization", desk.client.headers["authorization"].encode())]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("invx.test", 80),
        }
        await desk.world.app(scope, receive, send)  # type: ignore[arg-type]
    return blocks


async def test_s08_what_is_broken_is_set_aside_with_its_reason_and_the_rest_goes_on(
    desk: Desk,
) -> None:
    """One broken account in a billing run: nine are issued, one says why it was not."""
    bodies = [draft_body() for _ in range(10)]
    bodies[4] = draft_body(buyer={"name": "Nobody"})
    made = await desk.post("/v1/invoices/batch", {"items": bodies})
    ids = [each["invoice"]["id"] for each in made["results"]]
    begun = await desk.post("/v1/invoices/finalize", {"invoices": ids})
    await desk.world.settle()
    done = await desk.get(f"/v1/operations/{begun['id']}")
    assert (done["state"], done["done"], done["failed"]) == ("done", 9, 1)
    items = (await desk.get(f"/v1/operations/{begun['id']}/items", state="failed"))["data"]
    assert [each["problem"]["code"] for each in items] == ["document_incomplete"]
    statuses = {}
    for status in ("finalized", "draft"):
        statuses[status] = (await desk.get("/v1/invoices", status=status))["data"]
    assert len(statuses["finalized"]) == 9
    assert [each["id"] for each in statuses["draft"]] == [ids[4]]
    assert {int(each["number"][-4:]) for each in statuses["finalized"]} == set(range(1, 10))
    edited = await desk.client.put(f"/v1/invoices/{ids[4]}", json=draft_body())
    assert edited.is_success
    await desk.post(f"/v1/operations/{begun['id']}/resume")
    await desk.world.settle()
    done = await desk.get(f"/v1/operations/{begun['id']}")
    assert (done["state"], done["done"], done["failed"]) == ("done", 10, 0)
