"""Runs the load against the server, beside the ceiling of the same statements, round by round."""

import asyncio
import itertools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import asyncpg

from bench import cpu, load, requests
from bench.capture import Captured
from bench.ceiling import Script, replay, scripts_of
from bench.installation import Server
from bench.load import Measured, drawn_from, request_bytes
from invx.infra.embedded import Postgres
from invx.place import DATABASE

KINDS = ("create", "finalize", "get", "list")
CLIENTS = (1, 16)
_BEYOND_ANY_ROUND = 100_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one kind: what the client saw, and the CPU seconds that it took of each side."""

    load: Measured
    server_cpu: float
    postgres_cpu: float
    others_cpu: float  # of this machine, by processes that are none of ours

    def per_request(self, seconds: float) -> float:
        """Milliseconds of CPU per request."""
        return seconds * 1000 / max(1, self.load.count)


@dataclass(slots=True)
class Bench:
    """The server under test, and what was measured so far."""

    server: Server
    postgres: Postgres
    token: str
    captured: Captured
    folder: Path
    seconds: float
    samples: dict[tuple[str, int], list[Sample]] = field(default_factory=dict)
    ceilings: dict[str, list[float]] = field(default_factory=dict)
    _replayed: int = 0
    _drafts: list[str] = field(default_factory=list)
    _issued: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """A seller, and enough requests of each kind that every statement is planned for good."""
        self._ask("POST", "/v1/legal-entities", requests.SELLER)
        for clients in (16, 16):
            for kind in KINDS:
                self.sample(kind, clients, seconds=min(1.5, self.seconds))
            # As autovacuum does after the first minute: without statistics plans are guesses.
            asyncio.run(self._analyze())
        self.samples.clear()

    async def _analyze(self) -> None:
        conn = await asyncpg.connect(**self.postgres.connection(database=DATABASE))
        await conn.execute("ANALYZE")
        await conn.close()

    def round(self, number: int) -> None:
        """Everything once, and the ceilings right beside, so that both see the same neighbours."""
        scripts = scripts_of(self.captured)
        each = max(10, int(self.seconds * 25))
        for clients in CLIENTS:
            self.sample("create", clients, seconds=self.seconds)
        self._ceiling("create", scripts["create"], each)
        # One client leaves drafts for the sixteen after it.
        self.sample("finalize", CLIENTS[0], seconds=self.seconds / 3)
        self.sample("finalize", CLIENTS[1], seconds=self.seconds)
        self._ceiling("finalize", scripts["finalize"], each)
        self._replayed = (number + 1) * _BEYOND_ANY_ROUND
        for kind, clients in itertools.product(("get", "list"), CLIENTS):
            self.sample(kind, clients, seconds=self.seconds / 2)

    def sample(self, kind: str, clients: int, *, seconds: float) -> None:
        """Measure one kind with so many clients."""
        following = self._following(kind)
        server, postgres, machine = self._spent()
        measured = asyncio.run(
            load.run(self.server.port, following, clients=clients, seconds=seconds)
        )
        if kind == "create":
            self._drafts += [json.loads(body)["id"] for body in measured.bodies]
        measured.bodies.clear()
        after = self._spent()
        spent_server, spent_postgres = after[0] - server, after[1] - postgres
        others = after[2] - machine - spent_server - spent_postgres - measured.client_cpu
        self.samples.setdefault((kind, clients), []).append(
            Sample(measured, spent_server, spent_postgres, max(0.0, others))
        )

    def median(self, kind: str, clients: int, figure: Callable[[Sample], float]) -> float:
        """The middle of the rounds."""
        return median(figure(sample) for sample in self.samples[kind, clients])

    def ratio(self, kind: str) -> float:
        """Requests against replayed transactions with sixteen clients, round by round."""
        pairs = zip(self.samples[kind, CLIENTS[1]], self.ceilings[kind], strict=True)
        return median(sample.load.per_second / ceiling for sample, ceiling in pairs)

    def _following(self, kind: str) -> load.NextRequest:
        if kind == "create":
            body = request_bytes("POST", "/v1/invoices", self.token, requests.draft())
            return lambda: body
        if kind == "list":
            page = request_bytes("GET", "/v1/invoices?limit=50", self.token)
            return lambda: page
        if kind == "get":
            paths = itertools.cycle(self._issued)
            return lambda: request_bytes("GET", next(paths), self.token)

        def finalize() -> bytes | None:
            if not self._drafts:
                return None
            path = f"/v1/invoices/{self._drafts.pop()}"
            self._issued.append(path)
            return request_bytes("POST", f"{path}/finalize", self.token, {})

        return finalize

    def _ceiling(self, kind: str, script: Script, each: int) -> None:
        done = replay(
            self.postgres, script, self.folder, clients=16, each=each, after=self._replayed
        )
        self.ceilings.setdefault(kind, []).append(done.per_second)

    def _ask(self, method: str, path: str, body: object) -> None:
        request = request_bytes(method, path, self.token, body)
        asyncio.run(load.run(self.server.port, drawn_from(iter([request])), clients=1, seconds=60))

    def _spent(self) -> tuple[float, float, float]:
        postgres = self.postgres.pid
        return (
            cpu.seconds(self.server.pid),
            cpu.tree_seconds(postgres) if postgres else 0.0,
            machine_seconds(),
        )


def machine_seconds() -> float:
    """CPU seconds that all processes of this machine have spent; 0 where it cannot be known."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _, _, irq, soft = map(int, stat.read_text().split()[1:8])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")
