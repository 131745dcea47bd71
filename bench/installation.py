"""The installation that is measured: a scratch home, the embedded PostgreSQL with fsync on."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from invx.host import build_host
from invx.infra.embedded import Postgres
from invx.infra.postgres import Pools
from invx.infra.running import Host
from invx.infra.system import Uuid7Ids
from invx.place import (
    create_tenant,
    development_token,
    embedded_server,
    ensure_key,
    place_of,
    prepare_database,
)
from invx.settings import Settings, read_settings

HOME = "INVX_HOME"
LIFETIME = timedelta(hours=2)


def bench_settings() -> Settings:
    """The settings of the scratch home, with tokens that outlive the run. Raises SettingInvalid."""
    settings = read_settings()
    auth = replace(settings.auth, token_lifetime_seconds_max=int(LIFETIME.total_seconds()))
    quiet = replace(settings.observability, log_level="warning")
    return replace(settings, auth=auth, observability=quiet)


async def prepared_host(settings: Settings) -> Host:
    """A host on the running server of this home."""
    return await build_host(place_of(embedded_server(settings.place)).where, settings)


@contextmanager
def running_postgres(home: Path) -> Iterator[Postgres]:
    """The embedded server under `home`, migrated; nothing of its durability is switched off."""
    os.environ[HOME] = str(home)
    settings = bench_settings()
    with embedded_server(settings.place) as server:
        asyncio.run(prepare_database(place_of(server)))
        ensure_key(settings.place)
        yield server


async def new_tenant(host: Host, settings: Settings) -> tuple[UUID, str]:
    """A tenant and a token of it."""
    tenant_id = await new_tenant_in(host.pools)
    return tenant_id, token_of(settings, tenant_id)


async def new_tenant_in(pools: Pools) -> UUID:
    """A tenant that every context knows."""
    tenant_id = Uuid7Ids().new()
    await create_tenant(pools, tenant_id, name="Bench")
    return tenant_id


def token_of(settings: Settings, tenant_id: UUID, lifetime: timedelta = LIFETIME) -> str:
    """A token that outlives the run."""
    return development_token(settings, tenant_id, subject="user:bench", lifetime=lifetime)


class Server:
    """The server as a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self._process = process
        self.port = port

    @property
    def pid(self) -> int:
        return self._process.pid

    def loop_lag(self) -> dict[str, float]:
        """Percentiles in milliseconds since this was last asked."""
        self._write("lag\n")
        found: dict[str, float] = json.loads(self.read())
        return found

    def _write(self, text: str) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(text)
            self._process.stdin.flush()

    def read(self) -> str:
        return self._process.stdout.readline() if self._process.stdout is not None else ""


@contextmanager
def running_server(*options: str) -> Iterator[Server]:
    """The server on a free port of this machine, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(
        [sys.executable, "-m", "bench.server", str(port), *options], **streams
    ) as process:
        try:
            server = Server(process, port)
            if server.read().strip() != "ready":
                raise RuntimeError("the server did not start; see its output above")
            yield server
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(timeout=60)
