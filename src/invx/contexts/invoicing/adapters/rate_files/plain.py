"""Rates in our own words, of any source: CSV or JSON.

CSV: columns `base`, `quote`, `rate` and either `on` (a day) or `month` (2026-11). JSON: an object
with `rates`, a list of objects with these names; rates are strings.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from invx.contexts.invoicing.adapters.rate_files.reading import (
    Line,
    RateFile,
    RateFileUnreadable,
    file_of,
    table_of,
)
from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate, RateKind
from invx.contexts.invoicing.domain.exchange.rate_sheet import month_end

_NAMES = {"base", "quote", "rate"}
_MONTH = re.compile(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])")


class _Rates(msgspec.Struct, forbid_unknown_fields=True):
    rates: list[dict[str, str]]


_decode = msgspec.json.Decoder(_Rates).decode


def is_plain(columns: Sequence[str]) -> bool:
    """Whether these are the columns of a table in our own words."""
    return set(columns) >= _NAMES


def read_csv(text: str) -> RateFile:
    """Raises RateFileUnreadable."""
    columns, lines = table_of(text)
    return _read(columns, lines)


def read_json(data: bytes) -> RateFile:
    """Raises RateFileUnreadable."""
    try:
        stated = _decode(data).rates
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise RateFileUnreadable(f"not JSON of rates: {wrong}") from None
    columns = list(stated[0]) if stated else []
    return _read(columns, (Line(number, cells) for number, cells in enumerate(stated, 1)))


def _read(columns: Sequence[str], lines: Iterator[Line]) -> RateFile:
    monthly = "month" in columns
    if not is_plain(columns) or monthly == ("on" in columns):
        raise RateFileUnreadable("it does not name base, quote, rate, and either on or month")
    if unknown := set(columns) - _NAMES - {"on", "month"}:
        raise RateFileUnreadable(f"{min(unknown)!r} is none of its columns")
    kind = RateKind.MONTHLY if monthly else RateKind.DAILY
    return file_of(kind, (_rate(line, monthly=monthly) for line in lines))


def _rate(line: Line, *, monthly: bool) -> PublishedRate:
    first_day = _first_day(line) if monthly else line.day_at("on")
    return PublishedRate(
        base=line.text("base"),
        quote=line.text("quote"),
        first_day=first_day,
        last_day=month_end(first_day) if monthly else None,
        rate=line.number_at("rate"),
    )


def _first_day(line: Line) -> date:
    said = line.text("month")
    if not _MONTH.fullmatch(said):
        raise line.wrong(f"{said[:40]!r} is not a month such as 2026-11")
    return date.fromisoformat(f"{said}-01")
