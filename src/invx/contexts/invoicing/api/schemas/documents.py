"""Documents: what a draft says, and the resource that comes back."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from invx.contexts.invoicing.api.schemas.parties import IdentifierIn, PartyIn, PaymentTermsIn
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    Code,
    Currency,
    In,
    Language,
    Name,
    NotNegative,
    Number,
    Out,
    Pairs,
    Percent,
    Positive,
    Text,
)
from invx.kernel import limits
from invx.rules.totals.model import LineKind, Profile, Regime

Type = Literal["invoice", "credit_note", "proforma"]


class TaxIn(In):
    """A tax. For VAT the category is a code of UNCL 5305: S Z E AE K G O L M."""

    regime: Regime = Regime.VAT
    jurisdiction: Code | None = None
    category: Code
    rate: Percent = Field("0", validate_default=True)
    reason: Text | None = Field(None, description="Why no tax is charged (BT-120).")
    reason_code: Code | None = Field(None, description="A VATEX code (BT-121).")


class AdjustmentIn(In):
    """A discount or a charge: a percent of a base, or an amount."""

    percent: Percent | None = None
    amount: Number | None = None
    base: Number | None = None
    reason: Text | None = None
    reason_code: Code | None = None


class DocumentAdjustmentIn(AdjustmentIn):
    """On the document it may name its taxes; else it is split over the document's tax groups."""

    taxes: list[TaxIn] = Field(default=[], max_length=5)


class PeriodIn(In):
    start: date | None = None
    end: date | None = None


class SourceIn(In):
    """Where a line comes from: a time entry, a subscription's period, rated usage, …"""

    kind: Code
    id: Code
    version: Code | None = None
    period: PeriodIn | None = None


class BreakdownIn(In):
    description: Text | None = None
    quantity: Number | None = None
    unit: Code | None = None
    price: Number | None = None
    amount: Number


class AttributeIn(In):
    name: Name
    value: Name


class ItemIn(In):
    seller_id: Code | None = None
    buyer_id: Code | None = None
    standard_id: IdentifierIn | None = None
    classifications: list[IdentifierIn] = Field(default=[], max_length=20)
    origin: Code | None = None
    attributes: list[AttributeIn] = Field(default=[], max_length=100)


class LineIn(In):
    """A line. Items have a quantity and a price, or a `net` that a pricing engine worked out."""

    id: Code | None = Field(None, description="Unique in the document; made when absent.")
    kind: LineKind = LineKind.ITEM
    description: Text | None = None
    details: Text | None = None
    quantity: Number = Field("1", validate_default=True)
    unit: Code = Field("C62", description="UN/ECE code, or a name such as `hour` or `day`.")
    price: Number | None = None
    price_discount: NotNegative = Field("0", validate_default=True)
    base_quantity: Positive = Field("1", validate_default=True)
    price_includes_tax: bool | None = None
    discounts: list[AdjustmentIn] = Field(default=[], max_length=20)
    charges: list[AdjustmentIn] = Field(default=[], max_length=20)
    taxes: list[TaxIn] = Field(default=[], max_length=5)
    net: Number | None = None
    breakdown: list[BreakdownIn] = Field(default=[], max_length=1000)
    source: SourceIn | None = None
    service_period: PeriodIn | None = None
    item: ItemIn | None = None
    order_line: Code | None = None
    buyer_accounting_reference: Code | None = None
    dimensions: Pairs = Field(default={})
    ledger_account: Code | None = None
    metadata: Pairs | None = None
    children: list[Self] = Field(default=[], max_length=1000)


class PrecedingIn(In):
    number: Code
    issue_date: date | None = None


class TaxCurrencyIn(In):
    currency: Currency
    rate: Positive


class ContentIn(In):
    """What a document says. Everything that follows from it is worked out by us."""

    type: Type = "invoice"
    type_code: Annotated[str, Field(pattern="^[0-9]{1,3}$")] | None = Field(
        None, description="UNTDID 1001, where it refines the type: 389 self-billed, 384, 326, …"
    )
    external_id: Code | None = None
    currency: Currency | None = Field(None, description="The legal entity's when absent.")
    profile: Profile | None = Field(None, description="The legal entity's when absent.")
    language: Language | None = None
    prices_include_tax: bool = False
    buyer: PartyIn | None = None
    recipient: PartyIn | None = None
    ship_to: PartyIn | None = None
    payee: PartyIn | None = None
    tax_representative: PartyIn | None = None
    buyer_reference: Code | None = None
    purchase_order: Code | None = None
    sales_order: Code | None = None
    contract: Code | None = None
    project: Code | None = None
    buyer_accounting_reference: Code | None = None
    preceding: list[PrecedingIn] = Field(default=[], max_length=100)
    issue_date: date | None = None
    supply_date: date | None = None
    service_period: PeriodIn | None = None
    tax_point: date | None = None
    due_date: date | None = None
    payment_terms: PaymentTermsIn | None = None
    lines: list[LineIn] = Field(default=[], max_length=limits.LINES_PER_DOCUMENT_MAX)
    discounts: list[DocumentAdjustmentIn] = Field(default=[], max_length=100)
    charges: list[DocumentAdjustmentIn] = Field(default=[], max_length=100)
    prepaid: Number = Field("0", validate_default=True)
    payable_rounding: Number | None = None
    cash_unit: Positive | None = None
    tax_currency: TaxCurrencyIn | None = None
    notes: Text | None = None
    footer: Text | None = None
    metadata: Pairs | None = None


class DraftIn(ContentIn):
    """A new draft."""

    legal_entity: str | None = Field(None, description="May be left out when there is only one.")


class FinalizeIn(In):
    issue_date: date | None = Field(
        None, description="Today in the legal entity's zone when absent; never in the future."
    )
    series: str | None = Field(None, description="The default series of the type when absent.")


class ReasonIn(In):
    reason: Text | None = None


class ReleaseIn(In):
    how: Name = Field("marked as sent", description="How the document left the house.")


class LineCreditIn(In):
    """A line to credit: so many units, or so much of its net; the rest of it when neither."""

    line_id: Code
    quantity: Positive | None = None
    net: Positive | None = None


class CreditNoteIn(In):
    """What to credit: everything that is left, some lines, or an amount including tax."""

    lines: list[LineCreditIn] | None = Field(None, min_length=1, max_length=10_000)
    amount: Positive | None = None
    reason: Text | None = None
    external_id: Code | None = None
    finalize: bool = Field(False, description="Finalize at once instead of leaving a draft.")
    issue_date: date | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.lines is not None and self.amount is not None:
            raise ValueError("give lines or an amount, not both")
        return self


class CancelIn(In):
    reason: Text | None = None
    issue_date: date | None = None


class TotalsOut(Out):
    """The totals (BT-106 to BT-115). `due` is what the buyer is to pay."""

    net: Amount
    tax: Amount
    gross: Amount
    due: Amount


class InvoiceSummaryOut(Out):
    """A document as lists show it."""

    id: str = Field(examples=["inv_01jd0y7ct4f6d9zq8x3s5v2w1k"])
    object: Literal["invoice"]
    version: int
    legal_entity: str
    type: str
    status: str
    voided: bool
    number: str | None
    series: str | None
    external_id: str | None
    customer: str | None
    buyer_name: str | None
    currency: str
    issue_date: str | None
    due_date: str | None
    totals: TotalsOut
    settlement_status: str | None
    open: Amount | None
    paid: Amount | None
    credited: Amount | None
    written_off: Amount | None
    surplus: Amount | None
    overdue: bool
    disputed: bool
    delivery_status: str
    clearance_status: str
    mode: Literal["live", "test"]
    credits: str | None
    credit_notes: list[str]
    replaces: str | None
    replaced_by: str | None
    cancels: str | None
    cancelled_by: str | None
    created_at: str
    finalized_at: str | None


class InvoiceOut(InvoiceSummaryOut):
    """A document in full: the summary, and everything it says."""

    profile: str
    rounding: str
    rules_version: str
    lines: list[dict[str, object]]
    tax_groups: list[dict[str, object]]


class CheckOut(Out):
    """Lines, taxes, totals and problems of a draft; nothing was written."""

    object: Literal["check"]
    valid: bool
    problems: list[dict[str, object]]
    totals: dict[str, object] | None
    lines: list[dict[str, object]]
    tax_groups: list[dict[str, object]]


class InvoiceListOut(Out):
    object: Literal["list"]
    data: list[InvoiceSummaryOut]
    has_more: bool
    next: str | None


class HistoryEntryOut(Out):
    object: Literal["history_entry"]
    type: str
    about: str
    version: int
    at: str
    recorded_at: str
    actor: str
    request_id: str
    details: dict[str, object]


class HistoryOut(Out):
    object: Literal["list"]
    data: list[HistoryEntryOut]
    has_more: bool


class StepOut(Out):
    """One figure: the rule, the formula with its numbers, and the figures that it follows from."""

    pointer: str
    rule: str
    formula: str
    result: str
    inputs: list[str]


class ExplanationOut(Out):
    object: Literal["explanation"]
    invoice: str
    steps: list[StepOut]


class ErasureIn(In):
    """Whose personal data is to be erased: a customer, by your own id."""

    customer: Code


class KeptOut(Out):
    invoice: str
    number: str | None
    until: str
    reason: str


class ErasureOut(Out):
    """What was erased, and what the law keeps."""

    object: Literal["erasure"]
    customer: str
    erased: list[str]
    kept: list[KeptOut]
