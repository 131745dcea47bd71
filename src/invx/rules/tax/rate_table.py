"""The rates that a tenant keeps itself where no pack knows them: states, counties, cities.

One row is one tax of one place. All rows that match a supply apply together, except that of rows
with one `code` the narrowest wins: one that names the product category before one that does not.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256

from invx.kernel.errors import Invalid, Problem
from invx.rules.tax.model import DAY_LAST, Place, SupplyKind
from invx.rules.tax.places import matches, postal_code


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRate:
    """One tax: `code` is its category on the document (STATE, CITY, GST), `source` who says so.

    Without `cities` and `postal_codes` it holds in the whole region. `kinds` says for which
    supplies; `categories` narrows it to product categories. A rate of 0 states that it is free.
    """

    country: str
    region: str
    code: str
    name: str
    rate: Decimal
    valid_from: date
    source: str
    kinds: tuple[SupplyKind, ...]
    valid_until: date = DAY_LAST
    cities: tuple[str, ...] = ()
    postal_codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether it holds in a part of the region only."""
        return bool(self.cities or self.postal_codes)

    def holds_at(self, place: Place) -> bool:
        """Whether a place of the region lies in it."""
        if not self.is_local:
            return True
        city = " ".join((place.city or "").split()).casefold()
        code = postal_code(place.postal_code or "", self.country)
        code = code[:5] if self.country == "US" else code  # ZIP+4 lies in its ZIP
        return matches(code, self.postal_codes) or city in {c.casefold() for c in self.cities}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable:
    """A tenant's rates, with the version that documents record."""

    version: str
    digest: str  # of the text: part of each fingerprint
    rates: tuple[TableRate, ...]
    origin_regions: tuple[str, ...] = ()  # "US-TX": sellers inside use the rates where they are

    @classmethod
    def of(cls, tables: Iterable["RateTable"]) -> "RateTable | None":
        """Tables of several countries as one; None when there is none."""
        known = tuple(tables)
        if len(known) < 2:  # noqa: PLR2004
            return known[0] if known else None
        return cls(
            version=", ".join(each.version for each in known),
            digest=sha256("".join(each.digest for each in known).encode()).hexdigest(),
            rates=tuple(rate for each in known for rate in each.rates),
            origin_regions=tuple(region for each in known for region in each.origin_regions),
        )

    def rows(self, country: str, region: str, kind: SupplyKind, day: date) -> list[TableRate]:
        """The rows of a region in force that day for a kind of supply."""
        return [
            row
            for row in self.rates
            if (row.country, row.region) == (country, region)
            and kind in row.kinds
            and row.valid_from <= day <= row.valid_until
        ]


class RateTableInvalid(Invalid):
    """The text is not a rate table; `problems` name each key at fault."""


_ROW = {"country", "region", "code", "name", "rate", "from", "source", "kinds"}
_MAYBE = {"until", "cities", "postal_codes", "categories"}


def rate_table_of(text: str) -> RateTable:
    """The table that a TOML text states. Raises RateTableInvalid."""
    try:
        values = tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        raise _wrong("/", f"not TOML: {error}") from None
    if extra := set(values) - {"version", "rates", "origin_regions"}:
        raise _wrong(f"/{min(extra)}", "is not a key of a rate table")
    if not isinstance(values.get("version"), str):
        raise _wrong("/version", "is missing")
    rows = values.get("rates", [])
    return RateTable(
        version=values["version"],
        digest=sha256(text.encode()).hexdigest(),
        rates=tuple(_row(f"/rates/{index}", row) for index, row in enumerate(rows)),
        origin_regions=_strings("/origin_regions", values.get("origin_regions", [])),
    )


def narrowest(rows: Iterable[TableRate], category: str) -> list[TableRate]:
    """Of each code the row that applies to the category: its own before the general one."""
    found: dict[tuple[str, str], TableRate] = {}
    for row in rows:
        if row.categories and category not in row.categories:
            continue
        key = (row.code, row.name)
        if key not in found or row.categories:
            found[key] = row
    return list(found.values())


def _row(at: str, row: object) -> TableRate:
    if not isinstance(row, dict):
        raise _wrong(at, "must be a table")
    for key in sorted(_ROW - set(row)):
        raise _wrong(f"{at}/{key}", "is missing")
    for key in sorted(set(row) - _ROW - _MAYBE):
        raise _wrong(f"{at}/{key}", "is not a key of a rate")
    for key in ("country", "region", "code", "name", "rate", "source"):
        if not isinstance(row[key], str) or not row[key].strip():
            raise _wrong(f"{at}/{key}", "must be a text")
    for key in {"from", "until"} & set(row):
        if type(row[key]) is not date:
            raise _wrong(f"{at}/{key}", "must be a date")
    return TableRate(
        **{key: row[key] for key in ("country", "region", "code", "name", "source")},
        rate=_percent(f"{at}/rate", row["rate"]),
        valid_from=row["from"],
        valid_until=row.get("until", DAY_LAST),
        kinds=_kinds(f"{at}/kinds", row["kinds"]),
        cities=_strings(f"{at}/cities", row.get("cities", [])),
        postal_codes=_strings(f"{at}/postal_codes", row.get("postal_codes", [])),
        categories=_strings(f"{at}/categories", row.get("categories", [])),
    )


def _percent(at: str, stated: str) -> Decimal:
    try:
        rate = Decimal(stated)
    except InvalidOperation:
        raise _wrong(at, f"{stated!r} is not a number") from None
    if not (rate.is_finite() and 0 <= rate <= 100):  # noqa: PLR2004
        raise _wrong(at, f"{stated} is not a percentage")
    return rate


def _kinds(at: str, values: object) -> tuple[SupplyKind, ...]:
    try:
        return tuple(SupplyKind(value) for value in _strings(at, values))
    except ValueError:
        raise _wrong(at, f"each is one of {', '.join(SupplyKind)}") from None


def _strings(at: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _wrong(at, "must be a list of texts")
    return tuple(values)


def _wrong(at: str, detail: str) -> RateTableInvalid:
    return RateTableInvalid(f"{at}: {detail}", problems=[Problem(at, "table_invalid", detail)])
