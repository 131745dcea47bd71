"""What the handlers of invoicing hold, and the ports to what invoicing does not control."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.app.asked import (
    EngineReceipt,
    GivenAnswer,
    SeriesChoice,
    WantedNumber,
)
from invx.contexts.invoicing.app.ports_of_books import Exporting
from invx.contexts.invoicing.app.ports_of_files import Archive, Attached, Rendering, Storing
from invx.contexts.invoicing.app.ports_of_imports import Importing
from invx.contexts.invoicing.app.ports_of_keeping import (
    LateClaimsRepository,
    LegalHolds,
    Periods,
    PersonalData,
)
from invx.contexts.invoicing.domain.approval.approval import Approval
from invx.contexts.invoicing.domain.approval.approval_rules import ApprovalRules
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import AccountingExport
from invx.contexts.invoicing.domain.bookkeeping.chart import Charts
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.delivery.delivery import Delivery
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Channel, Parcel
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.einvoice.issued import Issued
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate, RateQuestion
from invx.contexts.invoicing.domain.exchange.rate_sheet import RateSheet
from invx.contexts.invoicing.domain.files.file import File
from invx.contexts.invoicing.domain.grace import Grace
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.keeping.erasure import ErasureRecord
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.number_permit import NumberPermit
from invx.contexts.invoicing.domain.recognition.recognition import Recognition
from invx.contexts.invoicing.domain.register import Register
from invx.contexts.invoicing.domain.register_events import RegisteredDocument
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.engine_entry import EngineEntry
from invx.contexts.invoicing.domain.tax.engine_statement import EngineStatement
from invx.contexts.invoicing.domain.tax.rate_table import KnownTaxes, RateTable
from invx.contexts.invoicing.domain.tax.tax_ids import RegisterAnswer, TaxIdForm
from invx.contexts.invoicing.domain.tax.tax_quotes import QuoteAnswer, QuoteQuestion
from invx.kernel.operations import Operations
from invx.kernel.ports import Fact, ManyRepository, Repository, UnitOfWork
from invx.rules.tax.packs import Packs


class Documents(ManyRepository[Document], Protocol):
    """Documents."""

    async def taken(self, external_ids: Iterable[str]) -> set[str]:
        """Those that a document of the tenant has."""
        ...

    async def numbers_of(self, ids: Collection[UUID]) -> list[WantedNumber]:
        """The numbers that those of these which are drafts will draw."""
        ...

    def drop(self, id: UUID) -> bool:
        """Forget what a document has recorded; it is not written. True, for it is forgotten."""
        ...

    def is_untouched(self, id: UUID) -> bool:
        """Whether a document has recorded nothing in this unit of work."""
        ...


class SeriesRepository(Repository[Series], Protocol):
    """Series; they are only ever taken locked, so that numbers are drawn one after another."""

    async def default_locked(self, legal_entity_id: UUID, type: DocumentType) -> Series:
        """The series that a type draws from, locked. Raises SeriesNotFound."""
        ...

    async def locked_for(self, choices: Collection[SeriesChoice]) -> dict[SeriesChoice, Series]:
        """The series of many documents, those that exist, locked in the order of their ids."""
        ...

    def make_default(self, series: Series) -> None:
        """From now on the series' types draw from it."""
        ...

    def permit(self, series: Series) -> NumberPermit:
        """What a series that was loaded here may give."""
        ...

    async def reserve(self, series: Series, period: str, number: int) -> None:
        """Let the outside journal know that numbers up to this one may be given. Raises Needs."""
        ...

    async def foresee(self, counts: Mapping[tuple[SeriesChoice, date], int]) -> None:
        """The same before the work on many documents begins, for so many of each day. No locks.

        An estimate: what is still missing when they are numbered is reserved then. Raises Needs.
        """
        ...

    async def accept(self, series: Series) -> None:
        """From now on the series gives its numbers in this database."""
        ...


class LegalEntities(Repository[LegalEntity], Protocol):
    """Legal entities."""

    async def only(self) -> LegalEntity:
        """The tenant's legal entity when it has exactly one. Raises LegalEntityRequired."""
        ...


class RateTables(Repository[RateTable], Protocol):
    """What the tenant itself knows of taxes, by country."""

    async def locked(self, country: str) -> RateTable:
        """That of a country, locked; a new one when nothing was ever stated."""
        ...

    async def known(self) -> KnownTaxes:
        """The packs with all overrides of the tenant, and its rates, in one round trip."""
        ...


class RateSheets(Repository[RateSheet], Protocol):
    """The exchange rates that sources have published, by source and month."""

    async def locked(self, source: str, month: str) -> RateSheet:
        """That of a month, locked; a new one when nothing was ever published."""
        ...


class ExchangeRates(Protocol):
    """What the published rates answer, and who waits for some."""

    async def of(self, asked: Sequence[RateQuestion], today: date) -> list[ExchangeRate | None]:
        """The answers in order, in one round trip; None where nothing is published."""
        ...

    async def waiting(self, after: UUID | None, limit: int) -> list[UUID]:
        """Documents that wait for a rate, by id."""
        ...


class Registers(Repository[Register], Protocol):
    """The registers of legal entities, and what is not in them yet."""

    async def locked(self, legal_entity_id: UUID) -> Register:
        """That of a legal entity, locked; a new one when nothing was ever entered."""
        ...

    async def not_entered(self, legal_entity_id: UUID, limit: int) -> list[RegisteredDocument]:
        """Documents that were issued or voided, in their order."""
        ...


class TaxRegister(Protocol):
    """A register of VAT ids, such as VIES."""

    async def ask(self, form: TaxIdForm, requester: str | None) -> RegisterAnswer:
        """Its answer; `unavailable` with the reason when there is none."""
        ...


class TaxIds(Protocol):
    """Tax ids: their form, and what the registers of the countries say."""

    def form(self, tax_id: str, country: str | None) -> TaxIdForm:
        """The compact form of an id, with what is wrong about it. Raises Invalid."""
        ...

    def in_register(self, form: TaxIdForm, requester: str | None) -> Fact | None:
        """The fact whose answer is a RegisterAnswer; None when no register can be asked."""
        ...


class TaxEngine(Protocol):
    """An engine that knows the rates of every place. It never raises for what it does not do."""

    async def quote(self, question: QuoteQuestion) -> QuoteAnswer:
        """The taxes of each line that is asked about; nothing is booked."""
        ...

    async def commit(self, statement: EngineStatement) -> EngineReceipt:
        """Book what became binding. The same key is booked once, however often it is sent."""
        ...


class TaxEngines(Protocol):
    """The tax engines that the operator set up, by name. Asking one is a fact."""

    def quote(self, question: QuoteQuestion) -> Fact | None:
        """The fact whose answer is a QuoteAnswer; None when no such engine is set up."""
        ...

    def receipt(self, statement: EngineStatement, *, attempt: int) -> Fact | None:
        """The fact whose answer is an EngineReceipt; None when no such engine is set up."""
        ...


class EInvoices(Protocol):
    """Documents as e-invoices; making one is a fact too."""

    def xml(self, document: Document, format: str, files: Mapping[str, bytes] | None) -> Fact:
        """The fact whose answer is the XML of a finalized document, as bytes.

        `files` are the bytes of the uploaded files that it names, by their SHA-256 (BT-125);
        None for a file that is only to be checked, never made.

        Raises NotRepresentable, and Invalid that names the fields the format needs.
        """
        ...

    def judged(self, legal_entity_id: UUID, stated: Issued, format: str) -> Fact:
        """The fact whose answer is the Verdict of the official rules on what would be issued.

        It names no document: one that a command opens and issues at once (a cancellation) has
        another id in each round. Its fingerprint covers all of `stated` (content, figures, seller,
        dates, and the word that stands for the number), the format, and every sheet and schema
        that has a say: when one of them changes the rules are asked anew. Raises Unavailable when
        rules are not usable.
        """
        ...

    def profile(self, format: str) -> str | None:
        """The Factur-X profile of a format that is carried in a PDF; None for XML by itself."""
        ...


class Transmission(Protocol):
    """A channel to the world: a folder, an access point, a portal.

    Whoever is called may do so again with the same key, after a crash or because no answer came:
    one effect must follow. What goes wrong on the way is `unreachable`, with the reason.
    """

    async def send(self, parcel: Parcel) -> Answer:
        """Hand it over."""
        ...

    async def ask(self, receipt: str) -> Answer:
        """What has become of it."""
        ...


class Transmissions(Protocol):
    """The channels that the operator set up. Using one is slow, so what it says is a fact."""

    def channel(self, name: str) -> Channel:
        """Raises ChannelUnknown, naming those that there are."""
        ...

    def send(self, channel: str, parcel: Parcel, attempt: int) -> Fact:
        """The fact whose answer is the channel's `Answer` to being handed this."""
        ...

    def ask(self, channel: str, receipt: str, asked: int) -> Fact:
        """The fact whose answer is what the channel says of it by now."""
        ...


class DocumentQuota(Protocol):
    """How many documents a tenant may draft in a day of system time."""

    async def ensure_room(self) -> None:
        """Room for one more than this unit of work has drafted. Raises DocumentQuotaExceeded."""
        ...


class InvoicingUnitOfWork(UnitOfWork, Protocol):
    """The unit of work of invoicing."""

    @property
    def documents(self) -> Documents: ...
    @property
    def document_quota(self) -> DocumentQuota: ...
    @property
    def settlements(self) -> ManyRepository[Settlement]: ...
    @property
    def approvals(self) -> ManyRepository[Approval]: ...
    @property
    def approval_rules(self) -> Repository[ApprovalRules]: ...
    @property
    def graces(self) -> ManyRepository[Grace]: ...
    @property
    def deliveries(self) -> ManyRepository[Delivery]: ...
    @property
    def series(self) -> SeriesRepository: ...
    @property
    def legal_entities(self) -> LegalEntities: ...
    @property
    def registers(self) -> Registers: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def storing(self) -> Storing: ...
    @property
    def files(self) -> Repository[File]: ...
    @property
    def attached(self) -> Attached: ...
    @property
    def rendering(self) -> Rendering: ...
    @property
    def packs(self) -> Packs: ...
    @property
    def charts(self) -> Charts: ...
    @property
    def rate_tables(self) -> RateTables: ...
    @property
    def rate_sheets(self) -> RateSheets: ...
    @property
    def exchange_rates(self) -> ExchangeRates: ...
    @property
    def tax_ids(self) -> TaxIds: ...
    @property
    def engine_entries(self) -> Repository[EngineEntry]: ...
    @property
    def tax_engines(self) -> TaxEngines: ...
    @property
    def e_invoices(self) -> EInvoices: ...
    async def given_answers(self, key_hashes: Sequence[str]) -> dict[str, GivenAnswer]:
        """The answers that items of batches were given, by the hash of their key."""
        ...

    @property
    def imports(self) -> Repository[ForeignImport]: ...
    @property
    def imported(self) -> ManyRepository[ImportedDocument]: ...
    @property
    def importing(self) -> Importing: ...
    @property
    def operations(self) -> Operations: ...
    @property
    def transmissions(self) -> Transmissions: ...
    @property
    def erasures(self) -> Repository[ErasureRecord]: ...
    @property
    def legal_holds(self) -> LegalHolds: ...
    @property
    def late_claims(self) -> LateClaimsRepository: ...
    @property
    def personal_data(self) -> PersonalData: ...
    @property
    def periods(self) -> Periods: ...
    @property
    def accounting_exports(self) -> Repository[AccountingExport]: ...
    @property
    def recognitions(self) -> Repository[Recognition]: ...
    @property
    def exporting(self) -> Exporting: ...
