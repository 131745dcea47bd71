"""Documents that somebody has to approve: the whole way over the API, and each way off it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.approving import LARGE, OVER, Office, rule, step
from tests.world import Desk, World, draft_body, line

Json = dict[str, Any]
GROUP = {"permission": "invoices:approve"}


async def edit(desk: Desk, draft: Json, *lines: Json) -> None:
    path = f"/v1/invoices/{draft['id']}"
    answer = await desk.client.put(path, json=draft_body(*lines))
    assert answer.is_success, answer.text


async def test_a_large_invoice_goes_its_way_over_two_desks(desk: Desk) -> None:
    """The story: stated, refused, submitted, found, approved twice, finalized, told."""
    office = await Office.of(
        desk, rule("Two of us", step("Sales", "user:bea"), step("Head", GROUP))
    )
    sam, bea, mia = office.person("sam", clerk=True), office.person("bea"), office.person("mia")
    draft = await desk.draft(LARGE)
    refused = await sam.finalize(draft, status=409)
    assert refused["code"] == "approval_required"
    assert "“Two of us”" in refused["detail"]
    assert "“Sales”" in refused["detail"]

    asked = await sam.act(draft, "", note="agreed on the phone")
    assert [each["status"] for each in asked["steps"]] == ["open", "waiting"]
    assert (asked["status"], asked["gross"], asked["submitted_by"]) == (
        "pending",
        "11900.00",
        "user:sam",
    )
    assert await bea.waiting() == [draft["id"]]
    assert await mia.waiting() == []
    assert "“Sales”" in (await sam.finalize(draft, status=409))["detail"]

    await bea.act(draft, "approve", note="fine")
    assert (await bea.waiting(), await mia.waiting()) == ([draft["id"]], [draft["id"]])  # a group
    assert "“Head”" in (await sam.finalize(draft, status=409))["detail"]
    done = await mia.act(draft, "approve", note="go")
    assert [(each["status"], each["decided_by"], each["note"]) for each in done["steps"]] == [
        ("approved", "user:bea", "fine"),
        ("approved", "user:mia", "go"),
    ]
    assert await office.status(draft) == "approved"
    assert await office.approval(draft) == done
    issued = await sam.finalize(draft)
    assert (issued["status"], issued["approval_status"]) == ("finalized", "approved")
    told = await office.history(draft)
    assert [(each["type"], each["actor"]) for each in told] == [
        ("ApprovalSubmitted", "user:sam"),
        ("StepApproved", "user:bea"),
        ("StepApproved", "user:mia"),
    ]
    assert told[0]["details"]["rules"] == ["Two of us"]
    assert await mia.refused(draft, "reject", 409) == "document_not_draft"


async def test_what_no_rule_asks_for_is_finalized_as_ever(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    small = await desk.invoice(line("100.00"))
    assert (small["status"], small["approval_status"]) == ("finalized", "none")
    draft = await desk.draft(line("100.00"))
    assert await office.person("sam").refused(draft, "", 409) == "approval_not_needed"
    answer = await desk.client.get(f"/v1/invoices/{draft['id']}/approval")
    assert (answer.status_code, answer.json()["code"]) == (404, "approval_not_found")


async def test_nobody_approves_what_he_submitted_unless_the_rule_says_so(desk: Desk) -> None:
    office = await Office.of(desk, rule("All", step("Any", GROUP)))
    draft = await office.submitted(by="mia")
    mia = office.person("mia")
    assert await mia.refused(draft, "approve", 403) == "own_document"
    assert await mia.refused(draft, "reject", 403) == "own_document"
    assert await mia.refused(draft, "delegate", 403, to="user:x", reason="r") == "own_document"
    bea = office.person("bea")
    passed = {"to": "user:mia", "reason": "hers"}
    assert await bea.refused(draft, "delegate", 403, **passed) == "own_document"
    await office.state(rule("All", step("Any", GROUP), own=True))
    await mia.act(draft, "withdraw")
    await mia.act(draft, "")
    await mia.act(draft, "approve")
    assert await office.status(draft) == "approved"


async def test_who_is_not_asked_decides_nothing(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    draft = await office.submitted()
    bea = office.person("bea")
    assert await bea.refused(draft, "approve", 403) == "not_assigned"
    assert await bea.refused(draft, "reject", 403) == "not_assigned"
    assert await bea.refused(draft, "withdraw", 403) == "not_submitter"
    clerk = office.person("mia", clerk=True)
    assert await clerk.refused(draft, "approve", 403) == "forbidden"
    assert await office.person("mia").refused(draft, "approve", 409, step=2) == "step_not_open"


@pytest.mark.parametrize(
    ("limit", "allowed"), [(None, True), ("11900.00", True), ("11899.99", False), ("0", False)]
)
async def test_one_approves_up_to_ones_limit(desk: Desk, limit: str, allowed: bool) -> None:
    office = await Office.of(desk, OVER)
    draft = await office.submitted()
    mia = office.person("mia", limit)
    answer = await mia.act(draft, "approve", status=200 if allowed else 403)
    if not allowed:
        assert answer["code"] == "over_approval_limit"
        assert "11900.00 EUR" in answer["detail"]
        assert f"{limit} EUR" in answer["detail"]
    assert await office.status(draft) == ("approved" if allowed else "pending")


async def test_a_currency_that_a_limit_leaves_out_is_a_limit_of_nothing(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    draft = await office.submitted(line("1.00"), currency="USD")  # nothing tells what it is worth
    refused = await office.person("mia", "99999").act(draft, "approve", status=403)
    assert (refused["code"], "0 USD" in refused["detail"]) == ("over_approval_limit", True)
    await office.person("mia", "0").act(draft, "reject", note="too far")  # a no needs no limit


async def test_rejected_it_is_a_plain_draft_with_the_reason_to_be_read(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    draft = await office.submitted()
    await office.person("mia").act(draft, "reject", note="wrong price")
    assert await office.status(draft) == "rejected"
    sam = office.person("sam")
    assert (await sam.finalize(draft, status=409))["code"] == "approval_required"
    await edit(desk, draft, line("9000.00"))
    [step] = (await office.approval(draft))["steps"]
    assert (step["status"], step["note"]) == ("rejected", "wrong price")
    await sam.act(draft, "")
    assert (await office.approval(draft))["gross"] == "10710.00"
    await office.person("mia").act(draft, "approve")
    assert (await sam.finalize(draft))["status"] == "finalized"


@pytest.mark.parametrize("approved", [False, True])
async def test_an_edit_lets_it_lapse(desk: Desk, approved: bool) -> None:
    office = await Office.of(desk, OVER)
    draft = await office.submitted()
    mia = office.person("mia")
    if approved:
        await mia.act(draft, "approve")
    await edit(desk, draft, LARGE)  # says what it said before
    assert await office.status(draft) == ("approved" if approved else "pending")
    await edit(desk, draft, LARGE, line("1.00"))
    assert await office.status(draft) == "lapsed"
    assert await mia.waiting() == []
    assert await mia.refused(draft, "approve", 409) == "approval_not_pending"
    assert (await mia.finalize(draft, status=409))["code"] == "approval_required"
    assert (await office.history(draft))[-1]["details"] == {"cause": "edited"}
    await edit(desk, draft, line("1.00"))
    assert (await mia.finalize(draft))["status"] == "finalized"  # no rule applies any more


async def test_the_submitter_takes_it_back(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    draft = await office.submitted()
    sam, mia = office.person("sam"), office.person("mia")
    assert await sam.refused(draft, "", 409) == "approval_pending"
    await sam.act(draft, "withdraw", note="not yet")
    assert (await office.status(draft), await mia.waiting()) == ("withdrawn", [])
    assert await sam.refused(draft, "withdraw", 409) == "approval_not_withdrawable"
    await sam.act(draft, "")
    await mia.act(draft, "approve")
    assert await sam.refused(draft, "", 409) == "approval_given"
    await sam.act(draft, "withdraw")
    assert (await sam.finalize(draft, status=409))["code"] == "approval_required"


async def test_delegated_it_waits_for_another(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    draft = await office.submitted()
    mia, emil = office.person("mia"), office.person("emil")
    assert await mia.refused(draft, "delegate", 422, to="emil", reason="away") == "invalid"
    await mia.act(draft, "delegate", to="user:emil", reason="away")
    assert (await mia.waiting(), await emil.waiting()) == ([], [draft["id"]])
    assert await mia.refused(draft, "approve", 403) == "not_assigned"
    told = (await office.history(draft))[-1]["details"]
    assert told == {"step": 1, "to": "user:emil", "reason": "away"}
    done = await emil.act(draft, "approve")
    [delegation] = done["steps"][0]["delegations"]
    assert (delegation["by"], delegation["to"], delegation["reason"]) == (
        "user:mia",
        "user:emil",
        "away",
    )
    assert await office.status(draft) == "approved"


async def test_what_nobody_decides_in_time_is_escalated(world: World, desk: Desk) -> None:
    late = step("Manager", "user:mia", due_days=2, escalate_to=["user:owner"])
    office = await Office.of(desk, rule("All", late))
    draft = await office.submitted()
    owner = office.person("owner")
    await world.advance(desk.tenant_id, timedelta(days=1, hours=23))
    await world.settle()
    assert await owner.waiting() == []
    await world.advance(desk.tenant_id, timedelta(hours=2))
    await world.settle()
    assert await owner.waiting() == await office.person("mia").waiting() == [draft["id"]]
    told = (await office.history(draft))[-1]
    assert (told["type"], told["details"]) == ("StepEscalated", {"step": 1, "to": ["user:owner"]})
    assert told["actor"].startswith("system:")
    await world.advance(desk.tenant_id, timedelta(days=30))
    await world.settle()
    assert len(await office.history(draft)) == 2  # once
    await owner.act(draft, "approve")
    assert await office.status(draft) == "approved"


async def test_what_was_decided_is_not_escalated(world: World, desk: Desk) -> None:
    late = step("Manager", "user:mia", due_days=1, escalate_to=["user:owner"])
    office = await Office.of(desk, rule("All", late, late | {"name": "Again"}))
    decided, rejected, edited = [await office.submitted() for _ in range(3)]
    mia = office.person("mia")
    await mia.act(decided, "approve", step=1)
    await world.advance(desk.tenant_id, timedelta(hours=20))
    await mia.act(decided, "approve", step=2)
    await mia.act(rejected, "reject")
    await edit(desk, edited, line("6000.00"))
    await world.advance(desk.tenant_id, timedelta(days=9))
    await world.settle()
    for draft in (decided, rejected, edited):
        types = [each["type"] for each in await office.history(draft)]
        assert "StepEscalated" not in types


async def test_a_step_that_is_not_required_holds_nothing_up(desk: Desk) -> None:
    hint = step("Hint", "user:bea", required=False)
    office = await Office.of(desk, rule("All", hint, step("Manager", "user:mia")))
    draft = await office.submitted()
    bea, mia = office.person("bea"), office.person("mia")
    assert await bea.waiting() == await mia.waiting() == [draft["id"]]
    done = await mia.act(draft, "approve")
    assert [each["status"] for each in done["steps"]] == ["skipped", "approved"]
    assert (await bea.waiting(), await office.status(draft)) == ([], "approved")
    other = await office.submitted()
    await bea.act(other, "approve")
    assert await office.status(other) == "pending"
    await mia.act(other, "approve")
    assert await office.status(other) == "approved"


async def test_a_deleted_draft_waits_for_nobody(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    mia = office.person("mia")
    for what in ("", "approve", "reject"):
        draft = await office.submitted()
        if what:
            await mia.act(draft, what)
        assert (await desk.client.delete(f"/v1/invoices/{draft['id']}")).status_code == 204
        assert await mia.waiting() == []
        assert await mia.refused(draft, "approve", 404) == "invoice_not_found"
        answer = await desk.client.get(f"/v1/invoices/{draft['id']}/approval")
        assert answer.status_code == 404
    assert (await desk.get("/v1/approvals"))["data"] == []


async def test_rules_that_change_ask_anew(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    draft, other = await office.submitted(), await office.submitted()
    for each in (draft, other):
        await office.person("mia").act(each, "approve")
    small = rule("Small", step("Clerk", "user:bea"), over={"amount": "1", "currency": "EUR"})
    await office.state(small, OVER)
    refused = await office.person("sam").finalize(draft, status=409)
    assert "“Small”" in refused["detail"]
    asked = await office.person("sam").act(draft, "")
    assert [each["rule"] for each in asked["steps"]] == ["Small", OVER["name"]]
    await office.state(OVER)
    assert (await office.person("sam").finalize(other))["status"] == "finalized"
    await office.state()
    pending = await office.person("sam").finalize(draft, status=409)  # it was asked for
    assert pending["code"] == "approval_required"
    await office.person("sam").act(draft, "withdraw")
    assert (await office.person("sam").finalize(draft))["status"] == "finalized"
