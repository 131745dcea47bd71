"""A legal entity that keeps books, and a small month of everything that is booked."""

import re
from dataclasses import dataclass
from typing import Any

from tests.world import BUYER, Desk, World, line

EXPORTS = "/v1/accounting/exports"
DATEV = {"consultant": 29098, "client": 55003}
UNTIL = "2025-03-31"
ONE_OFF: dict[str, Any] = {
    "name": "Mia Łęcka",
    "kind": "consumer",
    "address": {
        "line1": "Hofweg 3",
        "postal_code": "22085",
        "city": "Hamburg",
        "country": "DE",
    },
}
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|bkg_[0-9a-z]{26}")


async def bookkeeper(world: World, **more: Any) -> Desk:
    """A desk whose legal entity books by SKR03 and may date documents back as far as it likes."""
    return await world.seller(
        backdating_days=36_500, payment_terms=TERMS, accounting={"chart": "SKR03"}, **more
    )


TERMS = {"kind": "net", "days": 14, "discounts": [{"percent": "2", "days": 7}]}


@dataclass(frozen=True)
class Month:
    """What happened in March 2025."""

    paid: dict[str, Any]
    mixed: dict[str, Any]
    credited: dict[str, Any]
    note: dict[str, Any]
    refunded: dict[str, Any]


async def scripted_month(desk: Desk) -> Month:
    """Payments, a discount, a write-off, a credit note that is set off, one that is paid back."""
    paid = await _issued(desk, "03", line("1000.00"))
    await _act(desk, paid, "payments", "1166.20", "08")
    await _act(desk, paid, "early-payment-discounts", "23.80", "08")
    reduced = {"taxes": [{"category": "S", "rate": "7"}]}
    mixed = await _issued(desk, "05", line("100.00"), line("200.00", **reduced), buyer=_other())
    await _act(desk, mixed, "payments", "300.00", "20")
    await _act(desk, mixed, "write-offs", "33.00", "31")
    credited = await _issued(desk, "10", line("500.00"))
    note = await desk.post(
        f"/v1/invoices/{credited['id']}/credit-notes",
        {"amount": "119.00", "finalize": True, "issue_date": "2025-03-12"},
    )
    refunded = await _issued(desk, "14", line("50.00"), buyer=ONE_OFF)
    await _act(desk, refunded, "payments", "60.00", "17")
    await _act(desk, refunded, "refunds", "0.50", "18")
    return Month(paid, mixed, credited, note, refunded)


def _other() -> dict[str, Any]:
    return {**BUYER, "name": "Alsterdruck KG", "customer": "C-2", "debtor_number": "12345"}


async def _issued(desk: Desk, day: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    on = f"2025-03-{day}"
    draft = await desk.draft(*lines, supply_date=on, **more)
    return await desk.finalize(draft, issue_date=on)


async def _act(desk: Desk, invoice: dict[str, Any], act: str, amount: str, day: str) -> None:
    body = {"amount": amount, "source": f"{act}-{invoice['id']}", "on": f"2025-03-{day}"}
    await desk.post(f"/v1/invoices/{invoice['id']}/{act}", body)


async def export(desk: Desk, until: str = UNTIL, **more: Any) -> dict[str, Any]:
    """An export to DATEV, unless told otherwise."""
    return await desk.post(EXPORTS, {"until": until, "settings": DATEV, **more})


async def file_of(desk: Desk, made: dict[str, Any], part: str = "file") -> bytes:
    """One of the files of an export."""
    response = await desk.client.get(f"{EXPORTS}/{made['id']}/{part}")
    assert response.status_code == 200, response.text
    return response.content


def masked(text: str) -> str:
    """A text with its ids numbered in the order of their appearance."""
    seen: dict[str, str] = {}
    return _ID.sub(lambda m: seen.setdefault(m[0], f"<{len(seen) + 1}>"), text)
