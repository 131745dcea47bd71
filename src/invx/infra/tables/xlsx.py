"""Tables as XLSX, streamed: no temporary file, and one piece of a sheet in memory at a time.

A workbook is a ZIP of a few XML files (ECMA-376). Libraries write it to the disk first or keep it
in memory until the end; here the sheet goes out while rows come in, and what must know all sheets
is written last. Excel computes in binary floating point with 15 digits: a number that needs more
is written as text, so that no digit is lost.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any

from invx.infra.tables.columns import FORMULAS, Cells, Column, Form, plainly
from invx.infra.zip_stream import ZipStream

ROWS_MAX = 1_048_576  # of a sheet; more go to the next one
_DIGITS_MAX = 15
_DAY_ZERO = date(1899, 12, 30)
_DAY_FIRST = date(1900, 3, 1)  # before it, Excel's calendar has a day too many
# Places in the list of formats below.
_HEADING, _DAY, _MOMENT, _ANY_NUMBER, _TEXT = 1, 2, 3, 4, 5
_AMOUNTS = 6  # with no decimals; with one, two, three and four behind it
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# What XML 1.0 cannot hold is written as Excel does it; what looks like that is escaped too.
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\r\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class XlsxFile:
    """A workbook. Text stays text: nothing in it is a formula, also after somebody edits it."""

    def __init__(self, columns: Sequence[Column], *, rows_max: int = ROWS_MAX) -> None:
        self._columns = columns
        self._write: list[Callable[[Any], str]] = [_cell_of(column) for column in columns]
        self._rows_max = rows_max
        self._zip = ZipStream()
        self._sheets = 0
        self._count = 0  # rows of the sheet that is being written
        self._sheet: IO[bytes] | None = None

    def head(self) -> bytes:
        self._begin()
        return self._zip.drain()

    def rows(self, rows: Sequence[Cells]) -> bytes:
        done = 0
        while done < len(rows):
            if self._count == self._rows_max:
                self._finish()
                self._begin()
            some = rows[done : done + self._rows_max - self._count]
            self._put([_row(self._write, row) for row in some])
            self._count += len(some)
            done += len(some)
        return self._zip.drain()

    def end(self) -> bytes:
        self._finish()
        parts = [self._zip.drain()]
        for name, content in _around(self._sheets):
            parts.append(self._zip.add(name, (_XML + content).encode()))
        return b"".join([*parts, self._zip.close()])

    def drop(self) -> None:
        if self._sheet is not None:
            self._sheet.close()  # a ZIP cannot be let go while a file of it is open

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml")
        names = [
            f'<c t="inlineStr" s="{_HEADING}"><is><t>{_said(column.name)}</t></is></c>'
            for column in self._columns
        ]
        self._put([_SHEET_HEAD, "<row>", *names, "</row>"])
        self._count = 1

    def _finish(self) -> None:
        self._put(["</sheetData></worksheet>"])
        if self._sheet is not None:
            self._sheet.close()

    def _put(self, parts: Sequence[str]) -> None:
        if self._sheet is not None:
            self._sheet.write("".join(parts).encode())


_SHEET_HEAD = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)


def _row(write: Sequence[Callable[[Any], str]], row: Cells) -> str:
    pairs = zip(write, row, strict=True)
    cells = ["<c/>" if cell is None else each(cell) for each, cell in pairs]
    return f"<row>{''.join(cells)}</row>"


def _cell_of(column: Column) -> Callable[[Any], str]:
    match column.form:
        case Form.AMOUNT:
            return lambda cell: _number(cell, _AMOUNTS + min(_decimals(cell), 4))
        case Form.NUMBER:
            return lambda cell: _number(cell, _ANY_NUMBER)
        case Form.WHOLE:
            return lambda cell: f"<c><v>{cell}</v></c>"
        case Form.DAY:
            return _day
        case Form.MOMENT:
            return _moment
        case Form.FLAG:
            return lambda cell: f'<c t="b"><v>{int(cell)}</v></c>'
        case Form.TEXT:
            return _text


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _number(number: Decimal, style: int) -> str:
    text = plainly(number)
    digits = text.replace("-", "").replace(".", "").lstrip("0")
    return f'<c s="{style}"><v>{text}</v></c>' if len(digits) <= _DIGITS_MAX else _text(text)


def _day(day: date) -> str:
    if day < _DAY_FIRST:
        return _text(day.isoformat())
    return f'<c s="{_DAY}"><v>{(day - _DAY_ZERO).days}</v></c>'


def _moment(moment: datetime) -> str:
    plain = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    days, seconds = divmod((plain - datetime(1899, 12, 30)).total_seconds(), 86_400)  # noqa: DTZ001
    part = Decimal(int(seconds)) / 86_400
    return f'<c s="{_MOMENT}"><v>{Decimal(int(days)) + part:.10f}</v></c>'


def _text(text: str) -> str:
    style = f' s="{_TEXT}"' if text.startswith(FORMULAS) else ""
    return f'<c t="inlineStr"{style}><is><t xml:space="preserve">{_said(text)}</t></is></c>'


def _said(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _UNSPEAKABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", escaped)


def _around(sheets: int) -> list[tuple[str, str]]:
    """Everything but the sheets."""
    numbers = range(1, sheets + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml"'
        f' ContentType="{_SHEET}.worksheet+xml"/>'
        for number in numbers
    )
    listed = "".join(
        f'<sheet name="Sheet{number}" sheetId="{number}" r:id="rId{number}"/>' for number in numbers
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>'
    of_book = (
        f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="rId{sheets + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
        "</Relationships>"
    )
    types = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET}.styles+xml"/>'
        f"{parts}</Types>"
    )
    return [
        ("xl/styles.xml", _STYLES),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", of_book),
        ("_rels/.rels", _OF_PACKAGE),
        ("[Content_Types].xml", types),
    ]


_OF_PACKAGE = (
    f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_FORMATS = {164: "yyyy-mm-dd", 165: "yyyy-mm-dd hh:mm:ss", 166: "#,##0.0", 167: "#,##0.000"}
_FORMATS[168] = "#,##0.0000"
# General, heading, day, moment, number, text that stays text; amounts of 0 to 4 decimals.
_CELLS: tuple[tuple[int, str], ...] = (
    (0, ""),
    (0, ' fontId="1" applyFont="1"'),
    (164, ""),
    (165, ""),
    (0, ""),
    (49, ' quotePrefix="1"'),
    *((id, "") for id in (3, 166, 4, 167, 168)),
)
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(_FORMATS)}">'
    + "".join(f'<numFmt numFmtId="{id}" formatCode="{code}"/>' for id, code in _FORMATS.items())
    + '</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    "<borders count='1'><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    f'<cellXfs count="{len(_CELLS)}">'
    + "".join(
        f'<xf numFmtId="{id}"{"" if "fontId" in more else " fontId=" + chr(34) + "0" + chr(34)}'
        f' fillId="0" borderId="0" xfId="0" applyNumberFormat="1"{more}/>'
        for id, more in _CELLS
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
    "</cellStyles></styleSheet>"
)
