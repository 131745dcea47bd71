"""The syntax of UN/CEFACT Cross Industry Invoice D16B: its names, how elements are made and taken.

The schema demands some elements even when they are empty, and an order at every level. So elements
are made from the inside out, in the order of the arguments; a part of which there is nothing to say
is None and leaves no element.
"""

import base64
import re
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnwritable
from invx.contexts.invoicing.adapters.einvoice.model import Identifier
from invx.contexts.invoicing.adapters.einvoice.xml import (
    BINARY_BYTES_MAX,
    Node,
    amount_text,
    decimal_text,
)

_DATA = "urn:un:unece:uncefact:data:standard:"
NAMES = {
    "rsm": f"{_DATA}CrossIndustryInvoice:100",
    "qdt": f"{_DATA}QualifiedDataType:100",
    "ram": f"{_DATA}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_DATA}UnqualifiedDataType:100",
}
ROOT = f"{{{NAMES['rsm']}}}CrossIndustryInvoice"
Element = Any  # lxml tells no types
_DAY = re.compile(r"[0-9]{8}")
_DAY_FORMAT = "102"  # YYYYMMDD, the only one that EN 16931 allows (CII-DT-097)


def always(tag: str, *children: Element | None) -> Element:
    """An element that the schema demands, be it empty."""
    prefix, name = tag.split(":")
    made = etree.Element(f"{{{NAMES[prefix]}}}{name}", nsmap=NAMES)
    made.extend(child for child in children if child is not None)
    return made


def group(tag: str, *children: Element | None) -> Element | None:
    """An element around those children that are there, if any is."""
    return always(tag, *children) if any(child is not None for child in children) else None


def text(tag: str, value: str | None, **attributes: str | None) -> Element | None:
    """An element with text. Raises EInvoiceUnwritable for characters that XML does not have."""
    if not value:
        return None
    made = always(tag)
    try:
        made.text = value
        for name, stated in attributes.items():
            if stated:
                made.set(name, stated)
    except ValueError:
        raise EInvoiceUnwritable(f"{tag} holds a character that XML cannot carry") from None
    return made


def identifier(tag: str, stated: Identifier | None) -> Element | None:
    """An id with its scheme."""
    return text(tag, stated.id, schemeID=stated.scheme) if stated else None


def amount(tag: str, value: Decimal | None, **attributes: str | None) -> Element | None:
    """An amount of money on two decimals (BR-DEC). Raises EInvoiceUnwritable."""
    return None if value is None else text(tag, amount_text(value, tag), **attributes)


def number(tag: str, value: Decimal | None, **attributes: str | None) -> Element | None:
    """A price, a quantity or a rate, with all of its decimals. Raises EInvoiceUnwritable."""
    return None if value is None else text(tag, decimal_text(value, tag), **attributes)


def binary(tag: str, value: bytes | None, **attributes: str | None) -> Element | None:
    """Content in base 64. Raises EInvoiceUnwritable when it is too large to be read again."""
    if value is None:
        return None
    if len(value) > BINARY_BYTES_MAX:
        raise EInvoiceUnwritable(f"{tag} is larger than {BINARY_BYTES_MAX} bytes")
    return text(tag, base64.b64encode(value).decode("ascii"), **attributes)


def day(tag: str, value: date | None, form: str = "udt:DateTimeString") -> Element | None:
    """A date inside `tag`, in the element that its data type demands."""
    if value is None:
        return None
    return always(tag, text(form, value.isoformat().replace("-", ""), format=_DAY_FORMAT))


def to_bytes(root: Element) -> bytes:
    """The file, in UTF-8 with its declaration; the same content gives the same bytes."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def part(node: Node, path: str) -> Node:
    """An element that must be there. Raises EInvoiceUnreadable."""
    found = node.first(path)
    if found is None:
        raise node.unreadable(f"it has no {path}")
    return found


def need_number(node: Node, path: str, term: str) -> Decimal:
    """The number at `path`. Raises EInvoiceUnreadable, naming the business term."""
    found = node.number(path)
    if found is None:
        raise node.unreadable(f"it has no {path} ({term})")
    return found


def take_day(node: Node | None, path: str, form: str = "udt:DateTimeString") -> date | None:
    """The date inside the element at `path`. Raises EInvoiceUnreadable."""
    stated = node.first(f"{path}/{form}") if node else None
    if stated is None:
        return None
    if stated.attribute("format") not in (_DAY_FORMAT, None):
        raise stated.unreadable(f"dates are read in format {_DAY_FORMAT} (YYYYMMDD) only")
    return stated.parsed(".", _day, "a date (YYYYMMDD)")


def take_id(node: Node | None, scheme: str = "schemeID") -> Identifier | None:
    """An id with its scheme, which the attribute `scheme` names."""
    value = node.text() if node else None
    return Identifier(id=value, scheme=node.attribute(scheme)) if node and value else None


def _day(stated: str) -> date:
    if not _DAY.fullmatch(stated):
        raise ValueError(stated)
    return date.fromisoformat(stated)
