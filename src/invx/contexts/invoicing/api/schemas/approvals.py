"""Approvals and the rules that ask for them."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    Code,
    Currency,
    DecimalOut,
    Flag,
    In,
    InvoiceRef,
    LegalEntityRef,
    MomentOut,
    Name,
    NotNegative,
    Out,
    Percent,
    Text,
    Whole,
    listed,
)
from invx.contexts.invoicing.api.schemas.words import ApprovalStatus, ApprovalStepStatus
from invx.contexts.invoicing.api.schemas.words import DocumentType as DocumentTypeOut
from invx.contexts.invoicing.domain.approval.rules import ASSIGNEES_MAX, RULES_MAX, STEPS_MAX
from invx.contexts.invoicing.domain.content import DocumentType

Subject = Annotated[
    str,
    Field(
        description="The subject of a token, such as `user:anna`.",
        pattern=r"^[a-z]{1,20}:[!-~]{1,200}$",
        examples=["user:anna"],
    ),
]


class PermissionIn(In):
    """Whoever holds a permission."""

    permission: Code = Field(pattern=r"^[a-z_]{1,50}:[a-z_]{1,50}$", examples=["invoices:approve"])


AssigneeIn = Subject | PermissionIn


class ApprovalStepIn(In):
    """One decision."""

    name: Name
    required: Flag = Field(True, description="False: it may be left out by deciding a later one.")
    assignees: list[AssigneeIn] = Field(
        min_length=1, max_length=ASSIGNEES_MAX, description="Any one of them decides."
    )
    due_days: Whole | None = Field(None, description="From when it opens, by the tenant's clock.")
    escalate_to: list[AssigneeIn] = listed(
        max_length=ASSIGNEES_MAX, description="Who may decide as well when that time is over."
    )


class ThresholdIn(In):
    amount: NotNegative
    currency: Currency


class ApprovalRuleIn(In):
    """Applies to a document that fulfils all conditions which it states."""

    name: Name
    types: list[DocumentType] = Field(
        default_factory=lambda: [DocumentType.INVOICE, DocumentType.CREDIT_NOTE],
        json_schema_extra={"default": ["invoice", "credit_note"]},
    )
    over: ThresholdIn | None = Field(
        None,
        description="The gross is over this. In another currency it is compared by the rate that "
        "the document states (`tax_currency`); without one the rule applies.",
    )
    discount_over: Percent | None = Field(
        None, description="A line costs less by more than this, by all discounts together."
    )
    own: Flag = Field(False, description="Who submitted a document may decide about it, too.")
    steps: list[ApprovalStepIn] = Field(min_length=1, max_length=STEPS_MAX)


class ApprovalRulesIn(In):
    """All rules of a legal entity; an empty list lifts them."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.APPROVAL_RULES]})

    rules: list[ApprovalRuleIn] = Field(max_length=RULES_MAX)


class SubmissionIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBMISSION]})

    note: Text | None = None


class DecisionIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.DECISION]})

    note: Text | None = None
    step: Whole | None = Field(
        None, description="Its position; the first open one that is yours when absent."
    )


class DelegationIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.DELEGATION]})

    to: Subject
    reason: Text
    step: Whole | None = None


class WithdrawalIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.WITHDRAWAL]})

    note: Text | None = None


class PermissionOut(Out):
    permission: str = Field(examples=["invoices:approve"])


AssigneeOut = Annotated[
    str | PermissionOut, Field(description="A subject, or whoever holds a permission.")
]


class StatedStepOut(Out):
    name: str
    required: bool
    assignees: list[AssigneeOut]
    due_days: int | None
    escalate_to: list[AssigneeOut]


class ThresholdOut(Out):
    amount: Amount
    currency: str


class ApprovalRuleOut(Out):
    name: str
    types: list[DocumentTypeOut]
    over: ThresholdOut | None
    discount_over: DecimalOut | None
    own: bool
    steps: list[StatedStepOut]


class ApprovalRulesOut(Out):
    """The rules of a legal entity. `version` is theirs, 0 before any were stated."""

    object: Literal["approval_rules"]
    legal_entity: LegalEntityRef
    version: int
    rules: list[ApprovalRuleOut]


class DelegationOut(Out):
    by: str
    to: str
    at: MomentOut
    reason: str | None = Field(description="Null after an erasure.")


class ApprovalStepOut(Out):
    """One decision: who is asked, until when, and what came of it."""

    position: int = Field(description="Counts the steps of all rules from 1.")
    rule: str = Field(description="The name of the rule that asks for it.")
    name: str
    required: bool
    own: bool
    status: ApprovalStepStatus
    assignees: list[AssigneeOut]
    opened_at: MomentOut | None
    due_at: MomentOut | None
    escalated_at: MomentOut | None
    decided_by: str | None
    decided_at: MomentOut | None
    note: str | None
    delegations: list[DelegationOut]


class ApprovalOut(Out):
    """The approval of a document, of the version and total that were submitted."""

    object: Literal["approval"]
    invoice: InvoiceRef
    legal_entity: LegalEntityRef
    version: int
    status: ApprovalStatus
    currency: str
    gross: Amount
    submitted_by: str
    submitted_at: MomentOut
    note: str | None
    due_at: MomentOut | None = Field(description="When the next open step is overdue.")
    steps: list[ApprovalStepOut]


class ApprovalListOut(Out):
    object: Literal["list"]
    data: list[ApprovalOut]
    has_more: bool
    next: str | None = Field(description="The cursor for `after`; null on the last page.")
