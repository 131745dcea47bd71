"""What a format asks for and a document lacks, by the field of our API that has to say it.

The official rules say the same of the finished file; here it is said before, in our words. Pointers
under `/seller` lead into the legal entity.
"""

from collections.abc import Iterator, Sequence

from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.check_parties import buyer_problems
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.einvoice.code_needs import code_problems
from invx.contexts.invoicing.domain.einvoice.e_invoice_asked import Asked, absent
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import Format, Needs
from invx.contexts.invoicing.domain.einvoice.german_needs import xrechnung_needs
from invx.contexts.invoicing.domain.einvoice.payment_codes import (
    CARDS,
    CREDIT_TRANSFER,
    SEPA_TRANSFER,
    accounts_of,
    payment_code,
)
from invx.contexts.invoicing.domain.einvoice.peppol_needs import peppol_needs, shared_needs
from invx.contexts.invoicing.domain.errors import EInvoiceIncomplete
from invx.contexts.invoicing.domain.party import Seller
from invx.contexts.invoicing.domain.units.unit_codes import NOT_IN_E_INVOICES
from invx.kernel.errors import Problem
from invx.rules.totals.model import LineKind, Regime, Totals

_WITHOUT_ROUNDING = ("basic", "basic_wl")  # profiles of Factur-X


def ensure_complete(content: Content, totals: Totals, seller: Seller, format: Format) -> None:
    """Raises EInvoiceIncomplete that names every field the format needs and does not find."""
    if found := missing(content, totals, seller, format):
        count = "One field is" if len(found) == 1 else f"{len(found)} fields are"
        detail = f"{count} missing or wrong for {format.title}."
        raise EInvoiceIncomplete(detail, problems=found)


def missing(content: Content, totals: Totals, seller: Seller, format: Format) -> Sequence[Problem]:
    """A problem for each field that stands in the way of the format."""
    asked = Asked(content, totals, seller)
    found = [*_core(asked), *code_problems(content, seller, format.syntax)]
    if format.needs is Needs.XRECHNUNG:
        found += [*xrechnung_needs(asked), *shared_needs(asked)]
    elif format.needs is Needs.PEPPOL:
        found += peppol_needs(asked)
    if format.profile in _WITHOUT_ROUNDING:
        found += _unrounded(asked, format)
    return list({each.pointer: each for each in reversed(found)}.values())[::-1]


def _unrounded(asked: Asked, format: Format) -> Iterator[Problem]:
    """Without BT-114 the amount due would not follow from the total (BR-CO-16)."""
    if asked.totals.rounding_amount:
        at = "/cash_unit" if asked.content.cash_unit is not None else "/payable_rounding"
        detail = f"{format.title} has no place for a rounding of the amount due (BT-114)."
        yield Problem(at, "not_allowed", detail)


def _core(asked: Asked) -> Iterator[Problem]:
    """What EN 16931 itself asks beyond what finalizing has checked."""
    content, party = asked.content, asked.seller.party
    yield from buyer_problems(content)
    if content.tax_point is not None and content.tax_point_code is not None:
        detail = "State the tax point or its code, not both (BR-CO-03)."
        yield Problem("/tax_point_code", "tax_point_twice", detail)
    accounted = content.tax_currency
    if accounted is not None and accounted.currency == content.currency:
        detail = "It is that of the document already (BR-CO-15, PEPPOL-EN16931-R005)."
        yield Problem("/tax_currency/currency", "not_allowed", detail)
    vat = [each for each in asked.totals.taxes if each.regime is Regime.VAT]
    unnamed = not (party.registration or party.identifiers)
    # Outside the scope of VAT the VAT id may not be shown (BR-O-02): something else has to.
    if unnamed and vat and all(each.category == "O" for each in vat):
        yield absent("/seller/registration", "a registration or identifier", "BR-CO-26")
    for pointer, line in lines_of(content.lines):
        if line.kind is LineKind.ITEM and not line.children and not line.description:
            yield absent(f"{pointer}/description", "the item's name", "BR-25")
        if line.unit in NOT_IN_E_INVOICES:
            detail = f"E-invoices do not know the unit {line.unit} (BR-CL-23)."
            yield Problem(f"{pointer}/unit", "not_allowed", detail)
        item = line.item
        if item and item.standard_id and not item.standard_id.scheme:
            yield absent(f"{pointer}/item/standard_id/scheme", "its scheme", "BR-64")
        for index, each in enumerate(item.classifications if item else ()):
            if not each.scheme:
                at = f"{pointer}/item/classifications/{index}/scheme"
                yield absent(at, "its scheme", "BR-65")
    for index, attachment in enumerate(content.attachments):
        at = f"/attachments/{index}"
        if attachment.carried and not attachment.media_type:
            yield absent(f"{at}/media_type", "the media type of the content", "BT-125-1")
        if attachment.carried and not attachment.filename:
            yield absent(f"{at}/filename", "a file name of the content", "BT-125-2")
    yield from _paying(asked)


def _paying(asked: Asked) -> Iterator[Problem]:
    code, means = payment_code(asked.content, asked.seller), asked.content.payment_means
    transfer = code in {CREDIT_TRANSFER, SEPA_TRANSFER}
    if transfer and not accounts_of(asked.content, asked.seller):
        yield absent("/seller/bank_accounts", "an account to pay to", "BR-61")
    if code in CARDS and not (means and means.card and means.card.number):
        yield absent("/payment_means/card", "the card", "BR-51")
