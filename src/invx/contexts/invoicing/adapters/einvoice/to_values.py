"""Values as the API takes them: no empty fields, plain decimals."""

from decimal import Decimal
from typing import Any


def filled(**fields: Any) -> dict[str, Any]:
    """The fields that say something: None, "" and empty collections are left out."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def plain(value: Decimal | None) -> str | None:
    """A decimal without exponent, sign of zero or trailing zeros: 100, 0.1212, -1."""
    if value is None:
        return None
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
