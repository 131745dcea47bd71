"""What the worker processes of the tests do."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

_seen: list[Any] = []
_hoard: list[bytearray] = []


def act(question: dict[str, Any]) -> Any:
    """One of the acts below, by name."""
    return globals()[f"_{question['act']}"](question)


def _double(question: dict[str, Any]) -> Any:
    _seen.append(question)
    return {"twice": question["value"] * 2, "pid": os.getpid(), "jobs": len(_seen)}


def _sleep(question: dict[str, Any]) -> Any:
    if "started" in question:
        Path(question["started"]).write_text(str(os.getpid()))
    time.sleep(question["seconds"])
    return os.getpid()


def _spin(question: dict[str, Any]) -> Any:
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGALRM})
    sum(1 for _ in iter(int, 1))


def _raise(question: dict[str, Any]) -> Any:
    raise LookupError(question["value"])


def _die(question: dict[str, Any]) -> Any:
    """Dies as often as the file says."""
    left = Path(question["left"])
    times = int(left.read_text())
    if times:
        left.write_text(str(times - 1))
        print("last words", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def _hoarding(question: dict[str, Any]) -> Any:
    """Takes memory piece by piece, and keeps it."""
    for _ in range(question["megabytes"]):
        _hoard.append(bytearray(os.urandom(1_000) * 1_000))
        time.sleep(question.get("pause", 0))
    return os.getpid()


def _print(question: dict[str, Any]) -> Any:
    sys.stdout.write("noise " * 20_000)
    sys.stdout.flush()
    os.write(1, b"more noise")
    return sys.stdin.read()


def _environment(question: dict[str, Any]) -> Any:
    open_files = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]
    return {"environment": dict(os.environ), "files": open_files}


def _unsendable(question: dict[str, Any]) -> Any:
    return object()
