"""Several tenants at work at once, by a seed: random commands, seals, contracts, jobs, erasures.

Everything is the real thing: the public API, the runner, PostgreSQL, relay, worker and sealing run
side by side in one process. A seed says what each clerk tries; which of two that race wins is the
machine's affair, so a failure that hangs on a race may need its command to be run some times.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx

from invx.place import place_of
from tests.sealing import faults, seal
from tests.simulation.trading_acts import ACTS, Act, Refused
from tests.simulation.trading_invariants import INVARIANTS
from tests.world import Desk, World

TENANTS, CLERKS, STEPS = 3, 4, 45
SETTLE_SECONDS_MAX = 120


class Wrong(AssertionError):
    """The world ended in a state that must not be."""


@dataclass(slots=True)
class Clerk:
    """Who sends requests, one after the other, with chances of their own."""

    chance: random.Random
    trace: list[str]
    number: int = 0

    def source(self) -> str:
        """An id that nobody else uses."""
        self.number += 1
        return f"{id(self):x}-{self.number}"


@dataclass(slots=True)
class Office:
    """A tenant at work, and the documents that its clerks know of."""

    desk: Desk
    known: list[str] = field(default_factory=list)
    entries: list[tuple[str, str]] = field(default_factory=list)


class TradingWorld:
    """One run of one seed."""

    def __init__(self, world: World, seed: int, *, steps: int = STEPS) -> None:
        self.world = world
        self.seed = seed
        self.steps = steps
        self.answers: Counter[str] = Counter()
        self.trace: list[str] = []
        self.offices: list[Office] = []
        self.anchor = world.key.parent / "anchor.jsonl"
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Work, a copy of the database, more work, and the judgement. Raises Wrong."""
        for number in range(TENANTS):
            chart = {"accounting": {"chart": "SKR03"}} if number else {}
            self.offices.append(Office(await self.world.seller(**chart)))
            await self._rates(self.offices[-1].desk)
        await self._work(0)
        await self._seal_all()
        copy = await self._copied()
        await self._work(1)
        await self._come_to_rest()
        await self._seal_all()
        await self.judge()
        await self._judge_copy(copy)

    async def _rates(self, desk: Desk) -> None:
        today = datetime.now(UTC).date()
        rates = [
            {"base": "EUR", "quote": "USD", "on": (today + timedelta(days=n)).isoformat()}
            for n in range(-3, 1)
        ]
        body = {"source": "ecb", "rates": [{**rate, "rate": "1.10"} for rate in rates]}
        await desk.post("/v1/exchange-rates", body)

    async def _work(self, part: int) -> None:
        """All clerks at once, beside relay, worker and sealing."""
        self._stop.clear()
        beside = [asyncio.create_task(each()) for each in (self._deliver, self._seal)]
        try:
            async with asyncio.timeout(600):
                await asyncio.gather(*(self._clerk(n, part) for n in range(CLERKS)))
        finally:
            self._stop.set()
            await asyncio.gather(*beside)

    async def _deliver(self) -> None:
        while not self._stop.is_set():
            await self.world.host.settle()
            await asyncio.sleep(0.01)

    async def _seal(self) -> None:
        while not self._stop.is_set():
            await self._seal_all()
            await asyncio.sleep(0.05)

    async def _seal_all(self) -> None:
        for office in self.offices:
            await seal(office.desk, anchored=True)

    async def _clerk(self, number: int, part: int) -> None:
        clerk = Clerk(random.Random(f"{self.seed} {part} {number}"), self.trace)
        names, weights = zip(*((name, act.weight) for name, act in ACTS.items()), strict=True)
        for _ in range(self.steps // 2):
            [name] = clerk.chance.choices(names, weights)
            await self._act(clerk, name, ACTS[name])

    async def _act(self, clerk: Clerk, name: str, act: Act) -> None:
        office = clerk.chance.choice(self.offices)
        try:
            await act.do(office, clerk)
        except Refused as refused:
            self.answers[f"{name} {refused.status} {refused.code}"] += 1
            if refused.status >= 500 or refused.status in (400, 401, 403, 405):
                raise Wrong(f"{name} was answered {refused.status}: {refused.text}") from None
        except httpx.HTTPError as error:
            raise Wrong(f"{name} was not answered: {error!r}") from error
        else:
            self.answers[f"{name} done"] += 1
        self.trace.append(name)

    async def _come_to_rest(self) -> None:
        """What is due and what waits is done; series and graces of the future may wait."""
        async with asyncio.timeout(SETTLE_SECONDS_MAX):
            await self.world.host.settle()

    async def judge(self) -> None:
        """Every invariant holds, and the audit of every tenant is clean. Raises Wrong."""
        async with self.world.admin() as conn:
            for name, query in INVARIANTS.items():
                rows = await conn.fetch(query)
                if rows:
                    raise Wrong(f"{name}: {dict(rows[0])} and {len(rows) - 1} more")
            for office in self.offices:
                found = await faults(conn, office.desk.tenant_id, self.anchor)
                found |= await faults(conn, office.desk.tenant_id, self.anchor, "analytics")
                if found:
                    raise Wrong(f"the audit finds {found}")
        for office in self.offices:
            await self._judge_isolation(office)

    async def _judge_isolation(self, office: Office) -> None:
        """What a tenant lists are its own documents, and nobody else's are found by their ids."""
        others = [id for other in self.offices if other is not office for id in other.known]
        listed, after = set(), None
        while True:
            query = {"limit": 100} | ({"after": after} if after else {})
            page = await office.desk.get("/v1/invoices", **query)
            listed |= {each["id"] for each in page["data"]}
            if not page["has_more"]:
                break
            after = page["next"]
        if listed & set(others):
            raise Wrong("a tenant lists another's document")
        for id in others[:5]:
            answer = await office.desk.client.get(f"/v1/invoices/{id}")
            if answer.status_code != 404:
                raise Wrong(f"a tenant reads another's document: {answer.status_code}")

    async def _copied(self) -> str:
        """A database as this one is now: what a backup of this moment would be restored to."""
        name = str(self.world.place.admin["database"])
        server = await asyncpg.connect(**self.world.server.connection())
        try:
            await server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            await server.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
        finally:
            await server.close()
        return f"{name}_copy"

    async def _judge_copy(self, copy: str) -> None:
        """The copy is whole in itself, and the anchor names what it lacks. Raises Wrong."""
        conn = await asyncpg.connect(**place_of(self.world.server, copy).admin)
        try:
            for office in self.offices:
                tenant_id = office.desk.tenant_id
                if found := await faults(conn, tenant_id):
                    raise Wrong(f"the copy is not whole: {found}")
                lost = await faults(conn, tenant_id, self.anchor)
                if "is missing: the anchor goes on to seal" not in lost.get("seals", ""):
                    raise Wrong(f"the loss of a restore is not named: {lost}")
        finally:
            await conn.close()
