"""What goes out comes in again to the letter, and no cell of it is a formula.

Readers of others judge: Python's csv and json, and openpyxl. What Excel's numbers hold is asked of
Python's own floats, which are the same 64 bits (ECMA-376 stores the shortest text of them).
"""

import csv
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from invx.contexts.invoicing.adapters.importing.sheets import open_sheet
from invx.contexts.invoicing.domain.importing.errors import FileUnreadable
from invx.contexts.invoicing.domain.importing.mapping import FieldSource, ImportMapping
from invx.contexts.invoicing.domain.importing.reading import Seller, read_documents
from invx.contexts.invoicing.domain.importing.values import day_of, number_of
from invx.infra.tables.columns import FORMULAS, Column, Form, TableFile
from invx.infra.tables.text import GERMAN, CsvFile, JsonLinesFile
from invx.infra.tables.xlsx import XlsxFile

FEW = 30  # each writes and reads whole files
FORMS = (Form.TEXT, Form.AMOUNT, Form.NUMBER, Form.WHOLE, Form.DAY, Form.MOMENT, Form.FLAG)
COLUMNS = tuple(Column(form.value, form) for form in FORMS)
# All that PostgreSQL and XML 1.0 can hold; half of them begin like formulas.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
ARMED = st.builds(lambda start, rest: start + rest, st.sampled_from(FORMULAS), TEXTS)
CENTS = st.integers(-(10**14), 10**14).map(lambda each: Decimal(each) / 100)
NUMBERS = st.decimals(-(10**6), 10**6, allow_nan=False, places=8)
ROWS = st.lists(
    st.tuples(
        TEXTS | ARMED,
        CENTS.map(lambda each: each.quantize(Decimal("0.01"))),
        NUMBERS,
        st.integers(0, 10**9),
        st.dates(date(1970, 1, 1), date(2119, 1, 1)),
        st.datetimes(datetime(1970, 1, 1), datetime(2119, 1, 1), timezones=st.just(UTC)),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


def whole(file: TableFile, rows: list[Any]) -> bytes:
    return file.head() + file.rows(rows) + file.end()


def one(form: Form, *cells: Any) -> list[Any]:
    """A column of these as XLSX, as openpyxl reads it."""
    book = openpyxl.load_workbook(
        io.BytesIO(whole(XlsxFile([Column("x", form)]), [[cell] for cell in cells]))
    )
    sheet: Any = book.active
    return [row[0] for row in sheet.iter_rows(min_row=2)]


@settings(max_examples=FEW)
@given(ROWS)
def test_a_csv_says_every_cell_to_the_letter(rows: list[Any]) -> None:
    content = whole(CsvFile(COLUMNS), rows).decode()
    read = list(csv.reader(io.StringIO(content, newline="")))
    for said, (text, amount, number, count, day, moment, flag) in zip(read[1:], rows, strict=True):
        assert said[0] == ("'" + text if text.startswith(FORMULAS) else text)
        assert (Decimal(said[1]), said[1].partition(".")[2]) == (amount, f"{abs(amount):f}"[-2:])
        assert Decimal(said[2]) == number
        assert "E" not in said[1] + said[2]
        assert (int(said[3]), said[4]) == (count, day.isoformat())
        assert datetime.fromisoformat(said[5]) == moment.replace(microsecond=0)
        assert said[6] == str(flag).lower()


@settings(max_examples=FEW)
@given(ROWS)
def test_a_german_csv_differs_in_signs_only(rows: list[Any]) -> None:
    content = whole(CsvFile(COLUMNS, GERMAN), rows)
    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    for said, row in zip(read[1:], rows, strict=True):
        assert "." not in said[1] + said[2]
        assert [Decimal(each.replace(",", ".")) for each in said[1:3]] == list(row[1:3])
        assert said[4] == f"{row[4].day:02}.{row[4].month:02}.{row[4].year}"
        assert datetime.strptime(said[5], "%d.%m.%Y %H:%M:%S") == row[5].replace(
            microsecond=0, tzinfo=None
        )


@settings(max_examples=FEW)
@given(ROWS)
def test_json_lines_are_objects_without_a_change(rows: list[Any]) -> None:
    content = whole(JsonLinesFile(COLUMNS), rows).decode()
    for line, row in zip(content.split("\n")[:-1], rows, strict=True):
        said = json.loads(line)
        assert list(said) == [column.name for column in COLUMNS]
        assert (said["text"], said["whole"], said["flag"]) == (row[0], row[3], row[6])
        assert (Decimal(said["amount"]), Decimal(said["number"])) == (row[1], row[2])
        assert (said["day"], datetime.fromisoformat(said["moment"])) == (row[4].isoformat(), row[5])


@settings(max_examples=FEW)
@given(ROWS)
def test_a_workbook_shows_what_was_written(rows: list[Any]) -> None:
    content = whole(XlsxFile(COLUMNS), rows)
    sheet: Any = openpyxl.load_workbook(io.BytesIO(content)).active
    for said, row in zip(sheet.iter_rows(min_row=2), rows, strict=True):
        assert unescape(said[0].value or "") == row[0]
        for cell, exact in zip(said[1:3], row[1:3], strict=True):
            assert cell.value == (str(exact) if cell.data_type == "s" else float(exact))
        assert said[3].value == row[3]
        assert said[4].value.date() == row[4]
        assert abs(said[5].value.replace(tzinfo=UTC) - row[5]) <= timedelta(seconds=1)
        assert said[6].value is row[6]


@settings(max_examples=FEW)
@given(st.lists(TEXTS | ARMED, min_size=1, max_size=5))
def test_no_cell_of_any_file_is_a_formula(texts: list[str]) -> None:
    """Excel runs what `f` holds, and of a CSV what begins with a sign; both never happen."""
    columns, rows = [Column("x"), Column("y")], [[text, text] for text in texts]
    book = whole(XlsxFile(columns), rows)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert re.search(r"<f[ >/]", xml) is None
    for cell, text in zip(one(Form.TEXT, *texts), texts, strict=True):
        assert cell.data_type in ("s", "n" if not text else "s")
        assert bool(cell.quotePrefix) is text.startswith(FORMULAS)
    for file, delimiter in ((CsvFile(columns), ","), (CsvFile(columns, GERMAN), ";")):
        shown = whole(file, rows).decode("utf-8-sig")
        for row in list(csv.reader(io.StringIO(shown, newline=""), delimiter=delimiter))[1:]:
            assert not any(cell.startswith(FORMULAS) for cell in row)


IMPORTING = ImportMapping(
    fields={
        name: FieldSource(column=name)
        for name in ("number", "issue_date", "net", "tax", "gross", "buyer_name", "notes")
    }
    | {"currency": FieldSource(constant="EUR")}
)
DOCUMENT = [
    Column("number"),
    Column("issue_date", Form.DAY),
    Column("net", Form.AMOUNT),
    Column("tax", Form.AMOUNT),
    Column("gross", Form.AMOUNT),
    Column("buyer_name"),
    Column("notes"),
]
NAMES = st.one_of(
    st.sampled_from(
        ["'s-Hertogenbosch BV", "'t Hoekje", "=Grüße", "@home", "-minus-", "+plus", "'", "O'Neill",
         "x\u2028y", "a\u0085b".replace("\u0085", "\u2029"), "1E+5", "007", "true", "Müller;Söhne",
         'so "genannt"', "a,b|c\td", "_x000D_", "zwei\nZeilen"]
    ),
    TEXTS.filter(lambda each: each.strip() == each != ""),
)  # fmt: skip


@settings(max_examples=FEW)
@given(NAMES, NAMES, st.dates(date(1970, 1, 1), date(2026, 11, 30)), st.integers(0, 10**12))
@example("'s-Hertogenbosch BV", "x\u2028y", date(2026, 2, 28), 1)
def test_a_document_that_was_exported_is_the_one_that_is_imported(
    name: str, notes: str, day: date, cents: int
) -> None:
    """To the letter, from each kind of file; only '= may lose an apostrophe, as out of a CSV."""
    net, tax = Decimal(cents) / 100, Decimal(cents * 19 // 100) / 100
    unit = Decimal("0.01")
    row = ["R-1", day, net.quantize(unit), tax.quantize(unit), (net + tax).quantize(unit)]
    seller = Seller("EUR", "DE", date(2026, 11, 30))
    for file in (CsvFile(DOCUMENT), CsvFile(DOCUMENT, GERMAN), JsonLinesFile(DOCUMENT),
                 XlsxFile(DOCUMENT)):  # fmt: skip
        content = whole(file, [[*row, name, notes]])
        [found] = read_documents(open_sheet(content).rows(), IMPORTING, seller)
        assert found.item is not None, found.problems
        item = found.item
        assert (item.issue_date, item.net, item.tax) == (day, net, tax)
        assert item.gross == net + tax
        for said, written in ((item.buyer.name, name), (item.notes, notes)):
            if written.startswith(tuple(f"'{sign}" for sign in FORMULAS)):
                assert said in (written, written[1:])
            else:
                assert said == written


@settings(max_examples=FEW)
@given(st.decimals(-(10**8), 10**8, allow_nan=False, places=7))
@example(Decimal("0.0000001"))
@example(Decimal("0.00001"))
@example(Decimal("-0.0000350"))
def test_a_number_of_a_workbook_never_comes_back_shortened(number: Decimal) -> None:
    """A price of a hundred-thousandth is 1E-5 to a program, and not to a person."""
    content = whole(XlsxFile([Column("x", Form.NUMBER)]), [[number]])
    [(_, cells)] = open_sheet(content).rows()
    assert number_of(cells["x"], ".") == number


@settings(max_examples=FEW)
@given(st.datetimes(datetime(1970, 1, 1), datetime(2118, 1, 1)))
def test_a_day_with_a_time_in_a_workbook_of_others_is_that_day(moment: datetime) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet: Any = book.active
    sheet.append(["day"])
    sheet.append([moment.replace(microsecond=0)])
    book.save(out)
    [(_, cells)] = open_sheet(out.getvalue()).rows()
    assert day_of(cells["day"], None) == moment.date()


def test_a_workbook_that_counts_from_1904_is_refused_and_not_read_four_years_early() -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet: Any = book.active
    sheet.append(["day"])
    sheet.append([date(2026, 10, 1)])
    book.save(out)
    with pytest.raises(FileUnreadable, match="1904"):
        list(open_sheet(out.getvalue()).rows())


@settings(max_examples=FEW)
@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "", "b", "column 2"]), max_size=7))
def test_columns_always_have_names_of_their_own(names: list[str]) -> None:
    """Else one would hide the other."""
    titles = [*names, "end"]
    line = ";".join(titles)
    values = [f"v{place}" for place in range(len(titles))]
    sheet = open_sheet(f"{line}\n{';'.join(values)}\n".encode())
    assert len(set(sheet.columns)) == len(titles)
    if len(titles) > 1:
        [(_, cells)] = sheet.rows()
        assert [cells[name] for name in sheet.columns] == values


SIGNS = st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"PK\x03\x04", b"{", b'"', b""])


@settings(max_examples=FEW)
@given(SIGNS, st.binary(max_size=30) | st.text(st.sampled_from('{}":,;\n\\u0'), max_size=20).map(
    str.encode
))  # fmt: skip
@example(b"\xff\xfe", b"a")
@example(b"\xef\xbb\xbf", b"a\xff")
def test_any_bytes_are_a_file_or_refused(start: bytes, rest: bytes) -> None:
    try:
        sheet = open_sheet(start + rest)
        rows = list(sheet.rows())
    except FileUnreadable as refused:
        assert refused.detail  # noqa: PT017
    else:
        assert all(number >= 1 and cells is not None for number, cells in rows)
        assert len(set(sheet.columns)) == len(sheet.columns)


BOOK = whole(XlsxFile(COLUMNS[:2]), [[f"row {n}", Decimal(n)] for n in range(20)])


@settings(max_examples=FEW)
@given(st.lists(st.tuples(st.integers(0, len(BOOK) - 1), st.integers(0, 255)), max_size=4))
def test_a_workbook_with_wrong_bytes_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    content = bytearray(BOOK)
    for place, byte in changes:
        content[place] = byte
    try:
        rows = list(open_sheet(bytes(content)).rows())
    except FileUnreadable:
        assert changes
    else:
        assert changes or len(rows) == 20


@settings(max_examples=FEW)
@given(st.integers(4, len(BOOK) - 1))  # its first letters alone are a heading of a CSV file
def test_a_workbook_that_was_cut_off_is_refused(length: int) -> None:
    with pytest.raises(FileUnreadable):
        list(open_sheet(BOOK[:length]).rows())
