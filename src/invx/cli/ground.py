"""What every command stands on: the two consoles, an event loop, and the database."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from invx.host import Host, build_host
from invx.infra.postgres import Pools
from invx.kernel.errors import Conflict, Invalid
from invx.kernel.ids import parse_typeid
from invx.place import Place, is_there, running_place
from invx.settings import Settings, read_settings

T = TypeVar("T")

TENANT = "tnt"
DEMO_TENANT = uuid5(UUID(int=0), "invx demo tenant")
# Without identity nobody renews a token, so those of a developer's installation live that long.
TOKEN_LIFETIME = timedelta(hours=12)

# Progress and complaints go to `console`, what a command was asked for to `out`: pipes stay clean.
console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
out = Console(highlight=False, soft_wrap=True, markup=False)


class Refused(Conflict):
    """The command cannot do that now; the detail says why, and what would help."""


class ArgumentInvalid(Invalid):
    """An argument of the command cannot be used."""


def settings_for_one_process() -> Settings:
    """The settings of this process, with tokens that live as long as `invx token` makes them."""
    settings = read_settings()
    seconds = max(settings.auth.token_lifetime_seconds_max, int(TOKEN_LIFETIME.total_seconds()))
    return replace(settings, auth=replace(settings.auth, token_lifetime_seconds_max=seconds))


def program() -> str:
    """How the user called this program, for commands that are printed to be pasted."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "invx" else "invx"


def tenant_of(text: str | None) -> UUID:
    """The tenant that an argument names; the demo tenant when there is none. Raises Invalid."""
    return parse_typeid(TENANT, text) if text else DEMO_TENANT


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def with_place(work: Callable[[Place], Awaitable[T]], *, make: bool = False) -> T:
    """Do some work on the database of this installation, which runs meanwhile.

    Raises Refused where there is no installation, unless it is to be made.
    """
    settings = read_settings()
    if not make and not is_there(settings.place):
        raise Refused(
            f"There is no installation in {settings.place.home}: `{program()} up` makes one."
        )

    async def worked(place: Place) -> T:
        return await work(place)

    with running_place(settings, console.print) as place:
        return run(worked(place))


@contextlib.asynccontextmanager
async def open_pools(place: Place) -> AsyncIterator[Pools]:
    """Connections for as long as the block lasts."""
    pools = Pools(place.where)
    await pools.open()
    try:
        yield pools
    finally:
        await pools.close()


@contextlib.asynccontextmanager
async def open_host(place: Place, *names: str) -> AsyncIterator[Host]:
    """The named contexts, wired; nothing runs by itself."""
    host = await build_host(place.where, read_settings(), *([names] if names else []))
    try:
        yield host
    finally:
        await host.stop()


def progress_bar() -> Progress:
    """A bar per task, on the console for progress."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console)
