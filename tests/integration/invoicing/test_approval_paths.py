"""Every way to finalize a document asks for its approval; no rule costs no round trip more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.approving import LARGE, OVER, Office, rule, step
from tests.integration.invoicing.scenes import scene
from tests.load.queries import counted
from tests.sealing import intact
from tests.world import SELLER, Desk, World, draft_body, line

Json = dict[str, Any]
CREDITS = rule("Credits", step("Head", "user:mia"), types=["credit_note"])


async def test_a_batch_reports_what_needs_an_approval_and_writes_the_rest(desk: Desk) -> None:
    await Office.of(desk, OVER)
    items = [draft_body(each, finalize=True) for each in (line("1.00"), LARGE, line("2.00"))]
    done = await desk.post("/v1/invoices/batch", {"items": items})
    assert [each["accepted"] for each in done["results"]] == [True, False, True]
    assert done["results"][1]["problem"]["code"] == "approval_required"
    assert [each["status"] for each in (await desk.get("/v1/invoices"))["data"]] == [
        "finalized"
    ] * 2


async def test_many_at_once_are_finalized_as_far_as_they_are_approved(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    mia = office.person("mia")
    small, large = await desk.draft(line("1.00")), await desk.draft(LARGE)
    pending, approved, rejected = [await office.submitted() for _ in range(3)]
    await mia.act(approved, "approve")
    await mia.act(rejected, "reject")
    every = [small, large, pending, approved, rejected]
    begun = await desk.post("/v1/invoices/finalize", {"invoices": [each["id"] for each in every]})
    await desk.world.settle()
    items = await desk.get(f"/v1/operations/{begun['id']}/items")
    codes = {each["invoice"]: (each["problem"] or {}).get("code") for each in items["data"]}
    refused = "approval_required"
    assert [codes[each["id"]] for each in every] == [None, refused, refused, None, refused]
    states = [(await desk.get(f"/v1/invoices/{each['id']}"))["status"] for each in every]
    assert states == ["finalized", "draft", "draft", "finalized", "draft"]


async def test_a_grace_period_that_ends_before_the_approval_has_failed(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    in_an_hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    late, timely = [await desk.draft(LARGE, finalize_at=in_an_hour) for _ in range(2)]
    for draft in (late, timely):
        await office.person("sam").act(draft, "")
    await office.person("mia").act(timely, "approve")
    await desk.world.advance(desk.tenant_id, timedelta(hours=2))
    await desk.world.settle()
    assert (await desk.get(f"/v1/invoices/{timely['id']}"))["status"] == "finalized"
    grace = await desk.get(f"/v1/invoices/{late['id']}/grace")
    assert (grace["state"], grace["code"]) == ("failed", "approval_required")


async def test_credit_notes_need_what_the_rules_of_their_type_say(desk: Desk) -> None:
    office = await Office.of(desk, CREDITS)
    issued = await desk.invoice(LARGE)
    path = f"/v1/invoices/{issued['id']}"
    for what, body in (("credit-notes", {"finalize": True}), ("cancel", {})):
        if what == "cancel":
            await desk.post(f"{path}/release")
        refused = await desk.post(f"{path}/{what}", body, status=409)
        assert refused["code"] == "approval_required", what
    note = await desk.post(f"{path}/credit-notes", {"amount": "119.00"})
    await office.person("sam").act(note, "")
    assert (await office.person("sam").finalize(note, status=409))["code"] == "approval_required"
    await office.person("mia").act(note, "approve")
    done = await office.person("sam").finalize(note)
    assert (done["status"], done["totals"]["gross"]) == ("finalized", "119.00")


async def test_a_replacement_is_a_new_draft_and_needs_its_own(desk: Desk) -> None:
    office = await Office.of(desk, {**OVER, "types": ["invoice"]})
    draft = await office.submitted()
    await office.person("mia").act(draft, "approve")
    issued = await office.person("sam").finalize(draft)
    other = await desk.post(f"/v1/invoices/{issued['id']}/replace", {"reason": "typo"})
    assert other["approval_status"] == "none"
    assert (await office.person("sam").finalize(other, status=409))["code"] == "approval_required"
    await office.person("sam").act(other, "")
    await office.person("mia").act(other, "approve")
    assert (await office.person("sam").finalize(other))["status"] == "finalized"


async def test_a_proforma_needs_none_unless_a_rule_names_it(desk: Desk) -> None:
    office = await Office.of(desk, rule("All", step("Head", "user:mia")))
    assert (await desk.invoice(type="proforma"))["status"] == "finalized"
    await office.state(rule("All", step("Head", "user:mia"), types=["proforma"]))
    assert (await desk.invoice())["status"] == "finalized"
    draft = await desk.draft(type="proforma")
    assert (await office.person("sam").finalize(draft, status=409))["code"] == "approval_required"


@pytest.mark.parametrize(("rate", "needed"), [("1.10", False), ("0.50", True)])
async def test_a_foreign_currency_is_compared_by_the_rate_that_is_stated(
    desk: Desk, rate: str, needed: bool
) -> None:
    """7,140 USD are 6,490.91 EUR or more than 10,000; where nothing is stated a rule applies."""
    above = {**OVER, "over": {"amount": "8000.00", "currency": "EUR"}}
    office = await Office.of(desk, above)
    unknown = await desk.draft(line("6000.00"), currency="USD")
    stated = {"currency": "EUR", "rate": str(round(1 / float(rate), 6))}
    known = await desk.draft(line("6000.00"), currency="USD", tax_currency=stated)
    sam = office.person("sam")
    assert (await sam.finalize(unknown, status=409))["code"] == "approval_required"
    answer = await sam.finalize(known, status=409 if needed else 200)
    assert answer.get("code") == ("approval_required" if needed else None)


async def test_taxes_of_another_day_that_change_the_total_need_another_approval(
    desk: Desk,
) -> None:
    """What finalizing itself states is no edit, as long as it comes to the approved total."""
    office = await Office.of(desk, OVER)
    today = datetime.now(UTC).date().isoformat()
    rates = [{"base": "EUR", "quote": "USD", "on": today, "rate": "1.10"}]
    await desk.post("/v1/exchange-rates", {"source": "ecb", "rates": rates})
    draft = await office.submitted(line("9000.00"), currency="USD")
    before = (await desk.get(f"/v1/invoices/{draft['id']}"))["version"]
    await office.person("mia").act(draft, "approve")
    done = await office.person("sam").finalize(draft)  # the rate of the day is stated in it
    assert done["status"] == "finalized"
    assert done["version"] > before
    assert done["approval_status"] == "approved"


async def test_rules_of_one_legal_entity_are_none_of_another(desk: Desk) -> None:
    await Office.of(desk, rule("All", step("Head", "user:mia")))
    other = await desk.post("/v1/legal-entities", {**SELLER, "name": "Zweite GmbH"})
    draft = await desk.post("/v1/invoices", draft_body(LARGE, legal_entity=other["id"]))
    assert (await desk.finalize(draft))["status"] == "finalized"


async def trips(desk: Desk, draft: Json) -> int:
    async with counted(desk.world) as sent:
        await desk.finalize(draft)
        return len(list(sent))


async def test_no_rule_costs_nothing_and_rules_cost_one_round_trip(world: World) -> None:
    plain, lifted, ruled = [await world.seller() for _ in range(3)]
    await (await Office.of(lifted, OVER)).state()
    office = await Office.of(ruled, OVER)
    cost = []
    for desk in (plain, lifted, ruled):
        await desk.invoice(line("1.00"))
        cost.append(await trips(desk, await desk.draft(line("1.00"))))
    assert cost == [cost[0], cost[0], cost[0] + 1]
    assert cost[0] <= 6
    draft = await office.submitted()
    await office.person("mia").act(draft, "approve")
    assert await trips(ruled, draft) == cost[0] + 2


async def test_the_rows_of_all_this_are_what_the_events_give(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    mia, sam = office.person("mia"), office.person("sam")
    drafts = [await office.submitted() for _ in range(5)]
    await mia.act(drafts[0], "delegate", to="user:emil", reason="away")
    await mia.act(drafts[1], "reject", note="no")
    await sam.act(drafts[1], "")
    await mia.act(drafts[2], "approve")
    await sam.finalize(drafts[2])
    await sam.act(drafts[3], "withdraw")
    assert (await desk.client.delete(f"/v1/invoices/{drafts[4]['id']}")).status_code == 204
    await office.state(OVER, CREDITS)
    assert await intact(desk.world, desk)


async def test_what_an_authority_rejected_is_revised_only_where_no_rule_asks(world: World) -> None:
    """A revision is issued without ever being a draft: nobody could have approved it."""
    made = await scene(world, "transmissions_revise")
    office = await Office.of(made.desk, rule("All", step("Head", "user:mia")))
    path = "/v1/invoices/{invoice}/revisions"
    answer = await made.send("POST", path)
    assert (answer.status_code, answer.json()["code"]) == (409, "approval_required")
    first = await made.desk.get(f"/v1/invoices/{made.document['id']}")
    assert (first["status"], first["replaced_by"]) == ("finalized", None)
    await office.state()
    assert (await made.send("POST", path)).is_success


async def test_interest_is_claimed_only_where_no_rule_asks(desk: Desk) -> None:
    issued = await desk.invoice(payment_terms={"kind": "on_receipt"})
    await desk.world.advance(desk.tenant_id, timedelta(days=3))
    office = await Office.of(desk, rule("All", step("Head", "user:mia")))
    path = f"/v1/invoices/{issued['id']}/late-fees"
    body = {"rule": {"interest": "none", "fee": "5.00"}}
    refused = await desk.post(path, {**body, "finalize": True}, status=409)
    assert refused["code"] == "approval_required"
    draft = await desk.post(path, body)
    await office.person("sam").act(draft, "")
    await office.person("mia").act(draft, "approve")
    assert (await office.person("sam").finalize(draft))["status"] == "finalized"


S: Json = {"name": "S", "assignees": ["user:mia"]}
WRONG: dict[str, tuple[Json, str]] = {
    "no name": ({"steps": [S]}, "/rules/0/name"),
    "no steps": ({"name": "R", "steps": []}, "/rules/0/steps"),
    "nobody": ({"name": "R", "steps": [{**S, "assignees": []}]}, "/rules/0/steps/0/assignees"),
    "only hints": ({"name": "R", "steps": [{**S, "required": False}]}, "/rules/0/steps"),
    "a float": (
        {"name": "R", "steps": [S], "over": {"amount": 5000.5, "currency": "EUR"}},
        "/rules/0/over/amount",
    ),
    "below zero": (
        {"name": "R", "steps": [S], "over": {"amount": "-1", "currency": "EUR"}},
        "/rules/0/over/amount",
    ),
    "no currency": (
        {"name": "R", "steps": [S], "over": {"amount": "1"}},
        "/rules/0/over/currency",
    ),
    "no such currency": (
        {"name": "R", "steps": [S], "over": {"amount": "1", "currency": "XQX"}},
        "/rules/0/over/currency",
    ),
    "everything off": (
        {"name": "R", "steps": [S], "discount_over": "100"},
        "/rules/0/discount_over",
    ),
    "no such type": ({"name": "R", "steps": [S], "types": ["bill"]}, "/rules/0/types/0"),
    "no type": ({"name": "R", "steps": [S], "types": []}, "/rules/0/types"),
    "no days": ({"name": "R", "steps": [{**S, "due_days": 0}]}, "/rules/0/steps/0/due_days"),
    "half a day": ({"name": "R", "steps": [{**S, "due_days": 1.5}]}, "/rules/0/steps/0/due_days"),
    "never late": (
        {"name": "R", "steps": [{**S, "escalate_to": ["user:x"]}]},
        "/rules/0/steps/0/due_days",
    ),
    "a word too many": ({"name": "R", "steps": [S], "unless": 1}, "/rules/0/unless"),
    "a group by its list name": (
        {"name": "R", "steps": [{**S, "assignees": ["permission:invoices:approve"]}]},
        "/rules/0/steps/0/assignees/0",
    ),
}


@pytest.mark.parametrize("what", WRONG)
async def test_rules_that_are_wrong_are_refused_by_their_field(desk: Desk, what: str) -> None:
    stated, pointer = WRONG[what]
    path = f"/v1/legal-entities/{desk.entity}/approval-rules"
    answer = await desk.client.put(path, json={"rules": [stated]})
    assert answer.status_code == 422, answer.text
    assert pointer in {each["pointer"] for each in answer.json()["problems"]}, answer.text
    assert (await desk.get(path)) == {
        "object": "approval_rules",
        "legal_entity": desk.entity,
        "version": 0,
        "rules": [],
    }


async def test_rules_are_stated_by_the_version_that_was_read_and_come_back_as_stated(
    desk: Desk,
) -> None:
    path = f"/v1/legal-entities/{desk.entity}/approval-rules"
    read = await desk.client.get(path)
    assert read.headers["etag"] == '"0"'
    group = {"permission": "invoices:approve"}
    whole: Json = {
        "name": "Whole",
        "types": ["invoice", "proforma"],
        "over": {"amount": "5000.00", "currency": "EUR"},
        "discount_over": "12.5",
        "own": True,
        "steps": [
            {
                "name": "One",
                "required": False,
                "assignees": ["user:mia", group],
                "due_days": 3,
                "escalate_to": [group],
            },
            {**S, "required": True, "due_days": None, "escalate_to": []},
        ],
    }
    stated = await desk.client.put(path, json={"rules": [whole]}, headers={"If-Match": '"0"'})
    assert (stated.status_code, stated.headers["etag"]) == (200, '"1"')
    assert stated.json()["rules"] == [whole]
    assert (await desk.get(path)) == stated.json()
    again = await desk.client.put(path, json={"rules": []}, headers={"If-Match": '"0"'})
    assert (again.status_code, again.json()["code"]) == (412, "stale")
    same = await desk.client.put(path, json={"rules": [whole]})
    assert same.headers["etag"] == '"1"'


async def test_a_decision_sent_twice_under_one_key_counts_once(desk: Desk) -> None:
    """Where the same person is asked in both steps."""
    office = await Office.of(desk, rule("All", step("One", "user:mia"), step("Two", "user:mia")))
    draft = await office.submitted()
    mia = office.person("mia")
    path, key = f"/v1/invoices/{draft['id']}/approval/approve", {"Idempotency-Key": "k"}
    first, second = [await mia.client.post(path, json={}, headers=key) for _ in range(2)]
    assert first.json() == second.json()
    assert [each["status"] for each in first.json()["steps"]] == ["approved", "open"]
    seen = {"If-Match": first.headers["etag"]}
    assert (await mia.client.post(path, json={}, headers=seen)).status_code == 200
    assert (await mia.client.post(path, json={}, headers=seen)).status_code == 412
    assert await office.status(draft) == "approved"


async def test_the_state_at_a_moment_tells_where_the_approval_stood(desk: Desk) -> None:
    office = await Office.of(desk, OVER)
    draft = await desk.draft(LARGE)
    path, moments = f"/v1/invoices/{draft['id']}", []
    sam, mia = office.person("sam"), office.person("mia")
    for act in (None, (sam, ""), (mia, "reject"), (sam, ""), (mia, "approve")):
        if act is not None:
            await act[0].act(draft, act[1])
        moments.append(datetime.now(UTC).isoformat())
    found = [(await desk.get(f"{path}/state", at=at))["approval_status"] for at in moments]
    assert found == ["none", "pending", "rejected", "pending", "approved"]
