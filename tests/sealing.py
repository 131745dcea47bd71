"""Sealing and its proof inside the test process: what several suites do with seals."""

from pathlib import Path
from typing import Any
from uuid import UUID

from invx.host import HOLDINGS
from invx.infra.anchor_file import AnchoredSeal, AnchorFile, read_anchor
from invx.infra.anchoring import Anchoring, pseudonym
from invx.infra.audit import verify
from invx.infra.audit_seals import verify_seals
from invx.infra.system import SystemClock
from tests.world import Desk, World


async def seal(desk: Desk, *, anchored: bool = False) -> int:
    """Seal invoicing as the worker does, register and all; returns how many seals were made."""
    host = desk.world.host
    context = host.contexts["invoicing"]
    made = await host.sealing.seal(context, desk.tenant_id)
    if anchored:
        path = desk.world.key.parent / "anchor.jsonl"
        clock = SystemClock()
        await Anchoring(AnchorFile(path), clock).anchor(context, desk.tenant_id)
    return len(made)


async def faults(
    conn: Any, tenant_id: UUID, anchor: Path | None = None, schema: str = "invoicing"
) -> dict[str, str]:
    """What an audit of a tenant finds, by kind; nothing when all is intact."""
    held: dict[int, AnchoredSeal] = {}
    if anchor is not None:
        key = (schema, pseudonym(tenant_id))
        held = {s.seal: s for s in read_anchor(anchor) if (s.context, s.tenant) == key}
    found: dict[str, str] = {}
    events = await verify(conn, schema, tenant_id)
    if events.broken is not None:
        found["events"] = str(events.broken)
    seals = await verify_seals(conn, schema, tenant_id, held)
    if seals.broken is not None:
        found["seals"] = seals.broken
    for name, examination in HOLDINGS.get(schema, HOLDINGS["analytics"]).examinations.items():
        _, wrong = await examination(conn, tenant_id)
        if wrong is not None:
            found[name] = wrong
    return found


async def intact(world: World, desk: Desk, anchor: Path | None = None) -> bool:
    """Whether the audit of a desk finds nothing."""
    async with world.admin() as conn:
        return not await faults(conn, desk.tenant_id, anchor)
