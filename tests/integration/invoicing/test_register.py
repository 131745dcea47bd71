"""The register of a legal entity: every legal document in the order of issue, chained (D3)."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.adapters.register_entering import enter_registers
from invx.contexts.invoicing.read.register import examine_register
from invx.infra.system import Uuid7Ids
from invx.kernel import limits
from tests.integration.infra.test_audit import tampering
from tests.sealing import intact, seal
from tests.waiting import HANG_SECONDS
from tests.world import BUYER, SELLER, Desk, World, line


async def entered(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    """The register after what was issued until now was entered."""
    await seal(desk)
    return await rows(desk, **query)


async def rows(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    listed = await desk.get(f"/v1/legal-entities/{desk.entity}/register", **query)
    found: list[dict[str, Any]] = listed["data"]
    return found


def chained(found: list[dict[str, Any]]) -> bool:
    """Whether positions have no gap, and each row names the fingerprint before it."""
    prints = ["0" * 64, *(row["fingerprint"] for row in found)]
    return [row["position"] for row in found] == list(range(1, len(found) + 1)) and [
        row["previous"] for row in found
    ] == prints[:-1]


async def test_what_is_issued_credited_cancelled_and_voided_is_entered_in_order(
    desk: Desk,
) -> None:
    first = await desk.invoice(line("100.00"))
    path = f"/v1/invoices/{first['id']}"
    note = await desk.post(f"{path}/credit-notes", {"amount": "11.90", "finalize": True})
    voided = await desk.invoice(line("7.00"), line("3.00", taxes=[{"category": "S", "rate": "7"}]))
    await desk.post(f"/v1/invoices/{voided['id']}/void", {"reason": "a slip"})
    third = await desk.invoice(line("1.00"))
    await desk.post(f"/v1/invoices/{third['id']}/release", {"how": "by hand"})
    cancelled = await desk.post(f"/v1/invoices/{third['id']}/cancel", {})
    await desk.draft(line("9.00"))
    found = await entered(desk)
    assert chained(found)
    assert [(row["kind"], row["number"], row["type"]) for row in found] == [
        ("issued", first["number"], "invoice"),
        ("issued", note["number"], "credit_note"),
        ("issued", voided["number"], "invoice"),
        ("issued", third["number"], "invoice"),
        ("issued", cancelled["number"], "credit_note"),
        ("voided", voided["number"], "invoice"),
    ]
    assert [row["credits"] for row in found][1] == first["id"]
    assert (found[4]["cancels"], found[4]["credits"]) == (third["id"], third["id"])
    assert (found[0]["net"], found[0]["tax"], found[0]["gross"]) == ("100.00", "19.00", "119.00")
    rates = [(tax["rate"], tax["base"], tax["tax"]) for tax in found[5]["taxes"]]
    assert rates == [("19", "7.00", "1.33"), ("7", "3.00", "0.21")]
    assert len({row["document_hash"] for row in found}) == 6


async def test_what_is_entered_stays_and_more_follows(desk: Desk) -> None:
    await desk.invoice(line("1.00"))
    first = await entered(desk)
    assert await entered(desk) == first
    assert await seal(desk) == 0
    await desk.invoice(line("2.00"))
    second = await entered(desk)
    assert second[:1] == first
    assert len(second) == 2
    assert chained(second)


async def test_drafts_and_proformas_are_not_in_it(desk: Desk) -> None:
    await desk.finalize(await desk.draft(line("5.00"), type="proforma"))
    await desk.draft(line("6.00"))
    assert await entered(desk) == []


async def test_each_legal_entity_has_its_own_chain(desk: Desk) -> None:
    other = await desk.post("/v1/legal-entities", {**SELLER, "name": "Zweite GmbH"})
    await desk.invoice(line("1.00"), legal_entity=desk.entity)
    await desk.invoice(line("2.00"), legal_entity=other["id"])
    await desk.invoice(line("3.00"), legal_entity=other["id"])
    await seal(desk)
    for entity, amounts in ((desk.entity, ["1.00"]), (other["id"], ["2.00", "3.00"])):
        listed = (await desk.get(f"/v1/legal-entities/{entity}/register"))["data"]
        assert [row["net"] for row in listed] == amounts
        assert chained(listed)
        assert {row["legal_entity"] for row in listed} == {entity}


async def test_a_clock_that_went_back_does_not_change_the_order_of_a_series(desk: Desk) -> None:
    """Two servers whose clocks differ: the numbers say which document came first."""
    documents = [await desk.invoice(line(f"{n}.00")) for n in range(1, 4)]
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.events SET recorded_at = recorded_at - version * interval '1 hour'"
            " WHERE tenant_id = $1 AND type = 'NumberDrawn'",
            desk.tenant_id,
        )
    found = await entered(desk)
    assert [row["number"] for row in found] == [each["number"] for each in documents]


async def test_more_than_fits_a_command_is_entered_in_several(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [(await desk.invoice(line("1.00")))["number"] for _ in range(5)]
    monkeypatch.setattr(limits, "REGISTER_ROWS_PER_COMMAND", 2)
    found = await entered(desk)
    assert [row["number"] for row in found] == numbers
    assert chained(found)


async def test_a_turn_is_bounded_and_the_next_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [(await desk.invoice(line("1.00")))["number"] for _ in range(9)]
    monkeypatch.setattr(limits, "REGISTER_ROWS_PER_COMMAND", 2)
    monkeypatch.setattr(limits, "REGISTER_COMMANDS_PER_TURN", 2)
    monkeypatch.setattr(limits, "SEAL_ROUNDS_PER_TURN", 1)
    # Before the seal, and once more after it, for what was issued in between.
    assert [row["number"] for row in await entered(desk)] == numbers[:8]
    await desk.draft(line("1.00"))  # something moves again
    assert [row["number"] for row in await entered(desk)] == numbers


async def test_writers_and_several_that_enter_at_once_make_one_chain(desk: Desk) -> None:
    runner: Any = desk.world.host.contexts["invoicing"].runner

    async def issue(n: int) -> str:
        made = await desk.invoice(line(f"{n + 1}.00"))
        if n % 4 == 0:
            await desk.post(f"/v1/invoices/{made['id']}/void", {"reason": "x"})
        number: str = made["number"]
        return number

    async def enter() -> None:
        for _ in range(3):
            await enter_registers(runner, Uuid7Ids(), desk.tenant_id)
            await asyncio.sleep(0.01)

    numbers, *_ = await asyncio.gather(
        asyncio.gather(*(issue(n) for n in range(12))), enter(), enter()
    )
    found = await entered(desk)
    assert chained(found)
    issued = [row["number"] for row in found if row["kind"] == "issued"]
    assert issued == sorted(numbers)
    voided = [row["invoice"] for row in found if row["kind"] == "voided"]
    assert len(set(voided)) == len(voided) == 3


async def test_pages_go_both_ways(desk: Desk) -> None:
    for n in range(1, 6):
        await desk.invoice(line(f"{n}.00"))
    whole = await entered(desk)
    path = f"/v1/legal-entities/{desk.entity}/register"
    for sort, expected in (("position", whole), ("-position", whole[::-1])):
        seen: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 2, "sort": sort}
        while True:
            page = await desk.get(path, **query)
            seen += page["data"]
            assert page["has_more"] == (page["next"] is not None)
            if not page["has_more"]:
                break
            query["after"] = page["next"]
        assert seen == expected


async def test_finalizing_does_not_wait_for_the_register(desk: Desk) -> None:
    """Somebody holds the register locked: documents are issued all the same."""
    await desk.invoice(line("1.00"))
    await entered(desk)
    async with desk.world.admin() as conn, conn.transaction():
        await conn.execute(
            "SELECT 1 FROM invoicing.streams WHERE tenant_id = $1 AND kind = 'Register' FOR UPDATE",
            desk.tenant_id,
        )
        await asyncio.wait_for(desk.invoice(line("2.00")), timeout=HANG_SECONDS)


async def test_the_register_of_an_erased_customer_stays_whole(desk: Desk) -> None:
    await desk.invoice(line("1.00"), buyer={**BUYER, "customer": "C-9"})
    before = await entered(desk)
    await desk.post("/v1/erasures", {"customer": "C-9"})
    assert await entered(desk) == before
    async with desk.world.admin() as conn:
        assert await examine_register(conn, desk.tenant_id) == (1, None)


async def test_who_may_read_it(desk: Desk) -> None:
    path = f"/v1/legal-entities/{desk.entity}/register"
    refused = await desk.world.client(desk.tenant_id, ("invoices:read",)).get(path)
    assert refused.status_code == 403
    auditor = await desk.world.client(desk.tenant_id, ("audit:read",)).get(path)
    assert (auditor.status_code, auditor.json()["data"]) == (200, [])


_CHANGES = {
    "kind = 'voided', drawn = NULL": "fingerprint",
    "document_id = gen_random_uuid()": "fingerprint",
    "type = 'credit_note'": "fingerprint",
    "number = number || '0'": "fingerprint",
    "series_id = gen_random_uuid()": "fingerprint",
    "drawn = drawn + 100": "what its event says",
    "issue_date = issue_date - 1": "fingerprint",
    "happened_at = happened_at + interval '1 microsecond'": "fingerprint",
    "currency = 'USD'": "fingerprint",
    "net = net + 0.01": "fingerprint",
    "tax = 0": "fingerprint",
    "gross = gross + 1": "fingerprint",
    "due = -due": "fingerprint",
    """taxes = replace(taxes::text, '"19"', '"18"')::json""": "fingerprint",
    "taxes = '{}'": "cannot be read",
    "document_hash = md5('') || md5('')": "fingerprint",
    "credits = gen_random_uuid()": "fingerprint",
    "previous = md5('') || md5('')": "the fingerprint before it",
    "fingerprint = md5('') || md5('')": "fingerprint",
    "entered_at = entered_at + interval '1 second'": "what its event says",
    "position = 9": "position 1 is missing",
}


async def test_a_change_of_any_column_is_found_and_named(desk: Desk) -> None:
    await desk.invoice(line("1.00"))
    await desk.invoice(line("2.00"))
    await entered(desk)
    async with tampering(desk) as conn:
        assert await examine_register(conn, desk.tenant_id) == (2, None)
        for change, said in _CHANGES.items():
            savepoint = conn.transaction()
            await savepoint.start()
            done = await conn.execute(
                f"UPDATE invoicing.register SET {change} WHERE tenant_id = $1 AND position = 1",
                desk.tenant_id,
            )
            _, wrong = await examine_register(conn, desk.tenant_id)
            await savepoint.rollback()
            assert done == "UPDATE 1"
            assert wrong is not None, change
            assert said in wrong, change


@pytest.mark.parametrize(
    ("position", "said"),
    [(1, "position 1 is missing"), (2, "position 2 is missing"), (3, "position 3: the row is")],
)
async def test_a_row_that_is_gone_is_missed(desk: Desk, position: int, said: str) -> None:
    for n in range(1, 4):
        await desk.invoice(line(f"{n}.00"))
    await entered(desk)
    async with tampering(desk) as conn:
        await conn.execute(
            "DELETE FROM invoicing.register WHERE tenant_id = $1 AND position = $2",
            desk.tenant_id,
            position,
        )
        _, wrong = await examine_register(conn, desk.tenant_id)
    assert wrong is not None
    assert said in wrong


async def test_a_document_whose_event_is_gone_is_named_by_its_row(desk: Desk) -> None:
    made = await desk.invoice(line("1.00"))
    await entered(desk)
    async with tampering(desk) as conn:
        await conn.execute(
            "DELETE FROM invoicing.events WHERE tenant_id = $1 AND type = 'DocumentFinalized'",
            desk.tenant_id,
        )
        _, wrong = await examine_register(conn, desk.tenant_id)
    assert wrong is not None
    assert "position 1: the document's event is not there" in wrong
    assert made["number"]


async def test_two_tenants_do_not_see_each_others_register(world: World) -> None:
    one, other = await world.seller(), await world.seller()
    await one.invoice(line("1.00"))
    await entered(one)
    answer = await other.client.get(f"/v1/legal-entities/{one.entity}/register")
    assert answer.status_code == 404
    assert await entered(other) == []


async def test_a_document_issued_between_register_and_seal_is_entered_in_the_same_turn(
    desk: Desk,
) -> None:
    """The register was read, then it is issued, then it is sealed: nothing would move any more."""
    host = desk.world.host
    context = host.contexts["invoicing"]
    enter = context.before_seal
    assert enter is not None
    late: list[str] = []

    async def entering(tenant_id: UUID) -> int:
        entered = await enter(tenant_id)
        if not late:
            late.append((await desk.invoice(line("2.00")))["number"])
        return entered

    await desk.invoice(line("1.00"))
    await host.sealing.seal(replace(context, before_seal=entering), desk.tenant_id)
    found = await rows(desk)
    assert late[0] in [each["number"] for each in found]
    assert len(found) == 2
    assert await host.sealing.seal(context, desk.tenant_id) == []
    assert await intact(desk.world, desk)
