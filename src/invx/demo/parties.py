"""Parties of an e-invoice as the API takes them."""

import re

from invx.demo.source import Json
from invx.demo.terms import Account, Document, Identifier, Party
from invx.demo.tidy import filled

_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_VAT_ID = re.compile(r"[A-Z]{2}.+")
_COUNTRIES = {"EL": "GR"}  # Greek VAT ids begin otherwise than the country's code
BACKDATING_DAYS = 36_500  # official examples are years old


def party(stated: Party | None, name: str | None = None) -> Json | None:
    """A party of the document, `name` standing in where it has none of its own."""
    if stated is None:
        return None
    return filled(
        kind="business",
        **_names(stated, name),
        contact=filled(**stated.contact),
        address=_address(stated),
        vat_id=_compact(stated.vat_id),
        tax_number=stated.tax_number,
        registration=_identifier(stated.registration),
        identifiers=[_identifier(one) for one in stated.identifiers],
        endpoint=_endpoint(stated),
    )


def place_of_delivery(document: Document) -> Json | None:
    """Where it went (BG-13), under the buyer's name if it has none; nothing without a country."""
    found = party(document.ship_to, document.buyer.name)
    return found if found and "address" in found else None


def seller(document: Document) -> Json:
    """The legal entity that issues the document."""
    stated = document.seller
    return filled(
        **_names(stated, None),
        address=_address(stated),
        contact=filled(**stated.contact),
        registrations=_registrations(stated),
        registration=_identifier(stated.registration),
        identifiers=[_identifier(one) for one in stated.identifiers],
        bank_accounts=[_bank_account(account, document.currency) for account in document.accounts],
        endpoint=_endpoint(stated),
        time_zone="Europe/Berlin",
        languages=["en"],
        default_profile="en16931",
        rounding="per_group",
        currency=document.currency,
        backdating_days=BACKDATING_DAYS,
    )


def is_iban(number: str) -> bool:
    """Whether the check digits hold (ISO 13616). Examples are full of accounts that fail."""
    if not _IBAN.fullmatch(number):
        return False
    digits = "".join(str(int(character, 36)) for character in number[4:] + number[:4])
    return int(digits) % 97 == 1


def _names(stated: Party, fallback: str | None) -> Json:
    """The trading name leads where there is one (BT-28, BT-45); the registered one goes along."""
    name = stated.trading_name or stated.name or fallback
    return filled(name=name, legal_name=stated.name if stated.name != name else None)


def _compact(number: str | None) -> str | None:
    return "".join(number.split()) if number else None


def _identifier(stated: Identifier | None) -> Json | None:
    return filled(id=stated.id, scheme=stated.scheme) if stated else None


def _endpoint(stated: Party) -> Json | None:
    """An electronic address is none without its scheme (BR-62, BR-63)."""
    endpoint = stated.endpoint
    return _identifier(endpoint) if endpoint and endpoint.scheme else None


def _address(stated: Party) -> Json | None:
    address = filled(**stated.address)
    return address if "country" in address else None


def _registrations(stated: Party) -> list[Json]:
    """Registered in the country that the VAT id names (BR-CO-09), else in the seller's own."""
    vat_id, tax_number = _compact(stated.vat_id), stated.tax_number
    country = stated.address.get("country")
    if vat_id and _VAT_ID.fullmatch(vat_id):
        country = _COUNTRIES.get(vat_id[:2], vat_id[:2])
    elif vat_id:
        vat_id, tax_number = None, tax_number or vat_id
    if not (vat_id or tax_number):
        return []
    return [filled(country=country, vat_id=vat_id, tax_number=tax_number, basis="accrual")]


def _bank_account(account: Account, currency: str) -> Json:
    """An IBAN where the check digits hold, a local account number otherwise."""
    number = "".join(account.number.split()).upper()
    bic = (account.bic or "").replace(" ", "").upper()
    if not is_iban(number):
        return filled(currency=currency, account=account.number, holder=account.holder)
    home = bool(_BIC.fullmatch(bic)) and bic[4:6] == number[:2]
    return filled(currency=currency, iban=number, bic=bic if home else None, holder=account.holder)
