"""Clients that write invoices, lose their connections, and ask again with the same key."""

import asyncio
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.crash.journal import Journal, Operation
from tests.world import BUYER, SELLER, line

ANSWER_SECONDS_MAX = 90  # longer means that a request hangs
PATIENCE_SECONDS = 360
_BUSY = 409


@dataclass(slots=True)
class Tally:
    """What the clients saw in one round."""

    acknowledged: int = 0
    unavailable: int = 0  # 503
    cut: int = 0  # connections that were refused or broke
    repeated: int = 0  # acknowledged requests that were sent again, to compare the answers
    last_sent_at: float = 0.0
    # (sent at, answered at) of the attempts that were acknowledged
    moments: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def recovery(self, killed_at: float) -> float | None:
        """Seconds from a kill to the first acknowledgement of something sent after it."""
        after = [answered for sent, answered in self.moments if sent > killed_at]
        return min(after) - killed_at if after else None


class Clients:
    """Several clients of one tenant over one connection pool."""

    def __init__(self, url: str, token: str, journal: Journal, seed: str) -> None:
        self.journal = journal
        self.tally = Tally()
        self._chance = random.Random(seed)
        self._stop = asyncio.Event()
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_SECONDS_MAX,
            limits=httpx.Limits(max_connections=32),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def seller(self) -> None:
        """The legal entity whose invoices are written, once."""
        if not self.journal.of("entity"):
            await self._do("entity", "/v1/legal-entities", SELLER)

    async def run(self, count: int) -> None:
        """Ask again what nobody answered, then write until `finish`; what began is finished."""
        self._stop.clear()
        await asyncio.gather(*(self._send(operation) for operation in self.journal.open))
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(
                    self._write_invoices(random.Random(self._chance.random() + number))
                )

    def finish(self) -> None:
        """Begin nothing new."""
        self._stop.set()

    async def _write_invoices(self, chance: random.Random) -> None:
        while not self._stop.is_set():
            cents = chance.randrange(5_000, 500_000)
            body = {
                "buyer": BUYER,
                "lines": [line(f"{cents // 100}.{cents % 100:02}"), line("3.50", "7")],
            }
            draft = await self._do("draft", "/v1/invoices", body)
            path = f"/v1/invoices/{draft['id']}"
            await self._do("finalize", f"{path}/finalize", {})
            # At once, so that they race for the same streams.
            later: list[Coroutine[Any, Any, Any]] = [
                self._pay(path, chance) for _ in range(chance.randrange(3))
            ]
            if chance.random() < 0.4:
                later.append(
                    self._do(
                        "credit",
                        f"{path}/credit-notes",
                        {"amount": f"{chance.randrange(1, 10)}.00", "finalize": True},
                    )
                )
            await asyncio.gather(*later)
            if chance.random() < 0.3:
                await self._repeat(chance)
            await asyncio.sleep(chance.uniform(0, 0.5))

    async def _pay(self, path: str, chance: random.Random) -> None:
        amount = f"{chance.randrange(1, 15)}.{chance.randrange(100):02}"
        source = f"bank-{chance.getrandbits(64):x}"
        await self._do("payment", f"{path}/payments", {"amount": amount, "source": source})

    async def _do(self, kind: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        # Not of the seed: a campaign that goes on must not use a key again.
        operation = Operation(str(uuid4()), kind, path, body)
        self.journal.intend(operation)
        return await self._send(operation)

    async def _repeat(self, chance: random.Random) -> None:
        """The same key again: the same answer, and no second effect."""
        operation = chance.choice(self.journal.of("draft", "finalize", "payment", "credit"))
        status, answer = await self._ask(operation)
        self.tally.repeated += 1
        if (status, answer) != (operation.status, operation.answer):
            self.tally.wrong.append(
                f"{operation.key} was answered {operation.answer}, then {answer}"
            )

    async def _send(self, operation: Operation) -> dict[str, Any]:
        status, answer = await self._ask(operation)
        if not 200 <= status < 300:
            self.tally.wrong.append(f"{operation.kind} {operation.path} got {status}: {answer}")
        self.journal.answered(operation, status, answer)
        self.tally.acknowledged += 1
        return answer

    async def _ask(self, operation: Operation) -> tuple[int, dict[str, Any]]:
        """The lasting answer, however often it takes."""
        end = time.monotonic() + PATIENCE_SECONDS
        pause = 0.1
        while time.monotonic() < end:
            sent_at = self.tally.last_sent_at = time.monotonic()
            try:
                response = await self._http.post(
                    operation.path, json=operation.body, headers={"Idempotency-Key": operation.key}
                )
            except httpx.TransportError as error:
                self.tally.cut += 1
                if isinstance(error, httpx.ReadTimeout):
                    self.tally.wrong.append(f"{operation.path} hung {ANSWER_SECONDS_MAX} s")
            else:
                if response.status_code < 500 and "retry-after" not in response.headers:
                    self.tally.moments.append((sent_at, time.monotonic()))
                    return response.status_code, response.json()
                self._note(response)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        raise AssertionError(f"{operation.kind} {operation.path} {operation.key}: never answered")

    def _note(self, response: httpx.Response) -> None:
        """While PostgreSQL is away only one answer is right; a busy key is told to wait."""
        if response.status_code == _BUSY:
            return
        self.tally.unavailable += 1
        code = response.json().get("code") if "json" in response.headers["content-type"] else None
        if (response.status_code, code) != (503, "unavailable"):
            self.tally.wrong.append(f"{response.status_code} {response.text[:300]}")
        elif not response.headers.get("retry-after", "").isdecimal():
            self.tally.wrong.append("503 without Retry-After")
