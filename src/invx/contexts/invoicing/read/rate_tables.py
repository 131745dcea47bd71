"""What a tenant itself knows of taxes: its rows, and what the API shows of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.tax.rate_table import (
    OverridesNotFound,
    RateTableNotFound,
    rate_table_id,
)
from invx.contexts.invoicing.domain.tax.rate_table_events import (
    OverridesRemoved,
    OverridesStated,
    RatesStated,
)
from invx.contexts.invoicing.read.views import Row, Shown
from invx.infra.event_store import EventStore, Recorded
from invx.infra.piecewise import decode, encode, to_builtins
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import Rows
from invx.kernel.context import RequestContext
from invx.rules.tax.model import DAY_LAST

RATES, OVERRIDES = "rates", "overrides"
_OBJECTS = {RATES: "tax_rate_table", OVERRIDES: "tax_overrides"}
_MISSING = {RATES: RateTableNotFound, OVERRIDES: OverridesNotFound}
_FOREVER = DAY_LAST.isoformat()
_HEADS = """SELECT country, rate_table_id, version, rows FROM invoicing.tax_knowledge
    WHERE tenant_id = $1 AND kind = $2 AND country """
_LIST = {
    False: _HEADS + "> $3 ORDER BY country LIMIT $4",
    True: _HEADS + "< $3 ORDER BY country DESC LIMIT $4",
}
_ENDS = {False: "", True: "~"}


def tax_knowledge(recorded: Recorded, rows: Rows) -> None:
    """The row of what this event states, or none where it takes it back."""
    event = recorded.event
    match event:
        case RatesStated():
            _put(recorded, rows, RATES, body=_stated_rates(event), digest=event.digest)
        case OverridesStated():
            pack = event.pack
            _put(recorded, rows, OVERRIDES, body=pack, digest=pack.digest, text=event.text)
        case OverridesRemoved():
            rows.delete("tax_knowledge", {"kind": OVERRIDES, "country": event.country})


def _put(
    recorded: Recorded,
    rows: Rows,
    kind: str,
    *,
    body: Any,
    digest: str,
    text: str | None = None,
) -> None:
    country: str = recorded.aggregate.country
    stated = to_builtins(body)
    rows.put(
        "tax_knowledge",
        {"kind": kind, "country": country},
        {
            "rate_table_id": recorded.stream_id,
            "version": recorded.version,
            "digest": digest,
            "rows": rows_of(stated),
            "body": msgspec.Raw(encode(stated)),
            "pack_text": text,
        },
    )


async def get_knowledge(conn: Connection, ctx: RequestContext, kind: str, country: str) -> Shown:
    """The resource of one kind for a country. Raises RateTableNotFound, OverridesNotFound."""
    row = await conn.fetchrow(
        "SELECT *, body::text AS stated FROM invoicing.tax_knowledge"
        " WHERE tenant_id = $1 AND kind = $2 AND country = $3",
        ctx.tenant_id,
        kind,
        country,
    )
    if row is None:
        raise _MISSING[kind]
    return Shown(row["version"], encode(whole_view(kind, row, decode(row["stated"]))))


async def get_stated(store: EventStore, kind: str, country: str, version: int) -> Shown:
    """The resource as it was stated in a version, which a document may name.

    Raises RateTableNotFound, OverridesNotFound.
    """
    stream_id = rate_table_id(store.tenant_id, country)
    for past in await store.history(stream_id, after=version - 1, limit=1):
        event = past.event
        text, body = None, None
        if kind == RATES and isinstance(event, RatesStated):
            body = to_builtins(_stated_rates(event))
        elif kind == OVERRIDES and isinstance(event, OverridesStated):
            text, body = event.text, to_builtins(event.pack)
        if body is not None and past.version == version:
            row = {"country": country, "version": version, "rows": rows_of(body)}
            return Shown(version, encode(whole_view(kind, {**row, "pack_text": text}, body)))
    raise _MISSING[kind]


def _stated_rates(event: RatesStated) -> dict[str, Any]:
    return {"rates": event.rates, "origin_regions": event.origin_regions}


async def list_knowledge(
    conn: Connection,
    ctx: RequestContext,
    kind: str,
    after: str | None,
    limit: int,
    *,
    descending: bool = False,
) -> Sequence[tuple[str, UUID, dict[str, Any]]]:
    """What was stated, by country: one more than `limit` when there are more."""
    rows = await conn.fetch(
        _LIST[descending], ctx.tenant_id, kind, after or _ENDS[descending], limit + 1
    )
    return [(row["country"], row["rate_table_id"], head_view(kind, row)) for row in rows]


def rows_of(stated: Mapping[str, Any]) -> int:
    """How many rows were stated; `stated` as `whole_view` wants it."""
    return sum(len(stated.get(part, ())) for part in ("rates", "categories", "texts", "sources"))


def head_view(kind: str, row: Row) -> dict[str, Any]:
    """What a list shows."""
    return {
        "object": _OBJECTS[kind],
        "country": row["country"],
        "version": row["version"],
        "rows": row["rows"],
    }


def whole_view(kind: str, row: Row, stated: Mapping[str, Any]) -> dict[str, Any]:
    """The resource; `stated` are the plain values of the row's body."""
    head = head_view(kind, row)
    if kind == RATES:
        regions = [each.rpartition("-")[2] for each in stated["origin_regions"]]
        return {
            **head,
            "origin_regions": regions,
            "rates": [_rate(each) for each in stated["rates"]],
        }
    return {
        **head,
        "name": stated["name"],
        "pack_version": stated["version"],
        "pack": row["pack_text"],
        "rates": [_dated(each) for each in stated["rates"]],
        "categories": [_dated(each) for each in stated["categories"]],
        "texts": [
            {"key": key, "language": language, "text": text}
            for key, language, text in stated["texts"]
        ],
        "sources": dict(stated["sources"]),
    }


def _rate(row: Mapping[str, Any]) -> dict[str, Any]:
    return _dated({name: value for name, value in row.items() if name != "country"})


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    until = _day(row["valid_until"])
    return {**row, "valid_from": _day(row["valid_from"]), "valid_until": until}


def _day(day: str | date) -> str | None:
    text = day if isinstance(day, str) else day.isoformat()
    return None if text == _FOREVER else text
