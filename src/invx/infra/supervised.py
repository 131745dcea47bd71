"""A server program as a supervised child process: one per folder, started again when it dies.

For servers that need nothing more than that; PostgreSQL, which has a cluster to make and to guard,
has a supervisor of its own in `embedded`. Logs go to a file in the folder. A program that a killed
supervisor left running is stopped before it is started anew.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

LOG_BYTES_MAX = 10_000_000  # a longer log is set aside at the next start
_SOON_SECONDS = 2.0  # who dies so soon is started more slowly each time
_PAUSE_SECONDS_MAX = 10.0
_RESTART_SECONDS = 120.0
_POLL_SECONDS = 0.05
_GONE_SECONDS = 5.0
_TAIL_BYTES = 2_000


class ProgramFailed(Exception):
    """The program cannot be started or kept up; the message says what was seen."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is to be run. `answers` is asked until it says yes; then the program is ready.

    Of `environment` nothing is added to: who wants PATH passes it. `stop_seconds` is how long it
    may take after SIGTERM before it is killed, with whatever it started.
    """

    name: str
    command: Sequence[str]
    folder: Path  # its log, its lock, the number of its process
    answers: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 20.0


class Supervised:
    """Keeps one program running as long as this process wants it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.log = program.folder / f"{program.name}.log"
        self.restarts = 0  # by `watch`
        self._mark = program.folder / f"{program.name}.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()  # over starting and ending the child
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._lock: int | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self, timeout: float = 60) -> Self:
        """Start it, and wait until it answers. Raises ProgramFailed."""
        self.program.folder.mkdir(parents=True, exist_ok=True)
        self._stopping.clear()
        try:
            self._take_lock()
            self._end_orphan()
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
                self.log.rename(self.log.with_suffix(".log.1"))
            with self._guard:
                self._launch(timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def watch(self, report: Callable[[str], None]) -> None:
        """From now on start it again whenever it dies. `report` is called in a thread."""
        self._watcher = threading.Thread(
            target=self._keep_alive, args=(report,), name=f"{self.program.name}-watch", daemon=True
        )
        self._watcher.start()

    def stop(self) -> None:
        """End it and what it started. Repeatable."""
        self._stopping.set()
        with self._guard:
            if self._process is not None:
                _end(self._process, self.program.stop_seconds)
                self._mark.unlink(missing_ok=True)
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def kill(self) -> None:
        """End it the hard way, as a crash would; who watches starts it again."""
        if self._process is not None:
            _signal(self._process.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def _take_lock(self) -> None:
        path = self.program.folder / f"{self.program.name}.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise ProgramFailed(
                f"Another Invx runs {self.program.name} in {self.program.folder}."
            ) from error
        self._lock = lock

    def _end_orphan(self) -> None:
        """Stop what a killed supervisor left; a number that means another process is left alone."""
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
            left = json.loads(self._mark.read_text())
            pid, began = int(left["pid"]), str(left["began"])
            for how, seconds in ((signal.SIGTERM, self.program.stop_seconds), (signal.SIGKILL, 5)):
                if not began or _began(pid) != began:
                    break
                _signal(pid, how)
                end = time.monotonic() + seconds
                while _began(pid) == began and time.monotonic() < end:
                    time.sleep(_POLL_SECONDS)
        self._mark.unlink(missing_ok=True)

    def _launch(self, timeout: float) -> None:
        end = time.monotonic() + _GONE_SECONDS
        while self.program.answers():  # one that was killed still has its sockets for a moment
            if time.monotonic() > end:
                raise ProgramFailed(f"Something else answers where {self.program.name} would.")
            time.sleep(_POLL_SECONDS)
        said_before = self.log.stat().st_size if self.log.exists() else 0
        self.log.touch(0o600)
        with self.log.open("ab") as log:
            process = self._process = subprocess.Popen(  # noqa: S603 - our own command
                list(self.program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.program.environment),
                cwd=self.program.folder,
                umask=0o077,
                start_new_session=True,  # Ctrl-C in the terminal is for us, not for it
            )
        self._mark.write_text(json.dumps({"pid": process.pid, "began": _began(process.pid)}))
        end = time.monotonic() + timeout
        while not self._stopping.is_set():
            ended = process.poll() is not None
            if not ended and self.program.answers():
                return
            if ended or time.monotonic() > end:
                _end(process, 0)
                said = self.log.read_bytes()[said_before:].decode(errors="replace")[-_TAIL_BYTES:]
                how = "ended while starting" if ended else "did not answer in time"
                raise ProgramFailed(f"{self.program.name} {how}: {said.strip()}")
            time.sleep(_POLL_SECONDS)

    def _keep_alive(self, report: Callable[[str], None]) -> None:
        deaths, name = 0, self.program.name
        while (process := self._process) is not None:
            began = time.monotonic()
            code = process.wait()
            if self._stopping.is_set():
                return
            report(f"{name} ended (code {code}); starting it again")
            deaths = deaths + 1 if time.monotonic() - began < _SOON_SECONDS else 0
            self._stopping.wait(min(deaths, _PAUSE_SECONDS_MAX))
            with self._guard:
                if self._stopping.is_set():
                    return
                _end_session(process.pid)
                try:
                    self._launch(_RESTART_SECONDS)
                except (ProgramFailed, OSError) as error:
                    report(f"{name} is down: {error}")
                    deaths = max(deaths, 1)
                    continue
                self.restarts += 1
            report(f"{name} answers again")


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
        return True
    return False


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listened on just now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """SIGTERM to the program; after `seconds` SIGKILL to all of its session."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    _end_session(process.pid)
    process.wait()


def _end_session(session: int) -> None:
    """Kill what the program started too; two of them must never work on the same data."""
    end = time.monotonic() + _GONE_SECONDS
    while any(_began(pid) for pid in _session_of(session)) and time.monotonic() < end:
        _signal(session, signal.SIGKILL)
        time.sleep(_POLL_SECONDS / 5)


def _session_of(session: int) -> list[int]:
    """The processes of a session, as far as the system lists them; else its leader alone."""
    found = [session]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[3] == str(session):  # field 6 of proc_pid_stat(5)
                found.append(int(stat.parent.name))
    return found


def _signal(session: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, number)


def _began(pid: int) -> str:
    """When a living process began, in whatever the system says; empty for a dead one."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return "" if fields[0] in "ZX" else fields[19]  # field 22 of proc_pid_stat(5)
        return ""
    listed = subprocess.run(  # noqa: S603 - a number of ours
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return listed.stdout.strip()
