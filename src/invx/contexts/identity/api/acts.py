"""Acts at the edge: what a list or a file of them can be asked, and how they are shown."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from starlette.responses import Response

from invx.contexts.identity.api.edge import Edge
from invx.contexts.identity.read.acts import COLUMNS, ActFilter, Acts, ActSlice, cells, type_name
from invx.infra.http.answers import encode, json_response
from invx.infra.http.filters import Choice, Condition, Moment, Text
from invx.infra.http.pagination import InvalidQuery, Listing, ListQuery, page_body
from invx.infra.http.problems import parameter_problem
from invx.infra.tables.columns import TableFile
from invx.infra.tables.text import CsvFile, JsonLinesFile
from invx.kernel.context import Caller
from invx.kernel.ids import typeid

FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
_OPERATORS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


def listing(events: tuple[str, ...]) -> Listing:
    """A list of acts of these kinds."""
    kinds = Choice(tuple(sorted(type_name(each) for each in events)))
    return Listing(
        filters={"actor": Text(100), "type": kinds, "at": Moment()},
        sorts={"at": datetime},
        default_sort="-at",
    )


def exported(list_: Listing) -> Listing:
    """The same as a file."""
    return replace(list_, filters={**list_.filters, "format": Choice(tuple(FORMATS))})


def filter_of(query: ListQuery, events: tuple[str, ...]) -> ActFilter:
    """What the query narrows acts to."""
    names = {type_name(each): each for each in events}
    among: list[tuple[str, list[str]]] = []
    bounds: list[tuple[str, datetime]] = []
    for each in query.conditions:
        if each.field == "at":
            bounds.append((_OPERATORS[each.operator], each.value))
        elif each.field == "type":
            among.append(("type", [names[name] for name in each.value]))
        elif each.field == "actor":
            among.append(("actor", [each.value]))
    return ActFilter(tuple(among), tuple(bounds))


def slice_of(query: ListQuery, events: tuple[str, ...]) -> ActSlice:
    """The page that the query asks for."""
    after = query.after
    return ActSlice(
        filter_of(query, events),
        None if after is None else (cast("datetime", after.key), after.id),
        query.limit,
        query.descending,
    )


def format_of(query: ListQuery) -> str:
    """Which file; CSV where nothing is said. Raises InvalidQuery for two at a time."""
    said: list[Condition] = [each for each in query.conditions if each.field == "format"]
    if not said:
        return "csv"
    if len(said[0].value) > 1:
        detail = "Ask for one at a time."
        raise InvalidQuery(problems=[parameter_problem("query", "format", "one_only", detail)])
    word: str = said[0].value[0]
    return word


def view(act: dict[str, Any]) -> dict[str, Any]:
    """An act as the API shows it."""
    shown = {name: act[name] for name in act if name not in {"event_id", "recorded_at"}}
    at = act["recorded_at"]
    return {"object": "act", "id": typeid("act", act["event_id"]), "at": at, **shown}


async def written(
    edge: Edge, caller: Caller, format: str, wanted: ActFilter, user_id: UUID | None = None
) -> AsyncIterator[bytes]:
    """The file, piece by piece. A connection is held until it is written, or not wanted more."""
    file: TableFile = CsvFile(COLUMNS) if format == "csv" else JsonLinesFile(COLUMNS)
    try:
        async with edge.runner.reading(caller) as (conn, ctx):
            acts = Acts(conn, ctx, edge.codec, user_id)
            await acts.open(wanted)
            yield file.head()
            while rows := await acts.fetch():
                yield await asyncio.to_thread(_piece, file, rows)
        yield file.end()
    finally:
        file.drop()


def _piece(file: TableFile, acts: list[dict[str, Any]]) -> bytes:
    return file.rows([cells(act) for act in acts])


async def page_of(
    edge: Edge,
    caller: Caller,
    query: ListQuery,
    events: tuple[str, ...],
    user_id: UUID | None = None,
    *,
    only: bool = False,
) -> Response:
    """The page that the query asks for, as an answer; `only` of these events, if it names none."""
    wanted = slice_of(query, events)
    if only and not any(column == "type" for column, _ in wanted.filter.among):
        narrowed = replace(wanted.filter, among=(*wanted.filter.among, ("type", events)))
        wanted = replace(wanted, filter=narrowed)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await Acts(conn, ctx, edge.codec, user_id).page(wanted)
    page, more = found[: query.limit], len(found) > query.limit
    last = page[-1] if more else None
    following = query.cursor(last["recorded_at"], last["event_id"]) if last else None
    items = [encode(view(act)) for act in page]
    return json_response(page_body(items, has_more=more, next=following))
