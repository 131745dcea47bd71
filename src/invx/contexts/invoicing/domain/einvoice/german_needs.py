"""What German e-invoices ask beyond EN 16931: XRechnung 3.0, and Peppol between two Germans.

Sources: XRechnung 3.0.2 (BR-DE-1 to 31); Peppol BIS Billing 3 (DE-R-001 to 031: the same).
"""

import re
from collections.abc import Iterator

from invx.contexts.invoicing.domain.check_parties import taxes_of
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.einvoice.e_invoice_asked import Asked, absent, wrong
from invx.contexts.invoicing.domain.einvoice.payment_codes import (
    CARDS,
    CREDIT_TRANSFER,
    DIRECT_DEBITS,
    SEPA_TRANSFER,
    payment_code,
)
from invx.contexts.invoicing.domain.party import Party
from invx.kernel.errors import Problem

_TYPES = frozenset({"326", "380", "381", "384", "389", "875", "876", "877"})  # BR-DE-17
_DISCOUNT = re.compile(
    r"#SKONTO#TAGE=[0-9]+#PROZENT=[0-9]+\.[0-9]{2}(#BASISBETRAG=-?[0-9]+\.[0-9]{2})?#"
)


def xrechnung_needs(asked: Asked) -> Iterator[Problem]:
    """What XRechnung asks, but for what it shares with Peppol."""
    type_code = asked.content.type_code or "380"
    if type_code not in _TYPES:
        known = ", ".join(sorted(_TYPES))
        yield wrong("/type_code", f"XRechnung knows {known} only", "BR-DE-17")
    yield from german_needs(asked)


def german_needs(asked: Asked) -> Iterator[Problem]:
    """What holds for XRechnung, and in Peppol where seller and buyer are in Germany."""
    content = asked.content
    if content.type_code == "384" and not content.preceding:
        yield absent("/preceding", "the invoice that is corrected", "BR-DE-26")
    yield from _paying(asked)
    yield from _terms(content)
    if not content.buyer_reference:
        yield absent("/buyer_reference", "a buyer reference (Leitweg-ID, BT-10)", "BR-DE-15")
    yield from _seller(asked)
    if content.buyer is not None:
        yield from _town("/buyer", content.buyer, "BR-DE-8", "BR-DE-9")
    place = content.ship_to
    if place is not None and place.address is not None:
        yield from _town("/ship_to", place, "BR-DE-10", "BR-DE-11")
    yield from _attachments(content)


def _paying(asked: Asked) -> Iterator[Problem]:
    code, means = payment_code(asked.content, asked.seller), asked.content.payment_means
    if code is None:
        yield absent("/seller/bank_accounts", "an account or another means of payment", "BR-DE-1")
    debit = means.direct_debit if means else None
    card = means.card if means else None
    transfer = code in {CREDIT_TRANSFER, SEPA_TRANSFER}
    if card and (transfer or code in DIRECT_DEBITS):
        detail = f"Means of payment {code} shows no card"
        yield wrong("/payment_means/card", detail, "BR-DE-23-b, BR-DE-25-b")
    at = "/payment_means/direct_debit"
    if debit and (transfer or code in CARDS):
        detail = f"Means of payment {code} shows no direct debit"
        yield wrong(at, detail, "BR-DE-23-b, BR-DE-24-b")
    elif code in DIRECT_DEBITS or debit:
        if debit is None or not debit.creditor:
            yield absent(f"{at}/creditor", "the creditor id (BT-90)", "BR-DE-30")
        if debit is None or not debit.account:
            yield absent(f"{at}/account", "the debited account (BT-91)", "BR-DE-31")


def _terms(content: Content) -> Iterator[Problem]:
    """A line of the terms that begins with a number sign is a discount, or refused."""
    text = content.payment_terms.text if content.payment_terms else None
    for line in (text or "").splitlines():
        if line.startswith("#") and not _DISCOUNT.fullmatch(line):
            detail = "A line that begins with # reads #SKONTO#TAGE=14#PROZENT=2.00#"
            yield wrong("/payment_terms/text", detail, "BR-DE-18")
            return


def _seller(asked: Asked) -> Iterator[Problem]:
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
            yield absent(at, f"the {name} of a contact at the seller ({term})", rule)
    if all(each.category == "O" for each in taxes_of(asked.content)):
        return
    if not (asked.vat_id or asked.tax_number or asked.content.tax_representative):
        yield absent("/seller/registrations", "a VAT id or tax number of the seller", "BR-DE-16")


def _town(at: str, party: Party, city_rule: str, code_rule: str) -> Iterator[Problem]:
    address = party.address
    if address is None or not address.city:
        yield absent(f"{at}/address/city", "a city", city_rule)
    if address is None or not address.postal_code:
        yield absent(f"{at}/address/postal_code", "a postal code", code_rule)


def _attachments(content: Content) -> Iterator[Problem]:
    """Names of embedded files differ (BR-DE-22)."""
    seen: set[str | None] = set()
    for index, each in enumerate(content.attachments):
        name = each.filename if each.content else None
        if name and name in seen:
            detail = "Another attachment has this file name"
            yield wrong(f"/attachments/{index}/filename", detail, "BR-DE-22")
        seen.add(name)
