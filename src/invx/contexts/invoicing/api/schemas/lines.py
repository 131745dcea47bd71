"""Lines of a draft, and what stands on a line: taxes, discounts, items, where it comes from."""

from typing import Literal

from pydantic import Field

from invx.contexts.invoicing.api.schemas.parties import AddressIn, IdentifierIn
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    Day,
    Flag,
    In,
    Name,
    NotNegative,
    Number,
    Pairs,
    Percent,
    Positive,
    Text,
    listed,
)
from invx.contexts.invoicing.domain.recognition.terms import MILESTONES_MAX, Method
from invx.rules.tax.model import SupplyKind
from invx.rules.totals.model import LineKind, Regime


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

    taxes: list[TaxIn] = listed(max_length=5)


class PeriodIn(In):
    start: Day | None = None
    end: Day | None = None


class SourceIn(In):
    """Where a line comes from, such as a time entry, a subscription's period or rated usage."""

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
    value: Text


class ItemIn(In):
    seller_id: Code | None = None
    buyer_id: Code | None = None
    standard_id: IdentifierIn | None = None
    classifications: list[IdentifierIn] = listed(max_length=20)
    origin: Code | None = None
    attributes: list[AttributeIn] = listed(max_length=100)


class SupplyIn(In):
    """What decides the taxes of a line, together with seller, buyer and date."""

    kind: SupplyKind = Field(description="By what the place of the supply is found.")
    category: Code = Field(
        "standard", description="The product's tax category in the country packs, such as `books`."
    )
    dispatch: AddressIn | None = Field(
        None, description="Where transport begins; the seller's address if absent."
    )
    delivery: AddressIn | None = Field(
        None, description="Where it ends; `ship_to` or the buyer's address if absent."
    )
    located: AddressIn | None = Field(None, description="Where a service happens.")
    transported: Flag = Field(True, description="False for goods that are collected.")
    installed: Flag = Field(False, description="True for goods that the seller installs.")
    importer: Literal["buyer", "seller"] | None = None
    triangular: Flag = Field(
        False,
        description="The middle party's sale of a triangular transaction (Article 141 of the VAT"
        " Directive). Its taxes are stated: they are not determined.",
    )


class MilestoneIn(In):
    name: Code = Field(description="By which it is said to be reached; it names nobody.")
    percent: Percent


class RecognitionIn(In):
    """When the revenue of a line is earned. It changes no figure of the document."""

    method: Method = Field(
        Method.ON_ISSUE,
        description="`straight_line`: day by day over the service period of the line, or of the "
        "document; `milestone`: part by part, when each is reached.",
    )
    milestones: list[MilestoneIn] = listed(max_length=MILESTONES_MAX)


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
    price_includes_tax: Flag | None = None
    discounts: list[AdjustmentIn] = listed(max_length=20)
    charges: list[AdjustmentIn] = listed(max_length=20)
    taxes: list[TaxIn] = listed(max_length=5)
    net: Number | None = None
    breakdown: list[BreakdownIn] = listed(max_length=1000)
    source: SourceIn | None = None
    service_period: PeriodIn | None = None
    item: ItemIn | None = None
    order_line: Code | None = None
    buyer_accounting_reference: Code | None = None
    dimensions: Pairs = Field(default={})
    ledger_account: Code | None = Field(
        None, description="Where it is booked; else the chart of accounts decides."
    )
    tax_key: Code | None = Field(None, description="Beside the account, such as a DATEV BU key.")
    metadata: Pairs | None = None
    children: list["LineIn"] = listed(max_length=1000)
    note: Text | None = Field(None, description="Beside the description and details (BT-127).")
    invoiced_object: IdentifierIn | None = Field(None, description="What it is for (BT-128).")
    supply: SupplyIn | None = Field(
        None,
        description="What is supplied, for a line without `taxes`: they are determined from it.",
    )
    recognition: RecognitionIn | None = Field(None, description="When absent, on issue.")
