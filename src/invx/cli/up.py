"""`invx up`: everything in one process on this machine, and how to begin."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import structlog

from invx import __version__
from invx.cli.ground import (
    DEMO_TENANT,
    TENANT,
    TOKEN_LIFETIME,
    console,
    out,
    program,
    run,
    settings_for_one_process,
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
from invx.demo.api import Api, Broken, Refused
from invx.demo.samples import ensure_samples
from invx.host import build_host
from invx.kernel.ids import typeid
from invx.place import (
    Place,
    create_tenant,
    development_token,
    ensure_key,
    prepare_database,
    running_place,
)
from invx.settings import Settings

T = TypeVar("T")

PLACE_WAIT_SECONDS = 20  # for a command that runs PostgreSQL for a moment

log = structlog.get_logger(__name__)


class _Stopped(Exception):
    """Somebody said stop before everything stood."""


def start() -> None:
    """Start everything, serve until a signal, stop everything. Raises Refused, PostgresFailed."""
    began = time.monotonic()
    settings = settings_for_one_process()
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
            token = development_token(
                settings, DEMO_TENANT, subject="user:demo", lifetime=TOKEN_LIFETIME
            )
            await asyncio.to_thread(_seed, url, token)
            announce(url)
            _welcome(settings, url, token, time.monotonic() - began, log_file)

        async def work() -> None:
            async with stop_signal() as stop:
                with _step("Database"):
                    await _unless(stop, _prepare(place, settings))
                host = await build_host(place.where, settings)
                try:
                    await create_tenant(host.pools, DEMO_TENANT, name="Demo", mode="test")
                    await serve(host, settings, listener, stop=stop, ready=ready)
                    console.print("\nStopping …")
                finally:
                    await host.stop()

        with contextlib.suppress(_Stopped):
            run(work())
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


def _seed(url: str, token: str) -> None:
    """Sample documents through the API; without them everything else still works."""
    api = Api(url, token)
    try:
        ensure_samples(api)
    except (Refused, Broken) as error:
        log.warning("samples_missing", reason=str(error))
        console.print(f"The sample documents could not be made: {error}")
    finally:
        api.close()


def _welcome(
    settings: Settings, url: str, token: str, seconds: float, log_file: Path | None
) -> None:
    invx = program()
    hours = int(TOKEN_LIFETIME.total_seconds() // 3600)
    where: list[Any] = [
        f"\nInvx {__version__} is up after {seconds:.1f} s.\n",
        f"  URL     {url}   (try the API in a browser: {url}/docs)",
        f"  tenant  {typeid(TENANT, DEMO_TENANT)}   (a sandbox: its documents are marked TEST)",
        f"  token   {token}",
        f"          (valid {hours} hours; another: {invx} token)",
        f"  log     {log_file or 'standard error'}",
        "\nTry it; this lists a finalized invoice and a draft:\n",
        f'  curl -s {url}/v1/invoices -H "Authorization: Bearer {token}"\n',
        "Next: `make demo` in another terminal re-enters official invoices and writes PDFs.",
        f"Ctrl-C stops everything; the data stay in {settings.place.home}/.",
    ]
    for line in where:
        out.print(line)
