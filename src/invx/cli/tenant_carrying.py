"""`invx tenant export | import | erase`: all of a tenant, out of the house and in again."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated
from uuid import UUID

import typer

from invx import __version__
from invx.cli.audit import new_file
from invx.cli.ground import (
    TENANT,
    ArgumentInvalid,
    Refused,
    console,
    open_pools,
    out,
    program,
    progress_bar,
    tenant_of,
    with_place,
)
from invx.cli.operator_acts import OPERATOR, Actor, noted, told
from invx.contexts.identity.app.erase_tenant import (
    BringInTenant,
    EraseTenant,
    bring_in_tenant,
)
from invx.contexts.identity.app.erase_tenant import erase_tenant as erase_from_list
from invx.host import holdings_of
from invx.infra.holdings import Holdings
from invx.infra.storage.places import storages_outside
from invx.infra.tenants.arriving import Archive, ensure_can_arrive, import_tenant
from invx.infra.tenants.erasing import Standing, erase_tenant, standing
from invx.infra.tenants.leaving import Origin, export_tenant, mark_exported
from invx.infra.tenants.manifest import Manifest
from invx.infra.tenants.states import leave_tombstone
from invx.infra.tenants.tables import Progress, count_rows, different, prepare, tenant_tables
from invx.kernel.ids import typeid
from invx.kernel.storage import Storage
from invx.place import Place, administrator, home_of, owners
from invx.settings import read_settings

Tenant = Annotated[str, typer.Argument(help="tnt_….")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be.")]
MEGABYTE = 1_000_000


def holdings() -> dict[str, Holdings]:
    """Of every context, with the storages and packs of the settings."""
    settings = read_settings()
    return holdings_of(settings.storage, settings.place.home / "packs")


def storages() -> tuple[Storage, ...]:
    """Those outside the database."""
    return tuple(storages_outside(read_settings().storage).values())


def export(
    tenant: Tenant,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The ZIP file to write.")],
    dry_run: DryRun = False,
    actor: Actor = OPERATOR,
) -> None:
    """Write all of a tenant into one archive, which `invx tenant import` brings in elsewhere.

    Work may go on meanwhile; the archive is of one moment. It holds personal data.
    """
    tenant_id = tenant_of(tenant)

    async def work(place: Place) -> None:
        contexts = holdings()
        async with open_pools(place) as pools:
            home = await home_of(pools, tenant_id)
        async with owners(place, home, contexts) as conns:
            await prepare(*different(conns))
            rows: Counter[str] = Counter()
            for schema, conn in conns.items():
                rows.update(await count_rows(conn, await tenant_tables(conn, schema), tenant_id))
            if dry_run:
                _say_rows(rows)
                return
            began = perf_counter()
            async with noted(place, "export", tenant_id, actor, to.name) as note:
                with shown("exporting", rows.total()) as progress, new_file(to) as file:
                    origin = Origin(__version__, datetime.now(UTC))
                    manifest = await export_tenant(
                        conns, contexts, tenant_id, file, origin, progress=progress
                    )
                complete = await mark_exported(conns, tenant_id, manifest)
                note.result = f"{manifest.rows} rows, {manifest.files} files"
        size, took = to.stat().st_size / MEGABYTE, perf_counter() - began
        out.print(
            f"{to}: {manifest.rows} rows and {manifest.files} files, {size:.1f} MB, {took:.1f} s."
        )
        if not complete:
            console.print("The tenant is not suspended: what is written from now on is not in it.")

    with_place(work)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tenant export` wrote.")],
    dry_run: DryRun = False,
    actor: Actor = OPERATOR,
) -> None:
    """Bring in a tenant from an archive, under its own id.

    It becomes active when all of it is here and proved; its series are on hold until
    `invx numbers reconcile`. Broken off, it is simply run again.
    """
    try:
        opened = file.open("rb")
    except OSError as error:
        raise ArgumentInvalid(f"{file} cannot be read: {error.strerror}.") from None

    async def work(place: Place) -> None:
        contexts, archive = holdings(), Archive(opened)
        manifest = archive.manifest
        settings = read_settings()
        main = storages_outside(settings.storage).get(settings.storage.main)
        if place.contexts:
            raise Refused("A tenant is brought in where all contexts share a database (ADR 0033).")
        async with administrator(place) as conn:
            if dry_run:
                await ensure_can_arrive(conn, contexts, manifest)
                _say_archive(manifest)
                return
            began = perf_counter()
            async with noted(place, "import", manifest.tenant, actor, file.name) as note:
                with shown("importing", manifest.rows + manifest.files) as progress:
                    await import_tenant(conn, contexts, main, archive, progress=progress)
                listed = BringInTenant(manifest.tenant, manifest.directory.name)
                await told(place, bring_in_tenant, listed, actor)
                note.result = f"{manifest.rows} rows, {manifest.files} files"
        took = perf_counter() - began
        out.print(
            f"{typeid(TENANT, manifest.tenant)} is active: {manifest.rows} rows and"
            f" {manifest.files} files, all proved, {took:.1f} s."
        )
        console.print(f"Its series are on hold. Next: `{program()} numbers reconcile`.")

    with opened:
        with_place(work)


def erase(
    tenant: Tenant,
    confirm: Annotated[
        str | None, typer.Option(help="The tenant's name, letter by letter.")
    ] = None,
    without_export: Annotated[
        bool, typer.Option("--without-export", help="Nobody keeps an archive of it.")
    ] = False,
    dry_run: DryRun = False,
    actor: Actor = OPERATOR,
) -> None:
    """Delete all of a tenant for good: rows, files, name. Only its id stays, never used again.

    It must be suspended and exported. Broken off, it is simply run again.
    """
    tenant_id = tenant_of(tenant)

    async def work(place: Place) -> None:
        contexts = holdings()
        async with open_pools(place) as pools:
            home = await home_of(pools, tenant_id)
        async with owners(place, home, contexts) as conns:
            await prepare(*different(conns))
            found = await standing(conns, contexts, storages(), tenant_id)
            _say_standing(found)
            if dry_run:
                return
            if found.nothing:
                await _close_everywhere(place, tenant_id)
                await told(place, erase_from_list, EraseTenant(tenant_id), actor)
                return
            if found.holds and found.status == "suspended":  # else it had begun before
                raise Refused(
                    f"{found.holds} legal holds stand; release them first:"
                    " POST /v1/legal-holds/ID/release."
                )
            if confirm != found.name:
                raise Refused(f"Say --confirm {found.name!r} to erase it.")
            detail = "without an export" if without_export else ""
            async with noted(place, "erase", tenant_id, actor, detail) as note:
                with shown("erasing", sum(found.rows.values()) + found.files) as progress:
                    gone = await erase_tenant(
                        conns,
                        storages(),
                        tenant_id,
                        without_export=without_export,
                        progress=progress,
                    )
                note.result = f"{gone} rows and files"
        await _close_everywhere(place, tenant_id)
        await told(place, erase_from_list, EraseTenant(tenant_id), actor)
        out.print(f"{tenant} is erased: {gone} rows and files deleted.")
        console.print("Backups and the write-ahead log keep it until they are gone.")

    with_place(work)


async def _close_everywhere(place: Place, tenant_id: UUID) -> None:
    """What still names the database in which the tenant was becomes a tombstone too."""
    for each in place.everywhere().values() if place.others else ():
        async with administrator(each) as conn:
            await leave_tombstone(conn, list(holdings()), tenant_id, was=("moved",))


@contextmanager
def shown(what: str, total: int) -> Iterator[Progress]:
    """A bar over things of several names, each of which counts for itself."""
    done: Counter[str] = Counter()
    with progress_bar() as bar:
        task = bar.add_task(what, total=total)

        def progress(name: str, count: int) -> None:
            done[name] = count
            bar.update(task, description=f"{what} {name}", completed=min(done.total(), total))

        yield progress
        bar.update(task, description=what, completed=total)


def _say_rows(rows: Counter[str]) -> None:
    for name, count in sorted(rows.items()):
        out.print(f"{name}: {count}")
    out.print(f"{rows.total()} rows.")


def _say_archive(manifest: Manifest) -> None:
    _say_rows(
        Counter(
            {
                f"{schema}.{table.name}": table.rows
                for schema, held in manifest.contexts.items()
                for table in held.tables
                if table.rows
            }
        )
    )
    name, made = manifest.directory.name, f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"
    out.print(
        f"{typeid(TENANT, manifest.tenant)} {name!r} as of {made}, and {manifest.files} files,"
        " would be brought in."
    )


def _say_standing(found: Standing) -> None:
    if found.nothing:
        out.print("Nothing of it is left but its id.")
        return
    _say_rows(Counter(found.rows))
    archived = (
        f"exported {found.exported_at:%Y-%m-%d %H:%M:%S} UTC" if found.exported_at else "no export"
    )
    out.print(
        f"{found.files} files outside the database. {found.name!r} is {found.status}, {archived}."
    )
    for kept in found.retained:
        law = kept.source or "the longest that a member state asks for"
        out.print(
            f"LAW keeps {kept.count} documents of {kept.year} until the end of {kept.until_year}"
            f" ({law}): whoever erases them must have them elsewhere."
        )
