"""Data access for auditors (GoBD): CSV tables and the `index.xml` that describes them.

Source: description standard 1.5 (`gdpdu-01-09-2004.dtd`), which audit programs read. The first
line of each table holds its headings, so reading begins with the second.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

import asyncpg
from lxml import etree

from invx.contexts.invoicing.adapters.accounting.auditor_tables import (
    DAY,
    DOCUMENTS,
    AuditColumn,
    AuditTable,
)

DTD = "gdpdu-01-09-2004.dtd"
_DAYS = "DD.MM.YYYY"
_WORDS = {True: "ja", False: "nein"}


def dtd() -> bytes:
    """The grammar, which stands beside the index."""
    return (files("invx.contexts.invoicing.adapters.accounting") / DTD).read_bytes()


def heading(table: AuditTable) -> bytes:
    """The first line of a table."""
    return _written([[column.name for column in table.columns]])


def lines(table: AuditTable, rows: Iterable[Mapping[str, Any] | asyncpg.Record]) -> bytes:
    """Lines of a table."""
    return _written([_cell(row[column.field]) for column in table.columns] for row in rows)


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _WORDS[value]
        case Decimal():
            return format(value, "f").replace(".", ",")
        case datetime():
            return value.isoformat()
        case date():
            return f"{value:%d.%m.%Y}"
        case str():
            return " ".join(value.split())
        case _:
            return str(value)


def index(
    tables: Sequence[AuditTable], supplier: tuple[str, str], days: tuple[date, date]
) -> bytes:
    """What the tables are, for a program. `supplier` is the seller's name and place."""
    data_set = etree.Element("DataSet")
    _say(data_set, "Version", "1.0")
    told = etree.SubElement(data_set, "DataSupplier")
    _say(told, "Name", supplier[0])
    _say(told, "Location", supplier[1])
    _say(told, "Comment", "Datenzugriff nach GoBD aus Invx")
    media = etree.SubElement(data_set, "Media")
    _say(media, "Name", "Datentraeger 1")
    for table in tables:
        _table(media, table, days)
    written: bytes = etree.tostring(
        data_set,
        encoding="UTF-8",
        xml_declaration=True,
        pretty_print=True,
        doctype=f'<!DOCTYPE DataSet SYSTEM "{DTD}">',
    )
    return written


def _table(media: etree._Element, table: AuditTable, days: tuple[date, date]) -> None:
    told = etree.SubElement(media, "Table")
    _say(told, "URL", table.file)
    _say(told, "Name", table.name)
    _say(told, "Description", table.description)
    validity = etree.SubElement(told, "Validity")
    reach = etree.SubElement(validity, "Range")
    _say(reach, "From", f"{days[0]:%d.%m.%Y}")
    _say(reach, "To", f"{days[1]:%d.%m.%Y}")
    _say(validity, "Format", _DAYS)
    etree.SubElement(told, "UTF8")
    _say(told, "DecimalSymbol", ",")
    _say(told, "DigitGroupingSymbol", ".")
    _say(etree.SubElement(told, "Range"), "From", "2")
    shape = etree.SubElement(told, "VariableLength")
    _say(shape, "ColumnDelimiter", ";")
    _say(shape, "RecordDelimiter", "\r\n")
    _say(shape, "TextEncapsulator", '"')
    for number, column in enumerate(table.columns):
        _column(shape, column, key=number < table.keys)
    if table.of_document:
        foreign = etree.SubElement(shape, "ForeignKey")
        _say(foreign, "Name", table.columns[0].name)
        _say(foreign, "References", DOCUMENTS.name)


def _column(shape: etree._Element, column: AuditColumn, *, key: bool) -> None:
    told = etree.SubElement(shape, "VariablePrimaryKey" if key else "VariableColumn")
    _say(told, "Name", column.name)
    if isinstance(column.holds, int):
        _say(etree.SubElement(told, "Numeric"), "Accuracy", str(column.holds))
    elif column.holds == DAY:
        _say(etree.SubElement(told, "Date"), "Format", _DAYS)
    else:
        etree.SubElement(told, "AlphaNumeric")


def _say(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
