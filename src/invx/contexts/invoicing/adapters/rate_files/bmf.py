"""The monthly averages of the German ministry of finance (§ 16 (6) UStG), a table of a year.

As the ministry publishes it (`uu-kurse-2026-csv.csv`): separated by semicolons; a title with the
year; a line `Land`, `Währung` and the names of the months, which may have a footnote (`März [3]`);
then a line for each country: `1 Euro` and for each month a figure with its code (`1,0812 USD`,
`17.049,43 IDR`); footnotes below. The layout was compared with four independent readers of it, not
with the file itself.

A table that says the same in columns is taken too: `Währung` or `ISO` with the code, and one column
for each month with its name and the year (`Januar 2026`, `Jan. 2026`, `01/2026`).

Figures have a decimal comma and are units of the currency for one euro; an empty cell, `-` or `–`
is a month that is not published yet, or has no rate.
"""

import re
from collections.abc import Iterator
from datetime import date

from invx.contexts.invoicing.adapters.rate_files.reading import (
    Line,
    RateFile,
    RateFileUnreadable,
    file_of,
    rows_of,
    table_of,
)
from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate, RateKind
from invx.contexts.invoicing.domain.exchange.rate_sheet import month_end

_MONTHS = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
_NAMED = re.compile(r"([A-Za-zä]{3})[a-zäö]*\.?\s+((?:19|20|21)[0-9]{2})")
_NUMBERED = re.compile(r"(0[1-9]|1[0-2])/((?:19|20|21)[0-9]{2})")
_HEADED = re.compile(r"([A-Za-zä]{3})[a-zäö]*\.?\s*(?:\[[0-9]+\])?")
_YEAR = re.compile(r"\b((?:19|20|21)[0-9]{2})\b")
_CELL = re.compile(r"([0-9][0-9.,]*)\s*([A-Za-z]{3})")
_ONE_EURO = "1 Euro"
_CODES = ("ISO", "ISO-Code", "Währung", "Waehrung")
_NOT_YET = {"", "-", "–", "—"}


def read_csv(text: str) -> RateFile:
    """Raises RateFileUnreadable."""
    columns, lines = table_of(text)
    months = {name: day for name in columns if (day := _month(name)) is not None}
    code = next((name for name in _CODES if name in columns), None)
    if code is None or not months:
        return _as_published(text)
    return file_of(RateKind.MONTHLY, _rows(lines, code, months))


def _as_published(text: str) -> RateFile:
    rows, years = rows_of(text), set[int]()
    for _, row in rows:
        if row[:1] == ["Land"]:
            months = {at: month for at, name in enumerate(row) if (month := _month_of(name))}
            break
        years |= {int(year) for cell in row for year in _YEAR.findall(cell)}
    else:
        months = {}
    if not months:
        raise RateFileUnreadable("no line of it names a currency column and months")
    if len(years) != 1:
        raise RateFileUnreadable("no line above its months says one year")
    return file_of(RateKind.MONTHLY, _published(rows, years.pop(), months))


def _published(
    rows: Iterator[tuple[int, list[str]]], year: int, months: dict[int, int]
) -> Iterator[PublishedRate]:
    for number, row in rows:
        unit = row[1] if len(row) > 1 else ""
        if not unit:  # a footnote
            continue
        if unit != _ONE_EURO:
            raise Line(number, {}).wrong(f"it is not for {_ONE_EURO}")
        for at, month in months.items():
            said = row[at] if at < len(row) else ""
            if said in _NOT_YET:
                continue
            cell = _CELL.fullmatch(said)
            if cell is None:
                raise Line(number, {}).wrong(f"{said[:40]!r} is not a rate such as 1,0812 USD")
            figure, code = cell.groups()
            first_day = date(year, month, 1)
            yield PublishedRate(
                base="EUR",
                quote=code.upper(),
                first_day=first_day,
                last_day=month_end(first_day),
                rate=Line(number, {code: figure}).number_at(code, comma=True),
            )


def _month_of(name: str) -> int | None:
    found = _HEADED.fullmatch(name)
    if found is None or found[1].lower() not in _MONTHS:
        return None
    return _MONTHS.index(found[1].lower()) + 1


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
