"""Late payment over HTTP: interest by the day, explained; a claim for each day once."""

from typing import Any

from tests.e2e.acts import be_at, berlin, pointers, refused
from tests.world import BUYER, Desk, World, line

DUE = "2026-01-31"


async def overdue(world: World, **more: Any) -> tuple[Desk, dict[str, Any]]:
    """1,190.00 due on 31 January 2026; the clock shows 31 March."""
    desk = await world.seller(accounting={"chart": "SKR03"}, **more)
    await be_at(desk, berlin("2026-01-10 12:00"))
    invoice = await desk.invoice(line("1000.00"), due_date=DUE)
    await be_at(desk, berlin("2026-03-31 12:00"))
    return desk, invoice


async def interest(desk: Desk, invoice: dict[str, Any], at: str) -> dict[str, Any]:
    return await desk.get(f"/v1/invoices/{invoice['id']}/interest", at=at)


async def test_part_payments_lower_the_base_from_their_day(world: World) -> None:
    desk, invoice = await overdue(world)
    paid = {"amount": "190.00", "source": "bank:1", "on": "2026-02-15"}
    await desk.post(f"/v1/invoices/{invoice['id']}/payments", paid)
    found = await interest(desk, invoice, "2026-02-28")
    assert [
        tuple(each[name] for name in ("from", "to", "days", "base", "rate", "amount"))
        for each in found["segments"]
    ] == [
        ("2026-02-01", "2026-02-14", 14, "1190.00", "10.27", "4.69"),
        ("2026-02-15", "2026-02-28", 14, "1000.00", "10.27", "3.94"),
    ]
    assert {each["base_rate"] for each in found["segments"]} == {"1.27"}
    assert (found["interest"], found["claimed"], found["unclaimed"]) == ("8.63", "0", "8.63")
    assert found["once"] == [{"kind": "lump_sum", "amount": "40.00"}]
    assert "BGB § 288" in found["source"]
    assert (await interest(desk, invoice, DUE))["segments"] == []


async def test_a_claim_is_an_invoice_outside_the_scope_of_vat_and_each_day_counts_once(
    world: World,
) -> None:
    desk, invoice = await overdue(world, late_fees={"account": "2650"})
    path = f"/v1/invoices/{invoice['id']}/late-fees"
    first = await desk.post(path, {"at": "2026-02-28", "finalize": True}, status=201)
    assert first["status"] == "finalized"
    assert (first["totals"]["tax"], first["totals"]["gross"]) == ("0.00", "49.38")
    assert {tax["category"] for each in first["lines"] for tax in each["taxes"]} == {"O"}
    assert first["preceding"][0]["number"] == invoice["number"]
    again = await desk.post(path, {"at": "2026-02-20", "finalize": True}, status=201)
    assert again["id"] == first["id"], "these days are claimed"
    second = await desk.post(path, {"at": "2026-03-31", "finalize": True}, status=201)
    whole = await interest(desk, invoice, "2026-03-31")
    assert whole["unclaimed"] == "0.00"
    assert whole["claimed_through"] == "2026-03-31"
    assert whole["once"] == []
    assert [each["invoice"] for each in whole["claims"]] == [first["id"], second["id"]]
    assert second["lines"][0]["service_period"] == {"start": "2026-03-01", "end": "2026-03-31"}
    entries = await desk.get("/v1/tax/entries", invoice=first["id"])
    assert entries["data"] == [], "compensation is no supply"
    books = await desk.get("/v1/accounting/reconciliation", legal_entity=desk.entity)
    assert books["balanced"], books
    problem = await refused(desk, "GET", f"/v1/invoices/{first['id']}/interest", status=409)
    assert problem["code"] == "interest_on_interest"


async def test_what_was_claimed_too_much_is_taken_off_the_next_claim(world: World) -> None:
    desk, invoice = await overdue(world)
    path = f"/v1/invoices/{invoice['id']}"
    await desk.post(f"{path}/late-fees", {"at": "2026-02-28"}, status=201)
    paid = {"amount": "190.00", "source": "found late", "on": "2026-02-01"}
    await desk.post(f"{path}/payments", paid)
    second = await desk.post(f"{path}/late-fees", {"at": "2026-03-31"}, status=201)
    told = [(each["price"], each["quantity"]) for each in second["lines"]]
    assert told == [("8.72", "1"), ("1.50", "-1")]
    whole = await interest(desk, invoice, "2026-03-31")
    assert (whole["interest"], whole["unclaimed"]) == ("16.60", "0.00")


async def test_a_claim_that_is_thrown_away_can_be_made_again(world: World) -> None:
    desk, invoice = await overdue(world)
    path = f"/v1/invoices/{invoice['id']}/late-fees"
    draft = await desk.post(path, {"at": "2026-02-28"}, status=201)
    assert (await desk.client.delete(f"/v1/invoices/{draft['id']}")).status_code == 204
    again = await desk.post(path, {"at": "2026-02-28"}, status=201)
    assert again["id"] != draft["id"]
    assert again["totals"]["gross"] == draft["totals"]["gross"]


async def test_consumers_owe_less_and_no_lump_sum(world: World) -> None:
    desk, _ = await overdue(world)
    await be_at(desk, berlin("2026-01-10 12:00"))
    consumer = {**BUYER, "kind": "consumer", "vat_id": None}
    invoice = await desk.invoice(line("1000.00"), due_date=DUE, buyer=consumer)
    await be_at(desk, berlin("2026-03-31 12:00"))
    found = await interest(desk, invoice, "2026-02-28")
    assert (found["segments"][0]["rate"], found["once"]) == ("6.27", [])


async def test_the_rule_of_the_legal_entity_and_that_of_one_claim(world: World) -> None:
    rule = {"interest": "monthly", "rate": "1", "grace_days": 9, "fee": "5.00", "lump_sum": False}
    desk, invoice = await overdue(world, late_fees=rule)
    found = await interest(desk, invoice, "2026-02-28")
    [segment] = found["segments"]
    assert (segment["from"], segment["days"], segment["rate"]) == ("2026-02-10", 19, "12")
    assert found["once"] == [{"kind": "fee", "amount": "5.00"}]
    own = {"interest": "none", "fee": "7.50", "lump_sum": False}
    body = {"at": "2026-02-28", "rule": own}
    claim = await desk.post(f"/v1/invoices/{invoice['id']}/late-fees", body, status=201)
    assert claim["totals"]["gross"] == "7.50"


async def test_what_is_not_known_is_not_guessed(world: World) -> None:
    desk, invoice = await overdue(world)
    await be_at(desk, berlin("2026-08-31 12:00"))
    path = f"/v1/invoices/{invoice['id']}"
    problem = await refused(desk, "GET", f"{path}/interest?at=2026-08-01", status=409)
    assert problem["code"] == "reference_rate_unknown"
    stated = {"base_rates": [{"valid_from": "2026-07-01", "rate": "1.52"}]}
    body = {"at": "2026-07-31", "rule": stated}
    claim = await desk.post(f"{path}/late-fees", body, status=201)
    assert "10.52 %" in claim["lines"][1]["description"]
    problem = await refused(desk, "GET", f"{path}/interest?at=2026-09-01", status=422)
    assert pointers(problem) == {"/at": "date_in_future"}


async def test_nothing_is_claimed_of_what_was_paid_in_time(world: World) -> None:
    desk, invoice = await overdue(world)
    path = f"/v1/invoices/{invoice['id']}"
    await desk.post(f"{path}/payments", {"amount": "1190.00", "source": "b", "on": DUE})
    problem = await refused(desk, "POST", f"{path}/late-fees", {"at": "2026-03-31"}, status=409)
    assert problem["code"] == "nothing_to_claim"
    draft = await desk.draft()
    problem = await refused(desk, "GET", f"/v1/invoices/{draft['id']}/interest", status=409)
    assert problem["code"] == "no_debt"


async def test_a_rule_that_cannot_be_is_refused_by_field(world: World) -> None:
    body = {"late_fees": {"interest": "yearly"}}
    desk, _ = await overdue(world)
    shown = await desk.get(f"/v1/legal-entities/{desk.entity}")
    entity = {name: shown[name] for name in ("name", "address", "registrations", "time_zone")}
    registrations = [{"country": "DE", "vat_id": "DE136695976"}]
    entity |= {"registrations": registrations, "address": {"country": "DE"}} | body
    path = f"/v1/legal-entities/{desk.entity}"
    problem = await refused(desk, "PUT", path, entity, status=422)
    assert pointers(problem) == {"/late_fees/rate": "interest_rate_malformed"}
