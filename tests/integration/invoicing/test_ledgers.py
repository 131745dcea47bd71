"""Ledgers over the API: whatever comes in whatever order, no cent appears and none is lost."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world import Desk, line

Shown = dict[str, Any]
ZERO = Decimal(0)
SIGNS = {"refund": -1}  # entries that raise what is open are stored below zero

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["payments", "refunds", "write-offs", "early-payment-discounts", "credit", "reverse"]
        ),
        st.integers(0, 1),  # of two invoices
        st.integers(1, 15_000),  # cents, above and below what they come to
    ),
    min_size=1,
    max_size=10,
)


def path(document: Shown, what: str = "") -> str:
    return f"/v1/invoices/{document['id']}{what}"


def figure(found: Shown, name: str) -> Decimal:
    return Decimal(found[name])


async def ledger(desk: Desk, document: Shown) -> Shown:
    return await desk.get(path(document, "/settlement"))


async def attempt(desk: Desk, step: tuple[str, int, int], number: int, shelf: list[Shown]) -> None:
    """Try one step; what is refused changes no ledger."""
    what, which, cents = step
    document = shelf[which]
    amount = str(Decimal(cents).scaleb(-2))
    before = await ledger(desk, document)
    body: Shown = {"amount": amount, "source": f"step:{number}"}
    if what == "credit":
        what, body = "credit-notes", {"amount": amount, "finalize": True}
    elif what == "reverse":
        if not before["entries"]:
            return
        entry = before["entries"][cents % len(before["entries"])]["id"]
        what, body = "reversals", {"entry": entry, "source": f"step:{number}"}
    response = await desk.client.post(path(document, f"/{what}"), json=body)
    if response.is_success and what == "credit-notes":
        shelf.append(response.json())
    if not response.is_success:
        assert response.status_code in {409, 422}, response.text
        assert await ledger(desk, document) == before


def check_one(found: Shown) -> None:
    """M4 on one ledger, from what the API shows alone."""
    sums: dict[str, Decimal] = {}
    for entry in found["entries"]:
        sums[entry["kind"]] = sums.get(entry["kind"], ZERO) + figure(entry, "amount")
    settled = sum(sums.values(), ZERO)
    assert figure(found, "open") - figure(found, "surplus") == figure(found, "total") - settled
    assert min(figure(found, "open"), figure(found, "surplus")) == 0
    shown = {
        "payment": "paid",
        "credit": "credited",
        "write_off": "written_off",
        "discount": "discounted",
        "refund": "refunded",
    }
    for kind, name in shown.items():
        assert figure(found, name) == sums.get(kind, ZERO) * SIGNS.get(kind, 1), name
    assert figure(found, "paid") >= 0
    assert figure(found, "refunded") >= 0
    assert figure(found, "written_off") >= 0


def check_all(ledgers: list[Shown]) -> None:
    """What was finalized and not credited is paid, given up, or still open; both ways."""

    def total(name: str) -> Decimal:
        return sum((figure(each, name) for each in ledgers), ZERO)

    assert total("credited") == 0, "credit moves between ledgers and is never made"
    money = total("paid") - total("refunded")
    given_up = total("written_off") + total("discounted") + total("withheld")
    assert total("total") == money + given_up + total("open") - total("surplus")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
async def test_m4_no_cent_is_lost_between_the_ledgers(
    desk: Desk, steps: list[tuple[str, int, int]]
) -> None:
    shelf = [await desk.invoice(line("100.00")), await desk.invoice(line("7.77", quantity="3"))]
    for number, step in enumerate(steps):
        await attempt(desk, step, number, shelf)
    ledgers = [await ledger(desk, document) for document in shelf]
    for found in ledgers:
        check_one(found)
    check_all(ledgers)
    for document, found in zip(shelf, ledgers, strict=True):
        shown = await desk.get(path(document))
        names = ("open", "surplus", "paid", "credited", "written_off", "overdue", "disputed")
        assert {name: shown[name] for name in names} == {name: found[name] for name in names}
        assert shown["settlement_status"] == found["status"]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    price=st.integers(1, 10_000),
    shares=st.lists(st.integers(1, 5_000), min_size=1, max_size=5),
)
async def test_credits_of_any_size_never_exceed_and_can_always_end_the_claim(
    desk: Desk, price: int, shares: list[int]
) -> None:
    issued = await desk.invoice(line(str(Decimal(price).scaleb(-2)), quantity="3"))
    gross, credited = Decimal(issued["totals"]["gross"]), ZERO
    for share in shares:
        body = {"amount": str(Decimal(share).scaleb(-2)), "finalize": True}
        response = await desk.client.post(path(issued, "/credit-notes"), json=body)
        if response.is_success:
            credited += Decimal(response.json()["totals"]["gross"])
        else:
            assert response.status_code in {409, 422}, response.text
        assert credited <= gross
    if credited < gross:
        rest = await desk.post(path(issued, "/credit-notes"), {"finalize": True})
        credited += Decimal(rest["totals"]["gross"])
    found = await ledger(desk, issued)
    assert (credited, found["open"], found["status"]) == (gross, "0.00", "settled")
    again = await desk.client.post(path(issued, "/credit-notes"), json={"finalize": True})
    assert again.json()["code"] == "nothing_left_to_credit"
