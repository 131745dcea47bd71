"""HMRC's monthly exchange rates: units of the currency for one pound.

XML: `exchangeRateMonthList` with `Period="01/Nov/2026 to 30/Nov/2026"`, and in it `exchangeRate`
with `currencyCode` and `rateNew`. CSV: columns `Currency Code`, `Currency Units per £1`, `Start
Date` and `End Date` (in any case) with days such as 01/11/2026. Countries that share a currency
have a row each.
"""

from collections.abc import Iterator
from datetime import date, datetime

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable
from invx.contexts.invoicing.adapters.einvoice.xml import Node, parse
from invx.contexts.invoicing.adapters.rate_files.reading import (
    Line,
    RateFile,
    RateFileUnreadable,
    file_of,
    table_of,
)
from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate, RateKind
from invx.contexts.invoicing.domain.exchange.rate_sheet import month_end

_ROOT = "exchangeRateMonthList"
_CODE, _START, _END = "currency code", "start date", "end date"
_UNITS = "currency units per £1"


def read_xml(data: bytes) -> RateFile:
    """Raises RateFileUnreadable."""
    try:
        root = parse(data, {}, roots=(_ROOT,))
    except EInvoiceUnreadable as wrong:
        raise RateFileUnreadable(wrong.detail) from None
    start, separator, end = (root.attribute("Period") or "").partition(" to ")
    if not separator:
        raise RateFileUnreadable(f"{_ROOT} has no Period such as 01/Nov/2026 to 30/Nov/2026")
    month = _month(_day(start, "%d/%b/%Y"), _day(end, "%d/%b/%Y"))
    return file_of(RateKind.MONTHLY, _elements(root, month))


def _elements(root: Node, month: tuple[date, date]) -> Iterator[PublishedRate]:
    for number, each in enumerate(root.all("exchangeRate"), 1):
        cells = {name: each.text(name) or "" for name in ("currencyCode", "rateNew")}
        line = Line(number, cells)
        yield _rate(line.text("currencyCode"), month, line, "rateNew")


def read_csv(text: str) -> RateFile:
    """Raises RateFileUnreadable."""
    columns, lines = table_of(text)
    if not {_CODE, _UNITS, _START, _END} <= {name.lower() for name in columns}:
        raise RateFileUnreadable("its first line does not name the columns of HMRC's rates")
    return file_of(RateKind.MONTHLY, _rows(lines))


def _rows(lines: Iterator[Line]) -> Iterator[PublishedRate]:
    for each in lines:
        line = Line(each.number, {name.lower(): cell for name, cell in each.cells.items()})
        month = _month(_day(line.text(_START), "%d/%m/%Y"), _day(line.text(_END), "%d/%m/%Y"))
        yield _rate(line.text(_CODE), month, line, _UNITS)


def _rate(currency: str, month: tuple[date, date], line: Line, column: str) -> PublishedRate:
    return PublishedRate(
        base="GBP",
        quote=currency,
        first_day=month[0],
        last_day=month[1],
        rate=line.number_at(column),
    )


def _month(start: date, end: date) -> tuple[date, date]:
    if start.day != 1 or end != month_end(start):
        raise RateFileUnreadable(f"{start} to {end} is not a month")
    return start, end


def _day(said: str, form: str) -> date:
    try:
        return datetime.strptime(said.strip(), form).date()  # noqa: DTZ007 - without a time
    except ValueError:
        raise RateFileUnreadable(f"{said[:40]!r} is not a date of HMRC's") from None
