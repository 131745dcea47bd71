"""One document of a foreign file as values, and how it becomes content and totals of ours."""

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.content import Content, DocumentType, Line, TaxCurrency
from invx.contexts.invoicing.domain.party import Party
from invx.kernel.money import quantize
from invx.rules.totals.model import (
    ZERO,
    LineKind,
    LineTotals,
    Profile,
    Regime,
    Rounding,
    Tax,
    TaxGroup,
    Totals,
)

RULES = "imported"  # in place of a version of our arithmetic: the figures were given


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """A line as the other system stated it."""

    description: str | None = None
    quantity: Decimal = Decimal(1)
    unit: str | None = None
    price: Decimal | None = None
    net: Decimal
    tax: Decimal | None = None
    tax_rate: Decimal | None = None
    tax_category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportGroup:
    """What one tax rate taxes of a document."""

    category: str
    rate: Decimal
    base: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """A document; amounts are never negative, also of a credit note. `row` is where it begins.

    `paid` is what was paid, or given back, before the takeover. `exchange_rate` is in units of the
    books' currency per unit of the document's.
    """

    row: int
    number: str
    type: DocumentType
    issue_date: date
    due_date: date | None = None
    supply_date: date | None = None
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    paid: Decimal
    paid_on: date | None = None
    exchange_rate: Decimal | None = None
    groups: tuple[ImportGroup, ...] = ()
    lines: tuple[ImportLine, ...] = ()
    buyer: Party
    notes: str | None = None
    file: str | None = None

    @property
    def sign(self) -> int:
        """Of the claim: what the buyer owes us."""
        return -1 if self.type is DocumentType.CREDIT_NOTE else 1

    @property
    def open(self) -> Decimal:
        """What is still to be paid, or to be given back; below zero when it was too much."""
        return self.gross - self.paid

    @property
    def digest(self) -> str:
        """SHA-256 of what makes it this document: the same in another row is the same."""
        said: list[object] = [self.type, self.number, self.issue_date, self.due_date, self.currency]
        said += [self.net, self.tax, self.gross, self.paid, self.exchange_rate]
        said += [self.buyer.name, self.buyer.customer]
        for line in self.lines:
            said += [line.description, line.net]
        return hashlib.sha256("\x1f".join(map(str, said)).encode()).hexdigest()


def content_of(item: ImportItem, books: str) -> Content:
    """What the document says, in our terms. `books` is the currency of the seller's books."""
    foreign = item.exchange_rate is not None and item.currency != books
    return Content(
        type=item.type,
        currency=item.currency,
        profile=Profile.PLAIN,
        buyer=item.buyer,
        issue_date=item.issue_date,
        supply_date=item.supply_date,
        due_date=item.due_date,
        lines=tuple([_line(number, line) for number, line in enumerate(item.lines, 1)]),
        tax_currency=TaxCurrency(currency=books, rate=item.exchange_rate)
        if foreign and item.exchange_rate is not None
        else None,
        notes=item.notes,
    )


def _line(number: int, line: ImportLine) -> Line:
    return Line(
        id=str(number),
        description=line.description,
        quantity=line.quantity,
        unit=line.unit or "C62",
        price=line.price,
        net=line.net,
        taxes=_taxes(line),
    )


def _taxes(line: ImportLine) -> tuple[Tax, ...]:
    if line.tax_rate is None:
        return ()
    return (Tax(category=category_of(line.tax_category, line.tax_rate), rate=line.tax_rate),)


def category_of(stated: str | None, rate: Decimal) -> str:
    """The category (UNCL 5305) of a rate; of none, without a word, zero rated."""
    return stated or ("S" if rate else "Z")


def totals_of(item: ImportItem) -> Totals:
    """The figures as they were given; nothing is computed that the file states."""
    zero = quantize(ZERO, item.currency)
    return Totals(
        currency=item.currency,
        profile=Profile.PLAIN,
        rounding=Rounding.PER_GROUP,
        lines=tuple([_line_totals(n, line, item) for n, line in enumerate(item.lines, 1)]),
        adjustments=(),
        taxes=tuple(
            [
                TaxGroup(
                    regime=Regime.VAT,
                    jurisdiction=None,
                    category=group.category,
                    rate=group.rate,
                    base=group.base,
                    amount=group.tax,
                    reason=None,
                    reason_code=None,
                )
                for group in item.groups
            ]
        ),
        line_net=item.net,
        discounts=zero,
        charges=zero,
        net=item.net,
        tax=item.tax,
        gross=item.gross,
        prepaid=zero,
        rounding_amount=zero,
        payable=item.gross,
        withheld=zero,
        due=item.gross,
        rules=RULES,
    )


def _line_totals(number: int, line: ImportLine, item: ImportItem) -> LineTotals:
    rate = line.tax_rate or ZERO
    tax = line.tax if line.tax is not None else quantize(line.net * rate / 100, item.currency)
    return LineTotals(
        id=str(number),
        kind=LineKind.ITEM,
        subtotal=line.net,
        adjustments=(),
        net=line.net,
        gross=line.net + tax,
        taxes=((line.net, tax),) if line.tax_rate is not None else (),
    )
