"""What happens to a document. Each event is complete in itself."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.approval.state import ApprovalState
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount
from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.delivery.transmission import Way
from invx.contexts.invoicing.domain.einvoice.routing import TakenRoute
from invx.contexts.invoicing.domain.party import Seller
from invx.kernel.errors import invariant
from invx.kernel.messages import Event, Personal
from invx.rules.calendar.terms import Instalment
from invx.rules.totals.model import ZERO, GivenTax, LineTotals, Totals


class Mode(StrEnum):
    """Whether a document is meant, or made to try things out."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The documents that a new document is made from, by id."""

    credits: UUID | None = None  # the invoice that this credit note credits
    replaces: UUID | None = None
    cancels: UUID | None = None
    revises: UUID | None = None  # what an authority rejected; this one has its number


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedPosition:
    """What a credit note takes from one position of the original (`remainder.Position`)."""

    position: str
    net: Decimal
    gross: Decimal
    quantity: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What one credit note takes from the original: from its positions, taxes and rounding."""

    positions: tuple[CreditedPosition, ...]
    taxes: tuple[GivenTax, ...]
    net: Decimal
    gross: Decimal
    rounding: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a draft comes from: whose it is, whom it names, and when it was opened."""

    legal_entity_id: UUID
    subject_id: UUID  # whose personal data it holds: the buyer
    mode: Mode
    created_at: datetime
    links: Links = field(default_factory=Links)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What a document gets when it is issued."""

    number: str
    series_id: UUID
    issue_date: date
    due_date: date | None
    instalments: tuple[Instalment, ...] = ()
    route: TakenRoute | None = None  # to the buyer, as an e-invoice
    title: str | None = None  # where the legal entity calls this type by a name of its own (N11)
    revision: int = 1
    accounts: tuple[LineAccount, ...] = ()  # where the entity keeps books
    at_once: bool = False  # it was never stored as a draft: this is the first of its events

    def ensure_sound(self, due: Decimal) -> None:
        """Numbered, in parts that sum to what is due; anything else is a defect of ours."""
        invariant(bool(self.number), "a document needs a number")
        parts = sum((each.amount for each in self.instalments), ZERO)
        invariant(not self.instalments or parts == due, "instalments sum to what is due")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCreated(Event):
    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    legal_entity_id: UUID
    content: Content
    totals: Totals
    created_at: datetime
    mode: Mode
    links: Links = field(default_factory=Links)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEdited(Event):
    """The whole draft as it is from now on."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    content: Content
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPatched(Event):
    """The difference to a long draft: lines by id, top level only.

    `head` and `totals` are without lines. `order` names all ids when the new order is not the old
    one with the new lines at its end.
    """

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    head: Content
    totals: Totals
    changed: tuple[Line, ...]
    changed_totals: tuple[LineTotals, ...]
    removed: tuple[str, ...]
    order: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDeleted(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFinalized(Event):
    """The document as it is for ever, with all that a reader or another context needs (D1)."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id", "seller": "legal_entity_id"}

    subject_id: UUID
    legal_entity_id: UUID
    content: Content
    totals: Totals
    mode: Mode
    links: Links
    seller: Personal[Seller]
    title: str | None = None  # where the legal entity calls this type by a name of its own (N11)
    number: str
    revision: int = 1  # counts the documents that had this number, one after another
    series_id: UUID
    issue_date: date
    due_date: date | None
    instalments: tuple[Instalment, ...]
    route: TakenRoute | None = None  # the format that is the invoice, where it is an e-invoice
    finalized_at: datetime
    accounts: tuple[LineAccount, ...] = ()  # of the lines, where the legal entity keeps books
    created_at: datetime | None = None  # of a document that was never a draft: its stream's first


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReleased(Event):
    """The document left the house: it was sent, or somebody said that it was."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    how: Personal[str]
    released_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVoided(Event):
    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    legal_entity_id: UUID
    reason: Personal[str]
    voided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRecorded(Event):
    """A credit note against this document was finalized."""

    credit_note_id: UUID
    credited: Credited


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditWithdrawn(Event):
    """A credit note against this document was voided: what it took may be credited again."""

    credit_note_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCancelled(Event):
    cancellation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReplaced(Event):
    replacement_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRevised(Event):
    """What an authority rejected was issued anew under the same number: this one never counted."""

    legal_entity_id: UUID
    replacement_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryChanged(Event):
    """How far the document is on its way to the buyer, and with the authority that clears it.

    The details stand in the stream of its delivery.
    """

    legal_entity_id: UUID
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalChanged(Event):
    """Where the approval of the draft stands; the details stand in the stream of its approval."""

    state: ApprovalState


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDataErased(Event):
    """What the document and its settlement said of these subjects is gone (D4). It names no one.

    `purged`: the law lets go of the document, so its content and its files went as well.
    """

    subject_ids: tuple[UUID, ...]
    purged: bool = False
