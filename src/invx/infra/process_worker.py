"""The inside of a worker process: asks for jobs on a socket, one at a time; see `processes`.

Run as `python -m invx.infra.process_worker module:function`, with the socket as standard input.
"""

import os
import resource
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

FRAME_BYTES_MAX = 256_000_000
# Who starts us kills us at the time limit. Should it be dead itself, the kernel does so later.
GRACE_SECONDS = 5.0

_LENGTH = struct.Struct("!Q")
_STATM = Path("/proc/self/statm")


def frame(value: Any) -> bytes:
    """A value as it goes over the socket: its length, then MessagePack."""
    data = msgspec.msgpack.encode(value)
    return _LENGTH.pack(len(data)) + data


def read_frame(receive: Callable[[int], bytes]) -> Any:
    """The next value. Raises EOFError when the other end is gone."""
    (length,) = _LENGTH.unpack(_exactly(receive, _LENGTH.size))
    if length > FRAME_BYTES_MAX:
        raise EOFError(f"a frame of {length} bytes")
    return msgspec.msgpack.decode(_exactly(receive, length))


def _exactly(receive: Callable[[int], bytes], count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = receive(min(count - len(data), 1 << 20))
        if not part:
            raise EOFError("the other end is gone")
        data += part
    return bytes(data)


def rss_bytes() -> int:
    """The memory of this process; where there is no /proc, the most that it ever had."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    """Work until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for who started us
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what we work on is nobody else's business
    channel = _channel()
    module, _, name = sys.argv[1].partition(":")
    work = attrgetter(name)(import_module(module))
    channel.sendall(frame({"ready": os.getpid()}))
    while True:
        try:
            job = read_frame(channel.recv)
        except (EOFError, OSError):
            return
        signal.setitimer(signal.ITIMER_REAL, job["seconds"] + GRACE_SECONDS)
        reply = _answer(work, job["question"])
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            channel.sendall(reply)
        except OSError:
            return


def _channel() -> socket.socket:
    """The socket, moved away from standard input, where any library might read."""
    channel = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    channel.setblocking(True)
    return channel


def _answer(work: Callable[[Any], Any], question: Any) -> bytes:
    try:
        return frame({"answer": work(question), "rss": rss_bytes()})
    except Exception as error:  # noqa: BLE001 - it is told to who asked
        told = {"type": type(error).__name__, "text": str(error), "stack": traceback.format_exc()}
        return frame({"error": told, "rss": rss_bytes()})


if __name__ == "__main__":
    main()
