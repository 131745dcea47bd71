"""Cash without small coins: documents that are rounded, and payments of those that are not."""

from typing import Any

import pytest

from tests.e2e.acts import pointers, refused
from tests.world import Desk, World, line

VAT77 = [{"category": "S", "rate": "7.7"}]
SWISS = {"cash_rounding": {"CHF": "0.05", "SEK": "1.00"}}


async def _issued(desk: Desk, price: str = "90.00", **more: Any) -> dict[str, Any]:
    """96.93 francs."""
    sold = line(price, taxes=VAT77, ledger_account="8400")
    return await desk.invoice(sold, currency="CHF", **more)


async def test_r29_a_document_paid_in_cash_is_rounded_once_by_the_rule_of_its_seller(
    world: World,
) -> None:
    desk = await world.seller(**SWISS)
    cash = await _issued(desk, payment_means={"code": "10"})
    totals = cash["totals"]
    assert (totals["net"], totals["rounding"], totals["due"]) == ("90.00", "0.02", "96.95")
    assert cash["cash_unit"] == "0.05"
    note = await desk.post(f"/v1/invoices/{cash['id']}/credit-notes", {"finalize": True})
    assert (note["totals"]["rounding"], note["totals"]["due"]) == ("0.02", "96.95")
    assert (await desk.get(f"/v1/invoices/{cash['id']}"))["open"] == "0.00"
    transfer = await _issued(desk)
    assert (transfer["totals"]["rounding"], transfer["open"]) == ("0.00", "96.93")
    own = await _issued(desk, payment_means={"code": "10"}, cash_unit="0.10")
    assert own["totals"]["due"] == "96.90"


@pytest.mark.parametrize(
    ("price", "open_", "paid", "rounded"),
    [
        ("90.00", "96.93", "96.95", "-0.02"),
        ("89.99", "96.92", "96.90", "0.02"),
        ("100.00", "107.70", "107.70", "0.00"),
    ],
)
async def test_coins_settle_what_is_open_and_the_rest_is_rounding(
    world: World, price: str, open_: str, paid: str, rounded: str
) -> None:
    desk = await world.seller(accounting={"chart": "SKR03"}, currency="CHF", **SWISS)
    issued = await _issued(desk, price)
    assert issued["open"] == open_
    path = f"/v1/invoices/{issued['id']}"
    body = {"amount": paid, "source": "till:1", "cash": True}
    done = await desk.post(f"{path}/payments", body)
    assert (done["status"], done["open"], done["surplus"]) == ("settled", "0.00", "0.00")
    assert (done["paid"], done["rounded"]) == (paid, rounded)
    again = await desk.post(f"{path}/payments", body)
    assert again["version"] == done["version"]
    found = await desk.get("/v1/accounting/reconciliation", legal_entity=desk.entity)
    assert found["balanced"]
    back = await desk.post(
        f"{path}/reversals", {"entry": done["entries"][0]["id"], "source": "till:2"}
    )
    assert (back["open"], back["rounded"]) == (open_, "0.00")


async def test_the_difference_has_an_account_and_any_other_sum_is_a_payment(world: World) -> None:
    desk = await world.seller(accounting={"chart": "SKR03"}, currency="CHF", **SWISS)
    issued = await _issued(desk)
    path = f"/v1/invoices/{issued['id']}/payments"
    part = await desk.post(path, {"amount": "50.00", "source": "till:1", "cash": True})
    assert (part["open"], part["rounded"]) == ("46.93", "0.00")
    rest = await desk.post(path, {"amount": "46.95", "source": "till:2", "cash": True})
    assert (rest["status"], rest["rounded"]) == ("settled", "-0.02")
    [booking] = (await desk.get("/v1/accounting/bookings", kind="rounding"))["data"]
    assert (booking["debit"], booking["amount"]) == ("debtor", "0.02")


async def test_without_a_rule_for_the_currency_cash_is_not_rounded(desk: Desk) -> None:
    issued = await desk.invoice(line("100.00"))
    body = {"amount": "119.00", "source": "till:1", "cash": True}
    path = f"/v1/invoices/{issued['id']}/payments"
    problem = await refused(desk, "POST", path, body, status=422)
    assert pointers(problem) == {"/cash": "cash_not_rounded"}
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    assert entity["cash_rounding"] == {}
