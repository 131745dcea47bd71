"""Tables as files: what a reader gets back is what was written, to the digit."""

import csv
import io
import json
import zipfile
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.tables.columns import FORMULAS, Cells, Column, Form, TableFile
from invx.infra.tables.text import GERMAN, CsvFile, JsonLinesFile
from invx.infra.tables.xlsx import XlsxFile

COLUMNS = (
    Column("number"),
    Column("gross", Form.AMOUNT),
    Column("quantity", Form.NUMBER),
    Column("count", Form.WHOLE),
    Column("issued", Form.DAY),
    Column("made", Form.MOMENT),
    Column("overdue", Form.FLAG),
)
MOMENT = datetime(2026, 11, 30, 23, 59, 58, 700_000, tzinfo=timezone(timedelta(hours=1)))
ROW: Cells = ("R-1", Decimal("1234.50"), Decimal("1E+3"), 7, date(2026, 11, 30), MOMENT, True)
EMPTY: Cells = (None,) * 7


def whole(file: TableFile, *rows: Cells) -> bytes:
    return file.head() + file.rows(rows) + file.end()


def text_cells(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(
        csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    )


def sheets(content: bytes) -> list[list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]


def test_csv_is_plain_for_programs() -> None:
    content = whole(CsvFile(COLUMNS), ROW, EMPTY)
    assert content.startswith(b"number,gross")
    assert text_cells(content) == [
        [column.name for column in COLUMNS],
        ["R-1", "1234.50", "1000", "7", "2026-11-30", "2026-11-30T22:59:58Z", "true"],
        [""] * 7,
    ]


def test_csv_is_what_excel_opens_in_germany() -> None:
    content = whole(CsvFile(COLUMNS, GERMAN), ROW)
    assert content.startswith("\ufeffnumber;gross".encode())
    said = text_cells(content, ";")[1]
    assert said == ["R-1", "1234,50", "1000", "7", "30.11.2026", "30.11.2026 22:59:58", "true"]


def test_json_lines_keep_numbers_exact() -> None:
    first, second = whole(JsonLinesFile(COLUMNS), ROW, EMPTY).splitlines()
    assert json.loads(first) == {
        "number": "R-1",
        "gross": "1234.50",
        "quantity": "1000",
        "count": 7,
        "issued": "2026-11-30",
        "made": "2026-11-30T22:59:58.700000Z",
        "overdue": True,
    }
    assert json.loads(second) == dict.fromkeys((column.name for column in COLUMNS), None)


def test_a_workbook_has_real_numbers_days_and_moments() -> None:
    [[head, row, empty]] = sheets(whole(XlsxFile(COLUMNS), ROW, EMPTY))
    assert head == tuple(column.name for column in COLUMNS)
    assert row == (
        "R-1",
        1234.5,
        1000,
        7,
        datetime(2026, 11, 30),
        datetime(2026, 11, 30, 22, 59, 58),
        True,
    )
    assert set(empty) == {None}


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("5", "#,##0"), ("5.00", "#,##0.00"), ("5.000", "#,##0.000"), ("5.0000", "#,##0.0000")],
)
def test_an_amount_shows_the_decimals_of_its_currency(amount: str, shown: str) -> None:
    content = whole(XlsxFile([Column("a", Form.AMOUNT)]), [Decimal(amount)])
    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"]
    assert (cell.value, cell.number_format) == (5, shown)


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=2, min_value=-(10**17), max_value=10**17
    )
)
def test_no_digit_of_an_amount_is_lost(amount: Decimal) -> None:
    """Fifteen digits fit Excel's numbers; what is longer is text."""
    columns = [Column("a", Form.AMOUNT)]
    [[_, (found,)]] = sheets(whole(XlsxFile(columns), [amount]))
    assert Decimal(str(found)) == amount
    assert isinstance(found, str) is (len(amount.as_tuple().digits) > 15)
    assert Decimal(text_cells(whole(CsvFile(columns), [amount]))[1][0]) == amount
    assert Decimal(json.loads(whole(JsonLinesFile(columns), [amount]))["a"]) == amount


@pytest.mark.parametrize("start", FORMULAS)
def test_no_text_is_a_formula(start: str) -> None:
    said = f"{start}cmd|' /C calc'!A0"
    [column] = columns = [Column("text")]
    assert text_cells(whole(CsvFile(columns), [said]))[1] == [f"'{said}"]
    content = whole(XlsxFile([column]), [said])
    cell = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


def test_a_negative_amount_is_a_number_and_no_formula() -> None:
    columns = [Column("a", Form.AMOUNT)]
    assert text_cells(whole(CsvFile(columns), [Decimal("-5.00")]))[1] == ["-5.00"]
    assert sheets(whole(XlsxFile(columns), [Decimal("-5.00")]))[0][1] == (-5,)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=4))
def test_any_text_comes_back(texts: list[str]) -> None:
    columns = [Column("text")]
    rows = [[text] for text in texts]
    lines = whole(JsonLinesFile(columns), *rows).splitlines()
    assert [json.loads(line)["text"] for line in lines] == texts
    for (shown,), text in zip(text_cells(whole(CsvFile(columns), *rows))[1:], texts, strict=True):
        assert shown.removeprefix("'") == text.removeprefix("'") or shown == f"'{text}"
    [read] = sheets(whole(XlsxFile(columns), *rows))
    shown_texts = [openpyxl.utils.escape.unescape(value or "") for (value,) in read[1:]]
    assert shown_texts == [text.replace("_x000D_", "_x000D_") for text in texts]


def test_a_day_before_excels_calendar_is_text() -> None:
    columns = [Column("day", Form.DAY)]
    [[_, (old,), (first,)]] = sheets(
        whole(XlsxFile(columns), [date(1899, 1, 1)], [date(1900, 3, 1)])
    )
    assert (old, first) == ("1899-01-01", datetime(1900, 3, 1))


def test_what_does_not_fit_a_sheet_goes_to_the_next() -> None:
    file = XlsxFile([Column("n", Form.WHOLE)], rows_max=4)
    content = file.head() + file.rows([[0], [1]]) + file.rows([[n] for n in range(2, 8)])
    found = sheets(content + file.end())
    assert found == [[("n",), (0,), (1,), (2,)], [("n",), (3,), (4,), (5,)], [("n",), (6,), (7,)]]


def test_a_workbook_goes_out_while_it_is_made() -> None:
    """A hundred thousand rows are never in memory at once: bytes leave with the rows."""
    file, sent = XlsxFile(COLUMNS), 0
    file.head()
    for part in range(20):
        rows = [(f"R-{part}-{n}", Decimal(n), None, n, None, MOMENT, False) for n in range(500)]
        sent += len(file.rows(rows))
    assert sent > 50_000
    assert len(file.end()) < 50_000


def test_a_workbook_that_nobody_wants_any_more_is_let_go() -> None:
    file = XlsxFile(COLUMNS)
    file.head()
    sent = file.rows([ROW])
    file.drop()
    file.drop()
    assert isinstance(sent, bytes)  # and no ZIP complains when it is collected


def test_the_same_rows_make_the_same_workbook() -> None:
    assert whole(XlsxFile(COLUMNS), ROW) == whole(XlsxFile(COLUMNS), ROW)
