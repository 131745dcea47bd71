"""The tax ledger over HTTP (M5): every cent of base and tax once, in the month it belongs to."""

from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin, refused
from tests.world import SELLER, Desk, World, line

VAT7 = [{"category": "S", "rate": "7"}]
CASH = [{"country": "DE", "vat_id": "DE136695976", "basis": "cash"}]
Sums = dict[tuple[str, str], tuple[str, str]]


async def desk_on(world: World, basis: str = "cash", **more: Any) -> Desk:
    """A seller whose clock shows 10 January 2026."""
    registrations = [{"country": "DE", "vat_id": "DE136695976", "basis": basis}]
    desk = await world.seller(**{"registrations": registrations} | more)
    await be_at(desk, berlin("2026-01-10 12:00"))
    return desk


async def two_rates(desk: Desk, **more: Any) -> dict[str, Any]:
    """1,725.00 gross: 1,000.00 at 19 % and 500.00 at 7 %."""
    return await desk.invoice(line("1000.00"), line("500.00", taxes=VAT7), **more)


async def ledger(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    """All entries, page by page."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = await desk.get("/v1/tax/entries", limit=2, **query, **after)
        found += page["data"]
        if not page["has_more"]:
            return found
        after = {"after": page["next"]}


def sums(entries: list[dict[str, Any]]) -> Sums:
    """Base and tax by period and rate."""
    found: dict[tuple[str, str], list[Decimal]] = {}
    for each in entries:
        one = found.setdefault((each["period"], each["rate"]), [Decimal(0), Decimal(0)])
        one[0] += Decimal(each["base"])
        one[1] += Decimal(each["tax"])
    return {key: (str(base), str(tax)) for key, (base, tax) in found.items()}


async def pay(desk: Desk, invoice: dict[str, Any], amount: str, on: str) -> dict[str, Any]:
    body = {"amount": amount, "source": f"bank:{on}:{amount}", "on": on}
    return await desk.post(f"/v1/invoices/{invoice['id']}/payments", body)


async def balanced(desk: Desk, *periods: str) -> None:
    for period in periods:
        found = await desk.get("/v1/tax/reconciliation", legal_entity=desk.entity, period=period)
        assert found["balanced"], found


async def test_three_part_payments_and_a_discount_land_every_cent_once_in_its_month(
    world: World,
) -> None:
    """The acceptance sentence: cash accounting, two rates, three parts, 2 % for paying early."""
    desk = await desk_on(world)
    invoice = await two_rates(desk)
    assert await ledger(desk) == [], "nothing is due before it is paid"
    await be_at(desk, berlin("2026-03-20 12:00"))
    await pay(desk, invoice, "575.01", "2026-01-12")
    await pay(desk, invoice, "574.99", "2026-02-03")
    discount = {"amount": "34.50", "source": "2 %", "on": "2026-02-03"}
    await desk.post(f"/v1/invoices/{invoice['id']}/early-payment-discounts", discount)
    settled = await pay(desk, invoice, "540.50", "2026-03-02")
    assert (settled["status"], settled["open"]) == ("settled", "0.00")

    entries = await ledger(desk)
    assert {each["cause"] for each in entries} == {"cash_received"}
    by_month = sums(entries)
    assert {period for period, _ in by_month} == {"2026-01", "2026-02", "2026-03"}
    months = {"2026-01": "575.01", "2026-02": "574.99", "2026-03": "540.50"}
    for month, received in months.items():
        parts = [Decimal(x) for (period, _), both in by_month.items() for x in both
                 if period == month]  # fmt: skip
        assert sum(parts) == Decimal(received), month
        assert all(part > 0 for part in parts)
    for rate, base, tax in (("19", "980.00", "186.20"), ("7", "490.00", "34.30")):
        own = [both for (_, each), both in by_month.items() if each == rate]
        assert sum(Decimal(one) for one, _ in own) == Decimal(base)
        assert sum(Decimal(other) for _, other in own) == Decimal(tax)
    await balanced(desk, "2026-01", "2026-02", "2026-03")


async def test_accrual_lands_all_at_once_and_corrects_in_the_month_of_the_cause(
    world: World,
) -> None:
    desk = await desk_on(world, "accrual")
    invoice = await two_rates(desk, service_period={"start": "2025-12-01", "end": "2025-12-31"})
    await be_at(desk, berlin("2026-03-20 12:00"))
    path = f"/v1/invoices/{invoice['id']}"
    discount = {"amount": "34.50", "source": "2 %", "on": "2026-02-03"}
    await desk.post(f"{path}/early-payment-discounts", discount)
    await pay(desk, invoice, "828.10", "2026-02-03")
    await desk.post(f"{path}/write-offs", {"on": "2026-03-15"})
    assert sums(await ledger(desk)) == {
        ("2025-12", "19"): ("1000.00", "190.00"),
        ("2025-12", "7"): ("500.00", "35.00"),
        ("2026-02", "19"): ("-20.00", "-3.80"),
        ("2026-02", "7"): ("-10.00", "-0.70"),
        ("2026-03", "19"): ("-499.94", "-94.99"),
        ("2026-03", "7"): ("-249.97", "-17.50"),
    }
    await balanced(desk, "2025-12", "2026-02", "2026-03")


@pytest.mark.parametrize("basis", ["accrual", "cash"])
async def test_a_credit_note_counts_in_its_own_period_and_money_decides_on_cash(
    world: World, basis: str
) -> None:
    desk = await desk_on(world, basis)
    invoice = await two_rates(desk)
    await pay(desk, invoice, "1725.00", "2026-01-10")
    await be_at(desk, berlin("2026-02-10 12:00"))
    body = {"lines": [{"line_id": "2"}], "finalize": True}
    note = await desk.post(f"/v1/invoices/{invoice['id']}/credit-notes", body)
    await be_at(desk, berlin("2026-03-10 12:00"))
    refund = {"amount": "535.00", "source": "back"}
    await desk.post(f"/v1/invoices/{note['id']}/refunds", refund)
    month = {"accrual": "2026-02", "cash": "2026-03"}[basis]
    assert sums(await ledger(desk)) == {
        ("2026-01", "19"): ("1000.00", "190.00"),
        ("2026-01", "7"): ("500.00", "35.00"),
        (month, "7"): ("-500.00", "-35.00"),
    }
    assert {each["cause"] for each in await ledger(desk, period=month)} == {"credited"}
    await balanced(desk, "2026-01", month)


async def test_an_unpaid_invoice_that_is_credited_leaves_nothing_on_cash(world: World) -> None:
    desk = await desk_on(world)
    invoice = await two_rates(desk)
    body = {"lines": [{"line_id": "2"}], "finalize": True}
    await desk.post(f"/v1/invoices/{invoice['id']}/credit-notes", body)
    assert await ledger(desk) == []
    await pay(desk, invoice, "1190.00", "2026-01-10")
    assert sums(await ledger(desk)) == {("2026-01", "19"): ("1000.00", "190.00")}


async def test_money_moves_between_rates_when_what_it_paid_is_credited(world: World) -> None:
    """1,400.00 were paid on both rates; then all of the 7 % is credited and 335.00 go back."""
    desk = await desk_on(world)
    invoice = await two_rates(desk)
    await pay(desk, invoice, "1400.00", "2026-01-10")
    body = {"lines": [{"line_id": "2"}], "finalize": True}
    note = await desk.post(f"/v1/invoices/{invoice['id']}/credit-notes", body)
    assert {each["cause"] for each in await ledger(desk)} == {"cash_received", "corrected"}
    await desk.post(f"/v1/invoices/{note['id']}/refunds", {"amount": "210.00", "source": "back"})
    assert sums(await ledger(desk)) == {
        ("2026-01", "19"): ("1000.00", "190.00"),
        ("2026-01", "7"): ("0.00", "0.00"),
    }
    await balanced(desk, "2026-01")


async def test_a_returned_debit_takes_its_entries_back_in_the_month_of_the_return(
    world: World,
) -> None:
    desk = await desk_on(world)
    invoice = await two_rates(desk)
    paid = await pay(desk, invoice, "100.00", "2026-01-10")
    await be_at(desk, berlin("2026-02-02 12:00"))
    back = {"entry": paid["entries"][0]["id"], "source": "return"}
    reversed_ = await desk.post(f"/v1/invoices/{invoice['id']}/reversals", back)
    first, second = await ledger(desk, period="2026-01"), await ledger(desk, period="2026-02")
    assert [(each["base"], each["tax"]) for each in second] == [
        (f"-{each['base']}", f"-{each['tax']}") for each in first
    ]
    assert {each["reverses"] for each in second} == {paid["entries"][0]["id"]}
    assert {each["settlement_entry"] for each in second} == {reversed_["entries"][1]["id"]}


@pytest.mark.parametrize("basis", ["accrual", "cash"])
async def test_a_void_takes_everything_back_where_it_stood(world: World, basis: str) -> None:
    desk = await desk_on(world, basis)
    invoice = await two_rates(desk)
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {})
    entries = await ledger(desk)
    assert [each["cause"] for each in entries if each["cause"] == "voided"] == (
        ["voided", "voided"] if basis == "accrual" else []
    )
    assert all(both == ("0.00", "0.00") for both in sums(entries).values())
    await balanced(desk, "2026-01")


async def test_a_cancellation_corrects_and_a_proforma_enters_nothing(world: World) -> None:
    desk = await desk_on(world, "accrual")
    invoice = await two_rates(desk)
    await desk.post(f"/v1/invoices/{invoice['id']}/release", {"how": "email"})
    await be_at(desk, berlin("2026-02-02 12:00"))
    await desk.post(f"/v1/invoices/{invoice['id']}/cancel", {})
    corrected = await ledger(desk, cause="corrected")
    assert sums(corrected) == {
        ("2026-02", "19"): ("-1000.00", "-190.00"),
        ("2026-02", "7"): ("-500.00", "-35.00"),
    }
    before = await ledger(desk)
    await two_rates(desk, type="proforma")
    assert await ledger(desk) == before


async def test_what_no_registration_serves_is_flagged_and_shown(world: World) -> None:
    registrations = [{"country": "DE", "vat_id": "DE136695976", "valid_from": "2026-02-01"}]
    desk = await desk_on(world, registrations=registrations)
    await desk.invoice(line("100.00"))
    [entry] = await ledger(desk, registered="false")
    assert (entry["registration"], entry["registered"], entry["country"]) == (None, False, "DE")
    found = await desk.get(
        "/v1/tax/summary", legal_entity=desk.entity, **{"from": "2026-01", "to": "2026-01"}
    )
    assert found["unregistered"] == 1
    assert found["figures"][0]["base"] == "100.00"


async def test_both_currencies_stand_in_the_ledger_or_it_says_provisional(world: World) -> None:
    desk = await desk_on(world)
    rate = {"currency": "EUR", "rate": "0.9137"}
    given = await two_rates(desk, currency="USD", tax_currency=rate)
    for part in ("0.37", "600.00", "1124.63"):
        await pay(desk, given, part, "2026-01-10")
    entries = await ledger(desk)
    assert not any(each["provisional"] for each in entries)
    accounted = [Decimal(each["accounted"]["tax"]) for each in entries]
    assert sum(accounted) == Decimal(given["tax_currency"]["tax"]) == Decimal("205.58")
    assert sum(Decimal(each["accounted"]["base"]) for each in entries) == Decimal("1370.55")
    assert {each["accounted"]["source"] for each in entries} == {"document"}
    missing = await two_rates(desk, currency="USD")
    await pay(desk, missing, "1.00", "2026-01-10")
    own = await ledger(desk, invoice=missing["id"])
    assert all(each["provisional"] and each["accounted"] is None for each in own)


async def test_each_figure_of_the_summary_leads_to_its_entries(world: World) -> None:
    desk = await desk_on(world)
    for month in ("01", "02"):
        await be_at(desk, berlin(f"2026-{month}-10 12:00"))
        await pay(desk, await two_rates(desk), "1000.00", f"2026-{month}-10")
        euros = {"currency": "EUR", "rate": "0.9"}
        dollars = await desk.invoice(line("10.00"), currency="USD", tax_currency=euros)
        await pay(desk, dollars, "11.90", f"2026-{month}-10")
    found = await desk.get(
        "/v1/tax/summary", legal_entity=desk.entity, **{"from": "2026-01", "to": "2026-02"}
    )
    assert len(found["figures"]) == 6
    assert [each["vat_id"] for each in found["registrations"]] == ["DE136695976"]
    led = 0
    for figure in found["figures"]:
        assert figure["registration"] == found["registrations"][0]["id"]
        entries = (await desk.client.get(figure["entries"])).json()["data"]
        assert len(entries) == figure["count"]
        for name in ("base", "tax"):
            assert sum(Decimal(each[name]) for each in entries) == Decimal(figure[name])
        led += len(entries)
    assert led == len(await ledger(desk))


async def test_receivables_are_documents_less_settlements(world: World) -> None:
    desk = await desk_on(world)
    invoice = await two_rates(desk)
    await pay(desk, invoice, "725.00", "2026-01-10")
    await be_at(desk, berlin("2026-02-10 12:00"))
    await pay(desk, invoice, "300.00", "2026-02-10")
    await desk.invoice(line("100.00"))
    query = {"legal_entity": desk.entity, "period": "2026-02"}
    [euro] = (await desk.get("/v1/tax/reconciliation", **query))["currencies"]
    owed = {name: Decimal(value) for name, value in euro["receivables"].items()}
    assert owed == {
        "opening": Decimal("1000.00"),
        "documents": Decimal("119.00"),
        "settlements": Decimal("300.00"),
        "closing": Decimal("819.00"),
        "now": Decimal("819.00"),
    }
    assert Decimal(euro["documents"]["unentered"]) == Decimal("91.30")


async def test_what_cannot_be_asked_is_refused(desk: Desk) -> None:
    query = {"legal_entity": desk.entity, "from": "2026-02", "to": "2026-01"}
    await refused(desk, "GET", "/v1/tax/summary", status=422, params=query)
    query = {"legal_entity": SELLER["name"], "period": "2026-01"}
    await refused(desk, "GET", "/v1/tax/reconciliation", status=404, params=query)
    for name, value in (("period", "2026-13"), ("cause", "whim"), ("nothing", "x")):
        await refused(desk, "GET", "/v1/tax/entries", status=422, params={name: value})
    other = desk.world.client(desk.tenant_id, ("invoices:read",))
    assert (await other.get("/v1/tax/entries")).status_code == 403
