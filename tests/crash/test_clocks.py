"""The process is killed while a sandbox's clock is on its way: another goes on, nothing twice."""

import asyncio
import random
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from invx.infra.embedded import Postgres
from invx.kernel.ids import parse_typeid
from invx.place import place_of
from tests.crash.installation import Installation
from tests.world import PASSWORD, SELLER, draft_body

INVOICES = 24
KILLS = 3
WAIT_SECONDS = 120


class Owner:
    """Somebody who signed up, and a sandbox of theirs with a key."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=60)
        self.sandbox = ""
        self.key = ""
        self.refresh = ""

    async def post(self, path: str, body: Any = None, *, inside: bool = True) -> dict[str, Any]:
        head = {"Authorization": f"Bearer {self.key}"} if inside else {}
        answer = await self.http.post(path, json=body, headers=head)
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def open(self) -> None:
        business = {"organization": "K", "name": "Ada", "email": "ada@kontor-nord.example"}
        tokens = await self.post("/v1/sign-up", {**business, "password": PASSWORD}, inside=False)
        self.key = tokens["access_token"]
        body = {"name": "S", "clock": "2026-01-01T08:00:00Z"}
        self.sandbox = (await self.post("/v1/sandboxes", body))["id"]
        known = (await self.http.get("/v1/permissions")).json()["data"]
        granted = [each["id"] for each in known if each["grantable"]]
        path = f"/v1/sandboxes/{self.sandbox}/api-keys"
        self.key = (await self.post(path, {"name": "K", "permissions": granted}))["secret"]
        head = {"Authorization": f"Bearer {self.key}"}
        async with asyncio.timeout(WAIT_SECONDS):  # invoicing hears of a sandbox a moment later
            while (await self.http.get("/v1/invoices", headers=head)).is_error:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def state(self, path: str) -> dict[str, Any]:
        answer = await self.http.get(path, headers={"Authorization": f"Bearer {self.key}"})
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said


async def overdue(server: Postgres, sandbox: str) -> dict[Any, int]:
    """How often each settlement became overdue."""
    conn = await asyncpg.connect(**place_of(server).admin)
    try:
        rows = await conn.fetch(
            "SELECT stream_id, count(*) AS times FROM invoicing.events"
            " WHERE tenant_id = $1 AND type = 'BecameOverdue' GROUP BY 1",
            parse_typeid("tnt", sandbox),
        )
    finally:
        await conn.close()
    return {row["stream_id"]: row["times"] for row in rows}


async def test_an_advance_survives_the_end_of_its_process_again_and_again(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    chance = random.Random(7)
    installation = Installation(tmp_path / "home")
    await installation.start()
    owner = Owner(installation.url)
    try:
        await owner.open()
        await owner.post("/v1/legal-entities", SELLER)
        for day in range(1, INVOICES + 1):
            terms = {"payment_terms": {"kind": "net", "days": day}}
            made = await owner.post("/v1/invoices", draft_body(**terms))
            await owner.post(f"/v1/invoices/{made['id']}/finalize", {})
        path = f"/v1/sandboxes/{owner.sandbox}/clock"
        begun = await owner.post(path, {"by": "P1M"})
        done = 0
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.05, 0.8))
            installation.kill("server", 0)
            await installation.start()
            said = await owner.state(f"{path}/{begun['id']}")
            assert said["done"] >= done, "what was reached is never lost"
            done = said["done"]
        async with asyncio.timeout(WAIT_SECONDS):
            while said["state"] != "done":
                await asyncio.sleep(0.1)
                said = await owner.state(f"{path}/{begun['id']}")
        assert (said["failed"], said["problem"]) == (0, None)
        counts = await overdue(installation.postgres, owner.sandbox)
        assert sorted(counts.values()) == [1] * INVOICES
    finally:
        await owner.http.aclose()
        installation.kill("both", 0)
