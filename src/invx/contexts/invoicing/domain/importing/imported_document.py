"""A document that another system issued: read-only here, but for what is open of it."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.approval.state import ApprovalState
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.delivery.transmission import Way
from invx.contexts.invoicing.domain.document_events import Links, Mode, PersonalDataErased
from invx.contexts.invoicing.domain.errors import DocumentPurged
from invx.contexts.invoicing.domain.importing.errors import ForeignFileIsKept
from invx.contexts.invoicing.domain.importing.imported_events import (
    DocumentImported,
    ForeignFileKept,
    ImportWithdrawn,
)
from invx.contexts.invoicing.domain.party import Seller
from invx.contexts.invoicing.domain.status import Provenance, Status
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import invariant, violated
from invx.kernel.messages import Event
from invx.rules.calendar.terms import Instalment
from invx.rules.totals.model import Totals


class ImportedDocument(Aggregate):
    """It has the fields of a document, so that lists and readers make no difference.

    It stands outside our series, the register, the tax ledger and what other contexts are told of
    issued documents. Its settlement is one like any other.
    """

    origin = Provenance.IMPORTED
    status: Status
    subject_id: UUID
    legal_entity_id: UUID
    import_id: UUID
    source: str
    created_at: datetime
    content: Content
    totals: Totals
    mode: Mode
    number: str
    issue_date: date
    due_date: date | None
    digest: str
    file: str | None

    # What only documents of our own can have.
    series_id: UUID | None = None
    seller: Seller | None = None
    released_at: datetime | None = None
    finalized_at: datetime | None = None
    replaced_by: UUID | None = None
    cancelled_by: UUID | None = None
    revision = 1
    links = Links()
    way = Way()
    approval = ApprovalState.NONE
    route = None
    credits: Collection[UUID] = ()
    instalments: tuple[Instalment, ...] = ()
    accounts: tuple[LineAccount, ...] = ()

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.voided = self.purged = False
        self.file_sha256: str | None = None

    @classmethod
    def take_in(cls, id: UUID, imported: DocumentImported) -> Self:
        """A document comes from another system."""
        totals = imported.totals
        invariant(totals.net + totals.tax == totals.gross, "net and tax make gross")
        document = cls(id)
        document.record(imported)
        return document

    def keep_file(self, sha256: str, size: int, now: datetime) -> bool:
        """The PDF is this one for good; True when it was not known.

        Raises DocumentPurged, ForeignFileIsKept.
        """
        self.ensure_not_purged()
        if self.file_sha256 is not None and self.file_sha256 != sha256:
            raise ForeignFileIsKept
        if self.file_sha256 == sha256:
            return False
        self.record(ForeignFileKept(sha256=sha256, size=size, kept_at=now))
        return True

    def ensure_not_purged(self) -> None:
        """Nothing personal comes back to what was purged. Raises DocumentPurged."""
        if self.purged:
            raise DocumentPurged

    def withdraw(self, now: datetime) -> None:
        """Take it back with its import; again changes nothing."""
        if not self.voided:
            self.record(ImportWithdrawn(legal_entity_id=self.legal_entity_id, withdrawn_at=now))

    def note_erasure(self, subject_ids: Collection[UUID], *, purged: bool = False) -> None:
        """Remember whose personal data was erased, and whether all else went with it."""
        self.record(PersonalDataErased(subject_ids=tuple(sorted(subject_ids)), purged=purged))

    def apply(self, event: Event) -> None:
        match event:
            case DocumentImported():
                self._begin(event)
            case ForeignFileKept():
                self.file_sha256 = event.sha256
            case ImportWithdrawn():
                self.status, self.voided = Status.CANCELLED, True
            case PersonalDataErased():
                self.purged |= event.purged  # the values are gone from the events before it
            case _:
                violated(f"an imported document does not know {type(event).__name__}")

    def _begin(self, event: DocumentImported) -> None:
        self.status = Status.FINALIZED
        self.subject_id = event.subject_id
        self.legal_entity_id = event.legal_entity_id
        self.import_id, self.source = event.import_id, event.source
        self.created_at = event.imported_at
        self.content, self.totals, self.mode = event.content, event.totals, event.mode
        self.number = event.number
        self.issue_date, self.due_date = event.issue_date, event.due_date
        self.digest, self.file = event.digest, event.file
