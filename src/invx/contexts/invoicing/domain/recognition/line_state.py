"""One deferred line at work: what of it is still deferred, and what the next day earns."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from invx.contexts.invoicing.domain.recognition.recognition_events import (
    DeferredLine,
    RecognitionEntry,
    RecognitionKind,
)
from invx.contexts.invoicing.domain.recognition.spreading import earned, month_ends
from invx.contexts.invoicing.domain.recognition.terms import Method
from invx.kernel.money import allocate


class LineState:
    """Deferred and recognised revenue of one line; they sum to its net less what was credited."""

    def __init__(self, line: DeferredLine, currency: str) -> None:
        self.line = line
        self.currency = currency
        self.deferred = line.net - line.net
        self.recognized = self.deferred
        self.booked = line.booked  # of what is deferred, in the currency of the books
        self.unreached = {each.name: each.percent for each in line.milestones}
        self.through: date | None = None  # recognised up to here
        self.since: date | None = None  # all of what is deferred was so from this day on
        # What was deferred at the last change, and the day from which it is spread.
        self._base, self._start = self.deferred, line.start

    def moved(self, entry: RecognitionEntry) -> None:
        """The entry has happened."""
        amount, booked = entry.amount, entry.booked
        gives_back = entry.kind is RecognitionKind.CREDITED and amount * self.line.net < 0
        if gives_back or entry.kind is RecognitionKind.DEFERRED:
            self.since = entry.on
        match entry.kind:
            case RecognitionKind.DEFERRED:
                self.deferred += amount
                self._spread_anew()
                return
            case RecognitionKind.REVERSED:
                self.recognized -= amount
                return
            case RecognitionKind.RECOGNIZED:
                self.recognized += amount
                self.through = entry.through or self.through
                self.unreached.pop(entry.part, None)
            case RecognitionKind.CREDITED:
                pass
        self.deferred -= amount
        self.booked = None if self.booked is None or booked is None else self.booked - booked
        if entry.kind is RecognitionKind.CREDITED:
            self._spread_anew()

    def _spread_anew(self) -> None:
        self._base = self.deferred
        if self.through is not None:
            self._start = self.through + timedelta(days=1)

    def months(self, last: date | None = None) -> Iterator[tuple[date, Decimal, date]]:
        """Month by month what is still to be recognised, up to the month that ends on `last`.

        The end of the month, the amount, and the day up to which it reaches.
        """
        start, end = self._start, self.line.end
        if self.line.milestones and not self.unreached and self.deferred and last is not None:
            yield last, self.deferred, last  # given back after the last milestone was reached
        if self.line.method is not Method.STRAIGHT_LINE or start is None or end is None:
            return
        if start > end:  # all days have passed, and a credit note that counted no more gave it back
            ends = [(start - timedelta(days=1), end)] if self.deferred else []
        else:
            first = start if self.through is None else max(start, self.through)
            ends = [(day, min(day, end)) for day in month_ends(first, end)]
        done = self._base - self.deferred
        for month, to in ends:
            if (last is not None and month > last) or (self.through and to <= self.through < end):
                continue
            reached = earned(self._base, start, end, to, self.currency)
            if reached != done:
                yield month, reached - done, to
                done = reached

    def milestone(self, name: str) -> Decimal:
        """What reaching an unreached milestone earns: its part of what is still deferred."""
        names = list(self.unreached)
        parts = allocate(self.deferred, list(self.unreached.values()), self.currency)
        return parts[names.index(name)]
