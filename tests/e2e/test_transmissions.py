"""A document leaves the house: by a folder, past an authority, late, never, and after a crash."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from invx.contexts.invoicing.adapters.transmission.practice_authority import Behaviour
from invx.contexts.invoicing.domain.delivery.transmission import Reason
from invx.infra.embedded import Postgres
from tests.e2e.acts import pointers, refused
from tests.e2e.sending import (
    PRACTICE,
    again,
    authority_of,
    files_sent,
    happened,
    in_tables,
    later,
    let_die,
    path,
    sending_world,
    sent,
    start_anew,
    states,
    transmissions,
)
from tests.world import BUYER, Desk, World

FOLDER = [{"channel": "folder", "format": "ubl"}]
BEFORE: dict[str, Any] = {"mode": "test", "clearance": "before_release"}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(
    server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    async with sending_world(server, tmp_path_factory.mktemp("sending")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def world(installation: World) -> World:
    return await start_anew(installation)


async def test_a_folder_gets_the_archived_bytes_once(world: World) -> None:
    desk = await world.seller(transmission_channels=FOLDER)
    issued = await desk.invoice()
    assert await states(desk, issued) == ("none", "not_required")
    queued = await sent(desk, issued, "folder")
    assert (queued["status"], queued["attempts"], queued["sha256"]) == ("queued", 0, None)
    assert await states(desk, issued) == ("queued", "not_required")
    await world.settle()
    shown = (await transmissions(desk, issued))["folder"]
    assert (shown["status"], shown["attempts"], shown["id"]) == ("sent", 1, queued["id"])
    assert await states(desk, issued) == ("sent", "not_required")

    [file] = files_sent(desk)
    assert file.name.startswith(f"{issued['number']}-1-{shown['sha256'][:16]}")
    archived = await desk.client.get(f"{path(issued)}/e-invoice", params={"format": "ubl"})
    assert file.read_bytes() == archived.content
    assert archived.headers["etag"] == f'"{shown["sha256"]}"'

    problem = await refused(
        desk, "POST", f"{path(issued)}/transmissions", {"channel": "folder"}, status=409
    )
    assert problem["code"] == "transmitted_already"
    problem = await refused(desk, "POST", f"{path(issued)}/void", {}, status=409)
    assert problem["code"] == "document_released"
    assert await happened(desk, issued) == ["TransmissionQueued", "TransmissionSent"]
    [listed] = (await desk.get("/v1/invoices", delivery_status="sent,viewed"))["data"]
    assert listed["id"] == issued["id"]


async def test_what_is_sent_of_itself_is_sent_when_it_is_finalized(world: World) -> None:
    use = {"channel": "folder", "format": "pdf", "automatic": True}
    desk = await world.seller(transmission_channels=[use])
    issued = await desk.invoice()
    assert issued["delivery_status"] == "queued"
    await world.settle()
    [file] = files_sent(desk)
    pdf = await desk.client.get(f"{path(issued)}/pdf")
    assert (file.suffix, file.read_bytes()) == (".pdf", pdf.content)


async def test_no_number_is_spent_on_what_cannot_be_sent(world: World) -> None:
    use = {"channel": "folder", "format": "xrechnung_ubl", "automatic": True}
    desk = await world.seller(transmission_channels=[use])
    draft = await desk.draft()
    problem = await refused(desk, "POST", f"{path(draft)}/finalize", {}, status=422)
    assert "/buyer_reference" in pointers(problem)
    assert (await desk.get(path(draft)))["number"] is None


async def test_only_channels_that_are_set_up_and_used_take_documents(world: World) -> None:
    desk = await world.seller(transmission_channels=FOLDER)
    issued = await desk.invoice()
    at = f"{path(issued)}/transmissions"
    unused = await refused(desk, "POST", at, {"channel": "practice_authority"}, status=422)
    assert pointers(unused) == {"/channel": "channel_unknown"}
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    assert entity["transmission_channels"] == [{**FOLDER[0], "automatic": False}]
    body = {"name": "X", "address": BUYER["address"]}
    for uses, code in (
        ([{"channel": "pigeon", "format": "ubl"}], "channel_unknown"),
        ([*FOLDER, *FOLDER], "channel_twice"),
    ):
        wrong = {**body, "transmission_channels": uses}
        problem = await refused(desk, "POST", "/v1/legal-entities", wrong, status=422)
        assert pointers(problem) == {f"/transmission_channels/{len(uses) - 1}/channel": code}


async def test_a_legal_document_is_no_matter_for_a_practice_authority(world: World) -> None:
    desk = await world.seller(
        transmission_channels=[{**PRACTICE[0], "automatic": False}], clearance="before_release"
    )
    issued = await desk.invoice()
    problem = await refused(
        desk, "POST", f"{path(issued)}/transmissions", {"channel": "practice_authority"}, status=409
    )
    assert problem["code"] == "channel_unsuitable"


async def test_the_buyer_gets_it_only_when_it_is_cleared(world: World) -> None:
    uses = [{**FOLDER[0], "automatic": True}, *PRACTICE]
    desk = await world.seller(transmission_channels=uses, **BEFORE)
    issued = await desk.invoice()
    assert (issued["delivery_status"], issued["clearance_status"]) == ("queued", "pending")
    assert list(await transmissions(desk, issued)) == ["practice_authority"]
    problem = await refused(desk, "POST", f"{path(issued)}/release", {}, status=409)
    assert problem["code"] == "clearance_required"
    body = {"channel": "folder"}
    problem = await refused(desk, "POST", f"{path(issued)}/transmissions", body, status=409)
    assert problem["code"] == "clearance_required"

    authority_of(world).script(issued["number"], Behaviour(never=True))
    await world.settle()
    assert await states(desk, issued) == ("queued", "pending")  # the authority has it, not more
    problem = await refused(desk, "POST", f"{path(issued)}/void", {}, status=409)
    assert problem["code"] == "document_released"
    authority_of(world).decide(issued["number"])
    of_it = (await transmissions(desk, issued))["practice_authority"]
    await desk.post(f"{path(issued)}/transmissions/{of_it['id']}/ask", status=202)
    await world.settle()
    assert await states(desk, issued) == ("delivered", "cleared")
    found = await transmissions(desk, issued)
    assert (found["practice_authority"]["status"], found["folder"]["status"]) == (
        "delivered",
        "sent",
    )
    cleared = await desk.get(path(issued))
    assert cleared["clearance_id"] == found["practice_authority"]["authority_id"] is not None
    assert len(files_sent(desk)) == 1
    assert await happened(desk, issued) == [
        "ClearancePending",
        "TransmissionQueued",
        "TransmissionSent",
        "Cleared",
        "Delivered",
        "TransmissionQueued",
        "TransmissionSent",
    ]


async def test_a_crash_after_sending_leads_to_one_effect(world: World) -> None:
    desk = await world.seller(transmission_channels=PRACTICE, **BEFORE)
    authority = authority_of(world)
    let_die(world, "practice_authority", times=3)
    issued = await desk.invoice()
    await world.settle()
    for _ in range(3):
        await again(desk)
    assert await states(desk, issued) == ("delivered", "cleared")
    [case] = authority.cases.values()
    assert authority.calls[case.parcel.key] == 4
    assert authority.effects(case.parcel.document_id) == 1
    assert (await happened(desk, issued)).count("TransmissionSent") == 1


async def test_a_late_answer_is_asked_for_on_business_time(world: World) -> None:
    desk = await world.seller(transmission_channels=PRACTICE, **BEFORE)
    draft = await desk.draft()
    issued = await desk.finalize(draft)
    authority_of(world).script(issued["number"], Behaviour(late=3))
    await world.settle()
    [case] = authority_of(world).cases.values()
    assert case.asked == 0
    for minutes, asked in ((1, 1), (1, 1), (1, 2), (4, 3)):
        await later(desk, minutes=minutes)
        assert case.asked == asked
    assert await states(desk, issued) == ("delivered", "cleared")
    await later(desk, days=30)
    assert case.asked == 3


async def test_an_answer_that_never_comes_ends_in_a_visible_failure(world: World) -> None:
    desk = await world.seller(transmission_channels=PRACTICE, **BEFORE)
    issued = await desk.invoice()
    authority_of(world).script(issued["number"], Behaviour(never=True))
    await world.settle()
    for _ in range(40):
        await later(desk, hours=6)
    [case] = authority_of(world).cases.values()
    assert case.asked == 30
    failed = (await transmissions(desk, issued))["practice_authority"]
    assert (failed["status"], failed["reasons"][0]["code"]) == ("failed", "no_answer")
    assert await states(desk, issued) == ("failed", "pending")
    # What the authority says after all still counts, and another try brings it at once.
    authority_of(world).decide(issued["number"])
    await desk.post(f"{path(issued)}/transmissions/{failed['id']}/retry", status=202)
    await world.settle()
    assert await states(desk, issued) == ("delivered", "cleared")
    assert authority_of(world).effects(case.parcel.document_id) == 1


async def test_an_authority_that_is_down_is_tried_until_it_is_back(world: World) -> None:
    desk = await world.seller(transmission_channels=PRACTICE, **BEFORE)
    issued = await desk.invoice()
    authority_of(world).script(issued["number"], Behaviour(down=2))
    await world.settle()
    delayed = (await transmissions(desk, issued))["practice_authority"]
    assert (delayed["status"], delayed["attempts"]) == ("queued", 1)
    assert delayed["reasons"] == [{"code": "down", "text": "The authority is down."}]
    assert delayed["next_attempt_at"] is not None
    await later(desk, minutes=1)
    await later(desk, minutes=4)
    assert await states(desk, issued) == ("delivered", "cleared")
    assert (await transmissions(desk, issued))["practice_authority"]["attempts"] == 3


async def test_an_authority_that_stays_down_is_given_up(world: World) -> None:
    desk = await world.seller(transmission_channels=PRACTICE, **BEFORE)
    issued = await desk.invoice()
    authority_of(world).script(issued["number"], Behaviour(down=8))
    await world.settle()
    for _ in range(8):
        await later(desk, hours=6)
    failed = (await transmissions(desk, issued))["practice_authority"]
    assert (failed["status"], failed["reasons"][0]["code"]) == ("failed", "down")
    [call] = authority_of(world).calls.values()
    assert call == 8
    assert await states(desk, issued) == ("failed", "pending")
    at = f"{path(issued)}/transmissions/{failed['id']}"
    await desk.post(f"{at}/retry", status=202)
    problem = await refused(desk, "POST", f"{at}/retry", {}, status=409)
    assert problem["code"] == "transmission_not_failed"
    await world.settle()
    assert await states(desk, issued) == ("delivered", "cleared")


async def test_a_rejection_is_told_with_its_reasons_and_can_be_voided(world: World) -> None:
    desk = await world.seller(transmission_channels=PRACTICE, **BEFORE)
    issued = await desk.invoice()
    why = Reason(code="00305", text="IdCodice del cessionario non valido")
    authority_of(world).script(issued["number"], Behaviour(rejects=(why,)))
    await world.settle()
    assert await states(desk, issued) == ("failed", "rejected")
    rejected = (await transmissions(desk, issued))["practice_authority"]
    assert rejected["reasons"] == [{"code": "00305", "text": why.text}]
    [found] = (await desk.get("/v1/invoices", clearance_status="rejected"))["data"]
    assert found["id"] == issued["id"]
    # By the law it was never issued, so nothing stands in the way of taking it back.
    voided = await desk.post(f"{path(issued)}/void", {"reason": "wrong buyer"}, status=200)
    assert voided["status"] == "cancelled"


async def test_what_was_taken_back_is_not_sent(world: World) -> None:
    uses = [{**PRACTICE[0], "automatic": False}]
    desk = await world.seller(transmission_channels=uses, **BEFORE)
    issued = await desk.invoice()
    voided = await desk.post(f"{path(issued)}/void", {}, status=200)
    assert (voided["status"], voided["clearance_status"]) == ("cancelled", "not_required")
    body = {"channel": "practice_authority"}
    problem = await refused(desk, "POST", f"{path(issued)}/transmissions", body, status=409)
    assert problem["code"] == "document_not_finalized"


async def told(desk: Desk, document: dict[str, Any]) -> str:
    """All that is said of the way of a document."""
    paths = [f"{path(document)}/transmissions", f"{path(document)}/history"]
    return "".join([(await desk.client.get(each)).text for each in paths])


async def test_what_others_said_is_erased_with_the_buyer(world: World) -> None:
    desk = await world.seller(transmission_channels=PRACTICE, **BEFORE)
    buyer = {**BUYER, "endpoint": {"id": "zqx-endpoint", "scheme": "EM"}}
    issued = await desk.invoice(buyer=buyer)
    why = Reason(code="00305", text="zqx-reason: Mia Kern moved away")
    authority_of(world).script(issued["number"], Behaviour(rejects=(why,)))
    await world.settle()
    before = await told(desk, issued)
    assert before.count("zqx-reason") == 2
    assert "zqx-endpoint" in before
    async with world.admin() as conn:
        # Facts are evidence that no erasure reaches, so nothing personal may be in them.
        facts = await conn.fetch(
            "SELECT value::text FROM invoicing.facts WHERE tenant_id = $1"
            " AND port = 'transmission'",
            desk.tenant_id,
        )
    assert {each[0] for each in facts} == {'{"verdict":"rejected"}'}
    await later(desk, days=366 * 11)
    done = await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    assert done["erased"] == [issued["id"]]
    after = await told(desk, issued)
    assert "zqx" not in after
    [shown] = (await transmissions(desk, issued)).values()
    assert (shown["status"], shown["reasons"], shown["recipient"]) == ("rejected", [], None)
    async with world.admin() as conn:
        assert await in_tables(conn, "zqx") == []
