"""Every state that a document can be in, and everything that a caller may try on it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.world import Desk, draft_body, line

Json = dict[str, Any]


async def _draft(desk: Desk) -> Json:
    return await desk.draft(line("100.00"))


async def _deleted(desk: Desk) -> Json:
    draft = await _draft(desk)
    assert (await desk.client.delete(f"/v1/invoices/{draft['id']}")).status_code == 204
    return draft


async def _finalized(desk: Desk) -> Json:
    return await desk.invoice(line("100.00"))


async def _after(desk: Desk, path: str, body: Json | None = None) -> Json:
    """A finalized invoice to which something happened."""
    invoice = await _finalized(desk)
    await desk.post(f"/v1/invoices/{invoice['id']}/{path}", body)
    return invoice


async def _released(desk: Desk) -> Json:
    return await _after(desk, "release")


async def _partly_paid(desk: Desk) -> Json:
    return await _after(desk, "payments", {"amount": "19.00", "source": "p-0"})


async def _settled(desk: Desk) -> Json:
    return await _after(desk, "payments", {"amount": "119.00", "source": "p-0"})


async def _overpaid(desk: Desk) -> Json:
    return await _after(desk, "payments", {"amount": "200.00", "source": "p-0"})


async def _disputed(desk: Desk) -> Json:
    return await _after(desk, "dispute", {"disputed": True})


async def _partly_credited(desk: Desk) -> Json:
    return await _after(desk, "credit-notes", {"amount": "11.90", "finalize": True})


async def _credited(desk: Desk) -> Json:
    return await _after(desk, "credit-notes", {"finalize": True})


async def _voided(desk: Desk) -> Json:
    return await _after(desk, "void")


async def _cancelled(desk: Desk) -> Json:
    return await _after(desk, "cancel")


async def _replaced(desk: Desk) -> Json:
    invoice = await _finalized(desk)
    anew = await desk.post(f"/v1/invoices/{invoice['id']}/replace")
    await desk.finalize(anew)
    return invoice


async def _cancellation(desk: Desk) -> Json:
    invoice = await _finalized(desk)
    return await desk.post(f"/v1/invoices/{invoice['id']}/cancel")


async def _credit_note(desk: Desk) -> Json:
    """One that stands alone."""
    return await desk.invoice(line("100.00"), type="credit_note")


async def _proforma(desk: Desk) -> Json:
    return await desk.invoice(line("100.00"), type="proforma")


STATES: dict[str, Callable[[Desk], Awaitable[Json]]] = {
    "draft": _draft,
    "deleted": _deleted,
    "finalized": _finalized,
    "released": _released,
    "partly_paid": _partly_paid,
    "settled": _settled,
    "overpaid": _overpaid,
    "disputed": _disputed,
    "partly_credited": _partly_credited,
    "credited": _credited,
    "voided": _voided,
    "cancelled": _cancelled,
    "replaced": _replaced,
    "cancellation": _cancellation,
    "credit_note": _credit_note,
    "proforma": _proforma,
}

OPERATIONS: dict[str, tuple[str, str, Any]] = {
    "get": ("GET", "", None),
    "edit": ("PUT", "", draft_body(line("90.00"))),
    "delete": ("DELETE", "", None),
    "check": ("POST", "/check", None),
    "finalize": ("POST", "/finalize", {}),
    "preview": ("GET", "/preview", None),
    "pdf": ("GET", "/pdf", None),
    "void": ("POST", "/void", {}),
    "cancel": ("POST", "/cancel", {}),
    "replace": ("POST", "/replace", {}),
    "credit": ("POST", "/credit-notes", {"finalize": True}),
    "credit_part": ("POST", "/credit-notes", {"amount": "11.90"}),
    "release": ("POST", "/release", {}),
    "settlement": ("GET", "/settlement", None),
    "pay": ("POST", "/payments", {"amount": "5.00", "source": "p-1"}),
    "discount": ("POST", "/early-payment-discounts", {"amount": "3.00", "source": "d-1"}),
    "certify": ("POST", "/withholding-certificates", {"amount": "5.00", "source": "c-1"}),
    "write_off": ("POST", "/write-offs", {}),
    "refund": ("POST", "/refunds", {"amount": "1.00", "source": "r-1"}),
    "reverse": (
        "POST",
        "/reversals",
        {"entry": "sent_01jd0y7ct4f6d9zq8x3s5v2w1k", "source": "b-1"},
    ),
    "plan": ("POST", "/payment-plan", {"instalments": [{"due_date": "2099-01-31"}]}),
    "end_plan": ("POST", "/payment-plan/end", {}),
    "dispute": ("POST", "/dispute", {"disputed": True}),
    "settle_dispute": ("POST", "/dispute", {"disputed": False}),
    "history": ("GET", "/history", None),
    "explain": ("GET", "/explain", None),
}


async def attempt(desk: Desk, document: Json, operation: str) -> httpx.Response:
    method, path, body = OPERATIONS[operation]
    url = f"/v1/invoices/{document['id']}{path}"
    return await desk.client.request(method, url, json=body)
