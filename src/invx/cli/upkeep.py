"""`invx migrate` and `invx republish`: what an operator does with the tables and their past."""

from typing import Annotated

import typer
from rich.progress import Progress

from invx.cli.ground import (
    ArgumentInvalid,
    Refused,
    console,
    open_host,
    progress_bar,
    tenant_of,
    with_place,
)
from invx.cli.parts import names_of
from invx.contracts.registry import REGISTRY
from invx.infra.parked import Parked
from invx.infra.republish import Progress as Republished
from invx.infra.republish import republish as republish_past
from invx.infra.running import Host
from invx.infra.system import SystemClock, Uuid7Ids
from invx.place import Place, ensure_key, prepare_database
from invx.settings import read_settings

PHASES = ("pre", "post")


def migrate(
    phase: Annotated[
        str | None, typer.Option(help="pre (before the new code) or post; both when absent.")
    ] = None,
) -> None:
    """Bring every context's tables up to date.

    Makes database, logins and keys where they are missing.
    """
    if phase is not None and phase not in PHASES:
        raise ArgumentInvalid(f"--phase is {' or '.join(PHASES)}, not {phase!r}.")

    async def work(place: Place) -> int:
        return await prepare_database(place, console.print, phase=phase)

    applied = with_place(work, make=True)
    ensure_key(read_settings().place)
    console.print(f"{applied} migrations applied.")


def republish(
    source: Annotated[str, typer.Option("--from", help="The context whose past it is.")],
    target: Annotated[str, typer.Option("--to", help="The context that learns it.")],
    tenant: Annotated[str | None, typer.Option(help="Only this one, tnt_….")] = None,
) -> None:
    """Teach a context another's past.

    Sends everything that the first ever published, in order, and lets the second work on it.

    What the target knows already changes nothing, so this may be repeated at any time.
    """
    (source,), (target,) = names_of(source), names_of(target)
    if source == target:
        raise ArgumentInvalid("--from and --to name the same context.")
    tenants = [tenant_of(tenant)] if tenant else None

    async def work(place: Place) -> None:
        async with open_host(place, source, target) as host:
            with progress_bar() as bar:
                sending = bar.add_task(f"{source} to {target}", total=None)

                def show(now: Republished) -> None:
                    bar.update(
                        sending,
                        total=now.tenants,
                        completed=now.tenants_done + now.tenants_closed,
                        description=f"{now.streams} streams, {now.contracts} contracts",
                    )

                done = await republish_past(
                    host.contexts[source],
                    host.contexts[target],
                    REGISTRY,
                    clock=SystemClock(),
                    ids=Uuid7Ids(),
                    tenants=tenants,
                    progress=show,
                )
                await _work_through(host, target, bar)
            keys = (await _measured(host, target))[1]
        console.print(
            f"{done.tenants_done} tenants, {done.streams} streams, {done.contracts} contracts; "
            f"{done.new} were new to {target}."
        )
        if done.tenants_closed:
            console.print(f"{done.tenants_closed} tenants are closed and were left out.")
        if keys:
            raise Refused(f"{keys} streams are parked in {target}: see `invx inbox list`.")

    with_place(work)


async def _work_through(host: Host, target: str, bar: Progress) -> None:
    """Let the target react here and now; a server that runs meanwhile takes its share."""
    waiting, _ = await _measured(host, target)
    reacting = bar.add_task(f"{target} reacts", total=waiting)
    while waiting:
        worked = await host.worker.settle()
        left, _ = await _measured(host, target)
        bar.update(reacting, completed=max(0, waiting - left))
        if not worked:
            break
    bar.update(reacting, completed=waiting, total=waiting)


async def _measured(host: Host, target: str) -> tuple[int, int]:
    """Contracts that wait in all placements, and keys that are parked there."""
    waiting = keys = 0
    for database in host.contexts[target].database.everywhere():
        some, _, parked = await Parked(database, SystemClock()).measure()
        waiting, keys = waiting + some, keys + parked
    return waiting, keys
