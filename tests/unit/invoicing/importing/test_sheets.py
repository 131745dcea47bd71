"""Files of any kind as columns and rows of text."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.importing.sheets import open_sheet
from invx.contexts.invoicing.domain.importing.errors import FileUnreadable
from invx.contexts.invoicing.domain.importing.reading import EXTRA
from invx.infra.tables.columns import Column
from invx.infra.tables.text import GERMAN, CsvFile, JsonLinesFile
from invx.infra.tables.xlsx import XlsxFile


def rows_of(content: bytes) -> list[tuple[int, dict[str, str]]]:
    return [(number, dict(cells)) for number, cells in open_sheet(content).rows()]


def workbook(*rows: Sequence[Any]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_encodings_and_signs_are_recognised(encoding: str, sign: str) -> None:
    text = sign.join(["Nummer", "Käufer"]) + "\r\n" + sign.join(["1", "Grüße €"]) + "\r\n"
    assert rows_of(text.encode(encoding)) == [(2, {"Nummer": "1", "Käufer": "Grüße €"})]


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    content = b'\n\na,b\n1,2\n\n"3\n3",4\n,\n5,6\n'
    assert rows_of(content) == [
        (4, {"a": "1", "b": "2"}),
        (6, {"a": "3\n3", "b": "4"}),
        (8, {"a": "5", "b": "6"}),
    ]


def test_columns_have_names_of_their_own() -> None:
    sheet = open_sheet(b"a,a,,b\tc,\n1,2,3,4,\n")
    assert sheet.columns == ("a", "a (2)", "column 3", "b c")
    assert [dict(cells) for _, cells in sheet.rows()] == [
        {"a": "1", "a (2)": "2", "column 3": "3", "b c": "4"}
    ]


def test_cells_behind_the_last_column_are_told() -> None:
    assert rows_of(b"a,b\n1,2,3\n1\n1,2,,\n") == [
        (2, {"a": "1", "b": "2", EXTRA: "3"}),
        (3, {"a": "1"}),
        (4, {"a": "1", "b": "2"}),
    ]


def test_a_sign_inside_of_quotes_is_no_sign() -> None:
    sheet = open_sheet(b'"a,b,c,d";e\n1;2\n')
    assert sheet.columns == ("a,b,c,d", "e")


def test_json_lines_give_texts() -> None:
    content = b'\n{"a": 1.10, "b": null, "c": true}\n{"d": {"x": [1]}, "a": "z"}\n'
    assert open_sheet(content).columns == ("a", "b", "c", "d")
    assert rows_of(content) == [
        (2, {"a": "1.10", "b": "", "c": "true"}),
        (3, {"d": '{"x":[1]}', "a": "z"}),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n \n",
        b'{"a": ',
        b'{"a": 1}\n[1]\n',
        b'{"a\\u0001b": 1}\n',
        b"a,b\n1,\x002\n",
        b'a\n"' + b"x" * 1_000_001 + b'"\n',
        b",".join(b"%d" % n for n in range(501)),
        b"PK\x03\x04no archive",
        b'{"a": ' + b"[" * 100_000 + b"\n",
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(FileUnreadable):
        list(open_sheet(content).rows())


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return out.getvalue()


def test_an_archive_without_a_sheet_is_no_workbook() -> None:
    with pytest.raises(FileUnreadable, match="no sheet"):
        open_sheet(zipped(other=b"<a/>"))


def test_entities_of_a_sheet_are_not_followed() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cell = b"<c t='inlineStr'><is><t>&b;</t></is></c><c t='inlineStr'><is><t>z</t></is></c>"
    sheet = bomb + b"<worksheet " + main + b"><sheetData><row>" + cell + b"</row></sheetData>"
    found = open_sheet(zipped(xl__worksheets__sheet1=sheet + b"</worksheet>"))
    assert found.columns == ("column 1", "z")
    with pytest.raises(FileUnreadable):
        open_sheet(zipped(xl__worksheets__sheet1=b"<broken"))


def test_what_unfolds_too_far_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "invx.contexts.invoicing.adapters.importing.workbook._UNFOLDED_BYTES_MAX", 1_000
    )
    with pytest.raises(FileUnreadable, match="too large"):
        open_sheet(workbook(["a"], *([n] for n in range(100))))


def test_a_workbook_of_another_program_is_read() -> None:
    content = workbook(["number", "gross", "paid"], ["R-1", 119.1, True], [], [None, 5, None])
    assert rows_of(content) == [
        (2, {"number": "R-1", "gross": "119.1", "paid": "true"}),
        (4, {"number": "", "gross": "5"}),
    ]


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))] * 2),
        min_size=1,
        max_size=4,
    )
)
def test_our_own_files_are_read_back(rows: list[tuple[str, str]]) -> None:
    columns = [Column("a"), Column("b")]
    told = [{"a": a, "b": b} for a, b in rows if a.strip() or b.strip()]
    for file in (CsvFile(columns), CsvFile(columns, GERMAN), XlsxFile(columns)):
        content = file.head() + file.rows(rows) + file.end()
        found = [
            {name: cells.get(name, "") for name in ("a", "b")} for _, cells in rows_of(content)
        ]
        plain = [{name: text.removeprefix("'") for name, text in cells.items()} for cells in found]
        expected = [
            {name: text.removeprefix("'") for name, text in cells.items()} for cells in told
        ]
        assert plain == expected
    json_file = JsonLinesFile(columns)
    assert [cells for _, cells in rows_of(json_file.rows(rows))] == [
        {"a": a, "b": b} for a, b in rows
    ]
