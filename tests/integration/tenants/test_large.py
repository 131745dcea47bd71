"""A large tenant is moved, exported, imported and erased while others write.

Three hundred invoices here; 100,000 in `make soak ARGS=tests/integration/tenants`, which writes
down what it took. TENANT_INVOICES chooses another count there.
"""

import asyncio
import os
import re
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from invx.host import CONTEXTS
from invx.infra.embedded import Postgres
from tests.crash.progress import commit
from tests.e2e.installation import INVX
from tests.integration.tenants.two import another, desk_in, everything_of
from tests.tenants import environment, tnt
from tests.world import Desk, World, draft_body, open_world, post

REPORT = Path(__file__).parents[3] / "docs" / "measurements" / "tenants.md"
MEGABYTES = 1024  # of the kilobytes in which the kernel tells memory
AT_ONCE = 1_000
TOKEN_SECONDS = 120  # after which a writer takes another one


@dataclass
class Writer:
    """Somebody at work; `numbers` are those that were answered."""

    desk: Desk
    numbers: list[int] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    waited: float = 0.0  # the longest time between two answers

    async def write(self, stop: asyncio.Event) -> None:
        began = last = time.monotonic()
        desk = self.desk
        while not stop.is_set():
            if time.monotonic() - began > TOKEN_SECONDS:  # a large tenant takes longer than that
                began, desk = time.monotonic(), desk_in(desk.world, desk)
            made = await desk.client.post("/v1/invoices", json=draft_body())
            if made.status_code == 201:
                path = f"/v1/invoices/{made.json()['id']}/finalize"
                made = await desk.client.post(path, json={})
            if made.status_code == 200:
                self.numbers.append(int(made.json()["number"].rpartition("-")[2]))
                self.waited = max(self.waited, time.monotonic() - last)
                last = time.monotonic()
            else:
                self.refused.add(made.json()["code"])
            await asyncio.sleep(0.02)


@asynccontextmanager
async def writing(*desks: Desk) -> AsyncIterator[list[Writer]]:
    writers = [Writer(desk) for desk in desks]
    stop = asyncio.Event()
    tasks = [asyncio.create_task(writer.write(stop)) for writer in writers]
    try:
        yield writers
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@dataclass(frozen=True)
class Took:
    """A command: what it printed, its seconds, and the most memory that it had, in MB."""

    text: str
    seconds: float
    megabytes: float


async def command(world: World, *words: str) -> Took:
    """Run it as its own process, to its end."""

    def run() -> Took:
        began = time.monotonic()
        process = subprocess.Popen(
            [INVX, *words],
            env=environment(world),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, text
        return Took(text, time.monotonic() - began, used.ru_maxrss / MEGABYTES)

    return await asyncio.to_thread(run)


async def many(desk: Desk, count: int) -> None:
    body = {**draft_body(), "finalize": True}
    for left in range(count, 0, -AT_ONCE):
        items = [body] * min(left, AT_ONCE)
        client = desk_in(desk.world, desk).client  # with a token that lasts
        answer = await post(client, "/v1/invoices/batch", {"items": items})
        assert answer["accepted"] == len(items)


async def carry(
    server: Postgres, folder: Path, count: int, say: Callable[[str], None] = lambda _: None
) -> dict[str, Took]:
    """Move, export, import and erase; what each took. Fails when anything is lost or seen."""
    took: dict[str, Took] = {}

    async def done(name: str, world: World, *words: str) -> None:
        took[name] = await command(world, "tenant", *words)
        said = took[name]
        say(f"{name}: {said.seconds:.1f} s, {said.megabytes:.0f} MB: {said.text.strip()}")

    folder.mkdir(exist_ok=True)
    async with open_world(server, folder, placements=("acme",)) as house:
        desk, other = await house.seller(), await house.seller()
        await many(desk, count)
        say(f"{count} invoices")
        id, file = tnt(desk.tenant_id), folder / "t.zip"
        async with writing(desk, other) as (own, others):
            await done("move", house, "move", id, "--to", "acme")
        assert own.refused <= {"tenant_moving"}
        assert sorted(own.numbers) == list(range(count + 1, count + 1 + len(own.numbers)))
        async with writing(other) as (later,):
            await done("suspend", house, "suspend", id)
            await done("export", house, "export", id, str(file))
            async with another(server, folder / "b") as elsewhere:
                stranger = await elsewhere.seller()
                async with writing(stranger) as (strange,):
                    await done("import", elsewhere, "import", str(file))
                there = desk_in(elsewhere, desk)
                await whole(there, count + len(own.numbers))
                await whole(stranger, len(strange.numbers))
                await done("erase", house, "erase", id, "--confirm", "T")
        assert not others.refused | later.refused | strange.refused
        await whole(other, len(others.numbers) + len(later.numbers))
        left = await everything_of(house, desk.tenant_id)
        assert left == {f"{context}.tenants": 1 for context in CONTEXTS}
        say(f"others waited {max(others.waited, later.waited):.2f} s at most")
    return took


async def whole(desk: Desk, count: int) -> None:
    """So many numbers, without a gap, and no document of anybody else."""
    async with desk.world.admin() as conn:
        row = await conn.fetchrow(
            "SELECT count(*) AS count, max(number) AS last, count(DISTINCT number) AS different"
            " FROM invoicing.numbers WHERE tenant_id = $1",
            desk.tenant_id,
        )
    assert tuple(row) == (count, count or None, count)
    data = (await desk_in(desk.world, desk).get("/v1/invoices", limit=100))["data"]
    assert {each["legal_entity"] for each in data} <= {desk.entity}


async def test_a_tenant_is_carried_while_others_write(server: Postgres, tmp_path: Path) -> None:
    took = await carry(server, tmp_path / "a", 300)
    frozen = re.search(r"write for (\d+\.\d+) s", took["move"].text)
    assert frozen
    assert float(frozen[1]) < took["move"].seconds
    assert all(each.megabytes > 0 for each in took.values())


@pytest.mark.soak
async def test_a_tenant_of_100_000_invoices_is_carried_while_others_write(
    server: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = int(os.environ.get("TENANT_INVOICES", "100000"))
    lines: list[str] = []

    def say(text: str) -> None:
        lines.append(text)
        with capsys.disabled():
            print(text, flush=True)

    took = await carry(server, tmp_path / "a", count, say)
    rows = [
        f"| {name} | {each.seconds:.1f} | {each.megabytes:.0f} | {said_last(each)} |"
        for name, each in took.items()
    ]
    REPORT.write_text(
        _REPORT.format(count=count, commit=commit(), table="\n".join(rows), last=lines[-1])
    )


def said_last(took: Took) -> str:
    """What it printed about its work, without the bar."""
    said = [line for line in took.text.splitlines() if line[:1].isalnum() or line[:1] == "/"]
    found = next((line for line in reversed(said) if "rows" in line), said[-1] if said else "")
    return re.sub(r"/\S*/", "", found)  # a file by its name


_REPORT = """# A large tenant is carried

Written by `make soak ARGS=tests/integration/tenants`. A tenant of {count} invoices, and another
tenant that drafts and finalizes all the while, as do the tenant itself during its move and a
stranger in the second installation. Every number that was answered is there, once, without a gap.
The server runs without fsync, as in all tests; seconds are of the command's process from its
start. Its memory is an upper bound: what the process that started it had is counted too.

- commit `{commit}`
- {last}

| command | seconds | MB | it said |
| --- | ---: | ---: | --- |
{table}
"""
