"""Every kind of fault twenty times in `make soak`; it goes on where it was interrupted.

Two installations are under fire at once, since much of a round is waiting; each does half of them.
FAULTS_SEED and FAULTS_EACH choose others, FAULTS_KINDS some of the kinds, with commas between;
FAULTS_MINUTES ends a run earlier, in good order.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pytest

from tests.crash.installation import ROOT
from tests.crash.progress import Progress
from tests.faults.campaign import Campaign, Round
from tests.faults.services import Services
from tests.faults.striking import KINDS, Fault, by_halves, one_by_one, restart
from tests.faults.versions import next_version

REPORT = ROOT / "docs" / "measurements" / "faults.md"
HOME = ROOT / ".invx" / "soak" / "faults"
INSTALLATIONS = 2
BROKER_AWAY_SECONDS = 60.0
AWAY_SECONDS = 15.0
SECONDS = 5.0
ROLLING, VERSIONS = "rolling restart", "old and new version"
EVERY = (*KINDS, ROLLING, VERSIONS)
ALL = tuple(filter(None, os.environ.get("FAULTS_KINDS", "").split(","))) or EVERY
SMOOTH = (ROLLING, VERSIONS)  # no request may fail


def kind_of(seed: int, number: int) -> str:
    """Every kind comes once in each turn of all, in an order of that turn."""
    kinds = random.Random(f"{seed} {number // len(ALL)}").sample(ALL, len(ALL))
    return kinds[number % len(ALL)]


async def fight(campaign: Campaign, seed: int, number: int) -> tuple[Round, list[str]]:
    """The round of this number."""
    kind, services = kind_of(seed, number), campaign.services
    if kind in SMOOTH:
        groups = one_by_one if number // len(ALL) % 2 else by_halves
        acts: dict[str, Callable[[], Awaitable[None]]] = {
            ROLLING: lambda: restart(groups(services)),
            VERSIONS: lambda: next_version(services),
        }
        seen, wrong = await campaign.under_load([kind], acts[kind])
        if seen.unavailable or seen.cut:
            wrong.append(f"{seen.unavailable} answers 503, {seen.cut} connections cut")
        return seen, wrong
    chance = random.Random(f"{seed} fault {number}")
    fault = Fault(kind, chance.uniform(0.2, 3), lasting(kind), chance.random())
    return await campaign.round([fault])


def lasting(kind: str) -> float:
    """Seconds."""
    if kind == "RabbitMQ unreachable":
        return BROKER_AWAY_SECONDS
    return AWAY_SECONDS if kind.endswith("unreachable") else SECONDS


@pytest.mark.soak
async def test_every_fault_twenty_times(capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("FAULTS_SEED", "1"))
    each = int(os.environ.get("FAULTS_EACH", "20"))
    seconds = float(os.environ.get("FAULTS_MINUTES", "inf")) * 60

    def say(text: str) -> None:
        with capsys.disabled():
            print(text, file=sys.stderr, flush=True)

    soak = Soak(
        [progress_of(seed, at) for at in range(INSTALLATIONS)],
        each * len(ALL) // INSTALLATIONS,
        time.monotonic() + seconds,
        say,
    )
    wrong = await soak.run()
    assert not wrong, "\n".join([*wrong, f"replay: rm -r {HOME}; make soak ARGS=tests/faults"])


def progress_of(seed: int, at: int) -> Progress[Round]:
    """What an installation has behind it; each has a seed of its own."""
    home = HOME / str(at)

    def folders() -> list[Path]:
        # Elsewhere, when root's home is closed to PostgreSQL's account.
        return [Services.at(home).postgres.location]

    return Progress(home, seed + at, Round, folders)


@dataclass(slots=True)
class Soak:
    """The rounds that are missing, `count` in each installation; the report after each of them."""

    all: list[Progress[Round]]
    count: int
    end: float
    say: Callable[[str], None]
    wrong: list[str] = field(default_factory=list)

    async def run(self) -> list[str]:
        """What was wrong."""
        async with asyncio.TaskGroup() as group:
            for progress in self.all:
                group.create_task(self._fight(progress))
        if not self.wrong and all(len(each.rounds) >= self.count for each in self.all):
            for each in self.all:
                each.done()
        return self.wrong

    async def _fight(self, progress: Progress[Round]) -> None:
        began = time.monotonic()
        progress.home.mkdir(parents=True, exist_ok=True)
        services = Services.at(progress.home)
        try:
            await asyncio.to_thread(services.up)
            while (first := len(progress.rounds)) < self.count and not self._over:
                # A business of its own for each turn of all kinds: everything of it is compared
                # after each round, which would take longer and longer.
                turn = first // len(ALL)
                home = progress.home / f"turn-{turn}"
                home.mkdir(exist_ok=True)
                campaign = Campaign(services, home, progress.seed)
                await campaign.open()
                for number in range(first, min(self.count, (turn + 1) * len(ALL))):
                    if self._over:
                        break
                    seen, wrong = await fight(campaign, progress.seed, number)
                    self._note(progress, seen, wrong, time.monotonic() - began)
                await campaign.close()
        finally:
            await asyncio.to_thread(services.down)

    @property
    def _over(self) -> bool:
        return bool(self.wrong) or time.monotonic() > self.end

    def _note(
        self, progress: Progress[Round], seen: Round, wrong: list[str], seconds: float
    ) -> None:
        progress.add(seen)
        self.wrong += wrong
        write_report(self.all, self.count, self.wrong)
        self.say(
            f"{len(progress.rounds):3}/{self.count} of seed {progress.seed} {seen.kinds[0]:30}"
            f" {seen.acknowledged:4} acknowledged, {seen.unavailable:4} × 503,"
            f" {seen.cut:4} cut, written after {seen.write_seconds:5.2f} s,"
            f" heard of after {seen.effect_seconds:5.2f} s"
            f"  [{seconds:5.0f} s] {'; '.join(wrong) or 'nothing wrong'}"
        )


def write_report(all_of: Sequence[Progress[Round]], count: int, wrong: list[str]) -> None:
    """The figures, as Markdown."""
    rounds, table = [round for each in all_of for round in each.rounds], []
    for kind in ALL:
        some = [each for each in rounds if each.kinds == [kind]]
        if some:
            writes = [each.write_seconds for each in some]
            effects = [each.effect_seconds for each in some]
            failed = sum(each.unavailable + each.cut for each in some)
            table.append(
                f"| {kind} | {len(some)} | {median(writes):.2f} | {max(writes):.2f} |"
                f" {median(effects):.2f} | {max(effects):.2f} | {failed} |"
            )
    REPORT.write_text(
        _REPORT.format(
            seeds=" and ".join(str(each.seed) for each in all_of),
            commit=all_of[0].commit,
            cores=os.cpu_count(),
            broker_away=BROKER_AWAY_SECONDS,
            away=AWAY_SECONDS,
            seconds=SECONDS,
            done=len(rounds),
            count=count * len(all_of),
            acknowledged=sum(each.acknowledged for each in rounds),
            repeated=sum(each.repeated for each in rounds),
            unavailable=sum(each.unavailable for each in rounds),
            cut=sum(each.cut for each in rounds),
            result="; ".join(wrong) or "nothing lost, nothing doubled, no gap, chains intact",
            table="\n".join(table),
        )
    )


_REPORT = """# Faults under load, one process per context

Written by `make soak ARGS=tests/faults`. Four clients draft, finalize in one series, record
payments and credit at the gateway of `invx up --services --replicas 2`, each write with an
Idempotency-Key, while something goes wrong; they ask again with the same keys. After each fault all
that the databases of all contexts have of the business is compared with what the clients were told
and with each other (`tests/crash/checks.py`), the queues are looked at, and the chains are
verified. After each turn of all kinds another business begins. RabbitMQ is unreachable for
{broker_away:.0f} s, PostgreSQL and Valkey for {away:.0f} s; what is silent, slow or full for
{seconds:.0f} s. What dead workers had claimed is free after 6 s and a dead relay's lease after 3 s,
instead of 60 and 15. Two such installations are under fire at once on the same machine.

- seeds {seeds}, commit `{commit}`, {cores} cores
- {done} of {count} rounds
- {acknowledged} requests acknowledged; {repeated} requests sent once more and compared
- {unavailable} answers 503 `unavailable`, {cut} connections cut or refused
- result: {result}

Seconds from the end of the fault (of a kill: from the kill) to the first write that was sent after
it and acknowledged, and until analytics had heard of a document that was issued after it:

| fault | times | write, median | max | heard of, median | max | requests that failed |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{table}
"""
