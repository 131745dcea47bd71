"""`invx numbers …`: series on hold, and what the outside knows of numbers that are not here."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from invx.cli.ground import (
    TENANT,
    ArgumentInvalid,
    Refused,
    console,
    open_host,
    out,
    tenant_of,
    with_place,
)
from invx.contexts.invoicing.adapters.reconciling import (
    Reconciled,
    Witness,
    hold_all,
    reconcile_tenant,
)
from invx.contexts.invoicing.domain.number_permit import OutsideCount
from invx.infra.anchoring import pseudonym
from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid, typeid
from invx.place import Place, administrator, tenant_entries
from invx.settings import read_settings

NAME, SERIES = "invoicing", "ser"
NOTHING = "nothing"
_SAYS = "SERIES[/PERIOD]=NUMBER, as ser_…/2026=1234, several times; or `nothing` left the house."


def hold() -> None:
    """Let no series give numbers until `numbers reconcile`, as before a disk is set back."""

    async def work(place: Place) -> None:
        count = 0
        for each in place.everywhere().values():
            async with administrator(each.of(NAME)) as conn:
                count += await hold_all(conn)
        out.print(f"{count} series are on hold.")

    with_place(work)


def reconcile(  # noqa: PLR0917 - the options of a command
    journal: Annotated[Path | None, typer.Option(help="Instead of INVX_NUMBERS_FILE.")] = None,
    anchor: Annotated[Path | None, typer.Option(help="Instead of INVX_ANCHOR_FILE.")] = None,
    last: Annotated[list[str] | None, typer.Option(help=_SAYS)] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this one, tnt_….")] = None,
    actor: Annotated[str, typer.Option(help="Who acts; stays in the history.")] = "user:operator",
    set_back: Annotated[
        bool, typer.Option("--set-back", help="The disk was set back: all series are meant.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be.")] = False,
) -> None:
    """Compare the series with the outside journal, leave lost numbers out, release the series.

    Names what is lost. Again changes nothing.
    """
    witness, heard = _heard(journal, anchor)
    stated = [_stated(each) for each in last or () if each != NOTHING]
    if not (heard or last):
        raise Refused(
            "There is no outside journal and no anchor here. Name one with --journal or --anchor,"
            " or state the last number of each series with --last; `--last nothing` says that none"
            " left the house that is not here."
        )
    why = f"reconciled {datetime.now(UTC):%Y-%m-%d %H:%M} UTC after a restore"

    async def work(place: Place) -> None:
        async with open_host(place, NAME) as host:
            entries = await tenant_entries(host.pools)
            for tenant_id in [tenant_of(tenant)] if tenant else [e.tenant_id for e in entries]:
                for series_id, period, number in stated:
                    said = (pseudonym(tenant_id), str(series_id), period)
                    witness.says(said, OutsideCount(number, number))
                found = await reconcile_tenant(
                    host.contexts[NAME].runner,
                    Caller(tenant_id, actor, Uuid7Ids().new()),
                    witness,
                    reason=why,
                    set_back=set_back,
                    dry_run=dry_run,
                )
                show(tenant_id, _without_strangers(found, stated))
        names = {pseudonym(entry.tenant_id) for entry in entries}
        if strangers := {place[0] for place in witness.counts} - names:
            out.print(f"{len(strangers)} tenants of the journal are not in this database.")
        ends = "Nothing was changed." if dry_run else "Series give numbers again."
        console.print(f"Compared with {', '.join(heard) or 'what you stated'}. {ends}")

    with_place(work)


def _heard(journal: Path | None, anchor: Path | None) -> tuple[Witness, list[str]]:
    """What the witnesses say, and who they are: those named, else those of the settings."""
    settings = read_settings()
    witness, heard = Witness(), list[str]()
    for path, read, named in (
        (journal or settings.place.numbers, witness.read_journal, journal),
        (anchor or settings.anchor.file, witness.read_anchor, anchor),
    ):
        if path is not None and (path.exists() or named is not None):
            try:
                read(path)
            except OSError as error:
                raise ArgumentInvalid(f"{path} cannot be read: {error.strerror}.") from None
            heard.append(str(path))
    return witness, heard


def show(tenant_id: UUID, found: Sequence[Reconciled]) -> None:
    """A line per series, and one per loss."""
    for each in found:
        where = f"{typeid(TENANT, tenant_id)} {typeid(SERIES, each.series_id)}"
        if each.gone is not None:
            out.print(
                f"{where}: LOST, the whole series is not here; numbers up to {each.gone.perhaps}"
                f" may have been given: open its successor with a higher start"
            )
            continue
        stands = ", ".join(f"{period}: {last}" for period, last in sorted(each.stands.items()))
        out.print(f"{where} {each.name!r}: stands at {stands or 'nothing'}")
        for loss in each.losses:
            out.print(f"  {'LOST' if loss.certain else 'LEFT OUT'} {loss}")
        if not each.losses:
            out.print("  nothing is missing")


def _without_strangers(found: Sequence[Reconciled], stated: Sequence[Any]) -> list[Reconciled]:
    """What was stated was said of every tenant; only one has the series."""
    ids = {series_id for series_id, _, _ in stated}
    return [each for each in found if each.gone is None or each.series_id not in ids]


def _stated(text: str) -> tuple[UUID, str, int]:
    name, _, number = text.partition("=")
    series, _, period = name.partition("/")
    if not number.isdecimal():
        raise ArgumentInvalid(f"{text!r} is not of the form {_SAYS}")
    return parse_typeid(SERIES, series), period or "all", int(number)
