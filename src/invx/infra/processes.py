"""Work that may hang, crash or grow without bound: in processes that can be killed.

Each process does one job at a time, for one function, and is started when first needed. It is
killed when a job exceeds its time or the process its memory, replaced when it dies, and renewed
after so many jobs. Processes inherit neither settings nor open files, and hold nothing that would
be lost: ending one is always to kill it.
"""

import asyncio
import contextlib
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from invx.infra.process_worker import frame, read_frame
from invx.kernel.errors import Unavailable

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.1  # how often a job under way is looked at
_TAIL_BYTES = 2_000
_ATTEMPTS = 2  # of a job whose process died under it
# Nothing else of our environment is a worker's business, least of all the passwords in it.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class WorkersBusy(Unavailable):
    """So many jobs wait already that another one would wait too long."""


class WorkersStopped(Unavailable):
    """This process is shutting down."""


class WorkTimedOut(Unavailable):
    """The job took longer than it may and was stopped."""


class WorkTooLarge(Unavailable):
    """The job took more memory than it may and was stopped."""


class WorkerLost(Unavailable):
    """The process that did the job died, twice."""


class WorkFailed(Exception):
    """The function raised an error, which is our defect; `stack` says where."""

    def __init__(self, type: str, text: str, stack: str) -> None:
        super().__init__(f"{type}: {text}")
        self.type = type
        self.stack = stack


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What a pool may use. Seconds are of wall time; a job's begin when its process takes it."""

    processes: int = 2
    seconds: float = 30.0
    start_seconds: float = 60.0  # until a new process is ready
    waiting: int = 64  # jobs beyond those under way
    jobs: int = 2_000  # then a new process
    rss_bytes_kept: int = 700_000_000  # more than this after a job: a new process
    rss_bytes_max: int = 1_500_000_000  # more than this during a job: killed


class Processes:
    """A pool of processes for one function of a module.

    The function takes and returns what MessagePack can carry; as text it is `module:function`, so
    that its module need not be imported here. It may keep things between jobs, in its module. The
    pool serves any number of event loops and threads.
    """

    def __init__(
        self, work: Callable[[Any], Any] | str, name: str, limits: ProcessLimits | None = None
    ) -> None:
        self._work = work if isinstance(work, str) else f"{work.__module__}:{work.__qualname__}"
        self._name = name
        self._limits = limits or ProcessLimits()
        self._threads = ThreadPoolExecutor(self._limits.processes, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._admitted = 0
        self._closed = False
        self._alive: set[_Process] = set()
        self._idle: list[_Process] = []  # the last one used is used next: its caches are warm

    @property
    def pids(self) -> list[int]:
        """The processes that live now."""
        with self._lock:
            return sorted(process.pid for process in self._alive)

    async def run(self, question: Any, *, seconds: float | None = None) -> Any:
        """What the function answers.

        Raises WorkersBusy at once when too many wait; WorkTimedOut, WorkTooLarge, WorkerLost;
        WorkFailed when the function raises. A caller who is cancelled while the job runs lets it
        end unheard.
        """
        return await asyncio.wrap_future(self.submit(question, seconds=seconds))

    def submit(self, question: Any, *, seconds: float | None = None) -> "Future[Any]":
        """Like `run`, for callers without an event loop."""
        with self._lock:
            if self._closed:
                raise WorkersStopped
            if self._admitted >= self._limits.processes + self._limits.waiting:
                raise WorkersBusy
            self._admitted += 1
        future = self._threads.submit(self._do, question, seconds or self._limits.seconds)
        future.add_done_callback(self._leave)
        return future

    def close(self) -> None:
        """Kill all processes; jobs under way and waiting fail with WorkersStopped."""
        with self._lock:
            self._closed = True
            alive = list(self._alive)
        for process in alive:
            process.kill()
        self._threads.shutdown(wait=True)
        with self._lock:
            left, self._idle = self._idle, []
            self._alive.difference_update(left)
        for process in left:
            process.end()

    def _leave(self, _: "Future[Any]") -> None:
        with self._lock:
            self._admitted -= 1

    def _do(self, question: Any, seconds: float) -> Any:
        for attempt in range(1, _ATTEMPTS + 1):
            process = self._take()
            kept = False
            try:
                reply = process.ask(question, seconds)
                kept = process.jobs < self._limits.jobs and reply["rss"] <= (
                    self._limits.rss_bytes_kept
                )
            except WorkerLost as lost:
                if self._closed:
                    raise WorkersStopped from None
                log.warning("worker process died", pool=self._name, output=process.tail())
                if attempt == _ATTEMPTS:
                    raise WorkerLost(lost.detail) from None
                continue
            finally:
                self._give_back(process, kept=kept)
            if error := reply.get("error"):
                raise WorkFailed(**error)
            return reply["answer"]
        raise WorkerLost

    def _take(self) -> "_Process":
        """An idle process that lives, or a new one. Raises WorkersStopped."""
        while True:
            with self._lock:
                if self._closed:
                    raise WorkersStopped
                process = self._idle.pop() if self._idle else None
            if process is None:
                return self._start()
            if process.lives:
                return process
            self._give_back(process, kept=False)

    def _start(self) -> "_Process":
        try:
            process = _Process(self._work, self._limits)
        except OSError as error:
            raise WorkerLost(f"No process can be started: {error.strerror}.") from error
        with self._lock:
            if not self._closed:
                self._alive.add(process)
                return process
        process.end()
        raise WorkersStopped

    def _give_back(self, process: "_Process", *, kept: bool) -> None:
        with self._lock:
            if kept and not self._closed:
                self._idle.append(process)
                return
            self._alive.discard(process)
        process.end()


class _Process:
    """One worker process, as the thread that uses it sees it."""

    def __init__(self, work: str, limits: ProcessLimits) -> None:
        self.jobs = 0
        self._limits = limits
        self._ready = False
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._channel, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "invx.infra.process_worker", work],
                stdin=theirs.fileno(),
                stdout=self._output,
                stderr=self._output,
                env=_environment(),
                start_new_session=True,
            )
        except OSError:
            self._channel.close()
            self._output.close()
            raise
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        pid: int = self._process.pid
        return pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: Any, seconds: float) -> dict[str, Any]:
        """What it answers to a job. Raises WorkTimedOut, WorkTooLarge or WorkerLost."""
        try:
            if not self._ready:
                self._receive(time.monotonic() + self._limits.start_seconds)
                self._ready = True
            self.jobs += 1
            deadline = time.monotonic() + seconds
            self._send(frame({"question": question, "seconds": seconds}), deadline)
            reply: dict[str, Any] = self._receive(deadline)
        except (EOFError, ConnectionError) as error:
            raise WorkerLost from error
        return reply

    def tail(self) -> str:
        """The end of what it wrote to its standard output and error."""
        with contextlib.suppress(ValueError, OSError):
            size = os.fstat(self._output.fileno()).st_size
            data = os.pread(self._output.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES))
            return data.decode(errors="replace")
        return ""

    def kill(self) -> None:
        """Whatever it does, it ends now; whoever waits for it learns of it."""
        self._process.kill()

    def end(self) -> None:
        """Kill it and leave nothing behind."""
        self._process.kill()
        self._process.wait()
        self._channel.close()
        self._output.close()

    def _send(self, data: bytes, deadline: float) -> None:
        left = memoryview(data)
        while left:
            self._channel.settimeout(self._patience(deadline))
            with contextlib.suppress(TimeoutError):
                left = left[self._channel.send(left) :]

    def _receive(self, deadline: float) -> Any:
        def receive(count: int) -> bytes:
            while True:
                self._channel.settimeout(self._patience(deadline))
                with contextlib.suppress(TimeoutError):
                    return self._channel.recv(count)

        return read_frame(receive)

    def _patience(self, deadline: float) -> float:
        """How long to wait before looking again. Raises when there is nothing to wait for."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise WorkTimedOut
        if _rss_bytes(self.pid) > self._limits.rss_bytes_max:
            raise WorkTooLarge
        return min(left, WATCH_SECONDS)


def _rss_bytes(pid: int) -> int:
    """The memory of a process; 0 where the system has no /proc."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def _environment() -> dict[str, str]:
    paths = [path or os.getcwd() for path in sys.path]  # noqa: PTH109 - a string is wanted
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}
