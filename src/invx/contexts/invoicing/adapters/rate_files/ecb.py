"""The euro reference rates of the European Central Bank: eurofxref-daily, -hist-90d and -hist.

As XML (a `Cube` for each day, with one for each currency in it) or as CSV (a line for each day, a
column for each currency, `N/A` where there was none). Units of the currency for one euro.
"""

import re
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

_NAMES = {
    "g": "http://www.gesmes.org/xml/2002-08-01",
    "e": "http://www.ecb.int/vocabulary/2002-08-01/eurofxref",
}
_ROOT = f"{{{_NAMES['g']}}}Envelope"
_RATE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


def read_xml(data: bytes) -> RateFile:
    """Raises RateFileUnreadable."""
    try:
        root = parse(data, _NAMES, roots=(_ROOT,))
    except EInvoiceUnreadable as wrong:
        raise RateFileUnreadable(wrong.detail) from None
    return file_of(RateKind.DAILY, _days(root))


def _days(root: Node) -> Iterator[PublishedRate]:
    for day in root.all("e:Cube/e:Cube"):
        on = _day(day.attribute("time") or "")
        for each in day.all("e:Cube"):
            line = Line(0, {"rate": each.attribute("rate") or ""})
            yield PublishedRate(
                base="EUR",
                quote=each.attribute("currency") or "",
                first_day=on,
                rate=line.number_at("rate"),
            )


def read_csv(text: str) -> RateFile:
    """Raises RateFileUnreadable."""
    columns, lines = table_of(text)
    currencies = [name for name in columns if re.fullmatch("[A-Z]{3}", name)]
    if columns[0] != "Date" or not currencies:
        raise RateFileUnreadable("its first line is not: Date, USD, JPY, …")
    return file_of(RateKind.DAILY, _rows(lines, currencies))


def _rows(lines: Iterator[Line], currencies: list[str]) -> Iterator[PublishedRate]:
    for line in lines:
        on = _day(line.text("Date"))
        for currency in currencies:
            if line.cells.get(currency, "") not in ("", "N/A"):
                rate = line.number_at(currency)
                yield PublishedRate(base="EUR", quote=currency, first_day=on, rate=rate)


def _day(said: str) -> date:
    for form in ("%Y-%m-%d", "%d %B %Y"):  # the daily CSV has 27 November 2026
        try:
            return datetime.strptime(said, form).date()  # noqa: DTZ007 - a date without a time
        except ValueError:
            continue
    raise RateFileUnreadable(f"{said[:40]!r} is not a date")
