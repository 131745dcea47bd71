"""`invx up --services` with two processes of each context, and a breakable network between them.

Relay and worker of invoicing are processes of their own (`invx relay`, `invx work`), so that each
can be killed alone; identity and analytics have theirs inside.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg

from invx.cli.split import Split
from invx.host import CONTEXTS
from invx.infra.gateway.clusters import Upstream
from invx.infra.supervised import Program, Supervised, free_port
from invx.settings import read_settings
from tests.faults.proxy import Network, Proxy

ROOT = Path(__file__).parents[2]
LINKS = ("rabbitmq", "postgres", "valkey")
BACK_SECONDS_MAX = 240
_RUN = "from tests.faults.process import main; main()"


@dataclass(slots=True)
class Services(Split):
    """What runs, and what can be done to it."""

    links: dict[str, Proxy] = field(default_factory=dict)  # between contexts and what they need
    plant: str = ""
    _ports: dict[str, int] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def at(cls, home: Path, *, plant: str = "") -> "Services":
        """Nothing runs yet."""
        made = cls.of(
            read_settings({"INVX_HOME": str(home), "INVX_PORT": "0"}), free_port(), replicas=2
        )
        made.plant = plant
        return made

    def up(self) -> "Services":
        """Everything, and the network between."""
        network = Network()
        self._stack.callback(network.close)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._ports = {"rabbitmq": free_port(), "valkey": free_port()}
        self._sockets.mkdir(exist_ok=True)
        self.clock.write_text("0")
        self.links = {
            "rabbitmq": network.proxy(self._ports["rabbitmq"], lambda: self.rabbit.port),
            "valkey": network.proxy(self._ports["valkey"], lambda: self.valkey.port),
            "postgres": network.proxy(
                self._sockets / f".s.PGSQL.{self.postgres.port}", self._postgres_socket
            ),
        }
        self._stack.enter_context(self.running())
        return self

    def down(self) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def clock(self) -> Path:
        """How many seconds the clocks of the contexts are ahead."""
        return self.folder / "clock"

    def processes(self, context: str) -> list[Supervised]:
        """Those of a context that answer requests."""
        return [part for name, part in self.parts.items() if name.partition("-")[0] == context]

    @asynccontextmanager
    async def admin(self, context: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """A superuser's connection to a context's database, past the network; it is waited for."""
        end = time.monotonic() + BACK_SECONDS_MAX
        while True:
            try:
                conn = await asyncpg.connect(**self.place.of(context).admin)
                break
            except (OSError, asyncpg.CannotConnectNowError):
                assert time.monotonic() < end, "PostgreSQL does not come back"
                await asyncio.sleep(0.05)
        try:
            yield conn
        finally:
            await conn.close()

    def _programs(self, upstreams: Mapping[str, Sequence[Upstream]]) -> list[Program]:
        programs = Split._programs(self, upstreams)
        serving = next(each for each in programs if each.name == "invoicing")
        apart = [self._apart(serving, word) for word in ("relay", "work")]
        return [*programs, *apart]

    def _apart(self, serving: Program, word: str) -> Program:
        """`invx relay` or `invx work` for invoicing."""
        command = (sys.executable, "-P", "-c", _RUN, word, "--contexts", "invoicing")
        return replace(
            serving, name=word, command=command, answers=lambda: self.parts[word].pid is not None
        )

    def _context(self, context: str, port: int, name: str) -> Program:
        program = Split._context(self, context, port, name)
        told = {
            **program.environment,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))),
            "FAULTS_CLOCK": str(self.clock),
            "FAULTS_PLANT": self.plant,
            "INVX_LOG_LEVEL": "warning",
        }
        for variable, link in (("INVX_RABBITMQ", "rabbitmq"), ("INVX_VALKEY", "valkey")):
            told[variable] = _elsewhere(told[variable], self._ports[link])
        mode = ("--no-background",) if context == "invoicing" else ()
        command = (sys.executable, "-P", "-c", _RUN, "serve", "--contexts", context, *mode)
        return replace(program, command=command, environment=told)

    def _dsn(self, login: str, context: str) -> str:
        """Through the network between."""
        at = self.postgres.connection(login, f"invx_{context}")
        host, password = quote(str(self._sockets), safe=""), quote(str(at["password"]), safe="")
        return f"postgresql://{login}:{password}@/invx_{context}?host={host}&port={at['port']}"

    @property
    def _sockets(self) -> Path:
        return self.folder / "s"

    def _postgres_socket(self) -> Path:
        at = self.postgres.connection()
        return Path(str(at["host"])) / f".s.PGSQL.{at['port']}"


def _elsewhere(url: str, port: int) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{port}")).geturl()


assert set(CONTEXTS) == {"invoicing", "identity", "analytics"}, "a new context wants faults too"
