"""`invx backup …`: backups of the embedded database, and the proof that they can be restored."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer
from rich.progress import DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from invx import __version__
from invx.cli.audit import Audit, Sum, anchored_seals, conclude
from invx.cli.ground import Refused, console, out, program, run
from invx.contexts.invoicing.adapters.reconciling import numbers_after
from invx.host import CONTEXTS
from invx.infra.anchoring import pseudonym
from invx.infra.backup.looking import archives, last_moment, seals_beyond, tenants_of
from invx.infra.backup.restoring import SETTINGS, choose, lay_out, start_recovered
from invx.infra.backup.taking import (
    Backup,
    forget_backups,
    list_backups,
    size_of,
    take_backup,
    verify_backup,
)
from invx.infra.embedded import Postgres
from invx.infra.postgres import POOLED
from invx.infra.tenancy import INSTALLATION
from invx.place import (
    APP,
    SYSTEM,
    administrator,
    embedded_server,
    is_there,
    on_one_server,
    place_of,
    running_place,
    with_placements,
)
from invx.settings import PlaceSettings, Settings, read_settings

RECOVERY_SECONDS_MAX = 24 * 3600
MEGABYTE = 1_000_000
DATABASE = "database"  # a storage that needs no copy of its own


def folder_of(place: PlaceSettings) -> Path:
    """Where backups lie. Raises Refused for an external server."""
    if place.external:
        raise Refused(
            "The database is a server of your own: back it up with its own tools, as"
            " docs/operations/backup.md says. `invx numbers reconcile` works for it too."
        )
    return place.backup or place.home / "backups"


def backup(context: typer.Context) -> None:
    """Back up the embedded database while it works.

    Checked against its own hashes; older ones go (INVX_BACKUP_KEEP stay). With INVX_BACKUP the
    server also archives all that it writes, and can be restored to any moment in between.
    """
    if context.invoked_subcommand is not None:
        return
    settings = read_settings()
    folder = folder_of(settings.place)
    if not is_there(settings.place):
        raise Refused(f"There is no installation in {settings.place.home}.")
    server = embedded_server(settings.place)
    keys = (
        server.location / "passwords.json",
        settings.place.signing_key,
        settings.place.home / "jwks.json",
        settings.place.secret_key,
    )
    columns = (TextColumn("{task.description}"), DownloadColumn(), TimeElapsedColumn())
    with running_place(settings, console.print), Progress(*columns, console=console) as bar:
        task = bar.add_task("backing up", total=None)
        made = take_backup(
            server, folder, keys, __version__, lambda size: bar.update(task, completed=size)
        )
        gone = forget_backups(server, folder, settings.place.backups_kept)
        archiving = run(_archiving(server))
    out.print(f"{made.path}: {made.size / MEGABYTE:.1f} MB, checked.")
    for name in gone:
        out.print(f"removed {name}")
    if settings.place.backup is None:
        console.print("Set INVX_BACKUP to another disk to archive all that is written meanwhile.")
    elif not archiving:
        console.print("The server runs without the archive: restart it to have INVX_BACKUP seen.")
    for place in (settings.storage.main, *settings.storage.also):
        if place != DATABASE:
            console.print(f"Files also lie in {place}: copy them now, after the database.")


def list_() -> None:
    """What there is to restore, and how large it is."""
    folder = folder_of(read_settings().place)
    backups = list_backups(folder)
    for each in backups:
        took = (each.ended_at - each.began_at).total_seconds()
        out.print(f"{each.name}  {each.size / MEGABYTE:8.1f} MB  took {took:.0f} s  {each.path}")
    wal = folder / "wal"
    if wal.exists() and backups:
        newest = max((path.stat().st_mtime for path in wal.glob("*.gz")), default=0.0)
        until = max(datetime.fromtimestamp(newest, UTC), backups[-1].ended_at)
        out.print(
            f"archive of all that was written: {size_of(wal) / MEGABYTE:.1f} MB; any moment from"
            f" {backups[0].ended_at:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S} UTC"
        )
    if not backups:
        console.print(f"There is no backup in {folder}: `{program()} backup` makes one.")


def verify(
    scratch: Annotated[Path | None, typer.Option(help="Where; beside the database if not.")] = None,
) -> None:
    """Restore the newest backup into a scratch folder, audit it, compare it with the anchor.

    Everything is removed at the end. Exit code 1 when anything is wrong.
    """
    settings = read_settings()
    folder = folder_of(settings.place)
    newest = choose(list_backups(folder), None)
    with scratch_server(settings.place, scratch) as server:
        with console.status("checking hashes"):
            verify_backup(server, newest)
        with console.status("restoring"):
            recover(server, newest, folder / "wal", None)
        try:
            run(_report(server, newest))
        finally:
            server.stop()


@contextmanager
def scratch_server(place: PlaceSettings, where: Path | None) -> Iterator[Postgres]:
    """A server in a folder of its own, not started; both are gone at the end."""
    parent = where or place.home
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=parent) as made:
        Path(made).chmod(0o711)
        server = server_in(Path(made), place)
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(server.location, ignore_errors=True)  # its stand-in is elsewhere


def server_in(home: Path, place: PlaceSettings) -> Postgres:
    """The server of an installation while it is restored. It archives nothing."""
    return Postgres(
        home / "postgres",
        logins=(APP, SYSTEM),
        binaries=place.postgres_binaries,
        account=place.postgres_account,
        settings=SETTINGS,
    )


def recover(server: Postgres, source: Backup, wal: Path, to: datetime | None) -> Path | None:
    """Lay a backup out and run the server until it answers; where the old cluster is now."""
    aside = lay_out(server.cluster, source, wal, to)
    start_recovered(server, source, wal, RECOVERY_SECONDS_MAX)
    return aside


async def _report(server: Postgres, source: Backup) -> None:
    """Audit a restored database. Raises Refused when anything is wrong."""
    total, settings = Sum(), read_settings()
    audit = Audit.of(settings, total)
    anchored = anchored_seals(settings.anchor.file, total)
    behind = given = 0
    async with AsyncExitStack() as stack:
        conns = await _restored(server, settings, stack)
        until = await last_event(conns.values())
        for placement, home in conns.items():
            for tenant_id in await tenants_of(home, CONTEXTS[0]):
                if tenant_id == INSTALLATION and placement != POOLED:
                    continue  # every database knows it; its rows are in the one of all
                for context, holdings in audit.holdings.items():
                    conn = home if holdings.moves else conns[POOLED]
                    held = dict(anchored.get((context, pseudonym(tenant_id)), {}))
                    later = await seals_beyond(conn, context, tenant_id, held)
                    behind += len(later)
                    seals = {number: seal for number, seal in held.items() if number not in later}
                    await audit.examine(conn, context, tenant_id, seals)
                total.tenants += 1
            given += len(await numbers_after(home, source.began_at))
            if placement != POOLED:
                out.print(f"{placement}: audited too.")
    out.print(f"{source.name} can be restored: up to {until}.")
    out.print(f"{given} numbers were given after the backup began; all of them are there.")
    if behind:
        out.print(f"{behind} seals in the anchor are younger than what was archived so far.")
    conclude(total)


async def _restored(server: Postgres, settings: Settings, stack: AsyncExitStack) -> dict[str, Any]:
    """The databases of this server, by placement; one that did not exist then is left out."""
    place = with_placements(place_of(server), settings.place)
    conns: dict[str, Any] = {}
    for placement, each in on_one_server(place).items():
        with suppress(asyncpg.InvalidCatalogNameError):
            conns[placement] = await stack.enter_async_context(administrator(each))
    return conns


async def last_event(conns: Iterable[Any]) -> str:
    """When the newest event of any context was recorded, for people."""
    moments = [await last_moment(conn, CONTEXTS) for conn in conns]
    newest = max((moment for moment in moments if moment), default=None)
    return f"{newest:%Y-%m-%d %H:%M:%S.%f} UTC" if newest else "no event"


async def _archiving(server: Postgres) -> bool:
    async with administrator(place_of(server)) as conn:
        return await archives(conn)
