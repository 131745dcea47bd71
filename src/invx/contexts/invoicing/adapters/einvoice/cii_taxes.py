"""VAT, discounts and charges of a Cross Industry Invoice: as written, then as read."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.adapters.einvoice.cii_tree import (
    Element,
    always,
    amount,
    day,
    need_number,
    number,
    part,
    take_day,
    text,
)
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnwritable
from invx.contexts.invoicing.adapters.einvoice.model import (
    Adjustment,
    EInvoice,
    TaxGroup,
    Totals,
)
from invx.contexts.invoicing.adapters.einvoice.xml import Node
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import MINIMUM

# BT-8 is a code of UNTDID 2005 in the model and in UBL, and one of UNTDID 2475 in CII.
_TO_2475 = {"3": "5", "35": "29", "432": "72"}
_TO_2005 = {cii: code for code, cii in _TO_2475.items()}
_ADJUSTMENT = "ram:SpecifiedTradeAllowanceCharge"
_TAX = "ram:ApplicableTradeTax"
_TOTALS = "ram:SpecifiedTradeSettlementHeaderMonetarySummation"


def write_category(tag: str, category: str | None, rate: Decimal | None) -> Element | None:
    """The VAT of a line (BT-151, BT-152) or of an adjustment (BT-95, BT-96, BT-102, BT-103)."""
    if category is None:
        return None
    return always(
        tag,
        text("ram:TypeCode", "VAT"),
        text("ram:CategoryCode", category),
        number("ram:RateApplicablePercent", rate),
    )


def read_category(parent: Node, tag: str) -> tuple[str | None, Decimal | None]:
    """The VAT category and its rate; a rate without a category says nothing."""
    for node in _vat(parent, tag):
        category = node.text("ram:CategoryCode")
        if category:
            return category, node.number("ram:RateApplicablePercent")
    return None, None


def write_adjustments(adjustments: Iterable[Adjustment]) -> list[Element]:
    """Discounts and charges (BG-20, BG-21, BG-27, BG-28)."""
    return [
        always(
            _ADJUSTMENT,
            always("ram:ChargeIndicator", text("udt:Indicator", "true" if one.charge else "false")),
            number("ram:CalculationPercent", one.percent),
            amount("ram:BasisAmount", one.base),
            amount("ram:ActualAmount", one.amount),
            text("ram:ReasonCode", one.reason_code),
            text("ram:Reason", one.reason),
            write_category("ram:CategoryTradeTax", one.category, one.rate),
        )
        for one in adjustments
    ]


def read_adjustments(node: Node) -> tuple[Adjustment, ...]:
    """Discounts and charges, in the order of the document."""
    return tuple(_read_adjustment(one) for one in node.all(_ADJUSTMENT))


def write_groups(invoice: EInvoice) -> list[Element]:
    """The VAT breakdown (BG-23). The tax point (BT-7) may stand once (CII-SR-461).

    Raises EInvoiceUnwritable: without a group there is no place for the tax point.
    """
    code = invoice.tax_point_code
    if not invoice.taxes and (invoice.tax_point or code):
        raise EInvoiceUnwritable("CII states the tax point (BT-7, BT-8) in the VAT breakdown only")
    return [
        always(
            _TAX,
            amount("ram:CalculatedAmount", one.amount),
            text("ram:TypeCode", "VAT"),
            text("ram:ExemptionReason", one.reason),
            amount("ram:BasisAmount", one.base),
            text("ram:CategoryCode", one.category),
            text("ram:ExemptionReasonCode", one.reason_code),
            day("ram:TaxPointDate", None if place else invoice.tax_point, "udt:DateString"),
            text("ram:DueDateTypeCode", _TO_2475.get(code, code) if code else None),
            number("ram:RateApplicablePercent", one.rate),
        )
        for place, one in enumerate(invoice.taxes)
    ]


def read_groups(settlement: Node) -> tuple[TaxGroup, ...]:
    """The VAT breakdown."""
    return tuple(
        TaxGroup(
            base=need_number(one, "ram:BasisAmount", "BT-116"),
            amount=need_number(one, "ram:CalculatedAmount", "BT-117"),
            category=one.required("ram:CategoryCode", "BT-118"),
            rate=one.number("ram:RateApplicablePercent"),
            reason=one.text("ram:ExemptionReason"),
            reason_code=one.text("ram:ExemptionReasonCode"),
        )
        for one in _vat(settlement, _TAX)
    )


def read_tax_point(settlement: Node) -> date | None:
    """BT-7, where it stands first."""
    days = (take_day(one, "ram:TaxPointDate", "udt:DateString") for one in _vat(settlement, _TAX))
    return next(filter(None, days), None)


def read_tax_point_code(settlement: Node) -> str | None:
    """BT-8, which may stand with each group of the breakdown, everywhere the same (CII-SR-462)."""
    codes = [one.text("ram:DueDateTypeCode") for one in _vat(settlement, _TAX)]
    code = next(filter(None, codes), None)
    return _TO_2005.get(code, code) if code else None


def write_totals(invoice: EInvoice) -> Element:
    """BG-22. The VAT total stands once in each currency (BT-110, BT-111).

    Raises EInvoiceUnwritable when nothing tells the two apart.
    """
    totals = invoice.totals
    if totals.tax_in_tax_currency is not None and invoice.tax_currency in (None, invoice.currency):
        raise EInvoiceUnwritable("BT-111 needs a tax currency (BT-6) other than the invoice's")
    in_tax_currency = amount(
        "ram:TaxTotalAmount", totals.tax_in_tax_currency, currencyID=invoice.tax_currency
    )
    # Factur-X MINIMUM, which has no lines, has no sum of them either.
    without = invoice.specification == MINIMUM
    line_net = None if without else amount("ram:LineTotalAmount", totals.line_net)
    return always(
        _TOTALS,
        line_net,
        amount("ram:ChargeTotalAmount", totals.charges),
        amount("ram:AllowanceTotalAmount", totals.discounts),
        amount("ram:TaxBasisTotalAmount", totals.net),
        amount("ram:TaxTotalAmount", totals.tax, currencyID=invoice.currency),
        in_tax_currency,
        amount("ram:RoundingAmount", totals.rounding),
        amount("ram:GrandTotalAmount", totals.gross),
        amount("ram:TotalPrepaidAmount", totals.prepaid),
        amount("ram:DuePayableAmount", totals.payable),
    )


def read_totals(
    settlement: Node, currency: str, tax_currency: str | None, *, has_lines: bool
) -> Totals:
    """BG-22. Factur-X MINIMUM has no lines and no sum of them: what it states is the net only."""
    stated = part(settlement, _TOTALS)
    net = need_number(stated, "ram:TaxBasisTotalAmount", "BT-109")
    line_net = stated.number("ram:LineTotalAmount")
    if line_net is None and has_lines:
        raise stated.unreadable("it has no ram:LineTotalAmount (BT-106)")
    return Totals(
        line_net=net if line_net is None else line_net,
        discounts=stated.number("ram:AllowanceTotalAmount"),
        charges=stated.number("ram:ChargeTotalAmount"),
        net=net,
        tax=_tax_total(stated, currency, None),
        tax_in_tax_currency=(
            _tax_total(stated, tax_currency) if tax_currency not in (currency, None) else None
        ),
        gross=need_number(stated, "ram:GrandTotalAmount", "BT-112"),
        prepaid=stated.number("ram:TotalPrepaidAmount"),
        rounding=stated.number("ram:RoundingAmount"),
        payable=need_number(stated, "ram:DuePayableAmount", "BT-115"),
    )


def _tax_total(stated: Node, *currencies: str | None) -> Decimal | None:
    for total in stated.all("ram:TaxTotalAmount"):
        if total.attribute("currencyID") in currencies:
            return total.number()
    return None


def _vat(node: Node, tag: str) -> Iterator[Node]:
    """Those taxes at `tag` that are VAT (CII-DT-037)."""
    for one in node.all(tag):
        if (one.text("ram:TypeCode") or "VAT").upper() == "VAT":
            yield one


def _read_adjustment(node: Node) -> Adjustment:
    category, rate = read_category(node, "ram:CategoryTradeTax")
    return Adjustment(
        charge=node.required("ram:ChargeIndicator/udt:Indicator", "BG-20, BG-21") in ("true", "1"),
        amount=need_number(node, "ram:ActualAmount", "BT-92"),
        base=node.number("ram:BasisAmount"),
        percent=node.number("ram:CalculationPercent"),
        reason=node.text("ram:Reason"),
        reason_code=node.text("ram:ReasonCode"),
        category=category,
        rate=rate,
    )
