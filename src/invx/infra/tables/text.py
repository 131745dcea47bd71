"""Tables as text: CSV for programs and spreadsheets, and JSON Lines."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from invx.infra.tables.columns import FORMULAS, Cell, Cells, Column, Form, plainly

_BOM = "\ufeff"  # by which Excel knows UTF-8


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV is written: what stands between cells and before decimals, and how days look."""

    delimiter: str = ","
    decimal: str = "."
    day: str = "%Y-%m-%d"
    moment: str = "%Y-%m-%dT%H:%M:%SZ"
    bom: bool = False


PLAIN = Dialect()  # RFC 4180, ISO 8601
GERMAN = Dialect(";", ",", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S", bom=True)  # as Excel opens it there


class CsvFile:
    """RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in front."""

    def __init__(self, columns: Sequence[Column], dialect: Dialect = PLAIN) -> None:
        self._names = [column.name for column in columns]
        self._write: list[Callable[[Any], str]] = [_text_of(each, dialect) for each in columns]
        self._dialect = dialect

    def head(self) -> bytes:
        mark = _BOM if self._dialect.bom else ""
        return (mark + self._lines([self._names])).encode()

    def rows(self, rows: Sequence[Cells]) -> bytes:
        return self._lines([self._texts(row) for row in rows]).encode()

    def _texts(self, row: Cells) -> list[str]:
        pairs = zip(self._write, row, strict=True)
        return ["" if cell is None else write(cell) for write, cell in pairs]

    def end(self) -> bytes:
        return b""

    def drop(self) -> None:
        """There is nothing to let go."""

    def _lines(self, rows: Sequence[Sequence[str]]) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=self._dialect.delimiter, lineterminator="\r\n").writerows(rows)
        return out.getvalue()


def _text_of(column: Column, dialect: Dialect) -> Callable[[Any], str]:
    match column.form:
        case Form.AMOUNT | Form.NUMBER:
            return lambda cell: plainly(cell).replace(".", dialect.decimal)
        case Form.DAY:
            return lambda cell: _day(cell, dialect.day)
        case Form.MOMENT:
            return lambda cell: cell.astimezone(UTC).strftime(dialect.moment)
        case Form.FLAG:
            return lambda cell: "true" if cell else "false"
        case Form.WHOLE:
            return str
        case Form.TEXT:
            return defused


def _day(day: date, pattern: str) -> str:
    return day.isoformat() if pattern == PLAIN.day else day.strftime(pattern)


def defused(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULAS) else text


class JsonLinesFile:
    """One object a line: names as the columns have them, numbers as strings, so they stay exact."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._names = [column.name for column in columns]

    def head(self) -> bytes:
        return b""

    def rows(self, rows: Sequence[Cells]) -> bytes:
        names = self._names
        lines = [
            _encode({name: _json(cell) for name, cell in zip(names, row, strict=True)})
            for row in rows
        ]
        return b"\n".join([*lines, b""])

    def end(self) -> bytes:
        return b""

    def drop(self) -> None:
        """There is nothing to let go."""


_encode = msgspec.json.Encoder(decimal_format="string").encode


def _json(cell: Cell) -> Any:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(cell, str | bool | int | date) or cell is None:
        return cell
    return plainly(cell)
