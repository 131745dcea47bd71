"""Lines as they come back: what was said, and the figures that follow from it."""

from pydantic import Field

from invx.contexts.invoicing.api.schemas.parties_out import AddressOut, IdentifierOut
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    DayOut,
    DecimalOut,
    Out,
)
from invx.contexts.invoicing.api.schemas.words import LineKind, RecognitionMethod, Regime


class PeriodOut(Out):
    """Days from start to end, both inclusive."""

    start: DayOut | None
    end: DayOut | None


class TaxOut(Out):
    """A tax as it was said."""

    regime: Regime
    jurisdiction: str | None
    category: str
    rate: DecimalOut
    reason: str | None
    reason_code: str | None


class LineTaxOut(TaxOut):
    """A tax of a line, with the line's share of the group's base and amount."""

    base: Amount
    amount: Amount


class TaxGroupOut(TaxOut):
    """One row of the tax breakdown (BG-23 for VAT)."""

    base: Amount = Field(description="The taxable amount (BT-116).")
    amount: Amount = Field(description="The tax (BT-117); of a withholding what is kept back.")


class AdjustmentOut(Out):
    """A discount or a charge with its figures."""

    percent: DecimalOut | None
    base: Amount | None
    amount: Amount
    reason: str | None
    reason_code: str | None
    taxes: list[TaxOut]


class SourceOut(Out):
    kind: str
    id: str
    version: str | None
    period: PeriodOut | None


class BreakdownOut(Out):
    """One step of how a computed line came about, such as a price tier."""

    description: str | None
    quantity: DecimalOut | None
    unit: str | None
    price: DecimalOut | None
    amount: DecimalOut


class AttributeOut(Out):
    name: str
    value: str


class ItemOut(Out):
    seller_id: str | None
    buyer_id: str | None
    standard_id: IdentifierOut | None
    classifications: list[IdentifierOut]
    origin: str | None
    attributes: list[AttributeOut]


class SupplyOut(Out):
    kind: str
    category: str
    dispatch: AddressOut | None
    delivery: AddressOut | None
    located: AddressOut | None
    transported: bool
    installed: bool
    importer: str | None
    triangular: bool


class MilestoneOut(Out):
    name: str
    percent: DecimalOut


class RecognitionTermsOut(Out):
    """When the revenue of a line is earned."""

    method: RecognitionMethod
    milestones: list[MilestoneOut]


class LineOut(Out):
    """A line. The figures of a line with children are the sums of theirs."""

    id: str
    kind: LineKind
    description: str | None
    details: str | None
    quantity: DecimalOut
    unit: str = Field(description="A code of UN/ECE Recommendation 20.", examples=["HUR"])
    price: DecimalOut | None
    price_discount: DecimalOut
    base_quantity: DecimalOut
    price_includes_tax: bool | None
    discounts: list[AdjustmentOut]
    charges: list[AdjustmentOut]
    taxes: list[LineTaxOut]
    subtotal: Amount = Field(description="Quantity times price, before discounts and charges.")
    net: Amount = Field(description="Net of tax (BT-131).")
    gross: Amount = Field(description="Net and every tax but withholding.")
    computed: bool = Field(description="Whether `net` was given instead of worked out.")
    breakdown: list[BreakdownOut]
    source: SourceOut | None
    service_period: PeriodOut | None
    item: ItemOut | None
    order_line: str | None
    buyer_accounting_reference: str | None
    dimensions: dict[str, str]
    ledger_account: str | None
    tax_key: str | None
    metadata: dict[str, str] | None
    children: list["LineOut"]
    note: str | None
    invoiced_object: IdentifierOut | None
    supply: SupplyOut | None = Field(description="What its taxes were determined from.")
    recognition: RecognitionTermsOut | None = Field(description="When its revenue is earned.")
