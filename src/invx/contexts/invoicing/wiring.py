"""Puts invoicing together; imported by the host only."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.adapters.accounting import making
from invx.contexts.invoicing.adapters.charts import shipped_charts
from invx.contexts.invoicing.adapters.due_jobs import DUE_JOBS
from invx.contexts.invoicing.adapters.einvoice import writing
from invx.contexts.invoicing.adapters.einvoice.opening import HybridOpening
from invx.contexts.invoicing.adapters.einvoice.validation import EInvoiceValidation, Validator
from invx.contexts.invoicing.adapters.einvoice.validation import facts as validation
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.contexts.invoicing.adapters.register_entering import enter_registers
from invx.contexts.invoicing.adapters.rendering import PORT, RenderingPool
from invx.contexts.invoicing.adapters.tax_engines import facts as tax_engines
from invx.contexts.invoicing.adapters.tax_engines.http import HttpTaxEngine
from invx.contexts.invoicing.adapters.tax_ids import facts as tax_ids
from invx.contexts.invoicing.adapters.tax_ids.form import VIES_COUNTRIES
from invx.contexts.invoicing.adapters.tax_ids.registers import Hmrc, Vies
from invx.contexts.invoicing.adapters.tax_packs import packs_in
from invx.contexts.invoicing.adapters.transmission.access_point import AccessPoint
from invx.contexts.invoicing.adapters.transmission.channels import (
    PORT as TRANSMISSION,
)
from invx.contexts.invoicing.adapters.transmission.channels import (
    Channels,
    ChannelUser,
    SetUp,
)
from invx.contexts.invoicing.adapters.transmission.folder import Folder
from invx.contexts.invoicing.adapters.transmission.practice_authority import PracticeAuthority
from invx.contexts.invoicing.adapters.unit_of_work import Means, UnitOfWork
from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.api.routes import (
    accounting,
    accounting_exports,
    archives,
    audit,
    bulk,
    corrections,
    data_access,
    documents,
    e_invoices,
    engine_entries,
    exchange_rates,
    graces,
    history,
    legal_entities,
    operations,
    personal,
    rate_tables,
    series,
    settlements,
    tax_returns,
    taxes,
    transmissions,
)
from invx.contexts.invoicing.api.routes import tax_ids as tax_id_routes
from invx.contexts.invoicing.api.tags import TAGS
from invx.contexts.invoicing.api.versions import CHANGES
from invx.contexts.invoicing.app.apply_exchange_rates import (
    APPLY,
    ApplyExchangeRates,
    apply_exchange_rates,
)
from invx.contexts.invoicing.app.ask_transmission import AskTransmission, ask_transmission
from invx.contexts.invoicing.app.ports import TaxRegister
from invx.contexts.invoicing.app.publish import contract_of
from invx.contexts.invoicing.app.publish_exchange_rates import SPREAD
from invx.contexts.invoicing.app.send_transmission import SendTransmission, send_transmission
from invx.contexts.invoicing.app.spread_exchange_rates import (
    SpreadExchangeRates,
    spread_exchange_rates,
)
from invx.contexts.invoicing.domain import (
    document_events,
    grace_events,
    legal_entity_events,
    register_events,
    series_events,
    settlement_events,
)
from invx.contexts.invoicing.domain.bookkeeping import accounting_export_events
from invx.contexts.invoicing.domain.delivery import delivery_events
from invx.contexts.invoicing.domain.delivery.transmission import Channel
from invx.contexts.invoicing.domain.errors import ExternalIdTaken, NumberTaken
from invx.contexts.invoicing.domain.exchange import rate_sheet_events
from invx.contexts.invoicing.domain.tax import engine_entry_events, rate_table_events
from invx.contexts.invoicing.read.holdings import holdings
from invx.contexts.invoicing.read.last_numbers import last_numbers
from invx.contexts.invoicing.read.projections import KINDS, TABLES, project
from invx.contexts.invoicing.read.resource import issued_resource
from invx.contracts.invoicing import (
    DeliveryChangedV1,
    DocumentFinalizedV1,
    DocumentVoidedV1,
    SettlementChangedV1,
)
from invx.contracts.registry import REGISTRY, Registry
from invx.infra.codec import Codec, events_in
from invx.infra.context import Context, Job, PersonalStore
from invx.infra.event_store import EventStore
from invx.infra.facts import FactProvider, KnownFacts
from invx.infra.migrate import Migration, migrations_in
from invx.infra.postgres import Connection, Database
from invx.infra.runner import Refusals, Runner
from invx.infra.tenancy import Directory
from invx.infra.unit_of_work import Storage, envelopes_of
from invx.infra.write_set import Catalogue
from invx.kernel.context import Caller, RequestContext
from invx.kernel.messages import Envelope
from invx.kernel.ports import Clock, Ids

NAME = "invoicing"

CODEC = Codec(
    events_in(
        document_events,
        settlement_events,
        delivery_events,
        series_events,
        legal_entity_events,
        rate_table_events,
        grace_events,
        rate_sheet_events,
        accounting_export_events,
        engine_entry_events,
        register_events,
    )
)

_REFUSALS = Refusals(
    {
        "documents_external_id": ExternalIdTaken,
        "legal_entities_external_id": ExternalIdTaken,
        "documents_number": NumberTaken,
        "documents_revision": NumberTaken,
        "numbers_tenant_id_series_id_text_key": NumberTaken,
    }
)

_PERSONAL = (
    PersonalStore("personal", "deleted by subject"),
    PersonalStore("documents", "re-projected"),
    PersonalStore("document_contents", "re-projected"),
    PersonalStore("document_search", "re-projected"),
    PersonalStore("settlement_entries", "re-projected"),
    PersonalStore("transmissions", "re-projected"),
    PersonalStore("tax_partners", "re-projected"),
    PersonalStore("skipped_numbers", "re-projected"),
    PersonalStore("legal_entities", "re-projected"),
    PersonalStore("bookings", "kept as long as the books: codes of accounts and cost centres"),
    PersonalStore("archives", "deleted with the document's data"),
    PersonalStore("operation_items", "problems of erased documents emptied"),
    PersonalStore("accounting_exports", "the legal entity's own words: why one was cancelled"),
    PersonalStore("accounting_files", "kept by law as books (§ 147 AO); they name nobody"),
    PersonalStore("debtor_numbers", "kept by law; the caller's own id of a customer, no name"),
    PersonalStore("idempotency", "answer replaced; dropped after eight days"),
)

_PUBLISHES = (DocumentFinalizedV1, DocumentVoidedV1, SettlementChangedV1, DeliveryChangedV1)

_ROUTES = (
    archives,  # before documents, whose paths begin with an id, like bulk
    bulk,
    operations,
    graces,
    documents,
    e_invoices,
    corrections,
    transmissions,
    settlements,
    history,
    legal_entities,
    series,
    personal,
    tax_id_routes,
    taxes,
    tax_returns,
    rate_tables,
    exchange_rates,
    accounting_exports,
    data_access,
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
    # Channels by which documents leave the house; `clears` says that an authority decides there.
    folder: Path | None = None
    folder_clears: bool = False
    access_point_url: str | None = None
    access_point_token: str | None = field(default=None, repr=False)
    access_point_clears: bool = False
    practice_authority: bool = False
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

    def channels(self) -> Channels:
        """The channels that are set up, by name."""
        found: list[SetUp] = []
        if self.folder is not None:
            channel = Channel(name="folder", clears=self.folder_clears, test=True)
            found.append(SetUp(channel, Folder(self.folder, answers=self.folder_clears)))
        if self.access_point_url is not None:
            channel = Channel(name="access_point", clears=self.access_point_clears)
            means = AccessPoint(self.access_point_url, self.access_point_token or "")
            found.append(SetUp(channel, means))
        if self.practice_authority:
            channel = Channel(name="practice_authority", clears=True, live=False, test=True)
            found.append(SetUp(channel, PracticeAuthority()))
        return {each.channel.name: each for each in found}

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
    judging = EInvoiceValidation(validator := Validator(outside.rules))
    means = _means(outside, clock, judging)

    def open_unit(conn: Connection, ctx: RequestContext, facts: KnownFacts) -> UnitOfWork:
        return UnitOfWork(
            conn, ctx, storage=storage, clock=clock, ids=ids, facts=facts, means=means
        )

    async def history_of(conn: Connection, tenant_id: UUID, stream_id: UUID) -> list[Envelope]:
        store = EventStore(conn, database.schema, CODEC, tenant_id)
        return envelopes_of(await store.history(stream_id), storage)

    def reading(caller: Caller) -> AbstractAsyncContextManager[tuple[Connection, RequestContext]]:
        return runner.reading(caller)

    rendering = RenderingPool(TypstRenderer(), outside.renderers)
    directory = Directory(database, clock)
    runner: Runner[UnitOfWork] = Runner(
        database,
        directory,
        open_unit,
        clock=clock,
        providers=_providers(means, judging, rendering, reading),
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
        jobs=_JOBS,
        publishes=_PUBLISHES,
        history=history_of,
        last_numbers=last_numbers,
        before_seal=lambda tenant_id: enter_registers(runner, ids, tenant_id),
        personal=_PERSONAL,
        close=edge.close,
    )


def _providers(
    means: Means,
    judging: EInvoiceValidation,
    rendering: RenderingPool,
    reading: making.Reading,
) -> dict[str, FactProvider]:
    return {
        PORT: rendering,
        making.PORT: making.AccountingFiles(reading),
        writing.PORT: writing.EInvoiceWriter(),
        validation.PORT: judging,
        tax_ids.PORT: tax_ids.RegisterFacts(means.registers),
        tax_engines.PORT: tax_engines.EngineFacts(means.engines),
        TRANSMISSION: ChannelUser(means.channels),
    }


def _means(outside: Outside, clock: Clock, judging: EInvoiceValidation) -> Means:
    return Means(
        resource_of=issued_resource,
        registers=outside.registers(clock),
        packs=packs_in(outside.packs),
        judged=judging.judged,
        charts=shipped_charts(),
        engines=outside.engines(),
        channels=outside.channels(),
    )


def _storage(catalogue: Catalogue, registry: Registry) -> Storage:
    return Storage(
        catalogue,
        CODEC,
        project,
        lambda recorded: contract_of(recorded.stream_id, recorded.event),
        registry.encode,
        kinds=KINDS,
        tables=TABLES,
    )


HOLDINGS = holdings(lambda catalogue: _storage(catalogue, REGISTRY))


async def _spread_rates(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    after = payload.get("after")
    await spread_exchange_rates(SpreadExchangeRates(UUID(after) if after else None), uow)


async def _apply_rates(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    await apply_exchange_rates(ApplyExchangeRates(UUID(payload["key"])), uow)


async def _send(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    command = SendTransmission(UUID(payload["document"]), UUID(payload["key"]))
    await send_transmission(command, uow)


async def _ask(payload: Mapping[str, Any], uow: UnitOfWork) -> None:
    document_id, transmission_id = UUID(payload["document"]), UUID(payload["key"])
    await ask_transmission(AskTransmission(document_id, transmission_id, payload["asked"]), uow)


_JOBS: dict[str, Job] = {
    **DUE_JOBS,
    SPREAD: _spread_rates,
    APPLY: _apply_rates,
    "send_transmission": _send,
    "ask_transmission": _ask,
}
