"""A year of a small business in one test: invoices, grace, overdue, interest, revenue, books."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from invx.testing.client import Business, Sandbox
from invx.testing.plugin import signed_up
from tests.e2e.shapes import SERVICES
from tests.world import BUYER, SELLER, line

MONTHS = [f"2026-{month:02}" for month in range(1, 13)]
KEEPER = {
    **SELLER,
    "accounting": {"chart": "SKR03"},
    "late_fees": {"account": "2650"},
    "payment_terms": {"kind": "net", "days": 10},
}
SUPPORT = {
    "description": "Support for a year",
    "service_period": {"start": "2026-01-01", "end": "2026-12-31"},
    "recognition": {"method": "straight_line"},
}


@pytest.fixture(scope="module")
def business(shape: str, request: pytest.FixtureRequest) -> Iterator[Business]:
    """Who owns the sandboxes, in either shape."""
    with signed_up(request.getfixturevalue(SERVICES if shape == SERVICES else "invx").url) as owner:
        yield owner


def write(sandbox: Sandbox, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A draft for the usual buyer."""
    return sandbox.post("/v1/invoices", {"buyer": BUYER, "lines": list(lines), **more})


def issue(sandbox: Sandbox, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return sandbox.post(f"/v1/invoices/{write(sandbox, *lines, **more)['id']}/finalize")


def pay(sandbox: Sandbox, invoice: dict[str, Any]) -> None:
    body = {"amount": invoice["totals"]["gross"], "source": f"bank:{invoice['number']}"}
    sandbox.post(f"/v1/invoices/{invoice['id']}/payments", body)


@pytest.mark.sandbox(clock="2026-01-01T08:00:00Z")
def test_a_billing_year_passes_month_by_month(sandbox: Sandbox) -> None:
    entity = sandbox.post("/v1/legal-entities", KEEPER)
    support = issue(sandbox, line("365.00", **SUPPORT))
    pay(sandbox, support)
    unpaid: list[dict[str, Any]] = []
    for number, month in enumerate(MONTHS):
        ahead = f"{month}-15T08:00:00Z"
        waiting = write(sandbox, line("500.00"), finalize_at=ahead)  # finalized by itself
        shown = sandbox.advance("P1M")
        issued = sandbox.get(f"/v1/invoices/{waiting['id']}")
        assert (issued["status"], issued["issue_date"]) == ("finalized", f"{month}-15")
        assert issued["number"] == f"2026-{number + 2:04}"
        assert issued["overdue"], "it was due on the 25th, and it is the first again"
        if number % 4 == 3:
            unpaid.append(issued)
        else:
            pay(sandbox, issued)
            assert not sandbox.get(f"/v1/invoices/{issued['id']}")["overdue"]
        assert shown.day == 1
    assert (sandbox.now.year, sandbox.now.month) == (2027, 1)

    earned = sandbox.get(
        "/v1/revenue/recognition",
        **{"legal_entity": entity["id"], "from": "2026-01-01", "to": "2026-12-31"},
    )["months"]
    assert [each["month"] for each in earned] == MONTHS
    assert sum(Decimal(each["recognized"]) for each in earned) == Decimal("365.00")
    assert (earned[0]["recognized"], earned[1]["recognized"]) == ("31.00", "28.00")
    assert earned[-1]["balance"] == "0.00"

    late = [each["id"] for each in sandbox.list("/v1/invoices") if each["overdue"]]
    assert sorted(late) == sorted(each["id"] for each in unpaid)
    interest = sandbox.get(f"/v1/invoices/{unpaid[0]['id']}/interest", at="2026-06-30")
    assert Decimal(interest["interest"]) > 0
    claim = sandbox.post(
        f"/v1/invoices/{unpaid[0]['id']}/late-fees", {"at": "2026-06-30", "finalize": True}
    )
    assert claim["number"].startswith("2027-"), "a new year counts anew"

    gaps = sandbox.get("/v1/accounting/reconciliation", legal_entity=entity["id"])
    assert gaps["balanced"], gaps
    numbers = sorted(each["number"] for each in sandbox.list("/v1/invoices"))
    assert numbers == [f"2026-{n:04}" for n in range(1, 14)] + ["2027-0001"]
    assert b"TEST" in sandbox.file(f"/v1/invoices/{support['id']}/e-invoice", format="ubl")


def test_two_sandboxes_have_two_clocks(new_sandbox: Callable[..., Sandbox]) -> None:
    one, other = new_sandbox(clock="2026-01-01T00:00:00Z"), new_sandbox()
    before = other.now
    assert [f"{month:%Y-%m}" for month in one.months(2)] == ["2026-02", "2026-03"]
    assert (other.now - before).total_seconds() < 600
    for sandbox in (one, other):
        sandbox.post("/v1/legal-entities", SELLER)
        assert issue(sandbox, line("1.00"))["number"].endswith("-0001")
