"""Legal entities: who sells."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from invx.contexts.invoicing.api.schemas import examples, words
from invx.contexts.invoicing.api.schemas.accounting import AccountingIn, AccountingOut
from invx.contexts.invoicing.api.schemas.interest import LateFeesIn, LateFeesOut
from invx.contexts.invoicing.api.schemas.parties import (
    AddressIn,
    BankAccountIn,
    ContactIn,
    IdentifierIn,
    PaymentTermsIn,
    RegisterIn,
    RegistrationIn,
)
from invx.contexts.invoicing.api.schemas.parties_out import PaymentTermsOut, SellerOut
from invx.contexts.invoicing.api.schemas.routing import EInvoicePolicyIn, EInvoicePolicyOut
from invx.contexts.invoicing.api.schemas.transmissions import TransmissionFormat
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    Country,
    Currency,
    DecimalOut,
    Flag,
    In,
    Language,
    LegalEntityRef,
    MomentOut,
    Name,
    NotNegative,
    Out,
    Positive,
    Text,
    Whole,
)
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.rules.tax.model import Unproven
from invx.rules.tax.packs import ClearanceRule
from invx.rules.totals.model import Profile, Rounding

_ENGINE = r"^[a-z0-9][a-z0-9_-]{0,39}$"
_LOGO = r"^data:image/(png|svg\+xml);base64,[A-Za-z0-9+/=]+$"


class TaxIdPolicyIn(In):
    """`wait` decides nothing, `accept` takes the id as valid, `tax` as if there were none."""

    invalid: Unproven = Unproven.WAIT
    unavailable: Unproven = Unproven.WAIT
    not_asked: Unproven = Unproven.WAIT


class DistanceSalesIn(In):
    """In euros, net of tax: they decide whether tax is due at home or at the destination."""

    last_year: NotNegative
    this_year: NotNegative
    waived: Flag = Field(False, description="Opted for taxation at the destination.")


_Source = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,29}$")]


class RateSourcesIn(In):
    """Who publishes the exchange rates that count: `ecb`, `bmf`, `hmrc`, `estv`, `bazg`, own.

    Where nothing is said: the ECB, and for taxes what the law of their country names.
    """

    book: _Source | None = None
    settlement: _Source | None = None
    tax: dict[Country, _Source] = Field(
        default={},
        max_length=50,
        description="By the country whose tax it is; what its law names when absent.",
        examples=[{"DE": "ecb"}],
    )


class ChannelUseIn(In):
    """A channel that the operator set up, and as what documents go through it."""

    channel: Code = Field(description="Such as `access_point` or `folder`.")
    format: TransmissionFormat
    automatic: Flag = Field(False, description="Send each document as soon as it may be.")


class ClosingRuleIn(In):
    """Each month is closed when so many whole days have passed since its end."""

    kind: PeriodKind
    days: Whole = Field(ge=0, le=366, examples=[10])
    hard: Flag = Field(False, description="For good: nobody can open it again.")


class LegalEntityIn(In):
    """Who sells: the legal entity in whose name documents are issued."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LEGAL_ENTITY]})

    external_id: Code | None = None
    name: Name
    legal_name: Name | None = None
    legal_form: Name | None = None
    contact: ContactIn | None = None
    address: AddressIn
    registrations: list[RegistrationIn] = Field(default=[], max_length=50)
    registration: IdentifierIn | None = Field(None, description="Company number with its scheme.")
    identifiers: list[IdentifierIn] = Field(default=[], max_length=20)
    register_: RegisterIn | None = Field(None, alias="register")
    directors: list[Name] = Field(default=[], max_length=50)
    bank_accounts: list[BankAccountIn] = Field(default=[], max_length=50)
    endpoint: IdentifierIn | None = None
    legal_information: Text | None = Field(
        None, description="What the law wants said beside it, such as the share capital (BT-33)."
    )
    logo: Annotated[str, StringConstraints(max_length=300_000, pattern=_LOGO)] | None = Field(
        None, description="PNG or SVG as a data URI, at most 200 kB."
    )
    time_zone: Code = Field("Europe/Berlin", description="IANA name; decides what day it is.")
    languages: list[Language] = Field(default=["en"], min_length=1, max_length=10)
    currency: Currency = "EUR"
    default_profile: Profile = Profile.EN16931
    rounding: Rounding = Rounding.PER_GROUP
    backdating_days: Whole = Field(
        0, ge=0, le=36_500, description="How many days before today a document may be dated."
    )
    payment_terms: PaymentTermsIn | None = None
    titles: dict[Literal["invoice", "credit_note", "proforma"], Name] = Field(
        default={}, description="What documents are called in print, such as Tax invoice."
    )
    tax_id_policy: TaxIdPolicyIn = Field(
        default_factory=TaxIdPolicyIn,
        description="What follows when a VAT id that matters is not known to be valid.",
    )
    distance_sales: DistanceSalesIn | None = Field(
        None, description="Sales to consumers of other member states (Article 59c)."
    )
    cash_rounding: dict[Currency, Positive] = Field(
        default={},
        max_length=20,
        description="By currency the smallest coin, such as CHF 0.05: documents that are paid in "
        "cash (payment means 10), and payments in `cash`, are rounded to it.",
    )
    exchange_rate_sources: RateSourcesIn = Field(default_factory=RateSourcesIn)
    transmission_channels: list[ChannelUseIn] = Field(default=[], max_length=20)
    clearance: ClearanceRule | None = Field(
        None,
        description="Whether an authority clears the documents, and whether buyers wait for that. "
        "What the country's pack says when absent.",
    )
    e_invoicing: EInvoicePolicyIn = Field(default_factory=EInvoicePolicyIn)
    accounting: AccountingIn | None = Field(
        None, description="The books; documents are booked from when it is set."
    )
    tax_engine: Annotated[str, StringConstraints(pattern=_ENGINE)] | None = Field(
        None,
        description="The tax engine, by the operator's name, that says the rates of North America.",
        examples=["acme"],
    )
    late_fees: LateFeesIn | None = Field(
        None, description="How late payment is charged; as the law says when absent."
    )
    period_closing: list[ClosingRuleIn] = Field(
        default=[], max_length=4, description="Months that close by themselves."
    )


class ClosingRuleOut(Out):
    kind: str
    days: int
    hard: bool


class TaxIdPolicyOut(Out):
    invalid: str
    unavailable: str
    not_asked: str


class DistanceSalesOut(Out):
    last_year: str
    this_year: str
    waived: bool


class RateSourcesOut(Out):
    book: str | None
    settlement: str | None
    tax: dict[str, str]


class ChannelUseOut(Out):
    channel: str
    format: str
    automatic: bool


class LegalEntityOut(SellerOut):
    """A legal entity. New details hold from now on; finalized documents keep those of their day."""

    id: LegalEntityRef
    object: Literal["legal_entity"]
    version: int
    created_at: MomentOut
    external_id: str | None
    time_zone: str
    languages: list[str]
    currency: str
    default_profile: words.Profile
    rounding: words.Rounding
    backdating_days: int
    payment_terms: PaymentTermsOut | None
    titles: dict[str, str]
    tax_id_policy: TaxIdPolicyOut
    distance_sales: DistanceSalesOut | None
    cash_rounding: dict[str, DecimalOut]
    exchange_rate_sources: RateSourcesOut
    transmission_channels: list[ChannelUseOut]
    clearance: words.ClearanceRule | None
    e_invoicing: EInvoicePolicyOut
    accounting: AccountingOut | None
    tax_engine: str | None
    late_fees: LateFeesOut | None
    period_closing: list[ClosingRuleOut]


class LegalEntityListOut(Out):
    object: Literal["list"]
    data: list[LegalEntityOut]
    has_more: bool
    next: str | None
