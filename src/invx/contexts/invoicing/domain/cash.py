"""Payments in cash that cannot be made to the cent: coins settle what is open, rounded to them."""

from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.domain.balance import Entry, EntryKind
from invx.contexts.invoicing.domain.cash_units import cash_rounded
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement


def pay_cash(settlement: Settlement, posting: Posting, unit: Decimal) -> Entry:
    """Money in coins: where it is what is open, rounded, it settles it, and the rest is rounding.

    Any other sum is a payment like every other. Raises as `record_payment`.
    """
    known, open_before = settlement.entry_from(posting.source), settlement.open
    entry = settlement.record_payment(posting)
    if known is not None or entry.amount != cash_rounded(open_before, unit):
        return entry
    if difference := open_before - entry.amount:
        rounding = Posting(
            source=_rounding_of(posting.source), on=posting.on, closed=posting.closed
        )
        settlement.adjust(EntryKind.ROUNDING, difference, rounding)
    return entry


def reverse_rounding(settlement: Settlement, reversed_: Entry, posting: Posting) -> None:
    """What a payment that is taken back had been rounded by is taken back with it."""
    rounding = settlement.entry_from(_rounding_of(reversed_.source))
    if rounding is None or any(e.reverses == rounding.entry_id for e in settlement.entries):
        return
    own = replace(posting, source=_rounding_of(posting.source))
    settlement.reverse(rounding.entry_id, own)


def _rounding_of(source: str) -> str:
    return f"{source}:rounding"
