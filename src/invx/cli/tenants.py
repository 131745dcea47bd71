"""`invx tenant …` and `invx token`: who there is, and how to speak as one of them."""

from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from invx.cli.ground import (
    TENANT,
    TOKEN_LIFETIME,
    ArgumentInvalid,
    console,
    open_pools,
    out,
    tenant_of,
    with_place,
)
from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import Entry
from invx.kernel.ids import typeid
from invx.place import Place, create_tenant, development_token, tenant_entries
from invx.settings import read_settings

MODES = ("live", "test")


def create(
    name: Annotated[str, typer.Argument(help="How people call it.")],
    mode: Annotated[str, typer.Option(help="live, or test for a sandbox.")] = "live",
    id: Annotated[str | None, typer.Option(help="A tnt_… id; made when absent.")] = None,
) -> None:
    """Enter a tenant into every context, and print its id."""
    if mode not in MODES:
        raise ArgumentInvalid(f"--mode is {' or '.join(MODES)}, not {mode!r}.")
    tenant_id = tenant_of(id) if id else Uuid7Ids().new()

    async def work(place: Place) -> None:
        async with open_pools(place) as pools:
            await create_tenant(pools, tenant_id, name=name, mode=mode)

    with_place(work)
    out.print(typeid(TENANT, tenant_id))


def list_() -> None:
    """All tenants: id, name, live or test, status."""

    async def work(place: Place) -> list[Entry]:
        async with open_pools(place) as pools:
            return await tenant_entries(pools)

    entries = with_place(work)
    table = Table(box=None, pad_edge=False)
    for column in ("tenant", "name", "mode", "status"):
        table.add_column(column, no_wrap=column == "tenant")
    for entry in entries:
        table.add_row(typeid(TENANT, entry.tenant_id), entry.name, entry.mode, entry.status)
    out.print(table)
    console.print(f"{len(entries)} tenants")


def token(
    tenant: Annotated[str | None, typer.Argument(help="tnt_…; the demo tenant if absent.")] = None,
    subject: Annotated[
        str, typer.Option(help="Who acts; stays in the history.")
    ] = "user:developer",
    minutes: Annotated[
        int, typer.Option(min=1, help="`invx up` and `invx serve` accept up to 12 hours.")
    ] = int(TOKEN_LIFETIME.total_seconds() // 60),
) -> None:
    """Print an access token of a tenant.

    It carries all permissions. Nothing else is printed.
    """
    made = development_token(
        read_settings(), tenant_of(tenant), subject=subject, lifetime=timedelta(minutes=minutes)
    )
    print(made)
