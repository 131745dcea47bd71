"""The content of a document as the bill that its totals are computed from."""

from collections.abc import Iterator

from invx.contexts.invoicing.domain.content import AdjustmentLine, Content, Line
from invx.rules.totals import model
from invx.rules.totals.model import Bill, Rounding, Totals
from invx.rules.totals.steps import Step, computed, number


def bill_of(content: Content, rounding: Rounding) -> Bill:
    """The figures of `content`; its words stay behind.

    Discounts come before charges, on lines and on the document: so do the figures of the totals.
    """
    return Bill(
        currency=content.currency,
        profile=content.profile,
        rounding=rounding,
        lines=tuple(_line(line, content.prices_include_tax) for line in content.lines),
        adjustments=_adjustments(content),
        prepaid=content.prepaid,
        payable_rounding=content.payable_rounding,
        cash_unit=content.cash_unit,
        given_taxes=content.given_taxes,
    )


def tax_currency_steps(content: Content, totals: Totals) -> Iterator[Step]:
    """How the tax in the tax currency (BT-111) came about, if the document has one."""
    stated = content.tax_currency
    if stated is not None:
        yield computed(
            "/tax_currency/tax",
            "BT-111",
            f"{number(totals.tax)} x {number(stated.rate)}",
            stated.of(totals.tax),
            "/totals/tax",
            "/tax_currency/rate",
        )


def _line(line: Line, prices_include_tax: bool) -> model.Line:
    includes_tax = line.price_includes_tax
    if includes_tax is None:  # the document's default is about prices; a given net is net of tax
        includes_tax = prices_include_tax and line.net is None
    return model.Line(
        id=line.id,
        kind=line.kind,
        quantity=line.quantity,
        price=line.price,
        price_discount=line.price_discount,
        base_quantity=line.base_quantity,
        includes_tax=includes_tax,
        net=line.net,
        adjustments=_adjustments(line),
        taxes=line.taxes,
        children=tuple(_line(child, prices_include_tax) for child in line.children),
    )


def _adjustments(part: Content | Line) -> tuple[model.Adjustment, ...]:
    discounts = tuple(_adjustment(each, charge=False) for each in part.discounts)
    return discounts + tuple(_adjustment(each, charge=True) for each in part.charges)


def _adjustment(written: AdjustmentLine, *, charge: bool) -> model.Adjustment:
    return model.Adjustment(
        charge=charge,
        percent=written.percent,
        amount=written.amount,
        base=written.base,
        reason=written.reason,
        reason_code=written.reason_code,
        taxes=written.taxes,
    )
