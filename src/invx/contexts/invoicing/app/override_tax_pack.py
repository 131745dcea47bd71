"""Lay a tenant's own rates, categories and words over the pack of a country."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect_part
from invx.contexts.invoicing.domain.tax.rate_table import RateTable
from invx.contexts.invoicing.domain.tax.tax_overrides import pack_stated
from invx.kernel.messages import Command
from invx.rules.tax.packs import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideTaxPack(Command):
    country: str
    text: str | None = None
    rows: Mapping[str, object] = field(default_factory=dict)  # as a pack's text has them
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Overridden:
    """What is laid over the pack from now on."""

    table: RateTable
    pack: Pack
    text: str | None


async def override_tax_pack(command: OverrideTaxPack, uow: InvoicingUnitOfWork) -> Overridden:
    """All overrides of the country anew. Raises Stale, OverrideInvalid."""
    pack = pack_stated(command.country, uow.packs, text=command.text, rows=command.rows)
    table = await uow.rate_tables.locked(command.country)
    expect_part(table.overrides.version if table.overrides else 0, command.expected_version)
    table.lay_over(pack, command.text)
    return Overridden(table, pack, command.text)
