"""What a tax engine is asked for a draft, and the quote that a draft keeps."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from json import dumps

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.content import Content, LineSupply, QuoteUse
from invx.contexts.invoicing.domain.party import Address, PartyKind
from invx.kernel.errors import Problem
from invx.rules.tax.model import Scheme
from invx.rules.tax.outcome import UNDETERMINED
from invx.rules.tax.quotes import LineQuote, Quote
from invx.rules.totals.compute import compute
from invx.rules.totals.model import ZERO, Line, LineTotals, Profile, Rounding
from invx.rules.totals.representable import problems as problems_of_bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Unquoted:
    """A line of a draft whose rates only the engine knows; `pointer` leads to it."""

    line_id: str
    pointer: str
    supply: LineSupply
    day: date
    place: str
    origin: Address | None
    destination: Address | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedSupply:
    """One line as the engine sees it. `net` is before discounts of the whole document."""

    line_id: str
    kind: str
    category: str
    date: date
    place: str  # the state or province that taxes it: US-TX
    quantity: Decimal
    net: Decimal
    origin: Address | None
    destination: Address | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteQuestion:
    """All that a quote follows from, and no name of anybody."""

    engine: str
    currency: str
    business: bool  # whether the buyer is one
    adjustment: Decimal  # charges less discounts of the document, spread over all lines
    lines: tuple[QuotedSupply, ...]

    @property
    def fingerprint(self) -> str:
        """Equal questions have equal ones; a quote is used only for its own."""
        told = dumps(asdict(self), sort_keys=True, default=str)
        return sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Quoting:
    """A quote, until when it holds (business time), and the fingerprint of what is asked now."""

    quote: Quote
    valid_until: datetime
    question: str

    @property
    def use(self) -> QuoteUse:
        """What the document keeps of it: the taxes stand on its lines."""
        quote = self.quote
        return QuoteUse(
            engine=quote.engine,
            version=quote.version,
            reference=quote.reference,
            valid_until=self.valid_until,
            fingerprint=quote.fingerprint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteAnswer:
    """A quote with the seconds for which it holds, or why there is none."""

    quote: Quote | None = None
    seconds: int = 0
    fault: str | None = None


def question_of(
    content: Content, engine: str, unquoted: Iterable[Unquoted]
) -> QuoteQuestion | tuple[Problem, ...]:
    """What the engine is asked, or why these lines cannot be quoted.

    Prices that include tax cannot: what is net follows from the rates that are asked for.
    """
    wanted = tuple(unquoted)
    bill = bill_of(content, Rounding.PER_LINE)
    bare = replace(
        bill,
        profile=Profile.PLAIN,
        lines=tuple(_untaxed(line) for line in bill.lines),
        adjustments=tuple(replace(each, taxes=()) for each in bill.adjustments),
        prepaid=ZERO,
        payable_rounding=None,
        cash_unit=None,
        given_taxes=(),
    )
    if wrong := problems_of_bill(bare):
        return wrong
    gross = _ids_with_tax_inside(bill.lines)
    if inside := [each for each in wanted if each.line_id in gross]:
        asks = "A tax engine quotes prices without tax: state this one without."
        return tuple(
            Problem(f"{each.pointer}/price_includes_tax", UNDETERMINED, asks) for each in inside
        )
    totals = compute(bare)
    nets = {each.id: each for each in _figures(totals.lines)}
    quantities = {line.id: line.quantity for _, line in lines_of(content.lines)}
    return QuoteQuestion(
        engine=engine,
        currency=content.currency,
        business=content.buyer is not None and content.buyer.kind is PartyKind.BUSINESS,
        adjustment=totals.charges - totals.discounts,
        lines=tuple(_asked(each, nets, quantities) for each in wanted),
    )


def _asked(
    each: Unquoted, nets: Mapping[str, LineTotals], quantities: Mapping[str, Decimal]
) -> QuotedSupply:
    return QuotedSupply(
        line_id=each.line_id,
        kind=str(each.supply.kind),
        category=each.supply.category,
        date=each.day,
        place=each.place,
        quantity=quantities[each.line_id],
        net=nets[each.line_id].net,
        origin=each.origin,
        destination=each.destination,
    )


def _untaxed(line: Line) -> Line:
    return replace(line, taxes=(), children=tuple(_untaxed(child) for child in line.children))


def _ids_with_tax_inside(lines: Iterable[Line]) -> set[str]:
    found: set[str] = set()
    for line in lines:
        if line.includes_tax and not line.children:
            found.add(line.id)
        found |= _ids_with_tax_inside(line.children)
    return found


def _figures(lines: Iterable[LineTotals]) -> Iterable[LineTotals]:
    for line in lines:
        yield line
        yield from _figures(line.children)


def held_quote(content: Content, question: str, now: datetime) -> Quoting | None:
    """The quote that a draft holds, if it answers this very question and has not expired."""
    kept = content.determination
    use = kept.quote if kept else None
    if kept is None or use is None or use.valid_until <= now or use.fingerprint != question:
        return None
    theirs = {each.line_id for each in kept.lines if each.scheme == Scheme.EXTERNAL}
    quote = Quote(
        engine=use.engine,
        version=use.version,
        reference=use.reference,
        fingerprint=question,
        lines=tuple(
            LineQuote(line_id=line.id, taxes=line.taxes)
            for _, line in lines_of(content.lines)
            if line.id in theirs
        ),
    )
    return Quoting(quote, use.valid_until, question)
