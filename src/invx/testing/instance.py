"""A whole Invx inside the test process: embedded PostgreSQL, every context, HTTP on a free port.

It runs in a thread with an event loop of its own, so tests may be plain functions or coroutines.
Its cluster stays between runs, for a cluster that stands starts in no time; safety against power
cuts is switched off. Never for data that anybody needs.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import uvloop

from invx.cli.serving import listening, serve, url_of
from invx.host import build_host
from invx.infra.embedded import Postgres
from invx.place import APP, SYSTEM, Place, ensure_key, eraser_of, place_of, prepare_database
from invx.settings import ServeSettings, Settings, read_settings

START_SECONDS_MAX = 120.0
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_PASSWORD_MEMORY_KIB = 64  # nobody guesses the passwords of a test


class InstanceFailed(Exception):
    """Invx did not start; the cause says why."""


class Instance:
    """Runs between `start` and `stop`, in `home`, which nobody else uses meanwhile."""

    def __init__(self, home: Path) -> None:
        settings = read_settings({"INVX_HOME": str(home), "INVX_NUMBERS_FILE": "off"})
        cheap = replace(settings.identity, password_memory_kib=_PASSWORD_MEMORY_KIB)
        self._settings: Settings = replace(settings, identity=cheap)
        self.url = ""
        self.seconds = 0.0  # that the start took
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stop: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._thread = threading.Thread(target=self._run, name="invx", daemon=True)

    def start(self) -> None:
        """Returns when it answers. Raises InstanceFailed."""
        began = time.monotonic()
        self._thread.start()
        if not self._ready.wait(START_SECONDS_MAX):
            raise InstanceFailed(f"It is not up after {START_SECONDS_MAX:.0f} s.")
        if self._failure is not None:
            raise InstanceFailed(str(self._failure)) from self._failure
        self.seconds = time.monotonic() - began

    def stop(self) -> None:
        """Finish what has begun, and let go of everything. Repeatable."""
        if self._stop is not None:
            loop, stop = self._stop
            with contextlib.suppress(RuntimeError):  # it ended by itself
                loop.call_soon_threadsafe(stop.set)
        self._thread.join(START_SECONDS_MAX)

    def _run(self) -> None:
        try:
            with self._place() as place, listening(ServeSettings(port=0)) as listener:
                self.url = url_of(listener)
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    runner.run(self._serve(place, listener))
        except BaseException as error:  # noqa: BLE001 - whoever waits for the start is told
            self._failure = error
        finally:
            self._ready.set()

    @contextlib.contextmanager
    def _place(self) -> Iterator[Place]:
        home = self._settings.place.home
        with Postgres(home / "postgres", logins=(APP, SYSTEM), settings=_QUICK) as server:
            yield place_of(server)

    async def _serve(self, place: Place, listener: socket.socket) -> None:
        stop = asyncio.Event()
        self._stop = (asyncio.get_running_loop(), stop)
        await prepare_database(place)
        ensure_key(self._settings.place)
        erase = eraser_of(place, self._settings)
        host = await build_host(place.where, self._settings, erase=erase)

        async def ready() -> None:
            self._ready.set()

        try:
            await serve(host, self._settings, listener, stop=stop, ready=ready)
        finally:
            await host.stop()
