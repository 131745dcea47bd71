"""The tax ledger: its entries, their sums, and whether it agrees with its sources."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    DayOut,
    DecimalOut,
    EntryRef,
    InvoiceRef,
    LegalEntityRef,
    MomentOut,
    Out,
    RegistrationRef,
    TaxEntryRef,
)
from invx.contexts.invoicing.api.schemas.words import (
    Regime,
    ReturnPeriod,
    TaxBasis,
    TaxCause,
    TaxSupply,
)
from invx.contexts.invoicing.api.tax_lists import MONTH

Month = Annotated[str, Field(pattern=f"^{MONTH}$", examples=["2026-11"])]
_Entity = Annotated[
    str,
    Field(
        max_length=64, description="The legal entity.", examples=["le_01jd0y7ct4f6d9zq8x3s5v2w1k"]
    ),
]


class SummaryQuery(BaseModel):
    """Whose ledger, and which months: from the first to the last of them."""

    model_config = ConfigDict(extra="forbid")

    legal_entity: _Entity
    first: Month = Field(alias="from")
    last: Month = Field(alias="to")


class ReconciliationQuery(BaseModel):
    """Whose ledger, and which month."""

    model_config = ConfigDict(extra="forbid")

    legal_entity: _Entity
    period: Month


class AccountedSumOut(Out):
    """Sums in the currency in which the tax is accounted for."""

    currency: str
    base: Amount
    tax: Amount


class AccountedOut(AccountedSumOut):
    """The entry in the currency in which its tax is accounted for."""

    exchange_rate: DecimalOut = Field(description="Units of this currency per document unit.")
    source: str = Field(description="Who published the rate, or `document` that its author did.")
    rate_day: DayOut | None = Field(description="The first day on which a published rate held.")


class _TaxGroupOut(Out):
    registration: RegistrationRef | None = Field(
        description="Null when the seller had no registration there on that day: see `registered`."
    )
    registered: bool
    country: str | None = Field(description="Whose tax it is.")
    regime: Regime
    jurisdiction: str | None
    category: str
    rate: DecimalOut
    currency: str
    base: Amount
    tax: Amount


class TaxEntryOut(_TaxGroupOut):
    """One entry of the tax ledger. What corrects it is another entry.

    Only a provisional one is stated once more, in the currency of the tax office.
    """

    id: TaxEntryRef
    object: Literal["tax_entry"]
    legal_entity: LegalEntityRef
    invoice: InvoiceRef
    sequence: int = Field(description="Counts the entries of the document from 1.")
    cause: TaxCause
    settlement_entry: EntryRef | None = Field(description="The movement behind it, if any.")
    reverses: EntryRef | None = Field(description="The movement that was taken back by that one.")
    tax_point: DayOut
    period: Month
    basis: TaxBasis
    scheme: str | None = Field(description="On which ground it bears its tax.")
    derived: bool = Field(
        description="The taxes were stated, and the scheme was read from them: not determined."
    )
    supply: TaxSupply | None = Field(description="Where returns tell it apart.")
    partner: str | None = Field(description="The country that the buyer's VAT id begins with.")
    origin_period: Month | None = Field(
        description="The period of the supply; what is entered in another one corrects it."
    )
    closed_period: Month | None = Field(
        description="That of its tax point, where it was closed already: it came too late for it."
    )
    treatment: str = Field(
        description="All by which returns tell entries apart, in one word.",
        examples=["vat/domestic/-/S/19/DE"],
    )
    accounted: AccountedOut | None
    provisional: bool = Field(
        description="It is to be accounted for in another currency, and no rate is known yet."
    )
    recorded_at: MomentOut


class TaxEntryListOut(Out):
    object: Literal["list"]
    data: list[TaxEntryOut]
    has_more: bool
    next: str | None


class RegistrationFigureOut(Out):
    """A registration of the legal entity as it is today."""

    id: RegistrationRef
    country: str
    vat_id: str | None
    tax_number: str | None
    basis: TaxBasis
    valid_from: DayOut | None
    valid_to: DayOut | None
    special: str
    return_period: ReturnPeriod


class TaxFigureOut(_TaxGroupOut):
    """A sum of entries."""

    period: Month
    accounted: AccountedSumOut | None
    provisional: bool
    count: int
    entries: str = Field(
        description="The address of exactly these entries.",
        examples=["/v1/tax/entries?period=2026-11&category=S&rate=19"],
    )


class TaxSummaryOut(Out):
    """The ledger by registration, period, category and rate: each entry in exactly one figure."""

    model_config = ConfigDict(populate_by_name=True)

    object: Literal["tax_summary"]
    legal_entity: LegalEntityRef
    first: Month = Field(alias="from")
    last: Month = Field(alias="to")
    registrations: list[RegistrationFigureOut]
    figures: list[TaxFigureOut]
    unregistered: int = Field(description="Entries that no registration serves.")
    provisional: int = Field(description="Entries that lack a rate of exchange.")


class LedgerSumOut(Out):
    base: Amount
    tax: Amount
    count: int


class CauseSumOut(LedgerSumOut):
    cause: TaxCause


class LedgerOut(LedgerSumOut):
    """All entries of the period, once by where they come from and once by cause."""

    of_documents: LedgerSumOut
    of_settlements: LedgerSumOut
    causes: list[CauseSumOut]


class DocumentTaxOut(Out):
    """The documents with an entry in the period; `tax` is `entered` and `unentered`."""

    count: int
    tax: Amount = Field(description="As the documents state it; credit notes count negative.")
    entered: Amount = Field(description="What the ledger holds of them, of all periods.")
    unentered: Amount = Field(description="Not received yet (cash basis), or given up.")


class ReceivablesOut(Out):
    """What buyers owe: opening, and documents, less settlements, is closing."""

    opening: Amount
    documents: Amount
    settlements: Amount
    closing: Amount
    now: Amount = Field(description="What is open today less what is surplus, of all documents.")


class ReturnedOut(Out):
    """The ledger of the period as the returns of all registrations have it."""

    in_boxes: LedgerSumOut = Field(description="In a box of `main` of a country's form.")
    unassigned: LedgerSumOut = Field(description="In none: see `GET /v1/tax/returns`.")
    unregistered: LedgerSumOut = Field(description="No registration serves it.")


class DifferencesOut(Out):
    """All zero when the ledger agrees with its sources."""

    entered: Amount = Field(description="Tax of the entries less what settlements say of it.")
    entered_base: Amount
    documents: Amount = Field(description="Tax of the documents less entered and unentered.")
    movements_astray: Amount = Field(
        description="The number of entries whose movement is missing or of another day."
    )
    receivables: Amount = Field(description="Documents less settlements less open balances.")
    returns: Amount = Field(description="Tax of the ledger less that of all returns.")
    returns_base: Amount


class CurrencyReconciliationOut(Out):
    currency: str
    ledger: LedgerOut
    documents: DocumentTaxOut
    receivables: ReceivablesOut
    returns: ReturnedOut
    differences: DifferencesOut


class ReconciliationOut(Out):
    """The tax ledger of a month beside the documents and settlements that it comes from."""

    object: Literal["tax_reconciliation"]
    legal_entity: LegalEntityRef
    period: Month
    balanced: bool
    currencies: list[CurrencyReconciliationOut]
