"""When a document may be issued anew under its number, and what becomes of its ledger then."""

from uuid import UUID

from invx.contexts.invoicing.domain.balance import Entry, EntryKind
from invx.contexts.invoicing.domain.bookkeeping.books import worth_of
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.delivery.delivery_errors import (
    DocumentNotRevisable,
    RevisionNotDue,
)
from invx.contexts.invoicing.domain.delivery.transmission import ClearanceStatus
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import DocumentRevised
from invx.contexts.invoicing.domain.errors import (
    DocumentCredited,
    DocumentReplacedAlready,
    DocumentSettled,
)
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement


def ensure_revisable(document: Document) -> None:
    """Only an invoice that stands, that clearance rejected and that nothing credits.

    Raises DocumentReplacedAlready, DocumentNotFinalized, DocumentNotRevisable, RevisionNotDue and
    DocumentCredited.
    """
    if document.replaced_by is not None:
        raise DocumentReplacedAlready
    document.ensure_finalized()
    if document.content.type is not DocumentType.INVOICE:
        raise DocumentNotRevisable
    if document.way.clearance is not ClearanceStatus.REJECTED:
        raise RevisionNotDue
    if document.credits:
        raise DocumentCredited


def record_revision(original: Document, revision_id: UUID) -> None:
    """On the original, which is revisable: another document has its number."""
    original.ensure_finalized()
    entity = original.legal_entity_id
    original.record(DocumentRevised(legal_entity_id=entity, replacement_id=revision_id))


def ensure_movable(settlement: Settlement) -> None:
    """Raises DocumentSettled for other entries than payments: they were made for this document."""
    for entry in _standing(settlement):
        if entry.kind is not EntryKind.PAYMENT:
            raise DocumentSettled(f"Take the {entry.kind} back first; payments move over.")


def move_payments(first: Settlement, opened: Settlement, closed: Closed = NOTHING_CLOSED) -> None:
    """Each payment is taken back from the one and stands in the other, as it came.

    That is with its day and source, its account and its worth in the books.

    With the day the tax of cash-based registrations stays in its period, unless that is `closed`.
    The last one goes first, so that each takes back what it had brought, also where too much was
    paid. Then the first claim is closed, and its taxes with it: both ledgers hold everything once.
    """
    moving = _standing(first)
    for entry in reversed(moving):
        back = Posting(source=f"revision:{entry.entry_id}", on=entry.on, closed=closed)
        first.reverse(entry.entry_id, back)
    first.close_void(moved=True, closed=closed)
    for entry in moving:
        again = Posting(
            source=entry.source,
            on=entry.on,
            amount=entry.amount,
            currency=opened.claim.currency,
            worth=worth_of(entry),
            account=entry.account,
            closed=closed,
        )
        opened.record_payment(again)


def _standing(settlement: Settlement) -> list[Entry]:
    """The entries that nothing took back, and that take nothing back."""
    taken_back = {entry.reverses for entry in settlement.entries}
    return [
        entry
        for entry in settlement.entries
        if entry.reverses is None and entry.entry_id not in taken_back
    ]
