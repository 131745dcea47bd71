"""Our own e-invoices with one thing wrong: what, and the official rule that has to say so.

They are changed where both syntaxes come from, so each is tried in both.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from invx.contexts.invoicing.adapters.einvoice.model import EInvoice, Identifier, Note

Change = Callable[[EInvoice], EInvoice]


@dataclass(frozen=True)
class Mutation:
    """`only` is the syntax whose file still shows what is wrong; mostly both do."""

    rule: str
    change: Change
    only: str | None = None


def seller(**more: Any) -> Change:
    return lambda invoice: replace(invoice, seller=replace(invoice.seller, **more))


def buyer(**more: Any) -> Change:
    return lambda invoice: replace(invoice, buyer=replace(invoice.buyer, **more))


def totals(**more: Any) -> Change:
    return lambda invoice: replace(invoice, totals=replace(invoice.totals, **more))


def whole(**more: Any) -> Change:
    return lambda invoice: replace(invoice, **more)


def group(at: int, **more: Any) -> Change:
    """Another figure or word in a group of the VAT breakdown: S 19, S 7, E."""

    def changed(invoice: EInvoice) -> EInvoice:
        groups = list(invoice.taxes)
        groups[at] = replace(groups[at], **more)
        return replace(invoice, taxes=tuple(groups))

    return changed


def line(at: int, **more: Any) -> Change:
    def changed(invoice: EInvoice) -> EInvoice:
        lines = list(invoice.lines)
        lines[at] = replace(lines[at], **more)
        return replace(invoice, lines=tuple(lines))

    return changed


def item(at: int, **more: Any) -> Change:
    return lambda invoice: line(at, item=replace(invoice.lines[at].item, **more))(invoice)


def price(at: int, **more: Any) -> Change:
    return lambda invoice: line(at, price=replace(invoice.lines[at].price, **more))(invoice)


def adjustment(at: int, **more: Any) -> Change:
    """Of the document: a discount, then a charge."""

    def changed(invoice: EInvoice) -> EInvoice:
        found = list(invoice.adjustments)
        found[at] = replace(found[at], **more)
        return replace(invoice, adjustments=tuple(found))

    return changed


def payment(**more: Any) -> Change:
    return lambda invoice: replace(invoice, payments=(replace(invoice.payments[0], **more),))


def both(*changes: Change) -> Change:
    def changed(invoice: EInvoice) -> EInvoice:
        for change in changes:
            invoice = change(invoice)
        return invoice

    return changed


def without_group(at: int) -> Change:
    return lambda invoice: replace(
        invoice, taxes=tuple(each for index, each in enumerate(invoice.taxes) if index != at)
    )


def twice(at: int) -> Change:
    return lambda invoice: replace(invoice, taxes=(*invoice.taxes, invoice.taxes[at]))


def reverse_charge(invoice: EInvoice) -> EInvoice:
    """The exempt line and its group under reverse charge."""
    return both(line(2, category="AE"), group(2, category="AE"))(invoice)


NOBODY = {"vat_id": None, "registration": None, "identifiers": ()}
MUTATIONS = [
    # Ids and parties
    Mutation("BR-S-02", seller(vat_id=None, tax_number=None)),
    Mutation("BR-CO-26", seller(**NOBODY)),
    Mutation("BR-CO-09", seller(vat_id="136695976")),
    Mutation("BR-CO-09", buyer(vat_id="811569869")),
    Mutation("BR-AE-02", both(reverse_charge, buyer(vat_id=None, registration=None))),
    Mutation("BR-IC-02", both(line(2, category="K"), group(2, category="K"), buyer(vat_id=None))),
    Mutation("BR-08", seller(address=None)),
    Mutation("BR-10", buyer(address=None)),
    Mutation("BR-06", seller(name="")),
    Mutation("BR-07", buyer(name="")),
    # Figures
    Mutation("BR-CO-10", totals(line_net=Decimal("1000.01"))),
    Mutation("BR-CO-11", totals(discounts=Decimal("9.99"))),
    Mutation("BR-CO-12", totals(charges=Decimal("4.99"))),
    Mutation("BR-CO-13", totals(net=Decimal("1.00"))),
    Mutation("BR-CO-14", totals(tax=Decimal("1.00"))),
    Mutation("BR-CO-15", totals(gross=Decimal("1.00"))),
    Mutation("BR-CO-16", totals(payable=Decimal("1.00"))),
    Mutation("BR-CO-17", group(0, amount=Decimal("1.00"))),
    Mutation("BR-S-08", group(0, base=Decimal("1.00"))),
    Mutation("BR-E-08", group(2, base=Decimal("1.00"))),
    Mutation("BR-E-09", group(2, amount=Decimal("1.00"))),
    Mutation("BR-CO-03", whole(tax_point=date(2026, 11, 2), tax_point_code="35"), only="ubl"),
    # The VAT breakdown
    Mutation("BR-E-05", line(2, rate=Decimal(7))),
    Mutation("BR-S-05", line(0, rate=Decimal(0))),
    Mutation("BR-E-10", group(2, reason=None, reason_code=None)),
    Mutation("BR-S-10", group(0, reason="No reason has a place here")),
    Mutation("BR-E-01", without_group(2)),
    Mutation("BR-E-01", twice(2)),
    Mutation("BR-O-11", both(line(2, category="O", rate=None), group(2, category="O", rate=None))),
    # Lines
    Mutation("BR-16", whole(lines=()), only="cii"),
    Mutation("BR-25", item(0, name="")),
    Mutation("BR-27", price(0, net=Decimal(-1), gross=None, discount=None)),
    Mutation("BR-33", adjustment(0, reason=None, reason_code=None)),
    Mutation("BR-38", adjustment(1, reason=None, reason_code=None)),
    # Words of lists
    Mutation("BR-CL-01", whole(type_code="999")),
    Mutation("BR-CL-04", whole(currency="EUX")),
    Mutation("BR-CL-10", buyer(identifiers=(Identifier(id="1", scheme="GLN"),))),
    Mutation("BR-CL-11", buyer(registration=Identifier(id="1", scheme="HRB"))),
    Mutation("BR-CL-16", payment(code="99")),
    Mutation("BR-CL-19", adjustment(0, reason_code="999")),
    Mutation("BR-CL-20", adjustment(1, reason_code="?")),
    Mutation("BR-CL-21", item(0, standard_id=Identifier(id="1", scheme="GTIN"))),
    Mutation("BR-CL-22", group(2, reason_code="VATEX-NO")),
    Mutation("BR-CL-23", line(0, unit="ST")),
    Mutation("BR-CL-25", buyer(endpoint=Identifier(id="1", scheme="0"))),
    # Paying
    Mutation("BR-61", payment(transfers=()), only="ubl"),
    # XRechnung
    Mutation("BR-DE-1", whole(payments=())),
    Mutation("BR-DE-2", seller(contact=None)),
    Mutation("BR-DE-15", whole(buyer_reference=None)),
    Mutation("BR-DE-18", whole(payment_terms="#SKONTO#TAGE=7#")),
    Mutation("PEPPOL-EN16931-R010", buyer(endpoint=None)),
    Mutation("PEPPOL-EN16931-R020", seller(endpoint=None)),
]


def noted(invoice: EInvoice) -> EInvoice:
    """A harmless change, which no rule minds."""
    return replace(invoice, notes=(Note(text="Thank you."),))
