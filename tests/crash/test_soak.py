"""Fifty kills in `make soak`: it goes on where it was interrupted, and writes down what it saw.

CRASH_SEED and CRASH_KILLS choose others; CRASH_MINUTES ends a run earlier, in good order. The
figures are of one commit: another one begins anew.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from tests.crash.campaign import Campaign, Round, plan
from tests.crash.installation import KINDS, ROOT, Installation
from tests.crash.progress import Progress

REPORT = ROOT / "docs" / "measurements" / "crash.md"
HOME = ROOT / ".invx" / "soak" / "crash"


@pytest.mark.soak
async def test_fifty_kills_lose_nothing_and_double_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seed = int(os.environ.get("CRASH_SEED", "1"))
    kills = int(os.environ.get("CRASH_KILLS", "50"))
    minutes = float(os.environ.get("CRASH_MINUTES", "inf"))
    command = f"CRASH_SEED={seed} CRASH_KILLS={kills} make soak ARGS=tests/crash"

    def say(text: str) -> None:
        with capsys.disabled():
            print(text, file=sys.stderr, flush=True)

    progress = Progress(HOME, seed, Round, folders)
    wrong = await soak(progress, kills, say, seconds=minutes * 60)
    assert not wrong, "\n".join([*wrong, f"replay: rm -r {HOME}; {command}"])


def folders() -> list[Path]:
    """Where the data are: elsewhere, when root's home is closed to PostgreSQL's account."""
    return [Installation(HOME).postgres.location]


async def soak(
    progress: Progress[Round], kills: int, say: Callable[[str], None], *, seconds: float
) -> list[str]:
    """Fight the rounds that are missing; what was wrong. The report is written after each."""
    began = time.monotonic()
    campaign = Campaign(progress.home, progress.seed)
    wrong: list[str] = []
    try:
        await campaign.open()
        for number in range(len(progress.rounds), kills):
            seen, wrong = await campaign.round(plan(progress.seed, number))
            progress.add(seen)
            write_report(REPORT, progress, kills, wrong or ["not yet at the end"])
            say(
                f"kill {number + 1:3}/{kills} {seen.kind:8} {seen.acknowledged:4} acknowledged,"
                f" {seen.unavailable:4} × 503, {seen.cut:4} cut, back after"
                f" {seen.recovery_seconds:5.2f} s  [{time.monotonic() - began:5.0f} s]"
                f" {'; '.join(wrong) or 'nothing wrong'}"
            )
            if wrong or time.monotonic() - began > seconds:
                break
        wrong = wrong or await campaign.at_rest()
        write_report(REPORT, progress, kills, wrong)
    finally:
        await campaign.close()
    if not wrong and len(progress.rounds) >= kills:
        progress.done()
    return wrong


def write_report(path: Path, progress: Progress[Round], kills: int, wrong: list[str]) -> None:
    """The figures, as Markdown."""
    rounds = progress.rounds
    table = []
    for kind in (*KINDS, "all"):
        seconds = [each.recovery_seconds for each in rounds if kind in (each.kind, "all")]
        if seconds:
            middle, worst = median(seconds), max(seconds)
            table.append(f"| {kind} | {len(seconds)} | {middle:.2f} | {worst:.2f} |")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _REPORT.format(
            seed=progress.seed,
            commit=progress.commit,
            cores=os.cpu_count(),
            done=len(rounds),
            kills=kills,
            acknowledged=sum(each.acknowledged for each in rounds),
            repeated=sum(each.repeated for each in rounds),
            unavailable=sum(each.unavailable for each in rounds),
            cut=sum(each.cut for each in rounds),
            result="; ".join(wrong) or "nothing lost, nothing doubled, no gap, chains intact",
            table="\n".join(table),
        )
    )


_REPORT = """# Kill -9 under load

Written by `make soak ARGS=tests/crash`. Six clients draft, finalize in one series, record payments
and credit, each write with an Idempotency-Key, until something is killed: the server process,
PostgreSQL's first process, one of its backends, or server and PostgreSQL at once. The clients ask
again with the same keys; then the database is compared with what they were told, whole, after every
kill (`tests/crash/checks.py`). PostgreSQL runs with fsync. What dead workers had claimed is free
after 6 s and a dead relay's lease after 3 s, instead of 60 and 15, to have more take-overs.

- seed {seed}, commit `{commit}`, {cores} cores
- {done} of {kills} kills
- {acknowledged} requests acknowledged; {repeated} requests sent once more and compared
- {unavailable} answers 503 `unavailable`, {cut} connections cut or refused
- result: {result}

Seconds from the kill to the first write that was sent after it and acknowledged:

| killed | times | median | max |
| --- | ---: | ---: | ---: |
{table}
"""
