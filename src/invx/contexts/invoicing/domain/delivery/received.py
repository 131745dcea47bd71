"""What the bank really credited for a payment in a foreign currency (F02)."""

from dataclasses import dataclass
from decimal import Decimal

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.amounts import amount_problems
from invx.contexts.invoicing.domain.bookkeeping.books import Worth
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.kernel.errors import Problem
from invx.kernel.money import quantize


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An exact amount in the currency of the books. It is kept; a rate only follows from it."""

    amount: Decimal
    currency: str


def received_worth(settlement: Settlement, received: Received) -> Worth:
    """What the payment is worth in the books. Raises EntryInvalid."""
    if settlement.books is None:
        code, detail = "received_not_foreign", "The document is in the currency of the books."
        raise errors.EntryInvalid(problems=[Problem("/received", code, detail)])
    books, amount = settlement.books.value.currency, received.amount
    problems = []
    if received.currency != books:
        detail = f"The books are kept in {books}."
        problems.append(Problem("/received/currency", "currency_differs", detail))
    problems += amount_problems(amount, books, "/received/amount")
    if problems:
        raise errors.EntryInvalid(problems=problems)
    return Worth(amount=quantize(amount, books))
