"""What a file says, apart from how: every text and attribute by its path, as values."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.ubl_names import NAMES

SCHEMA_ATTRIBUTE = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_PREFIXES = {namespace: f"{prefix}:" for prefix, namespace in NAMES.items()}
_NUMBERS = ("Amount", "Quantity", "Percent", "Numeric")

# What the syntax demands beside the terms of the standard; it may stand in one file alone.
_OF_THE_SYNTAX = (
    ("cac:DocumentReference/cbc:DocumentTypeCode", "130"),  # of a line's object (BT-128)
    ("cbc:UBLVersionID", "2.1"),
)


def leaves(xml: bytes, *, without: Sequence[str] = ()) -> Counter[tuple[str, str]]:
    """(path, value) of all there is, less the paths in `without` (as `unread` writes them)."""
    root = etree.fromstring(xml, etree.XMLParser(remove_comments=True))
    left = {_resolved(root, path) for path in without}
    return Counter(
        (path, value)
        for place, path, value in _walk(root, f"/{_name(root.tag)}")
        if place not in left and not _is_of_the_syntax(path, value)
    )


def _is_of_the_syntax(path: str, value: str) -> bool:
    if path.endswith("cac:PartyTaxScheme/cac:TaxScheme/cbc:ID"):
        return value != "VAT"  # any other word says that it is not VAT (BT-32)
    return any(path.endswith(end) and value == constant for end, constant in _OF_THE_SYNTAX)


def _resolved(root: Any, path: str) -> tuple[Any, str]:
    element, _, attribute = path.partition("/@")
    (found,) = root.xpath("/*" + element.removeprefix(f"/{_name(root.tag)}"), namespaces=NAMES)
    return found, attribute


def _walk(element: Any, path: str) -> Iterator[tuple[tuple[Any, str], str, str]]:
    text = (element.text or "").strip()
    if text:
        yield (element, ""), path, _value(path, text)
    for name, value in element.attrib.items():
        if name != SCHEMA_ATTRIBUTE:
            yield (element, name), f"{path}/@{name}", value.strip()
    for child in element:
        yield from _walk(child, f"{path}/{_name(child.tag)}")


def _name(tag: str) -> str:
    qualified = etree.QName(tag)
    return _PREFIXES.get(qualified.namespace, "") + qualified.localname


def _value(path: str, text: str) -> str:
    if path.endswith(_NUMBERS):
        return str(Decimal(text).normalize() + 0)
    if path.endswith("Indicator"):
        return {"1": "true", "0": "false"}.get(text, text)
    if path.endswith("BinaryObject"):
        return "".join(text.split())
    return " ".join(text.split())
