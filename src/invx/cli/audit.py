"""`invx audit verify`: walks every hash chain and names the first broken link."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from invx.cli.ground import (
    TENANT,
    Refused,
    open_pools,
    out,
    progress_bar,
    tenant_of,
    with_place,
)
from invx.host import CONTEXTS
from invx.infra.audit import BrokenLink, verify
from invx.kernel.ids import typeid
from invx.place import Place, administrator, tenant_entries


@dataclass(slots=True)
class _Sum:
    tenants: int = 0
    streams: int = 0
    events: int = 0
    erased: int = 0


def verify_all(
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only this one, tnt_….")] = None,
) -> None:
    """Prove that no event of any tenant was changed, removed or slipped in; 1 if one was."""

    async def work(place: Place) -> None:
        async with open_pools(place) as pools:
            tenants = [entry.tenant_id for entry in await tenant_entries(pools)]
        if tenant:
            wanted = tenant_of(tenant)
            if wanted not in tenants:
                raise Refused(f"There is no tenant {tenant}.")
            tenants = [wanted]
        await _verify(place, tenants)

    with_place(work)


async def _verify(place: Place, tenants: list[UUID]) -> None:
    """Raises Refused at the first broken link, after printing it."""
    total = _Sum()
    async with administrator(place) as conn:
        with progress_bar() as bar:
            task = bar.add_task("verifying", total=len(tenants) * len(CONTEXTS))
            for tenant_id in tenants:
                for context in CONTEXTS:
                    bar.update(task, description=f"{context} of {typeid(TENANT, tenant_id)}")
                    found = await verify(conn, context, tenant_id)
                    if found.broken is not None:
                        bar.stop()
                        _name(context, found.broken)
                    total.streams += found.streams
                    total.events += found.events
                    total.erased += found.erased
                    bar.advance(task)
                total.tenants += 1
            bar.update(task, description="verified")
    out.print(
        f"Intact: {total.tenants} tenants, {total.streams} streams, {total.events} events"
        f" ({total.erased} erased values)."
    )


def _name(context: str, link: BrokenLink) -> None:
    out.print(
        f"BROKEN in {context}: tenant {typeid(TENANT, link.tenant_id)}, stream {link.stream_id},"
        f" version {link.version}: {link.what}"
    )
    raise Refused("The history was changed outside Invx: keep a copy of the database as it is.")
