"""RabbitMQ as supervised child processes: no system service, no root, nothing shared.

The programs are the distribution's (Debian: `rabbitmq-server`); data, configuration, node name,
Erlang cookie and ports are ours. Everything listens on 127.0.0.1 only. Erlang's name server (epmd)
runs beside it under the same supervision, because one that the broker starts by itself outlives it.
"""

import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import quote

from invx.infra.supervised import Program, ProgramFailed, Supervised, free_port, listens

_LOGIN = "invx"
_START_SECONDS = 120  # 5 on a machine that does nothing else
_DEBIAN = Path("/usr/lib/rabbitmq/lib")  # what stands in /usr/sbin there changes the account
_CONFIGURATION = """\
listeners.tcp.default = 127.0.0.1:{port}
default_user = {login}
default_pass = {password}
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 100MB
log.console = true
log.console.level = warning
log.file = false
"""


def find_rabbit(given: Path | None = None) -> Path:
    """The folder with `sbin/rabbitmq-server`. Raises ProgramFailed."""
    found = [given] if given else list(_DEBIAN.glob("*"))
    if not found and (program := shutil.which("rabbitmq-server")):
        found = [Path(program).resolve().parents[1]]
    for folder in sorted(found, reverse=True):
        if (folder / "sbin" / "rabbitmq-server").exists():
            return folder
    raise ProgramFailed(
        "No RabbitMQ found: install it (Debian, Ubuntu: sudo apt-get install rabbitmq-server;"
        " Mac: brew install rabbitmq), and try again."
    )


class Rabbit:
    """One broker whose data lie under `base`; it runs as long as this process keeps it.

    Ports that are not given are free ones, kept in the folder: clients find it where it was.
    Raises ProgramFailed when no RabbitMQ is installed.
    """

    def __init__(self, base: Path, *, port: int | None = None, home: Path | None = None) -> None:
        self.base = base.resolve()
        self._home = find_rabbit(home)
        self._given_port = port
        self._known = self.base / "broker.json"
        self._parts: list[Supervised] = []

    @property
    def url(self) -> str:
        """How to reach it. It holds the password: never log it."""
        known = self._facts()
        return f"amqp://{_LOGIN}:{quote(known['password'])}@127.0.0.1:{known['port']}/"

    @property
    def port(self) -> int:
        """Where it listens for clients."""
        return int(self._facts()["port"])

    @property
    def broker(self) -> Supervised:
        """The server's process, to look at and, in tests, to kill."""
        return self._parts[-1]

    def start(self, timeout: float = _START_SECONDS) -> Self:
        """Bring it up; returns when it takes connections. Raises ProgramFailed."""
        self.base.mkdir(parents=True, exist_ok=True)
        self.base.chmod(0o700)
        self._configure()
        known = self._facts()
        names, port = int(known["epmd_port"]), int(known["port"])
        programs = (
            Program(
                "epmd", ("epmd", "-address", "127.0.0.1", "-port", str(names)),
                self.base, lambda: listens(names), {"PATH": _path()}, 2,
            ),
            Program(
                "rabbitmq", (str(self._home / "sbin" / "rabbitmq-server"),),
                self.base, lambda: listens(port), self._environment(),
            ),
        )  # fmt: skip
        self._parts = []
        try:
            for program in programs:
                part = Supervised(program)
                part.start(timeout)
                self._parts.append(part)
        except BaseException:
            self.stop()
            raise
        return self

    def watch(self, report: Callable[[str], None]) -> None:
        """Start it again whenever it dies."""
        for part in self._parts:
            part.watch(report)

    def stop(self) -> None:
        """Stop it; what was confirmed stays in its folder. Repeatable."""
        for part in reversed(self._parts):
            part.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def _facts(self) -> dict[str, str]:
        """Ports and password of this broker, made once: the node's data belong to them."""
        if self._known.exists():
            known: dict[str, str] = json.loads(self._known.read_text())
            return known
        ports = {name: str(free_port()) for name in ("port", "epmd_port", "distribution_port")}
        if self._given_port is not None:
            ports["port"] = str(self._given_port)
        made = {**ports, "password": secrets.token_urlsafe(24)}
        self._known.touch(0o600)
        self._known.write_text(json.dumps(made, indent=2))
        return made

    def _configure(self) -> None:
        known = self._facts()
        for folder in ("etc", "home", "mnesia", "log"):
            (self.base / folder).mkdir(exist_ok=True)
        file = self.base / "etc" / "rabbitmq.conf"
        file.touch(0o600)
        file.write_text(
            _CONFIGURATION.format(port=known["port"], login=_LOGIN, password=known["password"])
        )
        (self.base / "etc" / "enabled_plugins").write_text("[].\n")

    def _environment(self) -> dict[str, str]:
        known, base = self._facts(), self.base
        return {
            "PATH": _path(),
            "HOME": str(base / "home"),  # where Erlang makes and finds its cookie
            "LC_ALL": "C.UTF-8",
            "RABBITMQ_BASE": str(base),
            "RABBITMQ_HOME": str(self._home),
            "RABBITMQ_NODENAME": f"invx{known['port']}@localhost",
            "RABBITMQ_DIST_PORT": known["distribution_port"],
            "ERL_EPMD_PORT": known["epmd_port"],
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(base / "mnesia"),
            "RABBITMQ_LOG_BASE": str(base / "log"),
            "RABBITMQ_PID_FILE": str(base / "node.pid"),
            "RABBITMQ_SCHEMA_DIR": str(base / "schema"),
            "RABBITMQ_CONFIG_FILE": str(base / "etc" / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(base / "etc" / "advanced"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(base / "etc" / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none"
            ),
        }


def _path() -> str:
    """Where Erlang's programs are looked for; a daemon's account often lacks the last two."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
