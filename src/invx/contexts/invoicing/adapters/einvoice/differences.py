"""Where two e-invoices say something else: by our name, by business term, both values.

What only looks different is the same: an absent base quantity and one of 1, a gross price that is
the net price, an optional total of zero and none, runs of white space, spaces in account numbers
and tax ids, the order of discounts among charges, a line that only sums its sub-lines. What the
issuer's house gives (number BT-1, process BT-23, specification BT-24) is not compared.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.adapters.einvoice.terms import term_of

_NOT_COMPARED = frozenset({"number", "process", "specification"})
_COMPACT = frozenset({"vat_id", "account", "bic"})
_FIGURE = re.compile(r"/(totals|taxes)/|/lines/[0-9]+(/children/[0-9]+)*/net$")
_EMPTY: tuple[Any, ...] = (None, (), "")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same; None where one of them has none."""

    pointer: str
    term: str | None
    source: str | None
    ours: str | None

    @property
    def is_figure(self) -> bool:
        """Whether an amount differs that follows from others: a net, a tax, a total."""
        return _FIGURE.match(self.pointer) is not None


def compare(source: model.EInvoice, ours: model.EInvoice) -> list[Difference]:
    """Everything on which the two do not agree."""
    return [
        each
        for field in fields(model.EInvoice)
        if field.name not in _NOT_COMPARED
        for each in _differ(
            f"/{field.name}",
            getattr(normal(source), field.name),
            getattr(normal(ours), field.name),
        )
    ]


def normal(invoice: model.EInvoice) -> model.EInvoice:
    """The e-invoice in the form in which equal ones are equal."""
    totals = invoice.totals
    return replace(
        invoice,
        totals=replace(
            totals,
            discounts=totals.discounts or None,
            charges=totals.charges or None,
            tax=totals.tax or None,
            prepaid=totals.prepaid or None,
            rounding=totals.rounding or None,
        ),
        adjustments=_sorted(invoice.adjustments),
        taxes=tuple(
            sorted(
                (replace(each, rate=each.rate or None) for each in invoice.taxes),
                key=lambda each: (each.category, each.rate or 0),
            )
        ),
        tax_currency=None if invoice.tax_currency == invoice.currency else invoice.tax_currency,
        lines=tuple(_line(each) for each in _flat(invoice.lines)),
        payments=_payments(invoice.payments),
    )


def _sorted(adjustments: tuple[model.Adjustment, ...]) -> tuple[model.Adjustment, ...]:
    each = (replace(one, rate=one.rate or None) for one in adjustments)
    return tuple(sorted(each, key=lambda one: one.charge))


def _line(line: model.Line) -> model.Line:
    price = line.price
    base = None if price.base_quantity == 1 else price.base_quantity
    discount = price.discount or None
    gross = price.gross if price.gross != price.net else None
    return replace(
        line,
        rate=line.rate or None,
        adjustments=_sorted(line.adjustments),
        price=replace(
            price,
            base_quantity=base,
            base_unit=(price.base_unit or line.unit) if base else None,
            discount=discount,
            gross=gross if gross is not None or not discount else price.net + discount,
        ),
        children=tuple(_line(each) for each in line.children),
    )


def _flat(lines: tuple[model.Line, ...]) -> Iterator[model.Line]:
    """Lines that only sum their sub-lines give way to them, their words as the note of the first.

    So does a document with children: it says the same without sub-lines, which EN 16931 lacks.
    """
    for line in lines:
        parts = [each for each in line.children if not each.informative]
        sums = bool(parts) and sum(each.net for each in parts) == line.net and not line.adjustments
        if not sums or len(parts) != len(line.children):
            yield line
            continue
        words = [text for text in (line.item.name, line.item.description, line.note) if text]
        for each in _flat(line.children):
            note = "\n".join([*words, *([each.note] if each.note else [])])
            yield replace(each, note=note or None)
            words = []


def _payments(payments: tuple[model.Payment, ...]) -> tuple[model.Payment, ...]:
    """One way to pay with all its accounts: files repeat it for each account."""
    if len(payments) < 2:  # noqa: PLR2004 - nothing to join
        return payments
    first = payments[0]
    same = [each for each in payments if each.code == first.code]
    accounts = tuple(each for payment in same for each in payment.transfers)
    others = tuple(each for each in payments if each.code != first.code)
    return (replace(first, transfers=accounts), *others)


def _differ(pointer: str, source: Any, ours: Any) -> Iterator[Difference]:
    if isinstance(source, tuple) or isinstance(ours, tuple):
        for index, (one, other) in enumerate(zip_longest(source or (), ours or ())):
            yield from _differ(f"{pointer}/{index}", one, other)
        return
    record = source if is_dataclass(source) else ours
    if is_dataclass(record):
        if _blank(source) and _blank(ours):
            return
        for field in fields(record):
            one = getattr(source, field.name, None)
            other = getattr(ours, field.name, None)
            yield from _differ(f"{pointer}/{field.name}", one, other)
        return
    if _same(pointer, source, ours):
        return
    yield Difference(pointer, term_of(pointer), _shown(source), _shown(ours))


def _blank(value: Any) -> bool:
    """Whether nothing is said: an address, a contact without a word in it."""
    if is_dataclass(value):
        return all(_blank(getattr(value, field.name)) for field in fields(value))
    return value in _EMPTY


def _same(pointer: str, source: Any, ours: Any) -> bool:
    if source in _EMPTY and ours in _EMPTY:
        return True
    if isinstance(source, str) and isinstance(ours, str):
        if pointer.rpartition("/")[2] in _COMPACT:
            return "".join(source.split()) == "".join(ours.split())
        return source.split() == ours.split()
    return bool(source == ours)


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
