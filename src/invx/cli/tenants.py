"""`invx tenant …` and `invx token`: who there is, and how to speak as one of them."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from invx.cli.ground import (
    TENANT,
    ArgumentInvalid,
    Refused,
    console,
    open_pools,
    out,
    tenant_of,
    with_place,
)
from invx.cli.operator_acts import OPERATOR, Actor, noted
from invx.host import CONTEXTS
from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import Directory, Entry
from invx.infra.tenants.sizes import estimated_bytes
from invx.kernel.ids import typeid
from invx.place import (
    Place,
    administrator,
    all_entries,
    create_tenant,
    development_token,
    directories,
    living_twice,
)
from invx.settings import read_settings

MODES = ("live", "test")
MEGABYTE = 1_000_000


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
    """All tenants: id, name, live or test, status, where, and about how large in the database.

    Names those that are active in two databases, as after setting one of them back.
    """

    async def work(place: Place) -> tuple[list[Entry], Counter[UUID], dict[UUID, list[str]]]:
        sizes: Counter[UUID] = Counter()
        for each in place.everywhere().values():
            for name in CONTEXTS:
                async with administrator(each.of(name)) as conn:
                    sizes.update(await estimated_bytes(conn, [name]))
        async with open_pools(place) as pools:
            return await all_entries(pools), sizes, await living_twice(place)

    entries, sizes, twice = with_place(work)
    table = Table(box=None, pad_edge=False)
    for column in ("tenant", "name", "mode", "status", "where", "about"):
        table.add_column(column, no_wrap=column in ("tenant", "about"))
    for entry in entries:
        size = f"{sizes[entry.tenant_id] / MEGABYTE:.1f} MB"
        said = (entry.name, entry.mode, entry.status, entry.placement)
        table.add_row(typeid(TENANT, entry.tenant_id), *said, size)
    out.print(table)
    console.print(f"{len(entries)} tenants")
    for tenant_id, where in twice.items():
        out.print(
            f"TWICE {typeid(TENANT, tenant_id)} is active in {' and '.join(where)}: one of them was"
            " set back. Close the one that is not to be believed (docs/operations/tenants.md)."
        )


def quota(
    tenant: Annotated[str, typer.Argument(help="tnt_….")],
    name: Annotated[str, typer.Argument(metavar="CLASS", help="As INVX_QUOTAS calls it.")],
    actor: Actor = OPERATOR,
) -> None:
    """Put a tenant into a class of quotas; holds within a minute everywhere."""
    if name != "standard" and name not in (known := read_settings().quotas):
        raise ArgumentInvalid(f"CLASS is standard or one of {', '.join(known) or 'none'}.")

    tenant_id = tenant_of(tenant)

    async def work(place: Place) -> None:
        async with noted(place, "quota", tenant_id, actor, name), open_pools(place) as pools:
            for directory in directories(pools):
                await directory.classify(tenant_id, name)
        out.print(f"{tenant} is in class {name}.")

    with_place(work)


def suspend(tenant: Annotated[str, typer.Argument(help="tnt_….")], actor: Actor = OPERATOR) -> None:
    """Let nothing of a tenant be written: it can be read, its jobs and reactions wait."""
    _turn("suspend", tenant, actor, Directory.suspend, "suspended")


def resume(tenant: Annotated[str, typer.Argument(help="tnt_….")], actor: Actor = OPERATOR) -> None:
    """End the suspension of a tenant; what waited goes on."""
    _turn("resume", tenant, actor, Directory.resume, "active")


def _turn(
    act: str,
    tenant: str,
    actor: str,
    turn: Callable[[Directory, UUID], Awaitable[bool]],
    status: str,
) -> None:
    """In every context, also where an earlier run did not come to its end. Raises Refused."""
    tenant_id = tenant_of(tenant)

    async def work(place: Place) -> None:
        async with noted(place, act, tenant_id, actor), open_pools(place) as pools:
            turned = [await turn(directory, tenant_id) for directory in directories(pools)]
            [entry] = [e for e in await all_entries(pools) if e.tenant_id == tenant_id]
            if entry.status != status:
                raise Refused(f"The tenant is {entry.status}.")
        out.print(f"{tenant} is {status}." if any(turned) else f"{tenant} is {status} already.")

    with_place(work)


def token(
    tenant: Annotated[str | None, typer.Argument(help="tnt_…; else the demo's sandbox.")] = None,
    subject: Annotated[
        str, typer.Option(help="Who acts; stays in the history.")
    ] = "user:developer",
    minutes: Annotated[
        int,
        typer.Option(min=1, help="A server takes what INVX_TOKEN_LIFETIME_SECONDS_MAX allows."),
    ] = 5,
) -> None:
    """Print an access token of a tenant.

    It carries all permissions. Nothing else is printed.
    """
    made = development_token(
        read_settings(), tenant_of(tenant), subject=subject, lifetime=timedelta(minutes=minutes)
    )
    print(made)
