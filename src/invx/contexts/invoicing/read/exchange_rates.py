"""Exchange rates: their rows, their list, and what the API shows of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.exchange.rate_sheet_events import (
    ExchangeRatesCorrected,
    ExchangeRatesPublished,
)
from invx.contexts.invoicing.read.views import Row, instant
from invx.infra.event_store import Recorded
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import Rows
from invx.kernel.context import RequestContext


def exchange_rates(recorded: Recorded, rows: Rows) -> None:
    """A row for each rate that the event states."""
    event = recorded.event
    corrected = isinstance(event, ExchangeRatesCorrected)
    if not isinstance(event, ExchangeRatesPublished | ExchangeRatesCorrected):
        return
    for base, quote, first_day, last_day, rate in _stated(event):
        rows.put(
            "exchange_rates",
            {"source": event.source, "base": base, "quote": quote, "first_day": first_day},
            {
                "last_day": last_day,
                "kind": str(event.kind),
                "rate": rate,
                "corrected": corrected,
                "rate_sheet_id": recorded.stream_id,
                "recorded_at": recorded.recorded_at,
            },
        )


def _stated(
    event: ExchangeRatesPublished | ExchangeRatesCorrected,
) -> Iterator[tuple[str, str, date, date | None, Decimal]]:
    if isinstance(event, ExchangeRatesCorrected):
        for one in event.rates:
            yield one.base, one.quote, one.first_day, one.last_day, one.rate
        return
    for each in event.publications:
        for quote, rate in each.rates.items():
            yield each.base, quote, each.first_day, each.last_day, rate


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSlice:
    """Which rates: conditions on columns, and which part of them by day."""

    equal: Sequence[tuple[str, Any]] = ()
    ranges: Sequence[tuple[str, str, Any]] = ()
    descending: bool = True
    after: tuple[date, str, str, str] | None = None  # first day, source, base, quote
    limit: int = 25


async def list_exchange_rates(
    conn: Connection, ctx: RequestContext, wanted: RateSlice
) -> tuple[list[Row], bool]:
    """Rates by day, and whether there are more. One round trip."""
    conditions, values = ["tenant_id = $1"], list[Any]([ctx.tenant_id])

    def add(condition: str, value: Any) -> None:
        values.append(value)
        conditions.append(condition.format(f"${len(values)}"))

    for column, value in wanted.equal:
        add(f"{column} = {{}}", value)
    for column, operator, value in wanted.ranges:
        add(f"{column} {operator} {{}}", value)
    if wanted.after is not None:
        values += wanted.after
        beyond, n = "<" if wanted.descending else ">", len(values)
        order = "(first_day, source, base, quote)"
        conditions.append(f"{order} {beyond} (${n - 3}::date, ${n - 2}, ${n - 1}, ${n})")
    way = "DESC" if wanted.descending else "ASC"
    rows = await conn.fetch(
        f"SELECT * FROM invoicing.exchange_rates WHERE {' AND '.join(conditions)}"
        f" ORDER BY first_day {way}, source {way}, base {way}, quote {way}"
        f" LIMIT {wanted.limit + 1}",
        *values,
    )
    return list(rows[: wanted.limit]), len(rows) > wanted.limit


def rate_view(row: Row) -> dict[str, Any]:
    """One published rate: units of `quote` for one unit of `base`."""
    return {
        "object": "exchange_rate",
        "source": row["source"],
        "kind": row["kind"],
        "base": row["base"],
        "quote": row["quote"],
        "rate": f"{row['rate']:f}",
        "first_day": row["first_day"].isoformat(),
        "last_day": row["last_day"].isoformat() if row["last_day"] else None,
        "corrected": row["corrected"],
        "recorded_at": instant(row["recorded_at"]),
    }


def place_of(row: Row) -> tuple[str, UUID]:
    """Where a page ends: as the position of a cursor holds it."""
    place = f"{row['first_day']} {row['source']} {row['base']} {row['quote']}"
    return place, row["rate_sheet_id"]
