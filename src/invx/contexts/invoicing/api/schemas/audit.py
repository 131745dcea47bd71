"""The register of a legal entity, and the seals over a tenant's history."""

from typing import Literal

from pydantic import Field

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

_HASH = "^[0-9a-f]{64}$"


class RegisteredTaxOut(Out):
    """One group of the tax breakdown."""

    regime: str
    category: str
    rate: DecimalOut
    base: Amount
    tax: Amount


class RegisterEntryOut(Out):
    """A legal document in the order of issue, chained to the one before it."""

    object: Literal["register_entry"]
    legal_entity: LegalEntityRef
    position: int = Field(description="From 1, without gaps.")
    kind: str = Field(description="`issued` or `voided`; more may come.")
    invoice: InvoiceRef
    type: str
    number: str
    series: SeriesRef
    issue_date: DayOut
    happened_at: MomentOut
    currency: str
    net: Amount
    tax: Amount
    gross: Amount
    due: Amount
    taxes: list[RegisteredTaxOut]
    document_hash: str = Field(
        pattern=_HASH, description="Of the event that issued or voided the document."
    )
    credits: InvoiceRef | None
    cancels: InvoiceRef | None
    replaces: InvoiceRef | None
    previous: str = Field(
        pattern=_HASH, description="The fingerprint of the entry before it; zeros for the first."
    )
    fingerprint: str = Field(pattern=_HASH, description="SHA-256; `docs/register.md` says of what.")
    entered_at: MomentOut


class RegisterListOut(Out):
    object: Literal["list"]
    data: list[RegisterEntryOut]
    has_more: bool
    next: str | None


class SealAnchorOut(Out):
    """Where a seal is kept outside the database."""

    anchor: str
    receipt: dict[str, str | int] = Field(description="What the anchor gave for it.")
    anchored_at: MomentOut


class SealOut(Out):
    """What proves the history of all streams that moved since the seal before it."""

    object: Literal["seal"]
    number: int = Field(description="From 1, without gaps.")
    previous: str = Field(pattern=_HASH)
    root: str = Field(pattern=_HASH)
    leaves: int = Field(description="How many streams had moved.")
    sealed_at: MomentOut
    anchors: list[SealAnchorOut]


class SealListOut(Out):
    object: Literal["list"]
    data: list[SealOut]
    has_more: bool
    next: str | None
