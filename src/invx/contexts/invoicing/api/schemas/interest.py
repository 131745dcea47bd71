"""Late payment: the rule of a legal entity, interest explained, and claims for it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    Code,
    Day,
    DayOut,
    DecimalOut,
    Flag,
    In,
    InvoiceRef,
    Number,
    Out,
    Percent,
    Positive,
    Text,
    Whole,
)
from invx.contexts.invoicing.domain.interest.charging import (
    AFTER_DAYS_MAX,
    AFTER_DAYS_MIN,
    EVERY_MONTHS_MAX,
)
from invx.contexts.invoicing.domain.interest.rule import GRACE_DAYS_MAX, DayCount, InterestKind
from invx.infra.http.fields import TypeId


class ReferenceRateIn(In):
    """The base rate from a day on, where the country pack does not know it yet."""

    valid_from: Day
    rate: Number


class LateFeeRuleIn(In):
    """How late payment is charged. Interest is by the day, on what is overdue."""

    interest: InterestKind = InterestKind.STATUTORY
    rate: Percent | None = Field(
        None, description="Percent a year, or a month, for `yearly` and `monthly`."
    )
    day_count: DayCount = DayCount.ACT_365
    grace_days: Whole = Field(
        0, ge=0, le=GRACE_DAYS_MAX, description="Days after the due date that bear no interest."
    )
    fee: Positive | None = Field(None, description="Asked for once per invoice.")
    lump_sum: Flag = Field(True, description="The statutory one, where the law gives it.")
    cap: Percent | None = Field(
        None, description="Percent of the invoice that interest never exceeds."
    )
    account: Code | None = Field(None, description="Of the ledger, for what is charged.")
    base_rates: list[ReferenceRateIn] = Field(default=[], max_length=100)


class ChargingIn(In):
    """Claims are made by themselves, as long as something is overdue and not disputed."""

    after_days: Whole = Field(
        14,
        ge=AFTER_DAYS_MIN,
        le=AFTER_DAYS_MAX,
        description="Days after the due date until the first claim.",
    )
    every_months: Whole = Field(
        1,
        ge=1,
        le=EVERY_MONTHS_MAX,
        description="Months from one claim to the next.",
    )
    finalize: Flag = Field(True, description="Issue the claim at once; else leave it as a draft.")


class LateFeesIn(LateFeeRuleIn):
    """How a legal entity charges late payment, and whether it does so by itself."""

    charge: ChargingIn | None = Field(
        None, description="Claim by itself; without it, only when somebody asks."
    )


class InterestQuery(In):
    at: Day | None = Field(None, description="To which day; today when absent.")


class LateFeeClaimIn(In):
    """To which day, by which rule, and whether to finalize it at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LATE_FEES]})

    at: Day | None = Field(None, description="The last day that is claimed; today when absent.")
    rule: LateFeeRuleIn | None = Field(
        None, description="As agreed for this invoice; the legal entity's when absent."
    )
    finalize: Flag = False
    series: Annotated[UUID, TypeId("ser")] | None = None


class ReferenceRateOut(Out):
    valid_from: DayOut
    rate: DecimalOut


class ChargingOut(Out):
    after_days: int
    every_months: int
    finalize: bool


class LateFeesOut(Out):
    interest: str
    rate: DecimalOut | None
    day_count: str
    grace_days: int
    fee: DecimalOut | None
    lump_sum: bool
    cap: DecimalOut | None
    account: str | None
    base_rates: list[ReferenceRateOut]
    charge: ChargingOut | None


class WaiverIn(In):
    """Whether late fees are waived from now on, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LATE_FEE_WAIVER]})

    waived: Flag = True
    reason: Text


class LateFeeChargingOut(Out):
    """Whether late payment of an invoice is claimed by itself."""

    object: Literal["late_fee_charging"]
    invoice: InvoiceRef
    state: str = Field(
        description="`scheduled`, `waiting` (not overdue yet), `settled`, `disputed`, `waived`, "
        "`off` (by no rule, or it bears no interest); more may come."
    )
    next_on: DayOut | None = Field(description="The day of the next claim; null: none will be.")
    refused: str | None = Field(
        description="Why the last claim that was due could not be made; it is tried again daily."
    )
    waived_by: str | None
    waiver_reason: str | None = Field(description="null also once it was erased.")


class InterestSegmentOut(Out):
    """Days with one base and one rate; `amount` is rounded so that segments sum to the whole."""

    from_: DayOut = Field(alias="from")
    to: DayOut
    days: int
    base: Amount
    rate: DecimalOut = Field(description="Percent a year.")
    base_rate: DecimalOut | None = Field(description="The base rate in it.")
    amount: Amount
    formula: str


class OwedOnceOut(Out):
    kind: str = Field(description="`lump_sum` or `fee`; more may come.")
    amount: Amount


class LateClaimOut(Out):
    invoice: InvoiceRef
    through: DayOut
    interest: Amount
    once: list[OwedOnceOut]


class InterestOut(Out):
    """What the late payment of an invoice comes to, led back to days, bases and rates."""

    object: Literal["interest"]
    invoice: InvoiceRef
    at: DayOut
    currency: str
    kind: str
    source: str | None = Field(description="The law, of statutory interest.")
    day_count: str
    grace_days: int
    segments: list[InterestSegmentOut]
    interest: Amount
    claimed: Amount
    unclaimed: Amount
    claimed_through: DayOut | None
    once: list[OwedOnceOut] = Field(description="What is owed once, and was not claimed yet.")
    claims: list[LateClaimOut]
