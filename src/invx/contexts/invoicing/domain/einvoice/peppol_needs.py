"""What Peppol BIS Billing 3 asks beyond EN 16931, and what XRechnung took over of it.

Source: the Schematron of OpenPeppol (PEPPOL-EN16931-UBL) 3.0.15, and P0112 of a later one. Its
publisher does not give it out compiled, so on most installations no other questions are asked.
"""

from collections.abc import Callable, Iterator, Mapping

from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.einvoice import check_digits
from invx.contexts.invoicing.domain.einvoice.e_invoice_asked import Asked, absent, wrong
from invx.contexts.invoicing.domain.einvoice.german_needs import german_needs
from invx.contexts.invoicing.domain.einvoice.payment_codes import DIRECT_DEBITS, payment_code
from invx.contexts.invoicing.domain.einvoice.peppol_countries import country_needs
from invx.contexts.invoicing.domain.party import Identifier, Party
from invx.kernel.errors import Problem
from invx.rules.totals.model import Tax

# P0100 and P0101: process 01. Self-billing (389, 261) is a process of its own.
_INVOICES = frozenset(
    "71 80 82 84 102 218 219 331 380 382 383 386 388 393 395 553 575 623 780 817 870 875 876"
    " 877".split()
)
_CREDIT_NOTES = frozenset("81 83 381 396 532".split())
_GERMAN_ONLY = frozenset({"326", "384"})  # P0112

# CL008: in the list of EN 16931 and not among the participants' schemes of Peppol
_NO_PARTICIPANTS = frozenset({"0219", "0220", "AN", "AQ", "AS", "AU", "EM"})

# P0104 to P0111: the category that a reason stands for
_CATEGORIES = {
    "VATEX-EU-G": "G",
    "VATEX-EU-O": "O",
    "VATEX-EU-IC": "K",
    "VATEX-EU-AE": "AE",
    "VATEX-EU-D": "E",
    "VATEX-EU-F": "E",
    "VATEX-EU-I": "E",
    "VATEX-EU-J": "E",
}

# PEPPOL-COMMON-R040 to R050, those that refuse
_FORMS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "0007": ("Swedish organisation number (R049)", check_digits.is_swedish),
    "0088": ("GLN (R040)", check_digits.is_gln),
    "0151": ("Australian Business Number (R050)", check_digits.is_australian),
    "0184": ("Danish CVR number with DK before it (R042)", check_digits.is_danish),
    "0192": ("Norwegian organisation number (R041)", check_digits.is_norwegian),
    "0208": ("Belgian enterprise number (R043)", check_digits.is_belgian),
}


def peppol_needs(asked: Asked) -> Iterator[Problem]:
    """Everything that Peppol asks, with the rules of the seller's country."""
    content = asked.content
    if not (content.buyer_reference or content.purchase_order):
        what = "a buyer reference or a purchase order"
        yield absent("/buyer_reference", what, "PEPPOL-EN16931-R003")
    yield from shared_needs(asked)
    yield from _type_code(asked)
    yield from _numbers(asked)
    yield from _reasons(content)
    if asked.between == ("DE", "DE"):
        yield from german_needs(asked)
    yield from country_needs(asked)


def shared_needs(asked: Asked) -> Iterator[Problem]:
    """What Peppol and XRechnung ask alike."""
    buyer = asked.content.buyer
    if buyer is None or buyer.endpoint is None:
        what = "the buyer's electronic address (BT-49)"
        yield absent("/buyer/endpoint", what, "PEPPOL-EN16931-R010")
    if asked.seller.party.endpoint is None:
        what = "the seller's electronic address (BT-34)"
        yield absent("/seller/endpoint", what, "PEPPOL-EN16931-R020")
    means = asked.content.payment_means
    debit = means.direct_debit if means else None
    debited = payment_code(asked.content, asked.seller) in DIRECT_DEBITS
    if debited and not (debit and debit.mandate):
        at = "/payment_means/direct_debit/mandate"
        yield absent(at, "the mandate of a direct debit (BT-89)", "PEPPOL-EN16931-R061")
    yield from _periods(asked.content)


def _periods(content: Content) -> Iterator[Problem]:
    whole = content.service_period
    if whole is None:
        return
    for pointer, line in lines_of(content.lines):
        part = line.service_period
        if part is None:
            continue
        at = f"{pointer}/service_period"
        if part.start and whole.start and part.start < whole.start:
            detail = "A line's period begins within that of the document"
            yield wrong(f"{at}/start", detail, "PEPPOL-EN16931-R110")
        if part.end and whole.end and part.end > whole.end:
            detail = "A line's period ends within that of the document"
            yield wrong(f"{at}/end", detail, "PEPPOL-EN16931-R111")


def _type_code(asked: Asked) -> Iterator[Problem]:
    credit = asked.content.type is DocumentType.CREDIT_NOTE
    code = asked.content.type_code or ("381" if credit else "380")
    if code in _GERMAN_ONLY:
        if asked.between != ("DE", "DE"):
            detail = f"Peppol knows type {code} between two Germans only"
            yield wrong("/type_code", detail, "PEPPOL-EN16931-P0112")
    elif code not in (_CREDIT_NOTES if credit else _INVOICES):
        rule = "P0101" if credit else "P0100"
        yield wrong("/type_code", f"Peppol's billing has no type {code}", f"PEPPOL-EN16931-{rule}")


def _numbers(asked: Asked) -> Iterator[Problem]:
    for at, party in (("/seller", asked.seller.party), ("/buyer", asked.content.buyer)):
        scheme = party.endpoint.scheme if party and party.endpoint else None
        if scheme in _NO_PARTICIPANTS:
            detail = f"Nobody is found in Peppol under the scheme {scheme}"
            yield wrong(f"{at}/endpoint/scheme", detail, "PEPPOL-EN16931-CL008")
    parties = {"/seller": asked.seller.party, "/buyer": asked.content.buyer}
    for at, each in (parties | {"/payee": asked.content.payee}).items():
        for pointer, number in _ids(at, each):
            form = _FORMS.get(number.scheme or "")
            if form and not form[1](number.id.strip()):
                detail = f"It is no {form[0]}: its form or its check digits are wrong."
                yield Problem(f"{pointer}/id", "check_digits_wrong", detail)


def _ids(at: str, party: Party | None) -> Iterator[tuple[str, Identifier]]:
    if party is None:
        return
    if party.endpoint:
        yield f"{at}/endpoint", party.endpoint
    if party.registration:
        yield f"{at}/registration", party.registration
    for index, each in enumerate(party.identifiers):
        yield f"{at}/identifiers/{index}", each


def _reasons(content: Content) -> Iterator[Problem]:
    stated: list[tuple[str, tuple[Tax, ...]]] = [
        (pointer, line.taxes) for pointer, line in lines_of(content.lines)
    ]
    for kind, adjusted in (("discounts", content.discounts), ("charges", content.charges)):
        stated += [(f"/{kind}/{index}", each.taxes) for index, each in enumerate(adjusted)]
    for pointer, taxes in stated:
        for index, tax in enumerate(taxes):
            code = (tax.reason_code or "").upper()
            expected = _CATEGORIES.get(code, tax.category)
            if expected != tax.category:
                detail = f"{code} is a reason of category {expected}"
                at = f"{pointer}/taxes/{index}/reason_code"
                yield wrong(at, detail, "PEPPOL-EN16931-P0104 to P0111")
