"""An operator erased a tenant, or brought one in: its organization's list follows."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class EraseTenant(Command):
    """Inside the installation, after all of the tenant is gone."""

    tenant_id: UUID


async def erase_tenant(command: EraseTenant, uow: IdentityUnitOfWork) -> None:
    """Its name goes, which may be a person's (D4). Again, and of one that never was: nothing."""
    tenant = await uow.tenants.find(command.tenant_id)
    if tenant is not None:
        await uow.people.forget_tenant(tenant.id)
        tenant.erase()


@dataclass(frozen=True, slots=True)
class BringInTenant(Command):
    """As its archive calls it."""

    tenant_id: UUID
    name: str


async def bring_in_tenant(command: BringInTenant, uow: IdentityUnitOfWork) -> None:
    """One that was erased here stands in the list of its organization again."""
    tenant = await uow.tenants.find(command.tenant_id)
    if tenant is not None:
        tenant.bring_in(command.name)
