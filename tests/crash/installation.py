"""One installation on disk: its server process is started, killed and started again."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx

from invx.infra.embedded import Postgres
from invx.infra.postgres import Pools
from invx.infra.system import Uuid7Ids
from invx.infra.tokens import issue
from invx.place import (
    ALL_PERMISSIONS,
    create_tenant,
    embedded_server,
    place_of,
)
from invx.settings import PlaceSettings

ROOT = Path(__file__).parents[2]
KINDS = ("server", "postgres", "backend", "both")
READY_SECONDS_MAX = 300  # the first start makes the cluster


class NotReady(AssertionError):
    """The server did not come up, or not again."""


class Installation:
    """Its data lie under `home`; nothing runs before `start`."""

    def __init__(
        self,
        home: Path,
        settings: PlaceSettings | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home.resolve()
        self.settings = settings or PlaceSettings(home=self.home)
        self._more = more or {}
        self.log = self.home / "server.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._postgres: Postgres | None = None

    @property
    def postgres(self) -> Postgres:
        """Knows how to connect; it is the server process that runs it."""
        if self._postgres is None:
            self._postgres = embedded_server(self.settings)
        return self._postgres

    async def start(self) -> None:
        """Start the server process and wait until it says that it is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.server"],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self.wait_until_ready()

    def environment(self) -> dict[str, str]:
        """What its processes are told."""
        return {
            **{name: text for name, text in os.environ.items() if not name.startswith("INVX_")},
            "PYTHONPATH": str(ROOT / "src"),
            "INVX_HOME": str(self.home),
            "INVX_PORT": str(self.port),
            "INVX_TOKEN_LIFETIME_SECONDS_MAX": "86400",
            "INVX_LOG_LEVEL": "warning",
            **self._more,
        }

    async def wait_until_ready(self) -> None:
        """Raises NotReady when the process ended, or takes too long."""
        end = time.monotonic() + READY_SECONDS_MAX
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:
            while time.monotonic() < end:
                if self._process is None or self._process.poll() is not None:
                    raise NotReady(f"the server process ended: {self._said()}")
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise NotReady(f"not ready after {READY_SECONDS_MAX} s: {self._said()}")

    def kill(self, kind: str, which: float) -> None:
        """SIGKILL; `which` (0 to 1) chooses the backend. Who is not there cannot be killed."""
        postmaster = self.postmaster()
        if kind in ("server", "both"):
            assert self._process is not None
            self._process.kill()
            self._process.wait()
            self._process = None
        if kind in ("postgres", "both") and postmaster:
            os.kill(postmaster, signal.SIGKILL)
        if kind == "backend" and postmaster:
            backends = backends_of(postmaster)
            if backends:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(backends[int(which * len(backends))], signal.SIGKILL)

    @property
    def running(self) -> bool:
        """Whether the server process is there."""
        return self._process is not None and self._process.poll() is None

    def postmaster(self) -> int | None:
        """The process id of PostgreSQL's first process, if it lives."""
        file = self.postgres.location / "data" / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(file.read_text().splitlines()[0])
            if str(self.postgres.location) in command_line(pid):
                return pid
        return None

    async def stop(self) -> None:
        """Stop everything in good order; what does not obey is killed."""
        if self._process is not None:
            self._process.terminate()
            try:
                await asyncio.to_thread(self._process.wait, 60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if postmaster := self.postmaster():
            with contextlib.suppress(ProcessLookupError):
                os.kill(postmaster, signal.SIGQUIT)

    async def tenant(self) -> UUID:
        """A new live tenant."""
        tenant_id = Uuid7Ids().new()
        pools = Pools(replace(place_of(self.postgres).where, app_connections_max=1))
        await pools.open()
        try:
            await create_tenant(pools, tenant_id, name="Crash", mode="live")
        finally:
            await pools.close()
        return tenant_id

    def token(self, tenant_id: UUID) -> str:
        """For half a day: longer than any campaign."""
        return issue(
            self.settings.signing_key,
            tenant_id,
            subject="user:crash",
            permissions=ALL_PERMISSIONS,
            lifetime=timedelta(hours=12),
        )

    async def admin(self) -> asyncpg.Connection:
        """A superuser's connection to the installation's database."""
        return await asyncpg.connect(**place_of(self.postgres).admin)

    def _said(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def backends_of(postmaster: int) -> list[int]:
    """The processes that serve connections of Invx, oldest first."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and "postgres: invx_" in command_line(int(folder.name)):
            with contextlib.suppress(OSError, ValueError):
                stat = (folder / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[1]) == postmaster:
                    found.append(int(folder.name))
    return sorted(found)


def command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""
