"""`invx tenant move`: a tenant into another database, while it is read and written."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import perf_counter
from typing import Annotated
from uuid import UUID

import typer

from invx.cli.ground import ArgumentInvalid, Refused, console, out, tenant_of, with_place
from invx.cli.operator_acts import OPERATOR, Actor, noted
from invx.cli.tenant_carrying import DryRun, Tenant, holdings, shown
from invx.infra.postgres import POOLED
from invx.infra.tenants.moving import Moving, Side, left_for, lives_in, point_home
from invx.infra.tenants.states import statuses
from invx.infra.tenants.tables import count_rows, prepare, tenant_tables
from invx.place import Place, administrator


def move(
    tenant: Tenant,
    to: Annotated[str, typer.Option("--to", help="A name of INVX_PLACEMENTS, or pooled.")],
    dry_run: DryRun = False,
    actor: Actor = OPERATOR,
) -> None:
    """Move a tenant into another database. It is read and written meanwhile.

    Writes are refused for a moment at the end (503, Retry-After). Broken off, it is simply run
    again; to undo what a broken-off move has copied, move the tenant to where it is.
    """
    tenant_id = tenant_of(tenant)

    async def work(place: Place) -> None:
        if to not in place.everywhere():
            known = ", ".join(place.everywhere())
            raise ArgumentInvalid(f"--to is one of {known}, not {to!r}.")
        async with _sides(place) as sides:
            schemas = moving_contexts()
            lives = await lives_in(sides, schemas, tenant_id)
            source = lives or await left_for(sides, schemas, tenant_id, to)
            if source is None:
                raise Refused("There is no such tenant, or it is not whole.")
            if dry_run:
                await _say(sides[source], tenant_id, to)
                return
            async with noted(place, "move", tenant_id, actor, f"{source} to {to}") as note:
                if source != to:
                    note.result = f"{await _move(sides[source], sides[to], tenant_id)} rows"
                else:
                    out.print(f"{tenant} lives in {to} already.")
                await point_home(sides[POOLED], schemas, tenant_id, to)
                await _clear_elsewhere(sides, tenant_id, to)

    with_place(work)


def moving_contexts() -> list[str]:
    """Those whose rows go with a tenant."""
    return [name for name, each in holdings().items() if each.moves]


async def _move(source: Side, target: Side, tenant_id: UUID) -> int:
    """How many rows were copied."""
    total = await _rows(source, tenant_id)
    began = perf_counter()
    with shown("moving", total) as progress:
        moved = await Moving(source, target, holdings(), tenant_id, progress).move()
    out.print(
        f"Moved from {source.placement} to {target.placement}: {moved.rows} rows in"
        f" {perf_counter() - began:.1f} s, {moved.passes} passes behind the first; nobody could"
        f" write for {moved.frozen_seconds:.2f} s."
    )
    return moved.rows


async def _say(source: Side, tenant_id: UUID, to: str) -> None:
    rows = await _rows(source, tenant_id)
    if source.placement == to:
        out.print(f"It lives in {to} already: {rows} rows.")
    else:
        out.print(f"{rows} rows would be moved from {source.placement} to {to}.")


async def _rows(side: Side, tenant_id: UUID) -> int:
    count = 0
    for schema in moving_contexts():
        tables = await tenant_tables(side.conn, schema)
        count += sum((await count_rows(side.conn, tables, tenant_id)).values())
    return count


async def _clear_elsewhere(sides: dict[str, Side], tenant_id: UUID, to: str) -> None:
    """What moves that were broken off have left where the tenant is not."""
    for name, side in sides.items():
        there = await statuses(side.conn, moving_contexts(), tenant_id)
        if name != to and there == {"moved"} and await _rows(side, tenant_id):
            await Moving(side, sides[to], holdings(), tenant_id).clear()
            console.print(f"What was left in {name} is deleted.")


@asynccontextmanager
async def _sides(place: Place) -> AsyncIterator[dict[str, Side]]:
    """Every placement with a connection that was prepared."""
    async with AsyncExitStack() as stack:
        sides = {}
        for name, each in place.everywhere().items():
            conn = await stack.enter_async_context(administrator(each))
            await prepare(conn)
            sides[name] = Side(name, conn)
        yield sides
