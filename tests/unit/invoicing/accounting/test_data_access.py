"""Tables for an auditor, and the index that describes them by the standard's grammar."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from lxml import etree

from invx.contexts.invoicing.adapters.accounting import data_access
from invx.contexts.invoicing.adapters.accounting.auditor_tables import (
    BOOKINGS,
    DOCUMENTS,
    TABLES,
    AuditTable,
)

DAYS = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.fixture(scope="module")
def index() -> etree._Element:
    return etree.fromstring(data_access.index(TABLES, ("Kontor & Söhne", "Hamburg"), DAYS))


def test_the_index_is_valid_by_the_grammar_that_is_shipped(index: etree._Element) -> None:
    assert _objections(index) == set()
    assert index.getroottree().docinfo.system_url == "gdpdu-01-09-2004.dtd"
    assert index.findtext("DataSupplier/Name") == "Kontor & Söhne"


def test_the_grammar_objects_to_an_index_out_of_order(index: etree._Element) -> None:
    moved = etree.fromstring(etree.tostring(index))
    table = moved.find("Media/Table")
    assert table is not None
    table.append(table[0])
    assert _objections(moved) == {"DTD_CONTENT_MODEL"}


def _objections(index: etree._Element) -> set[str]:
    """By the standard's own grammar, some of whose rules are ambiguous."""
    grammar = etree.DTD(io.BytesIO(data_access.dtd()))
    grammar.validate(index)
    return {each.type_name for each in grammar.error_log} - {"DTD_CONTENT_NOT_DETERMINIST"}


@pytest.mark.parametrize("table", TABLES, ids=lambda each: each.name)
def test_each_table_is_described_as_it_is_written(index: etree._Element, table: AuditTable) -> None:
    [told] = index.xpath("//Table[URL=$url]", url=table.file)
    shape = told.find("VariableLength")
    names = [each.text for each in shape.xpath("VariablePrimaryKey/Name | VariableColumn/Name")]
    [heading] = csv.reader(
        io.StringIO(data_access.heading(table).decode()),
        delimiter=shape.findtext("ColumnDelimiter"),
    )
    assert names == heading
    assert told.findtext("Range/From") == "2"  # behind the headings
    assert told.findtext("Validity/Range/To") == "31.12.2026"
    assert shape.findtext("RecordDelimiter") == "\r\n"


def test_figures_days_and_texts_are_written_as_the_index_says() -> None:
    row = dict.fromkeys(column.field for column in DOCUMENTS.columns)
    row |= {
        "number": 'RE"1";x',
        "voided": True,
        "issue_date": date(2026, 11, 5),
        "net": Decimal("-1234.50"),
        "buyer_name": "Zeile\r\nZwei",
        "finalized_at": datetime(2026, 11, 5, 12, tzinfo=UTC),
    }
    [line] = csv.reader(
        io.StringIO(data_access.lines(DOCUMENTS, [row]).decode(), newline=""), delimiter=";"
    )
    said = dict(zip((column.name for column in DOCUMENTS.columns), line, strict=True))
    assert said["Belegnummer"] == 'RE"1";x'
    assert said["Belegdatum"] == "05.11.2026"
    assert said["Netto"] == "-1234,50"
    assert said["Storniert"] == "ja"
    assert said["Kundenname"] == "Zeile Zwei"
    assert said["Festgeschrieben_am"] == "2026-11-05T12:00:00+00:00"


def test_the_journal_is_handed_over_with_every_figure() -> None:
    fields = {column.field for column in BOOKINGS.columns}
    assert {"debit", "credit", "amount", "booked_amount", "tax", "recorded_at"} <= fields
