"""Values that many bodies share: exact decimals, days, whole numbers, texts, codes, ids."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from invx.infra.http.fields import typeid_pattern
from invx.kernel import limits

_PATTERN = r"^-?[0-9]{1,18}(\.[0-9]{1,12})?$"
_is_exact = re.compile(_PATTERN[1:-1], re.ASCII).fullmatch
_DAY = r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


def _exact(value: Any) -> Any:
    """Decimals are strings: a JSON number has been a binary float on its way, or may become one."""
    if not isinstance(value, str) or not _is_exact(value):
        raise PydanticCustomError("decimal_string", 'Expected a decimal string such as "165.01".')
    return value[1:] if value[0] == "-" and not value.strip("-0.") else value  # no negative zero


def _day(value: Any) -> Any:
    """Days are ISO dates of the centuries that business happens in, so sums of days stay dates."""
    if not isinstance(value, str) or not re.fullmatch(_DAY[1:-1], value, re.ASCII):
        raise PydanticCustomError("day", "Expected a date from 1900 to 2199 such as 2026-11-01.")
    return value


def _decimal(description: str, pattern: str, **rules: Any) -> Any:
    # Outermost, the check of the text bounds the digits; so the rules inside run in compiled code.
    return Annotated[
        Decimal,
        Field(**rules),
        BeforeValidator(_exact),
        WithJsonSchema(
            {"type": "string", "pattern": pattern, "description": description, "examples": ["10.5"]}
        ),
    ]


_LIMIT = Decimal("1E18")
Number = _decimal(
    "A decimal number as a string, at most 18 digits before and 12 behind the point.",
    _PATTERN,
    gt=-_LIMIT,
    lt=_LIMIT,
)
NotNegative = _decimal(
    "A decimal number as a string, not below zero.", _PATTERN.replace("-?", ""), ge=0, lt=_LIMIT
)
Positive = _decimal(
    "A decimal number as a string, above zero.",
    r"^(0\.0{0,11}[1-9][0-9]{0,11}|[1-9][0-9]{0,17}(\.[0-9]{1,12})?)$",
    gt=0,
    lt=_LIMIT,
)
Percent = _decimal(
    "Percent as a decimal string: 19 is 19 %.",
    r"^[0-9]{1,3}(\.[0-9]{1,6})?$",
    ge=0,
    le=1000,
    decimal_places=6,
)
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema(
        {"type": "string", "format": "date", "pattern": _DAY, "examples": ["2026-11-01"]}
    ),
]
# JSON has booleans and whole numbers of its own: "yes", "14", 1 for true and true for 1 are slips.
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]

# What XML 1.0 cannot say has no place in a legal document, and PostgreSQL refuses NUL.
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]*$"


def _text(length: int) -> Any:
    return Annotated[str, StringConstraints(min_length=1, max_length=length, pattern=_TEXT)]


Name = _text(limits.NAME_CHARS_MAX)
Text = _text(limits.TEXT_CHARS_MAX)
Code = _text(100)
Country = Annotated[
    str, StringConstraints(pattern="^[A-Z]{2}$"), Field(description="ISO 3166-1 alpha-2.")
]
Currency = Annotated[
    str, StringConstraints(pattern="^[A-Z]{3}$"), Field(description="ISO 4217.", examples=["EUR"])
]
Language = Annotated[
    str, StringConstraints(pattern="^[a-z]{2,3}(-[A-Z]{2})?$"), Field(examples=["de"])
]
_Value = Annotated[
    str, StringConstraints(max_length=limits.METADATA_VALUE_CHARS_MAX, pattern=_TEXT)
]
Pairs = Annotated[
    dict[Code, _Value],  # type: ignore[valid-type]  # made by a function, as mypy cannot see
    Field(max_length=limits.METADATA_KEYS_MAX),
]


def reference(prefix: str) -> Any:
    """An id that goes out."""
    pattern = f"^{typeid_pattern(prefix)}$"
    return Annotated[str, Field(pattern=pattern, examples=[f"{prefix}_01jd0y7ct4f6d9zq8x3s5v2w1k"])]


Amount = Annotated[
    str,
    Field(
        description="An exact amount in the currency beside it.",
        pattern=r"^-?[0-9]+(\.[0-9]+)?$",
        examples=["165.01"],
    ),
]
DecimalOut = Annotated[
    str,
    Field(
        description="A decimal number with the digits that were given.",
        pattern=r"^-?[0-9]+(\.[0-9]+)?$",
        examples=["10.5"],
    ),
]
DayOut = Annotated[str, Field(json_schema_extra={"format": "date"}, examples=["2026-11-01"])]
MomentOut = Annotated[
    str,
    Field(
        description="RFC 3339, in UTC.",
        json_schema_extra={"format": "date-time"},
        examples=["2026-11-01T09:30:00Z"],
    ),
]
InvoiceRef = reference("inv")
LegalEntityRef = reference("le")
SeriesRef = reference("ser")
EntryRef = reference("sent")
TransmissionRef = reference("trm")
FileRef = reference("file")
TaxEntryRef = reference("tax")
RegistrationRef = reference("reg")
AccountingExportRef = reference("axp")
BookingRef = reference("bkg")
ErasureRef = reference("ers")
LegalHoldRef = reference("lho")
EngineEntryRef = reference("eng")


def listed(**stated: Any) -> Any:
    """A list that may be left out. A default of `[]` would be copied for each body."""
    return Field(default_factory=list, json_schema_extra={"default": []}, **stated)


class In(BaseModel):
    """A body that names an unknown field is refused: a misspelt field must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """What goes out. New fields may appear at any time, and enumerations are open.

    It describes the bytes that msgspec writes; nothing is validated with it on the way out. Tests
    do, in both directions: no field is missing, and none goes out that is not stated here.
    """

    model_config = ConfigDict(extra="allow")
