"""What is said about a document: what a check finds, its past, how its figures came about."""

from typing import Any, Literal

from pydantic import Field

from invx.contexts.invoicing.api.schemas.documents_out import TotalsOut
from invx.contexts.invoicing.api.schemas.lines_out import LineOut, TaxGroupOut
from invx.contexts.invoicing.api.schemas.routing import DueRouteOut
from invx.contexts.invoicing.api.schemas.rulings import RulingOut
from invx.contexts.invoicing.api.schemas.values import InvoiceRef, MomentOut, Out
from invx.contexts.invoicing.api.schemas.words import HistorySubject, Profile


class FieldProblemOut(Out):
    """One field at fault."""

    pointer: str = Field(
        description="JSON Pointer (RFC 6901) into the draft; under `/seller` it leads into the "
        "legal entity, which is what has to be amended.",
        examples=["/lines/0/taxes/0/rate"],
    )
    code: str
    detail: str


class CheckOut(Out):
    """Lines, taxes, totals and problems of a draft; nothing was written."""

    object: Literal["check"]
    valid: bool = Field(description="Whether it could be finalized now.")
    problems: list[FieldProblemOut]
    warnings: list[FieldProblemOut] = Field(
        description="Worth a look; finalizing is not refused for them."
    )
    route: DueRouteOut | None = Field(
        description="The e-invoice that it would become; null when it would become none."
    )
    currency: str
    profile: Profile
    totals: TotalsOut | None = Field(description="Null when there can be no figures.")
    lines: list[LineOut]
    tax_groups: list[TaxGroupOut]
    e_invoice: RulingOut | None = Field(
        description="By the rules of the `format` asked for, else those of the route where the "
        "legal entity has them asked before finalizing; null without either, and while the draft "
        "makes no e-invoice at all."
    )


class HistoryEntryOut(Out):
    """One event of a document or of its settlement."""

    object: Literal["history_entry"]
    type: str = Field(examples=["DocumentFinalized"])
    about: HistorySubject
    version: int
    at: MomentOut = Field(description="Business time.")
    recorded_at: MomentOut = Field(description="System time.")
    actor: str
    request_id: str
    details: dict[str, Any]


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
    invoice: InvoiceRef
    steps: list[StepOut]
