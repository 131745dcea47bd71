"""Bodies and questions of the analytics API."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Month = Annotated[
    str,
    Field(
        pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$",
        description="A month.",
        examples=["2026-01"],
    ),
]
Amount = Annotated[
    str, Field(description="An exact amount in the row's currency.", examples=["165.01"])
]


class RevenueQuery(BaseModel):
    """Which revenue. Without months: the twelve that end with the current one."""

    model_config = ConfigDict(extra="forbid")

    first: Month | None = Field(None, alias="from")
    last: Month | None = Field(None, alias="to")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])] | None = None
    legal_entity: Annotated[str, Field(max_length=64, examples=["le_01h…"])] | None = None


class MonthRevenueOut(BaseModel):
    """One month's documents in one currency; credit notes are subtracted, proformas left out."""

    month: Month
    currency: str
    net: Amount
    tax: Amount
    gross: Amount
    documents: int


class RevenueOut(BaseModel):
    """Revenue by month of issue; months without a document are left out."""

    model_config = ConfigDict(populate_by_name=True)

    object: Literal["revenue"] = "revenue"
    first: Month = Field(alias="from")
    last: Month = Field(alias="to")
    data: list[MonthRevenueOut]
