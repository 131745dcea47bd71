"""A document: a draft that may change until it is finalized, and never again after that (D1)."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.approval.state import ApprovalState
from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount
from invx.contexts.invoicing.domain.check import problems_of
from invx.contexts.invoicing.domain.check_parties import seller_problems
from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.crediting.credit_taking import take
from invx.contexts.invoicing.domain.crediting.remainder import Remainder, remainder_of
from invx.contexts.invoicing.domain.delivery.transmission import Way
from invx.contexts.invoicing.domain.document_events import (
    ApprovalChanged,
    Credited,
    CreditRecorded,
    CreditWithdrawn,
    DeliveryChanged,
    DocumentCancelled,
    DocumentFinalized,
    DocumentReleased,
    DocumentReplaced,
    DocumentRevised,
    DocumentVoided,
    DraftCreated,
    DraftDeleted,
    DraftEdited,
    DraftPatched,
    Issue,
    Links,
    Mode,
    Origin,
    PersonalDataErased,
)
from invx.contexts.invoicing.domain.draft_patch import patch_of, patched
from invx.contexts.invoicing.domain.einvoice.issued import Issued, would_be_issued
from invx.contexts.invoicing.domain.einvoice.routing import TakenRoute, routing_problems
from invx.contexts.invoicing.domain.errors import (
    CreditNotFound,
    DocumentCredited,
    DocumentNotCreditable,
    DocumentNotDraft,
    DocumentNotFinalized,
    DocumentNotFound,
    DocumentReleasedAlready,
    DocumentReplacedAlready,
    DocumentSettled,
    refusal_of,
)
from invx.contexts.invoicing.domain.party import Seller
from invx.contexts.invoicing.domain.status import Provenance, Status
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import invariant, violated
from invx.kernel.limits import DRAFT_LINES_WHOLE_MAX
from invx.kernel.messages import Event
from invx.rules.calendar.terms import Instalment
from invx.rules.totals.compute import compute
from invx.rules.totals.model import VERSION, Rounding, Totals


class Document(Aggregate):
    """An invoice, a credit note or a proforma.

    A finalized one keeps content, totals, seller and number for ever; later events only link it to
    other documents or change its state. What may still be credited is `remainder`.
    """

    origin = Provenance.ISSUED
    status: Status
    subject_id: UUID
    legal_entity_id: UUID
    created_at: datetime
    content: Content
    totals: Totals
    mode: Mode
    links: Links

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.voided = self.erased = self.purged = False
        self.approval = ApprovalState.NONE
        self.content_version = 0  # of the event that stated the content
        self.released_at: datetime | None = None
        self.title: str | None = None
        self.seller: Seller | None = None
        self.number: str | None = None
        self.revision = 1
        self.way = Way()
        self.series_id: UUID | None = None
        self.issue_date: date | None = None
        self.due_date: date | None = None
        self.instalments: tuple[Instalment, ...] = ()
        self.route: TakenRoute | None = None
        self.finalized_at: datetime | None = None
        self.accounts: tuple[LineAccount, ...] = ()
        self.credits: dict[UUID, Credited] = {}  # by credit note, in the order recorded
        self.cancelled_by: UUID | None = None
        self.replaced_by: UUID | None = None
        self._checked: tuple[object, ...] | None = None
        self._sound: Content | None = None
        self._invoiced: Remainder | None = None  # made when asked for, as is:
        self._remainder: Remainder | None = None

    @classmethod
    def draft(cls, id: UUID, content: Content, totals: Totals, origin: Origin) -> Self:
        """A new draft."""
        document = cls(id)
        document.record(
            DraftCreated(
                subject_id=origin.subject_id,
                legal_entity_id=origin.legal_entity_id,
                content=content,
                totals=totals,
                created_at=origin.created_at,
                mode=origin.mode,
                links=origin.links,
            )
        )
        return document

    @property
    def rounding(self) -> Rounding:
        """The policy that made the totals."""
        return self.totals.rounding

    @property
    def released(self) -> bool:
        """Whether it has left the house."""
        return self.released_at is not None

    @property
    def invoiced(self) -> Remainder:
        """All that the document states, as if nothing had been credited."""
        if self._invoiced is None:
            self._invoiced = remainder_of(self.content, self.totals)
        return self._invoiced

    @property
    def remainder(self) -> Remainder:
        """What may still be credited."""
        if self._remainder is None:
            self._remainder = self.invoiced
            for credited in self.credits.values():
                self._remainder = self._remainder.minus(credited)
        return self._remainder

    def edit(self, content: Content, totals: Totals, *, subject_id: UUID) -> None:
        """State the whole draft anew; nothing is recorded when nothing changes."""
        self.ensure_draft()
        if (content, totals, subject_id) == (self.content, self.totals, self.subject_id):
            return
        patch = None
        if min(len(content.lines), len(self.content.lines)) > DRAFT_LINES_WHOLE_MAX:
            patch = patch_of((self.content, self.totals), (content, totals), subject_id)
        whole = DraftEdited(subject_id=subject_id, content=content, totals=totals)
        self.record(patch or whole)

    def delete(self) -> None:
        """Give up the draft. It never had a number, so no gap is left."""
        self.ensure_draft()
        self.record(DraftDeleted())

    def trust_draft(self) -> None:
        """This content has just been checked as a draft: that is not done a second time."""
        self._sound = self.content

    def ensure_finalizable(
        self, seller: Seller, issue_date: date, route: TakenRoute | None = None
    ) -> None:
        """Check all that can fail before a number is drawn.

        Raises DocumentNotDraft, DocumentEmpty, NotRepresentable, DocumentIncomplete, or
        EInvoiceIncomplete when only the buyer and the route ask for more.
        """
        self.ensure_draft()
        problems = problems_of(
            self.content,
            self.rounding,
            finalizing=True,
            issue_date=issue_date,
            sound=self._sound is self.content,
        ) + seller_problems(self.content, seller)
        asked = routing_problems(self.content, self.totals, seller, route)
        if problems or asked:
            raise refusal_of(problems, asked)
        self._checked = (self.version, seller, issue_date, _format(route))

    @property
    def issuable_totals(self) -> Totals:
        """The totals by the rules of today, where the draft was written under older ones."""
        if self.totals.rules == VERSION:
            return self.totals
        return compute(bill_of(self.content, self.rounding))

    def would_be_issued(self, seller: Seller, day: date) -> Issued:
        """The draft as if it were issued on a day, but for its number."""
        return would_be_issued(self.content, self.issuable_totals, seller, day)

    def finalize(self, seller: Seller, issue: Issue, *, now: datetime) -> None:
        """Make the draft a document for good. Raises as `ensure_finalizable`, which goes before."""
        if self._checked != (self.version, seller, issue.issue_date, _format(issue.route)):
            self.ensure_finalizable(seller, issue.issue_date, issue.route)
        totals = self.issuable_totals
        issue.ensure_sound(totals.due)
        if issue.at_once:
            self.begin_anew()
        self.record(
            DocumentFinalized(
                subject_id=self.subject_id,
                legal_entity_id=self.legal_entity_id,
                content=self.content,
                totals=totals,
                mode=self.mode,
                links=self.links,
                seller=seller,
                title=issue.title,
                number=issue.number,
                revision=issue.revision,
                series_id=issue.series_id,
                issue_date=issue.issue_date,
                due_date=issue.due_date,
                instalments=issue.instalments,
                route=issue.route,
                finalized_at=now,
                accounts=issue.accounts,
                created_at=self.created_at if issue.at_once else None,
            )
        )

    def mark_released(self, now: datetime, *, how: str) -> None:
        """It left the house, once. Raises DocumentNotFinalized, ClearanceRequired."""
        self.ensure_finalized()
        if not self.released:
            self.way.ensure_releasable()
            self.note_way(self.way.handed_over())
            self.record(DocumentReleased(subject_id=self.subject_id, how=how, released_at=now))

    def note_way(self, way: Way) -> None:
        """How far it has come by its delivery; nothing is recorded when nothing changes."""
        way = way.handed_over() if self.released else way
        if way != self.way:
            self.record(DeliveryChanged(legal_entity_id=self.legal_entity_id, way=way))

    def void(self, reason: str | None, *, settled: bool, now: datetime) -> None:
        """Take back a document that nobody outside has seen. Its number stays used.

        `settled` says whether anything stands in its settlement. Raises DocumentReleasedAlready,
        DocumentSettled or DocumentCredited; then a cancellation or a credit note is the way.
        """
        self.ensure_finalized()
        if self.released:
            raise DocumentReleasedAlready
        if self.credits:
            raise DocumentCredited
        if settled:
            raise DocumentSettled
        self.record(
            DocumentVoided(
                subject_id=self.subject_id,
                legal_entity_id=self.legal_entity_id,
                reason=reason,
                voided_at=now,
            )
        )

    def record_credit(self, credit_note_id: UUID, content: Content, totals: Totals) -> None:
        """On the original: remember what a credit note, now finalized, takes from it.

        The same credit note counts once. Raises CreditExceedsRemainder.
        """
        self.ensure_creditable()
        if credit_note_id in self.credits:
            return
        credited = take(self.remainder, content, totals)
        self.record(CreditRecorded(credit_note_id=credit_note_id, credited=credited))

    def withdraw_credit(self, credit_note_id: UUID) -> None:
        """On the original: its credit note was voided, so what that took is left again."""
        self.ensure_finalized()
        if credit_note_id not in self.credits:
            raise CreditNotFound
        self.record(CreditWithdrawn(credit_note_id=credit_note_id))

    def ensure_creditable(self) -> None:
        """Raises DocumentNotFinalized, or DocumentNotCreditable for any but an invoice."""
        self.ensure_finalized()
        if self.content.type is not DocumentType.INVOICE:
            raise DocumentNotCreditable

    def record_cancellation(self, cancellation_id: UUID) -> None:
        """On the original: a cancellation document, now finalized, takes back what was left."""
        self.ensure_creditable()
        invariant(cancellation_id in self.credits, "a cancellation credits before it cancels")
        invariant(self.remainder.exhausted, "a cancellation takes all that is left")
        self.record(DocumentCancelled(cancellation_id=cancellation_id))

    def ensure_replaceable(self) -> None:
        """Raises DocumentNotFinalized for a draft, DocumentReplacedAlready for one replaced."""
        if self.replaced_by is not None:
            raise DocumentReplacedAlready
        if self.status is not Status.CANCELLED:
            self.ensure_finalized()

    def record_replacement(self, replacement_id: UUID) -> None:
        """On the original: another document, now finalized, stands in its place.

        A voided or cancelled document keeps its state and gains the link. The same replacement
        counts once; another one is refused: DocumentReplacedAlready.
        """
        if self.replaced_by == replacement_id:
            return
        self.ensure_replaceable()
        self.record(DocumentReplaced(replacement_id=replacement_id))

    def note_erasure(self, subject_ids: Collection[UUID], *, purged: bool = False) -> None:
        """Remember whose personal data was erased, and whether all else went with it."""
        self.record(PersonalDataErased(subject_ids=tuple(sorted(subject_ids)), purged=purged))

    def apply(self, event: Event) -> None:
        match event:
            case DraftCreated():
                self.status, self.mode, self.links = Status.DRAFT, event.mode, event.links
                self.created_at = event.created_at
                self.legal_entity_id = event.legal_entity_id
                self._state(event.subject_id, event.content, event.totals)
            case DraftEdited() | DraftPatched():
                self._state(event.subject_id, *patched(self.content, self.totals, event))
            case DraftDeleted():
                self.status = Status.DELETED
            case DocumentFinalized():
                self._finalized(event)
            case DocumentReleased():
                self.released_at, self.way = event.released_at, self.way.handed_over()
            case DeliveryChanged():
                self.way = event.way
            case ApprovalChanged():
                self.approval = event.state
            case DocumentVoided():
                self.status, self.voided = Status.CANCELLED, True
            case CreditRecorded():
                self.credits[event.credit_note_id] = event.credited
                if self._remainder is not None:
                    self._remainder = self._remainder.minus(event.credited)
            case CreditWithdrawn():
                del self.credits[event.credit_note_id]
                self._remainder = None
            case DocumentCancelled():
                self.status, self.cancelled_by = Status.CANCELLED, event.cancellation_id
            case DocumentReplaced() | DocumentRevised():
                stands = self.status is Status.FINALIZED
                self.status = Status.REPLACED if stands else self.status
                self.replaced_by = event.replacement_id
            case PersonalDataErased():
                self.purged |= event.purged
                self.erased |= event.purged or self.subject_id in event.subject_ids
            case _:
                violated(f"a document knows no {type(event).__name__}")

    def _state(self, subject_id: UUID, content: Content, totals: Totals) -> None:
        self.subject_id, self.content, self.totals = subject_id, content, totals
        self.content_version = self.version + 1
        self._invoiced = self._remainder = None

    def _finalized(self, event: DocumentFinalized) -> None:
        self.status = Status.FINALIZED
        self._state(event.subject_id, event.content, event.totals)
        self.seller, self.number, self.series_id = event.seller, event.number, event.series_id
        self.issue_date, self.due_date = event.issue_date, event.due_date
        self.instalments, self.finalized_at = event.instalments, event.finalized_at
        self.title, self.route, self.accounts = event.title, event.route, event.accounts
        self.revision = event.revision
        if event.created_at is not None:
            self.created_at, self.legal_entity_id = event.created_at, event.legal_entity_id
            self.mode, self.links = event.mode, event.links

    def ensure_exists(self) -> None:
        """Raises DocumentNotFound for a draft that was thrown away."""
        if self.status is Status.DELETED:
            raise DocumentNotFound

    def ensure_draft(self) -> None:
        """Raises DocumentNotDraft, DocumentNotFound."""
        self.ensure_exists()
        if self.status is not Status.DRAFT:
            raise DocumentNotDraft(f"The document is {self.status}, not a draft.")

    def ensure_finalized(self) -> None:
        """Raises DocumentNotFinalized for drafts and what no longer stands, DocumentNotFound."""
        self.ensure_exists()
        if self.status is not Status.FINALIZED:
            raise DocumentNotFinalized(f"The document is {self.status}.")


def _format(route: TakenRoute | None) -> str | None:
    return route.format if route else None
