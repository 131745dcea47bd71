"""Which source's rates serve which purpose of a legal entity."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from invx.contexts.invoicing.domain.countries import COUNTRIES, NORTHERN_IRELAND
from invx.contexts.invoicing.domain.exchange.exchange import RatePurpose
from invx.kernel.errors import Problem
from invx.rules.tax.packs import Packs

DEFAULT = "ecb"
SOURCE_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSources:
    """As a legal entity has chosen; where it says nothing the defaults hold.

    `tax` goes by the country whose tax it is: a country may leave the choice to the taxpayer.
    """

    book: str | None = None
    settlement: str | None = None
    tax: dict[str, str] = field(default_factory=dict)

    def source_for(self, purpose: RatePurpose, packs: Packs, country: str | None = None) -> str:
        """The source; of taxes it is the one that the country's law names (its pack says so)."""
        match purpose:
            case RatePurpose.BOOK:
                return self.book or DEFAULT
            case RatePurpose.SETTLEMENT:
                return self.settlement or DEFAULT
            case RatePurpose.TAX:
                return self.tax.get(country or "") or _by_law(packs, country) or DEFAULT


def _by_law(packs: Packs, country: str | None) -> str | None:
    pack = packs.get(country or "")
    if pack is None:
        return None
    union = packs.get("EU") if pack.eu else None
    return pack.tax_rates_of or (union.tax_rates_of if union else None)


def sources_problems(sources: RateSources) -> Iterator[Problem]:
    """Why the choice cannot be kept, with pointers into the legal entity."""
    at = "/exchange_rate_sources"
    stated: Mapping[str, str | None] = {"book": sources.book, "settlement": sources.settlement}
    for name, source in stated.items():
        if source is not None and not SOURCE_CODE.fullmatch(source):
            yield Problem(f"{at}/{name}", "rate_source_malformed", f"{source!r} names no source.")
    for country, source in sources.tax.items():
        where = f"{at}/tax/{country.replace('~', '~0').replace('/', '~1')}"
        if country not in COUNTRIES and country != NORTHERN_IRELAND:
            detail = f"{country!r} is not a country code of ISO 3166-1."
            yield Problem(where, "country_unknown", detail)
        if not SOURCE_CODE.fullmatch(source):
            yield Problem(where, "rate_source_malformed", f"{source!r} names no source.")
