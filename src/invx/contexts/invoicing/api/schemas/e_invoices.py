"""E-invoices: what a file says, and what the official rules say of one."""

from typing import Literal

from pydantic import Field, JsonValue

from invx.contexts.invoicing.api.schemas import words
from invx.contexts.invoicing.api.schemas.reports import FieldProblemOut
from invx.contexts.invoicing.api.schemas.rulings import RulingOut
from invx.contexts.invoicing.api.schemas.values import Out


class ValidationOut(RulingOut):
    object: Literal["e_invoice_validation"]


class DifferenceOut(Out):
    """A value of the file that a draft restated from it would not have."""

    pointer: str = Field(description="Into `invoice`.", examples=["/lines/0/net"])
    term: str | None = Field(description="Its BT or BG number.")
    source: str | None = Field(description="What the file states.")
    ours: str | None = Field(description="What we would state.")
    figure: bool = Field(description="Whether it is an amount that follows from others.")


class EInvoiceOut(Out):
    """A file under our names, and what of it the API restates. Nothing was written."""

    object: Literal["e_invoice"]
    syntax: words.EInvoiceSyntax
    format: words.EInvoiceFormat | None = Field(
        description="Null for a specification that we do not write."
    )
    invoice: dict[str, JsonValue] = Field(
        description="All that the file says, by our names; decimals are strings."
    )
    terms: dict[str, str] = Field(
        description="The BT and BG numbers of the names in `invoice`; `*` stands for a place."
    )
    draft: dict[str, JsonValue] = Field(description="The body of POST /v1/invoices.")
    legal_entity: dict[str, JsonValue] = Field(
        description="The seller, as a body of POST /v1/legal-entities."
    )
    remarks: list[str] = Field(description="Where the file contradicts itself.")
    problems: list[FieldProblemOut] = Field(
        description="Why the API would refuse `draft`; under `/seller` why `legal_entity`."
    )
    differences: list[DifferenceOut]
    unread: list[str] = Field(description="Elements and attributes that we do not carry.")
