"""Puts invoicing together; imported by the host only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.adapters.charts import shipped_charts
from invx.contexts.invoicing.adapters.einvoice import writing
from invx.contexts.invoicing.adapters.einvoice.opening import HybridOpening
from invx.contexts.invoicing.adapters.einvoice.validation import Validator
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.contexts.invoicing.adapters.register_entering import enter_registers
from invx.contexts.invoicing.adapters.rendering import PORT, RenderingPool
from invx.contexts.invoicing.adapters.tax_engines import facts as tax_engines
from invx.contexts.invoicing.adapters.tax_engines.http import HttpTaxEngine
from invx.contexts.invoicing.adapters.tax_ids import facts as tax_ids
from invx.contexts.invoicing.adapters.tax_ids.form import VIES_COUNTRIES
from invx.contexts.invoicing.adapters.tax_ids.registers import Hmrc, Vies
from invx.contexts.invoicing.adapters.tax_packs import packs_in
from invx.contexts.invoicing.adapters.unit_of_work import Means, UnitOfWork
from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.api.routes import (
    accounting,
    audit,
    corrections,
    documents,
    e_invoices,
    engine_entries,
    history,
    legal_entities,
    personal,
    rate_tables,
    series,
    settlements,
    tax_returns,
    taxes,
)
from invx.contexts.invoicing.api.routes import tax_ids as tax_id_routes
from invx.contexts.invoicing.api.tags import TAGS
from invx.contexts.invoicing.api.versions import CHANGES
from invx.contexts.invoicing.app.archive_document import ArchiveDocument, archive_document
from invx.contexts.invoicing.app.mark_overdue import MarkOverdue, mark_overdue
from invx.contexts.invoicing.app.ports import TaxRegister
from invx.contexts.invoicing.app.publish import contract_of
from invx.contexts.invoicing.app.tell_engine import JOB, TellEngine, tell_engine
from invx.contexts.invoicing.domain import (
    document_events,
    engine_entry_events,
    legal_entity_events,
    rate_table_events,
    register_events,
    series_events,
    settlement_events,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.engine_entry import EngineEntry
from invx.contexts.invoicing.domain.errors import ExternalIdTaken, NumberTaken
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.rate_table import RateTable
from invx.contexts.invoicing.domain.register import Register
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.read.archives import archived_files, examine_archives
from invx.contexts.invoicing.read.last_numbers import last_numbers
from invx.contexts.invoicing.read.projections import project
from invx.contexts.invoicing.read.register import REGISTER_MEMBER, examine_register
from invx.contexts.invoicing.read.resource import issued_resource
from invx.contracts.invoicing import DocumentFinalizedV1, DocumentVoidedV1, SettlementChangedV1
from invx.contracts.registry import Registry
from invx.infra.codec import Codec, events_in
from invx.infra.context import Context, PersonalStore
from invx.infra.event_store import EventStore
from invx.infra.facts import KnownFacts
from invx.infra.holdings import Holdings
from invx.infra.migrate import Migration, migrations_in
from invx.infra.postgres import Connection, Database
from invx.infra.runner import Refusals, Runner
from invx.infra.tenancy import Directory
from invx.infra.unit_of_work import Storage, envelopes_of
from invx.infra.write_set import Catalogue
from invx.kernel.context import RequestContext
from invx.kernel.messages import Envelope
from invx.kernel.ports import Clock, Ids

NAME = "invoicing"

CODEC = Codec(
    events_in(
        document_events,
        settlement_events,
        series_events,
        legal_entity_events,
        rate_table_events,
        engine_entry_events,
        register_events,
    )
)

_REFUSALS = Refusals(
    {
        "documents_external_id": ExternalIdTaken,
        "legal_entities_external_id": ExternalIdTaken,
        "documents_number": NumberTaken,
        "numbers_tenant_id_series_id_text_key": NumberTaken,
    }
)

_PERSONAL = (
    PersonalStore("personal", "deleted by subject"),
    PersonalStore("documents", "re-projected"),
    PersonalStore("document_contents", "re-projected"),
    PersonalStore("document_search", "re-projected"),
    PersonalStore("settlement_entries", "re-projected"),
    PersonalStore("tax_partners", "re-projected"),
    PersonalStore("skipped_numbers", "re-projected"),
    PersonalStore("legal_entities", "re-projected"),
    PersonalStore("bookings", "kept as long as the books: codes of accounts and cost centres"),
    PersonalStore("archives", "deleted with the document's data"),
    PersonalStore("idempotency", "answer replaced; dropped after eight days"),
)

# What an audit looks at beside events and seals, and the files that an archive holds.
HOLDINGS = Holdings(
    examinations={"register": examine_register, "archives": examine_archives},
    members={"register": REGISTER_MEMBER},
    files=archived_files,
)

_ROUTES = (
    documents,
    e_invoices,
    corrections,
    settlements,
    history,
    legal_entities,
    series,
    personal,
    tax_id_routes,
    taxes,
    tax_returns,
    rate_tables,
    accounting,
    engine_entries,
    audit,
)


@dataclass(frozen=True, slots=True)
class Outside:
    """What invoicing uses of the world. Registers are asked only where they are named."""

    renderers: int = 2  # threads that make PDFs
    vies_url: str | None = None
    hmrc_url: str | None = None
    hmrc_token: str | None = field(default=None, repr=False)
    rules: Path | None = None  # the folder of e-invoice rules that the operator installed
    packs: Path | None = None  # the folder of newer country packs
    tax_engine: str | None = None  # the name by which legal entities ask for it
    tax_engine_url: str | None = None
    tax_engine_secret: str | None = field(default=None, repr=False)

    def registers(self, clock: Clock) -> tax_ids.Registers:
        """The registers of VAT ids, by the country that ids begin with."""
        found: dict[str, TaxRegister] = {}
        if self.vies_url is not None:
            found |= dict.fromkeys(VIES_COUNTRIES, Vies(self.vies_url, clock))
        if self.hmrc_url is not None and self.hmrc_token is not None:
            found["GB"] = Hmrc(self.hmrc_url, self.hmrc_token, clock)
        return found

    def engines(self) -> tax_engines.Engines:
        """The tax engines by name."""
        if self.tax_engine is None or self.tax_engine_url is None:
            return {}
        return {self.tax_engine: HttpTaxEngine(self.tax_engine_url, self.tax_engine_secret)}


_NOTHING_OUTSIDE = Outside()


def migrations() -> list[Migration]:
    """The tables that every context has, and those of invoicing."""
    return migrations_in(
        files("invx.infra") / "migrations", files("invx.contexts.invoicing") / "migrations"
    )


def wire(
    database: Database,
    catalogue: Catalogue,
    *,
    clock: Clock,
    ids: Ids,
    registry: Registry,
    committed: Callable[[], None],
    outside: Outside = _NOTHING_OUTSIDE,
) -> Context:
    """The invoicing context over its database."""
    storage = _storage(catalogue, registry)
    registers, engines = outside.registers(clock), outside.engines()
    means = Means(issued_resource, registers, packs_in(outside.packs), shipped_charts(), engines)

    def open_unit(conn: Connection, ctx: RequestContext, facts: KnownFacts) -> UnitOfWork:
        return UnitOfWork(
            conn, ctx, storage=storage, clock=clock, ids=ids, facts=facts, means=means
        )

    async def history_of(conn: Connection, tenant_id: UUID, stream_id: UUID) -> list[Envelope]:
        store = EventStore(conn, database.schema, CODEC, tenant_id)
        return envelopes_of(await store.history(stream_id), storage)

    rendering = RenderingPool(TypstRenderer(), outside.renderers)
    validator = Validator(outside.rules)
    directory = Directory(database, clock)
    runner: Runner[UnitOfWork] = Runner(
        database,
        directory,
        open_unit,
        clock=clock,
        providers={
            PORT: rendering,
            writing.PORT: writing.EInvoiceWriter(),
            tax_ids.PORT: tax_ids.RegisterFacts(registers),
            tax_engines.PORT: tax_engines.EngineFacts(engines),
        },
        refusals=_REFUSALS,
        committed=committed,
    )
    edge = Edge(
        runner, rendering, CODEC, validator, HybridOpening(), packs=means.packs, charts=means.charts
    )
    return Context(
        name=NAME,
        database=database,
        directory=directory,
        runner=runner,
        tags=TAGS,
        routers=tuple(module.router for module in _ROUTES),
        api_changes=CHANGES,
        edge=edge,
        jobs={"archive_document": _archive, "mark_overdue": _overdue, JOB: _tell_engine},
        publishes=(DocumentFinalizedV1, DocumentVoidedV1, SettlementChangedV1),
        history=history_of,
        last_numbers=last_numbers,
        before_seal=lambda tenant_id: enter_registers(runner, ids, tenant_id),
        personal=_PERSONAL,
        close=edge.close,
    )


def _storage(catalogue: Catalogue, registry: Registry) -> Storage:
    return Storage(
        catalogue,
        CODEC,
        project,
        lambda recorded: contract_of(recorded.stream_id, recorded.event),
        registry.encode,
        kinds=(Document, Settlement, Series, LegalEntity, RateTable, EngineEntry, Register),
    )


async def _archive(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await archive_document(ArchiveDocument(UUID(payload["key"])), uow)


async def _overdue(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await mark_overdue(MarkOverdue(UUID(payload["key"])), uow)


async def _tell_engine(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await tell_engine(TellEngine(UUID(payload["key"])), uow)
