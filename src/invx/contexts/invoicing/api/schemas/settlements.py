"""What is open of a document, and what settles it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    Code,
    Currency,
    Day,
    DayOut,
    EntryRef,
    Flag,
    In,
    InvoiceRef,
    Out,
    Positive,
    Text,
)
from invx.contexts.invoicing.api.schemas.words import EntryKind, SettlementStatus
from invx.infra.http.fields import TypeId

_ACCOUNT = "The ledger account of the bank or the till; else the legal entity's for the currency."


class _EntryIn(In):
    on: Day | None = Field(None, description="The day it happened; today when absent.")
    note: Text | None = None


class PaymentIn(_EntryIn):
    """Money received for a document."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PAYMENT]})

    amount: Positive
    currency: Currency | None = Field(None, description="Must be the document's.")
    source: Code = Field(description="Your id of the payment; the same one counts once.")
    account: Code | None = Field(None, description=_ACCOUNT)


class DiscountTakenIn(_EntryIn):
    """What the buyer kept for having paid early."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EARLY_PAYMENT]})

    amount: Positive
    currency: Currency | None = Field(None, description="Must be the document's.")
    source: Code = Field(description="Your id of this; the same one counts once.")


class WriteOffIn(_EntryIn):
    """Give up what is open, or a part of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.WRITE_OFF]})

    amount: Positive | None = Field(None, description="All that is open when absent.")
    source: Code = "write-off"


class RefundIn(_EntryIn):
    """Money given back: at most what was paid or credited too much."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REFUND]})

    amount: Positive
    source: Code = Field(description="Your id of the refund; the same one counts once.")
    account: Code | None = Field(None, description=_ACCOUNT)


class ReversalIn(In):
    """An entry that turned out not to be so, such as a returned direct debit."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REVERSAL]})

    entry: Annotated[UUID, TypeId("sent")] = Field(description="The entry to take back.")
    source: Code = Field(description="Your id of this; the same one counts once.")
    on: Day | None = None


class DisputeIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.DISPUTE]})

    disputed: Flag
    reason: Text | None = None


class EntryOut(Out):
    """One entry of the ledger. What takes an earlier one back says so in `reverses`."""

    id: EntryRef
    kind: EntryKind
    amount: Amount
    source: str = Field(
        description="What caused it: of a credit the document that counts here (`inv_…`), of any "
        "other entry your own id."
    )
    on: DayOut
    note: str | None
    reverses: EntryRef | None


class SettlementOut(Out):
    """The ledger of one document: `open` is its total less the sum of its entries."""

    object: Literal["settlement"]
    invoice: InvoiceRef
    version: int
    currency: str
    total: Amount
    open: Amount
    surplus: Amount
    paid: Amount
    credited: Amount
    written_off: Amount
    discounted: Amount
    withheld: Amount
    refunded: Amount
    status: SettlementStatus
    overdue: bool
    disputed: bool
    due_date: DayOut | None
    entries: list[EntryOut]
