"""Two releases that differ by a column, side by side: expand, restart, contract (ADR 0004).

Everything is restarted that can be without a request failing, so this is a rolling restart, too.

Each release states a column of its own on every document and none of the one before it. The column
of the new release is added before its processes start, that of the old one goes when the last of
its processes has; meanwhile both write to the same table.
"""

import asyncio
import time

from invx.infra.migrate import Migration, migrate
from invx.infra.supervised import Supervised
from tests.faults.services import BACK_SECONDS_MAX, Services
from tests.faults.striking import by_halves, restart

LOGINS = ("invx_invoicing_app", "invx_invoicing_system")
_FIRST = 9_000  # numbers that no migration of ours has


async def next_version(services: Services) -> None:
    """The whole change, as a runbook would have it. Raises when the two do not get on."""
    async with services.admin("invoicing") as conn:
        last = await conn.fetchval(
            "SELECT count(*) FROM invoicing.migrations WHERE number >= $1", _FIRST
        )
    release = last // 2 + 1
    own, old = f"release_{release}", f"release_{release - 1}"
    await asyncio.sleep(1)
    await _step(services, last, "pre", f"ADD COLUMN {own} boolean NOT NULL DEFAULT false")
    await asyncio.sleep(1)
    become(services, "invoicing", f"release {own}")
    first, *others = by_halves(services)
    await restart([first])
    await _both_write(services, own)
    await restart(others)
    await _step(services, last + 1, "post", f"DROP COLUMN IF EXISTS {old}")


async def _step(services: Services, number: int, phase: str, change: str) -> None:
    text = f"ALTER TABLE {{schema}}.documents {change}"
    step = Migration(_FIRST + number, phase, f"{_FIRST + number}_{phase}_release.sql", text)
    async with services.admin("invoicing") as conn:
        assert await migrate(conn, "invoicing", [step], phase=phase, logins=LOGINS) == 1


async def _both_write(services: Services, own: str) -> None:
    """Until, of documents made from now on, each release has written some."""
    end = time.monotonic() + BACK_SECONDS_MAX
    async with services.admin("invoicing") as conn:
        query = f"SELECT document_id, {own} AS new FROM invoicing.documents"
        before = {row["document_id"] for row in await conn.fetch(query)}
        seen: set[bool] = set()
        while seen != {False, True}:
            assert time.monotonic() < end, f"only one release writes: {seen}"
            await asyncio.sleep(0.1)
            rows = await conn.fetch(query)
            seen |= {row["new"] for row in rows if row["document_id"] not in before}


def become(services: Services, context: str, plant: str) -> list[Supervised]:
    """The processes of a context, which are what `plant` says when they start the next time."""
    own = [context, f"{context}-2"] + (["work", "relay"] if context == "invoicing" else [])
    parts = [services.parts[name] for name in own]
    for part in parts:
        part.program.environment["FAULTS_PLANT"] = plant  # type: ignore[index]  # a dict of ours
    return parts
