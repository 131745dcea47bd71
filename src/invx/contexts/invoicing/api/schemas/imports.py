"""Imports: files of other systems, how they are read, and what would become of them."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    Code,
    Day,
    DayOut,
    Flag,
    In,
    LegalEntityRef,
    MomentOut,
    Name,
    NotNegative,
    Out,
    Text,
)
from invx.contexts.invoicing.domain.importing.mapping import (
    FIELDS,
    TOLERANCE,
    FieldSource,
    ImportMapping,
)
from invx.contexts.invoicing.domain.importing.presets import PresetKey
from invx.infra.http.fields import typeid_pattern


class UploadQuery(BaseModel):
    """Whose documents a file holds, and from which system."""

    model_config = ConfigDict(extra="forbid")

    source: Code = Field(description="The other system; its numbers are unique.")
    legal_entity: Annotated[str, Field(max_length=64)] | None = None
    as_of: Day | None = Field(None, description="The day of the takeover; today when absent.")
    name: Name | None = Field(None, description="How the file is called.")
    preset: PresetKey | None = Field(
        None, description="Take the columns of this system (`GET /v1/import-presets`)."
    )


class ImportPresetOut(Out):
    """Which columns of a system's files are which fields; of several a file has one."""

    object: Literal["import_preset"]
    key: str
    name: str
    source: str = Field(description="Where the columns are documented.")
    fields: dict[str, list[str]]
    decimal: str | None
    date: str | None


class ImportPresetListOut(Out):
    object: Literal["list"]
    data: list[ImportPresetOut]
    has_more: bool
    next: str | None


class FieldSourceIn(In):
    """A column of the file, or one value for all documents."""

    column: Name | None = None
    constant: Name | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "FieldSourceIn":
        if (self.column is None) == (self.constant is None):
            raise ValueError("give a column or a constant, one of both")
        return self


class ImportMappingIn(In):
    """Where each field comes from, and how what could be read in two ways is meant."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.IMPORT_MAPPING]})

    fields: dict[str, FieldSourceIn] = Field(
        max_length=len(FIELDS),
        description=f"By field: {', '.join(f'`{name}`' for name in FIELDS)}.",
        json_schema_extra={"propertyNames": {"enum": list(FIELDS)}},
    )
    date: Literal["YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY"] | None = Field(
        None, description="Needed for dates with slashes only; other forms say it themselves."
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="The sign before decimals; without it `1.234` is refused as ambiguous."
    )
    tolerance: NotNegative = Field(
        TOLERANCE, description="By which the lines of a document may miss its net or its tax."
    )

    def mapping(self) -> ImportMapping:
        """As the domain has it."""
        return ImportMapping(
            fields={
                name: FieldSource(column=each.column, constant=each.constant)
                for name, each in self.fields.items()
            },
            date=self.date,
            decimal=self.decimal,
            tolerance=Decimal(self.tolerance),
        )


class CommitImportIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.COMMIT_IMPORT]})

    skip_rejected: Flag = Field(
        False, description="Import the others, and leave out what is wrong."
    )


class ReverseImportIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.REVERSE_IMPORT]})

    reason: Text | None = None


ImportRef = Field(pattern=f"^{typeid_pattern('imp')}$")


class FieldSourceOut(Out):
    column: str | None
    constant: str | None


class ImportMappingOut(Out):
    fields: dict[str, FieldSourceOut]
    date: str | None
    decimal: str | None
    tolerance: str


class ImportOut(Out):
    """A file of another system."""

    id: str = ImportRef
    object: Literal["import"]
    version: int
    legal_entity: LegalEntityRef
    source: str = Field(description="The other system: its numbers are unique.")
    status: str = Field(description="`open`, `committed`, `reversed`; more may come.")
    as_of: DayOut = Field(description="The day on which its balances are taken over.")
    file_name: str | None
    sha256: str
    size: int = Field(description="In bytes.")
    columns: list[str]
    rows: int
    mapping: ImportMappingOut = Field(
        description="Suggested by the names of the columns, or that of the last such file."
    )
    operation: str | None = Field(description="That brings its documents.")
    created_at: MomentOut
    created_by: str
    committed_at: MomentOut | None
    reversed_at: MomentOut | None


class ImportListOut(Out):
    object: Literal["list"]
    data: list[ImportOut]
    has_more: bool
    next: str | None = Field(description="The cursor for `after`; null on the last page.")


class RowProblemOut(Out):
    """What is wrong with a row."""

    pointer: str = Field(description="JSON Pointer; `/rows/17/gross`.")
    row: int = Field(description="As a spreadsheet counts: the names of the columns are row 1.")
    field: str
    column: str | None
    value: str | None
    code: Code
    detail: str
    warning: bool = Field(description="It is imported all the same.")


class ImportSumOut(Out):
    currency: str
    documents: int
    gross: Amount
    open: Amount = Field(description="What would be added to receivables.")


class ImportCheckOut(Out):
    """What a commit would do now; nothing was written."""

    object: Literal["import_check"]
    documents: int
    ready: int
    duplicates: int = Field(description="Imported before, and the same.")
    rejected: int
    sums: list[ImportSumOut]
    problems: list[RowProblemOut] = Field(description="The first thousand, in order.")
    more_problems: bool


class ForeignFileOut(Out):
    """The PDF that the other system issued."""

    object: Literal["foreign_file"]
    invoice: str
    sha256: str
