"""Invoices in dollars of a seller who keeps books in euro, and what their journals hold."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from invx.contexts.invoicing.domain.bookkeeping.accounting import Accounting
from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.domain.bookkeeping.books import BookValue, Worth
from invx.contexts.invoicing.domain.bookkeeping.chart import AccountRow, Purpose
from invx.contexts.invoicing.domain.bookkeeping.journal import Journal
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate
from invx.contexts.invoicing.domain.settlement import Settlement
from tests.unit.invoicing.domain.drafts import TODAY, content
from tests.unit.invoicing.domain.taxed import ACCRUAL, Case, entity

D = Decimal
OWN = AccountRow(purpose=Purpose.REVENUE, category="S", rate=D("5.5"), account="8399")
BOOKS = Accounting(chart="SKR03", overrides=(OWN,))


def at(rate: Any) -> ExchangeRate:
    """The rate of the day."""
    return ExchangeRate(rate=D(rate), source="ecb", day=TODAY)


def worth(rate: Any) -> Worth:
    """Money at a rate."""
    return Worth(rate=at(rate))


def received(amount: str) -> Worth:
    """Money of which the bank has said what it is."""
    return Worth(amount=D(amount))


def abroad(*lines: Any, rate: Any = None, basis: Any = ACCRUAL, **more: Any) -> Case:
    """An invoice in dollars; without a rate its value in the books is not known yet."""
    value = BookValue(currency="EUR", day=TODAY, rate=None if rate is None else at(rate))
    said = content(*lines, currency="USD", **more)
    return Case.of(said, entity(basis, accounting=BOOKS), value=value)


def journal(settlement: Settlement) -> Journal:
    """The journal of a seller who keeps books."""
    assert settlement.journal is not None
    return settlement.journal


def told(settlement: Settlement, since: int = 0) -> list[tuple[str, ...]]:
    """Kind, debit, credit, the amounts in both currencies; `pending` where there is none yet."""
    return [
        (
            str(each.kind),
            each.debit,
            each.credit,
            str(each.amount),
            "pending" if each.pending else str(each.booked_amount),
        )
        for each in journal(settlement).bookings[since:]
    ]


def left(settlement: Settlement) -> Decimal:
    """What the document still stands for in the books, as its entries say."""
    if settlement.standing.voided:
        return D(0)
    assert settlement.books is not None
    assert settlement.books.value.total is not None
    carried = [each.carried_amount or D(0) for each in settlement.entries]
    return settlement.books.value.total - sum(carried, D(0))


def by_account(bookings: Sequence[Booking]) -> dict[str, Decimal]:
    """Debit less credit of each account, in the currency of the books."""
    found: dict[str, Decimal] = {}
    for each in bookings:
        if each.debit != each.credit:
            found[each.debit] = found.get(each.debit, D(0)) + each.booked_amount
            found[each.credit] = found.get(each.credit, D(0)) - each.booked_amount
    return {account: amount for account, amount in found.items() if amount}
