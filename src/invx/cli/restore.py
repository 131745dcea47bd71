"""`invx restore`: to a moment, in place or beside; what is lost is named before and after."""

import shutil
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from invx.cli.backup import folder_of, last_event, recover, server_in
from invx.cli.ground import TENANT, ArgumentInvalid, Refused, console, out, program, run, tenant_of
from invx.cli.instance import claimed, running_instance
from invx.contexts.invoicing.adapters.reconciling import numbers_after
from invx.host import CONTEXTS
from invx.infra.backup.looking import close_tenants, events_after
from invx.infra.backup.restoring import choose
from invx.infra.backup.taking import Backup, list_backups
from invx.infra.embedded import Postgres
from invx.infra.embedded_cluster import PostgresFailed
from invx.kernel.ids import typeid
from invx.place import (
    Place,
    administrator,
    is_there,
    on_one_server,
    place_of,
    running_place,
    with_placements,
)
from invx.settings import Settings, read_settings

NUMBERS_SHOWN = 20

To = Annotated[
    str | None, typer.Option("--to", help="2026-11-30T14:05:00Z; UTC unless it says otherwise.")
]


def restore(  # noqa: PLR0917 - the options of a command
    to: To = None,
    source: Annotated[str | None, typer.Option("--from", help="A backup by its name.")] = None,
    into: Annotated[
        Path | None, typer.Option(help="A new folder: a copy to look at, beside this one.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="With --into: only this one can be read, tnt_….")
    ] = None,
    over: Annotated[
        bool, typer.Option("--over", help="There is a database: set it aside.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be lost.")
    ] = False,
) -> None:
    """Restore the database to a moment, or to the last thing that was archived.

    What was there is set aside, not removed. Series are on hold afterwards, until
    `invx numbers reconcile`. With --into a copy is made that can only be read.
    """
    settings = read_settings()
    folder = folder_of(settings.place)
    moment = _moment(to)
    chosen = _chosen(list_backups(folder), source, moment)
    if into is not None:
        _beside(settings, chosen, moment, into, tenant)
    elif dry_run:
        _say_loss(settings, moment)
    else:
        _in_place(settings, chosen, moment, over=over)


def _in_place(settings: Settings, chosen: Backup, to: datetime | None, *, over: bool) -> None:
    home = settings.place.home
    if (running := running_instance(home)) is not None:
        raise Refused(f"Invx runs from {home} (process {running.pid}): `{program()} stop` first.")
    server = server_in(home, settings.place)
    there = is_there(settings.place) and not server.cluster.restoring.exists()
    if is_there(settings.place) and not over:
        raise Refused(
            f"There is a database in {server.location}: say --over to set it aside, or --dry-run"
            " to see what would be lost."
        )
    with claimed(home) if home.exists() else nullcontext():
        if there:
            _say_loss(settings, to)
        with console.status("restoring"):
            aside = recover(server, chosen, folder_of(settings.place) / "wal", to)
        try:
            _keys(chosen, settings.place.home)
            run(_say_state(server))
        finally:
            server.stop()
    if aside is not None:
        out.print(f"What was there is in {aside}; remove it when you are sure.")
    out.print(f"Series are on hold. Next: `{program()} numbers reconcile`, then start Invx.")


def _beside(
    settings: Settings, chosen: Backup, to: datetime | None, into: Path, tenant: str | None
) -> None:
    """An installation of its own in which nothing can be written."""
    if into.exists() and any(into.iterdir()):
        raise Refused(f"{into} is not empty.")
    into.mkdir(parents=True, exist_ok=True)
    server = server_in(into, settings.place)
    with console.status("restoring"):
        recover(server, chosen, folder_of(settings.place) / "wal", to)
    try:
        _keys(chosen, into)
        only = tenant_of(tenant) if tenant else None
        run(_close(with_placements(place_of(server), settings.place), only))
        run(_say_state(server))
    finally:
        server.stop()
    named = f" --tenant {typeid(TENANT, only)}" if only else ""
    out.print(
        f"Nothing can be written there. To look at it:\n"
        f"  INVX_HOME={into} {program()} serve --port 8100 --no-background\n"
        f"  INVX_HOME={into} {program()} token{named}"
    )


async def _close(place: Place, only: Any) -> None:
    """Suspend the tenants; with `only`, all others are not even to be read.

    Also in the placements that are databases of this server; servers elsewhere are not touched.
    """
    found = False
    for each in on_one_server(place).values():
        try:
            async with administrator(each) as conn:
                closed = [await close_tenants(conn, context, only) for context in CONTEXTS]
        except asyncpg.InvalidCatalogNameError:
            continue  # this placement did not exist at that moment
        found = found or all(closed)
    if not found:
        raise Refused("The tenant did not exist at that moment.")


def _say_loss(settings: Settings, to: datetime | None) -> None:
    """What the present database has that the moment has not; if it can still be asked."""
    if to is None:
        out.print("All that was archived is restored; only what was not is lost.")
        return
    try:
        with running_place(settings, console.print) as place:
            run(_lost(place, to))
    except (PostgresFailed, OSError, asyncpg.PostgresError) as error:
        out.print(f"What is lost cannot be said: the present database does not start ({error}).")


async def _lost(place: Any, to: datetime) -> None:
    async with administrator(place) as conn:
        for context in CONTEXTS:
            events, tenants = await events_after(conn, context, to)
            out.print(f"{context}: {events} events of {tenants} tenants came after that moment")
        numbers = await numbers_after(conn, to)
    if numbers:
        shown = ", ".join(numbers[:NUMBERS_SHOWN])
        more = f" … {numbers[-1]}" if len(numbers) > NUMBERS_SHOWN else ""
        out.print(f"{len(numbers)} numbers were given after it: {shown}{more}")


async def _say_state(server: Postgres) -> None:
    async with administrator(place_of(server)) as conn:
        out.print(f"Restored: the last event is of {await last_event([conn])}.")


def _keys(chosen: Backup, home: Path) -> None:
    """The keys that sign tokens and encrypt secrets, where the folder has none."""
    place = read_settings().place
    for name in (place.signing_key.name, "jwks.json", place.secret_key.name):
        kept = chosen.path / "keys" / name
        if kept.exists() and not (home / name).exists():
            shutil.copy2(kept, home / name)


def _chosen(backups: list[Backup], name: str | None, to: datetime | None) -> Backup:
    if name is None:
        return choose(backups, to)
    named = [backup for backup in backups if backup.name == name]
    if not named:
        raise Refused(f"There is no backup {name!r}; `{program()} backup list` names them.")
    return choose(named, to)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentInvalid(f"{text!r} is no moment such as 2026-11-30T14:05:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
