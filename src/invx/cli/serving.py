"""Serving until somebody says stop: the listening socket, signals, and uvicorn without its own."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import uvicorn

from invx.cli.ground import Refused
from invx.host import create_app
from invx.infra.observability import configure_observability, metrics_shown
from invx.infra.running import Host
from invx.settings import ServeSettings, Settings

LOG_BYTES_MAX = 10_000_000  # a longer log is set aside at the next start
_DRAIN_SECONDS = 20
_BACKLOG = 2048


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does; neither leaves it with a stack trace.

    Once the block is being left, further signals are ignored: what is stopping, stops.
    """

    def interrupt(_: int, __: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """On the way out nothing interrupts: a second Ctrl-C would leave a server behind."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def listening(settings: ServeSettings) -> Iterator[socket.socket]:
    """The socket, claimed before anything slow begins. Port 0 is a free one. Raises Refused."""
    where = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            raise Refused(
                f"Cannot listen on {where} ({error}). "
                "Stop what listens there, or choose another port: INVX_PORT=8010"
            ) from None
        yield listener
    finally:
        listener.close()


def url_of(listener: socket.socket) -> str:
    """How to reach it from this machine."""
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


@contextlib.contextmanager
def observed(settings: Settings, log_file: Path | None = None) -> Iterator[None]:
    """Logs and traces, for as long as the block lasts; logs go to the file when there is one."""
    with contextlib.ExitStack() as stack:
        target = None
        if log_file is not None:
            log_file.parent.mkdir(parents=True, exist_ok=True)
            if log_file.exists() and log_file.stat().st_size > LOG_BYTES_MAX:
                log_file.rename(log_file.with_name(f"{log_file.name}.1"))
            target = stack.enter_context(log_file.open("ab", buffering=0))
        provider = configure_observability(settings.observability, logs_to=target)
        if provider is not None:
            stack.callback(provider.shutdown)
        yield


@contextlib.contextmanager
def showing_metrics(settings: Settings) -> Iterator[None]:
    """Where the settings say, for a process without HTTP. Raises Refused."""
    host, port = settings.serve.host, settings.observability.metrics_port
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(metrics_shown(host, port))
        except OSError as error:
            raise Refused(
                f"Cannot show metrics at {host}:{port} ({error}). "
                "Choose another port: INVX_METRICS_PORT=9010"
            ) from None
        yield


@contextlib.asynccontextmanager
async def stop_signal() -> AsyncIterator[asyncio.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the block goes on and ends by itself."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn raises them again at its end, and would cut ours short."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    host: Host,
    settings: Settings,
    listener: socket.socket,
    *,
    stop: asyncio.Event,
    ready: Callable[[], Coroutine[Any, Any, None]],
    background: bool = True,
) -> None:
    """Answer requests until `stop`, and then for the time to drain; what is under way is finished.

    `ready` runs once requests are answered. Raises Refused when it cannot start.
    """
    application = await create_app(host, settings, background=background)
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        lifespan="on",
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))

    async def drained() -> None:
        await stop.wait()
        host.drain()
        await asyncio.sleep(settings.serve.drain_seconds)

    watching = asyncio.create_task(_attend(server, ready, drained))
    try:
        await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done() and watching.exception() is not None:
            server.should_exit = True
        await serving
        if not server.started:
            raise Refused("The server did not start; the log says why.")
    finally:
        if not watching.done():
            watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    if not watching.cancelled() and (error := watching.exception()):
        raise error


async def _attend(
    server: uvicorn.Server,
    ready: Callable[[], Coroutine[Any, Any, None]],
    stopped: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Call `ready` when the server answers, and tell the server when to stop."""
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    announcing, stopping = asyncio.create_task(ready()), asyncio.create_task(stopped())
    await asyncio.wait({announcing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if announcing.done():
            await announcing
            await stopping
    finally:
        for task in (announcing, stopping):
            task.cancel()
        await asyncio.gather(announcing, stopping, return_exceptions=True)
        server.should_exit = True
