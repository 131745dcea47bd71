"""The same write sent twice happens once (E4)."""

import asyncio

import httpx

from tests.world import Desk, draft_body, line


async def _post(desk: Desk, path: str, body: object, key: str = "k-1") -> httpx.Response:
    return await desk.client.post(path, json=body, headers={"Idempotency-Key": key})


async def test_an_equal_request_gets_the_same_bytes_and_says_so(desk: Desk) -> None:
    body = draft_body(line("138.66"))
    first = await _post(desk, "/v1/invoices", body)
    second = await _post(desk, "/v1/invoices", body)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    for name in ("etag", "location", "content-type"):
        assert first.headers[name] == second.headers[name]
    assert len((await desk.get("/v1/invoices"))["data"]) == 1


async def test_a_replay_is_the_answer_of_then_and_not_of_now(desk: Desk) -> None:
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}/finalize"
    first = await _post(desk, path, {})
    await desk.post(f"/v1/invoices/{draft['id']}/payments", {"amount": "119.00", "source": "p"})
    second = await _post(desk, path, {})
    assert first.status_code == second.status_code == 200
    assert second.content == first.content
    assert second.json()["open"] == "119.00"


async def test_the_same_key_with_another_body_is_refused(desk: Desk) -> None:
    await _post(desk, "/v1/invoices", draft_body(line("1.00")))
    other = await _post(desk, "/v1/invoices", draft_body(line("2.00")))
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"
    assert len((await desk.get("/v1/invoices"))["data"]) == 1


async def test_the_order_of_fields_makes_no_other_request(desk: Desk) -> None:
    body = draft_body(line("1.00"))
    turned = dict(reversed(body.items()))
    first = await _post(desk, "/v1/invoices", body)
    assert (await _post(desk, "/v1/invoices", turned)).content == first.content


async def test_a_key_counts_per_tenant_and_per_route(desk: Desk) -> None:
    other = await desk.world.seller()
    body = draft_body(line("1.00"))
    first = await _post(desk, "/v1/invoices", body)
    second = await _post(other, "/v1/invoices", body)
    assert first.json()["id"] != second.json()["id"]
    finalized = await _post(desk, f"/v1/invoices/{first.json()['id']}/finalize", {})
    assert finalized.status_code == 200


async def test_of_two_equal_requests_at_once_one_writes(desk: Desk) -> None:
    body = draft_body(line("1.00"))
    responses = await asyncio.gather(*(_post(desk, "/v1/invoices", body) for _ in range(8)))
    made = [each for each in responses if each.status_code == 201]
    busy = [each for each in responses if each.status_code == 409]
    assert len(made) + len(busy) == len(responses)
    assert len({each.content for each in made}) == 1
    for each in busy:
        assert each.json()["code"] == "request_in_progress"
        assert int(each.headers["retry-after"]) >= 1
    assert len((await desk.get("/v1/invoices"))["data"]) == 1
    after = await _post(desk, "/v1/invoices", body)
    assert (after.status_code, after.content) == (201, made[0].content)


async def test_a_lasting_refusal_is_stored_and_stays_the_answer(desk: Desk) -> None:
    issued = await desk.invoice()
    path = f"/v1/invoices/{issued['id']}/refunds"
    body = {"amount": "1.00", "source": "r"}
    first = await _post(desk, path, body)
    assert (first.status_code, first.json()["code"]) == (409, "nothing_to_refund")
    await desk.post(f"/v1/invoices/{issued['id']}/payments", {"amount": "200.00", "source": "p"})
    second = await _post(desk, path, body)
    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert (await _post(desk, path, body, "k-2")).status_code == 200


async def test_what_failed_on_our_side_is_not_stored(desk: Desk) -> None:
    """A broken database column makes a 500; mended, the same key succeeds."""
    body = draft_body(line("1.00"))
    rename = "ALTER TABLE invoicing.document_search RENAME COLUMN {} TO {}"
    async with desk.world.admin() as conn:
        await conn.execute(rename.format("words", "hidden"))
        broken = await _post(desk, "/v1/invoices", body)
        await conn.execute(rename.format("hidden", "words"))
    assert broken.status_code == 500
    assert "document_search" not in broken.text
    mended = await _post(desk, "/v1/invoices", body)
    assert mended.status_code == 201, mended.text
    assert "idempotent-replayed" not in mended.headers


async def test_d13_a_payment_sent_twice_under_one_key_is_one_ledger_line(desk: Desk) -> None:
    issued = await desk.invoice()
    path = f"/v1/invoices/{issued['id']}/payments"
    body = {"amount": "19.00", "source": "p"}
    first = await _post(desk, path, body)
    assert (await _post(desk, path, body)).content == first.content
    assert (await desk.get(f"/v1/invoices/{issued['id']}/settlement"))["paid"] == "19.00"
