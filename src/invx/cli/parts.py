"""`invx serve`, `invx work`, `invx relay`: a part of the program as a process of its own."""

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Annotated

import asyncpg
import typer

from invx.cli.ground import ArgumentInvalid, console, run
from invx.cli.serving import (
    interruptible,
    listening,
    observed,
    serve,
    showing_metrics,
    stop_signal,
    undisturbed,
    url_of,
)
from invx.host import CONTEXTS, build_host
from invx.infra.apart import Collector
from invx.infra.running import Host
from invx.place import Place, eraser_of, running_place
from invx.settings import Settings, read_settings

Names = Annotated[
    str, typer.Option("--contexts", help=f"Of {', '.join(CONTEXTS)}; separated by commas.")
]
_ALL = ",".join(CONTEXTS)
_WAIT_SECONDS = 1.0  # between two tries to reach the database


def names_of(text: str) -> tuple[str, ...]:
    """The contexts that an option names. Raises ArgumentInvalid."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in CONTEXTS]
    if unknown or not names:
        raise ArgumentInvalid(
            f"Unknown contexts: {', '.join(unknown) or 'none named'}. "
            f"There are {', '.join(CONTEXTS)}."
        )
    return names


def named(settings: Settings, names: Sequence[str]) -> Settings:
    """In traces, a process of some contexts goes by their names."""
    if set(names) == set(CONTEXTS):
        return settings
    seen = replace(settings.observability, service=f"invx-{'-'.join(names)}")
    return replace(settings, observability=seen)


def serve_contexts(
    contexts: Names = _ALL,
    port: Annotated[int | None, typer.Option(help="Instead of INVX_PORT.")] = None,
    background: Annotated[
        bool, typer.Option(help="Also relay and work; without, run `work` and `relay` beside it.")
    ] = True,
) -> None:
    """Serve contexts over HTTP.

    From a migrated database: INVX_DATABASE_APP, or the embedded one. Logs go to standard error.
    """
    names = names_of(contexts)
    settings = read_settings()
    where = settings.serve if port is None else replace(settings.serve, port=port)
    with interruptible(), ExitStack() as stack:
        listener = stack.enter_context(listening(where))
        place = stack.enter_context(running_place(settings, console.print))
        stack.enter_context(observed(named(settings, names)))
        stack.enter_context(undisturbed())

        async def ready() -> None:
            console.print(f"Serving {', '.join(names)} at {url_of(listener)}")

        async def work() -> None:
            async with stop_signal() as stop:
                if (host := await _built(place, settings, names, stop)) is None:
                    return
                try:
                    await serve(
                        host, settings, listener, stop=stop, ready=ready, background=background
                    )
                finally:
                    await host.stop()

        run(work())


async def _built(
    place: Place, settings: Settings, names: Sequence[str], stop: asyncio.Event
) -> Host | None:
    """The contexts, wired as soon as their database is there and migrated; None at `stop`.

    Who starts first does not matter: what others have not made yet is waited for.
    """
    said = ""
    while not stop.is_set():
        try:
            erase = eraser_of(place, settings)
            return await build_host(place.where, settings, names, erase=erase)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if said != (said := type(error).__name__):
                console.print(f"Waiting for the database ({said}) …")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _WAIT_SECONDS)
    return None


def work(contexts: Names = _ALL) -> None:
    """Run reactions and due jobs, without HTTP."""
    _background(contexts, worker=True)


def relay(contexts: Names = _ALL) -> None:
    """Run the relays, without HTTP."""
    _background(contexts, worker=False)


def _background(contexts: str, *, worker: bool) -> None:
    names = names_of(contexts)
    settings = read_settings()
    with interruptible(), ExitStack() as stack:
        place = stack.enter_context(running_place(settings, console.print))
        stack.enter_context(observed(named(settings, names)))
        stack.enter_context(showing_metrics(settings))
        stack.enter_context(undisturbed())

        async def work() -> None:
            async with stop_signal() as stop:
                if (host := await _built(place, settings, names, stop)) is None:
                    return
                try:
                    Collector.settle()
                    host.start_background(relays=not worker, worker=worker)
                    doing = "Working" if worker else "Relaying"
                    console.print(f"{doing} for {', '.join(names)}")
                    await stop.wait()
                finally:
                    await host.stop()

        run(work())
