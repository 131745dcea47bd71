"""Exports at the edge: which table, which file, and how it is sent."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.api.lists import SELECTED, document_filter
from invx.contexts.invoicing.read.conditions import DocumentFilter
from invx.contexts.invoicing.read.exports import TABLES, Export, Table
from invx.contexts.invoicing.read.views import Row
from invx.infra.http.filters import Choice, Condition, Day, Kind
from invx.infra.http.pagination import InvalidQuery, Listing, ListQuery
from invx.infra.http.problems import parameter_problem
from invx.infra.tables.columns import TableFile
from invx.infra.tables.text import GERMAN, PLAIN, CsvFile, JsonLinesFile
from invx.infra.tables.xlsx import XlsxFile
from invx.kernel.context import Caller

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_OWN: dict[str, Kind] = {
    "of": Choice(tuple(TABLES)),
    "format": Choice(tuple(FORMATS)),
    "locale": Choice(("en", "de")),
    "on": Day(),
}
EXPORTED = Listing(filters={**SELECTED.filters, **_OWN})
_DIALECTS = {"en": PLAIN, "de": GERMAN}
_OPERATORS = {"eq": "=", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An export as asked for; `days` bound those of movements."""

    table: Table
    format: str
    locale: str
    filter: DocumentFilter
    days: tuple[tuple[str, date], ...]

    @property
    def name(self) -> str:
        """What the file is called."""
        return f"{self.table.name}.{self.format}"

    def file(self) -> TableFile:
        """The file, empty."""
        match self.format:
            case "csv":
                return CsvFile(self.table.columns, _DIALECTS[self.locale])
            case "jsonl":
                return JsonLinesFile(self.table.columns)
            case _:
                return XlsxFile(self.table.columns)


def wanted_export(query: ListQuery) -> Wanted:
    """What is asked for: documents as CSV where nothing is said. Raises InvalidQuery."""
    own: dict[str, Any] = {}
    days: list[tuple[str, date]] = []
    others: list[Condition] = []
    for each in query.conditions:
        if each.field == "on":
            days.append((_OPERATORS[each.operator], each.value))
        elif each.field in _OWN:
            own[each.field] = _one(each)
        else:
            others.append(each)
    table = TABLES[own.get("of", "documents")]
    if days and table.name != "payments":
        detail = "Only payments have a day of their own: `of=payments`."
        raise InvalidQuery(problems=[parameter_problem("query", "on", "not_of_this", detail)])
    return Wanted(
        table,
        own.get("format", "csv"),
        own.get("locale", "en"),
        document_filter(replace(query, conditions=tuple(others))),
        tuple(days),
    )


def _one(condition: Condition) -> str:
    if len(condition.value) > 1:
        detail = "Ask for one at a time."
        wrong = parameter_problem("query", condition.field, "one_only", detail)
        raise InvalidQuery(problems=[wrong])
    word: str = condition.value[0]
    return word


async def written(wanted: Wanted, edge: Edge, caller: Caller) -> AsyncIterator[bytes]:
    """The file, piece by piece. A connection is held until it is written, or not wanted more."""
    file = wanted.file()
    try:
        async with edge.runner.reading(caller) as (conn, ctx):
            export = Export(conn, ctx, wanted.table)
            await export.open(wanted.filter, wanted.days)
            yield file.head()
            while rows := await export.fetch():
                yield await asyncio.to_thread(_piece, file, export, rows)
        yield file.end()
    finally:
        file.drop()


def _piece(file: TableFile, export: Export, rows: Sequence[Row]) -> bytes:
    return file.rows(export.cells(rows))
