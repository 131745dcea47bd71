"""Long work beside the event loop: a document of thousands of lines must not hold up the others.

`apart` runs a coroutine on a loop of its own in one of two threads. What belongs to the loop that
it left, above all the connections to the database, is asked for there by `at_home`. The threads
share the interpreter, so nothing gets faster; but the loop gets its turn every few milliseconds.
"""

import asyncio
import gc
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

T = TypeVar("T")

# Above these, reading and totalling hold the loop longer than they may: about a hundred lines.
LONG_BODY_BYTES = 32_000  # of a request
LONG_STREAM_CHARS = 100_000  # of the stored events of an aggregate

_THREADS_MAX = 2
# How long a thread may keep the interpreter while others want it. With two threads at work the loop
# may lose its turn several times in a row: at Python's own 5 ms it woke up to 110 ms late.
_TURN_SECONDS = 0.000_5
# New objects per collection, and collections of a generation per one of the next: a request makes
# thousands of objects, nearly all without cycles.
_COLLECT_AFTER = (20_000, 20, 20)

_home: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("_home", default=None)
_threads = ThreadPoolExecutor(_THREADS_MAX, thread_name_prefix="apart")


class Collector:
    """Keeps Python's garbage collector from holding the loop, and gives the loop its turn sooner.

    It stops all threads while it walks through every object: 250 ms during a document of 2,000
    lines, measured. Such a document has no cycles, so reference counts free all of it.
    """

    def __init__(self) -> None:
        self._pauses = 0
        self._turn = sys.getswitchinterval()
        self._lock = threading.Lock()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No collection until the last of those who are inside is out."""
        with self._lock:
            if not self._pauses:
                self._turn = sys.getswitchinterval()
                sys.setswitchinterval(_TURN_SECONDS)
            self._pauses += 1
            gc.disable()
        try:
            yield
        finally:
            with self._lock:
                self._pauses -= 1
                if not self._pauses:
                    sys.setswitchinterval(self._turn)
                    gc.enable()

    @staticmethod
    def settle() -> None:
        """What lives by now lives for good: leave it out of later collections. For the start."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)


_collector = Collector()


class TooLongHere(Exception):
    """This work would hold the event loop too long; run it again with `apart`."""


def is_apart() -> bool:
    """Whether this code runs beside the event loop."""
    home = _home.get()
    return home is not None and home is not asyncio.get_running_loop()


async def apart(work: Callable[[], Awaitable[T]]) -> T:
    """Run this in a thread with a loop of its own, in the caller's context.

    A caller that is cancelled no longer waits for it; the work ends all the same.
    """
    if is_apart():
        return await work()
    home = asyncio.get_running_loop()
    context = copy_context()

    async def worked() -> T:
        return await work()

    def run() -> T:
        _home.set(home)
        with _collector.paused():
            return asyncio.run(worked())

    return await home.run_in_executor(_threads, lambda: context.run(run))


async def at_home(work: Callable[[], Awaitable[T]]) -> T:
    """Await this on the loop that `apart` left; anywhere else simply await it."""
    home = _home.get()
    if home is None or not is_apart():
        return await work()

    async def worked() -> T:
        return await work()

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(worked(), home))


def call_at_home(callback: Callable[[], Any]) -> None:
    """Call this on the loop that `apart` left, soon; anywhere else at once."""
    home = _home.get()
    if home is None or not is_apart():
        callback()
    else:
        home.call_soon_threadsafe(callback)


class Distant:
    """A connection as code beside the event loop sees it: every query goes through the loop."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn

    async def execute(self, *query: Any, **options: Any) -> Any:
        return await at_home(lambda: self._conn.execute(*query, **options))

    async def executemany(self, *query: Any, **options: Any) -> Any:
        return await at_home(lambda: self._conn.executemany(*query, **options))

    async def fetch(self, *query: Any, **options: Any) -> Any:
        return await at_home(lambda: self._conn.fetch(*query, **options))

    async def fetchrow(self, *query: Any, **options: Any) -> Any:
        return await at_home(lambda: self._conn.fetchrow(*query, **options))

    async def fetchval(self, *query: Any, **options: Any) -> Any:
        return await at_home(lambda: self._conn.fetchval(*query, **options))

    def is_closed(self) -> bool:
        return bool(self._conn.is_closed())

    def is_in_transaction(self) -> bool:
        return bool(self._conn.is_in_transaction())
