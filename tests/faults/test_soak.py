"""Every kind of fault twenty times in `make soak`; it goes on where it was interrupted.

FAULTS_SEED and FAULTS_EACH choose others; FAULTS_MINUTES ends a run earlier, in good order.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
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
AWAY_SECONDS = 60.0
SECONDS = 5.0
ROLLING, VERSIONS = "rolling restart", "old and new version"
ALL = (*KINDS, ROLLING, VERSIONS)
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
    seconds = AWAY_SECONDS if kind.endswith("unreachable") else SECONDS
    return await campaign.round([Fault(kind, chance.uniform(0.2, 3), seconds, chance.random())])


@pytest.mark.soak
async def test_every_fault_twenty_times(capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("FAULTS_SEED", "1"))
    each = int(os.environ.get("FAULTS_EACH", "20"))
    seconds = float(os.environ.get("FAULTS_MINUTES", "inf")) * 60

    def say(text: str) -> None:
        with capsys.disabled():
            print(text, file=sys.stderr, flush=True)

    wrong = await soak(Progress(HOME, seed, Round, folders), each * len(ALL), seconds, say)
    assert not wrong, "\n".join([*wrong, f"replay: rm -r {HOME}; make soak ARGS=tests/faults"])


def folders() -> list[Path]:
    """Where the data are: elsewhere, when root's home is closed to PostgreSQL's account."""
    return [Services.at(HOME).postgres.location]


async def soak(
    progress: Progress[Round], count: int, seconds: float, say: Callable[[str], None]
) -> list[str]:
    """The rounds that are missing; what was wrong. The report is written after each."""
    began, wrong = time.monotonic(), list[str]()
    HOME.mkdir(parents=True, exist_ok=True)
    services = Services.at(HOME)
    try:
        await asyncio.to_thread(services.up)
        campaign = Campaign(services, HOME, progress.seed)
        await campaign.open()
        for number in range(len(progress.rounds), count):
            seen, wrong = await fight(campaign, progress.seed, number)
            progress.add(seen)
            write_report(progress, count, wrong)
            say(
                f"{number + 1:3}/{count} {seen.kinds[0]:30} {seen.acknowledged:4} acknowledged,"
                f" {seen.unavailable:4} × 503, {seen.cut:4} cut, written after"
                f" {seen.write_seconds:5.2f} s, heard of after {seen.effect_seconds:5.2f} s"
                f"  [{time.monotonic() - began:5.0f} s] {'; '.join(wrong) or 'nothing wrong'}"
            )
            if wrong or time.monotonic() - began > seconds:
                break
        await campaign.close()
    finally:
        await asyncio.to_thread(services.down)
    if not wrong and len(progress.rounds) >= count:
        progress.done()
    return wrong


def write_report(progress: Progress[Round], count: int, wrong: list[str]) -> None:
    """The figures, as Markdown."""
    rounds, table = progress.rounds, []
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
            seed=progress.seed,
            commit=progress.commit,
            cores=os.cpu_count(),
            away=AWAY_SECONDS,
            seconds=SECONDS,
            done=len(rounds),
            count=count,
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
Idempotency-Key, while something goes wrong; they ask again with the same keys. After each fault the
databases of all contexts are compared whole with what the clients were told and with each other
(`tests/crash/checks.py`), the queues are looked at, and the chains are verified. What is
unreachable stays so for {away:.0f} s; what is silent, slow or full for {seconds:.0f} s. What dead
workers had claimed is free after 6 s and a dead relay's lease after 3 s, instead of 60 and 15.

- seed {seed}, commit `{commit}`, {cores} cores
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
