"""What the documents say that correct another: credit notes, cancellations and replacements.

A credit note states positive amounts (UNTDID 381). It never asks for more than what is left of the
original, and the one that takes the last of a tax group refunds exactly the tax that is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import Content, DocumentType, Line, Preceding
from invx.contexts.invoicing.domain.crediting import credit_pieces as pieces
from invx.contexts.invoicing.domain.crediting.credit_portions import Portion, portions
from invx.contexts.invoicing.domain.crediting.credit_taking import take
from invx.contexts.invoicing.domain.crediting.credit_taxes import giving
from invx.contexts.invoicing.domain.crediting.credit_whole_units import settled
from invx.contexts.invoicing.domain.crediting.remainder import Group, Position, Remainder, within
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import (
    AmountNotDivisible,
    CreditExceedsRemainder,
    LineNotFound,
    NothingLeftToCredit,
)
from invx.kernel.errors import Invalid, Problem
from invx.kernel.money import exponent, quantize
from invx.rules.totals.compute import compute
from invx.rules.totals.model import ZERO, LineKind, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCredit:
    """A line to credit: so many units of it, or so much of its net, or (neither) its rest.

    The id of a line with children stands for all items below it, and takes only their rest.
    """

    line_id: str
    quantity: Decimal | None = None
    net: Decimal | None = None


def credit_whole(original: Document) -> Content:
    """All that is left: of an original without credits its very lines, else the rest of each line.

    Raises NothingLeftToCredit.
    """
    left = original.remainder
    head = replace(_head(original), payable_rounding=left.rounding or None)
    if not original.credits:
        return replace(
            head,
            lines=original.content.lines,
            discounts=original.content.discounts,
            charges=original.content.charges,
            given_taxes=original.content.given_taxes,
        )
    if left.exhausted:
        raise NothingLeftToCredit
    rests = [pieces.rest(each) for each in _with_rests(left)]
    return pieces.assembled(head, rests, original, everything=True)


def credit_lines(original: Document, wanted: Sequence[LineCredit]) -> Content:
    """Some lines, each with its part of the document's discounts. Charges go with no line.

    Raises LineNotFound, NothingLeftToCredit, and CreditExceedsRemainder when a line has less left.
    """
    found: dict[str, pieces.Piece] = {}
    for index, each in enumerate(wanted):
        positions = _positions(original, each.line_id, index)
        if len(positions) > 1 and (each.quantity is not None or each.net is not None):
            raise _refused(index, "", "line_has_children", "Name the items below this line.")
        for position in positions:
            if position.key in found:
                raise _refused(index, "/line_id", "line_twice", "The line is named twice.")
            if position.net:
                found[position.key] = _piece(original, position, each)
    if not found:
        raise NothingLeftToCredit
    return pieces.assembled(_head(original), list(found.values()), original)


def credit_amount(original: Document, gross: Decimal, reason: str) -> Content:
    """An amount including tax, split over the kinds of tax by what is left of each.

    One computed line per set of taxes; the gross of the whole is `gross`, exactly. Raises
    CreditExceedsRemainder; Invalid when it is not a whole number of units of the currency.
    """
    left = original.remainder
    if quantize(gross, left.currency) != gross or not gross:
        detail = f"An amount that is not zero, with at most {exponent(left.currency)} decimals."
        raise Invalid(detail, problems=[Problem("/amount", "amount_invalid", detail)])
    if not within(gross, left.gross):
        raise CreditExceedsRemainder(
            f"The document has {left.gross} {left.currency} left, not {gross}."
        )
    taken = portions(original.invoiced, left, gross)
    if not exponent(left.currency) and gross != left.gross:
        taken = _on_whole_units(taken, original)
    stated: dict[Group, Decimal] = {}
    for portion in taken:
        for group, tax in portion.taxes.items():
            stated[group] = stated.get(group, ZERO) + tax
    content = replace(
        _head(original),
        lines=tuple(
            Line(
                id=name,
                description=reason,
                net=portion.net,
                price_includes_tax=False,
                taxes=portion.stated,
            )
            for name, portion in zip(_new_ids(original, len(taken)), taken, strict=True)
        ),
        payable_rounding=(left.rounding or None) if gross == left.gross else None,
    )
    credit = giving(content, original.rounding, stated)
    take(left, credit, compute(bill_of(credit, original.rounding)))
    return credit


def cancellation_of(original: Document) -> Content:
    """The document that takes back all that is left of an original: the mirror of the whole."""
    return credit_whole(original)


def replacement_of(original: Document) -> Content:
    """A draft that says what the original said, to be changed. Its dates are to be chosen anew."""
    return replace(
        original.content, external_id=None, issue_date=None, tax_point=None, due_date=None
    )


def _with_rests(left: Remainder) -> list[Position]:
    """The lines with net left, and one for each tax that is left without any."""
    lines = [each for each in left.positions.values() if each.line is not None]
    found = [each for each in lines if each.net]
    borne = {group for each in left.positions.values() if each.net for group in each.groups}
    for group, tax in left.taxes.items():
        bearing = [each for each in lines if group in each.groups]
        if tax and group not in borne and bearing:
            found.append(bearing[0])
            borne.update(bearing[0].groups)
    return found


def _on_whole_units(taken: list[Portion], original: Document) -> list[Portion]:
    found = settled(taken, original.remainder)
    if found is None and original.content.profile is Profile.EN16931:
        detail = "A smallest unit of the currency more or less can be credited."
        raise AmountNotDivisible(problems=[Problem("/amount", AmountNotDivisible.code, detail)])
    return found or taken


def _head(original: Document) -> Content:
    """What a credit note says apart from its figures."""
    return replace(
        original.content,
        type=DocumentType.CREDIT_NOTE,
        type_code=None,
        external_id=None,
        preceding=(Preceding(number=original.number or "", issue_date=original.issue_date),),
        issue_date=None,
        tax_point=None,
        due_date=None,
        payment_terms=None,
        lines=(),
        discounts=(),
        charges=(),
        prepaid=ZERO,
        payable_rounding=None,
        cash_unit=None,
        given_taxes=(),
        notes=None,
        metadata=None,
        further_notes=(),
        tax_point_code=None,
        payment_means=None,
        attachments=(),
    )


def _piece(original: Document, position: Position, wanted: LineCredit) -> pieces.Piece:
    currency = original.content.currency
    if wanted.net is not None:
        if not wanted.net or not within(wanted.net, position.net):
            raise CreditExceedsRemainder(
                f"Line {wanted.line_id} has {position.net} {currency} left, not {wanted.net}."
            )
        return pieces.lower_price(position, quantize(wanted.net, currency))
    if wanted.quantity is None or wanted.quantity == position.quantity:
        return pieces.rest(position)
    if not wanted.quantity or not within(wanted.quantity, position.quantity):
        raise CreditExceedsRemainder(
            f"Line {wanted.line_id} has {position.quantity} units left, not {wanted.quantity}."
        )
    invoiced = original.invoiced.positions[position.key]
    return pieces.units(position, invoiced, wanted.quantity, currency)


def _positions(original: Document, line_id: str, index: int) -> list[Position]:
    """What is left of the items that an id stands for."""
    left = original.remainder
    waiting, found = list(original.content.lines), list[Position]()
    while waiting:
        line = waiting.pop()
        if line.id != line_id:
            waiting.extend(line.children)
            continue
        below = [line]
        while below:
            each = below.pop()
            below.extend(reversed(each.children))
            if each.kind is LineKind.ITEM and not each.children:
                found.append(left.positions[f"line:{each.id}"])
        break
    if not found:
        detail = f"The document has no item line {line_id!r}."
        pointer = f"/lines/{index}/line_id"
        raise LineNotFound(detail, problems=[Problem(pointer, "line_not_found", detail)])
    return found


def _new_ids(original: Document, count: int) -> list[str]:
    """Ids that no line of the original has, so that no line of it is taken to be meant."""
    names, number = list[str](), 0
    while len(names) < count:
        number += 1
        if f"line:amount-{number}" not in original.remainder.positions:
            names.append(f"amount-{number}")
    return names


def _refused(index: int, field: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, problems=[Problem(f"/lines/{index}{field}", code, detail)])
