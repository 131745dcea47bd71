"""Where in a document a rule points: the element, its path with the usual prefixes, and its part.

The two compilers of Schematron write paths each in its way: `/Q{urn}Invoice[1]/Q{urn}ID[1]` and
`/*:Invoice[namespace-uri()='urn'][1]/*:ID[namespace-uri()='urn'][1]`.
"""

import re
from typing import Any

from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.xml import Node

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_CII = "urn:un:unece:uncefact:data:standard:"
NAMES = {
    "cac": f"{_UBL}CommonAggregateComponents-2",
    "cbc": f"{_UBL}CommonBasicComponents-2",
    "ext": f"{_UBL}CommonExtensionComponents-2",
    "rsm": f"{_CII}CrossIndustryInvoice:100",
    "ram": f"{_CII}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_CII}UnqualifiedDataType:100",
    "qdt": f"{_CII}QualifiedDataType:100",
}
_STEP = re.compile(
    r"/(?:Q\{(?P<q>[^}]*)\}(?P<name>[\w.-]+)"
    r"|\*:(?P<any>[\w.-]+)\[namespace-uri\(\)='(?P<uri>[^']*)'\])"
    r"(?:\[(?P<place>\d+)\])?"
)
_ELEMENT = re.compile(r"^Element '([^']+)'")
_NAMESPACE = re.compile(r"\{([^}]+)\}")
_SHORT = {uri: prefix for prefix, uri in NAMES.items()}

_LINES = ("InvoiceLine", "CreditNoteLine", "IncludedSupplyChainTradeLineItem")
_LINE_ID = ("cbc:ID", "ram:AssociatedDocumentLineDocument/ram:LineID")
_LINE_TAGS = (
    f"{{{NAMES['cac']}}}InvoiceLine",
    f"{{{NAMES['cac']}}}CreditNoteLine",
    f"{{{NAMES['ram']}}}IncludedSupplyChainTradeLineItem",
)
_GROUPS = ("TaxSubtotal", "ApplicableTradeTax")
_CATEGORY = ("cac:TaxCategory/cbc:ID", "ram:CategoryCode")
_LINE_CATEGORY = (
    "cac:Item/cac:ClassifiedTaxCategory/cbc:ID",
    "ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax/ram:CategoryCode",
)
_ADJUSTMENTS = ("AllowanceCharge", "SpecifiedTradeAllowanceCharge")
_INDICATOR = ("cbc:ChargeIndicator", "ram:ChargeIndicator/udt:Indicator")
_PARTIES = {
    "AccountingSupplierParty": "seller",
    "SellerTradeParty": "seller",
    "AccountingCustomerParty": "buyer",
    "BuyerTradeParty": "buyer",
    "PayeeParty": "payee",
    "PayeeTradeParty": "payee",
    "TaxRepresentativeParty": "tax_representative",
    "SellerTaxRepresentativeTradeParty": "tax_representative",
    "Delivery": "ship_to",
    "ShipToTradeParty": "ship_to",
}


def find(root: Any, location: str) -> Any:
    """The element at a path of a report; the last one on the way that exists."""
    element = root
    for number, step in enumerate(_STEP.finditer(location)):
        if not number:
            continue  # the root itself
        tag = f"{{{step['q'] or step['uri'] or ''}}}{step['name'] or step['any']}"
        equals = element.findall(tag)
        place = int(step["place"] or 1)
        if place > len(equals):
            break
        element = equals[place - 1]
    return element


def at_error(root: Any, path: str | None, message: str) -> Any:
    """The element that a message of the schema is about; the root when it cannot be told."""
    named = _ELEMENT.match(message)
    steps = re.findall(r"/([^/\[]+)(?:\[(\d+)\])?", path or "")
    if not named or not steps:
        return root
    element = root
    for name, place in steps[1:]:
        prefix, _, local = name.rpartition(":")
        equals = [
            child
            for child in element.iterchildren(etree.Element)
            if name == "*" or (child.prefix, etree.QName(child).localname) == (prefix, local)
        ]
        if int(place or 1) > len(equals):
            return root
        element = equals[int(place or 1) - 1]
    return element if element.tag in (named[1], root.tag) else root


def path_of(element: Any) -> str:
    """Its path, with its place from 1 among equals."""
    return Node(element, NAMES).path


def without_namespaces(text: str) -> str:
    """A message with prefixes in the place of whole namespaces."""
    return _NAMESPACE.sub(lambda uri: f"{_SHORT[uri[1]]}:" if uri[1] in _SHORT else "", text)


def place_of(element: Any) -> dict[str, Any]:
    """What the element belongs to, as far as it belongs to anything.

    `line` is the place of its line from 0, `line_id` that line's BT-126; `adjustments` is
    "discounts" or "charges" and `adjustment` its place from 0 among those of its line or of the
    document; `party` is the party's name in our API. A VAT group counts to its first line.
    """
    place: dict[str, Any] = {}
    while element is not None:
        name = str(etree.QName(element).localname)
        if name in _ADJUSTMENTS and "adjustment" not in place and not _of_price(element):
            equals = [one for one in _equals(element) if _is_charge(one) == _is_charge(element)]
            place["adjustments"] = "charges" if _is_charge(element) else "discounts"
            place["adjustment"] = equals.index(element)
        elif name in _LINES:
            place["line"] = _equals(element).index(element)
            place["line_id"] = _first_text(element, _LINE_ID)
        elif name in _PARTIES:
            place.setdefault("party", _PARTIES[name])
        elif name in _GROUPS and (line := _line_of_group(element)) is not None:
            place["line"] = _equals(line).index(line)
            place["line_id"] = _first_text(line, _LINE_ID)
        element = element.getparent()
    return place


def _line_of_group(group: Any) -> Any:
    """The first line with the category of a VAT group: what is wrong there was said on a line."""
    category = _first_text(group, _CATEGORY)
    for line in group.getroottree().getroot().iter(*_LINE_TAGS):
        if category is not None and _first_text(line, _LINE_CATEGORY) == category:
            return line
    return None


def _equals(element: Any) -> list[Any]:
    parent = element.getparent()
    return [element] if parent is None else list(parent.iterchildren(element.tag))


def _of_price(element: Any) -> bool:
    parent = element.getparent()
    return parent is not None and etree.QName(parent).localname == "Price"


def _is_charge(element: Any) -> bool:
    return _first_text(element, _INDICATOR) in ("true", "1")


def _first_text(element: Any, paths: tuple[str, ...]) -> str | None:
    for path in paths:
        text = element.findtext(path, namespaces=NAMES)
        if text is not None:
            return " ".join(text.split()) or None
    return None
