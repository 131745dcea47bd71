"""Scenes for what is kept: a legal hold, and documents that have outlived their retention."""

from datetime import timedelta
from typing import Any

from tests.world import Desk, line

Json = dict[str, Any]


async def kept(desk: Desk) -> Json:
    """A draft, where a legal hold stands."""
    await desk.post("/v1/legal-holds", {"customer": "C-9", "reason": "lawsuit"})
    return await desk.draft()


async def outlived(desk: Desk) -> Json:
    """An invoice with nothing open that the law keeps no more."""
    issued = await desk.invoice(line("100.00"))
    paid = {"amount": issued["totals"]["gross"], "source": "bank"}
    await desk.post(f"/v1/invoices/{issued['id']}/payments", paid)
    await desk.world.advance(desk.tenant_id, timedelta(days=366 * 11))
    return issued


async def tried(desk: Desk) -> Json:
    """A trial of its purge is done."""
    issued = await outlived(desk)
    await desk.post("/v1/retention/purges", {})
    await desk.world.settle()
    return issued
