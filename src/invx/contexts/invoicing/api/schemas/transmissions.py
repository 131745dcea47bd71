"""The way of a document out of the house."""

from typing import Literal

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples, words
from invx.contexts.invoicing.api.schemas.documents import ContentIn
from invx.contexts.invoicing.api.schemas.routing import FORMAT_SAYS, FormatCode
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    In,
    InvoiceRef,
    MomentOut,
    Out,
    TransmissionRef,
)

TransmissionFormat = Literal["pdf"] | FormatCode


class TransmissionIn(In):
    """What to send through a channel that the legal entity uses."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TRANSMISSION]})

    channel: Code
    format: TransmissionFormat | None = Field(
        None,
        description="The legal entity's for this channel when absent. `pdf`: the document as "
        f"people read it; {FORMAT_SAYS}.",
    )


class RevisionIn(ContentIn):
    """The whole document as it should have been. It keeps type, currency, number and date."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CONTENT]})


class TransmissionReasonOut(Out):
    code: str | None = Field(description="Of who says so.")
    text: str


class TransmissionOut(Out):
    """A document on its way through one channel."""

    id: TransmissionRef
    object: Literal["transmission"]
    invoice: InvoiceRef
    channel: str
    format: str
    status: words.TransmissionStatus
    clears: bool = Field(description="An authority decides about the document there.")
    delivers: bool = Field(description="It reaches the buyer by this.")
    revision: int = Field(description="Of the document.")
    recipient: str | None = Field(description="The buyer's endpoint as scheme:id.")
    attempts: int = Field(description="Since it was queued, or queued again.")
    sha256: str | None = Field(description="Of the archived bytes that went out.")
    receipt: str | None = Field(description="The channel's own id of it.")
    authority_id: str | None = Field(description="Under which it was cleared.")
    reasons: list[TransmissionReasonOut] = Field(
        description="Why it was rejected, has failed, or is delayed."
    )
    queued_at: MomentOut
    sent_at: MomentOut | None
    answered_at: MomentOut | None
    next_attempt_at: MomentOut | None


class TransmissionListOut(Out):
    object: Literal["list"]
    data: list[TransmissionOut]
    has_more: bool
