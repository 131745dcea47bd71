"""Series by their kept state, locked, with what this database permits them (D2)."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.adapters.number_journal import NumberJournal, Reservation
from invx.contexts.invoicing.app.asked import SeriesChoice
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.errors import SeriesNotFound
from invx.contexts.invoicing.domain.number_permit import NumberPermit
from invx.contexts.invoicing.domain.series import Series
from invx.infra.event_store import EventSourcedRepository
from invx.infra.unit_of_work import EventUnitOfWork

_NO_PERMIT = NumberPermit()

# The permit is locked with the series: who waited for the series sees what was reserved meanwhile.
_LOCKED = """
SELECT s.stream_id, s.version, s.head_hash, s.state::text, p.reserved::text,
    p.incarnation = invoicing.incarnation()
FROM {source} JOIN invoicing.streams s ON s.tenant_id = $1 AND s.stream_id = {id}
JOIN invoicing.number_permits p ON p.tenant_id = s.tenant_id AND p.series_id = s.stream_id
WHERE {wanted} AND s.kind = 'Series' ORDER BY s.stream_id FOR UPDATE OF s, p
"""
_BY_ID = _LOCKED.format(source="(VALUES ($2::uuid)) AS w(id)", id="w.id", wanted="true")
_MANY = _LOCKED.format(source="unnest($2::uuid[]) AS w(id)", id="w.id", wanted="true")
_DEFAULT = _LOCKED.format(
    source="invoicing.default_series d",
    id="d.series_id",
    wanted="d.tenant_id = $1 AND d.legal_entity_id = $2 AND d.type = $3",
)


class LockedSeries(EventSourcedRepository[Series]):
    """Drawing a number reads one series and its permit, however long its stream is."""

    def __init__(self, unit: EventUnitOfWork, journal: NumberJournal | None) -> None:
        super().__init__(Series, unit.store, unit.held, missing=SeriesNotFound)
        self._unit = unit
        self._journal = journal
        self._permits: dict[UUID, NumberPermit] = {}

    async def get_locked(self, id: UUID) -> Series:
        """See Repository. A series without a permit, as of an old backup, may give nothing."""
        row = await self._unit.conn.fetchrow(_BY_ID, self._unit.ctx.tenant_id, id)
        return self._take(row) if row else await super().get_locked(id)

    async def default_locked(self, legal_entity_id: UUID, type: DocumentType) -> Series:
        """The series that a type draws from, locked. Raises SeriesNotFound."""
        row = await self._unit.conn.fetchrow(
            _DEFAULT, self._unit.ctx.tenant_id, legal_entity_id, str(type)
        )
        if row is not None:
            return self._take(row)
        for other in await self._defaults([(legal_entity_id, type)]):
            return await super().get_locked(other["series_id"])
        raise SeriesNotFound

    async def locked_for(self, choices: Collection[SeriesChoice]) -> dict[SeriesChoice, Series]:
        """The series of many documents, those that exist, locked in the order of their ids."""
        ids: dict[SeriesChoice, UUID] = {each: each for each in choices if isinstance(each, UUID)}
        pairs = [each for each in choices if not isinstance(each, UUID)]
        for row in await self._defaults(pairs) if pairs else ():
            ids[row["legal_entity_id"], DocumentType(row["type"])] = row["series_id"]
        wanted = sorted(set(ids.values()))
        rows = await self._unit.conn.fetch(_MANY, self._unit.ctx.tenant_id, wanted)
        found = {row["stream_id"]: self._take(row) for row in rows}
        for id in wanted:
            if id not in found and (without := await self.find(id)) is not None:
                found[id] = without
        return {choice: found[id] for choice, id in ids.items() if id in found}

    def add(self, aggregate: Series) -> None:
        """A new series gives numbers in the database in which it is opened."""
        super().add(aggregate)
        self._permits[aggregate.id] = NumberPermit(here=True)
        self._put(aggregate.id, {})

    def permit(self, series: Series) -> NumberPermit:
        """What a series that was loaded here may give."""
        return self._permits.get(series.id, _NO_PERMIT)

    async def reserve(self, series: Series, period: str, number: int) -> None:
        """See SeriesRepository; without a journal there is nobody to know. Raises Needs."""
        if self._journal is None:
            return
        permit = self.permit(series)
        wanted = Reservation(
            tenant_id=self._unit.ctx.tenant_id,
            series_id=series.id,
            period=period,
            given=permit.given.get(period, 0),
            next=number,
        )
        fact = self._journal.fact(wanted, beyond=permit.reserved.get(period, 0))
        [bound] = await self._unit.facts.need(fact)
        reserved = {**permit.reserved, period: bound}
        self._permits[series.id] = NumberPermit(permit.here, reserved, permit.given)
        self._put(series.id, reserved)

    async def accept(self, series: Series) -> None:
        """From now on the series gives its numbers in this database."""
        await self._unit.conn.execute(
            "INSERT INTO invoicing.number_permits (tenant_id, series_id) VALUES ($1, $2)"
            " ON CONFLICT (tenant_id, series_id)"
            " DO UPDATE SET incarnation = invoicing.incarnation()",
            self._unit.ctx.tenant_id,
            series.id,
        )

    def make_default(self, series: Series) -> None:
        """From now on the series' types draw from it."""
        for served in series.definition.types:
            self._unit.write_set.put(
                "default_series",
                {
                    "tenant_id": self._unit.ctx.tenant_id,
                    "legal_entity_id": series.legal_entity_id,
                    "type": str(served),
                    "series_id": series.id,
                },
            )

    def _take(self, row: Any) -> Series:
        stream_id, version, head_hash, state, reserved, here = row
        held = self._unit.held.get(stream_id)
        if held is not None and isinstance(held.aggregate, Series):
            return held.aggregate
        series = self.hold(stream_id, version, head_hash, state)
        given = {period: count.last for period, count in series.periods.items()}
        self._permits[stream_id] = NumberPermit(here, msgspec.json.decode(reserved), given)
        return series

    def _put(self, series_id: UUID, reserved: dict[str, int]) -> None:
        self._unit.write_set.put(
            "number_permits",
            {
                "tenant_id": self._unit.ctx.tenant_id,
                "series_id": series_id,
                "reserved": msgspec.Raw(msgspec.json.encode(reserved)),
            },
        )

    async def _defaults(self, pairs: Sequence[tuple[UUID, DocumentType]]) -> Sequence[Any]:
        return await self._unit.conn.fetch(
            """SELECT d.legal_entity_id, d.type, d.series_id
            FROM unnest($2::uuid[], $3::text[]) AS w(legal_entity_id, type)
            JOIN invoicing.default_series d ON d.tenant_id = $1
                AND d.legal_entity_id = w.legal_entity_id AND d.type = w.type""",
            self._unit.ctx.tenant_id,
            [entity_id for entity_id, _ in pairs],
            [str(served) for _, served in pairs],
        )
