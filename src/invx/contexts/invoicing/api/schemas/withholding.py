"""Tax that buyers kept back, by buyer."""

from typing import Literal

from pydantic import Field

from invx.contexts.invoicing.api.schemas.values import Amount, InvoiceRef, LegalEntityRef, Out


class WithholdingRowOut(Out):
    """What one buyer kept back from one seller in one currency."""

    object: Literal["withholding"]
    legal_entity: LegalEntityRef
    customer: str | None
    invoice: InvoiceRef | None = Field(description="Of a buyer without an id, who has only this.")
    buyer: str | None
    currency: str
    expected: Amount = Field(description="By documents issued on these days.")
    certified: Amount = Field(description="By certificates of these days.")
    uncertified: Amount = Field(
        description="What of `expected` no certificate of any day proves yet."
    )
    count: int = Field(description="How many documents.")


class WithholdingListOut(Out):
    object: Literal["list"]
    data: list[WithholdingRowOut]
    has_more: bool
    next: str | None
