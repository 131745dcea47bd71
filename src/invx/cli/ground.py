"""What every command stands on: the two consoles, an event loop, and the database."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from invx.demo.login import saved_login
from invx.host import build_host
from invx.infra.postgres import Pools
from invx.infra.running import Host
from invx.kernel.errors import Conflict, Invalid
from invx.kernel.ids import parse_typeid
from invx.place import Place, is_there, running_place
from invx.settings import read_settings

T = TypeVar("T")

TENANT = "tnt"
LOGIN = "login.json"  # how to get into the demo business that `invx up` signs up

# Progress and complaints go to `console`, what a command was asked for to `out`: pipes stay clean.
console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
# What goes to a file or a pipe is cut nowhere: whoever reads it there has no terminal's width.
_PIPE_WIDTH = 250
out = Console(
    highlight=False,
    soft_wrap=True,
    markup=False,
    width=None if sys.stdout.isatty() else _PIPE_WIDTH,
)


class Refused(Conflict):
    """The command cannot do that now; the detail says why, and what would help."""


class ArgumentInvalid(Invalid):
    """An argument of the command cannot be used."""


def program() -> str:
    """How the user called this program, for commands that are printed to be pasted."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "invx" else "invx"


def tenant_of(text: str | None) -> UUID:
    """The tenant that an argument names; the demo's sandbox when there is none. Raises Invalid."""
    if text is None:
        login = saved_login(read_settings().place.home / LOGIN)
        if login is None:
            raise ArgumentInvalid("There is no demo business here: name a tenant.")
        text = login.tenant
    return parse_typeid(TENANT, text)


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
