"""Series by their kept state, locked, with what this database permits them (D2)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.adapters.number_journal import PORT, NumberJournal, Reservation
from invx.contexts.invoicing.app.asked import SeriesChoice
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.errors import SeriesNotFound
from invx.contexts.invoicing.domain.number_permit import NumberPermit
from invx.contexts.invoicing.domain.numbering import period_of
from invx.contexts.invoicing.domain.series import Series
from invx.infra.event_store import EventSourcedRepository
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel.errors import violated
from invx.kernel.ports import Fact

_NO_PERMIT = NumberPermit()
_TRIES_FOR_ALL = 3  # so often room is asked for all at work; then one's own has to do

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
# Held in common by all who draw many of a series, until they commit or give up; nobody waits. Who
# is not counted any more has committed, so what is read of the series after this shows its numbers.
_AT_WORK = """
SELECT x.id, (
    SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.mode = 'ShareLock'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint = x.lock AND x.taken::text = '') AS at_work
FROM (SELECT w.id, w.lock, pg_advisory_xact_lock_shared(w.lock) AS taken
    FROM (SELECT id, hashtextextended(id::text, 7) AS lock FROM unnest($1::uuid[]) AS u(id)) AS w
    OFFSET 0) AS x
"""
_FORESEEN = """
SELECT s.stream_id, s.state::text, p.reserved::text
FROM invoicing.streams s
JOIN invoicing.number_permits p ON p.tenant_id = s.tenant_id AND p.series_id = s.stream_id
WHERE s.tenant_id = $1 AND s.stream_id = ANY($2::uuid[]) AND s.kind = 'Series'
AND p.incarnation = invoicing.incarnation()
"""
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
        self._foreseen: dict[UUID, dict[str, int]] = {}  # bounds that stand in the journal

    async def get_locked(self, id: UUID) -> Series:
        """See Repository. A series without a permit, as of an old backup, may give nothing."""
        with self._unit.locks.taking("series"):
            row = await self._unit.conn.fetchrow(_BY_ID, self._unit.ctx.tenant_id, id)
        return self._take(row) if row else await super().get_locked(id)

    async def default_locked(self, legal_entity_id: UUID, type: DocumentType) -> Series:
        """The series that a type draws from, locked. Raises SeriesNotFound."""
        with self._unit.locks.taking("series"):
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
        ids = await self._ids(choices)
        wanted = sorted(set(ids.values()))
        with self._unit.locks.taking("series"):
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
        bound = self._journal.granted(series.id, period)
        if bound < number:
            known = max(bound, permit.reserved.get(period, 0))
            wanted = Reservation(
                tenant_id=self._unit.ctx.tenant_id,
                series_id=series.id,
                period=period,
                given=permit.given.get(period, 0),
                next=number,
            )
            [bound] = await self._unit.facts.need(self._journal.fact(wanted, beyond=known))
        reserved = {**permit.reserved, period: bound}
        self._permits[series.id] = NumberPermit(permit.here, reserved, permit.given)
        self._put(series.id, reserved)

    async def foresee(self, counts: Mapping[tuple[SeriesChoice, date], int]) -> None:
        """See SeriesRepository.

        Who draws many reserves for all who do so at that moment: whoever of them is first, the
        others find what they need reserved, by themselves or by one who came after them.
        """
        if self._journal is None:
            return
        ids = await self._ids({choice for choice, _ in counts})
        series_ids = sorted(set(ids.values()))
        counted = await self._unit.conn.fetch(_AT_WORK, series_ids)
        at_work: dict[UUID, int] = {row["id"]: row["at_work"] for row in counted}
        rows = await self._unit.conn.fetch(_FORESEEN, self._unit.ctx.tenant_id, series_ids)
        wanted: list[Fact] = []
        for id, state, reserved in rows:
            series = Series.restore(id, 0, msgspec.json.decode(state))
            known: dict[str, int] = msgspec.json.decode(reserved)
            by_period: dict[str, int] = {}
            for (choice, on), count in counts.items():
                if ids.get(choice) == id:
                    period = period_of(on, series.definition.reset)
                    by_period[period] = by_period.get(period, 0) + count
            for period, count in by_period.items():
                bound = max(known.get(period, 0), self._journal.granted(id, period))
                before = self._unit.facts.asked(PORT, self._journal.key(id, period))
                for_all = count * (at_work[id] if before < _TRIES_FOR_ALL else 1)
                self._foreseen.setdefault(id, {})[period] = bound
                if series.next_number(period) + for_all - 1 > bound:
                    wanted.append(self._wanted(series, period, count * (1 + before) * at_work[id]))
        await self._unit.facts.need(*wanted)

    def _wanted(self, series: Series, period: str, count: int) -> Fact:
        journal, next = self._journal or violated("there is no journal"), series.next_number(period)
        before = self._unit.facts.asked(PORT, journal.key(series.id, period))
        wanted = Reservation(
            self._unit.ctx.tenant_id,
            series.id,
            period,
            given=next - 1 if period in series.periods else 0,
            next=next,
            count=count,
        )
        return journal.foreseen(wanted, before)

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
        known: dict[str, int] = msgspec.json.decode(reserved)
        foreseen = self._foreseen.get(stream_id, {})
        if more := {each: to for each, to in foreseen.items() if to > known.get(each, 0)}:
            known |= more
            self._put(stream_id, known)  # it may be that others are to draw up to there
        self._permits[stream_id] = NumberPermit(here, known, given)
        return series

    async def _ids(self, choices: Collection[SeriesChoice]) -> dict[SeriesChoice, UUID]:
        """The series that are meant, those that exist."""
        ids: dict[SeriesChoice, UUID] = {each: each for each in choices if isinstance(each, UUID)}
        pairs = [each for each in choices if not isinstance(each, UUID)]
        for row in await self._defaults(pairs) if pairs else ():
            ids[row["legal_entity_id"], DocumentType(row["type"])] = row["series_id"]
        return ids

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
