"""Any of the three kinds of files as columns and rows of text.

Nothing is guessed about values here: that is the mapping's. A file is read once from beginning to
end; only its bytes are in memory, and the row that is being read.
"""

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from invx.contexts.invoicing.adapters.importing.workbook import is_workbook, workbook_rows
from invx.contexts.invoicing.domain.importing.errors import FileUnreadable
from invx.contexts.invoicing.domain.importing.reading import EXTRA, Row

_DELIMITERS = (",", ";", "\t", "|")
_CELL_CHARS_MAX = 1_000_000
_COLUMNS_MAX = 500
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))

csv.field_size_limit(min(sys.maxsize, _CELL_CHARS_MAX))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns of a file; `rows` begins it anew each time."""

    columns: tuple[str, ...]
    content: bytes
    kind: str

    def rows(self) -> Iterator[Row]:
        """Each row that is not empty, with its number as a spreadsheet shows it.

        Raises FileUnreadable.
        """
        if self.kind == "jsonl":
            yield from _json_rows(self.content)
            return
        records = _records(self.content, self.kind)
        _head(records)
        for number, cells in records:
            if any(cell.strip() for cell in cells):
                yield number, _named(self.columns, cells)


def open_sheet(content: bytes) -> Sheet:
    """The file by its first bytes. Raises FileUnreadable."""
    if not content.strip():
        raise FileUnreadable("The file is empty.")
    if is_workbook(content):
        kind = "xlsx"
    else:
        kind = "jsonl" if _text_of(content[:200], whole=False).lstrip().startswith("{") else "csv"
    if kind == "jsonl":
        return Sheet(_json_columns(content), content, kind)
    columns = _distinct(_head(_records(content, kind)))
    if len(columns) > _COLUMNS_MAX:
        raise FileUnreadable(f"A file has at most {_COLUMNS_MAX} columns.")
    return Sheet(columns, content, kind)


def _head(records: Iterator[tuple[int, list[str]]]) -> list[str]:
    """The first row that is not empty: the names of the columns. What follows is left to read."""
    return next((cells for _, cells in records if any(cell.strip() for cell in cells)), [])


def _distinct(head: list[str]) -> tuple[str, ...]:
    """Names for all columns: a second of one name, or one without, is told by its place."""
    while head and not head[-1].strip():
        head = head[:-1]
    names: list[str] = []
    for place, cell in enumerate(head, 1):
        name = " ".join(_printable(cell).split())[:200] or f"column {place}"
        while name in names:
            name += f" ({place})"
        names.append(name)
    return tuple(names)


def _printable(text: str) -> str:
    return "".join(max(char, " ") for char in text)


def _named(columns: tuple[str, ...], cells: list[str]) -> Mapping[str, str]:
    named = dict(zip(columns, cells, strict=False))
    extra = [cell for cell in cells[len(columns) :] if cell.strip()]
    if extra:
        named[EXTRA] = extra[0]
    return named


def _records(content: bytes, kind: str) -> Iterator[tuple[int, list[str]]]:
    return workbook_rows(content) if kind == "xlsx" else _csv_records(content)


def _csv_records(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _text_of(content)
    if "\x00" in text:
        raise FileUnreadable("The file holds bytes that no text has.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter_of(text))
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, cells
    except csv.Error as error:
        raise FileUnreadable(f"Row {number + 1} cannot be read: {error}.") from None


def _text_of(content: bytes, *, whole: bool = True) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding, errors="strict" if whole else "ignore")
            except UnicodeDecodeError as error:
                raise FileUnreadable(f"The file is no {encoding}: {error.reason}.") from None
    try:
        return content.decode("utf-8", errors="strict" if whole else "ignore")
    except UnicodeDecodeError:
        # What is no UTF-8 comes from Windows; the five bytes that it does not know become signs.
        return content.decode("cp1252", errors="replace")


def _delimiter_of(text: str) -> str:
    """The sign that stands most often in the first line that has any, outside of quotes."""
    line = next((line for line in text.splitlines()[:50] if line.strip()), "")
    bare = "".join(part for place, part in enumerate(line.split('"')) if place % 2 == 0)
    return max(_DELIMITERS, key=bare.count)


def _json_rows(content: bytes) -> Iterator[Row]:
    for number, line in enumerate(_lines(content), 1):
        if line.strip():
            yield number, {name: _said(value) for name, value in _object(line, number).items()}


def _lines(content: bytes) -> Iterator[str]:
    """Of JSON Lines; U+2028 and U+0085 may stand in a text, and `splitlines` would split there."""
    return iter(io.StringIO(_text_of(content), newline=None))


def _object(line: str, number: int) -> Mapping[str, Any]:
    try:
        return _decode(line)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise FileUnreadable(f"Line {number} is no JSON object: {error}.") from None


_decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else msgspec.json.encode(value).decode()


def _json_columns(content: bytes) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for number, line in enumerate(_lines(content), 1):
        if line.strip():
            names |= dict.fromkeys(_object(line, number))
        if len(names) > _COLUMNS_MAX:
            raise FileUnreadable(f"A file has at most {_COLUMNS_MAX} columns.")
    if any(char < " " for name in names for char in name):
        raise FileUnreadable("The names of fields hold control characters.")
    return tuple(names)
