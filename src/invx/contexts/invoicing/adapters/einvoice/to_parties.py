"""The parties of an e-invoice as our API takes them."""

import re
from typing import Any

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.adapters.einvoice.to_values import filled
from invx.contexts.invoicing.domain.bank import compact, is_bic, is_iban, is_qr_iban

Json = dict[str, Any]

_VAT_ID = re.compile(r"[A-Z]{2}.+")
_COUNTRIES = {"EL": "GR"}  # Greek VAT ids begin otherwise than the country's code


def identifier(stated: model.Identifier | None) -> Json | None:
    """An id with its scheme."""
    if stated is None:
        return None
    return filled(id=stated.id, scheme=stated.scheme, version=stated.scheme_version)


def address(stated: model.Address | None) -> Json | None:
    """A postal address; ours need a country, so one without is left out."""
    if stated is None or not stated.country:
        return None
    return filled(
        line1=stated.line1,
        line2=stated.line2,
        line3=stated.line3,
        postal_code=stated.postal_code,
        city=stated.city,
        region=stated.region,
        country=stated.country,
    )


def party(stated: model.Party) -> Json:
    """A party of the document (BG-7)."""
    return filled(
        kind="business",
        **_names(stated),
        contact=_contact(stated.contact),
        address=address(stated.address),
        vat_id=stated.vat_id,
        tax_number=stated.tax_number,
        registration=identifier(stated.registration),
        identifiers=[identifier(each) for each in stated.identifiers],
        endpoint=_endpoint(stated.endpoint),
    )


def seller_to(invoice: model.EInvoice, remarks: list[str]) -> Json:
    """The legal entity that issues the document (BG-4), with the accounts to pay to (BG-17)."""
    stated = invoice.seller
    return filled(
        **_names(stated),
        address=address(stated.address),
        contact=_contact(stated.contact),
        registrations=_registrations(stated, remarks),
        registration=identifier(stated.registration),
        identifiers=[identifier(each) for each in stated.identifiers],
        legal_information=stated.legal_information,
        bank_accounts=[
            _account(each, invoice.currency, remarks)
            for payment in invoice.payments
            for each in payment.transfers
        ],
        endpoint=_endpoint(stated.endpoint),
        currency=invoice.currency,
    )


def _names(stated: model.Party) -> Json:
    """The trading name leads where there is one (BT-28, BT-45), the legal name goes along."""
    if stated.trading_name:
        return {"name": stated.trading_name, "legal_name": stated.name}
    return {"name": stated.name}


def _contact(stated: model.Contact | None) -> Json | None:
    if stated is None:
        return None
    return filled(name=stated.name, email=stated.email, phone=stated.phone)


def _endpoint(stated: model.Identifier | None) -> Json | None:
    """An electronic address is none without its scheme (BR-62, BR-63)."""
    return identifier(stated) if stated and stated.scheme else None


def _registrations(stated: model.Party, remarks: list[str]) -> list[Json]:
    """Registered in the country that the VAT id names (BR-CO-09), else in the seller's own."""
    vat_id, tax_number = stated.vat_id, stated.tax_number
    country = stated.address.country if stated.address else None
    if vat_id and _VAT_ID.fullmatch(vat_id):
        country = _COUNTRIES.get(vat_id[:2], vat_id[:2])
    elif vat_id:
        remarks.append(f"The seller's VAT id {vat_id} names no country: entered as a tax number.")
        vat_id, tax_number = None, tax_number or vat_id
    if not (vat_id or tax_number):
        return []
    return [filled(country=country, vat_id=vat_id, tax_number=tax_number)]


def _account(account: model.CreditTransfer, currency: str, remarks: list[str]) -> Json:
    """An IBAN where the check digits hold, a local account number otherwise."""
    number, bic = compact(account.account), compact(account.bic or "")
    if bic and not is_bic(bic):
        remarks.append(f"{account.bic} is no BIC: left out.")
        bic = ""
    if is_iban(number) and not is_qr_iban(number):
        return filled(currency=currency, iban=number, bic=bic, holder=account.name)
    return filled(currency=currency, account=account.account, bic=bic, holder=account.name)
