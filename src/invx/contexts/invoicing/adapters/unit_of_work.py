"""The unit of work of invoicing, put together from the mechanisms of infra."""

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

from invx.contexts.invoicing.adapters.accounting.journal import PostgresExporting
from invx.contexts.invoicing.adapters.einvoice.writing import EInvoiceWriting, Judging
from invx.contexts.invoicing.adapters.exchange_rates import (
    PostgresExchangeRates,
    PostgresRateSheets,
)
from invx.contexts.invoicing.adapters.personal_data import PostgresPersonalData
from invx.contexts.invoicing.adapters.rate_tables import PostgresRateTables
from invx.contexts.invoicing.adapters.registers import PostgresRegisters
from invx.contexts.invoicing.adapters.rendering import PdfRendering, ResourceOf
from invx.contexts.invoicing.adapters.tax_engines.facts import Engines, TaxEngines
from invx.contexts.invoicing.adapters.tax_ids.facts import Registers, TaxIds
from invx.contexts.invoicing.adapters.transmission.channels import ChannelFacts, Channels
from invx.contexts.invoicing.domain.accounting_export import (
    AccountingExport,
    AccountingExportNotFound,
)
from invx.contexts.invoicing.domain.archived import Archived
from invx.contexts.invoicing.domain.chart import Charts
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.delivery import Delivery
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.engine_entry import EngineEntry, EngineEntryNotFound
from invx.contexts.invoicing.domain.errors import (
    DocumentNotFound,
    LegalEntityNotFound,
    LegalEntityRequired,
    SeriesNotFound,
    SettlementNotFound,
)
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.infra.event_store import EventSourcedRepository
from invx.infra.facts import KnownFacts
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import EventUnitOfWork, Storage
from invx.infra.write_set import WriteSet
from invx.kernel.context import RequestContext
from invx.kernel.ports import Clock, Ids
from invx.rules.tax.packs import Packs


@dataclass(frozen=True, slots=True)
class Means:
    """What all units of work use alike."""

    resource_of: ResourceOf
    registers: Registers
    packs: Packs
    judged: Judging
    charts: Charts
    engines: Engines
    channels: Channels = field(default_factory=dict)


class UnitOfWork(EventUnitOfWork):
    """See `app.ports.InvoicingUnitOfWork`."""

    def __init__(
        self,
        conn: Connection,
        ctx: RequestContext,
        *,
        storage: Storage,
        clock: Clock,
        ids: Ids,
        facts: KnownFacts,
        means: Means,
    ) -> None:
        super().__init__(conn, ctx, storage=storage, clock=clock, ids=ids, facts=facts)
        self.documents = self.repository(Document, missing=DocumentNotFound)
        self.settlements = self.repository(Settlement, missing=SettlementNotFound)
        self.deliveries = self.repository(Delivery)
        self.series = LockedSeries(self)
        self.legal_entities = PostgresLegalEntities(self)
        self.registers = PostgresRegisters(self)
        self.archive = PostgresArchive(conn, ctx.tenant_id, self.write_set, clock)
        self.rendering = PdfRendering(means.resource_of)
        self.tax_ids = TaxIds(means.registers, ctx)
        self.packs = means.packs
        self.charts = means.charts
        self.engine_entries = self.repository(EngineEntry, missing=EngineEntryNotFound)
        self.tax_engines = TaxEngines(means.engines)
        self.rate_tables = PostgresRateTables(self, means.packs)
        self.rate_sheets = PostgresRateSheets(self)
        self.exchange_rates = PostgresExchangeRates(conn, ctx.tenant_id)
        self.e_invoices = EInvoiceWriting(means.judged)
        self.transmissions = ChannelFacts(means.channels)
        self.personal_data = PostgresPersonalData(self)
        self.accounting_exports = self.repository(
            AccountingExport, missing=AccountingExportNotFound
        )
        self.exporting = PostgresExporting(self, clock)


class LockedSeries(EventSourcedRepository[Series]):
    """Series by their kept state, locked: drawing a number reads one row, however long they are."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(Series, unit.store, unit.held, missing=SeriesNotFound)
        self._unit = unit

    async def default_locked(self, legal_entity_id: UUID, type: DocumentType) -> Series:
        """The series that a type draws from, locked. Raises SeriesNotFound."""
        row = await self._unit.conn.fetchrow(
            """SELECT s.stream_id, s.version, s.head_hash, s.state::text
            FROM invoicing.default_series d
            JOIN invoicing.streams s ON s.tenant_id = d.tenant_id AND s.stream_id = d.series_id
            WHERE d.tenant_id = $1 AND d.legal_entity_id = $2 AND d.type = $3
            FOR UPDATE OF s""",
            self._unit.ctx.tenant_id,
            legal_entity_id,
            str(type),
        )
        if row is None:
            raise SeriesNotFound
        return self.hold(*row)

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


class PostgresLegalEntities(EventSourcedRepository[LegalEntity]):
    """Legal entities; most tenants have one."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(LegalEntity, unit.store, unit.held, missing=LegalEntityNotFound)
        self._unit = unit

    async def only(self) -> LegalEntity:
        """The tenant's legal entity when it has exactly one. Raises LegalEntityRequired."""
        found = await self.find_selected(
            "SELECT legal_entity_id FROM invoicing.legal_entities WHERE tenant_id = $1 LIMIT 2"
        )
        if len(found) != 1:
            raise LegalEntityRequired
        return found[0]


class PostgresArchive:
    """Archived files as rows, written once: they move and are backed up with the documents."""

    def __init__(
        self, conn: Connection, tenant_id: UUID, write_set: WriteSet, clock: Clock
    ) -> None:
        self._conn = conn
        self._tenant_id = tenant_id
        self._write_set = write_set
        self._clock = clock

    async def holds(self, document_id: UUID, kind: str) -> bool:
        """Whether something is archived already."""
        found: bool = await self._conn.fetchval(
            "SELECT EXISTS (SELECT 1 FROM invoicing.archives WHERE tenant_id = $1"
            " AND document_id = $2 AND kind = $3)",
            self._tenant_id,
            document_id,
            kind,
        )
        return found

    async def read(self, document_id: UUID, kind: str) -> Archived | None:
        """What is archived, or None."""
        row = await self._conn.fetchrow(
            "SELECT media_type, bytes, sha256 FROM invoicing.archives WHERE tenant_id = $1"
            " AND document_id = $2 AND kind = $3",
            self._tenant_id,
            document_id,
            kind,
        )
        return Archived(row["media_type"], row["bytes"], row["sha256"]) if row else None

    def keep(self, document_id: UUID, kind: str, *, media_type: str, content: bytes) -> None:
        """Archive with this transaction; two that race find the row taken and run again."""
        self._write_set.insert(
            "archives",
            {
                "tenant_id": self._tenant_id,
                "document_id": document_id,
                "kind": kind,
                "media_type": media_type,
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": content,
                "archived_at": self._clock.now(),
            },
        )
