"""Random ledgers over the API: the summary is the sum of the entries, and everything agrees."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.invoicing.taxing import (
    VAT7,
    entries,
    reconciled,
    seller_on,
    summary,
    total,
)
from tests.world import SELLER, Desk, World, line

KEYS = ("registration", "country", "period", "regime", "jurisdiction", "category", "rate",
        "currency", "provisional")  # fmt: skip
TAXES = (
    [{"category": "S", "rate": "19"}],
    VAT7,
    [{"category": "Z", "rate": "0"}],
)
EUROS = {"currency": "EUR", "rate": "0.9137"}
MOVES = ["payments", "refunds", "write-offs", "early-payment-discounts", "reversals", "credit"]
documents = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(1, 50_000), st.sampled_from(TAXES)), min_size=1, max_size=3),
        st.sampled_from([{}, {"currency": "USD"}, {"currency": "USD", "tax_currency": EUROS},
                         {"tax_point_code": "432"}, {"supply_date": "2026-02-03"},
                         {"tax_point": "2026-01-31"}]),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip
moves = st.lists(
    st.tuples(st.sampled_from(MOVES), st.integers(0, 3), st.integers(1, 30_000)), max_size=8
)


async def attempt(
    desk: Desk, shelf: list[dict[str, Any]], step: tuple[str, int, int], n: int
) -> None:
    """Try one step; the API may refuse what makes no sense."""
    what, which, cents = step
    document = shelf[which % len(shelf)]
    path = f"/v1/invoices/{document['id']}"
    body: dict[str, Any] = {"amount": str(Decimal(cents).scaleb(-2)), "source": f"s:{n}"}
    if what == "credit":
        what, body = "credit-notes", {"amount": body["amount"], "finalize": True}
    elif what == "reversals":
        made = (await desk.get(f"{path}/settlement"))["entries"]
        if not made:
            return
        body = {"entry": made[cents % len(made)]["id"], "source": f"s:{n}"}
    answer = await desk.client.post(f"{path}/{what}", json=body)
    assert answer.is_success or answer.status_code in {409, 422}, answer.text
    if answer.is_success and what == "credit-notes":
        shelf.append(answer.json())


def grouped(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], tuple[Decimal, ...]]:
    """Base, tax, both in the tax currency, and the count, by what a figure is made of."""
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for each in rows:
        other = each["accounted"] or {"base": "0", "tax": "0", "currency": None}
        flat = {**each, "other_base": other["base"], "other_tax": other["tax"]}
        key = (*(each[name] for name in KEYS), other["currency"])
        found[key].append({"count": 1, **flat})
    names = ("base", "tax", "other_base", "other_tax", "count")
    return {key: total(own, *names) for key, own in found.items()}


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=documents, sequence=moves, basis=st.sampled_from(["cash", "accrual"]))
async def test_the_summary_is_the_sum_of_the_entries_and_reconciles(
    world: World, said: Any, sequence: list[tuple[str, int, int]], basis: str
) -> None:
    desk = await seller_on(world, basis)
    shelf = []
    for items, more in said:
        lines = [line(str(Decimal(cents).scaleb(-2)), taxes=taxes) for cents, taxes in items]
        shelf.append(await desk.invoice(*lines, **more))
    for n, step in enumerate(sequence):
        await attempt(desk, shelf, step, n)
    rows = await entries(desk)
    year = date.fromisoformat(shelf[0]["issue_date"]).year
    found = await summary(desk, "2026-01", f"{year}-12")
    assert grouped(found["figures"]).keys() == grouped(rows).keys()
    for key, sums in grouped(found["figures"]).items():
        assert sums[:4] == grouped(rows)[key][:4], key
    assert sum(each["count"] for each in found["figures"]) == len(rows)
    assert found["provisional"] == sum(each["provisional"] for each in rows)
    for figure in found["figures"]:
        own = (await desk.client.get(f"{figure['entries']}&limit=100")).json()["data"]
        assert total(own) == total([figure])
        assert len(own) == figure["count"]
    for period in {each["period"] for each in rows}:
        report = await reconciled(desk, period)
        assert report["balanced"], report


async def test_a_summary_of_one_seller_leaves_out_another_of_the_same_tenant(desk: Desk) -> None:
    other = await desk.post("/v1/legal-entities", {**SELLER, "name": "Kontor Süd"})
    mine = await desk.invoice(line("100.00"), legal_entity=desk.entity)
    theirs = await desk.invoice(line("7.00"), legal_entity=other["id"])
    month = mine["issue_date"][:7]
    own = await summary(desk, month, month)
    assert [each["base"] for each in own["figures"]] == ["100.00"]
    [entry] = await entries(desk, legal_entity=other["id"])
    assert (entry["invoice"], entry["legal_entity"]) == (theirs["id"], other["id"])
    both = f"{desk.entity},{other['id']}"
    assert total(await entries(desk, legal_entity=both)) == (Decimal("107.00"), Decimal("20.33"))


async def test_a_number_that_changes_starts_a_new_figure_and_old_payments_stay_with_the_old(
    world: World,
) -> None:
    desk = await seller_on(world, "cash")
    before = await desk.invoice(line("100.00"))
    new = {"country": "DE", "vat_id": "DE811569869", "basis": "accrual"}
    amended = await desk.client.put(
        f"/v1/legal-entities/{desk.entity}", json={**SELLER, "registrations": [new]}
    )
    assert amended.status_code == 200, amended.text
    await desk.invoice(line("10.00"))
    body = {"amount": "119.00", "source": "late"}
    await desk.post(f"/v1/invoices/{before['id']}/payments", body)
    month = before["issue_date"][:7]
    found = await summary(desk, month, month)
    [today] = found["registrations"]
    assert today["vat_id"] == "DE811569869"
    bases = {each["registration"] == today["id"]: each["base"] for each in found["figures"]}
    assert bases == {True: "10.00", False: "100.00"}
    assert found["unregistered"] == 0
    [old] = await entries(desk, invoice=before["id"])
    assert (old["basis"], old["registered"]) == ("cash", True)
    assert await entries(desk, registration=old["registration"]) == [old]
