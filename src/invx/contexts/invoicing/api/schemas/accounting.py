"""Books: the settings of a legal entity, charts, the journal, open items."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.taxes import Month
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    BookingRef,
    Code,
    Country,
    Currency,
    Day,
    DayOut,
    DecimalOut,
    EntryRef,
    Flag,
    In,
    InvoiceRef,
    LegalEntityRef,
    MomentOut,
    Name,
    Out,
    Percent,
    Positive,
)
from invx.contexts.invoicing.api.schemas.words import AccountPurpose, BookingKind, Regime
from invx.contexts.invoicing.domain.bookkeeping.chart import Purpose, Whereabouts
from invx.rules.tax.model import Scheme, SupplyKind
from invx.rules.totals.model import Regime as RegimeIn

_Entity = Annotated[
    str,
    Field(
        max_length=64, description="The legal entity.", examples=["le_01jd0y7ct4f6d9zq8x3s5v2w1k"]
    ),
]


class AccountRowIn(In):
    """A row laid over the chart. What is not stated holds always; one that fits wins over it."""

    purpose: Purpose
    account: Code
    name: Name | None = None
    tax_key: Code | None = Field(None, description="Such as a DATEV BU key.")
    automatic: Flag = Field(False, description="The account knows its tax and takes no key.")
    regime: RegimeIn = RegimeIn.VAT
    product: Code | None = Field(None, description="The product's tax category (`supply`).")
    reason: Code | None = Field(None, description="A VATEX code; `VATEX-EU-132*` for all such.")
    scheme: Scheme | None = None
    kind: SupplyKind | None = None
    country: Country | None = Field(None, description="Whose tax it is.")
    where: Whereabouts | None = Field(None, description="Where that is, seen from the seller.")
    rate: Percent | None = None
    category: Code | None = Field(None, description="UNCL 5305.")
    currency: Currency | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None


class AccountingIn(In):
    """That there are books. Documents are booked from when this is set."""

    chart: Code | None = Field(None, description="A chart of `GET /v1/accounting/charts`.")
    overrides: list[AccountRowIn] = Field(default=[], max_length=500)
    cost_center_dimension: Code | None = Field(
        None, description="Which of a line's `dimensions` is its cost centre."
    )
    cost_object_dimension: Code | None = None


class AccountRowOut(Out):
    """A row of a chart. One with `asks` has no account: it is a question."""

    purpose: AccountPurpose
    account: str | None
    name: str | None
    tax_key: str | None
    automatic: bool
    asks: str | None
    regime: Regime
    product: str | None
    reason: str | None
    scheme: str | None
    kind: str | None
    country: str | None
    where: str | None
    rate: DecimalOut | None
    category: str | None
    currency: str | None
    valid_from: DayOut | None
    valid_until: DayOut | None


class AccountingOut(Out):
    chart: str | None
    overrides: list[AccountRowOut]
    cost_center_dimension: str | None
    cost_object_dimension: str | None


class ChartSummaryOut(Out):
    object: Literal["chart"]
    code: str = Field(examples=["SKR03"])
    name: str
    version: str
    source: str = Field(description="Where its numbers are from.")
    accounts: int


class ChartOut(ChartSummaryOut):
    """A chart of accounts, as far as invoicing books on it."""

    rows: list[AccountRowOut]


class ChartListOut(Out):
    object: Literal["list"]
    data: list[ChartSummaryOut]
    has_more: bool


class BookRateIn(In):
    """The rate that the bookings of a document wait for."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BOOK_RATE]})

    rate: Positive = Field(description="Units of the book currency per unit of the document's.")


class BookRateOut(Out):
    object: Literal["book_rate"]
    invoice: InvoiceRef
    currency: str
    book_currency: str
    rate: DecimalOut
    bookings: int = Field(
        description="How many of the document are bookable. Money waits for the rate of its day."
    )


class BookingOut(Out):
    """One booking: `amount` goes from `credit` to `debit`. It never changes.

    What a rate gained or lost (`exchange`) has no `amount`, only a `booked_amount`.
    """

    id: BookingRef
    object: Literal["booking"]
    legal_entity: LegalEntityRef
    invoice: InvoiceRef
    sequence: int = Field(description="Counts the bookings of the document from 1.")
    kind: BookingKind
    settlement_entry: EntryRef | None = Field(description="The movement behind it, if any.")
    reverses: BookingRef | None = Field(description="The booking that this one takes back.")
    booked_on: DayOut
    period: Month
    debit: str = Field(description="An account, or `debtor`: the buyer.", examples=["debtor"])
    credit: str = Field(examples=["8400"])
    amount: Amount = Field(description="With its tax; never negative.")
    currency: str
    booked_amount: Amount | None = Field(description="In the book currency; null while pending.")
    book_currency: str
    exchange_rate: DecimalOut | None = Field(
        description="Units of the book currency per unit of the currency."
    )
    pending: bool = Field(description="It waits for a rate to the book currency.")
    receivable: Amount = Field(description="What the buyer owes more by it; negative: less.")
    tax: Amount | None = Field(description="Contained in `amount`; null where tax is no matter.")
    tax_due: Amount = Field(description="`tax` with the sign of the tax ledger.")
    tax_key: str | None
    automatic: bool = Field(description="The account knows its tax and takes no key.")
    tax_category: str | None
    tax_rate: DecimalOut | None
    country: str | None
    scheme: str | None
    cost_center: str | None
    cost_object: str | None
    document_number: str
    service_date: DayOut | None
    due_date: DayOut | None
    origin_on: DayOut | None = Field(
        description="The day it belongs to, where that was closed already: it came too late for it."
    )
    recorded_at: MomentOut


class BookingListOut(Out):
    object: Literal["list"]
    data: list[BookingOut]
    has_more: bool
    next: str | None


class BalancesQuery(BaseModel):
    """Whose books, and which days: from the first to the last of them."""

    model_config = ConfigDict(extra="forbid")

    legal_entity: _Entity
    first: date = Field(alias="from")
    last: date = Field(alias="to")


class BalanceOut(Out):
    """An account: all that was booked on it in these days, in the book currency."""

    account: str
    currency: str
    debit: Amount
    credit: Amount
    balance: Amount = Field(description="Debit less credit.")
    count: int
    bookings: str = Field(
        description="The address of exactly these bookings.",
        examples=["/v1/accounting/bookings?account=8400"],
    )


class BalancesOut(Out):
    """Sums per account. Every booking is in two of them, so the balances sum to zero."""

    model_config = ConfigDict(populate_by_name=True)

    object: Literal["accounting_balances"]
    legal_entity: LegalEntityRef
    first: DayOut = Field(alias="from")
    last: DayOut = Field(alias="to")
    accounts: list[BalanceOut]
    pending: int = Field(description="Bookings of these days that wait for a rate.")


class OpenItemOut(Out):
    """What one buyer owes one seller in one currency; `total` is the ages less the surplus."""

    object: Literal["open_items"]
    legal_entity: LegalEntityRef
    customer: str | None
    invoice: InvoiceRef | None = Field(description="Of a buyer without an id, who has only this.")
    buyer: str | None
    on: DayOut
    currency: str
    total: Amount
    not_due: Amount
    days_1_30: Amount = Field(description="Overdue for 1 to 30 days.")
    days_31_60: Amount
    days_61_90: Amount
    over_90: Amount
    surplus: Amount = Field(description="What we owe the buyer.")
    count: int = Field(description="How many documents.")
    invoices: str = Field(description="The address of the documents.")


class OpenItemListOut(Out):
    object: Literal["list"]
    data: list[OpenItemOut]
    has_more: bool
    next: str | None


class JournalQuery(BaseModel):
    """Whose books."""

    model_config = ConfigDict(extra="forbid")

    legal_entity: _Entity


class BookedOut(Out):
    booked: int
    unbooked: int = Field(description="Finalized before there were books.")


class JournalReceivablesOut(Out):
    """What buyers owe: `documents` less `settlements` is `open`; the journal has `booked` of it."""

    documents: Amount
    settlements: Amount
    open: Amount
    booked: Amount = Field(description="`open` of the documents that are in the journal.")
    journal: Amount = Field(description="The buyers' side of the journal.")
    bookings: str


class JournalBookOut(Out):
    """The same in the currency of the books, of the documents that wait for no rate."""

    open: Amount = Field(
        description="The documents at the rate of their day, less what settled them carried of it."
    )
    journal: Amount = Field(description="The buyers' side of the journal.")


class JournalTaxOut(Out):
    """The tax in the journal; on cash basis the ledger has it when it is received."""

    journal: Amount
    ledger: Amount
    not_received: Amount


class JournalDifferencesOut(Out):
    """All zero when the journal agrees with its sources."""

    receivables: Amount
    journal: Amount
    book: Amount = Field(description="The same in the currency of the books.")
    tax: Amount = Field(description="Of the documents and what was given up, less the journal.")
    tax_ledger: Amount = Field(description="Journal less ledger, where both must have all of it.")


class JournalCurrencyOut(Out):
    currency: str
    documents: BookedOut
    pending: int = Field(description="Bookings that wait for a rate.")
    receivables: JournalReceivablesOut
    book: JournalBookOut
    tax: JournalTaxOut
    differences: JournalDifferencesOut
    astray: list[InvoiceRef] = Field(description="The documents that differ, at most 100.")


class JournalReconciliationOut(Out):
    """The journal beside the documents, settlements and tax entries that it must agree with."""

    object: Literal["accounting_reconciliation"]
    legal_entity: LegalEntityRef
    balanced: bool
    currencies: list[JournalCurrencyOut]
