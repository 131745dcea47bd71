"""Ways out at the same time, of corrections, of what is only reported, and what others are told."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from invx.contexts.invoicing.adapters.transmission.practice_authority import Behaviour
from invx.infra.embedded import Postgres
from tests.e2e.acts import refused
from tests.e2e.sending import (
    PRACTICE,
    authority_of,
    files_sent,
    happened,
    path,
    sending_world,
    sent,
    start_anew,
    states,
    transmissions,
)
from tests.world import BUYER, Desk, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLDER = [{"channel": "folder", "format": "ubl", "automatic": True}]
BY_HAND = [{"channel": "folder", "format": "ubl"}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(
    server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    async with sending_world(server, tmp_path_factory.mktemp("sending")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def world(installation: World) -> World:
    return await start_anew(installation)


async def contracts_of(desk: Desk, wire: str) -> list[dict[str, Any]]:
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT body::jsonb AS body FROM invoicing.outbox WHERE tenant_id = $1"
            " AND contract = $2 ORDER BY position",
            desk.tenant_id,
            wire,
        )
    return [json.loads(row[0]) for row in rows]


async def test_of_two_that_send_at_once_one_does(world: World) -> None:
    desk = await world.seller(transmission_channels=BY_HAND)
    issued = await desk.invoice()
    answers = await asyncio.gather(
        *(
            desk.client.post(f"{path(issued)}/transmissions", json={"channel": "folder"})
            for _ in range(3)
        )
    )
    assert sorted(each.status_code for each in answers) == [202, 409, 409]
    await world.settle()
    assert len(files_sent(desk)) == 1


async def test_the_same_key_queues_once_and_answers_alike(world: World) -> None:
    desk = await world.seller(transmission_channels=BY_HAND)
    issued = await desk.invoice()
    at, headers = f"{path(issued)}/transmissions", {"Idempotency-Key": "send-1"}
    first, again = [
        await desk.client.post(at, json={"channel": "folder"}, headers=headers) for _ in range(2)
    ]
    assert (first.status_code, first.content) == (202, again.content)
    other = await desk.client.post(at, json={"channel": "folder", "format": "cii"}, headers=headers)
    assert other.json()["code"] == "idempotency_key_reused"
    assert await happened(desk, issued) == ["TransmissionQueued"]


async def test_a_document_is_voided_or_sent_and_never_both(world: World) -> None:
    desk = await world.seller(transmission_channels=BY_HAND)
    for _ in range(3):
        issued = await desk.invoice()
        voided, queued = await asyncio.gather(
            desk.client.post(f"{path(issued)}/void", json={}),
            desk.client.post(f"{path(issued)}/transmissions", json={"channel": "folder"}),
        )
        assert sorted((voided.is_success, queued.is_success)) == [False, True]
        assert {voided.status_code, queued.status_code} & {200, 202}
        assert 409 in (voided.status_code, queued.status_code)


async def test_what_is_only_reported_goes_to_the_buyer_meanwhile(world: World) -> None:
    desk = await world.seller(
        mode="test", clearance="after_issue", transmission_channels=[*FOLDER, *PRACTICE]
    )
    issued = await desk.invoice()
    authority_of(world).script(issued["number"], Behaviour(never=True))
    await world.settle()
    assert await states(desk, issued) == ("sent", "pending")
    assert len(files_sent(desk)) == 1
    problem = await refused(desk, "POST", f"{path(issued)}/void", {}, status=409)
    assert problem["code"] == "document_released"


async def test_corrections_are_sent_and_cleared_like_what_they_correct(world: World) -> None:
    desk = await world.seller(
        mode="test", clearance="before_release", transmission_channels=PRACTICE
    )
    issued = await desk.invoice()
    await world.settle()
    body = {"amount": "11.90", "finalize": True}
    note = await desk.post(f"{path(issued)}/credit-notes", body)
    cancellation = await desk.post(f"{path(issued)}/cancel", {}, status=201)
    assert (note["clearance_status"], cancellation["clearance_status"]) == ("pending", "pending")
    await world.settle()
    for each in (issued, note, cancellation):
        assert await states(desk, each) == ("delivered", "cleared")
    assert {case.parcel.number for case in authority_of(world).cases.values()} == {
        each["number"] for each in (issued, note, cancellation)
    }


async def test_a_proforma_is_nothing_for_an_authority(world: World) -> None:
    desk = await world.seller(
        mode="test", clearance="before_release", transmission_channels=[*FOLDER, *PRACTICE]
    )
    proforma = await desk.invoice(type="proforma")
    await world.settle()
    assert await states(desk, proforma) == ("none", "not_required")
    assert await transmissions(desk, proforma) == {}
    await desk.post(f"{path(proforma)}/release", {"how": "by hand"}, status=200)


async def test_the_endpoint_tells_the_authority_what_to_practise(world: World) -> None:
    desk = await world.seller(
        mode="test", clearance="before_release", transmission_channels=PRACTICE
    )
    for wanted, expected in (
        ("reject", ("failed", "rejected")),
        ("late", ("queued", "pending")),
        ("down", ("queued", "pending")),
        ("anything", ("delivered", "cleared")),
    ):
        buyer = {**BUYER, "endpoint": {"id": f"{wanted}@example.org", "scheme": "EM"}}
        issued = await desk.invoice(buyer=buyer)
        await world.settle()
        assert await states(desk, issued) == expected, wanted


async def test_others_are_told_each_change_once_and_in_order(world: World) -> None:
    desk = await world.seller(
        mode="test", clearance="before_release", transmission_channels=PRACTICE
    )
    issued = await desk.invoice()
    await world.settle()
    told = await contracts_of(desk, "invoicing.delivery.changed.v1")
    shown = [(each["delivery"], each["clearance"]) for each in told]
    assert shown == [("queued", "pending"), ("delivered", "cleared")]
    cleared = await desk.get(path(issued))
    assert told[-1]["authority_id"] == cleared["clearance_id"]
    by_hand = await world.seller()
    await by_hand.post(f"{path(await by_hand.invoice())}/release", {"how": "by hand"})
    [change] = await contracts_of(by_hand, "invoicing.delivery.changed.v1")
    assert (change["delivery"], change["clearance"]) == ("sent", "not_required")


async def test_the_state_of_a_past_moment_knows_no_later_delivery(world: World) -> None:
    desk = await world.seller(transmission_channels=BY_HAND)
    issued = await desk.invoice()
    before = (await desk.get(f"{path(issued)}/history"))["data"][-1]["at"]
    await sent(desk, issued, "folder")
    await world.settle()
    then = await desk.get(f"{path(issued)}/state", at=before)
    now = await desk.get(f"{path(issued)}/state", at="2100-01-01T00:00:00Z")
    assert (then["delivery_status"], now["delivery_status"]) == ("none", "sent")


async def test_whoever_may_not_send_does_not(world: World) -> None:
    desk = await world.seller(transmission_channels=BY_HAND)
    issued = await desk.invoice()
    client = world.client(desk.tenant_id, ("invoices:read", "invoices:correct"))
    answer = await client.post(f"{path(issued)}/transmissions", json={"channel": "folder"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await client.get(f"{path(issued)}/transmissions")).status_code == 200
