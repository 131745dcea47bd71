"""The one `invx up` of an installation: claimed by a lock that the kernel lets go of at its end."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from invx.cli.ground import Refused, program

_CLAIM_SECONDS = 0.5  # somebody may only be looking


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves this installation; `url` is empty until it answers."""

    pid: int
    url: str = ""


def running_instance(home: Path) -> Running | None:
    """Who serves the installation in `home` now, if anybody."""
    try:
        lock = os.open(home / ".lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Running(**json.loads((home / "running.json").read_text()))
        return Running(0)  # claimed this very moment
    finally:
        os.close(lock)
    return None


@contextlib.contextmanager
def claimed(home: Path) -> Iterator[Callable[[str], None]]:
    """Be the only one for `home`; call what comes back with the URL once it answers.

    Raises Refused when another process is it, or when `home` cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = os.open(home / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Refused(
            f"{home} cannot be written ({error.strerror}): name a folder of yours in INVX_HOME."
        ) from None
    note = home / "running.json"
    try:
        _take(lock, home)
        try:
            _write(note, Running(os.getpid()))
            yield lambda url: _write(note, Running(os.getpid(), url))
        finally:
            note.unlink(missing_ok=True)
    finally:
        os.close(lock)


def end_instance(home: Path, seconds: float) -> Running | None:
    """Tell the `invx up` of `home` to stop and wait for its end; None when there is none.

    Raises Refused when it belongs to somebody else, or has not ended after `seconds`.
    """
    running = running_instance(home)
    if running is None:
        return None
    try:
        if running.pid:
            os.kill(running.pid, signal.SIGTERM)
    except PermissionError:
        raise Refused(f"Process {running.pid} belongs to another account.") from None
    except ProcessLookupError:
        pass  # it ended meanwhile
    limit = time.monotonic() + seconds
    while running_instance(home) is not None:
        if time.monotonic() > limit:
            raise Refused(f"Process {running.pid} has not ended after {seconds:.0f} s.")
        time.sleep(0.05)
    return running


def _take(lock: int, home: Path) -> None:
    end = time.monotonic() + _CLAIM_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < end:
                time.sleep(0.02)
                continue
            other = running_instance(home) or Running(0)
            where = f" at {other.url}" if other.url else ""
            raise Refused(
                f"Invx runs from {home} already{where} (process {other.pid}). "
                f"Stop it with `{program()} stop`, or name another folder in INVX_HOME."
            ) from None
        else:
            return


def _write(note: Path, running: Running) -> None:
    draft = note.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(running)))
    draft.replace(note)
