"""An installation as its user has it: the `invx` program in processes, on a free port."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

INVX = Path(sys.executable).with_name("invx")
SECONDS_MAX = 300  # for a command that does much, on a slow machine
_CURL = re.compile(r"^  (curl -s .+)$", re.MULTILINE)


class Installation:
    """One home folder and the commands that are run on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._running: subprocess.Popen[str] | None = None
        self.services = False
        self.told: dict[str, str] = {}
        self._said = home.parent / f"{home.name}.out"

    def environment(self, **more: str) -> dict[str, str]:
        """Ours, without settings of whoever runs the tests.

        Commands find the databases of services where `invx up --services` wrote them down.
        """
        own = {name: text for name, text in os.environ.items() if not name.startswith("INVX_")}
        databases = self.home / "services" / "databases.json"
        if self.services and databases.exists():
            own["INVX_CONTEXT_DATABASES"] = str(databases)
        return {**own, "INVX_HOME": str(self.home), "INVX_PORT": "0", **self.told, **more}

    def invx(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """A command, to its end."""
        return subprocess.run(
            [INVX, *words],
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )

    def up(self, *, port: int = 0, services: bool = False, **told: str) -> "Installation":
        """`invx up`, until it has said how to begin; `told` are settings of it from now on."""
        self.services, self.told = services, told
        with self._said.open("w") as output:
            self._running = subprocess.Popen(
                [INVX, "up", *(["--services"] if services else [])],
                env=self.environment(INVX_PORT=str(port)),
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        end = time.monotonic() + (3 if services else 1) * SECONDS_MAX
        while "Ctrl-C stops everything" not in self.said:
            assert self._running.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.05)
        return self

    @property
    def said(self) -> str:
        """What `invx up` has printed so far."""
        return self._said.read_text()

    @property
    def url(self) -> str:
        return str(json.loads((self.home / "running.json").read_text())["url"])

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    def signal(self, number: int) -> int:
        """Send it, wait for the end, and give the exit code."""
        assert self._running is not None
        self._running.send_signal(number)
        return self._running.wait(SECONDS_MAX)

    def end(self) -> None:
        """Whatever runs, ends."""
        if self._running is not None and self._running.poll() is None:
            self.signal(signal.SIGTERM)

    def curl(self) -> dict[str, Any]:
        """The answer to the command that `invx up` printed for pasting."""
        (command,) = _CURL.findall(self.said)
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def client(self, *tenant: str) -> httpx.Client:
        """A client of the API: of the demo's sandbox by its key, of another tenant by `token`."""
        token = self.invx("token", *tenant).stdout.strip() if tenant else self.login["key"]
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60
        )

    @property
    def login(self) -> dict[str, str]:
        """How to get into the demo business that `invx up` signed up."""
        folder = self.home / "services" if self.services else self.home
        found: dict[str, str] = json.loads((folder / "login.json").read_text())
        return found

    def postgres_runs(self) -> bool:
        """Whether a server of this installation lives."""
        listed = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True)
        return any(f"-D {self.home}" in line for line in listed.stdout.splitlines())


@contextmanager
def installed(name: str = "home") -> Iterator[Installation]:
    """A fresh installation in a folder that the database's account can reach."""
    with tempfile.TemporaryDirectory(prefix="invx-up-") as folder:
        Path(folder).chmod(0o755)
        installation = Installation(Path(folder) / name)
        try:
            yield installation
        finally:
            installation.end()
