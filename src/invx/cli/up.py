"""`invx up`: everything in one process on this machine, and how to begin."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog

from invx import __version__
from invx.cli.ground import (
    LOGIN,
    console,
    out,
    program,
    run,
)
from invx.cli.instance import claimed
from invx.cli.serving import (
    interruptible,
    listening,
    observed,
    serve,
    stop_signal,
    undisturbed,
    url_of,
)
from invx.cli.split import Split
from invx.demo.api import Api, Broken, Refused
from invx.demo.login import Login, ensure_login
from invx.demo.samples import ensure_samples
from invx.host import build_host
from invx.infra.supervised import free_port
from invx.place import (
    Place,
    ensure_key,
    eraser_of,
    prepare_database,
    running_place,
)
from invx.settings import Settings, read_settings

T = TypeVar("T")

PLACE_WAIT_SECONDS = 20  # for a command that runs PostgreSQL for a moment

log = structlog.get_logger(__name__)


class _Stopped(Exception):
    """Somebody said stop before everything stood."""


def start() -> None:
    """Start everything, serve until a signal, stop everything. Raises Refused, PostgresFailed."""
    began = time.monotonic()
    settings = read_settings()
    home = settings.place.home
    log_file = None if not settings.observability.log_json else home / "log" / "invx.jsonl"
    with interruptible(), contextlib.ExitStack() as stack:
        announce = stack.enter_context(claimed(home))
        listener = stack.enter_context(listening(settings.serve))
        url = url_of(listener)
        with _step("PostgreSQL"):
            place = stack.enter_context(
                running_place(settings, _postgres_says, wait_seconds=PLACE_WAIT_SECONDS)
            )
        stack.enter_context(observed(settings, log_file))
        stack.enter_context(undisturbed())

        async def ready() -> None:
            login = await asyncio.to_thread(_seed, url, home / LOGIN)
            announce(url)
            _welcome(settings, url, login, time.monotonic() - began, log_file)

        async def work() -> None:
            async with stop_signal() as stop:
                with _step("Database"):
                    await _unless(stop, _prepare(place, settings))
                erase = eraser_of(place, settings)
                host = await build_host(place.where, settings, erase=erase)
                try:
                    await serve(host, settings, listener, stop=stop, ready=ready)
                    console.print("\nStopping …")
                finally:
                    await host.stop()

        with contextlib.suppress(_Stopped):
            run(work())
    console.print(f"Stopped. The data stay in {home}/.")


def start_services(replicas: int) -> None:
    """Start a process per context with all that they need; stop everything at a signal.

    Raises Refused, ProgramFailed, PostgresFailed.
    """
    began = time.monotonic()
    settings = read_settings()
    home = settings.place.home
    with interruptible(), contextlib.ExitStack() as stack:
        announce = stack.enter_context(claimed(home))
        port = settings.serve.port or free_port()
        with listening(replace(settings.serve, port=port)):
            services = Split.of(settings, port, replicas=replicas)
        stack.enter_context(undisturbed())
        with _step("Services"):
            url = stack.enter_context(services.running())
        login = _seed(url, services.folder / LOGIN)
        announce(url)
        _welcome(settings, url, login, time.monotonic() - began, services.folder / "log")
        out.print(f"`{program()} services` shows how each of them is.")
        signal.pause()
    console.print(f"Stopped. The data stay in {home}/.")


@contextlib.contextmanager
def _step(name: str) -> Iterator[None]:
    """A line per step that took its time; a spinner meanwhile where there is a terminal."""
    began = time.monotonic()
    with console.status(f"{name} …"):
        yield
    console.print(f"{name} is ready ({time.monotonic() - began:.1f} s)")


def _postgres_says(text: str) -> None:
    console.print(text)
    log.warning("postgres", said=text)


async def _prepare(place: Place, settings: Settings) -> None:
    await prepare_database(place)
    ensure_key(settings.place)


async def _unless(stop: asyncio.Event, work: Awaitable[T]) -> T:
    """What `work` gives. Raises _Stopped, with the work undone, when `stop` comes first."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise _Stopped
        return await working
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


def _seed(url: str, file: Path) -> Login | None:
    """A demo business with sample documents, through the API; everything else works without."""
    try:
        login = ensure_login(url, file)
    except (Refused, Broken) as error:
        log.warning("demo_missing", reason=str(error))
        console.print(f"No demo business could sign up: {error}")
        return None
    api = Api(url, login.key)
    try:
        ensure_samples(api)
    except (Refused, Broken) as error:
        log.warning("samples_missing", reason=str(error))
        console.print(f"The sample documents could not be made: {error}")
    finally:
        api.close()
    return login


def _welcome(
    settings: Settings, url: str, login: Login | None, seconds: float, log_file: Path | None
) -> None:
    where = [
        f"\nInvx {__version__} is up after {seconds:.1f} s.\n",
        f"  URL     {url}   (try the API in a browser: {url}/docs)",
    ]
    if login is not None:
        where += [
            f"  login   {login.email}   password {login.password}",
            f"  tenant  {login.tenant}   (a sandbox: its documents are marked TEST)",
            f"  key     {login.key}   (for programs, into the sandbox)",
        ]
    where.append(f"  log     {log_file or 'standard error'}")
    if login is not None:
        where += [
            "\nTry it; this lists a finalized invoice and a draft:\n",
            f'  curl -s {url}/v1/invoices -H "Authorization: Bearer {login.key}"\n',
        ]
    where += [
        "Next: `make demo` in another terminal re-enters official invoices and writes PDFs;",
        "your own business signs up with POST /v1/sign-up (docs/API_DOCUMENTATION.md).",
        f"Ctrl-C stops everything; the data stay in {settings.place.home}/.",
    ]
    for line in where:
        out.print(line)
