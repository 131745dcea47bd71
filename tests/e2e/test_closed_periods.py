"""A closed period takes nothing: what is refused, what goes into the first open one (D5)."""

from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin, pointers, refused
from tests.world import SELLER, Desk, World, line


async def desk_in_march(world: World, **more: Any) -> Desk:
    """A seller whose clock shows 20 March 2026; documents may be dated 90 days back."""
    desk = await world.seller(**{"backdating_days": 90, "accounting": {"chart": "SKR03"}} | more)
    await be_at(desk, berlin("2026-03-20 12:00"))
    return desk


def periods(desk: Desk) -> str:
    return f"/v1/legal-entities/{desk.entity}/periods"


def changes_of(desk: Desk) -> str:
    return f"/v1/legal-entities/{desk.entity}/period-changes"


async def close(desk: Desk, kind: str, through: str, **more: Any) -> dict[str, Any]:
    response = await desk.client.put(
        f"{periods(desk)}/{kind}", json={"closed_through": through, **more}
    )
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def registration(desk: Desk) -> str:
    query = {"legal_entity": desk.entity, "from": "2026-01", "to": "2026-03"}
    found: str = (await desk.get("/v1/tax/summary", **query))["registrations"][0]["id"]
    return found


async def entries(desk: Desk, invoice: dict[str, Any]) -> list[tuple[str, ...]]:
    """Cause, tax point, period, the closed one it was moved out of, and tax, of each entry."""
    names = ("cause", "tax_point", "period", "closed_period", "tax")
    found = await desk.get("/v1/tax/entries", invoice=invoice["id"])
    return [tuple(each[name] for name in names) for each in found["data"]]


async def balanced(desk: Desk) -> None:
    for period in ("2026-01", "2026-02", "2026-03", "2026-04"):
        query = {"legal_entity": desk.entity, "period": period}
        found = await desk.get("/v1/tax/reconciliation", **query)
        assert found["balanced"], found
    books = await desk.get("/v1/accounting/reconciliation", legal_entity=desk.entity)
    assert books["balanced"], books


async def test_a_document_is_not_dated_into_a_closed_period(world: World) -> None:
    desk = await desk_in_march(world)
    await close(desk, "documents", "2026-02-28")
    draft = await desk.draft(line("100.00"))
    path = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(desk, "POST", path, {"issue_date": "2026-02-28"}, status=409)
    assert problem["code"] == "period_closed"
    assert pointers(problem) == {"/issue_date": "period_closed"}
    assert "2026-03-01" in problem["detail"], "the first open day"
    assert (await desk.finalize(draft, issue_date="2026-03-01"))["issue_date"] == "2026-03-01"


async def test_a_batch_and_a_bulk_finalize_refuse_only_what_is_closed(world: World) -> None:
    desk = await desk_in_march(world)
    await close(desk, "documents", "2026-02-28")
    old = await desk.draft(line("1.00"), issue_date="2026-02-10")
    new = await desk.draft(line("2.00"))
    begun = await desk.post("/v1/invoices/finalize", {"invoices": [old["id"], new["id"]]})
    await world.settle()
    done = await desk.get(f"/v1/operations/{begun['id']}")
    assert (done["state"], done["total"], done["failed"]) == ("done", 2, 1)
    assert (await desk.get(f"/v1/invoices/{new['id']}"))["status"] == "finalized"
    assert (await desk.get(f"/v1/invoices/{old['id']}"))["status"] == "draft"


async def test_a_grace_period_fails_visibly_when_its_date_was_closed(world: World) -> None:
    desk = await desk_in_march(world)
    draft = await desk.draft(
        line("1.00"), issue_date="2026-02-10", finalize_at="2026-03-20T13:00:00Z"
    )
    await close(desk, "documents", "2026-02-28")
    await be_at(desk, berlin("2026-03-21 12:00"))
    await world.settle()
    grace = await desk.get(f"/v1/invoices/{draft['id']}/grace")
    assert (grace["state"], grace["code"]) == ("failed", "period_closed")


async def test_money_of_a_closed_day_is_refused_and_a_repetition_is_answered(
    world: World,
) -> None:
    desk = await desk_in_march(world)
    invoice = await desk.invoice(line("100.00"), issue_date="2026-02-01")
    path = f"/v1/invoices/{invoice['id']}/payments"
    paid = {"amount": "19.00", "source": "bank:1", "on": "2026-02-10"}
    await desk.post(path, paid)
    await close(desk, "payments", "2026-02-28")
    assert (await desk.post(path, paid))["paid"] == "19.00", "the same source counts once"
    late = paid | {"source": "bank:2"}
    for act in ("payments", "write-offs", "early-payment-discounts"):
        problem = await refused(
            desk, "POST", f"/v1/invoices/{invoice['id']}/{act}", late, status=409
        )
        assert pointers(problem) == {"/on": "period_closed"}
    settlement = await desk.post(path, {"amount": "20.00", "source": "bank:3"})
    last = settlement["entries"][-1]
    assert last["on"] == "2026-03-20"
    back = {"entry": settlement["entries"][0]["id"], "source": "bounced", "on": "2026-02-11"}
    path = f"/v1/invoices/{invoice['id']}/reversals"
    problem = await refused(desk, "POST", path, back, status=409)
    assert pointers(problem) == {"/on": "period_closed"}


async def test_late_tax_goes_into_the_next_return_and_names_its_own_period(world: World) -> None:
    desk = await desk_in_march(world)
    on_time = await desk.invoice(line("100.00"), issue_date="2026-01-31")
    own = await registration(desk)
    for period in ("2026-01", "2026-02"):
        await desk.post("/v1/tax/returns/close", {"registration": own, "period": period})
    filed = await desk.get("/v1/tax/returns", registration=own, period="2026-01")
    late = await desk.invoice(line("200.00"), supply_date="2026-01-15")
    write_off = {"amount": "11.90", "source": "give up", "on": "2026-02-20"}
    await desk.post(f"/v1/invoices/{on_time['id']}/write-offs", write_off)
    assert await entries(desk, late) == [("issued", "2026-01-15", "2026-03", "2026-01", "38.00")]
    assert await entries(desk, on_time) == [
        ("issued", "2026-01-31", "2026-01", None, "19.00"),
        ("written_off", "2026-02-20", "2026-03", "2026-02", "-1.90"),
    ]
    again = await desk.get("/v1/tax/returns", registration=own, period="2026-01")
    assert again == filed, "what was filed stays what it was"
    march = await desk.get("/v1/tax/returns", registration=own, period="2026-03")
    assert march["totals"]["tax"] == "36.10"
    await balanced(desk)


async def test_a_voided_document_is_taken_out_in_the_open_period(world: World) -> None:
    desk = await desk_in_march(world)
    invoice = await desk.invoice(line("100.00"), issue_date="2026-01-31")
    await close(desk, "tax", "2026-01-31")
    await close(desk, "accounting", "2026-02-10")
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {"reason": "a slip"})
    assert await entries(desk, invoice) == [
        ("issued", "2026-01-31", "2026-01", None, "19.00"),
        ("voided", "2026-01-31", "2026-02", "2026-01", "-19.00"),
    ]
    found = (await desk.get("/v1/accounting/bookings", invoice=invoice["id"]))["data"]
    assert [(each["booked_on"], each["origin_on"]) for each in found] == [
        ("2026-01-31", None),
        ("2026-02-11", "2026-01-31"),
    ]
    await balanced(desk)


async def test_a_document_of_a_closed_period_is_cancelled_not_voided(world: World) -> None:
    desk = await desk_in_march(world)
    invoice = await desk.invoice(line("100.00"), issue_date="2026-01-31")
    for kind in ("documents", "tax", "accounting", "payments"):
        await close(desk, kind, "2026-02-28")
    problem = await refused(
        desk, "POST", f"/v1/invoices/{invoice['id']}/void", {"reason": "slip"}, status=409
    )
    assert problem["code"] == "period_closed"
    cancelled = await desk.post(f"/v1/invoices/{invoice['id']}/cancel", {"reason": "slip"})
    assert cancelled["issue_date"] == "2026-03-20"
    assert await entries(desk, cancelled) == [
        ("corrected", "2026-03-20", "2026-03", None, "-19.00")
    ]
    await balanced(desk)


async def test_an_export_takes_what_came_too_late_once_and_in_the_open_period(
    world: World,
) -> None:
    desk = await desk_in_march(world)
    await desk.invoice(line("100.00"), issue_date="2026-01-31")
    body = {"format": "csv", "until": "2026-01-31"}
    assert (await desk.post("/v1/accounting/exports", body))["bookings"] == 1
    await close(desk, "accounting", "2026-01-31")
    late = await desk.invoice(line("200.00"), issue_date="2026-01-31")
    [booking] = (await desk.get("/v1/accounting/bookings", invoice=late["id"]))["data"]
    assert (booking["booked_on"], booking["origin_on"], booking["period"]) == (
        "2026-02-01", "2026-01-31", "2026-02",
    )  # fmt: skip
    problem = await refused(desk, "POST", "/v1/accounting/exports", body, status=409)
    assert problem["code"] == "nothing_to_export"
    body["until"] = "2026-02-28"
    assert (await desk.post("/v1/accounting/exports", body))["bookings"] == 1
    await balanced(desk)


async def test_closing_goes_forward_and_opening_is_an_act_of_its_own(world: World) -> None:
    desk = await desk_in_march(world)
    shown = await close(desk, "documents", "2026-02-28")
    assert {each["kind"]: each["closed_through"] for each in shown["periods"]} == {
        "documents": "2026-02-28", "payments": None, "tax": None, "accounting": None,
    }  # fmt: skip
    path = f"{periods(desk)}/documents"
    again = await close(desk, "documents", "2026-02-28")
    assert again["version"] == shown["version"], "closed already"
    problem = await refused(desk, "PUT", path, {"closed_through": "2026-01-31"}, status=409)
    assert problem["code"] == "period_would_reopen"
    body = {"closed_through": "2026-01-31", "reason": "an invoice was forgotten"}
    opened = await desk.post(f"{path}/reopen", body)
    assert opened["periods"][0]["closed_through"] == "2026-01-31"
    assert (await desk.invoice(line("1.00"), issue_date="2026-02-10"))["issue_date"] == "2026-02-10"
    changes = (await desk.get(f"{changes_of(desk)}"))["data"]
    assert [(each["action"], each["before"], each["closed_through"]) for each in changes] == [
        ("reopened", "2026-02-28", "2026-01-31"),
        ("closed", None, "2026-02-28"),
    ]
    assert (changes[0]["reason"], changes[0]["actor"]) == (body["reason"], await desk.actor())
    page = await desk.get(f"{changes_of(desk)}", limit=1, sort="version")
    rest = await desk.get(f"{changes_of(desk)}", limit=1, sort="version", after=page["next"])
    assert [page["data"][0]["action"], rest["data"][0]["action"]] == ["closed", "reopened"]
    assert not rest["has_more"]


async def test_what_is_closed_for_good_stays_closed(world: World) -> None:
    desk = await desk_in_march(world)
    await close(desk, "accounting", "2025-12-31", hard=True)
    await close(desk, "accounting", "2026-02-28")
    path = f"{periods(desk)}/accounting/reopen"
    for day in ("2025-11-30", None):
        body = {"closed_through": day, "reason": "please"}
        problem = await refused(desk, "POST", path, body, status=409)
        assert problem["code"] == "period_closed_for_good"
    opened = await desk.post(path, {"closed_through": "2025-12-31", "reason": "this much may"})
    assert opened["periods"][3]["closed_for_good"] == "2025-12-31"


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("documents", {"closed_through": "2026-03-20"}, ("/closed_through", "period_not_over")),
        ("tax", {"closed_through": "2026-02-27"}, ("/closed_through", "period_malformed")),
    ],
)
async def test_what_cannot_be_closed(
    world: World, kind: str, body: dict[str, str], said: tuple[str, str]
) -> None:
    desk = await desk_in_march(world)
    problem = await refused(desk, "PUT", f"{periods(desk)}/{kind}", body, status=422)
    assert pointers(problem) == dict([said])


async def test_who_may_close_may_not_open(world: World) -> None:
    desk = await desk_in_march(world)
    await close(desk, "documents", "2026-02-28")
    clerk = world.client(desk.tenant_id, ("periods:close", "legal_entities:write"))
    body = {"closed_through": None, "reason": "I would like to"}
    answer = await clerk.post(f"{periods(desk)}/documents/reopen", json=body)
    assert answer.status_code == 403


async def test_a_version_that_somebody_else_moved_is_refused(world: World) -> None:
    desk = await desk_in_march(world)
    read = await desk.client.get(periods(desk))
    await close(desk, "documents", "2026-01-31")
    stale = {"If-Match": read.headers["etag"]}
    body = {"closed_through": "2026-02-28"}
    await refused(desk, "PUT", f"{periods(desk)}/documents", body, status=412, headers=stale)


async def test_months_close_by_themselves_as_the_rule_says(world: World) -> None:
    rules = [{"kind": "tax", "days": 10}, {"kind": "documents", "days": 0, "hard": True}]
    desk = await desk_in_march(world)
    body = {**SELLER, "backdating_days": 90, "period_closing": rules}
    response = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=body)
    assert response.status_code == 200, response.text
    await world.settle()
    shown = await desk.get(periods(desk))
    closed = {each["kind"]: each["closed_through"] for each in shown["periods"]}
    assert (closed["tax"], closed["documents"]) == ("2026-02-28", "2026-02-28")
    await be_at(desk, berlin("2026-04-10 23:59"))
    await world.settle()
    closed = {each["kind"]: each for each in (await desk.get(periods(desk)))["periods"]}
    assert closed["documents"]["closed_for_good"] == "2026-03-31"
    assert closed["tax"]["closed_through"] == "2026-02-28"
    await be_at(desk, berlin("2026-04-11 00:01"))
    await world.settle()
    closed = {each["kind"]: each for each in (await desk.get(periods(desk)))["periods"]}
    assert closed["tax"]["closed_through"] == "2026-03-31"
    changes = (await desk.get(f"{changes_of(desk)}"))["data"]
    assert {each["cause"] for each in changes} == {"schedule"}


async def test_what_waits_for_a_rate_hinders_closing(world: World) -> None:
    desk = await desk_in_march(world)
    await desk.invoice(line("100.00"), currency="USD", issue_date="2026-02-10")
    for kind in ("tax", "accounting"):
        path = f"{periods(desk)}/{kind}"
        problem = await refused(desk, "PUT", path, {"closed_through": "2026-02-28"}, status=409)
        assert problem["code"] == "period_unsettled"
        await close(desk, kind, "2026-01-31")
