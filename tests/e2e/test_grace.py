"""Drafts that are finalized by themselves: the grace period, edits within it, holding, failing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.world import Desk, World, draft_body, line


def hence(**by: float) -> str:
    """A moment from now."""
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


async def waited(desk: Desk, **by: float) -> None:
    """So much later by the tenant's clock, with everything done that is due."""
    await desk.world.advance(desk.tenant_id, timedelta(**by))
    await desk.world.settle()


async def state(desk: Desk, draft: dict[str, Any]) -> tuple[str, str | None]:
    grace = await desk.get(f"/v1/invoices/{draft['id']}/grace")
    return grace["state"], grace["code"]


async def test_a_draft_is_finalized_when_its_grace_period_is_over(desk: Desk) -> None:
    draft = await desk.draft(finalize_at=hence(hours=1))
    await waited(desk, minutes=30)
    assert await state(desk, draft) == ("waiting", None)
    edited = draft_body(line("7.00"))
    assert (await desk.client.put(f"/v1/invoices/{draft['id']}", json=edited)).is_success
    await waited(desk, minutes=31)
    made = await desk.get(f"/v1/invoices/{draft['id']}")
    assert (made["status"], made["totals"]["net"]) == ("finalized", "7.00")
    assert await state(desk, draft) == ("over", None)


async def test_a_held_draft_stays_one_until_it_is_let_go(desk: Desk) -> None:
    draft = await desk.draft()
    await desk.post(f"/v1/invoices/{draft['id']}/hold", status=404)
    await desk.post(f"/v1/invoices/{draft['id']}/grace", {"finalize_at": hence(hours=1)})
    await desk.post(f"/v1/invoices/{draft['id']}/hold")
    await waited(desk, hours=2)
    assert await state(desk, draft) == ("held", None)
    listed = await desk.get("/v1/graces", state="held")
    assert [each["invoice"] for each in listed["data"]] == [draft["id"]]
    await desk.post(f"/v1/invoices/{draft['id']}/hold", {"held": False})
    await desk.world.settle()
    assert (await desk.get(f"/v1/invoices/{draft['id']}"))["status"] == "finalized"


async def test_what_cannot_be_finalized_is_seen_and_not_tried_without_end(desk: Desk) -> None:
    draft = await desk.draft(buyer={"name": "Nobody"}, finalize_at=hence(hours=1))
    await waited(desk, hours=2)
    assert await state(desk, draft) == ("failed", "document_incomplete")
    listed = await desk.get("/v1/graces", state="failed")
    assert [each["code"] for each in listed["data"]] == ["document_incomplete"]
    assert (await desk.client.put(f"/v1/invoices/{draft['id']}", json=draft_body())).is_success
    await desk.post(f"/v1/invoices/{draft['id']}/grace", {"finalize_at": hence(hours=3)})
    await waited(desk, hours=2)
    assert (await desk.get(f"/v1/invoices/{draft['id']}"))["status"] == "finalized"
    assert (await desk.get("/v1/graces"))["data"] == []


async def test_a_moved_moment_counts_and_an_ended_period_does_nothing(desk: Desk) -> None:
    moved, ended = [await desk.draft(finalize_at=hence(hours=1)) for _ in range(2)]
    later = hence(hours=5)
    await desk.post(f"/v1/invoices/{moved['id']}/grace", {"finalize_at": later})
    await desk.post(f"/v1/invoices/{ended['id']}/grace", {"finalize_at": None})
    await desk.post(f"/v1/invoices/{ended['id']}/hold", status=409)
    await waited(desk, hours=2)
    assert await state(desk, moved) == ("waiting", None)
    await waited(desk, hours=4)
    states = [(await desk.get(f"/v1/invoices/{each['id']}"))["status"] for each in (moved, ended)]
    assert states == ["finalized", "draft"]


async def test_finalizing_or_deleting_by_hand_ends_it(desk: Desk) -> None:
    by_hand, deleted = [await desk.draft(finalize_at=hence(hours=1)) for _ in range(2)]
    await desk.finalize(by_hand)
    assert (await desk.client.delete(f"/v1/invoices/{deleted['id']}")).status_code == 204
    assert await state(desk, by_hand) == ("over", None)
    await waited(desk, hours=2)
    history = await desk.get(f"/v1/invoices/{by_hand['id']}/history")
    assert [each["type"] for each in history["data"]].count("DocumentFinalized") == 1
    response = await desk.client.get(f"/v1/invoices/{deleted['id']}/grace")
    assert response.status_code == 404


async def test_a_grace_period_ends_in_the_future(desk: Desk) -> None:
    refused = await desk.post(
        "/v1/invoices", draft_body(finalize_at="2020-01-01T00:00:00Z"), status=422
    )
    assert refused["problems"][0]["pointer"] == "/finalize_at"
    assert (await desk.get("/v1/invoices"))["data"] == []


async def test_what_finalizes_itself_needs_that_permission(world: World, desk: Desk) -> None:
    writer = world.client(desk.tenant_id, ("invoices:write",))
    body = draft_body(finalize_at=hence(hours=1))
    assert (await writer.post("/v1/invoices", json=body)).status_code == 403
