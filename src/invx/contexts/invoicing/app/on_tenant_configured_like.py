"""A sandbox was opened that is to be set up as another tenant of its organization."""

from invx.contexts.invoicing.app.ports_of_configurations import ConfiguringUnitOfWork
from invx.contracts.identity import TenantConfiguredLikeV1


async def on_tenant_configured_like(
    contract: TenantConfiguredLikeV1, uow: ConfiguringUnitOfWork
) -> None:
    """Set it up. Both are read and written as tenants are, one after the other."""
    await uow.configurations.copied(contract.like, contract.configured_tenant_id)
