"""`invx serve`, `invx work`, `invx relay`: a part of the program as a process of its own."""

from contextlib import ExitStack
from typing import Annotated

import typer

from invx.cli.ground import ArgumentInvalid, console, run, settings_for_one_process
from invx.cli.serving import (
    interruptible,
    listening,
    observed,
    serve,
    stop_signal,
    undisturbed,
    url_of,
)
from invx.host import CONTEXTS, build_host
from invx.place import running_place

Names = Annotated[
    str, typer.Option("--contexts", help=f"Of {', '.join(CONTEXTS)}; separated by commas.")
]
_ALL = ",".join(CONTEXTS)


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
    settings = settings_for_one_process()
    where = settings.serve if port is None else type(settings.serve)(settings.serve.host, port)
    with interruptible(), ExitStack() as stack:
        listener = stack.enter_context(listening(where))
        place = stack.enter_context(running_place(settings, console.print))
        stack.enter_context(observed(settings))
        stack.enter_context(undisturbed())

        async def ready() -> None:
            console.print(f"Serving {', '.join(names)} at {url_of(listener)}")

        async def work() -> None:
            async with stop_signal() as stop:
                host = await build_host(place.where, settings, names)
                try:
                    await serve(
                        host, settings, listener, stop=stop, ready=ready, background=background
                    )
                finally:
                    await host.stop()

        run(work())


def work(contexts: Names = _ALL) -> None:
    """Run reactions and due jobs, without HTTP."""
    _background(contexts, worker=True)


def relay(contexts: Names = _ALL) -> None:
    """Run the relays, without HTTP."""
    _background(contexts, worker=False)


def _background(contexts: str, *, worker: bool) -> None:
    names = names_of(contexts)
    settings = settings_for_one_process()
    with interruptible(), ExitStack() as stack:
        place = stack.enter_context(running_place(settings, console.print))
        stack.enter_context(observed(settings))
        stack.enter_context(undisturbed())

        async def work() -> None:
            async with stop_signal() as stop:
                host = await build_host(place.where, settings, names)
                try:
                    host.start_background(relays=not worker, worker=worker)
                    doing = "Working" if worker else "Relaying"
                    console.print(f"{doing} for {', '.join(names)}")
                    await stop.wait()
                finally:
                    await host.stop()

        run(work())
