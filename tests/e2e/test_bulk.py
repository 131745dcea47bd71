"""Many documents at once: batches, operations, and the same rows as one by one."""

from typing import Any

from tests.world import BUYER, Desk, World, draft_body, line


def item(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An item of a batch that is finalized at once."""
    return draft_body(*lines, **{"finalize": True, **more})


async def worked_off(desk: Desk, begun: dict[str, Any]) -> dict[str, Any]:
    """The operation after the worker has nothing left to do."""
    await desk.world.settle()
    return await desk.get(f"/v1/operations/{begun['id']}")


async def test_each_item_of_a_batch_is_accepted_or_rejected_by_itself(desk: Desk) -> None:
    bad = item(line("1.00"), {"description": "x", "quantity": "1", "price": 5})
    nobody = item(buyer={"name": "Nobody"})
    answer = await desk.post(
        "/v1/invoices/batch",
        {"items": [item(), bad, draft_body(), nobody, "nonsense", item(line("7.00"))]},
    )
    results = answer["results"]
    assert [each["accepted"] for each in results] == [True, False, True, False, False, True]
    assert (answer["accepted"], answer["rejected"]) == (3, 3)
    assert [each["index"] for each in results] == list(range(6))
    problems = [
        (problem["pointer"], problem["code"])
        for each in results
        if each["problem"]
        for problem in each["problem"]["problems"]
    ]
    assert ("/items/1/lines/1/price", "decimal_string") in problems
    assert ("/items/3/buyer/address/country", "country_missing") in problems
    numbers = [each["invoice"] and each["invoice"]["number"] for each in results]
    assert numbers[0].endswith("0001")
    assert numbers[5].endswith("0002")
    assert [numbers[at] for at in (1, 2, 3, 4)] == [None] * 4
    listed = await desk.get("/v1/invoices")
    assert {each["id"] for each in listed["data"]} == {
        each["invoice"]["id"] for each in results if each["accepted"]
    }


async def test_an_item_under_a_key_gives_the_same_invoice_in_any_batch(desk: Desk) -> None:
    first = await desk.post("/v1/invoices/batch", {"items": [item(key="a"), item(key="b")]})
    again = await desk.post(
        "/v1/invoices/batch",
        {"items": [item(key="b"), item(key="c"), item(line("9.00"), key="a"), item(key="c")]},
    )
    made = [each["invoice"] for each in first["results"]]
    replayed, new, other, twice = again["results"]
    assert (replayed["invoice"], replayed["replayed"]) == (made[1], True)
    assert new["invoice"]["id"] not in {each["id"] for each in made}
    assert other["problem"]["code"] == twice["problem"]["code"] == "item_key_reused"
    assert len((await desk.get("/v1/invoices"))["data"]) == 3


async def test_a_rejected_item_may_be_mended_under_its_key(desk: Desk) -> None:
    body = {"items": [item(key="a", buyer={"name": "Nobody"})]}
    assert (await desk.post("/v1/invoices/batch", body))["rejected"] == 1
    mended = await desk.post("/v1/invoices/batch", {"items": [item(key="a")]})
    assert mended["accepted"] == 1


async def test_a_batch_under_an_idempotency_key_is_written_once(desk: Desk) -> None:
    body = {"items": [item(), item(buyer={"name": "Nobody"})]}
    send = [
        await desk.client.post(
            "/v1/invoices/batch", json=body, headers={"Idempotency-Key": "batch-1"}
        )
        for _ in range(2)
    ]
    assert send[0].json() == send[1].json()
    assert send[1].headers["Idempotent-Replayed"] == "true"
    assert len((await desk.get("/v1/invoices"))["data"]) == 1


async def test_an_external_id_stands_for_one_document_of_all_batches(desk: Desk) -> None:
    await desk.draft(external_id="taken")
    ids = ["taken", "new", "new", None]
    answer = await desk.post(
        "/v1/invoices/batch", {"items": [item(external_id=each) for each in ids]}
    )
    assert [each["accepted"] for each in answer["results"]] == [False, True, False, True]
    [problem] = answer["results"][2]["problem"]["problems"]
    assert problem["pointer"] == "/items/2/external_id"


async def test_finalizing_in_a_batch_needs_its_own_permission(world: World, desk: Desk) -> None:
    writer = world.client(desk.tenant_id, ("invoices:write",))
    refused = await writer.post("/v1/invoices/batch", json={"items": [draft_body(), item()]})
    assert refused.status_code == 403
    drafts = await writer.post("/v1/invoices/batch", json={"items": [draft_body()]})
    assert drafts.json()["accepted"] == 1


async def test_an_operation_finalizes_what_a_filter_selects(desk: Desk) -> None:
    good = [await desk.draft() for _ in range(3)]
    bad = await desk.draft(buyer={"name": "Nobody", "customer": "C-1"})
    await desk.draft(buyer={**BUYER, "customer": "C-2"})
    response = await desk.client.post(
        "/v1/invoices/finalize", json={"filter": {"status": "draft", "customer": "C-1"}}
    )
    assert response.status_code == 202
    begun = response.json()
    assert response.headers["location"] == f"/v1/operations/{begun['id']}"
    assert (begun["state"], begun["total"], begun["progress"]) == ("pending", 4, "0.0000")
    done = await worked_off(desk, begun)
    assert (done["state"], done["done"], done["failed"]) == ("done", 3, 1)
    numbers = [(await desk.get(f"/v1/invoices/{each['id']}"))["number"] for each in good]
    assert [number[-4:] for number in numbers] == ["0001", "0002", "0003"]
    failed = await desk.get(f"/v1/operations/{begun['id']}/items", state="failed")
    [entry] = failed["data"]
    assert (entry["invoice"], entry["position"]) == (bad["id"], 3)
    assert entry["problem"]["problems"][0]["pointer"] == "/items/3/buyer/address/country"
    left = await desk.get("/v1/invoices", status="draft", customer="C-2")
    assert len(left["data"]) == 1


async def test_what_was_done_in_bulk_says_who_asked_for_it(desk: Desk) -> None:
    draft = await desk.draft()
    await worked_off(desk, await desk.post("/v1/invoices/finalize", {"invoices": [draft["id"]]}))
    history = await desk.get(f"/v1/invoices/{draft['id']}/history")
    assert {each["actor"] for each in history["data"]} == {await desk.actor()}


async def test_a_cancelled_operation_does_nothing_more_until_it_is_resumed(desk: Desk) -> None:
    drafts = [await desk.draft() for _ in range(2)]
    ids = [each["id"] for each in drafts]
    begun = await desk.post("/v1/invoices/finalize", {"invoices": ids})
    cancelled = await desk.post(f"/v1/operations/{begun['id']}/cancel")
    assert (cancelled["state"], cancelled["done"]) == ("cancelled", 0)
    await desk.post(f"/v1/operations/{begun['id']}/cancel", status=409)
    assert (await worked_off(desk, begun))["done"] == 0
    assert {each["status"] for each in (await desk.get("/v1/invoices"))["data"]} == {"draft"}
    await desk.post(f"/v1/operations/{begun['id']}/resume")
    done = await worked_off(desk, begun)
    assert (done["state"], done["done"]) == ("done", 2)
    await desk.post(f"/v1/operations/{begun['id']}/resume", status=409)


async def test_resuming_tries_again_what_failed(desk: Desk) -> None:
    draft = await desk.draft(buyer={"name": "Nobody"})
    begun = await desk.post("/v1/invoices/finalize", {"invoices": [draft["id"]]})
    assert (await worked_off(desk, begun))["failed"] == 1
    mended = await desk.client.put(f"/v1/invoices/{draft['id']}", json=draft_body())
    assert mended.is_success
    await desk.post(f"/v1/operations/{begun['id']}/resume")
    done = await worked_off(desk, begun)
    assert (done["state"], done["done"], done["failed"]) == ("done", 1, 0)


async def test_voiding_and_releasing_leave_alone_what_they_may_not_touch(desk: Desk) -> None:
    made = [await desk.invoice() for _ in range(3)]
    ids = [each["id"] for each in made]
    released = await desk.post("/v1/invoices/release", {"invoices": ids[:1]})
    assert (await worked_off(desk, released))["done"] == 1
    voided = await desk.post("/v1/invoices/void", {"invoices": ids})
    done = await worked_off(desk, voided)
    assert (done["done"], done["failed"]) == (2, 1)
    failed = await desk.get(f"/v1/operations/{voided['id']}/items", state="failed")
    assert failed["data"][0]["problem"]["code"] == "document_released"
    states = [(await desk.get(f"/v1/invoices/{id}"))["status"] for id in ids]
    assert states == ["finalized", "cancelled", "cancelled"]


async def test_a_selection_is_refused_where_it_makes_no_sense(desk: Desk) -> None:
    wrong = await desk.post("/v1/invoices/void", {"filter": {"status": "nonsense"}}, status=422)
    assert wrong["problems"][0]["pointer"] == "/filter/status"
    nothing = await desk.post("/v1/invoices/void", {"filter": {"status": "draft"}}, status=422)
    assert nothing["code"] == "selection_empty"
    await desk.post("/v1/invoices/void", {}, status=422)


async def test_operations_are_listed_the_newest_first(desk: Desk) -> None:
    draft = await desk.draft()
    made = [
        (await desk.post("/v1/invoices/release", {"invoices": [draft["id"]]}))["id"]
        for _ in range(3)
    ]
    first = await desk.get("/v1/operations", limit=2)
    second = await desk.get("/v1/operations", limit=2, after=first["next"])
    assert [each["id"] for each in first["data"] + second["data"]] == made[::-1]
    oldest = await desk.get("/v1/operations", sort="created")
    assert [each["id"] for each in oldest["data"]] == made
