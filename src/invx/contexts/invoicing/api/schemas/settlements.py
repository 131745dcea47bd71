"""What is open of a document, and what settles it."""

from datetime import date
from typing import Literal

from pydantic import Field

from invx.contexts.invoicing.api.schemas.values import Amount, Code, Currency, In, Out, Positive, Text


class PaymentIn(In):
    """Money received for a document."""

    amount: Positive
    currency: Currency | None = Field(None, description="Must be the document's.")
    source: Code = Field(description="Your id of the payment; the same one counts once.")
    on: date | None = Field(None, description="The day it was received; today when absent.")
    note: Text | None = None


class WriteOffIn(In):
    """Give up what is open, or a part of it."""

    amount: Positive | None = None
    source: Code = "write-off"
    on: date | None = None
    note: Text | None = None


class RefundIn(In):
    """Money given back: at most what was paid or credited too much."""

    amount: Positive
    source: Code
    on: date | None = None
    note: Text | None = None


class ReversalIn(In):
    """An entry that turned out not to be so, such as a returned direct debit."""

    entry: str
    source: Code
    on: date | None = None


class DisputeIn(In):
    disputed: bool
    reason: Text | None = None


class EntryOut(Out):
    id: str
    kind: str
    amount: Amount
    source: str
    on: date
    note: str | None


class SettlementOut(Out):
    """The ledger of one document: `open` is its total less the sum of its entries."""

    object: Literal["settlement"]
    invoice: str
    version: int
    currency: str
    total: Amount
    open: Amount
    surplus: Amount
    paid: Amount
    credited: Amount
    written_off: Amount
    status: str
    overdue: bool
    disputed: bool
    entries: list[EntryOut]
