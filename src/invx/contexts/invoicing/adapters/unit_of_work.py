"""The unit of work of invoicing, put together from the mechanisms of infra."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from invx.contexts.invoicing.adapters.accounting.journal import PostgresExporting
from invx.contexts.invoicing.adapters.archives import PostgresArchive
from invx.contexts.invoicing.adapters.attached import PostgresAttached
from invx.contexts.invoicing.adapters.configuring import ConfigurationFacts
from invx.contexts.invoicing.adapters.document_quota import PostgresDocumentQuota
from invx.contexts.invoicing.adapters.einvoice.writing import EInvoiceWriting, Judging
from invx.contexts.invoicing.adapters.exchange_rates import (
    PostgresExchangeRates,
    PostgresRateSheets,
)
from invx.contexts.invoicing.adapters.importing.waiting import PostgresImporting
from invx.contexts.invoicing.adapters.late_claims import PostgresLateClaims
from invx.contexts.invoicing.adapters.legal_holds import PostgresLegalHolds
from invx.contexts.invoicing.adapters.locked_series import LockedSeries
from invx.contexts.invoicing.adapters.number_journal import NumberJournal
from invx.contexts.invoicing.adapters.periods import PostgresPeriods
from invx.contexts.invoicing.adapters.personal_data import PostgresPersonalData
from invx.contexts.invoicing.adapters.rate_tables import PostgresRateTables
from invx.contexts.invoicing.adapters.registers import PostgresRegisters
from invx.contexts.invoicing.adapters.rendering import PdfRendering, ResourceOf
from invx.contexts.invoicing.adapters.storing import StoringFacts
from invx.contexts.invoicing.adapters.tax_engines.facts import Engines, TaxEngines
from invx.contexts.invoicing.adapters.tax_ids.facts import Registers, TaxIds
from invx.contexts.invoicing.adapters.transmission.channels import ChannelFacts, Channels
from invx.contexts.invoicing.app.asked import GivenAnswer, WantedNumber
from invx.contexts.invoicing.domain.approval.approval import Approval
from invx.contexts.invoicing.domain.approval.approval_errors import ApprovalNotFound
from invx.contexts.invoicing.domain.approval.approval_rules import ApprovalRules
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
    DocumentPurged,
    LegalEntityNotFound,
    LegalEntityRequired,
    SettlementNotFound,
)
from invx.contexts.invoicing.domain.files.file import File, FileNotFound
from invx.contexts.invoicing.domain.grace import Grace, GraceNotFound
from invx.contexts.invoicing.domain.importing.errors import DocumentIsImported, ImportNotFound
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.keeping.erasure import ErasureNotFound, ErasureRecord
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.recognition.recognition import NothingDeferred, Recognition
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.engine_entry import EngineEntry, EngineEntryNotFound
from invx.infra.event_store import EventSourcedRepository
from invx.infra.facts import KnownFacts
from invx.infra.operations import PostgresOperations
from invx.infra.postgres import Connection
from invx.infra.storage.places import FileLimits
from invx.infra.unit_of_work import EventUnitOfWork, Storage
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
    journal: NumberJournal | None = None
    file_limits: FileLimits = field(default_factory=FileLimits)
    documents_per_day: Mapping[str, int] = field(default_factory=dict)  # by class of tenants


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
        self.series = LockedSeries(self, means.journal)
        self.legal_entities = PostgresLegalEntities(self)
        self.packs = means.packs
        self.charts = means.charts
        self.tax_ids = TaxIds(means.registers, ctx)

    # What most commands do without is made when it is asked for.

    @cached_property
    def document_quota(self) -> PostgresDocumentQuota:
        return PostgresDocumentQuota(self, self._means.documents_per_day)

    @cached_property
    def graces(self) -> EventSourcedRepository[Grace]:
        return self.repository(Grace, missing=GraceNotFound)

    @cached_property
    def approvals(self) -> EventSourcedRepository[Approval]:
        return self.repository(Approval, missing=ApprovalNotFound)

    @cached_property
    def approval_rules(self) -> EventSourcedRepository[ApprovalRules]:
        return self.repository(ApprovalRules)

    @cached_property
    def deliveries(self) -> EventSourcedRepository[Delivery]:
        return self.repository(Delivery)

    @cached_property
    def registers(self) -> PostgresRegisters:
        return PostgresRegisters(self)

    @cached_property
    def files(self) -> EventSourcedRepository[File]:
        return self.repository(File, missing=FileNotFound)

    @cached_property
    def attached(self) -> PostgresAttached:
        return PostgresAttached(self)

    @cached_property
    def storing(self) -> StoringFacts:
        return StoringFacts(self)

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
    def archive(self) -> PostgresArchive:
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
    def configurations(self) -> ConfigurationFacts:
        return ConfigurationFacts(self.facts, self.ctx)

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
    def erasures(self) -> EventSourcedRepository[ErasureRecord]:
        return self.repository(ErasureRecord, missing=ErasureNotFound)

    @cached_property
    def legal_holds(self) -> PostgresLegalHolds:
        return PostgresLegalHolds(self)

    @cached_property
    def late_claims(self) -> PostgresLateClaims:
        return PostgresLateClaims(self)

    @cached_property
    def periods(self) -> PostgresPeriods:
        return PostgresPeriods(self)

    @cached_property
    def accounting_exports(self) -> EventSourcedRepository[AccountingExport]:
        return self.repository(AccountingExport, missing=AccountingExportNotFound)

    @cached_property
    def recognitions(self) -> EventSourcedRepository[Recognition]:
        return self.repository(Recognition, missing=NothingDeferred)

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
        """The document.

        Raises DocumentNotFound; DocumentIsImported for one of another system; DocumentPurged.
        """
        found = await self.find(id)
        if found is None:
            imported = await self._unit.conn.fetchval(
                "SELECT true FROM invoicing.imported_documents"
                " WHERE tenant_id = $1 AND document_id = $2",
                self._unit.ctx.tenant_id,
                id,
            )
            raise DocumentIsImported if imported else DocumentNotFound
        if found.purged:
            raise DocumentPurged
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

    async def numbers_of(self, ids: Collection[UUID]) -> list[WantedNumber]:
        """The numbers that those of these which are drafts will draw."""
        rows = await self._unit.conn.fetch(
            "SELECT legal_entity_id, type, issue_date FROM invoicing.documents"
            " WHERE tenant_id = $1 AND document_id = ANY($2::uuid[]) AND status = 'draft'",
            self._unit.ctx.tenant_id,
            ids,
        )
        return [WantedNumber(row[0], DocumentType(row[1]), None, row[2]) for row in rows]

    def drop(self, id: UUID) -> bool:
        """Forget what a document has recorded; it is not written. True, for it is forgotten."""
        self._unit.held.pop(id, None)
        return True

    def is_untouched(self, id: UUID) -> bool:
        """Whether a document has recorded nothing in this unit of work."""
        held = self._unit.held.get(id)
        return held is None or not held.aggregate.recorded


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
