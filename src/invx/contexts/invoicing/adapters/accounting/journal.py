"""The journal as exports take from it: locks, selections, debtor numbers, archived files."""

import hashlib
import zlib
from collections.abc import Sequence
from uuid import UUID

import msgspec

from invx.contexts.invoicing.adapters.accounting.making import PORT, Question
from invx.contexts.invoicing.app.asked import Buyers, Wanted
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import AccountingExport
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import Selection
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.contexts.invoicing.domain.bookkeeping.debtor_numbers import (
    DebtorNumber,
    DebtorNumberDoesNotFit,
    Unnumbered,
)
from invx.infra.unit_of_work import EventUnitOfWork
from invx.kernel.limits import BOOKINGS_PER_EXPORT_MAX
from invx.kernel.ports import Clock, Fact

_LOCK = 135  # of the locks on a hashed text that this one is

# The bookings that a destination does not have: $1 tenant, $2 legal entity, $3 destination, $4 day.
# Looked up one by one: row-level security hides from the planner how many there are, and a join
# that it expects to find one row took minutes with 50,000.
_WANTED = f"""wanted AS MATERIALIZED (
    SELECT b.booking_id, b.document_id, b.booked_on, b.sequence FROM invoicing.bookings b
    LEFT JOIN LATERAL (SELECT true AS had FROM invoicing.exported_bookings e
        WHERE e.tenant_id = $1 AND e.booking_id = b.booking_id AND e.destination = $3
        AND NOT e.released LIMIT 1) x ON true
    WHERE b.tenant_id = $1 AND b.legal_entity_id = $2 AND b.booked_on <= $4 AND NOT b.pending
        AND x.had IS NULL
    ORDER BY b.booked_on, b.document_id, b.sequence LIMIT {BOOKINGS_PER_EXPORT_MAX}
)"""
# Their documents, with the number that the buyer states and the one that the customer has.
_DOCUMENTS = """documents AS MATERIALIZED (
    SELECT w.document_id, s.customer, c.resource #>> '{buyer,debtor_number}' AS stated,
        n.number AS known
    FROM (SELECT DISTINCT document_id FROM wanted) w
    JOIN invoicing.settlements s ON s.tenant_id = $1 AND s.document_id = w.document_id
    JOIN invoicing.document_contents c ON c.tenant_id = $1 AND c.document_id = w.document_id
    LEFT JOIN LATERAL (SELECT d.number FROM invoicing.debtor_numbers d WHERE d.tenant_id = $1
        AND d.legal_entity_id = $2 AND d.customer = s.customer LIMIT 1) n ON true
)"""
_BUYERS = f"""WITH {_WANTED}, {_DOCUMENTS}
SELECT b.customer, b.stated, b.known IS NOT NULL AS known, d.number FROM documents b
JOIN invoicing.documents d ON d.tenant_id = $1 AND d.document_id = b.document_id
WHERE (b.customer IS NOT NULL AND b.known IS NULL) OR b.stated IS NOT NULL
ORDER BY b.document_id"""
_NUMBERS = """SELECT number, stated FROM invoicing.debtor_numbers
    WHERE tenant_id = $1 AND legal_entity_id = $2
    AND (stated OR number = (SELECT max(number) FROM invoicing.debtor_numbers
        WHERE tenant_id = $1 AND legal_entity_id = $2 AND NOT stated
        AND length(number) = $3 AND number BETWEEN $4 AND $5))"""
_TAKE = f"""WITH {_WANTED}, {_DOCUMENTS}
INSERT INTO invoicing.exported_bookings
    (tenant_id, export_id, booking_id, destination, position, debtor, released)
SELECT $1, $5, w.booking_id, $3,
    row_number() OVER (ORDER BY w.booked_on, w.document_id, w.sequence),
    coalesce(d.stated, d.known, g.number, $6), false
FROM wanted w JOIN documents d USING (document_id)
LEFT JOIN unnest($7::text[], $8::text[]) AS g (customer, number) USING (customer)"""
_SELECTED = """SELECT count(*), min(b.booked_on), max(b.booked_on),
    string_agg(b.booking_id::text, ',' ORDER BY x.position)
FROM invoicing.exported_bookings x
JOIN invoicing.bookings b ON b.tenant_id = x.tenant_id AND b.booking_id = x.booking_id
WHERE x.tenant_id = $1 AND x.export_id = $2"""


class PostgresExporting:
    """See `app.ports.Exporting`."""

    def __init__(self, unit: EventUnitOfWork, clock: Clock) -> None:
        self._unit = unit
        self._clock = clock
        self._tenant_id = unit.ctx.tenant_id

    async def lock(self, legal_entity_id: UUID) -> None:
        """Until this transaction ends nobody else opens an export of the legal entity."""
        await self._unit.conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::text, $2))",
            f"{self._tenant_id}:{legal_entity_id}",
            _LOCK,
        )

    async def last_settings(self, wanted: Wanted) -> ExportSettings | None:
        """Those of the last export to the destination."""
        found = await self._unit.conn.fetchval(
            "SELECT settings::text FROM invoicing.accounting_exports WHERE tenant_id = $1"
            " AND legal_entity_id = $2 AND destination = $3 ORDER BY export_id DESC LIMIT 1",
            self._tenant_id,
            wanted.legal_entity_id,
            wanted.destination,
        )
        return msgspec.json.decode(found, type=ExportSettings) if found else None

    async def buyers(self, wanted: Wanted, settings: ExportSettings) -> Buyers:
        """Who of the wanted bookings' buyers has no number. Raises DebtorNumberDoesNotFit."""
        conn = self._unit.conn
        rows = await conn.fetch(_BUYERS, self._tenant_id, *self._scope(wanted))
        digits = settings.account_length + 1
        for row in rows:
            if row["stated"] is not None and len(row["stated"]) != digits:
                detail = f"{row['stated']} on {row['number']}: {digits} digits are needed."
                raise DebtorNumberDoesNotFit(detail)
        waiting: dict[str, str | None] = {}
        for row in rows:  # in the order of the documents: the latest that states one counts
            if row["customer"] is not None and not row["known"]:
                stated = row["stated"] or waiting.get(row["customer"])
                waiting[row["customer"]] = stated
        numbers = await conn.fetch(
            _NUMBERS,
            self._tenant_id,
            wanted.legal_entity_id,
            digits,
            str(settings.first_debtor),
            str(settings.last_debtor),
        )
        stated_ones = {row["stated"] for row in rows if row["stated"]}
        stated_ones |= {row["number"] for row in numbers if row["stated"]}
        given = [int(row["number"]) for row in numbers if not row["stated"]]
        return Buyers(
            [Unnumbered(customer, stated) for customer, stated in waiting.items()],
            stated_ones,
            given[0] if given else None,
        )

    async def take(
        self,
        export_id: UUID,
        wanted: Wanted,
        settings: ExportSettings,
        debtors: Sequence[DebtorNumber],
    ) -> Selection | None:
        """Take the wanted bookings, the oldest first; None when there are none.

        Where two would take one, the unique index `exported_once` lets one of them win.
        """
        conn = self._unit.conn
        await conn.execute(
            _TAKE,
            self._tenant_id,
            *self._scope(wanted),
            export_id,
            str(settings.collective_account),
            [each.customer for each in debtors],
            [each.number for each in debtors],
        )
        row = await conn.fetchrow(_SELECTED, self._tenant_id, export_id)
        if row is None or not row[0]:
            return None
        count, first, last, ids = row
        more = await conn.fetchval(
            f"WITH {_WANTED} SELECT EXISTS (SELECT FROM wanted)",
            self._tenant_id,
            *self._scope(wanted),
        )
        digest = hashlib.sha256(ids.encode()).hexdigest()
        return Selection(bookings=count, first_day=first, last_day=last, digest=digest, more=more)

    async def release(self, export_id: UUID) -> None:
        """Others may take its bookings."""
        await self._unit.conn.execute(
            "UPDATE invoicing.exported_bookings SET released = true"
            " WHERE tenant_id = $1 AND export_id = $2",
            self._tenant_id,
            export_id,
        )

    async def holds(self, export_id: UUID) -> bool:
        """Whether the file is archived already."""
        found: bool = await self._unit.conn.fetchval(
            "SELECT EXISTS (SELECT FROM invoicing.accounting_files"
            " WHERE tenant_id = $1 AND export_id = $2)",
            self._tenant_id,
            export_id,
        )
        return found

    def file(self, export: AccountingExport) -> Fact:
        """The fact whose answer is the file."""
        question = Question(self._unit.ctx.caller, export.opened)
        return Fact(PORT, str(export.id), export.opened.selection.digest, question)

    def keep(self, export_id: UUID, sha256: str, content: bytes) -> None:
        """Archive the file, compressed; two that race find the row taken and run again."""
        self._unit.write_set.insert(
            "accounting_files",
            {
                "tenant_id": self._tenant_id,
                "export_id": export_id,
                "sha256": sha256,
                "compressed": zlib.compress(content),
                "archived_at": self._clock.now(),
            },
        )

    @staticmethod
    def _scope(wanted: Wanted) -> tuple[object, ...]:
        return wanted.legal_entity_id, wanted.destination, wanted.until
