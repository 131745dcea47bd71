"""State the rates that a tenant keeps itself for a country."""

from dataclasses import dataclass

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect_part
from invx.contexts.invoicing.domain.tax.rate_table import RateTable
from invx.kernel.messages import Command
from invx.rules.tax.rate_table import TableRate


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTaxRates(Command):
    country: str
    rates: tuple[TableRate, ...]
    origin_regions: tuple[str, ...] = ()
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class StatedRates:
    """What the table holds from now on."""

    table: RateTable
    rates: tuple[TableRate, ...]
    origin_regions: tuple[str, ...]


async def state_tax_rates(command: StateTaxRates, uow: InvoicingUnitOfWork) -> StatedRates:
    """The whole table anew. Documents that were finalized before keep their taxes.

    Raises Stale, CountryWithoutRateTable, TaxRatesInvalid.
    """
    table = await uow.rate_tables.locked(command.country)
    expect_part(table.rates.version if table.rates else 0, command.expected_version)
    table.state_rates(command.rates, command.origin_regions)
    return StatedRates(table, command.rates, command.origin_regions)
