"""Values that many bodies share: exact decimals, dates, codes."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from invx.kernel import limits

_PATTERN = r"^-?[0-9]{1,18}(\.[0-9]{1,12})?$"


def _exact(value: Any) -> Any:
    """Decimals are plain strings; whole numbers are harmless, binary floats are refused (M2)."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(_PATTERN, text):
        raise ValueError('amounts are decimal strings such as "165.01"')
    return text


def _decimal(description: str, pattern: str, **rules: Any) -> Any:
    return Annotated[
        Decimal,
        BeforeValidator(_exact),
        Field(max_digits=30, decimal_places=12, allow_inf_nan=False, **rules),
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
    r"^(0\.0{0,11}[1-9]|[1-9][0-9]{0,17}(\.[0-9]{1,12})?)$",
    gt=0,
    lt=_LIMIT,
)
Percent = _decimal(
    "Percent as a decimal string: 19 is 19 %.",
    r"^[0-9]{1,3}(\.[0-9]{1,6})?$",
    ge=0,
    le=1000,
)
Amount = Annotated[
    str, Field(description="An exact amount in the document's currency.", examples=["165.01"])
]

# Control characters have no place in a legal document, and PostgreSQL refuses NUL.
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"


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
Pairs = Annotated[
    dict[_text(100), Annotated[str, StringConstraints(max_length=500, pattern=_TEXT)]],  # type: ignore[misc]
    Field(max_length=limits.METADATA_KEYS_MAX),
]


class In(BaseModel):
    """A body that names an unknown field is refused: a misspelt field must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """What goes out. New fields may appear at any time, and enumerations are open."""

    model_config = ConfigDict(extra="allow")
