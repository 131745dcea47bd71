"""The invoice resource, as a list shows it and whole."""

from typing import Literal

from pydantic import Field

from invx.contexts.invoicing.api.schemas.lines_out import (
    AdjustmentOut,
    LineOut,
    PeriodOut,
    TaxGroupOut,
)
from invx.contexts.invoicing.api.schemas.parties_out import (
    BuyerOut,
    IdentifierOut,
    PartyOut,
    PaymentTermsOut,
    SellerOut,
)
from invx.contexts.invoicing.api.schemas.routing import TakenRouteOut
from invx.contexts.invoicing.api.schemas.supplements import AttachmentOut, NoteOut, PaymentMeansOut
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    DayOut,
    DecimalOut,
    InvoiceRef,
    LegalEntityRef,
    MomentOut,
    Out,
    SeriesRef,
)
from invx.contexts.invoicing.api.schemas.words import (
    ApprovalStatus,
    ClearanceStatus,
    DeliveryStatus,
    DocumentStatus,
    DocumentType,
    Mode,
    Profile,
    Rounding,
    SettlementStatus,
)


class ListTotalsOut(Out):
    """The totals that lists show."""

    net: Amount = Field(description="Without tax (BT-109).")
    tax: Amount = Field(description="Every tax but withholding (BT-110).")
    gross: Amount = Field(description="With tax (BT-112).")
    due: Amount = Field(description="What the buyer is to pay: payable less what is withheld.")


class TotalsOut(ListTotalsOut):
    """The totals, in EN 16931's terms (BT-106 to BT-115)."""

    line_net: Amount = Field(description="Sum of line nets (BT-106).")
    discounts: Amount = Field(description="Document level discounts (BT-107).")
    charges: Amount = Field(description="Document level charges (BT-108).")
    prepaid: Amount = Field(description="Paid before (BT-113).")
    rounding: Amount = Field(description="Rounding of the payable amount (BT-114).")
    payable: Amount = Field(description="Gross less prepaid and rounded (BT-115).")
    withheld: Amount = Field(description="Tax that the buyer keeps back and pays itself.")


class InvoiceHeadOut(Out):
    """What identifies a document, and its four states."""

    id: InvoiceRef
    object: Literal["invoice"]
    version: int = Field(description="Rises with every change; also in the ETag.")
    origin: str = Field(description="`issued`, or `imported` from another system; more may come.")
    legal_entity: LegalEntityRef
    type: DocumentType
    status: DocumentStatus
    voided: bool = Field(description="Cancelled before it left the house.")
    number: str | None = Field(description="Given at finalize.", examples=["2026-0001"])
    series: SeriesRef | None
    external_id: str | None
    customer: str | None
    buyer_name: str | None
    currency: str = Field(examples=["EUR"])
    issue_date: DayOut | None
    due_date: DayOut | None
    settlement_status: SettlementStatus | None = Field(
        description="Null while there is nothing to settle: a draft, a proforma."
    )
    open: Amount | None = Field(description="What is still to be paid.")
    paid: Amount | None
    credited: Amount | None
    written_off: Amount | None
    surplus: Amount | None = Field(description="What was paid or credited too much.")
    overdue: bool = Field(description="By the calendar day of the legal entity's zone.")
    overdue_amount: Amount | None = Field(
        description="What is open of what is due; of instalments only those whose day has passed."
    )
    next_due_date: DayOut | None = Field(description="Of what is to be paid next.")
    disputed: bool
    delivery_status: DeliveryStatus
    clearance_status: ClearanceStatus
    clearance_id: str | None = Field(description="Under which the authority cleared it.")
    approval_status: ApprovalStatus = Field(description="Who had to agree first, and did.")
    mode: Mode
    credits: InvoiceRef | None = Field(description="The invoice that this credit note credits.")
    credit_notes: list[InvoiceRef]
    replaces: InvoiceRef | None
    replaced_by: InvoiceRef | None
    revises: InvoiceRef | None = Field(
        description="What an authority rejected; this document has its number."
    )
    revision: int = Field(description="Counts the documents that had this number.")
    cancels: InvoiceRef | None
    cancelled_by: InvoiceRef | None
    created_at: MomentOut
    finalized_at: MomentOut | None


class InvoiceSummaryOut(InvoiceHeadOut):
    """A document as lists show it; with `expand=content` they show it whole."""

    totals: ListTotalsOut


class PrecedingOut(Out):
    """An earlier document that this one refers to (BG-3)."""

    number: str
    issue_date: DayOut | None


class DeterminedLineOut(Out):
    """Why a line bears its taxes."""

    line_id: str
    scheme: str = Field(description="`domestic`, `reverse_charge`, `oss`, …; more may come.")
    place: str = Field(description="The jurisdiction whose law decides.")
    source: str = Field(description="That law.")
    assumed: list[str] | None = Field(description="What was taken for granted.")
    fingerprint: str | None = Field(description="Of everything that the answer followed from.")


class PackUseOut(Out):
    country: str
    version: str
    status: str


class QuoteUseOut(Out):
    """The quote of a tax engine by which lines are taxed."""

    engine: str
    version: str
    reference: str
    valid_until: MomentOut
    fingerprint: str | None


class TaxDeterminationOut(Out):
    """Proof of how the taxes came about, with the versions of the country packs."""

    lines: list[DeterminedLineOut]
    packs: list[PackUseOut]
    tax_id_validation: str
    consultation: str | None
    quote: QuoteUseOut | None = Field(description="Where a tax engine said the rates.")


class TaxCurrencyOut(Out):
    """The currency in which the seller accounts for tax (BT-6), and its units per unit."""

    currency: str
    rate: DecimalOut
    tax: Amount = Field(description="The tax of the document in it (BT-111).")
    source: str | None = Field(
        description="Who published the rate, where it was taken when the document was finalized."
    )
    day: DayOut | None = Field(description="The first day on which the published rate held.")


class InstalmentOut(Out):
    due_date: DayOut
    amount: Amount


class LineAccountOut(Out):
    """Where a line is booked; without a `line_id` a discount, a charge or a further tax."""

    line_id: str | None
    account: str
    tax_key: str | None
    automatic: bool = Field(description="The account knows its tax and takes no key.")
    why: str = Field(description="The row that decided.", examples=["SKR03: Erlöse 19 % USt"])
    scheme: str | None
    country: str | None
    cost_center: str | None
    cost_object: str | None


class InvoiceOut(InvoiceHeadOut):
    """A document whole: its head, everything it says, and every figure that follows."""

    type_code: str | None = Field(description="UNTDID 1001, where it refines the type.")
    profile: Profile
    language: str
    prices_include_tax: bool
    seller: SellerOut | None = Field(description="Frozen at finalize; null on a draft.")
    buyer: BuyerOut | None
    recipient: PartyOut | None
    ship_to: PartyOut | None
    payee: PartyOut | None
    tax_representative: PartyOut | None
    buyer_reference: str | None
    purchase_order: str | None
    sales_order: str | None
    contract: str | None
    project: str | None
    buyer_accounting_reference: str | None
    preceding: list[PrecedingOut]
    supply_date: DayOut | None
    service_period: PeriodOut | None
    tax_point: DayOut | None
    payment_terms: PaymentTermsOut | None
    instalments: list[InstalmentOut] = Field(description="Empty when it is one payment.")
    route: TakenRouteOut | None = Field(
        description="Decided at finalize; null on a draft and for what is no e-invoice."
    )
    lines: list[LineOut]
    discounts: list[AdjustmentOut]
    charges: list[AdjustmentOut]
    prepaid: DecimalOut
    payable_rounding: DecimalOut | None
    cash_unit: DecimalOut | None
    tax_currency: TaxCurrencyOut | None
    determination: TaxDeterminationOut | None = Field(
        description="How taxes were determined, for lines that did not state theirs."
    )
    totals: TotalsOut
    tax_groups: list[TaxGroupOut]
    rounding: Rounding
    rules_version: str = Field(description="Of the arithmetic; frozen.", examples=["2026.1"])
    notes: str | None
    footer: str | None
    metadata: dict[str, str] | None
    further_notes: list[NoteOut]
    tax_point_code: str | None
    receiving_advice: str | None
    despatch_advice: str | None
    tender: str | None
    invoiced_object: IdentifierOut | None
    delivery_location: IdentifierOut | None
    payment_means: PaymentMeansOut | None
    attachments: list[AttachmentOut]
    accounts: list[LineAccountOut] = Field(
        description="Where it is booked, frozen at finalize; empty on a draft, and where the legal "
        "entity keeps no books."
    )


class InvoiceListOut(Out):
    object: Literal["list"]
    data: list[InvoiceSummaryOut]
    has_more: bool
    next: str | None = Field(description="The cursor for `after`; null on the last page.")
