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
    DecimalOut,
    EntryRef,
    Flag,
    In,
    InvoiceRef,
    NotNegative,
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


class ReceivedIn(In):
    """What the bank credited, in the currency of the books."""

    amount: Positive
    currency: Currency


class PaymentIn(_EntryIn):
    """Money received for a document."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PAYMENT]})

    amount: Positive
    currency: Currency | None = Field(None, description="Must be the document's.")
    source: Code = Field(description="Your id of the payment; the same one counts once.")
    received: ReceivedIn | None = Field(
        None,
        description="Of a document in a foreign currency: what the bank credited. It is kept "
        "exactly; without it the `settlement` rate of the day counts.",
    )
    account: Code | None = Field(None, description=_ACCOUNT)
    cash: Flag = Field(
        False,
        description="In coins: what is open, rounded to the legal entity's `cash_rounding` for the "
        "currency, settles it.",
    )


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


class CertificateIn(_EntryIn):
    """The buyer's certificate of tax that was kept back and paid for the seller."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CERTIFICATE]})

    amount: NotNegative = Field(description="Zero takes an earlier certificate back.")
    source: Code = Field(
        description="The number of the certificate; a corrected one has the number of the first."
    )
    final: Flag = Field(
        False,
        description="No other one follows: what was expected beyond all of them is owed after all.",
    )


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


class BookOut(Out):
    """The document in the currency of the books; without figures while its rate is unknown."""

    currency: str
    total: Amount | None
    exchange_rate: DecimalOut | None = Field(
        description="Units of this currency for one of the document's."
    )
    rate_source: str | None
    rate_day: DayOut | None = Field(description="The first day on which the rate held.")
    exchange_difference: Amount = Field(
        description="Realised so far: above zero a gain, below a loss."
    )


class EntryBookedOut(Out):
    """An entry in the currency of the books: `amount` less `carried` is what was gained."""

    currency: str
    amount: Amount = Field(description="What the movement is worth, with its sign.")
    carried: Amount | None = Field(description="The part of the document's value that it takes.")
    exchange_difference: Amount | None = Field(description="Above zero a gain, below a loss.")
    exchange_rate: DecimalOut | None = Field(
        description="Units of this currency for one of the document's."
    )
    rate_source: str | None = Field(
        description="Who published the rate; `received` where it follows from the bank's figure."
    )
    rate_day: DayOut | None


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
    booked: EntryBookedOut | None = Field(
        description="In the currency of the books, where that is another one."
    )


class DuePartOut(Out):
    """An instalment with what of it is still open."""

    due_date: DayOut
    amount: Amount
    open: Amount
    overdue: bool


class PaymentPlanOut(Out):
    """Since when what is open is due by a plan."""

    agreed_on: DayOut


class CertificateOut(Out):
    """A certificate of tax that the buyer kept back and paid."""

    source: str
    on: DayOut
    amount: Amount
    final: bool


class WithholdingOut(Out):
    """Tax that the buyer keeps back: what the document expects, and what is certified."""

    expected: Amount
    certified: Amount
    certificates: list[CertificateOut]


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
    rounded: Amount = Field(description="Of cash: above zero the buyer paid less.")
    status: SettlementStatus
    overdue: bool
    overdue_amount: Amount = Field(description="What is open of instalments whose day has passed.")
    disputed: bool
    due_date: DayOut | None = Field(description="Of the part that is to be paid next.")
    instalments: list[DuePartOut] = Field(
        description="By due date, where there are several; each payment covers the first open one."
    )
    payment_plan: PaymentPlanOut | None = Field(
        description="The instalments were agreed after the document was issued."
    )
    book: BookOut | None
    awaits_rates: bool = Field(description="An exchange rate is not published yet.")
    withholding: WithholdingOut | None
    entries: list[EntryOut]
