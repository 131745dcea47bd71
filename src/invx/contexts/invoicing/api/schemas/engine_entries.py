"""What tax engines are told of documents that they taxed."""

from typing import Literal

from pydantic import Field

from invx.contexts.invoicing.api.schemas.values import (
    EngineEntryRef,
    InvoiceRef,
    LegalEntityRef,
    MomentOut,
    Out,
)


class EngineEntryOut(Out):
    """A sale, refund or void in the books of a tax engine."""

    id: EngineEntryRef
    object: Literal["tax_engine_entry"]
    version: int
    invoice: InvoiceRef
    legal_entity: LegalEntityRef
    kind: str = Field(description="`sale`, `refund` or `void`; more may come.")
    engine: str
    quote: str = Field(description="The engine's reference of the quote.")
    reverses: EngineEntryRef | None = Field(description="The entry that it takes back.")
    status: str = Field(description="`pending`, `committed` or `failed`; more may come.")
    attempts: int = Field(description="That failed since it was owed, or sent again.")
    reason: str | None = Field(description="Why the last attempt failed.")
    retry_at: MomentOut | None
    reference: str | None = Field(description="The engine's own number of it.")
    owed_at: MomentOut
    committed_at: MomentOut | None


class EngineEntryListOut(Out):
    object: Literal["list"]
    data: list[EngineEntryOut]
    has_more: bool
    next: str | None
