"""What a format asks for and a document lacks, by the field of our API that has to say it.

The official rules say the same of the finished file; here it is said before, in our words. Pointers
under `/seller` lead into the legal entity.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.check_parties import (
    buyer_problems,
    registration_of,
    taxes_of,
)
from invx.contexts.invoicing.domain.code_needs import code_problems
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.e_invoice_formats import Format, Needs
from invx.contexts.invoicing.domain.errors import EInvoiceIncomplete
from invx.contexts.invoicing.domain.party import Party, Seller
from invx.contexts.invoicing.domain.payment_codes import (
    CARDS,
    CREDIT_TRANSFER,
    DIRECT_DEBITS,
    SEPA_TRANSFER,
    accounts_of,
    payment_code,
)
from invx.contexts.invoicing.domain.unit_codes import NOT_IN_E_INVOICES
from invx.kernel.errors import Problem
from invx.rules.totals.model import LineKind, Regime, Totals

# BR-DE-17, of UNTDID 1001
_XRECHNUNG_TYPES = frozenset({"326", "380", "381", "384", "389", "875", "876", "877"})

_WITHOUT_ROUNDING = ("basic", "basic_wl")  # profiles of Factur-X


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a format is asked about: the document and who sells."""

    content: Content
    totals: Totals
    seller: Seller


def ensure_complete(content: Content, totals: Totals, seller: Seller, format: Format) -> None:
    """Raises EInvoiceIncomplete that names every field the format needs and does not find."""
    if found := missing(content, totals, seller, format):
        count = "One field is" if len(found) == 1 else f"{len(found)} fields are"
        detail = f"{count} missing or wrong for {format.title}."
        raise EInvoiceIncomplete(detail, problems=found)


def missing(content: Content, totals: Totals, seller: Seller, format: Format) -> Sequence[Problem]:
    """A problem for each field that stands in the way of the format."""
    asked = _Asked(content, totals, seller)
    found = [*_core(asked), *code_problems(content, seller, format.syntax)]
    if format.needs is Needs.XRECHNUNG:
        found += _xrechnung(asked)
    elif format.needs is Needs.PEPPOL:
        found += _peppol(asked)
    if format.profile in _WITHOUT_ROUNDING:
        found += _unrounded(asked, format)
    return list({each.pointer: each for each in reversed(found)}.values())[::-1]


def _unrounded(asked: _Asked, format: Format) -> Iterator[Problem]:
    """Without BT-114 the amount due would not follow from the total (BR-CO-16)."""
    if asked.totals.rounding_amount:
        at = "/cash_unit" if asked.content.cash_unit is not None else "/payable_rounding"
        detail = f"{format.title} has no place for a rounding of the amount due (BT-114)."
        yield Problem(at, "not_allowed", detail)


def _missing(pointer: str, what: str, rule: str) -> Problem:
    return Problem(pointer, "field_missing", f"The format needs {what} ({rule}).")


def _core(asked: _Asked) -> Iterator[Problem]:
    """What EN 16931 itself asks beyond what finalizing has checked."""
    content, party = asked.content, asked.seller.party
    yield from buyer_problems(content)
    if content.tax_point is not None and content.tax_point_code is not None:
        detail = "State the tax point or its code, not both (BR-CO-03)."
        yield Problem("/tax_point_code", "tax_point_twice", detail)
    vat = [each for each in asked.totals.taxes if each.regime is Regime.VAT]
    unnamed = not (party.registration or party.identifiers)
    # Outside the scope of VAT the VAT id may not be shown (BR-O-02): something else has to.
    if unnamed and vat and all(each.category == "O" for each in vat):
        yield _missing("/seller/registration", "a registration or identifier", "BR-CO-26")
    for pointer, line in lines_of(content.lines):
        if line.kind is LineKind.ITEM and not line.children and not line.description:
            yield _missing(f"{pointer}/description", "the item's name", "BR-25")
        if line.unit in NOT_IN_E_INVOICES:
            detail = f"E-invoices do not know the unit {line.unit} (BR-CL-23)."
            yield Problem(f"{pointer}/unit", "not_allowed", detail)
        item = line.item
        if item and item.standard_id and not item.standard_id.scheme:
            yield _missing(f"{pointer}/item/standard_id/scheme", "its scheme", "BR-64")
        for index, each in enumerate(item.classifications if item else ()):
            if not each.scheme:
                at = f"{pointer}/item/classifications/{index}/scheme"
                yield _missing(at, "its scheme", "BR-65")
    for index, attachment in enumerate(content.attachments):
        at = f"/attachments/{index}"
        if attachment.content and not attachment.media_type:
            yield _missing(f"{at}/media_type", "the media type of the content", "BT-125-1")
        if attachment.content and not attachment.filename:
            yield _missing(f"{at}/filename", "a file name of the content", "BT-125-2")
    yield from _paying(asked)


def _paying(asked: _Asked) -> Iterator[Problem]:
    code, means = payment_code(asked.content, asked.seller), asked.content.payment_means
    transfer = code in {CREDIT_TRANSFER, SEPA_TRANSFER}
    if transfer and not accounts_of(asked.content, asked.seller):
        yield _missing("/seller/bank_accounts", "an account to pay to", "BR-61")
    if code in CARDS and not (means and means.card and means.card.number):
        yield _missing("/payment_means/card", "the card", "BR-51")


def _xrechnung(asked: _Asked) -> Iterator[Problem]:
    content, seller = asked.content, asked.seller
    type_code = content.type_code or "380"
    if type_code not in _XRECHNUNG_TYPES:
        known = ", ".join(sorted(_XRECHNUNG_TYPES))
        yield Problem("/type_code", "not_allowed", f"XRechnung knows {known} only (BR-DE-17).")
    if type_code == "384" and not content.preceding:
        yield _missing("/preceding", "the invoice that is corrected", "BR-DE-26")
    code = payment_code(content, seller)
    if code is None:
        yield _missing("/seller/bank_accounts", "an account or another means of payment", "BR-DE-1")
    elif code in DIRECT_DEBITS:
        yield from _german_debit(content)
    if not content.buyer_reference:
        yield _missing("/buyer_reference", "a buyer reference (Leitweg-ID, BT-10)", "BR-DE-15")
    yield from _german_seller(asked)
    if content.buyer is not None:
        yield from _town("/buyer", content.buyer, "BR-DE-8", "BR-DE-9")
    place = content.ship_to
    if place is not None and place.address is not None:
        yield from _town("/ship_to", place, "BR-DE-10", "BR-DE-11")
    yield from _endpoints(asked)


def _german_debit(content: Content) -> Iterator[Problem]:
    debit = content.payment_means.direct_debit if content.payment_means else None
    at = "/payment_means/direct_debit"
    if debit is None or not debit.creditor:
        yield _missing(f"{at}/creditor", "the creditor id (BT-90)", "BR-DE-30")
    if debit is None or not debit.account:
        yield _missing(f"{at}/account", "the debited account (BT-91)", "BR-DE-31")


def _german_seller(asked: _Asked) -> Iterator[Problem]:
    party = asked.seller.party
    yield from _town("/seller", party, "BR-DE-3", "BR-DE-4")
    contact = party.contact
    for name, term, rule in (
        ("name", "BT-41", "BR-DE-5"),
        ("phone", "BT-42", "BR-DE-6"),
        ("email", "BT-43", "BR-DE-7"),
    ):
        if contact is None or not getattr(contact, name):
            at = f"/seller/contact/{name}"
            yield _missing(at, f"the {name} of a contact at the seller ({term})", rule)
    if all(each.category == "O" for each in taxes_of(asked.content)):
        return
    representative = asked.content.tax_representative
    day = asked.content.issue_date or date.max
    registration = registration_of(asked.seller, asked.content, day)
    known = party.vat_id or party.tax_number or registration or representative
    if not known:
        yield _missing("/seller/registrations", "a VAT id or tax number of the seller", "BR-DE-16")


def _town(at: str, party: Party, city_rule: str, code_rule: str) -> Iterator[Problem]:
    address = party.address
    if address is None or not address.city:
        yield _missing(f"{at}/address/city", "a city", city_rule)
    if address is None or not address.postal_code:
        yield _missing(f"{at}/address/postal_code", "a postal code", code_rule)


def _endpoints(asked: _Asked) -> Iterator[Problem]:
    buyer = asked.content.buyer
    if buyer is None or buyer.endpoint is None:
        what = "the buyer's electronic address (BT-49)"
        yield _missing("/buyer/endpoint", what, "PEPPOL-EN16931-R010")
    if asked.seller.party.endpoint is None:
        what = "the seller's electronic address (BT-34)"
        yield _missing("/seller/endpoint", what, "PEPPOL-EN16931-R020")


def _peppol(asked: _Asked) -> Iterator[Problem]:
    content = asked.content
    if not (content.buyer_reference or content.purchase_order):
        what = "a buyer reference or a purchase order"
        yield _missing("/buyer_reference", what, "PEPPOL-EN16931-R003")
    yield from _endpoints(asked)
