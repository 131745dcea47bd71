"""What the readers of rate files share: text, tables, figures, and what a file comes to."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate, RateKind
from invx.kernel.errors import Invalid
from invx.kernel.money import UnknownCurrency, exponent

TEXT_BYTES_MAX = 50_000_000  # of a file that was packed
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_SHOWN = 40


class RateFileUnreadable(Invalid):
    """The file is not one of exchange rates that can be read; the detail says where."""


@dataclass(frozen=True, slots=True)
class RateFile:
    """What a file says. `ignored` are currencies that are in use no more, such as HRK."""

    kind: RateKind
    rates: tuple[PublishedRate, ...]
    ignored: tuple[str, ...] = ()


def file_of(kind: RateKind, rates: Iterator[PublishedRate]) -> RateFile:
    """The rates without those of currencies that are not in use; equal ones once.

    Raises RateFileUnreadable when nothing is left.
    """
    kept = dict[PublishedRate, None]()
    ignored = dict[str, None]()
    for each in rates:
        unknown = [code for code in (each.base, each.quote) if not _in_use(code)]
        if unknown:
            ignored |= dict.fromkeys(unknown)
        else:
            kept[each] = None
    if not kept:
        raise RateFileUnreadable("it has no rates of currencies in use")
    return RateFile(kind, tuple(kept), tuple(sorted(ignored)))


def _in_use(currency: str) -> bool:
    try:
        exponent(currency)
    except UnknownCurrency:
        return False
    return True


def text_of(data: bytes) -> str:
    """Text in UTF-8, with or without its mark, or as Windows writes it."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def unpacked(data: bytes) -> bytes:
    """The one file in an archive. Raises RateFileUnreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            if len(members) != 1:
                raise RateFileUnreadable(f"the archive holds {len(members)} files instead of one")
            with archive.open(members[0]) as member:
                content = member.read(TEXT_BYTES_MAX + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as wrong:
        raise RateFileUnreadable(f"the archive cannot be opened: {wrong}") from None
    if len(content) > TEXT_BYTES_MAX:
        raise RateFileUnreadable(f"unpacked it is larger than {TEXT_BYTES_MAX} bytes")
    return content


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table, with its number in the file from 1."""

    number: int
    cells: Mapping[str, str]

    def wrong(self, reason: str) -> RateFileUnreadable:
        """The error that names this line."""
        return RateFileUnreadable(f"line {self.number}: {reason}")

    def text(self, column: str) -> str:
        """A cell that must say something. Raises RateFileUnreadable."""
        if found := self.cells.get(column, ""):
            return found
        raise self.wrong(f"it has no {column!r}")

    def number_at(self, column: str, *, comma: bool = False) -> Decimal:
        """A rate; with `comma` as the decimal sign. Raises RateFileUnreadable."""
        said = self.text(column)
        figure = said.replace(".", "").replace(",", ".") if comma else said
        if not _NUMBER.fullmatch(figure):
            raise self.wrong(f"{said[:_SHOWN]!r} is not a rate")
        return Decimal(figure)

    def day_at(self, column: str) -> date:
        """An ISO date. Raises RateFileUnreadable."""
        said = self.text(column)
        try:
            return date.fromisoformat(said)
        except ValueError:
            raise self.wrong(f"{said[:_SHOWN]!r} is not a date such as 2026-11-27") from None


def table_of(text: str) -> tuple[Sequence[str], Iterator[Line]]:
    """The columns that the first line names, and the lines below; cells are stripped.

    Separated by semicolons where the first line has any, else by commas. Raises RateFileUnreadable.
    """
    head = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text.lstrip()), delimiter=";" if ";" in head else ",")
    columns = [cell.strip() for cell in _next(reader) or ()]
    if not any(columns):
        raise RateFileUnreadable("it is empty")
    return columns, _lines(reader, columns)


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """All lines of a table with semicolons, numbered from 1; white space in cells is one space.

    Raises RateFileUnreadable.
    """
    reader, number = csv.reader(io.StringIO(text), delimiter=";"), 0
    while (row := _next(reader)) is not None:
        number += 1
        yield number, [" ".join(cell.split()) for cell in row]


def _lines(reader: Iterator[list[str]], columns: Sequence[str]) -> Iterator[Line]:
    number = 1
    while (row := _next(reader)) is not None:
        number += 1
        if len(row) > len(columns):  # a decimal comma that is not quoted would shift all others
            raise RateFileUnreadable(f"line {number}: it is not as long as the first line")
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False)}
        if any(cells.values()):
            yield Line(number, cells)


def _next(reader: Iterator[list[str]]) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as wrong:
        raise RateFileUnreadable(f"it is not a table: {wrong}") from None
