"""Lines of a credit note that take from lines of its original, and how they become its content."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import AdjustmentLine, Content, Line
from invx.contexts.invoicing.domain.crediting.credit_nets import computed, priced
from invx.contexts.invoicing.domain.crediting.credit_taking import take
from invx.contexts.invoicing.domain.crediting.credit_taxes import fit
from invx.contexts.invoicing.domain.crediting.remainder import (
    Group,
    Groups,
    Position,
    Remainder,
    group_of,
    within,
)
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.errors import violated
from invx.kernel.money import quantize
from invx.rules.totals.compute import compute
from invx.rules.totals.model import ZERO, LineTotals, Regime, Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a line, stated as units and price, with the net to fall back on.

    The fallback is a computed line. It is taken when units and price would not give a net that
    fits: of an `exact` piece all that is left, of another at most that. `gross` is what a piece of
    a line priced with tax should come to; its tax is then the difference, as far as that fits.
    """

    position: Position
    line: Line
    net: Decimal
    gross: Decimal | None = None
    exact: bool = False


def rest(position: Position) -> Piece:
    """All that is left of a line."""
    return Piece(
        position=position,
        line=_units(position, position.quantity),
        net=position.net,
        gross=position.gross if _sold(position).price_includes_tax else None,
        exact=True,
    )


def units(position: Position, invoiced: Position, quantity: Decimal, currency: str) -> Piece:
    """Some units of a line that has more of them left. `invoiced` is the line without credits."""
    sold = _sold(position)
    share = quantity / sold.quantity
    low, high = sorted((ZERO, position.net))
    return Piece(
        position=position,
        line=_units(position, quantity),
        net=max(low, min(quantize(invoiced.net * share, currency), high)),
        gross=quantize(invoiced.gross * share, currency) if sold.price_includes_tax else None,
    )


def lower_price(position: Position, net: Decimal) -> Piece:
    """So much of the net of a line, as a price of its own: no units come back."""
    return Piece(position=position, line=priced(_sold(position), net), net=net)


def assembled(
    head: Content, wanted: Sequence[Piece], original: Document, *, everything: bool = False
) -> Content:
    """The credit note of these pieces, with the discounts that belong to them.

    `everything` takes what is left of all discounts and charges, whichever lines are credited.
    Raises CreditExceedsRemainder.
    """
    left, rounding = original.remainder, original.rounding
    natural = {piece.line.id for piece in wanted if not _must_compute(piece, original)}
    while True:  # each round computes one line more, so it ends
        head = replace(head, lines=tuple(_line(piece, natural) for piece in wanted))
        nets = _nets(head, rounding)
        unfit = {piece.line.id for piece in wanted if not _fits(piece, nets[piece.line.id].net)}
        if unfit & natural:
            natural -= unfit
            continue
        discounts, charges = _adjustments(left, nets, everything=everything)
        content = replace(head, discounts=discounts, charges=charges)
        stated = _stated(content, rounding, [p for p in wanted if p.line.id not in natural])
        credit = fit(content, original, stated)
        nets = _nets(credit, rounding)
        moved = {p.line.id for p in wanted if p.exact and nets[p.line.id].net != p.net}
        if not moved & natural:  # the given taxes left the nets of whole lines alone
            break
        natural -= moved
    take(left, credit, compute(bill_of(credit, rounding)))
    return credit


def _nets(content: Content, rounding: Rounding) -> dict[str, LineTotals]:
    return {line.id: line for line in compute(bill_of(content, rounding)).lines}


def _sold(position: Position) -> Line:
    if position.line is None:
        violated(f"{position.key} is not a line")
    return position.line


def _units(position: Position, quantity: Decimal) -> Line:
    """So many units at the price of the line; its discounts and charges in proportion."""
    sold = _sold(position)
    if not quantity or quantity == sold.quantity:
        return sold
    share = quantity / sold.quantity
    return replace(
        sold,
        quantity=quantity,
        discounts=tuple(_scaled(each, share, position.net) for each in sold.discounts),
        charges=tuple(_scaled(each, share, position.net) for each in sold.charges),
        breakdown=(),
        net=None if sold.net is None else (sold.net * share).quantize(position.net),
    )


def _scaled(written: AdjustmentLine, share: Decimal, unit: Decimal) -> AdjustmentLine:
    return replace(
        written,
        amount=None if written.amount is None else (written.amount * share).quantize(unit),
        base=None if written.base is None else (written.base * share).quantize(unit),
    )


def _line(piece: Piece, natural: set[str]) -> Line:
    if piece.line.id in natural:
        return piece.line
    stated = computed(piece.line, piece.net)
    if piece.position.quantity:
        return replace(stated, quantity=piece.line.quantity, unit=piece.line.unit)
    return stated


def _fits(piece: Piece, net: Decimal) -> bool:
    return net == piece.net if piece.exact else within(net, piece.position.net)


def _must_compute(piece: Piece, original: Document) -> bool:
    """Whether a given tax could not be told apart from the price (`rules.totals.groups`)."""
    if piece.exact and not piece.position.quantity:
        return True
    if not piece.line.price_includes_tax:
        return False
    written = original.content
    alone = not written.discounts and not written.charges and len(_charged(piece.line)) == 1
    return not alone or original.rounding is Rounding.PER_LINE


def _charged(line: Line) -> list[Group]:
    return [group_of(tax) for tax in line.taxes if tax.regime is not Regime.WITHHOLDING]


def _adjustments(
    left: Remainder, nets: dict[str, LineTotals], *, everything: bool
) -> tuple[tuple[AdjustmentLine, ...], tuple[AdjustmentLine, ...]]:
    """The discounts, and with `everything` the charges, that go with the credited lines.

    A discount follows the lines that bear its taxes: the same part of it as of their nets.
    """
    before: dict[Groups, Decimal] = {}
    now: dict[Groups, Decimal] = {}
    for position in left.positions.values():
        if position.line is not None:
            groups = position.groups
            before[groups] = before.get(groups, ZERO) + position.net
            if figures := nets.get(position.line.id):
                now[groups] = now.get(groups, ZERO) + figures.net
    discounts, charges = list[AdjustmentLine](), list[AdjustmentLine]()
    for position in left.positions.values():
        written, groups = position.adjustment, position.groups
        if written is None or not position.net:
            continue
        amount = position.net
        if not everything:
            if amount > 0 or not now.get(groups):
                continue
            if now[groups] != before[groups]:
                amount = quantize(amount * now[groups] / before[groups], left.currency)
        line = replace(written, percent=None, base=None, amount=abs(amount), taxes=position.taxes)
        (charges if amount > 0 else discounts).append(line)
    return tuple(discounts), tuple(charges)


def _stated(content: Content, rounding: Rounding, by_net: Sequence[Piece]) -> dict[Group, Decimal]:
    """The taxes with which computed pieces of lines priced with tax come to their gross."""
    if all(piece.gross is None for piece in by_net):
        return {}
    totals = compute(bill_of(content, rounding))
    stated = {group_of(group): group.amount for group in totals.taxes}
    figures = {line.id: line for line in totals.lines}
    for piece in by_net:
        charged = _charged(piece.line)
        if piece.gross is not None and len(charged) == 1:
            stated[charged[0]] += piece.gross - figures[piece.line.id].gross
    return stated
