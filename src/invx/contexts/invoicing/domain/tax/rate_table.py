"""What a tenant itself knows of a country's taxes: a table of rates, and rows over the pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self
from uuid import UUID

from invx.contexts.invoicing.domain.tax.rate_table_events import (
    OverridesRemoved,
    OverridesStated,
    RatesStated,
)
from invx.contexts.invoicing.domain.tax.tax_rates import rate_problems
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Invalid, NotFound, Problem, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event
from invx.rules.tax.north_america import COUNTRIES
from invx.rules.tax.packs import Pack, Packs
from invx.rules.tax.rate_table import RateTable as Table
from invx.rules.tax.rate_table import TableRate


class TaxRatesInvalid(Invalid):
    """The table of rates cannot be kept as it is; `problems` names each row."""


class CountryWithoutRateTable(Invalid):
    """Rate tables are for the United States and Canada; elsewhere rows are laid over the pack."""


class RateTableNotFound(NotFound):
    """There is no rate table for this country."""

    code = "tax_rate_table_not_found"


class OverridesNotFound(NotFound):
    """Nothing is laid over the pack of this country."""

    code = "tax_overrides_not_found"


@dataclass(frozen=True, slots=True)
class Stated:
    """What was stated last: the version of the stream then, and a digest of it."""

    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class KnownTaxes:
    """All that determinations draw on: the packs in force, and the tenant's table if it has one."""

    packs: Packs
    table: Table | None = None


def rate_table_id(tenant_id: UUID, country: str) -> UUID:
    """The stream of a tenant's knowledge of a country: there is one, and two writers meet there."""
    return named_id(tenant_id, f"rate_table:{country}")


class RateTable(Aggregate):
    """One country's. Remembers that something was stated, not what: its rows say that."""

    country: str

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.rates: Stated | None = None
        self.overrides: Stated | None = None

    @classmethod
    def begin(cls, tenant_id: UUID, country: str) -> Self:
        """Nothing is known yet."""
        begun = cls(rate_table_id(tenant_id, country))
        begun.country = country
        return begun

    def state_rates(
        self, rates: tuple[TableRate, ...], origin_regions: tuple[str, ...] = ()
    ) -> None:
        """These rates from now on; the same ones change nothing.

        Raises CountryWithoutRateTable, TaxRatesInvalid.
        """
        if self.country not in COUNTRIES:
            problem = Problem(
                "path:country", CountryWithoutRateTable.code, f"One of {', '.join(COUNTRIES)}."
            )
            raise CountryWithoutRateTable(problems=[problem])
        if problems := rate_problems(rates):
            raise TaxRatesInvalid(problems=problems)
        digest = sha256(repr((rates, origin_regions)).encode()).hexdigest()
        if self.rates is None or self.rates.digest != digest:
            self.record(
                RatesStated(
                    country=self.country,
                    digest=digest,
                    rates=rates,
                    origin_regions=origin_regions,
                )
            )

    def lay_over(self, pack: Pack, text: str | None = None) -> None:
        """This is laid over the country's pack from now on; the same again changes nothing."""
        if self.overrides is None or self.overrides.digest != pack.digest:
            self.record(OverridesStated(country=self.country, pack=pack, text=text))

    def remove_overrides(self) -> None:
        """Lay nothing over the pack any more. Raises OverridesNotFound."""
        if self.overrides is None:
            raise OverridesNotFound
        self.record(OverridesRemoved(country=self.country))

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case RatesStated():
                self.country = event.country
                self.rates = Stated(self.version + 1, event.digest)
            case OverridesStated():
                self.country = event.country
                self.overrides = Stated(self.version + 1, event.pack.digest)
            case OverridesRemoved():
                self.overrides = None
            case _:
                violated(f"a rate table does not know {type(event).__name__}")

    def snapshot(self) -> dict[str, Any]:
        """All state as plain JSON values: a change reads this, not every table of the past."""
        return {
            "country": self.country,
            "rates": _plain(self.rates),
            "overrides": _plain(self.overrides),
        }

    @classmethod
    def restore(cls, id: UUID, version: int, snapshot: Mapping[str, Any]) -> Self:
        """The state at `version` from its snapshot."""
        table = cls(id)
        table.version = version
        table.country = snapshot["country"]
        table.rates = Stated(*snapshot["rates"]) if snapshot["rates"] else None
        table.overrides = Stated(*snapshot["overrides"]) if snapshot["overrides"] else None
        return table


def _plain(stated: Stated | None) -> list[Any] | None:
    return [stated.version, stated.digest] if stated else None
