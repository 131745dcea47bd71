"""What auditors' programs and DATEV's read: tables, their description, packages of documents."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from invx.contexts.invoicing.adapters.accounting import data_access
from invx.contexts.invoicing.adapters.accounting.auditor_tables import (
    DAY,
    DOCUMENTS,
    LINES,
    TABLES,
    TEXT,
    AuditTable,
)
from invx.contexts.invoicing.adapters.accounting.document_package import Packed, document_xml
from invx.infra.zip_stream import ZipStream
from tests.unit.invoicing.accounting.strategies import amounts, anything, days, typed

DAYS = (date(2024, 2, 29), date(2025, 2, 28))
NS = {"d": "http://xml.datev.de/bedi/tps/document/v06.0"}
MADE = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
names = typed.filter(lambda said: bool(said.strip()))
_grammar = etree.DTD(io.BytesIO(data_access.dtd()))


def cells_of(table: AuditTable) -> st.SearchStrategy[dict[str, Any]]:
    """A row with what each column may hold."""
    return st.fixed_dictionaries(
        {column.field: st.none() | _cells(column.holds) for column in table.columns}
    )


def _cells(holds: str | int) -> st.SearchStrategy[Any]:
    if holds == DAY:
        return days
    if holds == TEXT:
        return anything | st.booleans()
    places = int(holds)
    return st.integers(0, 10**9) if places == 0 else amounts(places, "-9999999999")


@pytest.mark.parametrize("table", TABLES, ids=lambda each: each.name)
@settings(max_examples=15)
@given(data=st.data())
def test_any_row_is_read_back_as_the_index_describes_it(
    table: AuditTable, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(cells_of(table), min_size=1, max_size=3))
    content = data_access.heading(table) + data_access.lines(table, rows)
    text = io.StringIO(content.decode(), newline="")
    [_, *lines] = csv.reader(text, delimiter=";", strict=True)
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        for column, cell in zip(table.columns, line, strict=True):
            _agree(column.holds, cell, row[column.field])


def _agree(holds: str | int, cell: str, said: Any) -> None:
    if said is None:
        assert cell == ""
    elif holds == DAY:
        day, month, year = cell.split(".")
        assert date(int(year), int(month), int(day)) == said
        assert len(cell) == len("DD.MM.YYYY")
    elif holds == TEXT:
        told = {True: "ja", False: "nein"}[said] if isinstance(said, bool) else said
        assert cell == " ".join(told.split())
        assert "\n" not in cell
    else:
        whole, _, decimals = cell.partition(",")
        assert Decimal(f"{whole}.{decimals or 0}") == said
        assert len(decimals) <= int(holds), "the index promises no more"


@settings(max_examples=30)
@given(names, names, days, days)
def test_the_index_is_valid_whoever_sells(name: str, place: str, first: date, last: date) -> None:
    written = data_access.index(TABLES, (name, place), (first, last))
    index = etree.fromstring(written)
    _grammar.validate(index)
    errors = {each.type_name for each in _grammar.error_log} - {"DTD_CONTENT_NOT_DETERMINIST"}
    assert errors == set()
    told = index.findtext("DataSupplier/Name")
    # A parser reads any line end as one LF, unless it was written as a character reference.
    assert told is not None
    assert told == name
    assert index.findtext("Media/Table/Validity/Range/From") == f"{first:%d.%m.%Y}"


def test_every_table_of_documents_leads_to_them() -> None:
    index = etree.fromstring(data_access.index(TABLES, ("A", "B"), DAYS))
    [foreign] = index.iter("ForeignKey")
    shape = foreign.getparent()
    assert shape is not None
    assert shape.getparent().findtext("URL") == LINES.file
    key = index.findtext(
        f"Media/Table[URL='{DOCUMENTS.file}']/VariableLength/VariablePrimaryKey/Name"
    )
    assert (foreign.findtext("Name"), foreign.findtext("References")) == (key, DOCUMENTS.name)


def test_nothing_of_the_index_is_fetched_or_expanded() -> None:
    """The grammar stands beside it, and is named without a place to fetch it from."""
    hostile = '"><!ENTITY x SYSTEM "passwd">&x;]]><Media>'
    written = data_access.index(TABLES, (hostile, hostile), DAYS)
    root = etree.fromstring(written, etree.XMLParser(resolve_entities=False, load_dtd=False))
    assert root.findtext("DataSupplier/Name") == hostile
    assert len(root.findall("Media")) == 1
    assert b'<!DOCTYPE DataSet SYSTEM "gdpdu-01-09-2004.dtd">' in written


packed = st.builds(Packed, st.uuids(version=4), anything.filter(bool), days)


@settings(max_examples=25)
@given(st.lists(packed, max_size=5, unique_by=lambda each: each.document_id))
def test_a_package_names_each_document_once_whatever_its_number(said: list[Packed]) -> None:
    root = etree.fromstring(document_xml(said, MADE))
    assert [child.tag.rpartition("}")[2] for child in root] == ["header", "content"]
    told = root.findall("d:content/d:document", NS)
    assert [UUID(str(each.get("guid"))) for each in told] == [each.document_id for each in said]
    files = [str(each[0].get("name")) for each in told]
    assert files == [each.file for each in said]
    assert len({each.lower() for each in files}) == len(said)
    for name in files:
        assert name.isascii()
        assert len(name) <= 97
        assert not set(name) & set('/\\:*?"<>| \r\n'), "any system can unpack it"
        assert not name.startswith(".")


@settings(max_examples=25)
@given(st.lists(packed, min_size=1, max_size=4, unique_by=lambda each: each.document_id))
def test_a_package_is_unpacked_whatever_the_days_of_its_documents(said: list[Packed]) -> None:
    archive = ZipStream()
    parts = [archive.add("document.xml", document_xml(said, MADE))]
    parts += [archive.add(each.file, each.file.encode(), each.issued_on) for each in said]
    parts.append(archive.close())
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as read:
        assert read.testzip() is None
        assert read.namelist() == ["document.xml", *(each.file for each in said)]
        for each in said:
            assert read.read(each.file) == each.file.encode()
            named = date(*read.getinfo(each.file).date_time[:3])
            assert named == min(max(each.issued_on, date(1980, 1, 1)), date(2107, 12, 31))


@pytest.mark.parametrize("number", ["../../etc/passwd", "CON", "a" * 500, "Ä/Ö", "\x1b[2J", "."])
def test_a_number_leads_out_of_no_folder(number: str) -> None:
    one = Packed(UUID(int=1), number, date(2026, 1, 1))
    other = replace(one, document_id=UUID(int=2))
    assert one.file != other.file
    assert "/" not in one.file
    assert ".." not in one.file
    assert one.file.endswith("_000000000001.pdf")
