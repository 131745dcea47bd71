"""Void, cancel, replace, release and credit: what happens to documents that were wrong."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.e2e.acts import be_at, berlin, refused, text_of
from tests.world import VAT19, Desk, draft_body, line

VAT7 = [{"category": "S", "rate": "7"}]


def _path(document: dict[str, Any]) -> str:
    return f"/v1/invoices/{document['id']}"


async def test_what_nobody_saw_is_voided_and_keeps_its_number(desk: Desk) -> None:
    issued = await desk.invoice()
    voided = await desk.post(f"{_path(issued)}/void", {"reason": "typo"}, status=200)
    assert (voided["status"], voided["voided"]) == ("cancelled", True)
    assert voided["number"] == issued["number"]
    assert voided["settlement_status"] is None
    assert (await desk.invoice())["number"].endswith("0002")
    pay = {"amount": "1.00", "source": "p"}
    assert (await refused(desk, "POST", f"{_path(issued)}/payments", pay, status=409))["code"] == (
        "settlement_closed"
    )
    assert (await refused(desk, "POST", f"{_path(issued)}/void", {}, status=409))["code"] == (
        "document_not_finalized"
    )


async def test_what_left_the_house_was_paid_or_credited_cannot_be_voided(desk: Desk) -> None:
    released, paid, credited = [await desk.invoice() for _ in range(3)]
    await desk.post(f"{_path(released)}/release", {"how": "by mail"})
    await desk.post(f"{_path(paid)}/payments", {"amount": "1.00", "source": "p"})
    await desk.post(f"{_path(credited)}/credit-notes", {"amount": "1.00", "finalize": True})
    for document, code in (
        (released, "document_released"),
        (paid, "document_settled"),
        (credited, "document_credited"),
    ):
        problem = await refused(desk, "POST", f"{_path(document)}/void", {}, status=409)
        assert problem["code"] == code
        assert (await desk.get(_path(document)))["status"] == "finalized"


async def test_a_cancellation_is_a_document_of_the_series_linked_both_ways(desk: Desk) -> None:
    issued = await desk.invoice(line("138.66"), discounts=[{"percent": "3", "taxes": VAT19}])
    await desk.post(f"{_path(issued)}/release", {})
    note = await desk.post(f"{_path(issued)}/cancel", {"reason": "ordered twice"}, status=201)
    original = await desk.get(_path(issued))
    assert (note["type"], note["cancels"], note["credits"]) == (
        "credit_note",
        issued["id"],
        issued["id"],
    )
    assert note["totals"]["gross"] == issued["totals"]["gross"]
    assert note["preceding"] == [{"number": issued["number"], "issue_date": issued["issue_date"]}]
    assert note["notes"] == "ordered twice"
    assert (original["status"], original["voided"]) == ("cancelled", False)
    assert original["cancelled_by"] == note["id"]
    assert original["credit_notes"] == [note["id"]]
    assert (original["open"], original["settlement_status"]) == ("0.00", "settled")
    assert (note["settlement_status"], note["surplus"]) == ("settled", "0.00")
    assert issued["number"] in await text_of(desk, note)
    problem = await refused(desk, "POST", f"{_path(issued)}/cancel", {}, status=409)
    assert problem["code"] == "document_not_finalized"


async def test_n08_a_voided_document_is_made_anew_linked_and_stays_as_it_is(desk: Desk) -> None:
    issued = await desk.invoice(line("138.66"), external_id="E-1")
    await desk.post(f"{_path(issued)}/void", {})
    draft = await desk.post(f"{_path(issued)}/replace", {"reason": "again"}, status=201)
    assert (draft["status"], draft["replaces"]) == ("draft", issued["id"])
    assert draft["totals"] == issued["totals"]
    new = await desk.finalize(draft)
    old = await desk.get(_path(issued))
    assert (old["status"], old["voided"], old["replaced_by"]) == ("cancelled", True, new["id"])
    assert new["number"].endswith("0002")
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/cancel"), ("POST", "/replace")):
        body = draft_body() if method == "PUT" else None
        await refused(desk, method, _path(issued) + path, body, status=409)
    assert await desk.get(_path(issued)) == old


async def test_n08_a_document_that_stands_is_cancelled_and_replaced_in_one_step(
    desk: Desk,
) -> None:
    issued = await desk.invoice(line("138.66"))
    draft = await desk.post(f"{_path(issued)}/replace", {"reason": "wrong price"})
    old = await desk.get(_path(issued))
    assert old["status"] == "cancelled"
    note = await desk.get(f"/v1/invoices/{old['cancelled_by']}")
    assert note["totals"]["gross"] == "165.01"
    body = draft_body(line("99.00"))
    edited = await desk.client.put(_path(draft), json=body)
    assert edited.status_code == 200
    new = await desk.finalize(edited.json())
    assert (new["replaces"], new["totals"]["net"]) == (issued["id"], "99.00")
    assert (await desk.get(_path(issued)))["replaced_by"] == new["id"]


async def test_release_counts_once_and_only_for_what_is_finalized(desk: Desk) -> None:
    draft = await desk.draft()
    await refused(desk, "POST", f"{_path(draft)}/release", {}, status=409)
    issued = await desk.finalize(draft)
    first = await desk.post(f"{_path(issued)}/release", {"how": "by mail"})
    second = await desk.post(f"{_path(issued)}/release", {"how": "by fax"})
    assert first["delivery_status"] == second["delivery_status"] == "sent"
    assert first["version"] == second["version"]


async def test_a_whole_credit_note_mirrors_the_invoice(desk: Desk) -> None:
    lines = [line("100.00", "3", id="a"), line("0.10", "7", id="b", taxes=VAT7)]
    issued = await desk.invoice(*lines, discounts=[{"percent": "3"}], charges=[{"amount": "5"}])
    note = await desk.post(f"{_path(issued)}/credit-notes", {"finalize": True})
    for figure in ("net", "tax", "gross"):
        assert note["totals"][figure] == issued["totals"][figure]
    assert note["tax_groups"] == issued["tax_groups"]
    assert (await desk.get(_path(issued)))["open"] == "0.00"
    problem = await refused(desk, "POST", f"{_path(issued)}/credit-notes", {}, status=409)
    assert problem["code"] == "nothing_left_to_credit"


async def test_credit_by_line_takes_units_or_net_and_the_rest_sums_up(desk: Desk) -> None:
    issued = await desk.invoice(line("9.99", "3", id="a"), line("50.00", id="b", taxes=VAT7))
    notes = [
        {"lines": [{"line_id": "a", "quantity": "1"}]},
        {"lines": [{"line_id": "a", "net": "5.55"}, {"line_id": "b", "net": "10.00"}]},
        {},
    ]
    made = [
        await desk.post(f"{_path(issued)}/credit-notes", {**body, "finalize": True})
        for body in notes
    ]
    assert made[0]["totals"]["net"] == "9.99"
    assert made[1]["totals"]["net"] == "15.55"
    for figure in ("net", "tax", "gross"):
        total = sum(Decimal(note["totals"][figure]) for note in made)
        assert str(total) == issued["totals"][figure]
    unknown = {"lines": [{"line_id": "zzz"}]}
    fresh = await desk.invoice(line("1.00", id="a"))
    problem = await refused(desk, "POST", f"{_path(fresh)}/credit-notes", unknown, status=422)
    assert problem["code"] == "line_not_found"


async def test_credit_of_more_than_is_left_is_refused(desk: Desk) -> None:
    issued = await desk.invoice(line("138.66", id="a"))
    path = f"{_path(issued)}/credit-notes"
    for body in (
        {"amount": "165.02"},
        {"lines": [{"line_id": "a", "net": "138.67"}]},
        {"lines": [{"line_id": "a", "quantity": "2"}]},
    ):
        problem = await refused(desk, "POST", path, {**body, "finalize": True}, status=409)
        assert problem["code"] == "credit_exceeds_remainder"
    assert (await desk.get(_path(issued)))["open"] == "165.01"


async def test_d09_parallel_credits_never_take_more_than_is_left(desk: Desk) -> None:
    issued = await desk.invoice(line("138.66"), line("10.00", taxes=VAT7))
    gross = Decimal(issued["totals"]["gross"])
    path = f"{_path(issued)}/credit-notes"
    body = {"amount": "17.77", "finalize": True}
    responses = await asyncio.gather(*(desk.client.post(path, json=body) for _ in range(20)))
    made = [each.json() for each in responses if each.status_code == 201]
    refusals = {each.json()["code"] for each in responses if each.status_code != 201}
    assert len(made) == gross // Decimal("17.77")
    assert refusals == {"credit_exceeds_remainder"}
    assert len({note["number"] for note in made}) == len(made)
    left = gross - sum(Decimal(note["totals"]["gross"]) for note in made)
    found = await desk.get(_path(issued))
    assert found["open"] == str(left)
    rest = await desk.post(path, {"finalize": True})
    assert rest["totals"]["gross"] == str(left)
    made.append(rest)
    for figure in ("net", "tax", "gross"):
        total = sum(Decimal(note["totals"][figure]) for note in made)
        assert str(total) == issued["totals"][figure]
    await refused(desk, "POST", path, {"amount": "0.01", "finalize": True}, status=409)


async def test_a_credit_of_a_paid_invoice_is_owed_to_the_buyer(desk: Desk) -> None:
    issued = await desk.invoice(line("100.00"))
    await desk.post(f"{_path(issued)}/payments", {"amount": "119.00", "source": "p"})
    note = await desk.post(f"{_path(issued)}/credit-notes", {"amount": "19.00", "finalize": True})
    assert (note["open"], note["surplus"]) == ("0.00", "19.00")
    assert (await desk.get(_path(issued)))["settlement_status"] == "settled"
    back = await desk.post(f"{_path(note)}/refunds", {"amount": "19.00", "source": "r"})
    assert (back["surplus"], back["status"]) == ("0.00", "settled")


async def test_voiding_a_credit_note_gives_back_what_it_took(desk: Desk) -> None:
    issued = await desk.invoice(line("100.00"))
    await desk.post(f"{_path(issued)}/payments", {"amount": "119.00", "source": "p"})
    note = await desk.post(f"{_path(issued)}/credit-notes", {"finalize": True})
    await desk.post(f"{_path(note)}/void", {})
    again = await desk.post(f"{_path(issued)}/credit-notes", {"finalize": True})
    assert again["totals"]["gross"] == "119.00"


async def test_a_draft_credit_note_takes_nothing_until_it_is_finalized(desk: Desk) -> None:
    issued = await desk.invoice(line("100.00"))
    path = f"{_path(issued)}/credit-notes"
    drafts = [await desk.post(path, {"amount": "100.00"}) for _ in range(2)]
    assert {draft["status"] for draft in drafts} == {"draft"}
    assert (await desk.get(_path(issued)))["open"] == "119.00"
    await desk.finalize(drafts[0])
    problem = await refused(desk, "POST", f"{_path(drafts[1])}/finalize", {}, status=409)
    assert problem["code"] == "credit_exceeds_remainder"
    assert (await desk.get(_path(issued)))["open"] == "19.00"


async def test_a_credit_note_that_stands_alone_has_lines_of_its_own(desk: Desk) -> None:
    note = await desk.invoice(line("100.00", "2"), type="credit_note", type_code="396")
    assert note["number"].startswith("CN-")
    assert (note["totals"]["gross"], note["credits"]) == ("238.00", None)
    assert (note["open"], note["surplus"]) == ("0.00", "238.00")
    problem = await refused(desk, "POST", f"{_path(note)}/credit-notes", {}, status=409)
    assert problem["code"] == "document_not_creditable"


async def test_a_proforma_has_numbers_of_its_own_and_no_legal_effect(desk: Desk) -> None:
    proforma = await desk.invoice(line("138.66"), type="proforma")
    assert proforma["number"].startswith("PF-")
    assert "PROFORMA" in (await text_of(desk, proforma)).upper()
    assert (await desk.invoice())["number"].endswith("-0001")
    for act in ("credit-notes", "cancel"):
        problem = await refused(desk, "POST", f"{_path(proforma)}/{act}", {}, status=409)
        assert problem["code"] == "document_not_creditable"
    async with desk.world.admin() as conn:
        legal = await conn.fetch(
            "SELECT n.text FROM invoicing.numbers n JOIN invoicing.series s USING (series_id)"
            " WHERE s.legal AND s.tenant_id = $1 ORDER BY 1",
            desk.tenant_id,
        )
    assert [row["text"][-4:] for row in legal] == ["0001"]


async def test_history_and_state_tell_what_a_document_was_at_any_moment(desk: Desk) -> None:
    await be_at(desk, berlin("2026-11-01T10:00"))
    draft = await desk.draft(line("10.00"))
    await be_at(desk, berlin("2026-11-02T10:00"))
    await desk.client.put(_path(draft), json=draft_body(line("138.66")))
    await be_at(desk, berlin("2026-11-03T10:00"))
    issued = await desk.finalize(draft)
    await be_at(desk, berlin("2026-11-04T10:00"))
    await desk.post(f"{_path(draft)}/payments", {"amount": "65.00", "source": "p"})
    await be_at(desk, berlin("2026-11-05T10:00"))
    await desk.post(f"{_path(draft)}/cancel", {"reason": "x"})
    now = await desk.get(_path(draft))

    async def at(day: int) -> dict[str, Any]:
        return await desk.get(f"{_path(draft)}/state", at=f"2026-11-{day:02}T20:00:00Z")

    await refused(desk, "GET", f"{_path(draft)}/state?at=2026-10-31T00:00:00Z", status=404)
    assert await at(1) == draft
    assert ((await at(2))["totals"]["gross"], (await at(2))["status"]) == ("165.01", "draft")
    assert await at(3) == issued
    assert ((await at(4))["open"], (await at(4))["status"]) == ("100.01", "finalized")
    assert await at(5) == now
    history = (await desk.get(f"{_path(draft)}/history"))["data"]
    assert [entry["at"][:10] for entry in history] == sorted(e["at"][:10] for e in history)
    kinds = [entry["type"] for entry in history]
    assert kinds[:4] == ["DraftCreated", "DraftEdited", "DocumentFinalized", "SettlementOpened"]
    assert "DocumentCancelled" in kinds[-4:]
    assert {entry["actor"] for entry in history} == {await desk.actor()}
