"""What happens to a tenant's own tax knowledge of a country."""

from dataclasses import dataclass

from invx.kernel.messages import Event
from invx.rules.tax.packs import Pack
from invx.rules.tax.rate_table import TableRate


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesStated(Event):
    """From now on these are the rates of the table; earlier ones hold no more."""

    country: str
    digest: str
    rates: tuple[TableRate, ...]
    origin_regions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverridesStated(Event):
    """From now on this is laid over the country's pack; `text` is as it was given, if as text."""

    country: str
    pack: Pack
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverridesRemoved(Event):
    """Nothing is laid over the country's pack any more."""

    country: str
