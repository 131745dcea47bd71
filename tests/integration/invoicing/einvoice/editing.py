"""Samples to break: one invoice in both syntaxes, valid as XRechnung, with nearly every term."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.validation.places import NAMES

SAMPLES = Path(__file__).parent / "samples"
UBL, CII = SAMPLES / "invoice_ubl.xml", SAMPLES / "invoice_cii.xml"
Edit = Callable[[Any], None]

TRADE = "rsm:SupplyChainTradeTransaction"
LINE = f"{TRADE}/ram:IncludedSupplyChainTradeLineItem"
AGREEMENT = f"{TRADE}/ram:ApplicableHeaderTradeAgreement"
DELIVERY = f"{TRADE}/ram:ApplicableHeaderTradeDelivery"
SETTLEMENT = f"{TRADE}/ram:ApplicableHeaderTradeSettlement"


def edited(sample: Path, *edits: Edit) -> bytes:
    """The sample after these edits."""
    root = etree.parse(str(sample), etree.XMLParser(remove_blank_text=True)).getroot()
    for edit in edits:
        edit(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def drop(path: str) -> Edit:
    """Remove everything at a path."""

    def edit(root: Any) -> None:
        for found in _all(root, path):
            found.getparent().remove(found)

    return edit


def put(path: str, text: str) -> Edit:
    """Another text at a path."""

    def edit(root: Any) -> None:
        for found in _all(root, path):
            found.text = text

    return edit


def mark(path: str, attribute: str, value: str | None) -> Edit:
    """Another value of an attribute; None removes it."""

    def edit(root: Any) -> None:
        for found in _all(root, path):
            if value is None:
                del found.attrib[attribute]
            else:
                found.set(attribute, value)

    return edit


def after(path: str, xml: str) -> Edit:
    """An element behind that at a path; prefixes as usual."""

    def edit(root: Any) -> None:
        for found in _all(root, path):
            found.addnext(_element(xml))

    return edit


def before(path: str, xml: str) -> Edit:
    """An element in front of that at a path; prefixes as usual."""

    def edit(root: Any) -> None:
        for found in _all(root, path):
            found.addprevious(_element(xml))

    return edit


def inside(path: str, xml: str) -> Edit:
    """An element as the last one inside that at a path; prefixes as usual."""

    def edit(root: Any) -> None:
        for found in _all(root, path):
            found.append(_element(xml))

    return edit


def copied(path: str) -> Edit:
    """Everything at a path once more, behind itself."""

    def edit(root: Any) -> None:
        for found in _all(root, path):
            found.addnext(deepcopy(found))

    return edit


def both(*edits: Edit) -> Edit:
    """Several edits as one."""

    def edit(root: Any) -> None:
        for each in edits:
            each(root)

    return edit


def _element(xml: str) -> Any:
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMES.items())
    return etree.fromstring(f"<x {declared}>{xml}</x>")[0]


def _all(root: Any, path: str) -> list[Any]:
    found = list(root.xpath(path, namespaces=NAMES))
    assert found, f"the sample has no {path}"
    return found
