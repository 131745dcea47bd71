"""What is wrong with the rates that a tenant states, row by row."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from invx.kernel.errors import Problem
from invx.kernel.limits import TAX_RATE_PLACES_MAX, TAX_RATES_PER_TABLE_MAX
from invx.rules.tax.pack_text import RATE_MAX
from invx.rules.tax.rate_table import TableRate

_REGION = re.compile(r"[A-Z]{2}")
_RANGE = re.compile(r"([0-9A-Z]+)-([0-9A-Z]+)")
_BEGINNING = re.compile(r"[0-9A-Z]{1,6}\*")
_CODES = {"US": re.compile(r"[0-9]{5}"), "CA": re.compile(r"[A-Z][0-9][A-Z][0-9][A-Z][0-9]")}

# Rows that would apply to the same supply as the same tax.
_Key = tuple[object, ...]


def rate_problems(rates: Sequence[TableRate]) -> list[Problem]:
    """Why this table cannot be kept, with pointers to its rows; empty when it can."""
    if len(rates) > TAX_RATES_PER_TABLE_MAX:
        detail = f"A table has {TAX_RATES_PER_TABLE_MAX} rates at most."
        return [Problem("/rates", "too_many_rates", detail)]
    found = [each for index, rate in enumerate(rates) for each in _row(f"/rates/{index}", rate)]
    return found or list(_overlaps(rates))


def _row(at: str, rate: TableRate) -> Iterator[Problem]:
    if not _REGION.fullmatch(rate.region):
        detail = "Two letters, as ISO 3166-2 writes them behind the country: TX."
        yield Problem(f"{at}/region", "region_malformed", detail)
    if not 0 <= rate.rate <= RATE_MAX:
        yield Problem(f"{at}/rate", "rate_out_of_range", "A percentage from 0 to 100.")
    if rate.valid_until < rate.valid_from:
        yield Problem(f"{at}/valid_until", "dates_reversed", "It is before valid_from.")
    if not rate.kinds or len(set(rate.kinds)) != len(rate.kinds):
        yield Problem(f"{at}/kinds", "kinds_malformed", "At least one, and each once.")
    for name, texts in (("cities", rate.cities), ("postal_codes", rate.postal_codes)):
        if len(texts) > TAX_RATE_PLACES_MAX:
            detail = f"{TAX_RATE_PLACES_MAX} at most: state ranges, or another row."
            yield Problem(f"{at}/{name}", "too_many_places", detail)
    for index, code in enumerate(rate.postal_codes):
        if not _is_postal(code, rate.country):
            detail = "A postal code without spaces, a range, or a beginning: 78701-78799, 787*."
            yield Problem(f"{at}/postal_codes/{index}", "postal_code_malformed", detail)


def _is_postal(written: str, country: str) -> bool:
    whole = _CODES[country].fullmatch
    if ends := _RANGE.fullmatch(written):
        return bool(whole(ends[1]) and whole(ends[2])) and ends[1] <= ends[2]
    return bool(whole(written) or _BEGINNING.fullmatch(written))


def _overlaps(rates: Sequence[TableRate]) -> Iterator[Problem]:
    """Of two rows for the same tax, place, kind and category only one may hold on a day."""
    groups: dict[_Key, list[int]] = {}
    for index, rate in enumerate(rates):
        where = (tuple(sorted(rate.cities)), tuple(sorted(rate.postal_codes)))
        for kind in rate.kinds:
            for category in rate.categories or (None,):
                key = (rate.region, rate.code, rate.name, *where, kind, category)
                groups.setdefault(key, []).append(index)
    seen = set()
    for indexes in groups.values():
        indexes.sort(key=lambda index: (rates[index].valid_from, index))
        for first, second in pairwise(indexes):
            later = max(first, second)
            if rates[second].valid_from <= rates[first].valid_until and later not in seen:
                seen.add(later)
                detail = f"Row {min(first, second)} states this tax of this place on the same days."
                yield Problem(f"/rates/{later}", "rates_overlap", detail)
