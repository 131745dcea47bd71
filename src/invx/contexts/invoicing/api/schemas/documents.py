"""What a draft says, and what finalizing it may decide."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.graces import Moment
from invx.contexts.invoicing.api.schemas.lines import DocumentAdjustmentIn, LineIn, PeriodIn
from invx.contexts.invoicing.api.schemas.parties import (
    BuyerIn,
    IdentifierIn,
    PartyIn,
    PaymentTermsIn,
)
from invx.contexts.invoicing.api.schemas.supplements import AttachmentIn, NoteIn, PaymentMeansIn
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    Currency,
    Day,
    Flag,
    In,
    Language,
    Number,
    Pairs,
    Positive,
    Text,
    listed,
)
from invx.infra.http.fields import TypeId
from invx.kernel import limits
from invx.rules.totals.model import Profile

Type = Literal["invoice", "credit_note", "proforma"]


class PrecedingIn(In):
    number: Code
    issue_date: Day | None = None


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
    prices_include_tax: Flag = False
    buyer: BuyerIn | None = None
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
    preceding: list[PrecedingIn] = listed(max_length=100)
    issue_date: Day | None = None
    supply_date: Day | None = None
    service_period: PeriodIn | None = None
    tax_point: Day | None = None
    due_date: Day | None = None
    payment_terms: PaymentTermsIn | None = None
    lines: list[LineIn] = listed(max_length=limits.LINES_PER_DOCUMENT_MAX)
    discounts: list[DocumentAdjustmentIn] = listed(max_length=100)
    charges: list[DocumentAdjustmentIn] = listed(max_length=100)
    prepaid: Number = Field("0", validate_default=True)
    payable_rounding: Number | None = None
    cash_unit: Positive | None = None
    tax_currency: TaxCurrencyIn | None = None
    notes: Text | None = None
    footer: Text | None = None
    metadata: Pairs | None = None
    further_notes: list[NoteIn] = listed(max_length=100)
    tax_point_code: Literal["3", "35", "432"] | None = Field(
        None, description="When the tax is due, in place of a date (BT-8, UNTDID 2005)."
    )
    receiving_advice: Code | None = None
    despatch_advice: Code | None = None
    tender: Code | None = Field(None, description="Tender or lot (BT-17).")
    invoiced_object: IdentifierIn | None = Field(None, description="What it is for (BT-18).")
    delivery_location: IdentifierIn | None = Field(None, description="Such as a GLN (BT-71).")
    payment_means: PaymentMeansIn | None = None
    attachments: list[AttachmentIn] = listed(max_length=20)


class EditIn(ContentIn):
    """What a draft is to say from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CONTENT]})


class NewIn(ContentIn):
    """A new document of a legal entity."""

    legal_entity: Annotated[UUID, TypeId("le")] | None = Field(
        None, description="May be left out when there is only one."
    )


class DraftIn(NewIn):
    """A new draft."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.DRAFT, examples.DRAFT_IN_PARTS]}
    )

    finalize_at: Moment | None = Field(
        None,
        description="Finalize it by itself then, by the tenant's clock; see `…/grace`, `…/hold`.",
    )


class FinalizeIn(In):
    """What finalizing is to go by; nothing of it is needed."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.FINALIZE]})

    issue_date: Day | None = Field(
        None, description="Today in the legal entity's zone when absent; never in the future."
    )
    series: Annotated[UUID, TypeId("ser")] | None = Field(
        None, description="The default series of the type when absent."
    )
