"""E-invoices as `eu-einvoice` reads them: an implementation that shares no line with ours."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from eu_einvoice.parse import parse_bytes

# What the house of the issuer gives, and what the reader adds of its own.
_OWN = {"number", "profile", "customization_id", "process_id"}
_ZERO_IS_NONE = ("totals/", "prepaid_amount", "rounding_amount")
_ONE_IS_NONE = "base_quantity"
_NETWORK = "payment/card/network"  # UBL must name one; the business terms know none


def second_reading(xml: bytes) -> dict[str, Any]:
    """All that the other implementation finds in a file, by path; numbers as decimals.

    A total of zero, a base quantity of one and a gross price that is the net price say nothing.
    """
    document, _ = parse_bytes(xml)
    for line in document["lines"]:
        if Decimal(line.get("gross_price") or 0) == Decimal(line["price"]):
            line.pop("gross_price", None)
    for group in document["vat_breakdown"]:
        if not Decimal(group.get("rate") or 0):
            group.pop("rate", None)  # category O has none, others have zero
    document["vat_breakdown"].sort(
        key=lambda each: (each["category"], Decimal(each.get("rate", 0)))
    )
    if document.get("tax_currency") == document["currency"]:
        del document["tax_currency"]
    said = {name: each for name, each in document.items() if name not in _OWN}
    return {at: each for at, each in _leaves(said, "") if at != _NETWORK}


def second_differences(source: bytes, ours: bytes) -> dict[str, tuple[Any, Any]]:
    """Where the other implementation reads something else out of two files."""
    one, other = second_reading(source), second_reading(ours)
    return {
        at: (one.get(at), other.get(at))
        for at in sorted({*one, *other})
        if one.get(at) != other.get(at)
    }


def _leaves(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, f"{at}/{name}" if at else name)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves(each, f"{at}/{index}")
    elif value is not None:
        found = _number(value)
        empty = found == 0 and at.startswith(_ZERO_IS_NONE)
        if not empty and not (found == 1 and at.endswith(_ONE_IS_NONE)):
            yield at, found


def _number(value: Any) -> Any:
    """The number that a text is, else the text without needless white space."""
    text = " ".join(str(value).split())
    try:
        return Decimal(text)
    except InvalidOperation:
        return text
