"""Late payment is claimed by itself, by the rule of the legal entity, until something stops it."""

from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin, pointers, refused
from tests.world import SELLER, Desk, World, line

DUE = "2026-01-31"  # so the first claim is due on 14 February, for the days up to the 13th
FIRST, SECOND, THIRD = "2026-02-14 00:30", "2026-03-14 00:30", "2026-04-14 00:30"
RULE = {"charge": {"after_days": 14, "every_months": 1}}


async def owed(world: World, rule: dict[str, Any] | None = None) -> tuple[Desk, dict[str, Any]]:
    """1,190.00 due on 31 January 2026, of a legal entity that claims by itself."""
    desk = await world.seller(late_fees=RULE if rule is None else rule)
    await be_at(desk, berlin("2026-01-10 12:00"))
    return desk, await desk.invoice(line("1000.00"), due_date=DUE)


async def at(desk: Desk, moment: str) -> None:
    """Whatever is due by then has happened."""
    await be_at(desk, berlin(moment))
    await desk.world.settle()


async def claims(desk: Desk, invoice: dict[str, Any], day: str) -> list[tuple[str, str]]:
    """Through which day, and how much interest, of each claim."""
    found = await desk.get(f"/v1/invoices/{invoice['id']}/interest", at=day)
    return [(each["through"], each["interest"]) for each in found["claims"]]


async def charging(desk: Desk, invoice: dict[str, Any]) -> dict[str, Any]:
    return await desk.get(f"/v1/invoices/{invoice['id']}/late-fees")


async def waive(desk: Desk, invoice: dict[str, Any], **body: Any) -> dict[str, Any]:
    said = {"reason": "Agreed by phone.", **body}
    return await desk.post(f"/v1/invoices/{invoice['id']}/late-fees/waiver", said)


async def test_each_period_is_claimed_by_itself_and_once(world: World) -> None:
    desk, invoice = await owed(world)
    assert (await charging(desk, invoice))["state"] == "waiting"
    await at(desk, "2026-02-01 00:30")
    assert await charging(desk, invoice) == {
        "object": "late_fee_charging", "invoice": invoice["id"], "state": "scheduled",
        "next_on": "2026-02-14", "refused": None, "waived_by": None, "waiver_reason": None,
    }  # fmt: skip
    assert await claims(desk, invoice, "2026-02-01") == []
    await at(desk, FIRST)
    assert await claims(desk, invoice, "2026-02-14") == [("2026-02-13", "4.35")]
    assert (await charging(desk, invoice))["next_on"] == "2026-03-14"
    await at(desk, SECOND)
    await at(desk, THIRD)
    made = await claims(desk, invoice, "2026-04-14")
    assert [day for day, _ in made] == ["2026-02-13", "2026-03-13", "2026-04-13"]
    listed = (await desk.get("/v1/invoices", sort="created"))["data"]
    assert [each["status"] for each in listed] == ["finalized"] * 4
    assert listed[1]["totals"]["gross"] == "44.35", "interest and the lump sum of 40.00, once"
    whole = await desk.get(f"/v1/invoices/{invoice['id']}/interest", at="2026-04-13")
    assert whole["unclaimed"] == "0.00"


async def test_a_claim_bears_no_claim_of_its_own(world: World) -> None:
    desk, invoice = await owed(world)
    await at(desk, FIRST)
    [first] = (await desk.get(f"/v1/invoices/{invoice['id']}/interest"))["claims"]
    await at(desk, "2026-06-20 12:00")
    assert (await charging(desk, {"id": first["invoice"]}))["state"] == "off"
    made = await claims(desk, invoice, "2026-06-20")
    assert len((await desk.get("/v1/invoices"))["data"]) == 1 + len(made)


async def test_the_same_job_twice_claims_once(world: World) -> None:
    desk, invoice = await owed(world)
    await at(desk, FIRST)
    async with world.admin() as conn:
        again = "UPDATE invoicing.due_jobs SET due_at = '2026-02-01', state = 'pending'"
        for _ in range(2):
            own = "kind = 'charge_late_fees' AND tenant_id = $1"
            await conn.execute(f"{again} WHERE {own}", desk.tenant_id)
            await world.settle()
        due_at = await conn.fetchval(
            f"SELECT due_at FROM invoicing.due_jobs WHERE {own}", desk.tenant_id
        )
    assert len(await claims(desk, invoice, "2026-02-14")) == 1
    assert due_at == berlin("2026-03-14 00:00")


async def test_a_claim_by_hand_in_between_moves_nothing(world: World) -> None:
    desk, invoice = await owed(world)
    await be_at(desk, berlin("2026-02-10 12:00"))
    await world.settle()
    path = f"/v1/invoices/{invoice['id']}/late-fees"
    await desk.post(path, {"at": "2026-02-09", "finalize": True}, status=201)
    await at(desk, FIRST)
    made = await claims(desk, invoice, "2026-02-14")
    assert [day for day, _ in made] == ["2026-02-09", "2026-02-13"]
    assert (await charging(desk, invoice))["next_on"] == "2026-03-14"


async def test_a_payment_stops_it_and_a_bounce_begins_it_anew(world: World) -> None:
    desk, invoice = await owed(world)
    await at(desk, FIRST)
    path = f"/v1/invoices/{invoice['id']}"
    paid = await desk.post(f"{path}/payments", {"amount": "1190.00", "source": "bank"})
    assert (await charging(desk, invoice))["state"] == "settled"
    await at(desk, THIRD)
    assert len(await claims(desk, invoice, "2026-04-14")) == 1
    await desk.post(f"{path}/reversals", {"entry": paid["entries"][0]["id"], "source": "bounced"})
    await world.settle()
    assert (await charging(desk, invoice))["state"] == "scheduled"
    await at(desk, "2026-05-14 00:30")
    made = await claims(desk, invoice, "2026-05-14")
    assert made[0][0] == "2026-02-13"
    assert made[-1][0] == "2026-05-13"


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("write-offs", {"amount": "1190.00"}),
        ("credit-notes", {"amount": "1190.00", "finalize": True}),
        ("cancel", {"reason": "wrong"}),
    ],
)
async def test_what_is_given_up_is_claimed_no_more(
    world: World, route: str, body: dict[str, Any]
) -> None:
    desk, invoice = await owed(world)
    await at(desk, FIRST)
    if route == "cancel":
        await desk.post(f"/v1/invoices/{invoice['id']}/release", {"how": "by post"})
    await desk.post(f"/v1/invoices/{invoice['id']}/{route}", body)
    assert (await charging(desk, invoice))["state"] == "settled"
    before = len((await desk.get("/v1/invoices"))["data"])
    await at(desk, "2026-08-01 12:00")
    assert len((await desk.get("/v1/invoices"))["data"]) == before


async def test_a_part_that_is_paid_lowers_what_is_claimed_and_stops_nothing(world: World) -> None:
    desk, invoice = await owed(world)
    await at(desk, FIRST)
    paid = {"amount": "190.00", "source": "bank", "on": "2026-02-14"}
    await desk.post(f"/v1/invoices/{invoice['id']}/payments", paid)
    await at(desk, SECOND)
    found = await desk.get(f"/v1/invoices/{invoice['id']}/interest", at="2026-03-13")
    assert [each["base"] for each in found["segments"]] == ["1190.00", "1000.00"]
    assert found["unclaimed"] == "0.00"


async def test_a_dispute_stops_it_and_its_end_begins_it_anew(world: World) -> None:
    desk, invoice = await owed(world)
    path = f"/v1/invoices/{invoice['id']}/dispute"
    await desk.post(path, {"disputed": True, "reason": "Not delivered."})
    await at(desk, THIRD)
    assert await claims(desk, invoice, "2026-04-14") == []
    assert (await charging(desk, invoice))["state"] == "disputed"
    await desk.post(path, {"disputed": False})
    await world.settle()
    made = await claims(desk, invoice, "2026-04-14")
    assert [day for day, _ in made] == ["2026-04-13"], "all days since the due date, at once"


async def test_a_waiver_stops_it_says_who_and_why_and_can_be_ended(world: World) -> None:
    desk, invoice = await owed(world)
    actor = await desk.actor()
    said = await waive(desk, invoice)
    assert (said["state"], said["waived_by"], said["waiver_reason"], said["next_on"]) == (
        "waived", actor, "Agreed by phone.", None,
    )  # fmt: skip
    assert await charging(desk, invoice) == said
    path = f"/v1/invoices/{invoice['id']}/late-fees/waiver"
    problem = await refused(desk, "POST", path, {"reason": "again"}, status=409)
    assert problem["code"] == "late_fees_already_waived"
    await at(desk, SECOND)
    assert await claims(desk, invoice, "2026-03-14") == []
    over = await waive(desk, invoice, waived=False)
    assert (over["state"], over["waived_by"]) == ("scheduled", None)
    problem = await refused(desk, "POST", path, {"waived": False, "reason": "r"}, status=409)
    assert problem["code"] == "late_fees_not_waived"
    await world.settle()
    assert [day for day, _ in await claims(desk, invoice, "2026-03-14")] == ["2026-03-13"]


async def test_the_reason_of_a_waiver_goes_with_the_customer(world: World) -> None:
    desk, invoice = await owed(world)
    await waive(desk, invoice, reason="Elbkontor is short of money.")
    await be_at(desk, berlin("2040-01-01 12:00"))
    done = await desk.post("/v1/erasures", {"invoice": invoice["id"]})
    assert done["erased"] == [invoice["id"]]
    found = await charging(desk, invoice)
    assert (found["state"], found["waiver_reason"]) == ("waived", None)
    async with world.admin() as conn:
        said = await conn.fetch(
            "SELECT value::text FROM invoicing.personal WHERE tenant_id = $1", desk.tenant_id
        )
    assert not any("Elbkontor" in row[0] for row in said)


async def test_drafts_are_left_where_somebody_looks_at_claims_first(world: World) -> None:
    desk, invoice = await owed(world, {"charge": {"after_days": 5, "finalize": False}})
    await at(desk, "2026-02-05 00:30")
    [claim] = (await desk.get("/v1/invoices", status="draft"))["data"]
    assert claim["totals"]["gross"] == "41.34"
    await at(desk, "2026-03-05 00:30")
    assert len((await desk.get("/v1/invoices", status="draft"))["data"]) == 2
    assert len(await claims(desk, invoice, "2026-03-05")) == 2


async def test_a_legal_entity_that_begins_later_claims_what_is_overdue_already(
    world: World,
) -> None:
    desk = await world.seller()
    await be_at(desk, berlin("2026-01-10 12:00"))
    invoices = [await desk.invoice(line("1000.00"), due_date=DUE) for _ in range(3)]
    await desk.invoice(line("1.00"), due_date="2026-12-31")
    await at(desk, "2026-03-31 12:00")
    assert (await charging(desk, invoices[0]))["state"] == "off"
    body = {**SELLER, "late_fees": RULE}
    answer = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["late_fees"]["charge"] == {
        "after_days": 14, "every_months": 1, "finalize": True,
    }  # fmt: skip
    await world.settle()
    for invoice in invoices:
        made = await claims(desk, invoice, "2026-03-31")
        assert [day for day, _ in made] == ["2026-03-30"]
        assert (await charging(desk, invoice))["next_on"] == "2026-04-14"
    assert len((await desk.get("/v1/invoices"))["data"]) == 4 + 3


async def test_a_rule_that_is_taken_back_claims_no_more(world: World) -> None:
    desk, invoice = await owed(world)
    await at(desk, FIRST)
    answer = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=SELLER)
    assert answer.status_code == 200, answer.text
    await at(desk, THIRD)
    assert len(await claims(desk, invoice, "2026-04-14")) == 1
    assert (await charging(desk, invoice))["state"] == "off"


async def test_what_refuses_a_claim_is_shown_and_it_is_made_when_that_is_over(
    world: World,
) -> None:
    """The base rate is known to the end of June 2026 only; nothing is guessed for July."""
    desk, invoice = await owed(world)
    for month in range(2, 7):
        await at(desk, f"2026-{month:02}-14 00:30")
    assert len(await claims(desk, invoice, "2026-06-14")) == 5
    for day in (14, 15, 16):
        await at(desk, f"2026-07-{day} 00:30")
        found = await charging(desk, invoice)
        assert (found["state"], found["refused"]) == ("scheduled", "reference_rate_unknown")
    async with world.admin() as conn:
        notes = "SELECT count(*) FROM invoicing.events WHERE type = 'LateFeesRefused'"
        assert await conn.fetchval(notes) == 1, "the same reason leaves no second trace"
    known = [{"valid_from": "2026-07-01", "rate": "1.5"}]
    body = {**SELLER, "late_fees": {**RULE, "base_rates": known}}
    assert (await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=body)).is_success
    await world.settle()
    made = await claims(desk, invoice, "2026-07-16")
    assert (len(made), made[-1][0]) == (6, "2026-07-15")
    found = await charging(desk, invoice)
    assert (found["refused"], found["next_on"]) == (None, "2026-08-14")


async def test_what_may_pass_by_itself_is_tried_again_and_then_shown(world: World) -> None:
    desk, invoice = await owed(world)
    serving = (await desk.get("/v1/series"))["data"]
    [series] = [each for each in serving if "invoice" in each["types"]]
    await desk.post(f"/v1/series/{series['id']}/hold", {"reason": "Numbers are looked at."})
    await at(desk, FIRST)
    assert (await charging(desk, invoice))["refused"] is None
    async with world.admin() as conn:
        now = "UPDATE invoicing.due_jobs SET next_attempt_at = '-infinity' WHERE state = 'pending'"
        for _ in range(9):
            await conn.execute(now)
            await world.settle()
    assert (await charging(desk, invoice))["refused"] == "series_on_hold"
    await desk.post(f"/v1/series/{series['id']}/release", {"reason": "All is well."})
    await at(desk, "2026-02-15 00:30")
    assert [day for day, _ in await claims(desk, invoice, "2026-02-15")] == ["2026-02-14"]


async def test_instalments_are_claimed_from_the_first_that_is_late(world: World) -> None:
    desk = await world.seller(late_fees=RULE)
    await be_at(desk, berlin("2026-01-10 12:00"))
    parts = [{"percent": "50", "days": 21}, {"percent": "50", "days": 49}]
    terms = {"kind": "instalments", "instalments": parts}
    invoice = await desk.invoice(line("1000.00"), payment_terms=terms)
    await at(desk, FIRST)
    await at(desk, "2026-03-01 12:00")  # the second part is late, which puts nothing off
    assert (await charging(desk, invoice))["next_on"] == "2026-03-14"
    await at(desk, SECOND)
    found = await desk.get(f"/v1/invoices/{invoice['id']}/interest", at="2026-03-13")
    assert [each["base"] for each in found["segments"]] == ["595.00", "1190.00"]
    assert found["unclaimed"] == "0.00"


async def test_another_tenants_rule_claims_nothing_here(world: World) -> None:
    desk = await world.seller()
    await be_at(desk, berlin("2026-01-10 12:00"))
    invoice = await desk.invoice(line("1000.00"), due_date=DUE)
    other, theirs = await owed(world)
    for each in (desk, other):
        await at(each, FIRST)
    assert await claims(desk, invoice, "2026-02-14") == []
    assert len(await claims(other, theirs, "2026-02-14")) == 1
    path = f"/v1/invoices/{theirs['id']}/late-fees"
    assert (await desk.client.get(path)).status_code == 404
    waiver = await desk.client.post(f"{path}/waiver", json={"reason": "r"})
    assert waiver.status_code == 404


@pytest.mark.parametrize(
    ("charge", "pointer"),
    [
        ({"after_days": 1}, "/late_fees/charge/after_days"),
        ({"after_days": 367}, "/late_fees/charge/after_days"),
        ({"every_months": 0}, "/late_fees/charge/every_months"),
        ({"every_months": 13}, "/late_fees/charge/every_months"),
        ({"every_weeks": 1}, "/late_fees/charge/every_weeks"),
        ({"finalize": "yes"}, "/late_fees/charge/finalize"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_by_field(
    world: World, charge: dict[str, Any], pointer: str
) -> None:
    desk = await world.seller()
    body = {**SELLER, "late_fees": {"charge": charge}}
    problem = await refused(desk, "POST", "/v1/legal-entities", body, status=422)
    assert list(pointers(problem)) == [pointer]


async def test_a_draft_has_no_late_fees_to_waive(world: World) -> None:
    desk = await world.seller()
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}/late-fees"
    assert (await refused(desk, "GET", path, status=404))["code"] == "settlement_not_found"
    problem = await refused(desk, "POST", f"{path}/waiver", {"reason": "r"}, status=409)
    assert problem["code"] == "document_not_finalized"
    problem = await refused(desk, "POST", f"{path}/waiver", {"waived": True}, status=422)
    assert list(pointers(problem)) == ["/reason"]
