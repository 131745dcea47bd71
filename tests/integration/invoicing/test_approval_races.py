"""Approvals among people who act at the same moment: one order wins, the other is refused."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.e2e.approving import LARGE, OVER, Office, Person, rule, step
from tests.world import Desk, World, draft_body, line

Json = dict[str, Any]
ROUNDS = 6
GROUP = {"permission": "invoices:approve"}


async def send(person: Person, draft: Json, what: str, **body: Any) -> tuple[int, str | None]:
    """Status and, of a refusal, its code."""
    path = f"/v1/invoices/{draft['id']}/{what}"
    if what == "":
        edited = draft_body(LARGE, line("1.00"))
        answer = await person.client.put(path.rstrip("/"), json=edited)
    elif what == "delete":
        answer = await person.client.delete(path.removesuffix("/delete"))
    else:
        answer = await person.client.post(path, json=body)
    return answer.status_code, None if answer.is_success else answer.json()["code"]


async def at_once(*acts: Any) -> list[tuple[int, str | None]]:
    return list(await asyncio.gather(*acts))


async def proved(desk: Desk) -> None:
    """What the rows say is what the events give, of every draft and its approval."""
    for shown in (await desk.get("/v1/invoices", limit=100))["data"]:
        if shown["approval_status"] != "none":
            approval = await desk.get(f"/v1/invoices/{shown['id']}/approval")
            assert approval["status"] == shown["approval_status"], shown["id"]


async def test_of_two_who_approve_the_same_step_one_does(desk: Desk) -> None:
    office = await Office.of(desk, rule("All", step("Any", GROUP)))
    people = [office.person(name) for name in ("mia", "bea", "emil")]
    for _ in range(ROUNDS):
        draft = await office.submitted()
        found = await at_once(*(send(each, draft, "approval/approve") for each in people))
        assert Counter(found) == {(200, None): 1, (409, "approval_not_pending"): 2}
        types = [each["type"] for each in await office.history(draft)]
        assert types == ["ApprovalSubmitted", "StepApproved"]


async def test_who_names_the_step_does_not_decide_the_next_by_mistake(desk: Desk) -> None:
    office = await Office.of(desk, rule("All", step("One", GROUP), step("Two", GROUP)))
    people = [office.person(name) for name in ("mia", "bea")]
    for _ in range(ROUNDS):
        draft = await office.submitted()
        acts = [send(each, draft, "approval/approve", step=1) for each in people]
        assert Counter(await at_once(*acts)) == {(200, None): 1, (409, "step_not_open"): 1}
        assert await office.status(draft) == "pending"


async def test_approved_and_rejected_at_once_it_is_one_of_both(desk: Desk) -> None:
    office = await Office.of(desk, rule("All", step("Any", GROUP)))
    mia, bea = office.person("mia"), office.person("bea")
    for _ in range(ROUNDS):
        draft = await office.submitted()
        yes, no = await at_once(
            send(mia, draft, "approval/approve"), send(bea, draft, "approval/reject")
        )
        assert Counter([yes, no]) == {(200, None): 1, (409, "approval_not_pending"): 1}
        expected = "approved" if yes[0] == 200 else "rejected"
        assert await office.status(draft) == expected
    await proved(desk)


async def test_what_is_edited_while_it_is_approved_is_not_approved(desk: Desk) -> None:
    """The edit always succeeds; the approval comes before it and lapses, or is refused."""
    office = await Office.of(desk, OVER)
    mia, sam = office.person("mia"), office.person("sam", clerk=True)
    for _ in range(ROUNDS):
        draft = await office.submitted()
        edited, approved = await at_once(send(sam, draft, ""), send(mia, draft, "approval/approve"))
        assert edited == (200, None)
        assert approved in [(200, None), (409, "approval_not_pending")]
        assert await office.status(draft) == "lapsed"
        assert await send(sam, draft, "finalize") == (409, "approval_required")
    await proved(desk)


async def test_what_is_edited_while_it_is_submitted_is_never_approved_unseen(desk: Desk) -> None:
    """Whichever comes first, what is pending is what the draft says."""
    office = await Office.of(desk, OVER)
    sam, tom = office.person("sam"), office.person("tom")
    for _ in range(ROUNDS):
        draft = await desk.draft(LARGE)
        done = await at_once(send(sam, draft, ""), send(tom, draft, "approval"))
        assert done == [(200, None), (200, None)]
        shown = await desk.get(f"/v1/invoices/{draft['id']}")
        approval = await office.approval(draft)
        if shown["approval_status"] == "pending":
            assert approval["gross"] == shown["totals"]["gross"]
        else:
            assert shown["approval_status"] == "lapsed"
    await proved(desk)


async def test_finalized_or_withdrawn_but_not_both(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    mia, sam = office.person("mia"), office.person("sam", clerk=True)
    for _ in range(ROUNDS):
        draft = await office.submitted()
        await mia.act(draft, "approve")
        finalized, withdrawn = await at_once(
            send(sam, draft, "finalize"), send(sam, draft, "approval/withdraw")
        )
        outcome = {(finalized, withdrawn)}
        assert outcome <= {
            ((200, None), (409, "document_not_draft")),
            ((409, "approval_required"), (200, None)),
        }
        shown = await desk.get(f"/v1/invoices/{draft['id']}")
        told = (shown["status"], shown["approval_status"])
        expected = ("finalized", "approved") if finalized[0] == 200 else ("draft", "withdrawn")
        assert told == expected
    await proved(desk)


@pytest.mark.parametrize("steps", [1, 2])
async def test_a_draft_thrown_away_while_somebody_decides(desk: Desk, steps: int) -> None:
    office = await Office.of(desk, rule("All", *[step(f"S{n}", GROUP) for n in range(steps)]))
    mia, sam = office.person("mia"), office.person("sam", clerk=True)
    for _ in range(ROUNDS):
        draft = await office.submitted()
        deleted, approved = await at_once(
            send(sam, draft, "delete"), send(mia, draft, "approval/approve")
        )
        assert deleted == (204, None)
        assert approved in [
            (200, None),
            (404, "invoice_not_found"),
            (409, "approval_not_pending"),  # it was withdrawn with the draft, and read after that
        ]
    assert (await desk.get("/v1/approvals"))["data"] == []


async def test_rules_stated_at_once_are_one_of_them_whole(desk: Desk) -> None:
    office = await Office.of(desk)
    stated = await asyncio.gather(
        *(office.state(rule(f"R{n}", step("S", GROUP))) for n in range(4))
    )
    assert sorted(each["version"] for each in stated) == [1, 2, 3, 4]
    path = f"/v1/legal-entities/{desk.entity}/approval-rules"
    assert (await desk.get(path))["rules"] == max(stated, key=lambda each: each["version"])["rules"]


async def test_escalated_while_it_is_decided(world: World, desk: Desk) -> None:
    """The job is done again after a lost race, and finds nothing to do."""
    late = step("M", "user:mia", due_days=1, escalate_to=["user:owner"])
    office = await Office.of(desk, rule("All", late))
    drafts = [await office.submitted() for _ in range(ROUNDS)]
    mia = office.person("mia")
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.due_jobs SET due_at = now() WHERE kind = 'escalate_approval'"
        )
    await asyncio.gather(world.settle(), *(mia.act(each, "approve") for each in drafts))
    await world.settle()
    for draft in drafts:
        assert await office.status(draft) == "approved"
    await proved(desk)
