"""The journal of one document: what its settlement's events add, booking by booking.

Every movement of what is open touches the buyer's side exactly once, so that the buyer's side of
the journal is the settlement's balance. Taxes are those that the tax ledger takes: a discount and
a write-off take the parts of the document that `tax_holdings` gives them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

from invx.contexts.invoicing.domain.balance import Claim, Entry, EntryKind
from invx.contexts.invoicing.domain.bookkeeping.book import Book, GivenUp, Part
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking, BookingKind
from invx.contexts.invoicing.domain.bookkeeping.chart import Account
from invx.contexts.invoicing.domain.bookkeeping.journal_worth import (
    as_taken_back,
    at_par,
    at_rate,
    at_worth,
    left_over,
)
from invx.contexts.invoicing.domain.tax.tax_entries import Holdings, Share, TaxAccount, TaxMovement
from invx.contexts.invoicing.domain.tax.tax_points import period_of
from invx.contexts.invoicing.domain.tax.tax_record import TaxRecord
from invx.contexts.invoicing.domain.tax.tax_split import minus
from invx.kernel.money import quantize
from invx.rules.totals.model import ZERO

_DEBTOR = Account(account=DEBTOR, automatic=True)
_KINDS = {EntryKind.DISCOUNT: BookingKind.DISCOUNT, EntryKind.WRITE_OFF: BookingKind.WRITE_OFF}


def booking_id(document_id: UUID, sequence: int) -> UUID:
    """The id of a booking: made from its place, the same however often it is made again."""
    return uuid5(document_id, f"booking:{sequence}")


@dataclass(frozen=True, slots=True)
class _Line:
    """A booking to be: `amount` goes to the debit of `account`, from the credit of `against`.

    A negative amount goes the other way. `tax` is what `account` bears of it, `receivable` what
    the buyer owes more.
    """

    kind: BookingKind
    account: Account
    against: Account
    amount: Decimal
    receivable: Decimal = ZERO
    part: Part | None = None


def opening_of(
    claim: Claim, booked: tuple[Book, Sequence[Part]] | None, *, valued: bool
) -> tuple[Booking, ...]:
    """What finalizing adds to the journal; nothing where no books are kept."""
    return Journal(claim, booked[0], valued=valued).opening(booked[1]) if booked else ()


class Journal:
    """Begins with the book of a document. Says what an event adds, and remembers events.

    Where its entries are `valued`, they say what they are worth in the books; in journals of before
    there were such figures everything stands at the rate of the document.
    """

    def __init__(
        self, claim: Claim, book: Book, opening: Sequence[Booking] = (), *, valued: bool = False
    ) -> None:
        self.claim = claim
        self.book = book
        self._valued = valued
        self._made: list[tuple[Booking, ...]] = []  # by event
        self.remember(opening)

    @property
    def bookings(self) -> tuple[Booking, ...]:
        """All bookings, in the order of their sequence."""
        return tuple([each for made in self._made for each in made])

    @property
    def pending(self) -> bool:
        """Whether bookings wait for a rate to the book currency."""
        return self.claim.currency != self.book.book_currency and self.book.exchange_rate is None

    @property
    def waits(self) -> bool:
        """Whether bookings wait for a rate, of the document or of a movement."""
        return self._valued and any(each.pending for each in self.bookings)

    def tax_of(self, taxes: TaxRecord | None, *, voided: bool) -> Decimal:
        """The tax that the journal must hold of the document: all that is not given up."""
        if voided:
            return ZERO
        if taxes is None:
            return sum((each.tax_due for each in self._made[0]), ZERO) if self._made else ZERO
        given_up = (*taxes.held.discounted.cells[1::2], *taxes.held.written_off.cells[1::2])
        return sum(taxes.account.cells[1::2], ZERO) - sum(given_up, ZERO)

    def remember(self, bookings: Iterable[Booking]) -> None:
        """The event with these bookings has happened."""
        if made := tuple(bookings):
            self._made.append(made)

    def opening(self, parts: Iterable[Part]) -> tuple[Booking, ...]:
        """What finalizing adds."""
        lines = [
            _Line(each.kind, _DEBTOR, each.account, each.amount, each.amount, each)
            for each in parts
        ]
        return self._at_documents_rate(self._booked(lines, self.claim.opened_on))

    def movement(
        self, entry: Entry, taxes: TaxRecord | None, moved: TaxMovement | None
    ) -> tuple[Booking, ...]:
        """What an entry of the settlement adds, on its day, beside what it moves of the taxes.

        What was gained or lost by the rate comes last; if it is not known yet, it comes later.
        """
        if taxes is None or moved is None:
            lines = [self._money(entry, _of_kind(entry.kind, self.book.untaxed))]
        else:
            lines = list(self._lines(entry, taxes.account, taxes.held, moved.after))
        found = self._booked(lines, entry.on, entry)
        if not self._valued:
            found = self._at_documents_rate(found)
        else:
            found = at_worth(found, entry, self.book.exchange_rate)
            found += self._differences(found, entry, len(self.bookings) + len(found) + 1)
        return self._linked(found, entry.reverses, self.bookings) if entry.reverses else found

    def voiding(self) -> tuple[Booking, ...]:
        """Takes back all that stands, when it was booked: there never was such a document."""
        first = len(self.bookings) + 1
        return tuple([_back(each, number) for number, each in enumerate(self._standing(), first)])

    def _standing(self) -> list[Booking]:
        """All but those that cancel each other: nothing is taken back twice."""
        by_id = {each.booking_id: each for each in self.bookings}
        gone: set[UUID] = set()
        for each in self.bookings:
            other = by_id.get(each.reverses) if each.reverses else None
            # One that waits for its rate will be worth what it takes back.
            waits = other is not None and (each.pending or other.pending)
            if other is not None and (waits or other.booked_amount == each.booked_amount):
                gone |= {each.booking_id, other.booking_id}
        return [each for each in self.bookings if each.booking_id not in gone]

    def rated(self, rate: Decimal) -> tuple[Booking, ...]:
        """All bookings with their amounts in the book currency, now that its rate is known."""
        receivable = ZERO
        found: list[Booking] = []
        for made in self._made:
            found += at_rate(made, rate, receivable)
            receivable += sum((each.receivable for each in made), ZERO)
        return tuple(found)

    def completed(self, rate: Decimal | None, entries: Iterable[Entry]) -> tuple[Booking, ...]:
        """The bookings that waited and wait no more, and the differences that come out now.

        `rate` is that of the document, `entries` are those with more figures than before. What a
        booking had before stays; a difference takes the next place in the sequence.
        """
        known = {each.booking_id: each for each in self.bookings}
        before = dict(known)
        if rate is not None:
            opening = [each for each in self.bookings if each.settlement_entry is None]
            waiting = [each for each in opening if each.pending and each.reverses is None]
            known |= _by_id(at_rate(waiting, rate, ZERO))
        for entry in entries:
            made = [
                each
                for each in known.values()
                if each.settlement_entry == entry.entry_id and not _is_voiding(each, known)
            ]
            found = made
            if any(each.pending for each in made):
                found = list(at_worth(made, entry, rate))
            known |= _by_id(found)
            more = self._differences(found, entry, len(known) + 1)
            if entry.reverses:
                more = self._linked(more, entry.reverses, known.values())
            known |= _by_id(more)
        known |= _by_id(
            [
                as_taken_back(each, known[each.reverses])
                for each in known.values()
                if each.reverses and each.pending and _is_voiding(each, known)
            ]
        )
        return tuple([each for each in known.values() if before.get(each.booking_id) != each])

    def complete(self, rate: Decimal | None, bookings: Sequence[Booking]) -> None:
        """The event with these bookings, new ones or with more figures, has happened."""
        self.book = replace(self.book, exchange_rate=rate)
        anew = _by_id(bookings)
        known = {each.booking_id for each in self.bookings}
        self._made = [
            tuple([anew.get(each.booking_id, each) for each in made]) for made in self._made
        ]
        self.remember([each for each in bookings if each.booking_id not in known])

    def _lines(
        self, entry: Entry, account: TaxAccount, before: Holdings, after: Holdings
    ) -> Iterator[_Line]:
        changes = [
            (kind, Share(amount=other.amount - one.amount, cells=minus(other.cells, one.cells)))
            for kind, one, other in (
                (BookingKind.DISCOUNT, before.discounted, after.discounted),
                (BookingKind.WRITE_OFF, before.written_off, after.written_off),
            )
        ]
        own = _KINDS.get(entry.kind)
        alone = next((k for k, share in changes if k is own and share.amount == entry.amount), None)
        if alone is None:
            yield self._money(entry, self.book.clearing)
        for kind, change in changes:
            if change.amount or any(change.cells):
                yield from self._given_up(kind, account, change, alone=kind is alone)

    def _given_up(
        self, kind: BookingKind, account: TaxAccount, change: Share, *, alone: bool
    ) -> Iterator[_Line]:
        """Group by group, and what bears no tax of a group, such as the rounding of the document.

        What is given up without the buyer's account moving stands on clearing, as when a
        written-off amount is paid after all: until somebody takes the write-off back.
        """
        against = _DEBTOR if alone else self.book.clearing
        left = change.amount if account.total >= 0 else -change.amount
        pairs = zip(change.cells[::2], change.cells[1::2], strict=True)
        for group, given_up, (base, tax) in zip(
            account.groups, self.book.groups, pairs, strict=True
        ):
            if not base and not tax:
                continue
            part = Part(
                kind=kind,
                account=_of_kind(kind, given_up),
                amount=base + tax,
                tax=-tax,
                taxed=True,
                tax_category=group.category,
                tax_rate=group.rate,
                country=group.country,
                scheme=group.scheme,
            )
            left -= part.amount
            receivable = -part.amount if alone else ZERO
            yield _Line(kind, part.account, against, part.amount, receivable, part)
        if left:
            untaxed = _of_kind(kind, self.book.untaxed)
            yield _Line(kind, untaxed, against, left, -left if alone else ZERO)

    def _money(self, entry: Entry, given_up: Account) -> _Line:
        """The buyer's side of an entry, and what stands against it."""
        match entry.kind:
            case EntryKind.PAYMENT | EntryKind.REFUND:
                bank = self.book.bank
                account = bank if entry.account is None else Account(account=entry.account)
                kind = BookingKind(entry.kind)
            case EntryKind.WITHHOLDING:
                account, kind = self.book.withholding, BookingKind.WITHHOLDING
            case EntryKind.CREDIT:
                account, kind = _DEBTOR, BookingKind.ALLOCATION
            case EntryKind.ROUNDING:
                account, kind = self.book.rounding_account, BookingKind.ROUNDING
            case EntryKind.DISCOUNT | EntryKind.WRITE_OFF:
                account, kind = given_up, _KINDS[entry.kind]
        return _Line(kind, account, _DEBTOR, entry.amount, -entry.amount)

    def _booked(
        self, lines: Iterable[_Line], on: date, entry: Entry | None = None
    ) -> tuple[Booking, ...]:
        first = len(self.bookings) + 1
        return tuple(
            [self._booking(line, on, number, entry) for number, line in enumerate(lines, first)]
        )

    def _at_documents_rate(self, made: tuple[Booking, ...]) -> tuple[Booking, ...]:
        rate = self.book.exchange_rate
        if self.claim.currency == self.book.book_currency:
            return at_par(made)
        if rate is None:
            return tuple([replace(each, pending=True) for each in made])
        return at_rate(made, rate, sum((each.receivable for each in self.bookings), ZERO))

    def _differences(
        self, made: Sequence[Booking], entry: Entry, number: int
    ) -> tuple[Booking, ...]:
        """What was gained or lost with an entry: one booking without an amount of the document.

        What takes an entry back takes it from the account that it went to.
        """
        gained = left_over(made, entry)
        if not gained:
            return ()
        on_gain = (gained > 0) is (entry.reverses is None)
        account = self.book.gain if on_gain else self.book.loss
        sides = (_DEBTOR, account) if gained > 0 else (account, _DEBTOR)
        line = _Line(BookingKind.EXCHANGE, *sides, ZERO)
        booking = self._booking(line, entry.on, number, entry)
        return (replace(booking, booked_amount=abs(gained), exchange_rate=None),)

    def _booking(self, line: _Line, on: date, number: int, entry: Entry | None) -> Booking:
        claim, book, part = self.claim, self.book, line.part
        forward = line.amount >= 0
        debit, credit = (line.account, line.against) if forward else (line.against, line.account)
        told = part.account if part else line.account
        return Booking(
            booking_id=booking_id(claim.document_id, number),
            kind=line.kind,
            legal_entity_id=claim.legal_entity_id,
            document_id=claim.document_id,
            settlement_entry=entry.entry_id if entry else None,
            booked_on=on,
            period=period_of(on),
            debit=debit.account,
            credit=credit.account,
            amount=quantize(abs(line.amount), claim.currency),
            currency=claim.currency,
            booked_amount=ZERO,
            book_currency=book.book_currency,
            exchange_rate=book.exchange_rate,
            tax_key=told.tax_key,
            tax_category=part.tax_category if part else None,
            tax_rate=part.tax_rate if part else None,
            tax=quantize(_contained(line), claim.currency) if part and part.taxed else None,
            country=part.country if part else None,
            cost_center=part.cost_center if part else None,
            cost_object=part.cost_object if part else None,
            document_number=book.number,
            service_date=book.service_date,
            due_date=book.due_date,
            receivable=quantize(line.receivable, claim.currency),
            tax_due=quantize(part.tax if part else ZERO, claim.currency),
            sequence=number,
            scheme=part.scheme if part else None,
            automatic=told.automatic,
        )

    def _linked(
        self, bookings: Sequence[Booking], entry_id: UUID, among: Iterable[Booking]
    ) -> tuple[Booking, ...]:
        """Each names the booking of that entry that it takes back."""
        left = [each for each in among if each.settlement_entry == entry_id]
        found = []
        for each in bookings:
            other = next((made for made in left if _takes_back(each, made)), None)
            if other is not None:
                left.remove(other)
            found.append(replace(each, reverses=other.booking_id if other else None))
        return tuple(found)


def _by_id(bookings: Iterable[Booking]) -> dict[UUID, Booking]:
    return {each.booking_id: each for each in bookings}


def _back(booking: Booking, number: int) -> Booking:
    """What takes this booking back as if it had never been; `number` is its place."""
    return replace(
        booking,
        booking_id=booking_id(booking.document_id, number),
        sequence=number,
        reverses=booking.booking_id,
        debit=booking.credit,
        credit=booking.debit,
        receivable=-booking.receivable,
        tax_due=-booking.tax_due,
    )


def _is_voiding(booking: Booking, among: Mapping[UUID, Booking]) -> bool:
    """Whether it takes another booking of its own cause back: only voiding does."""
    other = among.get(booking.reverses) if booking.reverses else None
    return other is not None and other.settlement_entry == booking.settlement_entry


def _takes_back(booking: Booking, other: Booking) -> bool:
    mirrored = (other.credit, other.debit, other.amount, -other.tax_due)
    return (booking.debit, booking.credit, booking.amount, booking.tax_due) == mirrored


def _of_kind(kind: BookingKind | EntryKind, given_up: GivenUp) -> Account:
    return given_up.write_off if kind == BookingKind.WRITE_OFF else given_up.discount


def _contained(line: _Line) -> Decimal:
    """The tax in the amount; negative only where it has the other sign than the amount."""
    tax = abs(line.part.tax) if line.part else ZERO
    if line.part is None or not line.part.tax:
        return tax
    # On the buyer's side amount and tax rise together; a discount takes both away.
    rises = line.part.tax if line.account is _DEBTOR else -line.part.tax
    return tax if rises * line.amount >= 0 else -tax
