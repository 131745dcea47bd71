"""What a tax engine is told of a document: figures as issued, and no name of anybody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.content import Line
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.tax.engine_entry import EngineEntry
from invx.kernel.errors import invariant
from invx.rules.totals.model import LineKind, LineTotals, TaxGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedTax:
    """A tax as the document states it."""

    regime: str
    jurisdiction: str | None
    category: str
    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLine:
    """An item with its taxes."""

    id: str
    net: Decimal
    taxes: tuple[StatedTax, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatement:
    """`key` makes sending it twice harmless. Amounts are positive as on the paper, also refunds.

    `reverses` is the key of what it takes back: a void takes all of it, a refund what it states.
    """

    key: str
    kind: str
    engine: str
    quote: str
    reverses: str | None
    mode: str  # `test` documents are told too, and must not be filed
    number: str
    issue_date: date
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    taxes: tuple[StatedTax, ...]
    lines: tuple[StatedLine, ...]


def statement_of(entry: EngineEntry, document: Document) -> EngineStatement:
    """What this entry tells of its document, which is finalized."""
    totals = document.totals
    invariant(document.number is not None, "an engine is told of what has a number")
    invariant(document.issue_date is not None, "and a date")
    return EngineStatement(
        key=str(entry.id),
        kind=str(entry.kind),
        engine=entry.engine,
        quote=entry.quote,
        reverses=str(entry.reverses) if entry.reverses else None,
        mode=str(document.mode),
        number=document.number or "",
        issue_date=document.issue_date or date.min,
        currency=document.content.currency,
        net=totals.net,
        tax=totals.tax,
        gross=totals.gross,
        taxes=tuple(_group(each) for each in totals.taxes),
        lines=tuple(_lines(document.content.lines, totals.lines)),
    )


def _group(group: TaxGroup) -> StatedTax:
    return StatedTax(
        regime=str(group.regime),
        jurisdiction=group.jurisdiction,
        category=group.category,
        rate=group.rate,
        base=group.base,
        amount=group.amount,
    )


def _lines(lines: Sequence[Line], figures: Sequence[LineTotals]) -> Iterator[StatedLine]:
    for line, each in zip(lines, figures, strict=True):
        if line.children:
            yield from _lines(line.children, each.children)
        elif line.kind is LineKind.ITEM:
            taxes = tuple(
                StatedTax(
                    regime=str(tax.regime),
                    jurisdiction=tax.jurisdiction,
                    category=tax.category,
                    rate=tax.rate,
                    base=base,
                    amount=amount,
                )
                for tax, (base, amount) in zip(line.taxes, each.taxes, strict=True)
            )
            yield StatedLine(id=line.id, net=each.net, taxes=taxes)
