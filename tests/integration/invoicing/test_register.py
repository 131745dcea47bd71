"""The register of a legal entity: every legal document in the order of issue, chained (D3)."""

import asyncio
import hashlib
import json
from typing import Any

from tests.world import Desk, World, line


async def entered(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    """The register after what was issued until now was entered."""
    await seal(desk)
    listed = await desk.get(f"/v1/legal-entities/{desk.entity}/register", **query)
    found: list[dict[str, Any]] = listed["data"]
    return found


async def seal(desk: Desk) -> int:
    """Seal invoicing as the worker does; returns how many seals were made."""
    host = desk.world.host
    return len(await host.sealing.seal(host.contexts["invoicing"], desk.tenant_id))


async def test_smoke(desk: Desk) -> None:
    first = await desk.invoice(line("100.00"))
    note = await desk.post(f"/v1/invoices/{first['id']}/credit-notes", {"finalize": True})
    voided = await desk.invoice(line("7.00"))
    await desk.post(f"/v1/invoices/{voided['id']}/void", {"reason": "typo"})
    rows = await entered(desk)
    print(json.dumps(rows, indent=1))
    print(json.dumps(await desk.get("/v1/audit/seals"), indent=1))
    assert [row["number"] for row in rows][:2] == [first["number"], note["number"]]
