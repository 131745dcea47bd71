"""The deferred revenue of one document: what was earned when, and what is deferred until then."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Self
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.book import Book
from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.domain.periods import late
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed
from invx.contexts.invoicing.domain.recognition.deferral_bookings import (
    Owner,
    booking_day,
    bookings_of,
)
from invx.contexts.invoicing.domain.recognition.line_state import LineState
from invx.contexts.invoicing.domain.recognition.recognition_events import (
    DeferredLine,
    MilestoneReached,
    RecognitionAdjusted,
    RecognitionEntry,
    RecognitionKind,
    RecognitionOpened,
    RevenueRecognized,
)
from invx.contexts.invoicing.domain.recognition.spreading import share_of, taken_from
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, NotFound, invariant, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event


class NothingDeferred(NotFound):
    """The document has no line whose revenue is earned after it is issued."""


class MilestoneNotFound(NotFound):
    """The line has no such milestone."""


class MilestoneReachedAlready(Conflict):
    """The milestone was reached before, on another day."""


def recognition_id(document_id: UUID) -> UUID:
    """The id of a document's recognition: a stream of its own, found without looking it up."""
    return named_id(document_id, "recognition")


class Recognition(Aggregate):
    """At any time recognised and deferred revenue of a line are its net less what was credited."""

    owner: Owner
    customer: str | None
    book_currency: str
    issued_on: date
    closed: Closed = NOTHING_CLOSED  # where bookings may not stand; stated by who acts on it

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.lines: dict[str, LineState] = {}
        self.taken: dict[UUID, Mapping[str, Decimal]] = {}  # by cause and line
        self.reached: dict[tuple[str, str], date] = {}
        self.entries: list[RecognitionEntry] = []

    @classmethod
    def open_for(
        cls,
        owner: Owner,
        lines: Sequence[DeferredLine],
        *,
        issued_on: date,
        customer: str | None = None,
        book: Book | None = None,
        closed: Closed = NOTHING_CLOSED,
    ) -> Self:
        """All of these lines are deferred from the day of issue."""
        recognition = cls(recognition_id(owner.document_id))
        entries = tuple(
            RecognitionEntry(
                sequence=number,
                line_id=line.line_id,
                kind=RecognitionKind.DEFERRED,
                part="issued",
                on=issued_on,
                amount=line.net,
                booked=line.booked,
            )
            for number, line in enumerate(lines, 1)
        )
        recognition.record(
            RecognitionOpened(
                document_id=owner.document_id,
                legal_entity_id=owner.legal_entity_id,
                customer=customer,
                currency=owner.currency,
                book_currency=book.book_currency if book else owner.currency,
                issued_on=issued_on,
                lines=tuple(lines),
                entries=entries,
                bookings=late.booked(
                    bookings_of(entries, {each.line_id: each for each in lines}, owner, book),
                    closed,
                ),
            )
        )
        return recognition

    @property
    def deferred(self) -> Decimal:
        """What is not earned yet."""
        return sum((each.deferred for each in self.lines.values()), Decimal(0))

    @property
    def next_month(self) -> date | None:
        """The end of the month that is to be recognised next."""
        ends = [month for line in self.lines.values() for month, _, _ in line.months()]
        return min(ends, default=None)

    def recognize(self, last: date, book: Book | None) -> None:
        """What is earned by the months that end up to this day. Again changes nothing."""
        drafts: list[RecognitionEntry] = []
        for line in self.lines.values():
            left, booked = line.deferred, line.booked
            for month, amount, to in line.months(last):
                worth = share_of(booked, amount, left, self.book_currency)
                on = booking_day(month, line.since or self.issued_on)
                said = (RecognitionKind.RECOGNIZED, f"{to:%Y-%m}", on)
                drafts.append(self._entry(drafts, line, said, (amount, worth), through=to))
                left -= amount
                booked = None if booked is None or worth is None else booked - worth
        if drafts:
            bookings = self._bookings(drafts, book)
            self.record(RevenueRecognized(entries=tuple(drafts), bookings=bookings))

    def reach(self, line_id: str, name: str, on: date, book: Book | None) -> None:
        """A milestone is reached; the same again changes nothing.

        Raises MilestoneNotFound, MilestoneReachedAlready.
        """
        line = self.lines.get(line_id)
        if line is None or name not in {each.name for each in line.line.milestones}:
            raise MilestoneNotFound
        if known := self.reached.get((line_id, name)):
            if known != on:
                raise MilestoneReachedAlready(f"It was reached on {known}.")
            return
        amount = line.milestone(name)
        day = booking_day(on, line.since or self.issued_on)
        worth = share_of(line.booked, amount, line.deferred, self.book_currency)
        said = (RecognitionKind.RECOGNIZED, name, day)
        # All may be credited, or the part less than half a unit: reached, and nothing moves.
        entries = [self._entry((), line, said, (amount, worth))] if amount else []
        self.record(
            MilestoneReached(
                line_id=line_id,
                name=name,
                on=on,
                entries=tuple(entries),
                bookings=self._bookings(entries, book),
            )
        )

    def take(self, cause: UUID, taken: Mapping[str, Decimal], on: date, book: Book | None) -> None:
        """What this cause takes of the lines in all from now on: what is deferred goes first.

        Beyond that it takes recognised revenue back. Less than before gives it back, deferred
        again. The same again changes nothing.
        """
        before = self.taken.get(cause, {})
        drafts: list[RecognitionEntry] = []
        for line_id, line in self.lines.items():
            change = taken.get(line_id, Decimal(0)) - before.get(line_id, Decimal(0))
            if not change:
                continue
            gives_back = change * line.line.net < 0
            first = change if gives_back else taken_from(line.deferred, change)
            held = (line.line.booked, line.line.net) if gives_back else (line.booked, line.deferred)
            worth = share_of(held[0], first, held[1], self.book_currency)
            for kind, amount, value in (
                (RecognitionKind.CREDITED, first, worth),
                (RecognitionKind.REVERSED, change - first, None),
            ):
                if amount:
                    said = (kind, str(cause), booking_day(on, self.issued_on))
                    drafts.append(self._entry(drafts, line, said, (amount, value)))
        if drafts:
            self.record(
                RecognitionAdjusted(
                    cause=cause,
                    taken=dict(taken),
                    entries=tuple(drafts),
                    bookings=self._bookings(drafts, book),
                )
            )

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case RecognitionOpened():
                self.owner = Owner(
                    document_id=event.document_id,
                    legal_entity_id=event.legal_entity_id,
                    currency=event.currency,
                )
                self.customer, self.issued_on = event.customer, event.issued_on
                self.book_currency = event.book_currency
                self.lines = {each.line_id: LineState(each, event.currency) for each in event.lines}
                self._move(event.entries)
            case RevenueRecognized():
                self._move(event.entries)
            case MilestoneReached():
                self.reached[event.line_id, event.name] = event.on
                self.lines[event.line_id].unreached.pop(event.name, None)
                self._move(event.entries)
            case RecognitionAdjusted():
                self.taken[event.cause] = event.taken
                self._move(event.entries)
            case _:
                violated(f"recognition does not know {type(event).__name__}")

    def _move(self, entries: Iterable[RecognitionEntry]) -> None:
        for each in entries:
            self.lines[each.line_id].moved(each)
            self.entries.append(each)
        for line in self.lines.values():
            taken = [said.get(line.line.line_id, Decimal(0)) for said in self.taken.values()]
            left = line.line.net - sum(taken, Decimal(0))
            invariant(line.deferred + line.recognized == left, "revenue that is nowhere")

    def _entry(
        self,
        before: Sequence[RecognitionEntry],
        line: LineState,
        said: tuple[RecognitionKind, str, date],
        worth: tuple[Decimal, Decimal | None],
        *,
        through: date | None = None,
    ) -> RecognitionEntry:
        (kind, part, on), (amount, booked) = said, worth
        return RecognitionEntry(
            sequence=len(self.entries) + len(before) + 1,
            line_id=line.line.line_id,
            kind=kind,
            part=part,
            on=on,
            amount=amount,
            booked=booked,
            through=through,
        )

    def _bookings(
        self, entries: Sequence[RecognitionEntry], book: Book | None
    ) -> tuple[Booking, ...]:
        lines = {line_id: each.line for line_id, each in self.lines.items()}
        return late.booked(bookings_of(entries, lines, self.owner, book), self.closed)
