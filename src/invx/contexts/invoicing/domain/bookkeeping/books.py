"""What a document and its settlement are worth in the currency of the books.

A claim stands in the books at the rate of its day. Whatever settles it takes its part of that
value, the last all that is left, so the parts sum to it to the cent. What a movement of money is
itself worth on its day, less the part that it takes, is the realised gain (above zero) or loss.
What is paid beyond the claim is a debt at the payment's own rate, and brings no difference before
it is given back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from uuid import UUID

from invx.contexts.invoicing.domain.balance import Entry, EntryKind
from invx.contexts.invoicing.domain.exchange.exchange import (
    RATE_DIGITS,
    ExchangeRate,
    converted,
    plain,
)
from invx.kernel.money import EXACT, quantize

RECEIVED = "received"  # the source of a rate that follows from what the bank credited
_MONEY = {EntryKind.PAYMENT, EntryKind.REFUND}
_ROUNDING = Context(prec=RATE_DIGITS, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookValue:
    """A claim in the currency of the books; `rate` and `total` are None until the rate is known.

    `day` is the day whose rate counts: the issue; a credit note's is that of its original.
    """

    currency: str
    day: date
    rate: ExchangeRate | None = None
    total: Decimal | None = None

    @property
    def factor(self) -> Decimal | None:
        """The rate as a number: units of the books' currency for one of the claim's."""
        return self.rate.rate if self.rate else None

    def at(self, rate: ExchangeRate, claimed: Decimal) -> "BookValue":
        """The value of a claim at this rate."""
        return replace(self, rate=rate, total=rate.of(claimed, self.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a movement is worth in the books by itself, and how that is known."""

    amount: Decimal | None = None  # exact, as the bank or the other document says
    rate: ExchangeRate | None = None


def effective(received: Decimal, amount: Decimal, day: date) -> ExchangeRate:
    """The rate that follows from what was credited; the amount stays exact, this is rounded."""
    rate = plain(_ROUNDING.plus(EXACT.divide(received, amount)))
    return ExchangeRate(rate=rate, source=RECEIVED, day=day)


def worth_of(entry: Entry) -> Worth:
    """What an entry was worth by itself, so that it can be entered again elsewhere."""
    rate, source, day = entry.exchange_rate, entry.rate_source, entry.rate_day
    if rate is None or source is None or day is None:
        return Worth()
    if source == RECEIVED:
        return Worth(amount=entry.booked_amount)
    return Worth(rate=ExchangeRate(rate=rate, source=source, day=day))


class BookRecord:
    """The value of a document in the books: what each entry takes of it, and what is left."""

    def __init__(self, value: BookValue, claimed: Decimal, entries: Iterable[Entry] = ()) -> None:
        self.value = value
        self.entries = {each.entry_id: each for each in entries}
        self._claimed = claimed

    @property
    def waits(self) -> bool:
        """Whether a rate is missing: that of the document, or of an entry."""
        return self.value.total is None or any(
            each.exchange_difference is None for each in self.entries.values()
        )

    def remember(self, entry: Entry) -> None:
        """The entry has happened, or has its figures by now."""
        self.entries[entry.entry_id] = entry

    def figured(self, entry: Entry, worth: Worth) -> Entry:
        """A new entry with its figures, as far as they are known."""
        return self._figure(_valued(entry, worth, self.value.currency), self.entries)

    def completed(self, value: BookValue, worths: Mapping[UUID, Worth]) -> tuple[Entry, ...]:
        """The entries that are complete, or know their worth, with these rates; in order."""
        twin = BookRecord(value, self._claimed)
        found = []
        for entry in self.entries.values():
            anew = entry
            if entry.exchange_difference is None:
                worth = worths.get(entry.entry_id, Worth())
                valued = _valued(entry, worth, value.currency) if _unknown(entry) else entry
                anew = twin._figure(valued, twin.entries)
            twin.remember(anew)
            if anew != entry:
                found.append(anew)
        return tuple(found)

    def part_of(self, amount: Decimal) -> Decimal | None:
        """What an amount without a worth of its own would take of the value; None if unknown."""
        balance = self._balance(self.entries)
        return None if balance is None else self._taken(amount, None, *balance)

    def _figure(self, entry: Entry, before: Mapping[UUID, Entry]) -> Entry:
        if entry.reverses is not None:
            return _mirrored(entry, before.get(entry.reverses))
        balance = self._balance(before)
        if balance is None:
            return entry
        if entry.kind in _MONEY and entry.booked_amount is None:
            return entry
        taken = self._taken(entry.amount, entry.booked_amount, *balance)
        if taken is None:
            return entry
        worth = taken if entry.booked_amount is None else entry.booked_amount
        return replace(
            entry,
            book_currency=self.value.currency,
            booked_amount=worth,
            carried_amount=taken,
            exchange_difference=worth - taken,
        )

    def _balance(self, before: Mapping[UUID, Entry]) -> tuple[Decimal, Decimal] | None:
        """What is left of the claim and of its value; None while an earlier part is not known."""
        if self.value.total is None:
            return None
        net, booked = self._claimed, self.value.total
        for each in before.values():
            if each.carried_amount is None:
                return None
            net, booked = net - each.amount, booked - each.carried_amount
        return net, booked

    def _taken(
        self, amount: Decimal, worth: Decimal | None, net: Decimal, booked: Decimal
    ) -> Decimal | None:
        after = net - amount
        if not after:
            return booked
        if net and after * net > 0 and abs(after) < abs(net):
            left = EXACT.divide(EXACT.multiply(booked, after), net)
            return booked - quantize(left, self.value.currency)
        if worth is None:
            return None
        if after * net < 0:  # settles the claim, and the rest is owed the other way
            beyond = EXACT.divide(EXACT.multiply(worth, -after), amount)
            return booked + quantize(beyond, self.value.currency)
        return worth


def _unknown(entry: Entry) -> bool:
    return entry.booked_amount is None and entry.reverses is None


def _valued(entry: Entry, worth: Worth, currency: str) -> Entry:
    """An entry with what it is worth by itself; what moves no money is worth what it takes."""
    amount, rate = worth.amount, worth.rate
    if entry.kind not in _MONEY:
        amount, rate = (amount if entry.kind is EntryKind.CREDIT else None), None
    elif amount is not None:
        rate = effective(amount, entry.amount, entry.on)
    elif rate is not None:
        amount = converted(entry.amount, rate.rate, currency)
    if amount is None:
        return entry
    return replace(
        entry,
        book_currency=currency,
        booked_amount=amount,
        exchange_rate=rate.rate if rate else None,
        rate_source=rate.source if rate else None,
        rate_day=rate.day if rate else None,
    )


def _mirrored(entry: Entry, reversed_: Entry | None) -> Entry:
    """What takes an entry back has its figures with the other sign; nothing was realised then."""
    if reversed_ is None or reversed_.exchange_difference is None:
        return entry
    return replace(
        entry,
        book_currency=reversed_.book_currency,
        booked_amount=_minus(reversed_.booked_amount),
        carried_amount=_minus(reversed_.carried_amount),
        exchange_difference=_minus(reversed_.exchange_difference),
        exchange_rate=reversed_.exchange_rate,
        rate_source=reversed_.rate_source,
        rate_day=reversed_.rate_day,
    )


def _minus(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount or abs(amount)
