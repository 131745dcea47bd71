"""The entries of the tax ledger: what a change of a document's holdings adds to it.

Accrual: all of the document at its tax point; what is discounted or written off later corrects it.
Money that comes before the tax point brings its tax forward (Article 65 of the VAT Directive): it
is entered when it comes, and taken off again at the tax point, where all of the document stands.
Cash: what is received, when it is received; what is given up was never entered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from invx.contexts.invoicing.domain.balance import Entry
from invx.contexts.invoicing.domain.party import Basis
from invx.contexts.invoicing.domain.tax.tax_entries import (
    RATE_OF_DOCUMENT,
    Cells,
    Conversion,
    Holdings,
    TaxAccount,
    TaxCause,
    TaxedGroup,
    TaxEntry,
)
from invx.contexts.invoicing.domain.tax.tax_points import period_of
from invx.kernel.money import EXACT, quantize
from invx.rules.totals.model import ZERO, Regime

Part: TypeAlias = tuple[Decimal, Decimal]  # base and tax of one group
_NOTHING = (ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class _Step:
    """What one cause adds to the ledger of one group."""

    group: TaxedGroup
    before: Part
    after: Part
    cause: TaxCause
    on: date


def opening_entries(account: TaxAccount, held: Holdings, opened_on: date) -> tuple[TaxEntry, ...]:
    """What finalizing the document adds."""
    steps = []
    for index, group in enumerate(account.groups):
        if group.basis is Basis.ACCRUAL:
            whole = (group.base, group.tax)
            steps.append(_Step(group, _NOTHING, whole, account.cause, group.tax_point))
            received = _part(held.received.cells, index)
            steps += _advance(group, _NOTHING, received, opened_on)
        else:  # paid before, as far as it is entered here
            received = _part(held.received.cells, index)
            steps.append(_Step(group, _NOTHING, received, _of_money(account), opened_on))
    return _entries(account, steps, first=1)


def movement_entries(
    account: TaxAccount, before: Holdings, after: Holdings, entry: Entry, *, first: int
) -> tuple[TaxEntry, ...]:
    """What an entry of the settlement adds, on its day."""
    corrects = after.credited != before.credited  # a credit note moved money between rates
    steps = []
    for index, group in enumerate(account.groups):
        entered = _entered(group, index, before)
        for cause, one, other in _changes(account, group, before, after):
            change = _difference(_part(other, index), _part(one, index))
            reached = (entered[0] + change[0], entered[1] + change[1])
            why = TaxCause.CORRECTED if corrects else cause
            steps.append(_Step(group, entered, reached, why, _due(group, entry.on)))
            entered = reached
        received = [_part(held.received.cells, index) for held in (before, after)]
        steps += _advance(group, received[0], received[1], entry.on)
    found = _entries(account, steps, first=first)
    return tuple(
        [replace(e, settlement_entry=entry.entry_id, reverses=entry.reverses) for e in found]
    )


def voiding_entries(
    account: TaxAccount, held: Holdings, opened_on: date, *, first: int
) -> tuple[TaxEntry, ...]:
    """Takes back all that is entered, where it is entered: there never was such a supply."""
    steps = []
    for index, group in enumerate(account.groups):
        day = group.tax_point if group.basis is Basis.ACCRUAL else opened_on
        entered = _entered(group, index, held)
        steps.append(_Step(group, entered, _NOTHING, TaxCause.VOIDED, day))
        steps += _advance(group, _part(held.received.cells, index), _NOTHING, opened_on)
    return _entries(account, steps, first=first)


def _advance(group: TaxedGroup, before: Part, after: Part, on: date) -> list[_Step]:
    """What money that comes, or goes back, in a period before the supply's does to its tax.

    Only where the seller owes tax: nothing falls due early of what is exempt, delivered within the
    union (Article 67) or owed by the buyer.
    """
    early = period_of(on) < period_of(group.tax_point)
    if group.basis is Basis.CASH or group.regime is not Regime.VAT or not group.tax or not early:
        return []
    return [
        _Step(group, before, after, TaxCause.ADVANCE_RECEIVED, on),
        _Step(group, after, before, TaxCause.ADVANCE_RECEIVED, group.tax_point),
    ]


def _due(group: TaxedGroup, on: date) -> date:
    """When what was given up counts: what is not due yet is lowered where it falls due."""
    return on if group.basis is Basis.CASH else max(on, group.tax_point)


def entered_of(account: TaxAccount, held: Holdings) -> Part:
    """The base and the tax that the ledger holds of a document that is not voided."""
    parts = [_entered(group, index, held) for index, group in enumerate(account.groups)]
    zero = quantize(ZERO, account.currency)
    return sum((base for base, _ in parts), zero), sum((tax for _, tax in parts), zero)


def accounted(group: TaxedGroup, part: Part, rate: Decimal, currency: str) -> Part:
    """A part of a group in the tax currency; that of the whole group is as it was frozen.

    It never exceeds the whole, so the parts of a group sum to it and none turns its sign.
    """
    return (
        _converted(part[0], group.base, group.accounted_base, rate, currency),
        _converted(part[1], group.tax, group.accounted_tax, rate, currency),
    )


def _converted(
    part: Decimal, whole: Decimal, whole_converted: Decimal | None, rate: Decimal, currency: str
) -> Decimal:
    if whole_converted is None or part == whole:
        return whole_converted or quantize(ZERO, currency)
    low, high = sorted((ZERO, whole_converted))
    return quantize(min(max(EXACT.multiply(part, rate), low), high), currency)


def _of_money(account: TaxAccount) -> TaxCause:
    """Why money counts: an invoice's is received, a credit note's brings the credit about."""
    return TaxCause.CASH_RECEIVED if account.cause is TaxCause.ISSUED else account.cause


def _changes(
    account: TaxAccount, group: TaxedGroup, before: Holdings, after: Holdings
) -> Iterator[tuple[TaxCause, Cells, Cells]]:
    if group.basis is Basis.CASH:
        yield _of_money(account), before.received.cells, after.received.cells
        return
    yield TaxCause.DISCOUNT_TAKEN, after.discounted.cells, before.discounted.cells
    yield TaxCause.WRITTEN_OFF, after.written_off.cells, before.written_off.cells


def _entered(group: TaxedGroup, index: int, held: Holdings) -> Part:
    if group.basis is Basis.CASH:
        return _part(held.received.cells, index)
    given_up = (_part(held.discounted.cells, index), _part(held.written_off.cells, index))
    return _difference(_difference((group.base, group.tax), given_up[0]), given_up[1])


def _part(cells: Cells, index: int) -> Part:
    return cells[2 * index], cells[2 * index + 1]


def _difference(one: Part, other: Part) -> Part:
    return one[0] - other[0], one[1] - other[1]


def _entries(account: TaxAccount, steps: Sequence[_Step], *, first: int) -> tuple[TaxEntry, ...]:
    moving = [step for step in steps if step.before != step.after]
    return tuple([_entry(account, step, first + index) for index, step in enumerate(moving)])


def _entry(account: TaxAccount, step: _Step, sequence: int) -> TaxEntry:
    group, (base, tax) = step.group, _difference(step.after, step.before)
    entry = TaxEntry(
        sequence=sequence,
        cause=step.cause,
        regime=group.regime,
        jurisdiction=group.jurisdiction,
        category=group.category,
        rate=group.rate,
        base=quantize(base, account.currency),
        tax=quantize(tax, account.currency),
        currency=account.currency,
        tax_point=step.on,
        period=period_of(step.on),
        country=group.country,
        registration=group.registration,
        basis=group.basis,
        scheme=group.scheme,
        provisional=group.provisional,
        derived=group.derived,
        supply=group.supply,
        partner=group.partner,
        origin=group.origin or period_of(group.tax_point),
    )
    conversion = account.conversion_of(group)
    if conversion is None:
        return entry
    reached = accounted(group, step.after, conversion.rate, conversion.currency)
    left = accounted(group, step.before, conversion.rate, conversion.currency)
    return stated_in(conversion, entry, (reached[0] - left[0], reached[1] - left[1]))


def stated_in(conversion: Conversion, entry: TaxEntry, part: Part) -> TaxEntry:
    """An entry with its base and tax in the currency of the tax office."""
    return replace(
        entry,
        tax_currency=conversion.currency,
        exchange_rate=conversion.rate,
        rate_source=conversion.source,
        rate_day=None if conversion.source == RATE_OF_DOCUMENT else conversion.day,
        accounted_base=part[0],
        accounted_tax=part[1],
        provisional=False,
    )
