"""How the columns of somebody's file become fields of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from invx.kernel.errors import Invalid, Problem

# Of the document, the same in each of its rows.
DOCUMENT_FIELDS = (
    "number",
    "type",
    "issue_date",
    "due_date",
    "supply_date",
    "currency",
    "net",
    "tax",
    "gross",
    "open",
    "paid",
    "paid_on",
    "tax_rate",
    "tax_category",
    "exchange_rate",
    "customer",
    "buyer_name",
    "buyer_email",
    "buyer_vat_id",
    "buyer_line1",
    "buyer_postal_code",
    "buyer_city",
    "buyer_country",
    "notes",
    "file",
)
# Of one line: a row that has any of these is a line of its document.
LINE_FIELDS = (
    "line_description",
    "line_quantity",
    "line_unit",
    "line_price",
    "line_net",
    "line_tax",
    "line_tax_rate",
    "line_tax_category",
)
FIELDS = (*DOCUMENT_FIELDS, *LINE_FIELDS)
REQUIRED = ("number", "issue_date", "currency", "gross", "buyer_name")
DATES = ("YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY")
DECIMALS = (".", ",")
TOLERANCE = Decimal("0.05")  # by which the lines of a document may miss its net


class MappingInvalid(Invalid):
    """The mapping does not fit the file; `problems` names each field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """Where a field comes from: a column of the file, or one value for all documents."""

    column: str | None = None
    constant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMapping:
    """`date` and `decimal` settle what could be read in two ways; without them it is refused."""

    fields: dict[str, FieldSource] = field(default_factory=dict)
    date: str | None = None
    decimal: str | None = None
    tolerance: Decimal = TOLERANCE


def mapping_problems(mapping: ImportMapping, columns: Sequence[str]) -> list[Problem]:
    """What is wrong with a mapping for a file of these columns."""
    found = []
    for name, source in mapping.fields.items():
        at = f"/fields/{name}"
        if name not in FIELDS:
            found.append(Problem(at, "field_unknown", "There is no field of this name."))
        elif (source.column is None) is (source.constant is None):
            found.append(Problem(at, "source_unclear", "Say a column or a constant, one of both."))
        elif source.column is not None and source.column not in columns:
            found.append(Problem(f"{at}/column", "column_unknown", "The file has no such column."))
    missing = [name for name in REQUIRED if name not in mapping.fields]
    return found + [
        Problem(f"/fields/{name}", "required", "Every document needs this.") for name in missing
    ]


def ensure_fits(mapping: ImportMapping, columns: Sequence[str]) -> None:
    """Raises MappingInvalid."""
    if problems := mapping_problems(mapping, columns):
        raise MappingInvalid(problems=problems)
