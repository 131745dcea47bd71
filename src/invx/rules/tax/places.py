"""From an address to the tax jurisdictions it lies in: one for goods, one for services.

Northern Ireland is of the EU for goods and of the UK for services; the Canary Islands are Spanish
and have IGIC; Monaco counts as France. A country whose territories are told apart by postal code
needs one, and a code that cannot be one is asked about.
"""

import re
from dataclasses import dataclass

from invx.rules.tax.model import Place
from invx.rules.tax.outcome import ask
from invx.rules.tax.packs import Pack, Packs, Territory

_SAME = {"EL": "GR", "UK": "GB"}  # prefixes that stand for ISO codes
_NOT_A_CODE = re.compile(r"[^0-9A-Z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """Where one tax law holds. `vat` is the category of its taxed supplies: S, L, M, or O: none.

    `country` is that of its pack, `region` that of a registration that it needs of its own.
    """

    code: str
    country: str
    eu: bool = False
    vat: str = "S"
    region: str | None = None
    territory: str | None = None  # whose rates apply, when not the country's
    source: str | None = None

    @property
    def has_own_law(self) -> bool:
        """Whether its tax is another than its country's (IGIC, IPSI), exemptions included."""
        return self.vat in {"L", "M"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Locality:
    """The jurisdictions of a place, and the territory that it lies in, if any."""

    goods: Jurisdiction
    services: Jurisdiction
    territory: Territory | None = None


def country_of(code: str) -> str:
    """The ISO code of a country: Greece is also `EL`, the United Kingdom also `UK`."""
    code = code.strip().upper()
    return _SAME.get(code, code)


def postal_code(written: str, country: str) -> str:
    """A postal code without spaces, dashes, case, and the country's own letters before it.

    " 35 001 ", "ES-35001", "E-35001" and "35001" are one.
    """
    bare = _NOT_A_CODE.sub("", written.upper())
    prefixed = re.fullmatch(rf"(?:{country}|{country[0]})(\d+)", bare)
    return prefixed[1] if prefixed else bare


def locate(place: Place, packs: Packs, *, at: str) -> Locality:
    """The jurisdictions of a place. Raises TaxUndetermined naming what is missing below `at`."""
    country = country_of(place.country)
    if alias := _by_iso(country, packs):
        return _in_territory(alias, packs, at)
    pack = packs.get(country)
    if pack is None:
        here = Jurisdiction(code=country, country=country)
        return Locality(goods=here, services=here)
    if any(territory.postal_codes for territory in pack.territories):
        territory = _by_postal_code(pack, place, at)
        if territory:
            return _in_territory(territory, packs, at)
    here = _whole(pack)
    return Locality(goods=here, services=here)


def jurisdiction(code: str, packs: Packs) -> Jurisdiction:
    """The jurisdiction of that code: a country's, or a territory's of its own."""
    if pack := packs.get(code):
        return _whole(pack)
    for pack in packs.by_country.values():
        for territory in pack.territories:
            if territory.code == code:
                return Jurisdiction(
                    code=code,
                    country=pack.country,
                    eu=territory.eu,
                    vat=territory.vat,
                    region=code.partition("-")[2] if territory.own_registration else None,
                    territory=code if territory.vat != "S" or _has_rates(pack, code) else None,
                    source=territory.source,
                )
    return Jurisdiction(code=code, country=code)


def matches(code: str, ranges: tuple[str, ...]) -> bool:
    """Whether a normalized postal code is among them: "35000-35999", "27498", "BT*"."""
    for each in ranges:
        first, dash, last = each.partition("-")
        if each.endswith("*"):
            if code.startswith(each[:-1]):
                return True
        elif len(code) == len(first) and first <= code <= (last if dash else first):
            return True
    return False


def _whole(pack: Pack) -> Jurisdiction:
    return Jurisdiction(code=pack.country, country=pack.country, eu=pack.eu)


def _has_rates(pack: Pack, territory: str) -> bool:
    return any(rate.territory == territory for rate in pack.rates)


def _by_iso(country: str, packs: Packs) -> Territory | None:
    for pack in packs.by_country.values():
        for territory in pack.territories:
            if country in territory.iso:
                return territory
    return None


def _by_postal_code(pack: Pack, place: Place, at: str) -> Territory | None:
    code = postal_code(place.postal_code or "", pack.country)
    if not code:
        raise ask(
            f"{at}/postal_code",
            f"{pack.name} has territories with other taxes; which postal code is it?",
        )
    if pack.postal_digits and not (code.isdigit() and len(code) == pack.postal_digits):
        raise ask(f"{at}/postal_code", f"{place.postal_code!r} is no postal code of {pack.name}.")
    found = [each for each in pack.territories if matches(code, each.postal_codes)]
    return found[0] if found else None


def _in_territory(territory: Territory, packs: Packs, at: str) -> Locality:
    if territory.asks:
        raise ask(f"{at}/postal_code", f"{territory.name}: {territory.asks}")
    return Locality(
        goods=jurisdiction(territory.goods, packs),
        services=jurisdiction(territory.services, packs),
        territory=territory,
    )
