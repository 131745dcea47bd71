"""What is still open of one finalized document: the only place where that is decided (M4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.amounts import entry_problems
from invx.contexts.invoicing.domain.balance import (
    Claim,
    Entry,
    EntryKind,
    SettlementStatus,
    Standing,
    standing_after,
    standing_at_start,
    standing_voided,
)
from invx.contexts.invoicing.domain.bookkeeping.book import Book, Part
from invx.contexts.invoicing.domain.bookkeeping.books import BookRecord, BookValue
from invx.contexts.invoicing.domain.bookkeeping.journal import Journal, opening_of
from invx.contexts.invoicing.domain.dues import Dues
from invx.contexts.invoicing.domain.periods import late
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement_events import (
    BecameOverdue,
    BookRateStated,
    DisputeCleared,
    DisputeRaised,
    EntriesBooked,
    EntryRecorded,
    PaymentPlanAgreed,
    PaymentPlanEnded,
    SettlementOpened,
    SettlementStatusChanged,
    SettlementVoided,
    TaxConverted,
    WithholdingCertified,
)
from invx.contexts.invoicing.domain.tax.tax_entries import Cells, TaxAccount
from invx.contexts.invoicing.domain.tax.tax_record import TaxRecord
from invx.contexts.invoicing.domain.withheld import Withheld
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import invariant, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event
from invx.kernel.money import quantize


def settlement_id(document_id: UUID) -> UUID:
    """The id of a document's settlement: a stream of its own, found without looking it up."""
    return named_id(document_id, "settlement")


class Settlement(Aggregate):
    """The claim of a document and all entries against it."""

    claim: Claim
    standing: Standing
    dues: Dues
    withholding: Withheld
    subject_id: UUID

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.taxes: TaxRecord | None = None
        self.books: BookRecord | None = None
        self.journal: Journal | None = None
        self._by_source: dict[str, Entry] = {}
        self._by_id: dict[UUID, Entry] = {}

    @classmethod
    def open_for(
        cls,
        claim: Claim,
        *,
        subject_id: UUID,
        tax_account: TaxAccount | None = None,
        value: BookValue | None = None,
        booked: tuple[Book, Sequence[Part]] | None = None,
        closed: Closed = NOTHING_CLOSED,
    ) -> Self:
        """The settlement of a document that is finalized right now. Raises UnknownCurrency."""
        exact = quantize(claim.total, claim.currency)
        invariant(exact == claim.total, "a claim must be on the smallest unit of its currency")
        if exact.compare_total(claim.total):  # the same figure, written otherwise
            claim = replace(claim, total=exact)
        settlement = cls(settlement_id(claim.document_id))
        after = standing_at_start(claim)
        taxes = TaxRecord.opening(tax_account, claim.opened_on) if tax_account else None
        settlement.record(
            SettlementOpened(
                claim=claim,
                after=after,
                subject_id=subject_id,
                tax_account=tax_account,
                taxes=late.filed(taxes, closed) if taxes else None,
                value=value,
                book=booked[0] if booked else None,
                bookings=late.booked(opening_of(claim, booked, valued=value is not None), closed),
            )
        )
        settlement._note_status(SettlementStatus.OPEN)
        return settlement

    @property
    def open(self) -> Decimal:
        """What the buyer still owes; never negative."""
        return self.standing.open

    @property
    def surplus(self) -> Decimal:
        """What we owe the buyer: overpaid, or not yet used of a credit note; never negative."""
        return self.standing.surplus

    @property
    def status(self) -> SettlementStatus | None:
        return self.standing.status

    @property
    def awaits_rates(self) -> bool:
        """Whether an exchange rate is missing: of its tax, its value in the books, its bookings."""
        late = self.books is not None and self.books.waits and not self.standing.voided
        late = late or (self.journal is not None and self.journal.waits)
        return late or (self.taxes is not None and self.taxes.provisional)

    @property
    def entries(self) -> Sequence[Entry]:
        """All entries in the order in which they were made."""
        return tuple(self._by_id.values())

    def entry_from(self, source: str) -> Entry | None:
        """The entry that this source has made, or None."""
        return self._by_source.get(source)

    def record_payment(self, posting: Posting) -> Entry:
        """Money came in. More than is open is accepted and becomes surplus.

        Like all postings it raises EntryInvalid, SourceReused and SettlementClosed.
        """
        return self._repeated(EntryKind.PAYMENT, posting) or self._enter(
            EntryKind.PAYMENT, self._amount(posting, self.open), posting
        )

    def write_off(self, posting: Posting) -> Entry:
        """Give up what is open or a part of it. Raises NothingOpen, ExceedsOpen."""
        return self._lower(EntryKind.WRITE_OFF, posting)

    def withhold(self, posting: Posting) -> Entry:
        """The buyer kept tax back. Raises NothingOpen, ExceedsOpen."""
        return self._lower(EntryKind.WITHHOLDING, posting)

    def take_discount(self, posting: Posting) -> Entry:
        """The buyer paid early and took the discount. Raises NothingOpen, ExceedsOpen."""
        return self._lower(EntryKind.DISCOUNT, posting)

    def adjust(self, kind: EntryKind, amount: Decimal, posting: Posting) -> Entry:
        """A difference that turned out, either way, also beyond what is open.

        Raises EntryInvalid, SettlementClosed.
        """
        sure = self._amount(replace(posting, amount=abs(amount)), abs(amount))
        return self._enter(kind, sure.copy_sign(amount), posting)

    def credit(self, posting: Posting, taken: Cells | None = None) -> Entry:
        """Another document's surplus counts here; see `apply_credit`. Raises as write_off does.

        `taken` is what a credit note for this very document takes of its bases and taxes.
        """
        return self._lower(EntryKind.CREDIT, posting, taken)

    def use_credit(self, posting: Posting, taken: Cells | None = None) -> Entry:
        """Our surplus counts elsewhere; see `apply_credit`.

        Raises NoCreditLeft, CreditExceedsSurplus.
        """
        if existing := self._repeated(EntryKind.CREDIT, posting):
            return existing
        if not self.surplus:
            raise errors.NoCreditLeft
        amount = self._amount(posting, self.surplus)
        if amount > self.surplus:
            raise errors.CreditExceedsSurplus(f"Only {self.surplus} is left to credit.")
        return self._enter(EntryKind.CREDIT, -amount, posting, taken=taken)

    def refund(self, posting: Posting) -> Entry:
        """Pay surplus back. Raises NothingToRefund, RefundExceedsSurplus."""
        if existing := self._repeated(EntryKind.REFUND, posting):
            return existing
        if not self.surplus:
            raise errors.NothingToRefund
        amount = self._amount(posting, self.surplus)
        if amount > self.surplus:
            raise errors.RefundExceedsSurplus(f"Only {self.surplus} can be paid back.")
        return self._enter(EntryKind.REFUND, -amount, posting)

    def reverse(self, entry_id: UUID, posting: Posting) -> Entry:
        """Take an entry back, such as a payment that bounced; once, and always the whole of it.

        The posting's amount is ignored. Raises EntryNotFound, EntryNotReversible, EntryReversed.
        """
        entry = self._by_id.get(entry_id)
        if entry is None:
            raise errors.EntryNotFound
        if existing := self.entry_from(posting.source):
            if existing.reverses == entry_id and existing.on == posting.on:
                return existing
            raise errors.SourceReused
        if entry.reverses is not None or entry.kind is EntryKind.CREDIT:
            raise errors.EntryNotReversible
        if any(each.reverses == entry_id for each in self.entries):
            raise errors.EntryReversed
        self._amount(replace(posting, amount=abs(entry.amount)), abs(entry.amount))
        same_account = replace(posting, account=entry.account)
        return self._enter(entry.kind, -entry.amount, same_account, reverses=entry_id)

    def become_overdue(self, now: datetime) -> bool:
        """Note that something is open past the due date; True when this call noted it."""
        if (missed := self.dues.missed(self.standing, now)) is None:
            return False
        amount, due_date, after = missed
        self.record(
            BecameOverdue(claim=self.claim, at=now, after=after, amount=amount, due_date=due_date)
        )
        return True

    def close_void(self, *, moved: bool = False, closed: Closed = NOTHING_CLOSED) -> None:
        """The document is voided. Refused as soon as there is any entry: SettlementInUse.

        Unless all has `moved` to the document that takes its place, so that they come to nothing.
        """
        if self._by_id and (not moved or self.standing.settled):
            raise errors.SettlementInUse
        if not self.standing.voided:
            after = standing_voided(self.claim, self.standing)
            taxes = self.taxes.voiding(self.claim.opened_on) if self.taxes else None
            taxes = late.filed(taxes, closed) if taxes else None
            bookings = late.booked(self.journal.voiding(), closed) if self.journal else ()
            self.record(
                SettlementVoided(claim=self.claim, after=after, taxes=taxes, bookings=bookings)
            )

    def state_book_rate(self, rate: Decimal) -> None:
        """The rate to the book currency that its bookings wait for. Raises NothingPending."""
        if self.journal is None or not self.journal.pending:
            raise errors.NothingPending
        bookings = self.journal.rated(rate)
        self.record(
            BookRateStated(claim=self.claim, rate=rate, after=self.standing, bookings=bookings)
        )

    def apply(self, event: Event) -> None:
        """See Aggregate. Every event states where the claim stands afterwards."""
        match event:
            case SettlementOpened():
                self._begin(event)
            case EntryRecorded() | SettlementVoided():
                self.standing = event.after
                self._remember(event)
            case TaxConverted() if self.taxes is not None:
                self.taxes.restate(event.account, event.entries)
            case EntriesBooked():
                self._complete(event)
            case BookRateStated() if self.journal is not None:
                self.journal.complete(event.rate, event.bookings)
            case BecameOverdue():
                self.standing = event.after
                self.dues.note(event.after, event.at)
            case WithholdingCertified():
                self.withholding.remember(event.certificate)
            case PaymentPlanAgreed():
                self.dues, self.standing = Dues(event.schedule, event.agreed_on), event.after
            case PaymentPlanEnded():
                self.dues, self.standing = Dues(event.claim.schedule), event.after
            case SettlementStatusChanged() | DisputeRaised() | DisputeCleared():
                self.standing = event.after
            case _:
                violated(f"a settlement does not know {type(event).__name__}")

    def _begin(self, event: SettlementOpened) -> None:
        self.claim, self.subject_id, self.standing = event.claim, event.subject_id, event.after
        self.dues = Dues(event.claim.schedule)
        self.withholding = Withheld()
        if event.tax_account is not None and event.taxes is not None:
            self.taxes = TaxRecord(event.tax_account, event.taxes)
        if event.value is not None:
            self.books = BookRecord(event.value, event.claim.total)
        if event.book is not None:
            valued = event.value is not None
            self.journal = Journal(event.claim, event.book, event.bookings, valued=valued)

    def _remember(self, event: EntryRecorded | SettlementVoided) -> None:
        """What a movement did beside the balance: taxes, value in the books, journal."""
        entry = event.entry if isinstance(event, EntryRecorded) else None
        if entry is not None:
            self._keep((entry,))
        if self.taxes is not None and event.taxes is not None:
            self.taxes.remember(event.taxes, entry.entry_id if entry else None)
        if self.books is not None and entry is not None:
            self.books.remember(entry)
        if self.journal is not None:
            self.journal.remember(event.bookings)

    def _complete(self, event: EntriesBooked) -> None:
        self._keep(event.entries)
        self.books = BookRecord(event.value, self.claim.total, self.entries)
        if self.journal is not None:
            self.journal.complete(event.value.factor, event.bookings)

    def _keep(self, entries: Sequence[Entry]) -> None:
        self._by_id |= {each.entry_id: each for each in entries}
        self._by_source |= {each.source: each for each in entries}

    def _lower(self, kind: EntryKind, posting: Posting, taken: Cells | None = None) -> Entry:
        if existing := self._repeated(kind, posting):
            return existing
        self._must_stand()
        if not self.open:
            raise errors.NothingOpen
        amount = self._amount(posting, self.open)
        if amount > self.open:
            raise errors.ExceedsOpen(f"Only {self.open} is still open.")
        return self._enter(kind, amount, posting, taken=taken)

    def _repeated(self, kind: EntryKind, posting: Posting) -> Entry | None:
        """The entry that this very posting has made before. Raises SourceReused."""
        entry = self.entry_from(posting.source)
        if entry is None:
            return None
        if not posting.made(entry, kind):
            raise errors.SourceReused
        return entry

    def _amount(self, posting: Posting, default: Decimal) -> Decimal:
        """The amount on the currency's smallest unit. Raises EntryInvalid, SettlementClosed."""
        self._must_stand()
        amount = default if posting.amount is None else posting.amount
        currency, said = self.claim.currency, (posting.currency, posting.source, posting.account)
        if problems := entry_problems(amount, currency, *said):
            raise errors.EntryInvalid(problems=problems)
        return quantize(amount, currency)

    def _enter(
        self,
        kind: EntryKind,
        amount: Decimal,
        posting: Posting,
        *,
        reverses: UUID | None = None,
        taken: Cells | None = None,
    ) -> Entry:
        entry = Entry(
            # From the source, so a repeat cannot make a second one.
            entry_id=named_id(self.claim.document_id, posting.source),
            kind=kind,
            amount=amount,
            source=posting.source,
            on=posting.on,
            reverses=reverses,
            account=posting.account or posting.default_account,
        )
        if self.books is not None:
            entry = self.books.figured(entry, posting.worth)
        before = self.standing
        after = self.dues.kept(standing_after(self.claim, before, entry))
        taxes = self.taxes.movement(entry, after, taken) if self.taxes else None
        journal = None if posting.carried else self.journal
        bookings = journal.movement(entry, self.taxes, taxes) if journal else ()
        self.record(
            EntryRecorded(
                claim=self.claim,
                entry=entry,
                note=posting.note,
                sequence=len(self._by_id) + 1,
                after=after,
                subject_id=self.subject_id,
                taxes=late.filed(taxes, posting.closed) if taxes else None,
                bookings=late.booked(bookings, posting.closed),
            )
        )
        self._note_status(before.status)
        return entry

    def _note_status(self, before: SettlementStatus | None) -> None:
        status = self.status
        if before is None or status is None or before is status:
            return
        self.record(
            SettlementStatusChanged(
                claim=self.claim, before=before, status=status, after=self.standing
            )
        )

    def _must_stand(self) -> None:
        if self.standing.voided:
            raise errors.SettlementClosed
