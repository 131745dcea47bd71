"""A database that is set back under load: what clients were told, and what is said to be lost."""

import asyncio
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from invx.settings import PlaceSettings
from tests.crash.installation import ROOT, Installation
from tests.world import SELLER, draft_body

CLIENTS = 4


@dataclass(slots=True)
class Told:
    """Every number that any client ever received, in that order, with its document."""

    numbers: list[tuple[str, str]] = field(default_factory=list)

    def twice(self) -> list[str]:
        """Numbers that two documents were given."""
        documents: dict[str, set[str]] = {}
        for number, document in self.numbers:
            documents.setdefault(number, set()).add(document)
        return sorted(number for number, those in documents.items() if len(those) > 1)


class LostTime:
    """One installation with backups, clients that finalize, and the command line."""

    def __init__(self, home: Path, backup: Path) -> None:
        settings = PlaceSettings(home=home.resolve(), backup=backup)
        self.installation = Installation(home, settings, {"INVX_BACKUP": str(backup)})
        self.told = Told()
        self.tenant_id: UUID

    async def open(self) -> None:
        await self.installation.start()
        self.tenant_id = await self.installation.tenant()
        async with self._client() as client:
            (await client.post("/v1/legal-entities", json=SELLER)).raise_for_status()

    async def load(self, seconds: float) -> None:
        """Clients that draft and finalize until the time is over, or the server is gone."""
        end = asyncio.get_running_loop().time() + seconds

        async def write(client: httpx.AsyncClient) -> None:
            while asyncio.get_running_loop().time() < end:
                try:
                    await self._finalize(client)
                except httpx.TransportError:
                    return

        async with self._client() as client:
            await asyncio.gather(*(write(client) for _ in range(CLIENTS)))

    async def finalize(self) -> tuple[int, dict[str, Any]]:
        """One more invoice: status and answer."""
        async with self._client() as client:
            return await self._finalize(client)

    async def _finalize(self, client: httpx.AsyncClient) -> tuple[int, dict[str, Any]]:
        draft = (await client.post("/v1/invoices", json=draft_body())).json()
        response = await client.post(f"/v1/invoices/{draft['id']}/finalize", json={})
        answer: dict[str, Any] = response.json()
        if response.status_code == 200:
            self.told.numbers.append((answer["number"], answer["id"]))
        return response.status_code, answer

    async def invx(self, *arguments: str) -> str:
        """Run the command line; what it printed. A failure fails the test."""
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", "from invx.cli import main; main()", *arguments],
            cwd=ROOT,
            env=self.installation.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout} {done.stderr}"
        return done.stdout + done.stderr

    async def gaps(self) -> dict[str, Any]:
        """The gap report of the series of invoices."""
        async with self._client() as client:
            listed = (await client.get("/v1/series")).json()["data"]
            [series] = [each for each in listed if each["types"] == ["invoice"]]
            report: dict[str, Any] = (await client.get(f"/v1/series/{series['id']}/gaps")).json()
            return report

    def _client(self) -> httpx.AsyncClient:
        token = self.installation.token(self.tenant_id)
        return httpx.AsyncClient(
            base_url=self.installation.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )


def now_text() -> str:
    """A moment as `--to` takes it."""
    return datetime.now(UTC).isoformat()


def named(report: str) -> tuple[list[int], list[int]]:
    """The numbers that a reconciliation calls lost, and those that it left out besides."""
    lost, left_out = list[int](), list[int]()
    for line in report.splitlines():
        found = re.match(r"  (LOST|LEFT OUT) \S*?-(\d+)(?: to \S*?-(\d+))? \(", line)
        if found:
            span = range(int(found[2]), int(found[3] or found[2]) + 1)
            (lost if found[1] == "LOST" else left_out).extend(span)
    return lost, left_out


async def set_back_under_load(
    lost_time: LostTime, *, before: float, after: float
) -> tuple[list[str], Counter[str]]:
    """Load, a moment, more load, kill -9, restore to the moment, reconcile, more load.

    What is wrong, and how much there was of what.
    """
    await lost_time.open()
    await lost_time.load(before)
    await lost_time.invx("backup")
    await lost_time.load(before)
    kept = len(lost_time.told.numbers)
    await asyncio.sleep(1)
    moment = now_text()
    await asyncio.sleep(1)
    load = asyncio.create_task(lost_time.load(after * 2))
    await asyncio.sleep(after)
    lost_time.installation.kill("both", 0)
    await load
    gone = lost_time.told.numbers[kept:]
    said = await lost_time.invx("restore", "--to", moment, "--over")
    wrong = [f"not named by restore: {number}" for number, _ in gone[:20] if number not in said]
    await lost_time.installation.start()
    status, problem = await lost_time.finalize()
    if (status, problem.get("code")) != (409, "series_on_hold"):
        wrong.append(f"a restored series answers {status} {problem}")
    report = await lost_time.invx("numbers", "reconcile")
    await lost_time.load(before)
    wrong += [f"given twice: {number}" for number in lost_time.told.twice()]
    lost, left_out = named(report)
    numbers = {int(number.rpartition("-")[2]) for number, _ in gone}
    if missing := numbers - {*lost, *left_out}:
        wrong.append(f"neither lost nor left out: {sorted(missing)} in {report}")
    gaps = await lost_time.gaps()
    if not gaps["complete"]:
        wrong.append(f"a gap without a reason: {gaps}")
    await lost_time.installation.stop()
    if not (said := await lost_time.invx("audit", "verify")).startswith("Intact"):
        wrong.append(said)
    counted = Counter(
        told=len(lost_time.told.numbers),
        gone=len(gone),
        lost=len(lost),
        left_out=len(left_out),
        unused=len({*lost, *left_out} - numbers),
    )
    return wrong, counted
