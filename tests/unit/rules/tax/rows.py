"""Reading the matrix: one supply a line, in the few words that a tax adviser would use.

Columns, by tabs: name, seller, buyer, supply, scheme, category, rate, place, reason code, source.
With scheme `?` the answer is a question; then `place` is its pointer and `source` what it asks.

A place is `DE/78266` or `US-TX/78701/Austin`; without a postal code it is the country's capital;
`DE/` has none. Seller: place, then `oss ioss small noid none fe=FR reg=FR reg=US-TX ex=FR
sales=last,this waived basis`. Buyer: B or C, place, then `id=FR`, `id=FR:unavailable`,
`cert=DE:eu_151`. Supply: kind, category, date, then `from= to= at= collected installed net=
importer= on=accept|tax|wait`, `lang=`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from invx.rules.tax.model import (
    Buyer,
    Certificate,
    DistanceSales,
    Facts,
    Place,
    Policy,
    Registration,
    Seller,
    Special,
    Supply,
    SupplyKind,
    TaxId,
    Unproven,
    Validation,
)

CAPITALS = {
    "DE": "10115", "AT": "1010", "FR": "75001", "ES": "28001", "IT": "00118", "GB": "SW1A 1AA",
    "PT": "1000-001", "FI": "00100", "GR": "10431",
}  # fmt: skip
MATRIX = Path(__file__).parent / "matrix.tsv"


@dataclass(frozen=True, slots=True)
class Row:
    """One supply with what the law makes of it."""

    name: str
    facts: Facts
    scheme: str
    category: str
    rate: str
    place: str
    reason_code: str
    source: str


def matrix(text: str) -> list[Row]:
    """All rows; a line that begins with # is a remark."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [row(line) for line in lines]


def row(line: str) -> Row:
    name, seller, buyer, supply, *expected = line.split("\t")
    scheme, category, rate, place, reason_code, source = (each.strip() for each in expected)
    return Row(
        name=name,
        facts=facts(seller, buyer, supply),
        scheme=scheme,
        category=category,
        rate=rate,
        place=place,
        reason_code=reason_code,
        source=source,
    )


def facts(seller: str, buyer: str, supply: str) -> Facts:
    """The facts that three cells state."""
    words = supply.split()
    on = Unproven(_value(words, "on") or "wait")
    return Facts(
        seller=_seller(seller.split()),
        buyer=_buyer(buyer.split()),
        supply=_supply(words),
        policy=Policy(invalid=on, unavailable=on, not_asked=on),
        language=_value(words, "lang") or "en",
    )


def place(text: str) -> Place:
    where, *rest = text.split("/")
    country, _, region = where.partition("-")
    code = rest[0] if rest else CAPITALS.get(country)
    return Place(
        country=country,
        region=region or None,
        postal_code=(code or "").replace("_", " ") or None,
        city=rest[1].replace("_", " ") if len(rest) > 1 else None,
    )


def _seller(words: list[str]) -> Seller:
    home = place(words[0])
    found = []
    if "none" not in words:
        special = Special.SMALL_BUSINESS if "small" in words else Special.ORDINARY
        at = _value(words, "home") or home.country
        found.append(_registration(at, special=special, named="noid" not in words))
    found += [_registration(each) for each in _values(words, "reg")]
    found += [_registration(each, established=True) for each in _values(words, "fe")]
    found += [
        Registration(country=each, vat_id="DE1-EX", special=Special.SMALL_BUSINESS)
        for each in _values(words, "ex")
    ]
    if "oss" in words:
        found.append(Registration(country=home.country, special=Special.OSS))
    if "ioss" in words:
        found.append(Registration(country=home.country, special=Special.IOSS, vat_id="IM1"))
    return Seller(place=home, registrations=tuple(found), distance_sales=_sales(words))


def _registration(
    at: str,
    *,
    special: Special = Special.ORDINARY,
    named: bool = True,
    established: bool = False,
) -> Registration:
    country, _, region = at.partition("-")
    return Registration(
        country=country,
        region=region or None,
        vat_id=f"{country}123" if named else None,
        special=special,
        established=established,
    )


def _sales(words: list[str]) -> DistanceSales | None:
    stated = _value(words, "sales")
    if stated is None:
        return None
    last, this = stated.split(",")
    return DistanceSales(last_year=Decimal(last), this_year=Decimal(this), waived="waived" in words)


def _buyer(words: list[str]) -> Buyer:
    ids = []
    for each in _values(words, "id"):
        country, _, validation = each.partition(":")
        outcome = Validation(validation or "valid")
        ids.append(TaxId(country=country, id=f"{country}999", validation=outcome))
    certificates = []
    for each in _values(words, "cert"):
        where, kind = each.split(":")
        country, _, region = where.partition("-")
        certificates.append(
            Certificate(kind=kind, country=country, region=region or None, number="42")
        )
    return Buyer(
        business=words[0] == "B",
        place=place(words[1]),
        tax_ids=tuple(ids),
        certificates=tuple(certificates),
    )


def _supply(words: list[str]) -> Supply:
    kind, category, day = words[:3]
    at = {key: _value(words, key) for key in ("from", "to", "at", "net", "importer")}
    return Supply(
        kind=SupplyKind(kind),
        category=category,
        date=date.fromisoformat(day),
        dispatch=place(at["from"]) if at["from"] else None,
        delivery=place(at["to"]) if at["to"] else None,
        located=place(at["at"]) if at["at"] else None,
        transported="collected" not in words,
        installed="installed" in words,
        importer=at["importer"],
        net_eur=Decimal(at["net"]) if at["net"] else None,
    )


def _values(words: list[str], key: str) -> list[str]:
    return [word.removeprefix(f"{key}=") for word in words if word.startswith(f"{key}=")]


def _value(words: list[str], key: str) -> str | None:
    return next(iter(_values(words, key)), None)
