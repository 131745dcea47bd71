"""Let the pack of a country hold as it is shipped."""

from dataclasses import dataclass

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect_part
from invx.contexts.invoicing.domain.tax.rate_table import OverridesNotFound, RateTable
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTaxOverrides(Command):
    country: str
    expected_version: int | None = None


async def remove_tax_overrides(command: RemoveTaxOverrides, uow: InvoicingUnitOfWork) -> RateTable:
    """Nothing lies over the pack any more. Raises OverridesNotFound, Stale."""
    table = await uow.rate_tables.locked(command.country)
    if table.overrides is None:
        raise OverridesNotFound
    expect_part(table.overrides.version, command.expected_version)
    table.remove_overrides()
    return table
