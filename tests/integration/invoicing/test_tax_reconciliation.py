"""The reconciliation of a month: zero for what the product wrote, not zero for what others did."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from tests.integration.invoicing.taxing import credit, move, reconciled, seller_on, two_rates
from tests.world import Desk, World, line

D = Decimal
TAMPERED = {
    "a tax": ("UPDATE invoicing.tax_entries SET tax = tax + 1", "entered"),
    "a base": ("UPDATE invoicing.tax_entries SET base = base + 1", "entered_base"),
    "a lost entry": ("DELETE FROM invoicing.tax_entries WHERE sequence = 2", "entered"),
    "what is said to be entered": (
        "UPDATE invoicing.settlements SET entered_tax = entered_tax + 1",
        "entered",
    ),
    "what is said to be left": (
        "UPDATE invoicing.settlements SET unentered_tax = unentered_tax + 1",
        "documents",
    ),
    "the tax of a document": (
        "UPDATE invoicing.documents SET tax = tax + 1, net = net - 1",
        "documents",
    ),
    "the day of a payment": (
        "UPDATE invoicing.settlement_entries SET on_date = on_date + 1",
        "movements_astray",
    ),
    "a movement that is gone": ("DELETE FROM invoicing.settlement_entries", "movements_astray"),
    "an amount that was paid": (
        "UPDATE invoicing.settlement_entries SET amount = amount + 1",
        "receivables",
    ),
    "what is open": (
        "UPDATE invoicing.settlements SET open = open + 1, settled = settled - 1",
        "receivables",
    ),
}


async def tamper(desk: Desk, statement: str) -> None:
    """As nobody but a superuser could: without triggers and constraints of other tables."""
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        done = await conn.execute(statement)
        assert not done.endswith(" 0"), done


@pytest.mark.parametrize("what", TAMPERED)
async def test_whatever_is_changed_behind_the_back_of_the_ledger_shows(
    world: World, what: str
) -> None:
    statement, name = TAMPERED[what]
    desk = await seller_on(world, "cash")
    invoice = await two_rates(desk)
    await move(desk, invoice, "payments", amount="725.00")
    period = invoice["issue_date"][:7]
    before = await reconciled(desk, period)
    assert before["balanced"], before
    await tamper(desk, statement)
    after = await reconciled(desk, period)
    assert not after["balanced"]
    [euro] = after["currencies"]
    assert D(euro["differences"][name]) != 0, euro["differences"]


async def accrued_and_credited(desk: Desk) -> str:
    invoice = await two_rates(desk)
    await move(desk, invoice, "payments", amount="100.00")
    await credit(desk, invoice, amount="321.09")
    await move(desk, invoice, "early-payment-discounts", amount="17.25")
    await move(desk, invoice, "write-offs")
    return str(invoice["issue_date"])


async def given_up_and_paid(desk: Desk) -> str:
    invoice = await two_rates(desk)
    await move(desk, invoice, "write-offs")
    paid = await move(desk, invoice, "payments", amount="2000.00")
    await move(desk, invoice, "refunds", amount="275.00")
    entry = paid["entries"][-1]["id"]
    await desk.client.post(
        f"/v1/invoices/{invoice['id']}/reversals", json={"entry": entry, "source": "back"}
    )
    return str(invoice["issue_date"])


async def voided_and_reissued(desk: Desk) -> str:
    invoice = await two_rates(desk)
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {})
    again = await two_rates(desk)
    await move(desk, again, "payments", amount="1725.00")
    note = await credit(desk, again, lines=[{"line_id": "2"}])
    await move(desk, note, "refunds", amount="100.00")
    return str(again["issue_date"])


async def in_dollars(desk: Desk) -> str:
    rate = {"currency": "EUR", "rate": "0.9137"}
    invoice = await two_rates(desk, currency="USD", tax_currency=rate)
    await move(desk, invoice, "payments", amount="0.37")
    await credit(desk, invoice, amount="600.01")
    await two_rates(desk, currency="USD")
    return str(invoice["issue_date"])


LIVES = (accrued_and_credited, given_up_and_paid, voided_and_reissued, in_dollars)


@pytest.mark.parametrize("basis", ["accrual", "cash"])
@pytest.mark.parametrize("life", LIVES)
async def test_a_healthy_ledger_differs_from_nothing(
    world: World, basis: str, life: Callable[[Desk], Awaitable[str]]
) -> None:
    desk = await seller_on(world, basis)
    found = await reconciled(desk, (await life(desk))[:7])
    assert found["balanced"], found
    for each in found["currencies"]:
        assert {D(value) for value in each["differences"].values()} == {D(0)}
        ledger = each["ledger"]
        for name in ("base", "tax", "count"):
            parts = D(ledger["of_documents"][name]) + D(ledger["of_settlements"][name])
            assert parts == D(ledger[name]) == sum(D(one[name]) for one in ledger["causes"])
        stated = each["documents"]
        assert D(stated["entered"]) + D(stated["unentered"]) == D(stated["tax"])


async def test_a_row_of_another_seller_disturbs_nobody_else(world: World) -> None:
    healthy, other = [await seller_on(world, "accrual") for _ in range(2)]
    mine, theirs = [await desk.invoice(line("100.00")) for desk in (healthy, other)]
    async with world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(
            "UPDATE invoicing.tax_entries SET tax = 18 WHERE tenant_id = $1", other.tenant_id
        )
    assert (await reconciled(healthy, mine["issue_date"][:7]))["balanced"]
    assert not (await reconciled(other, theirs["issue_date"][:7]))["balanced"]


async def test_a_month_in_which_nothing_happened_is_balanced_and_shows_what_is_owed(
    world: World,
) -> None:
    desk = await seller_on(world, "cash")
    await two_rates(desk)
    found = await reconciled(desk, "2101-01")
    assert found["balanced"]
    [euro] = found["currencies"]
    assert euro["ledger"]["count"] == 0
    assert D(euro["receivables"]["opening"]) == D(euro["receivables"]["now"]) == D("1725.00")
