"""The first sheet of an XLSX file as rows of text (ECMA-376), read as a stream.

A day comes as Excel's count of days, a number with the digits that stand in the file. Nothing is
run: of a formula the value counts that was kept with it. What unfolds to much more than it was, or
has entities of its own, is refused.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from lxml import etree

from invx.contexts.invoicing.domain.importing.errors import FileUnreadable

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_UNFOLDED_BYTES_MAX = 300_000_000
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]+")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_COLUMNS_MAX = 16_384
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    etree.LxmlError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
_SURROGATES = (0xD800, 0xDFFF)


def is_workbook(content: bytes) -> bool:
    """Whether these bytes are a ZIP, as every workbook is one."""
    return content.startswith(b"PK\x03\x04")


def workbook_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows with their numbers. Raises FileUnreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > _UNFOLDED_BYTES_MAX:
                raise FileUnreadable("The workbook is too large.")
            names = archive.namelist()
            sheets = sorted(
                (name for name in names if name.startswith("xl/worksheets/sheet")),
                key=lambda name: (len(name), name),
            )
            if not sheets:
                raise FileUnreadable("The archive holds no sheet.")
            _ensure_days_from_1900(archive)
            shared = _shared(archive) if "xl/sharedStrings.xml" in names else []
            with archive.open(sheets[0]) as sheet:
                yield from _rows(sheet, shared)
    except _BROKEN as error:
        raise FileUnreadable(f"The workbook cannot be read: {error}") from None


def _parsed(file: Any, tag: str) -> Iterator[Any]:
    for _, element in etree.iterparse(
        file, tag=_MAIN + tag, resolve_entities=False, load_dtd=False, no_network=True
    ):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _ensure_days_from_1900(archive: zipfile.ZipFile) -> None:
    """Old workbooks of a Mac count from 1904: each day would be read as one four years before."""
    if "xl/workbook.xml" in archive.namelist():
        with archive.open("xl/workbook.xml") as file:
            for said in _parsed(file, "workbookPr"):
                if said.get("date1904") in ("1", "true"):
                    raise FileUnreadable("The workbook counts its days from 1904; save it anew.")


def _shared(archive: zipfile.ZipFile) -> list[str]:
    with archive.open("xl/sharedStrings.xml") as file:
        return [_text(element) for element in _parsed(file, "si")]


def _text(element: Any) -> str:
    """All runs of a text, without what says how it is spoken."""
    parts = [
        each.text or ""
        for each in element.iter(_MAIN + "t")
        if each.getparent().tag != _MAIN + "rPh"
    ]
    return _ESCAPED.sub(lambda found: _sign(int(found[1], 16)), "".join(parts))


def _sign(code: int) -> str:
    """What no text can hold becomes the sign for that."""
    return chr(code) if code and not _SURROGATES[0] <= code <= _SURROGATES[1] else "\ufffd"


def _rows(sheet: Any, shared: list[str]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    for row in _parsed(sheet, "row"):
        number = int(row.get("r") or number + 1)
        cells: list[str] = []
        for cell in row.iterchildren(_MAIN + "c"):
            place = _place(cell.get("r"), len(cells))
            cells += [""] * (place - len(cells))
            cells.append(_value(cell, shared))
        yield number, cells


def _place(reference: str | None, next_one: int) -> int:
    found = _PLACE.fullmatch(reference or "")
    if found is None:
        return next_one
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - ord("A") + 1
    return min(place - 1, _COLUMNS_MAX)


def _value(cell: Any, shared: list[str]) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return _text(cell)
    value = cell.find(_MAIN + "v")
    text = (value.text or "") if value is not None else ""
    match kind:
        case "s":
            place = int(text)
            return shared[place] if 0 <= place < len(shared) else ""
        case "b":
            return "true" if text == "1" else "false"
        case "e":
            return ""  # an error of a formula is no value
        case "str":
            return text
        case _:
            return _digits(text)


def _digits(text: str) -> str:
    """A number as people write it: the file may say 1.1900000000000001E2 for 119."""
    try:
        number = float(text)
    except ValueError:
        return text
    if abs(number) >= 1e15:  # noqa: PLR2004
        return text
    return format(Decimal(repr(number)), "f").removesuffix(".0")
