"""Money before the supply, and a seller whose basis changes, as returns have them; over HTTP."""

from typing import Any

from tests.e2e.acts import be_at, berlin
from tests.e2e.test_tax_returns import DE, boxes, credited, filing, pay, returned, seller
from tests.world import Desk, World, line

Shown = dict[str, Any]
JUNE = {"supply_date": "2026-06-10"}


async def by_month(desk: Desk, *months: int) -> list[tuple[str, str]]:
    """Base and tax at 19 % of these months of 2026; every month is seen to be balanced."""
    german = await filing(desk)
    found = []
    for month in months:
        period = f"2026-{month:02}"
        query = {"legal_entity": desk.entity, "period": period}
        balance = await desk.get("/v1/tax/reconciliation", **query)
        assert balance["balanced"], balance
        box = boxes(await returned(desk, german, period)).get("81", ("", "0", "0"))
        found.append(box[1:])
    return found


async def test_an_advance_is_in_the_return_of_its_month_and_the_rest_in_that_of_the_supply(
    world: World,
) -> None:
    desk = await seller(world, DE, on="2026-03-10")
    sale = await desk.invoice(line("1000.00"), **JUNE)
    await pay(desk, sale, "357.00", "2026-03-10")
    await be_at(desk, berlin("2026-04-20 12:00"))
    await pay(desk, sale, "238.00", "2026-04-20")
    assert await by_month(desk, 3, 4, 5, 6) == [
        ("300.00", "57.00"),
        ("200.00", "38.00"),
        ("0", "0"),
        ("500.00", "95.00"),
    ]
    year = boxes(await returned(desk, await filing(desk), "2026"))
    assert year["81"] == ("1000", "1000.00", "190.00")
    advances = await desk.get("/v1/tax/entries", cause="advance_received")
    assert len(advances["data"]) == 4, "each payment stands in its month and at the supply"
    assert {each["origin_period"] for each in advances["data"]} == {"2026-06"}


async def test_an_advance_that_bounces_is_taken_back_when_it_does(world: World) -> None:
    desk = await seller(world, DE, on="2026-03-10")
    sale = await desk.invoice(line("1000.00"), **JUNE)
    path = f"/v1/invoices/{sale['id']}"
    paid = await desk.post(f"{path}/payments", {"amount": "595.00", "source": "p"})
    await be_at(desk, berlin("2026-04-02 12:00"))
    entry = paid["entries"][-1]["id"]
    await desk.post(f"{path}/reversals", {"entry": entry, "source": "bounced"})
    assert await by_month(desk, 3, 4, 6) == [
        ("500.00", "95.00"),
        ("-500.00", "-95.00"),
        ("1000.00", "190.00"),
    ]


async def test_what_was_prepaid_falls_due_with_the_issue_and_goes_with_a_void(
    world: World,
) -> None:
    desk = await seller(world, DE, on="2026-03-10")
    sale = await desk.invoice(line("1000.00"), prepaid="119.00", **JUNE)
    assert await by_month(desk, 3, 6) == [("100.00", "19.00"), ("900.00", "171.00")]
    await desk.post(f"/v1/invoices/{sale['id']}/void", {})
    assert await by_month(desk, 3, 6) == [("0.00", "0.00"), ("0.00", "0.00")]


async def test_a_payment_keeps_the_month_in_which_it_really_came(world: World) -> None:
    """Paid in January, invoiced and supplied in March: January's return has it."""
    desk = await seller(world, DE, on="2026-03-10")
    sale = await desk.invoice(line("100.00"))
    await pay(desk, sale, "59.50", "2026-01-20")
    assert await by_month(desk, 1, 3) == [("50.00", "9.50"), ("50.00", "9.50")]


async def test_r25_over_all_returns_refunded_tax_never_exceeds_what_was_collected(
    world: World,
) -> None:
    desk = await seller(world, DE, on="2026-03-10")
    sale = await desk.invoice(line("100.00"), **JUNE)
    await pay(desk, sale, "119.00", "2026-03-10")
    await be_at(desk, berlin("2026-04-10 12:00"))
    note = await credited(desk, sale)
    refund = {"amount": "119.00", "source": "back"}
    await desk.post(f"/v1/invoices/{note['id']}/refunds", refund)
    assert await by_month(desk, 3, 4) == [("100.00", "19.00"), ("-100.00", "-19.00")]
    german = await filing(desk)
    totals = (await returned(desk, german, "2026"))["totals"]
    assert (totals["base"], totals["tax"]) == ("0.00", "0.00")
    untaxed = await desk.invoice(line("100.00", taxes=[{"category": "Z"}]), **JUNE)
    await pay(desk, untaxed, "100.00", "2026-04-10")
    await credited(desk, untaxed, amount="50.00")
    found = boxes(await returned(desk, german, "2026"))
    assert found["87"] == ("50", "50.00", "0.00")


async def test_a_basis_that_changes_taxes_nothing_twice_and_leaves_nothing_out(
    world: World,
) -> None:
    """On accrual until March, on cash from April, under one number: one registration."""
    until = {**DE, "valid_to": "2026-03-31"}
    since = {**DE, "basis": "cash", "valid_from": "2026-04-01"}
    desk = await seller(world, until, since, on="2026-03-10")
    old = await desk.invoice(line("100.00"))
    await be_at(desk, berlin("2026-04-10 12:00"))
    new = await desk.invoice(line("200.00"))
    await be_at(desk, berlin("2026-05-10 12:00"))
    for sale, amount in ((old, "119.00"), (new, "238.00")):
        await pay(desk, sale, amount, "2026-05-10")
    query = {"legal_entity": desk.entity, "from": "2026-01", "to": "2026-12"}
    ids = {each["id"] for each in (await desk.get("/v1/tax/summary", **query))["registrations"]}
    [german] = ids
    months = [boxes(await returned(desk, german, f"2026-0{month}")) for month in (3, 4, 5)]
    assert [found.get("81") for found in months] == [
        ("100", "100.00", "19.00"),
        None,
        ("200", "200.00", "38.00"),
    ]


async def test_n10_a_rate_that_is_changed_later_leaves_past_returns_as_they_are(
    world: World,
) -> None:
    desk = await seller(world, DE, on="2026-03-10")
    body = {"description": "Advice", "price": "100.00", "supply": {"kind": "services"}}
    await desk.invoice(body)
    german = await filing(desk)
    before = await returned(desk, german, "2026-03")
    assert boxes(before)["81"] == ("100", "100.00", "19.00")
    rate = {"code": "standard", "rate": "21", "valid_from": "2026-01-01", "source": "own"}
    override = {"pack_version": "own-1", "rates": [rate]}
    answer = await desk.client.put("/v1/tax/overrides/DE", json=override)
    assert answer.status_code == 200, answer.text
    assert await returned(desk, german, "2026-03") == before
    await be_at(desk, berlin("2026-04-10 12:00"))
    await desk.invoice(body)
    other = boxes(await returned(desk, german, "2026-04"))
    assert other == {"35": ("100", "100.00", "21.00"), "36": ("21.00", "100.00", "21.00")}
