"""The unit of work of invoicing, put together from the mechanisms of infra."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.adapters.accounting.journal import PostgresExporting
from invx.contexts.invoicing.adapters.einvoice.writing import EInvoiceWriting, Judging
from invx.contexts.invoicing.adapters.exchange_rates import (
    PostgresExchangeRates,
    PostgresRateSheets,
)
from invx.contexts.invoicing.adapters.importing.waiting import PostgresImporting
from invx.contexts.invoicing.adapters.personal_data import PostgresPersonalData
from invx.contexts.invoicing.adapters.rate_tables import PostgresRateTables
from invx.contexts.invoicing.adapters.registers import PostgresRegisters
from invx.contexts.invoicing.adapters.rendering import PdfRendering, ResourceOf
from invx.contexts.invoicing.adapters.tax_engines.facts import Engines, TaxEngines
from invx.contexts.invoicing.adapters.tax_ids.facts import Registers, TaxIds
from invx.contexts.invoicing.adapters.transmission.channels import ChannelFacts, Channels
from invx.contexts.invoicing.app.asked import Archived, GivenAnswer, SeriesChoice
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import (
    AccountingExport,
    AccountingExportNotFound,
)
from invx.contexts.invoicing.domain.bookkeeping.chart import Charts
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.delivery.delivery import Delivery
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import (
    DocumentNotFound,
    LegalEntityNotFound,
    LegalEntityRequired,
    SeriesNotFound,
    SettlementNotFound,
)
from invx.contexts.invoicing.domain.grace import Grace, GraceNotFound
from invx.contexts.invoicing.domain.importing.errors import DocumentIsImported, ImportNotFound
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.engine_entry import EngineEntry, EngineEntryNotFound
from invx.infra.event_store import EventSourcedRepository
from invx.infra.facts import KnownFacts
from invx.infra.operations import PostgresOperations
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
        self._means = means
        self.documents = PostgresDocuments(self)
        self.settlements = self.repository(Settlement, missing=SettlementNotFound)
        self.series = LockedSeries(self)
        self.legal_entities = PostgresLegalEntities(self)
        self.packs = means.packs
        self.charts = means.charts
        self.tax_ids = TaxIds(means.registers, ctx)

    # What most commands do without is made when it is asked for.

    @cached_property
    def graces(self) -> EventSourcedRepository[Grace]:
        return self.repository(Grace, missing=GraceNotFound)

    @cached_property
    def deliveries(self) -> EventSourcedRepository[Delivery]:
        return self.repository(Delivery)

    @cached_property
    def registers(self) -> PostgresRegisters:
        return PostgresRegisters(self)

    @cached_property
    def imports(self) -> EventSourcedRepository[ForeignImport]:
        return self.repository(ForeignImport, missing=ImportNotFound)

    @cached_property
    def imported(self) -> EventSourcedRepository[ImportedDocument]:
        return self.repository(ImportedDocument, missing=DocumentNotFound)

    @cached_property
    def importing(self) -> PostgresImporting:
        return PostgresImporting(self)

    @cached_property
    def archive(self) -> "PostgresArchive":
        return PostgresArchive(self.conn, self.ctx.tenant_id, self.write_set, self._clock)

    @cached_property
    def rendering(self) -> PdfRendering:
        return PdfRendering(self._means.resource_of)

    @cached_property
    def engine_entries(self) -> EventSourcedRepository[EngineEntry]:
        return self.repository(EngineEntry, missing=EngineEntryNotFound)

    @cached_property
    def tax_engines(self) -> TaxEngines:
        return TaxEngines(self._means.engines)

    @cached_property
    def rate_tables(self) -> PostgresRateTables:
        return PostgresRateTables(self, self._means.packs)

    @cached_property
    def rate_sheets(self) -> PostgresRateSheets:
        return PostgresRateSheets(self)

    @cached_property
    def exchange_rates(self) -> PostgresExchangeRates:
        return PostgresExchangeRates(self.conn, self.ctx.tenant_id)

    @cached_property
    def e_invoices(self) -> EInvoiceWriting:
        return EInvoiceWriting(self._means.judged)

    @cached_property
    def operations(self) -> PostgresOperations:
        return PostgresOperations(self)

    @cached_property
    def transmissions(self) -> ChannelFacts:
        return ChannelFacts(self._means.channels)

    @cached_property
    def personal_data(self) -> PostgresPersonalData:
        return PostgresPersonalData(self)

    @cached_property
    def accounting_exports(self) -> EventSourcedRepository[AccountingExport]:
        return self.repository(AccountingExport, missing=AccountingExportNotFound)

    @cached_property
    def exporting(self) -> PostgresExporting:
        return PostgresExporting(self, self._clock)

    async def given_answers(self, key_hashes: Sequence[str]) -> dict[str, GivenAnswer]:
        """The answers that items of batches were given, by the hash of their key."""
        rows = await self.conn.fetch(
            "SELECT DISTINCT ON (key_hash) key_hash, fingerprint, body FROM invoicing.idempotency"
            " WHERE tenant_id = $1 AND key_hash = ANY($2::text[])"
            " ORDER BY key_hash, created_at DESC",
            self.ctx.tenant_id,
            key_hashes,
        )
        return {row["key_hash"]: GivenAnswer(row["fingerprint"], row["body"]) for row in rows}


class PostgresDocuments(EventSourcedRepository[Document]):
    """Documents."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(Document, unit.store, unit.held, missing=DocumentNotFound)
        self._unit = unit

    async def get(self, id: UUID) -> Document:
        """The document. Raises DocumentNotFound; DocumentIsImported for one of another system."""
        found = await self.find(id)
        if found is None:
            imported = await self._unit.conn.fetchval(
                "SELECT true FROM invoicing.imported_documents"
                " WHERE tenant_id = $1 AND document_id = $2",
                self._unit.ctx.tenant_id,
                id,
            )
            raise DocumentIsImported if imported else DocumentNotFound
        return found

    async def taken(self, external_ids: Iterable[str]) -> set[str]:
        """Those that a document of the tenant has."""
        rows = await self._unit.conn.fetch(
            "SELECT external_id FROM invoicing.documents WHERE tenant_id = $1"
            " AND external_id = ANY($2::text[])",
            self._unit.ctx.tenant_id,
            list(external_ids),
        )
        return {row["external_id"] for row in rows}

    def drop(self, id: UUID) -> bool:
        """Forget what a document has recorded; it is not written. True, for it is forgotten."""
        self._unit.held.pop(id, None)
        return True

    def is_untouched(self, id: UUID) -> bool:
        """Whether a document has recorded nothing in this unit of work."""
        held = self._unit.held.get(id)
        return held is None or not held.aggregate.recorded


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

    async def locked_for(self, choices: Collection[SeriesChoice]) -> dict[SeriesChoice, Series]:
        """The series of many documents, those that exist, locked in the order of their ids."""
        ids: dict[SeriesChoice, UUID] = {each: each for each in choices if isinstance(each, UUID)}
        pairs = [each for each in choices if not isinstance(each, UUID)]
        for row in await self._defaults(pairs) if pairs else ():
            ids[row["legal_entity_id"], DocumentType(row["type"])] = row["series_id"]
        rows = await self._unit.conn.fetch(
            """SELECT stream_id, version, head_hash, state::text FROM invoicing.streams
            WHERE tenant_id = $1 AND stream_id = ANY($2::uuid[]) AND kind = 'Series'
            ORDER BY stream_id FOR UPDATE""",
            self._unit.ctx.tenant_id,
            sorted(set(ids.values())),
        )
        found = {row["stream_id"]: self.hold(*row) for row in rows}
        return {choice: found[id] for choice, id in ids.items() if id in found}

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
        self._only: UUID | None = None

    async def only(self) -> LegalEntity:
        """The tenant's legal entity when it has exactly one. Raises LegalEntityRequired."""
        if self._only is None:
            found = await self.find_selected(
                "SELECT legal_entity_id FROM invoicing.legal_entities WHERE tenant_id = $1 LIMIT 2"
            )
            if len(found) != 1:
                raise LegalEntityRequired
            self._only = found[0].id
        return await self.get(self._only)


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

    async def held(self, document_ids: Iterable[UUID], kind: str) -> set[UUID]:
        """The documents of which something is archived already."""
        rows = await self._conn.fetch(
            "SELECT document_id FROM invoicing.archives WHERE tenant_id = $1"
            " AND document_id = ANY($2::uuid[]) AND kind = $3",
            self._tenant_id,
            list(document_ids),
            kind,
        )
        return {row["document_id"] for row in rows}

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
