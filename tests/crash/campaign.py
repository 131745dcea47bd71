"""A campaign: rounds of load with a kill in the middle, a look at everything after each.

Kinds and moments of the kills follow from the seed; what the kill meets does not, since processes
and disks keep their own time. So a seed replays the plan, and usually the failure.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from invx.host import CONTEXTS
from tests.crash.checks import rest, wrong_at_rest, wrong_now
from tests.crash.clients import Clients, Tally
from tests.crash.installation import KINDS, Installation
from tests.crash.journal import Journal

CLIENTS = 6
SETTLE_SECONDS_MAX = 240
RECOVERY_SECONDS_MAX = 300  # a start of the server in it


@dataclass(frozen=True, slots=True)
class Kill:
    """What dies, and when: seconds after the load began. `which` chooses among backends."""

    kind: str
    after: float
    which: float


@dataclass(slots=True)
class Round:
    """What one kill did."""

    kind: str
    acknowledged: int
    repeated: int
    unavailable: int
    cut: int
    recovery_seconds: float


@dataclass(slots=True)
class Outcome:
    """Everything that was seen so far."""

    rounds: list[Round] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def plan(seed: int, number: int) -> Kill:
    """The kill of a round. Every kind comes once in each four rounds."""
    kinds = list(KINDS)
    random.Random(f"{seed} {number // len(kinds)}").shuffle(kinds)
    chance = random.Random(f"{seed} kill {number}")
    return Kill(kinds[number % len(kinds)], chance.uniform(0.3, 2.0), chance.random())


class Campaign:
    """One installation under fire."""

    def __init__(self, home: Path, seed: int) -> None:
        self.installation = Installation(home)
        self.seed = seed
        self.journal = Journal(home / "journal.jsonl")
        self.clients: Clients
        self.tenant_id: UUID

    async def open(self) -> None:
        """Start everything; a tenant and its legal entity are made the first time."""
        await self.installation.start()
        known = self.installation.home / "tenant"
        if not known.exists():
            known.write_text(str(await self.installation.tenant()))
        self.tenant_id = UUID(known.read_text())
        token = self.installation.token(self.tenant_id)
        self.clients = Clients(self.installation.url, token, self.journal, f"{self.seed}")
        await self.clients.seller()

    async def close(self) -> None:
        if hasattr(self, "clients"):
            await self.clients.close()
        self.journal.close()
        await self.installation.stop()

    async def round(self, kill: Kill) -> tuple[Round, list[str]]:
        """Load, kill, recover, look."""
        tally = self.clients.tally = Tally()
        load = asyncio.create_task(self.clients.run(CLIENTS))
        try:
            await asyncio.wait({load}, timeout=kill.after)
            killed_at = time.monotonic()
            self.installation.kill(kill.kind, kill.which)
            if not self.installation.running:
                await self.installation.start()
            recovery = await self._recovery(tally, killed_at, load)
        finally:
            self.clients.finish()
        await load
        seen = Round(
            kill.kind,
            tally.acknowledged,
            tally.repeated,
            tally.unavailable,
            tally.cut,
            round(recovery, 2),
        )
        return seen, [*tally.wrong, *await self._look()]

    async def at_rest(self) -> list[str]:
        """Wait until everything was delivered, and look again."""
        conn = await self.installation.admin()
        try:
            looks = dict.fromkeys(CONTEXTS, conn)
            await rest(looks, SETTLE_SECONDS_MAX)
            return [
                *await wrong_now(looks, self.tenant_id, self.journal),
                *await wrong_at_rest(looks, self.tenant_id),
            ]
        finally:
            await conn.close()

    async def _recovery(self, tally: Tally, killed_at: float, load: "asyncio.Task[None]") -> float:
        while (seconds := tally.recovery(killed_at)) is None:
            if load.done():
                load.result()
            if time.monotonic() - killed_at > RECOVERY_SECONDS_MAX:
                tally.wrong.append(f"nothing was acknowledged {RECOVERY_SECONDS_MAX} s after it")
                return RECOVERY_SECONDS_MAX
            await asyncio.sleep(0.02)
        return seconds

    async def _look(self) -> list[str]:
        conn = await self.installation.admin()
        try:
            return await wrong_now(dict.fromkeys(CONTEXTS, conn), self.tenant_id, self.journal)
        finally:
            await conn.close()


async def fight(
    home: Path, seed: int, kills: list[Kill], after_each: Callable[[int, Round, list[str]], None]
) -> list[str]:
    """All of these kills, and rest at the end; what was wrong."""
    campaign = Campaign(home, seed)
    try:
        await campaign.open()
        for number, kill in enumerate(kills):
            seen, wrong = await campaign.round(kill)
            after_each(number, seen, wrong)
            if wrong:
                return wrong
        return await campaign.at_rest()
    finally:
        await campaign.close()
