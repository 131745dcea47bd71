"""The monthly averages of the German ministry of finance (§ 16 (6) UStG), a table of a year.

Expected columns, separated by semicolons: any that name the country; `Währung` or `ISO` with the
code of ISO 4217; one for each month with its name and the year (`Januar 2026`, `Jan 2026`,
`Jan. 2026`, `01/2026`). Figures have a decimal comma and are units of the currency for one euro;
an empty cell, `-` or `–` is a month that is not published yet.
"""

import re
from collections.abc import Iterator
from datetime import date

from invx.contexts.invoicing.adapters.rate_files.reading import (
    Line,
    RateFile,
    RateFileUnreadable,
    file_of,
    table_of,
)
from invx.contexts.invoicing.domain.exchange import PublishedRate, RateKind
from invx.contexts.invoicing.domain.rate_sheet import month_end

_MONTHS = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
_NAMED = re.compile(r"([A-Za-zä]{3})[a-zäö]*\.?\s+((?:19|20|21)[0-9]{2})")
_NUMBERED = re.compile(r"(0[1-9]|1[0-2])/((?:19|20|21)[0-9]{2})")
_CODES = ("ISO", "ISO-Code", "Währung", "Waehrung")
_NOT_YET = {"", "-", "–", "—"}


def read_csv(text: str) -> RateFile:
    """Raises RateFileUnreadable."""
    columns, lines = table_of(text)
    months = {name: day for name in columns if (day := _month(name)) is not None}
    code = next((name for name in _CODES if name in columns), None)
    if code is None or not months:
        raise RateFileUnreadable("its first line names no currency column, or no month")
    return file_of(RateKind.MONTHLY, _rows(lines, code, months))


def _rows(lines: Iterator[Line], code: str, months: dict[str, date]) -> Iterator[PublishedRate]:
    for line in lines:
        currency = line.text(code)
        for name, first_day in months.items():
            if line.cells.get(name, "") in _NOT_YET:
                continue
            yield PublishedRate(
                base="EUR",
                quote=currency,
                first_day=first_day,
                last_day=month_end(first_day),
                rate=line.number_at(name, comma=True),
            )


def _month(name: str) -> date | None:
    if found := _NUMBERED.fullmatch(name):
        return date(int(found[2]), int(found[1]), 1)
    found = _NAMED.fullmatch(name)
    if found is None or found[1].lower() not in _MONTHS:
        return None
    return date(int(found[2]), _MONTHS.index(found[1].lower()) + 1, 1)
