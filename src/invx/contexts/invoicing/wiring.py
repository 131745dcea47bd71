"""Puts invoicing together; imported by the host only."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from uuid import UUID

from invx.contexts.invoicing.adapters import configuring, number_journal
from invx.contexts.invoicing.adapters.accounting import making
from invx.contexts.invoicing.adapters.charts import shipped_charts
from invx.contexts.invoicing.adapters.due_jobs import DUE_JOBS
from invx.contexts.invoicing.adapters.einvoice import writing
from invx.contexts.invoicing.adapters.einvoice.opening import HybridOpening
from invx.contexts.invoicing.adapters.einvoice.validation import EInvoiceValidation, Validator
from invx.contexts.invoicing.adapters.einvoice.validation import facts as validation
from invx.contexts.invoicing.adapters.outside import Outside
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.contexts.invoicing.adapters.personal_stores import PERSONAL_STORES
from invx.contexts.invoicing.adapters.reconciling import BRING_SERIES, HOLD_SERIES, INCARNATION
from invx.contexts.invoicing.adapters.register_entering import enter_registers
from invx.contexts.invoicing.adapters.rendering import PORT, RenderingPool
from invx.contexts.invoicing.adapters.storing import NAMING, StorageUser
from invx.contexts.invoicing.adapters.storing import PORT as STORAGE
from invx.contexts.invoicing.adapters.tax_engines import facts as tax_engines
from invx.contexts.invoicing.adapters.tax_ids import facts as tax_ids
from invx.contexts.invoicing.adapters.tax_packs import packs_in
from invx.contexts.invoicing.adapters.transmission.channels import (
    PORT as TRANSMISSION,
)
from invx.contexts.invoicing.adapters.transmission.channels import ChannelUser
from invx.contexts.invoicing.adapters.unit_of_work import Means, UnitOfWork
from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.api.routes import ROUTERS
from invx.contexts.invoicing.api.tags import TAGS
from invx.contexts.invoicing.api.versions import CHANGES
from invx.contexts.invoicing.app.on_tenant_configured_like import on_tenant_configured_like
from invx.contexts.invoicing.app.publish import contract_of
from invx.contexts.invoicing.domain import (
    document_events,
    grace_events,
    legal_entity_events,
    register_events,
    series_events,
    settlement_events,
)
from invx.contexts.invoicing.domain.approval import approval_events, approval_rules_events
from invx.contexts.invoicing.domain.bookkeeping import accounting_export_events
from invx.contexts.invoicing.domain.delivery import delivery_events
from invx.contexts.invoicing.domain.errors import ExternalIdTaken, NumberTaken
from invx.contexts.invoicing.domain.exchange import rate_sheet_events
from invx.contexts.invoicing.domain.files import file_events
from invx.contexts.invoicing.domain.files.file import FileInUse
from invx.contexts.invoicing.domain.importing import imported_events
from invx.contexts.invoicing.domain.interest import late_claim_events
from invx.contexts.invoicing.domain.keeping import erasure_events, legal_hold_events
from invx.contexts.invoicing.domain.periods import period_events
from invx.contexts.invoicing.domain.recognition import recognition_events
from invx.contexts.invoicing.domain.tax import engine_entry_events, rate_table_events
from invx.contexts.invoicing.read.holdings import holdings
from invx.contexts.invoicing.read.last_numbers import last_numbers
from invx.contexts.invoicing.read.projections import KINDS, TABLES, project
from invx.contexts.invoicing.read.resource import issued_resource
from invx.contexts.invoicing.read.retained import HELD, retained_documents
from invx.contracts.identity import TenantConfiguredLikeV1
from invx.contracts.invoicing import (
    DeliveryChangedV1,
    DocumentFinalizedV1,
    DocumentVoidedV1,
    PaymentOverdueV1,
    SettlementChangedV1,
)
from invx.contracts.registry import REGISTRY, Registry
from invx.infra.codec import Codec, events_in
from invx.infra.context import Context, Reaction
from invx.infra.event_store import EventStore
from invx.infra.facts import FactProvider, KnownFacts
from invx.infra.holdings import Holdings, Retained
from invx.infra.migrate import Migration, migrations_in
from invx.infra.postgres import Connection, Database
from invx.infra.runner import Refusals, Runner
from invx.infra.storage.places import Places, places_of
from invx.infra.storage.rows import RowStorage
from invx.infra.system import SystemClock
from invx.infra.tenancy import Directory
from invx.infra.unit_of_work import Storage, envelopes_of
from invx.infra.write_set import Catalogue
from invx.kernel.context import RequestContext
from invx.kernel.messages import Contract, Envelope
from invx.kernel.ports import Clock, Ids

NAME = "invoicing"
REACTIONS: dict[type[Contract], Reaction] = {
    TenantConfiguredLikeV1: on_tenant_configured_like,
}

CODEC = Codec(
    events_in(
        document_events,
        settlement_events,
        delivery_events,
        series_events,
        legal_entity_events,
        period_events,
        late_claim_events,
        erasure_events,
        legal_hold_events,
        rate_table_events,
        grace_events,
        rate_sheet_events,
        accounting_export_events,
        engine_entry_events,
        register_events,
        file_events,
        recognition_events,
        imported_events,
        approval_events,
        approval_rules_events,
    )
)

_REFUSALS = Refusals(
    {
        "documents_external_id": ExternalIdTaken,
        "legal_entities_external_id": ExternalIdTaken,
        "documents_number": NumberTaken,
        "document_files_file": FileInUse,
        "documents_revision": NumberTaken,
        "numbers_tenant_id_series_id_text_key": NumberTaken,
    }
)


_PUBLISHES = (
    DocumentFinalizedV1,
    DocumentVoidedV1,
    SettlementChangedV1,
    PaymentOverdueV1,
    DeliveryChangedV1,
)


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
    judging = EInvoiceValidation(validator := Validator(outside.rules))
    means = _means(outside, clock, judging)

    def open_unit(conn: Connection, ctx: RequestContext, facts: KnownFacts) -> UnitOfWork:
        unit = partial(UnitOfWork, storage=storage, clock=clock, ids=ids, means=means)
        return unit(conn, ctx, facts=facts)

    async def history_of(conn: Connection, tenant_id: UUID, stream_id: UUID) -> list[Envelope]:
        store = EventStore(conn, database.schema, CODEC, tenant_id)
        return envelopes_of(await store.history(stream_id), storage)

    rendering = RenderingPool(TypstRenderer(), outside.renderers)
    directory = Directory(database, clock)
    places = places_of(outside.storage, RowStorage(database, directory, clock))
    runner: Runner[UnitOfWork] = Runner(
        database,
        directory,
        open_unit,
        clock=clock,
        providers=_providers(means, judging, rendering, lambda: runner)
        | {STORAGE: _storing(places, rendering, clock)},
        refusals=_REFUSALS,
        committed=committed,
    )
    edge = replace(_edge(runner, rendering, validator, means, places), quotas=outside.quotas)
    return Context(
        name=NAME,
        database=database,
        directory=directory,
        runner=runner,
        tags=TAGS,
        routers=ROUTERS,
        api_changes=CHANGES,
        edge=edge,
        jobs=DUE_JOBS,
        publishes=_PUBLISHES,
        history=history_of,
        last_numbers=last_numbers,
        before_seal=lambda tenant_id: enter_registers(runner, ids, tenant_id),
        personal=PERSONAL_STORES,
        places=places,
        naming=NAMING,
        close=edge.close,
    )


def _edge(
    runner: Runner[UnitOfWork],
    rendering: RenderingPool,
    validator: Validator,
    means: Means,
    places: Places,
) -> Edge:
    return Edge(
        runner,
        rendering,
        CODEC,
        validator,
        HybridOpening(),
        packs=means.packs,
        charts=means.charts,
        places=places,
        file_limits=means.file_limits,
    )


def _providers(
    means: Means,
    judging: EInvoiceValidation,
    rendering: RenderingPool,
    runner: Callable[[], Runner[UnitOfWork]],
) -> dict[str, FactProvider]:
    kept = {} if means.journal is None else {number_journal.PORT: means.journal}
    return {
        **kept,
        PORT: rendering,
        making.PORT: making.AccountingFiles(lambda caller: runner().reading(caller)),
        configuring.PORT: configuring.ConfigurationCopies(runner),
        writing.PORT: writing.EInvoiceWriter(),
        validation.PORT: judging,
        tax_ids.PORT: tax_ids.RegisterFacts(means.registers),
        tax_engines.PORT: tax_engines.EngineFacts(means.engines),
        TRANSMISSION: ChannelUser(means.channels),
    }


def _storing(places: Places, rendering: RenderingPool, clock: Clock) -> StorageUser:
    return StorageUser(places, {PORT: rendering, writing.PORT: writing.EInvoiceWriter()}, clock)


def _means(outside: Outside, clock: Clock, judging: EInvoiceValidation) -> Means:
    return Means(
        resource_of=issued_resource,
        registers=outside.registers(clock),
        packs=packs_in(outside.packs),
        judged=judging.judged,
        charts=shipped_charts(),
        engines=outside.engines(),
        channels=outside.channels(),
        journal=number_journal.NumberJournal(outside.numbers, clock) if outside.numbers else None,
        file_limits=outside.file_limits,
        documents_per_day={
            name: each.documents_per_day
            for name, each in outside.quotas.items()
            if each.documents_per_day is not None
        },
    )


def _storage(catalogue: Catalogue, registry: Registry) -> Storage:
    return Storage(
        catalogue,
        CODEC,
        project,
        lambda recorded: contract_of(recorded.stream_id, recorded.event),
        registry.body,
        kinds=KINDS,
        tables=TABLES,
    )


def holdings_over(places: Places, packs: Path | None = None) -> Holdings:
    """What an audit looks at, and what an archive holds beside events and seals.

    `places` are the storages outside the database, `packs` the folder of the operator's own ones.
    """

    async def retained(conn: Connection, tenant_id: UUID) -> list[Retained]:
        return await retained_documents(
            conn, tenant_id, packs_in(packs), SystemClock().now().date()
        )

    return replace(
        holdings(lambda catalogue: _storage(catalogue, REGISTRY), places),
        naming=NAMING,
        places=places,
        arrived=(HOLD_SERIES,),
        moved=(BRING_SERIES,),
        own=INCARNATION,
        retained=retained,
        held=HELD,
    )
