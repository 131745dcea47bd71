"""Imports at the edge: the file is read beside the event loop, outside of any transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from invx.contexts.invoicing.adapters.importing.sheets import Sheet, open_sheet
from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.app.check_import import Examined
from invx.contexts.invoicing.domain.importing.errors import ImportFileGone, ImportNotOpen
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.mapping import ImportMapping, ensure_fits
from invx.contexts.invoicing.domain.importing.presets import (
    Preset,
    PresetKey,
    preset_mapping,
)
from invx.contexts.invoicing.domain.importing.reading import (
    Read,
    RowProblem,
    Seller,
    read_documents,
)
from invx.contexts.invoicing.domain.importing.suggestions import suggested
from invx.contexts.invoicing.read.imports import (
    get_import,
    get_import_file,
    import_row,
    import_view,
)
from invx.contexts.invoicing.read.queries import get_legal_entity
from invx.contexts.invoicing.read.views import IMPORT
from invx.infra.http.answers import encode
from invx.infra.http.etag import etag
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller
from invx.kernel.ids import typeid

_SAMPLED = 200  # rows by which decimals and dates are told
_PROBLEMS_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file after one look at it."""

    columns: tuple[str, ...]
    rows: int
    mapping: ImportMapping


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The documents of an import's file, by the mapping of this version."""

    version: int
    documents: Sequence[Read]


async def looked_at(content: bytes, currency: str, preset: PresetKey | None = None) -> Uploaded:
    """Columns, count of rows and a mapping to begin with. Raises FileUnreadable, PresetUnfit."""
    return await asyncio.to_thread(_look_at, content, currency, preset)


def _look_at(content: bytes, currency: str, preset: PresetKey | None) -> Uploaded:
    sheet: Sheet = open_sheet(content)
    sample, count = [], 0
    for _, cells in sheet.rows():
        count += 1
        if count <= _SAMPLED:
            sample.append(cells)
    if preset is None:
        mapping = suggested(sheet.columns, sample, currency)
    else:
        mapping = preset_mapping(preset, sheet.columns, sample, currency)
    return Uploaded(sheet.columns, count, mapping)


async def read_file(edge: Edge, caller: Caller, import_id: UUID) -> ReadFile:
    """Raises ImportNotFound, ImportNotOpen, ImportFileGone, MappingInvalid, FileUnreadable."""
    async with edge.runner.reading(caller) as (conn, ctx):
        row = await get_import(conn, ctx, import_id)
        if row["status"] != "open":
            raise ImportNotOpen
        content = await get_import_file(conn, ctx, import_id)
        entity = msgspec.json.decode(
            (await get_legal_entity(conn, ctx, row["legal_entity_id"])).body
        )
        today = ctx.now.astimezone(ZoneInfo(entity["time_zone"])).date()
    if content is None:
        raise ImportFileGone
    mapping = msgspec.json.decode(row["mapping"], type=ImportMapping)
    ensure_fits(mapping, msgspec.json.decode(row["columns"]))
    seller = seller_of(entity, today)
    documents = await asyncio.to_thread(_documents, content, mapping, seller)
    return ReadFile(row["version"], documents)


def seller_of(entity: dict[str, Any], today: date) -> Seller:
    """What of a legal entity decides how its files are read."""
    return Seller(entity["currency"], (entity["address"] or {}).get("country"), today)


def _documents(content: bytes, mapping: ImportMapping, seller: Seller) -> list[Read]:
    return list(read_documents(open_sheet(content).rows(), mapping, seller))


def preset_view(key: PresetKey, preset: Preset) -> dict[str, Any]:
    """Which columns a preset takes for which field."""
    return {
        "object": "import_preset",
        "key": str(key),
        "name": preset.name,
        "source": preset.source,
        "fields": {name: list(columns) for name, columns in preset.columns.items()},
        "decimal": preset.decimal,
        "date": preset.date,
    }


def check_view(result: Examined, documents: int) -> dict[str, Any]:
    """The report of a dry run."""
    problems = sorted(result.problems, key=lambda each: each.row)
    return {
        "object": "import_check",
        "documents": documents,
        "ready": len(result.ready),
        "duplicates": result.duplicates,
        "rejected": result.rejected,
        "sums": [
            {
                "currency": currency,
                "documents": each.documents,
                "gross": str(each.gross),
                "open": str(each.open),
            }
            for currency, each in sorted(result.sums.items())
        ],
        "problems": [_problem_view(each) for each in problems[:_PROBLEMS_SHOWN]],
        "more_problems": len(problems) > _PROBLEMS_SHOWN,
    }


def _problem_view(problem: RowProblem) -> dict[str, Any]:
    return {
        "pointer": f"/rows/{problem.row}/{problem.field}",
        "row": problem.row,
        "field": problem.field,
        "column": problem.column,
        "value": problem.value,
        "code": problem.code,
        "detail": problem.detail,
        "warning": problem.warning,
    }


def show_import(found: ForeignImport, unit: UnitOfWork) -> Answer:
    """An import as it is now."""
    del unit
    headers = {"content-type": "application/json", "etag": etag(found.version)}
    return Answer(200, encode(import_view(found.id, import_row(found))), headers)


def show_new_import(found: ForeignImport, unit: UnitOfWork) -> Answer:
    """An import that was just opened."""
    shown = show_import(found, unit)
    location = f"/v1/imports/{typeid(IMPORT, found.id)}"
    return Answer(201, shown.body, {**shown.headers, "location": location})
