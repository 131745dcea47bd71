"""`invx inbox …`: contracts and jobs that failed for good wait here for a person's word."""

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.table import Table

from invx.cli.ground import TENANT, Refused, console, open_pools, out, tenant_of, with_place
from invx.host import CONTEXTS
from invx.infra.parked import Parked, ParkedContract, ParkedJob
from invx.infra.postgres import Database, Pools
from invx.infra.system import SystemClock
from invx.kernel.ids import typeid
from invx.place import Place

Tenant = Annotated[str | None, typer.Option("--tenant", help="Only this one, tnt_….")]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A parked row, and the context and placement that it waits in."""

    context: str
    placement: str
    row: ParkedContract | ParkedJob

    @property
    def id(self) -> str:
        """What `replay` and `skip` take."""
        if isinstance(self.row, ParkedContract):
            return str(self.row.message_id)
        return f"{self.row.kind}/{self.row.key}"


def list_(tenant: Tenant = None) -> None:
    """What is parked, why, and how much waits behind it."""

    async def work(place: Place) -> list[_Waiting]:
        async with open_pools(place) as pools:
            return await _waiting(pools, tenant)

    found = with_place(work)
    for waiting in found:
        out.print(_shown(waiting))
    console.print(f"{len(found)} parked" if found else "Nothing is parked.")


def replay(
    id: Annotated[str | None, typer.Argument(help="As `inbox list` shows it.")] = None,
    all: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,
    tenant: Tenant = None,
) -> None:
    """Try parked contracts or jobs again, from the first attempt."""
    if (id is None) is not all:
        raise Refused("Name one id of `inbox list`, or say --all.")

    async def work(place: Place) -> int:
        async with open_pools(place) as pools:
            chosen = [each for each in await _waiting(pools, tenant) if all or each.id == id]
            for each in chosen:
                parked = _parked(pools.at(each.placement), each.context)
                if isinstance(each.row, ParkedContract):
                    await parked.replay(each.row.tenant_id, each.row.message_id)
                else:
                    await parked.replay_job(each.row.tenant_id, each.row.kind, each.row.key)
            return len(chosen)

    count = with_place(work)
    if id is not None and not count:
        raise Refused(f"{id} is not parked; `inbox list` shows what is.")
    console.print(f"{count} tried again by the next worker.")


def skip(
    id: Annotated[str, typer.Argument(help="A message, as `inbox list` shows it.")],
    reason: Annotated[str, typer.Option(help="Stays on the row, with your name.")],
    actor: Annotated[str, typer.Option(help="Who decided.")] = "user:operator",
    tenant: Tenant = None,
) -> None:
    """Give a parked contract up; what waits behind it goes on."""

    async def work(place: Place) -> int:
        async with open_pools(place) as pools:
            chosen = [each for each in await _waiting(pools, tenant) if each.id == id]
            for each in chosen:
                if not isinstance(each.row, ParkedContract):
                    raise Refused("A job is not skipped: replay it, or change what it works on.")
                parked = _parked(pools.at(each.placement), each.context)
                await parked.skip(
                    each.row.tenant_id, each.row.message_id, actor=actor, reason=reason
                )
            return len(chosen)

    if not with_place(work):
        raise Refused(f"{id} is not parked; `inbox list` shows what is.")
    console.print("Skipped.")


async def _waiting(pools: Pools, tenant: str | None) -> list[_Waiting]:
    tenant_id = tenant_of(tenant) if tenant else None
    found: list[_Waiting] = []
    for placement in pools.placements:
        for name in CONTEXTS:
            parked = _parked(pools.at(placement), name)
            rows: list[ParkedContract | ParkedJob] = [*await parked.contracts(tenant_id)]
            rows += await parked.jobs(tenant_id)
            found += [_Waiting(name, placement, row) for row in rows]
    return found


def _parked(pools: Pools, context: str) -> Parked:
    return Parked(Database(context, pools), SystemClock())


def _shown(waiting: _Waiting) -> Table:
    row = waiting.row
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("id", waiting.id)
    table.add_row("tenant", typeid(TENANT, row.tenant_id))
    if isinstance(row, ParkedContract):
        table.add_row("contract", f"{row.contract}, number {row.sequence} of {row.order_key}")
        table.add_row("in", f"{waiting.context}, since {row.received_at:%Y-%m-%d %H:%M} UTC")
        table.add_row("behind it", str(row.waiting))
    else:
        table.add_row("in", f"{waiting.context}, due {row.due_at:%Y-%m-%d %H:%M} UTC")
    table.add_row("attempts", str(row.attempts))
    table.add_row("reason", row.reason or "-")
    table.add_row("", "")
    return table
