"""What the API says of a document's content: words and figures, merged once, stored as they are.

M1: list, detail, PDF and every later reader show these very figures; nobody computes them again.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.terms import early_payments_of
from invx.contexts.invoicing.read.charts import line_account_view
from invx.contexts.invoicing.read.views import FILE
from invx.infra.piecewise import to_builtins
from invx.kernel.ids import typeid
from invx.rules.totals.model import AdjustmentAmount, LineTotals, TaxGroup, Totals

_FIGURES = ("quantity", "price", "price_discount", "base_quantity")  # of a line
_BESIDE_BUYER = ("recipient", "ship_to", "payee", "tax_representative")
# Said by the document's row, because lists filter and sort by it.
_IN_ROW = ("type", "currency", "external_id", "issue_date", "due_date", "given_taxes")


def document_resource(
    document: Document | ImportedDocument, *, long: bool | None = None
) -> dict[str, Any]:
    """The part of the invoice resource that only an edit changes.

    `long` says whether the content `is_long` (see `piecewise`), where the caller knows.
    """
    resource = content_resource(document.content, document.totals, long=long)
    if document.issue_date is not None:
        _state_early_payments(resource, document, document.issue_date)
    resource["seller"] = seller_resource(document)
    resource["instalments"] = msgspec.to_builtins(document.instalments)
    resource["route"] = msgspec.to_builtins(document.route)
    resource["accounts"] = [line_account_view(each) for each in document.accounts]
    return resource


def _state_early_payments(
    resource: dict[str, Any], document: Document | ImportedDocument, issued: date
) -> None:
    """What each early-payment discount is worth, what is left to pay with it, and until when."""
    terms = resource["payment_terms"]
    if not terms or not terms["discounts"]:
        return
    stated = early_payments_of(document.content, document.totals.due, issued)
    soonest_first = sorted(terms["discounts"], key=lambda discount: int(discount["days"]))
    for discount, early in zip(soonest_first, stated, strict=True):
        discount["amount"] = str(early.discount)
        discount["payable"] = str(early.payable)
        discount["due_date"] = early.last_date.isoformat()


def issued_resource(document: Document) -> dict[str, Any]:
    """The invoice resource as it was issued: for the PDF that is archived, whatever came later."""
    content = document.content
    return {
        **document_resource(document),
        "type": str(content.type),
        "currency": content.currency,
        "external_id": content.external_id,
        "number": document.number,
        "issue_date": _day(document.issue_date or content.issue_date),
        "due_date": _day(document.due_date or content.due_date),
        "mode": str(document.mode),
        "title": document.title,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def content_resource(
    content: Content, totals: Totals, *, long: bool | None = None
) -> dict[str, Any]:
    """Content and totals of a draft or a document, merged."""
    resource: dict[str, Any] = to_builtins(content, long=long)
    for name in _IN_ROW:
        resource.pop(name, None)
    for name in _BESIDE_BUYER:
        if resource[name] is not None:
            del resource[name]["e_invoicing"]
    resource["lines"] = lines_resource(resource["lines"], content.lines, totals.lines)
    _state_plainly(resource, "prepaid", "payable_rounding", "cash_unit")
    for attached in resource["attachments"]:
        if attached["file"] is not None:
            attached["file"] = typeid(FILE, UUID(attached["file"]))
    amounts = totals.adjustments
    resource["discounts"] = _adjusted(resource["discounts"], amounts, charge=False)
    resource["charges"] = _adjusted(resource["charges"], amounts, charge=True)
    if content.tax_currency is not None:
        resource["tax_currency"]["tax"] = str(content.tax_currency.of(totals.tax))  # BT-111
        _state_plainly(resource["tax_currency"], "rate")
    resource["totals"] = totals_resource(totals)
    resource["tax_groups"] = groups_resource(totals.taxes)
    resource["rounding"] = str(totals.rounding)
    resource["rules_version"] = totals.rules
    return resource


def totals_resource(totals: Totals) -> dict[str, str]:
    """The totals of a document as text, in the order in which they follow from one another."""
    return {
        "line_net": str(totals.line_net),
        "discounts": str(totals.discounts),
        "charges": str(totals.charges),
        "net": str(totals.net),
        "tax": str(totals.tax),
        "gross": str(totals.gross),
        "prepaid": str(totals.prepaid),
        "rounding": str(totals.rounding_amount),
        "payable": str(totals.payable),
        "withheld": str(totals.withheld),
        "due": str(totals.due),
    }


def groups_resource(groups: Sequence[TaxGroup]) -> list[dict[str, Any]]:
    """The tax breakdown."""
    built: list[dict[str, Any]] = msgspec.to_builtins(groups)
    for group in built:
        _state_plainly(group, "rate")
    return built


def lines_resource(
    written: Sequence[dict[str, Any]], lines: Sequence[Line], totals: Sequence[LineTotals]
) -> list[dict[str, Any]]:
    """Each line as written, with its figures beside what they follow from."""
    merged = []
    for resource, line, figures in zip(written, lines, totals, strict=True):
        _state_plainly(resource, *_FIGURES)
        for step in resource["breakdown"]:
            _state_plainly(step, "quantity", "price", "amount")
        resource["subtotal"] = str(figures.subtotal)
        resource["net"] = str(figures.net)
        resource["computed"] = line.net is not None
        resource["gross"] = str(figures.gross)
        for tax, (base, amount) in zip(resource["taxes"], figures.taxes, strict=True):
            _state_plainly(tax, "rate")
            tax["base"], tax["amount"] = str(base), str(amount)
        if line.discounts or line.charges:
            amounts = figures.adjustments
            resource["discounts"] = _adjusted(resource["discounts"], amounts, charge=False)
            resource["charges"] = _adjusted(resource["charges"], amounts, charge=True)
        if line.children:
            written_below = resource["children"]
            resource["children"] = lines_resource(written_below, line.children, figures.children)
        merged.append(resource)
    return merged


def _state_plainly(written: dict[str, Any], *names: str) -> None:
    """Decimals without an exponent: `str` makes 1E-7 of 0.0000001."""
    for name in names:
        figure = written[name]
        if figure is not None and "E" in figure:
            written[name] = format(Decimal(figure), "f")


def _adjusted(
    written: Sequence[dict[str, Any]], amounts: Sequence[AdjustmentAmount], *, charge: bool
) -> list[dict[str, Any]]:
    mine = [amount for amount in amounts if amount.charge is charge]
    adjusted = []
    for resource, amount in zip(written, mine, strict=True):
        _state_plainly(resource, "percent")
        figures = {"base": None if amount.base is None else str(amount.base)}
        adjusted.append({**resource, **figures, "amount": str(amount.amount)})
    return adjusted


def seller_resource(document: Document | ImportedDocument) -> dict[str, Any] | None:
    """The seller as frozen on the document: a party with what else the law wants to see."""
    if document.seller is None:
        return None
    seller: dict[str, Any] = msgspec.to_builtins(document.seller)
    party: dict[str, Any] = seller.pop("party")
    del party["e_invoicing"]
    return {**party, **seller}
