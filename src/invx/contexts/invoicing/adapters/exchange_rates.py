"""Exchange rates in the tenant's own rows, and the sheets that they are written through."""

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.domain.exchange.exchange import (
    ExchangeRate,
    PublishedRate,
    RateQuestion,
    rate_between,
)
from invx.contexts.invoicing.domain.exchange.rate_sheet import (
    RateSheet,
    RateSheetNotFound,
    rate_sheet_id,
)
from invx.infra.event_store import EventSourcedRepository
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import EventUnitOfWork

# The last rate of each pair that was published on or before its day.
_LAST = """
SELECT w.number, r.base, r.quote, r.first_day, r.last_day, r.rate
FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::date[])
    AS w(number, source, base, quote, day)
CROSS JOIN LATERAL (SELECT x.base, x.quote, x.first_day, x.last_day, x.rate
    FROM invoicing.exchange_rates x WHERE x.tenant_id = $1 AND x.source = w.source
    AND x.base = w.base AND x.quote = w.quote AND x.first_day <= w.day
    ORDER BY x.first_day DESC LIMIT 1) r
"""
_WAITING = """
SELECT document_id FROM (
    (SELECT document_id FROM invoicing.settlements
        WHERE tenant_id = $1 AND awaits_rates AND document_id > $2
        ORDER BY document_id LIMIT $3)
    UNION
    (SELECT DISTINCT document_id FROM invoicing.tax_entries
        WHERE tenant_id = $1 AND provisional AND document_id > $2
        ORDER BY document_id LIMIT $3)) AS waiting
ORDER BY document_id LIMIT $3
"""


class PostgresRateSheets(EventSourcedRepository[RateSheet]):
    """Rate sheets by their kept state, locked."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(RateSheet, unit.store, unit.held, missing=RateSheetNotFound)
        self._unit = unit

    async def locked(self, source: str, month: str) -> RateSheet:
        """That of a month, locked; a new one when nothing was ever published.

        Two that begin one at once write the same stream: the second runs again and finds it.
        """
        tenant_id = self._unit.ctx.tenant_id
        try:
            return await self.get_locked(rate_sheet_id(tenant_id, source, month))
        except RateSheetNotFound:
            sheet = RateSheet.begin(tenant_id, source, month)
            self.add(sheet)
            return sheet


class PostgresExchangeRates:
    """See `app.ports.ExchangeRates`."""

    def __init__(self, conn: Connection, tenant_id: UUID) -> None:
        self._conn = conn
        self._tenant_id = tenant_id

    async def of(self, asked: Sequence[RateQuestion], today: date) -> list[ExchangeRate | None]:
        """The answers in order, in one round trip; None where nothing is published."""
        wanted = list(_wanted(asked))
        columns = [list(column) for column in zip(*wanted, strict=True)] if wanted else [[]] * 5
        rows = await self._conn.fetch(_LAST, self._tenant_id, *columns)
        found: list[list[PublishedRate]] = [[] for _ in asked]
        for number, base, quote, first_day, last_day, rate in rows:
            published = PublishedRate(
                base=base, quote=quote, first_day=first_day, last_day=last_day, rate=rate
            )
            found[number].append(published)
        return [
            rate_between(question, published, today)
            for question, published in zip(asked, found, strict=True)
        ]

    async def waiting(self, after: UUID | None, limit: int) -> list[UUID]:
        """Documents that wait for a rate, by id."""
        rows = await self._conn.fetch(_WAITING, self._tenant_id, after or UUID(int=0), limit)
        return [row[0] for row in rows]


def _wanted(asked: Sequence[RateQuestion]) -> Iterator[tuple[int, str, str, str, date]]:
    for number, question in enumerate(asked):
        for base, quote in question.pairs:
            yield number, question.source, base, quote, question.on
