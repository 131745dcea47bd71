"""How every context follows identity: its copy of the directory, by reactions that all share."""

from invx.contracts.identity import AccessReducedV1, TenantStatedV1, clock_offset
from invx.infra.context import Reaction
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel.messages import Contract


async def on_tenant_stated(stated: TenantStatedV1, uow: EventUnitOfWork) -> None:
    """Take in the entry, unless a newer one is here already."""
    await uow.conn.execute(
        f"SELECT {uow.store.schema}.state_tenant($1, $2, $3, $4, $5, $6)",
        stated.stated_tenant_id,
        stated.version,
        stated.name,
        stated.mode,
        stated.status,
        clock_offset(stated),
    )


async def on_access_reduced(reduced: AccessReducedV1, uow: EventUnitOfWork) -> None:
    """Let older access tokens of this tenant count no more."""
    await uow.conn.execute(
        f"SELECT {uow.store.schema}.refuse_tokens_before($1)", reduced.not_before
    )


FOLLOWING: dict[type[Contract], Reaction] = {
    TenantStatedV1: on_tenant_stated,
    AccessReducedV1: on_access_reduced,
}
