"""Work on many documents: what it is asked for, and how far it is."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, SkipValidation, model_validator

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.documents import NewIn
from invx.contexts.invoicing.api.schemas.documents_out import ListTotalsOut
from invx.contexts.invoicing.api.schemas.routing import FormatCode
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    Day,
    DayOut,
    Flag,
    In,
    InvoiceRef,
    MomentOut,
    Out,
)
from invx.infra.http.fields import TypeId, typeid_pattern
from invx.kernel import limits

IDS_MAX = 10_000  # named one by one; a filter selects more


class BatchItemIn(NewIn):
    """A draft, or with `finalize` a document at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DRAFT]})

    key: Code | None = Field(
        None,
        description="The same key with the same item gives the same invoice, also in another "
        f"batch, for at least {limits.IDEMPOTENCY_DAYS} days. A rejected item may be mended and "
        "sent again under its key.",
    )
    finalize: Flag = False
    series: Annotated[UUID, TypeId("ser")] | None = Field(
        None, description="To draw the number from; the default series when absent."
    )


class BatchIn(In):
    """Up to 1,000 drafts or documents; each is accepted or rejected by itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BATCH]})

    # Each is read by itself later: one that is malformed must not reject the others.
    items: list[SkipValidation[BatchItemIn | Any]] = Field(
        min_length=1, max_length=limits.BULK_INVOICES_MAX
    )


class SelectionIn(In):
    """Which documents: by their ids, or by a filter."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.SELECTION_BY_FILTER, examples.SELECTION_BY_ID]}
    )

    invoices: list[Annotated[UUID, TypeId("inv")]] | None = Field(
        None, min_length=1, max_length=IDS_MAX
    )
    filter: dict[str, str] | None = Field(
        None,
        min_length=1,
        max_length=20,
        description="As the query of `GET /v1/invoices`, but for `q` and `metadata`; who fits it "
        f"now is selected, at most {limits.OPERATION_ITEMS_MAX:,}.",
        json_schema_extra={"propertyNames": {"pattern": r"^[a-z_]+(\[[a-z]+\])?$"}},
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.invoices is None) == (self.filter is None):
            raise ValueError("give invoices or a filter, one of both")
        return self


class FinalizeManyIn(SelectionIn):
    """Drafts; they get their numbers in the order in which they are named, or were made."""

    issue_date: Day | None = Field(
        None, description="Of all of them. What the draft says, or else today, when absent."
    )


class ArchiveIn(SelectionIn):
    """Finalized documents, and which of their files."""

    files: list[Literal["pdf"] | FormatCode] = Field(
        default=["pdf"], min_length=1, max_length=5, description="`pdf`, and formats of e-invoices."
    )


OperationRef = Annotated[str, Field(pattern=f"^{typeid_pattern('op')}$")]
_COUNT = "Items that are done; `failed` ones are not among them."


class OperationResultOut(Out):
    archive: str = Field(description="Where the files are, as one ZIP.")


class OperationOut(Out):
    """Work on many documents. Ask again until `state` is `done` or `cancelled`."""

    id: OperationRef
    object: Literal["operation"]
    kind: str = Field(
        description="What is done, such as `finalize` or `import`; the name of the route that began"
        " it. More may come."
    )
    state: str = Field(description="`pending`, `running`, `done`, `cancelled`; more may come.")
    total: int
    done: int = Field(description=_COUNT)
    failed: int = Field(description="Items that were refused; `/items?state=failed` says why.")
    progress: str = Field(description="From 0 to 1.", examples=["0.25"])
    result: OperationResultOut | None
    created_at: MomentOut
    started_at: MomentOut | None
    finished_at: MomentOut | None


class OperationListOut(Out):
    object: Literal["list"]
    data: list[OperationOut]
    has_more: bool
    next: str | None = Field(description="The cursor for `after`; null on the last page.")


class ItemFieldProblemOut(Out):
    pointer: str | None = Field(None, description="JSON Pointer; `/items/17/lines/0/price`.")
    code: str
    detail: str


class ItemProblemOut(Out):
    """Why an item was rejected."""

    code: str
    detail: str
    problems: list[ItemFieldProblemOut]


class OperationItemOut(Out):
    object: Literal["operation_item"]
    position: int = Field(description="Counts from 0.")
    invoice: InvoiceRef
    state: str = Field(description="`pending`, `done`, `failed`; more may come.")
    problem: ItemProblemOut | None


class OperationItemListOut(Out):
    object: Literal["list"]
    data: list[OperationItemOut]
    has_more: bool
    next: str | None = Field(description="The cursor for `after`; null on the last page.")


class BatchInvoiceOut(Out):
    """What identifies the invoice, and what it comes to."""

    id: InvoiceRef
    object: Literal["invoice"]
    version: int
    status: str
    number: str | None
    issue_date: DayOut | None
    due_date: DayOut | None
    currency: str
    totals: ListTotalsOut


class BatchResultOut(Out):
    object: Literal["batch_result"]
    index: int = Field(description="The place of the item, from 0.")
    accepted: bool
    replayed: bool = Field(description="An item under this key was accepted before; this is it.")
    invoice: BatchInvoiceOut | None
    problem: ItemProblemOut | None


class BatchOut(Out):
    """One result per item, in order."""

    object: Literal["batch"]
    accepted: int
    rejected: int
    results: list[BatchResultOut]
