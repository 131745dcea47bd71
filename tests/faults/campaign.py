"""Rounds of load at the gateway with faults in the middle, and a look at everything after each.

Clients, journal and checks are those of the campaign against one process (`tests/crash`). Kinds and
moments follow from the seed; what they meet does not, since processes keep their own time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aio_pika

from invx.demo.login import Login, saved_login, sign_up
from invx.host import CONTEXTS
from invx.infra.rabbit.link import queue_of, refused_of
from invx.kernel.ids import parse_typeid
from tests.crash.checks import rest, wrong_at_rest, wrong_now
from tests.crash.clients import Clients, Tally
from tests.crash.journal import Journal
from tests.faults.services import Services
from tests.faults.striking import KINDS, Fault

CLIENTS = 4
SETTLE_SECONDS_MAX = 240
RECOVERY_SECONDS_MAX = 240


@dataclass(slots=True)
class Round:
    """What one round of faults did; seconds from the end of the last of them."""

    kinds: list[str]
    acknowledged: int
    repeated: int
    unavailable: int
    cut: int
    write_seconds: float  # until something that was sent after it was acknowledged
    effect_seconds: float  # until analytics had heard of a document that was issued after it


class Campaign:
    """One installation of services under fire."""

    def __init__(self, services: Services, home: Path, seed: int) -> None:
        self.services = services
        self.seed = seed
        self.journal = Journal(home / "journal.jsonl")
        self._home = home
        self.clients: Clients
        self.tenant_id: UUID

    async def open(self) -> None:
        """A business and its legal entity, which are made the first time."""
        login = await asyncio.to_thread(self._login)
        self.tenant_id = parse_typeid("tnt", login.tenant)
        self.clients = Clients(self.services.url, login.key, self.journal, f"{self.seed}")
        await self.clients.seller()

    def _login(self) -> Login:
        file = self._home / "login.json"
        if (known := saved_login(file)) is None:
            known = sign_up(self.services.url, "Faults")
            known.save(file)
        return known

    async def close(self) -> None:
        await self.clients.close()
        self.journal.close()

    async def round(self, faults: Sequence[Fault]) -> tuple[Round, list[str]]:
        """Load, these faults in it, recovery, and the whole comparison at rest."""

        async def strike(fault: Fault) -> None:
            await asyncio.sleep(fault.after)
            await KINDS[fault.kind](self.services, fault)

        async def all_of_them() -> None:
            await asyncio.gather(*map(strike, faults))

        return await self.under_load([each.kind for each in faults], all_of_them)

    async def under_load(
        self, kinds: list[str], act: Callable[[], Awaitable[None]]
    ) -> tuple[Round, list[str]]:
        """The same with anything that happens meanwhile."""
        tally = self.clients.tally = Tally()
        load = asyncio.create_task(self.clients.run(CLIENTS))
        try:
            await act()
            ended_at = time.monotonic()
            write = await self._until(tally, load, ended_at, lambda: self._written(tally, ended_at))
            effect = await self._until(tally, load, ended_at, self._heard_after())
        finally:
            self.clients.finish()
        await load
        seen = Round(
            kinds, tally.acknowledged, tally.repeated, tally.unavailable, tally.cut, write, effect
        )
        return seen, [*tally.wrong, *await self.at_rest()]

    async def at_rest(self) -> list[str]:
        """What is wrong once everything was delivered."""
        async with self._looks() as looks:
            await rest(looks, SETTLE_SECONDS_MAX)
            return [
                *await wrong_now(looks, self.tenant_id, self.journal),
                *await wrong_at_rest(looks, self.tenant_id),
                *await self._left_in_queues(),
            ]

    async def _until(
        self,
        tally: Tally,
        load: "asyncio.Task[None]",
        since: float,
        reached: Callable[[], Awaitable[bool]],
    ) -> float:
        while not await reached():
            if load.done():
                load.result()
            if time.monotonic() - since > RECOVERY_SECONDS_MAX:
                tally.wrong.append(f"not recovered {RECOVERY_SECONDS_MAX} s after it")
                break
            await asyncio.sleep(0.02)
        return round(time.monotonic() - since, 2)

    async def _written(self, tally: Tally, since: float) -> bool:
        return tally.recovery(since) is not None

    async def flowing(self) -> None:
        """Under load: until analytics has heard of a document that was issued from now on."""
        heard = self._heard_after()
        async with asyncio.timeout(RECOVERY_SECONDS_MAX):
            while not await heard():  # noqa: ASYNC110 - only rows can tell
                await asyncio.sleep(0.05)

    def _heard_after(self) -> Callable[[], Awaitable[bool]]:
        """Whether analytics has heard of a document that was issued since now."""
        known = {each.key for each in self.journal.of("finalize", "credit")}

        async def heard() -> bool:
            issued = [
                parse_typeid("inv", each.answer["id"])
                for each in self.journal.of("finalize", "credit")
                if each.key not in known and each.answer
            ]
            if not issued:
                return False
            async with self._looks() as looks:
                found: bool = await looks["analytics"].fetchval(_HEARD, self.tenant_id, issued)
            return found

        return heard

    async def _left_in_queues(self) -> list[str]:
        connection = await aio_pika.connect(self.services.rabbit.url)
        async with connection:
            channel = await connection.channel()
            found = []
            for name in (each(context) for context in CONTEXTS for each in (queue_of, refused_of)):
                queue = await channel.declare_queue(name, passive=True)
                if count := queue.declaration_result.message_count:
                    found.append(f"{count} messages are left in {name}")
        return found

    @asynccontextmanager
    async def _looks(self) -> AsyncIterator[dict[str, Any]]:
        async with AsyncExitStack() as stack:
            yield {
                name: await stack.enter_async_context(self.services.admin(name))
                for name in CONTEXTS
            }


_HEARD = """
SELECT EXISTS (SELECT FROM analytics.documents WHERE tenant_id = $1 AND document_id = ANY($2))
"""
