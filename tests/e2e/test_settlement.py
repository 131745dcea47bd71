"""What is open of a document, and everything that may settle it."""

import asyncio
from typing import Any

from tests.e2e.acts import be_at, berlin, pointers, refused
from tests.world import Desk, line


async def _issued(desk: Desk) -> tuple[dict[str, Any], str]:
    issued = await desk.invoice(line("138.66"))
    return issued, f"/v1/invoices/{issued['id']}"


def _standing(found: dict[str, Any]) -> tuple[str, ...]:
    return tuple(found[name] for name in ("status", "open", "surplus", "paid"))


async def test_payments_lower_what_is_open_until_nothing_is(desk: Desk) -> None:
    _, path = await _issued(desk)
    part = await desk.post(f"{path}/payments", {"amount": "65.00", "source": "p1", "note": "cash"})
    assert _standing(part) == ("partial", "100.01", "0.00", "65.00")
    rest = await desk.post(f"{path}/payments", {"amount": "100.01", "source": "p2"})
    assert _standing(rest) == ("settled", "0.00", "0.00", "165.01")
    assert _standing(await desk.get(f"{path}/settlement")) == _standing(rest)
    notes = [entry["note"] for entry in (await desk.get(f"{path}/settlement"))["entries"]]
    assert notes == ["cash", None]
    document = await desk.get(path)
    assert (document["status"], document["settlement_status"]) == ("finalized", "settled")


async def test_d13_one_source_counts_once_however_often_it_is_sent(desk: Desk) -> None:
    _, path = await _issued(desk)
    body = {"amount": "65.01", "source": "bank:4711"}
    responses = await asyncio.gather(
        *(desk.client.post(f"{path}/payments", json=body) for _ in range(6))
    )
    assert {response.status_code for response in responses} == {200}
    found = await desk.get(f"{path}/settlement")
    assert _standing(found) == ("partial", "100.00", "0.00", "65.01")
    assert len(found["entries"]) == 1
    problem = await refused(
        desk, "POST", f"{path}/payments", {**body, "amount": "1.00"}, status=409
    )
    assert problem["code"] == "source_reused"


async def test_an_overpayment_is_surplus_and_can_be_given_back_once(desk: Desk) -> None:
    _, path = await _issued(desk)
    over = await desk.post(f"{path}/payments", {"amount": "200.00", "source": "p"})
    assert _standing(over) == ("overpaid", "0.00", "34.99", "200.00")
    too_much = {"amount": "35.00", "source": "r0"}
    problem = await refused(desk, "POST", f"{path}/refunds", too_much, status=409)
    assert problem["code"] == "refund_exceeds_surplus"
    back = await desk.post(f"{path}/refunds", {"amount": "34.99", "source": "r1"})
    assert (back["status"], back["surplus"], back["refunded"]) == ("settled", "0.00", "34.99")
    again = {"amount": "0.01", "source": "r2"}
    assert (await refused(desk, "POST", f"{path}/refunds", again, status=409))["code"] == (
        "nothing_to_refund"
    )


async def test_d19_two_refunds_lower_the_surplus_by_both(desk: Desk) -> None:
    _, path = await _issued(desk)
    await desk.post(f"{path}/payments", {"amount": "195.01", "source": "p"})
    first = await desk.post(f"{path}/refunds", {"amount": "10.00", "source": "r1"})
    second = await desk.post(f"{path}/refunds", {"amount": "10.00", "source": "r2"})
    assert (first["surplus"], second["surplus"]) == ("20.00", "10.00")
    assert second["refunded"] == "20.00"


async def test_d20_concurrent_refunds_never_give_back_more_than_the_surplus(desk: Desk) -> None:
    _, path = await _issued(desk)
    await desk.post(f"{path}/payments", {"amount": "195.01", "source": "p"})
    responses = await asyncio.gather(
        *(
            desk.client.post(f"{path}/refunds", json={"amount": "10.00", "source": f"r{number}"})
            for number in range(8)
        )
    )
    assert sorted(each.status_code for each in responses) == [200] * 3 + [409] * 5
    found = await desk.get(f"{path}/settlement")
    assert (found["surplus"], found["refunded"], found["open"]) == ("0.00", "30.00", "0.00")


async def test_a_write_off_takes_the_rest_or_a_part_but_never_more(desk: Desk) -> None:
    _, path = await _issued(desk)
    part = await desk.post(f"{path}/write-offs", {"amount": "5.01", "source": "w1"})
    assert (part["status"], part["open"], part["written_off"]) == ("partial", "160.00", "5.01")
    too_much = {"amount": "160.01", "source": "w2"}
    assert (await refused(desk, "POST", f"{path}/write-offs", too_much, status=409))["code"] == (
        "exceeds_open"
    )
    rest = await desk.post(f"{path}/write-offs", {})
    assert (rest["status"], rest["open"], rest["written_off"]) == ("written_off", "0.00", "165.01")
    late = await desk.post(f"{path}/payments", {"amount": "10.00", "source": "late"})
    assert (late["status"], late["surplus"]) == ("overpaid", "10.00")


async def test_an_early_payment_discount_settles_with_less_money(desk: Desk) -> None:
    _, path = await _issued(desk)
    await desk.post(f"{path}/payments", {"amount": "160.06", "source": "p"})
    body = {"amount": "4.95", "source": "discount"}
    taken = await desk.post(f"{path}/early-payment-discounts", body)
    assert _standing(taken) == ("settled", "0.00", "0.00", "160.06")
    assert taken["discounted"] == "4.95"


async def test_a_returned_payment_is_reversed_once_and_whole(desk: Desk) -> None:
    _, path = await _issued(desk)
    paid = await desk.post(f"{path}/payments", {"amount": "165.01", "source": "debit"})
    entry = paid["entries"][0]["id"]
    body = {"entry": entry, "source": "returned"}
    back = await desk.post(f"{path}/reversals", body)
    assert _standing(back) == ("open", "165.01", "0.00", "0.00")
    assert back["entries"][1]["reverses"] == entry
    assert await desk.post(f"{path}/reversals", body) == back
    twice = {"entry": entry, "source": "other"}
    assert (await refused(desk, "POST", f"{path}/reversals", twice, status=409))["code"] == (
        "entry_reversed"
    )
    unknown = {"entry": "sent_01jd0y7ct4f6d9zq8x3s5v2w1k", "source": "x"}
    assert (await refused(desk, "POST", f"{path}/reversals", unknown, status=404))["code"] == (
        "entry_not_found"
    )


async def test_money_cannot_have_moved_tomorrow(desk: Desk) -> None:
    await be_at(desk, berlin("2026-11-24T10:00"))
    _, path = await _issued(desk)
    body = {"amount": "1.00", "source": "p", "on": "2026-11-25"}
    problem = await refused(desk, "POST", f"{path}/payments", body, status=422)
    assert pointers(problem) == {"/on": "date_in_future"}
    paid = await desk.post(f"{path}/payments", {"amount": "1.00", "source": "p"})
    assert paid["entries"][0]["on"] == "2026-11-24"


async def test_a_dispute_is_a_flag_that_changes_no_balance(desk: Desk) -> None:
    _, path = await _issued(desk)
    raised = await desk.post(f"{path}/dispute", {"disputed": True, "reason": "wrong hours"})
    assert (raised["disputed"], raised["open"], raised["status"]) == (True, "165.01", "open")
    assert (await desk.get(path))["disputed"] is True
    again = {"disputed": True}
    assert (await refused(desk, "POST", f"{path}/dispute", again, status=409))["code"] == (
        "already_disputed"
    )
    cleared = await desk.post(f"{path}/dispute", {"disputed": False})
    assert cleared["disputed"] is False


async def test_overdue_begins_with_the_day_after_in_the_zone_of_the_legal_entity(
    desk: Desk,
) -> None:
    await be_at(desk, berlin("2026-11-01T10:00"))
    _, path = await _issued(desk)
    other = await desk.invoice()
    await desk.post(f"/v1/invoices/{other['id']}/payments", {"amount": "119.00", "source": "p"})
    assert (await desk.get(path))["due_date"] == "2026-11-15"
    await be_at(desk, berlin("2026-11-15T23:59"))
    await desk.world.settle()
    assert (await desk.get(path))["overdue"] is False
    await be_at(desk, berlin("2026-11-16T00:00:30"))
    assert (await desk.get(path))["overdue"] is True
    assert (await desk.get(f"{path}/settlement"))["overdue"] is True
    await desk.world.settle()
    kinds = [entry["type"] for entry in (await desk.get(f"{path}/history"))["data"]]
    assert kinds.count("BecameOverdue") == 1
    listed = (await desk.get("/v1/invoices", overdue="true"))["data"]
    assert [f"/v1/invoices/{each['id']}" for each in listed] == [path]
    await desk.post(f"{path}/payments", {"amount": "165.01", "source": "late"})
    assert (await desk.get(path))["overdue"] is False
    assert (await desk.get("/v1/invoices", overdue="true"))["data"] == []


async def test_the_four_states_move_independently(desk: Desk) -> None:
    await be_at(desk, berlin("2026-11-01T10:00"))
    _, path = await _issued(desk)
    names = ("status", "settlement_status", "delivery_status", "clearance_status", "disputed")

    async def states() -> tuple[Any, ...]:
        found = await desk.get(path)
        return tuple(found[name] for name in names)

    assert await states() == ("finalized", "open", "none", "not_required", False)
    await desk.post(f"{path}/release", {"how": "by post"})
    assert await states() == ("finalized", "open", "sent", "not_required", False)
    await desk.post(f"{path}/payments", {"amount": "1.00", "source": "p"})
    await desk.post(f"{path}/dispute", {"disputed": True})
    assert await states() == ("finalized", "partial", "sent", "not_required", True)
    await desk.post(f"{path}/cancel", {"reason": "all wrong"})
    assert (await states())[0] == "cancelled"
    assert (await states())[2] == "sent"


async def test_w10_each_change_leaves_exactly_one_contract_in_the_outbox(desk: Desk) -> None:
    _, path = await _issued(desk)
    body = {"amount": "165.01", "source": "p"}
    await desk.post(f"{path}/payments", body)
    await desk.post(f"{path}/payments", body)
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT contract, count(*) AS count FROM invoicing.outbox WHERE tenant_id = $1"
            " GROUP BY contract",
            desk.tenant_id,
        )
    assert {row["contract"]: row["count"] for row in rows} == {
        "invoicing.document.finalized.v1": 1,
        "invoicing.settlement.changed.v1": 1,
    }


async def test_a_draft_and_a_proforma_have_nothing_to_settle(desk: Desk) -> None:
    draft = await desk.draft()
    proforma = await desk.invoice(type="proforma")
    for document in (draft, proforma):
        path = f"/v1/invoices/{document['id']}"
        assert document["settlement_status"] is None
        problem = await refused(desk, "GET", f"{path}/settlement", status=404)
        assert problem["code"] == "settlement_not_found"
        pay = {"amount": "1.00", "source": "p"}
        await refused(desk, "POST", f"{path}/payments", pay, status=404)
