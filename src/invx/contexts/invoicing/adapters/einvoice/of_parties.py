"""Parties, delivery and payment of a document under the terms of EN 16931."""

from datetime import date
from typing import overload

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.domain.check_parties import registration_of
from invx.contexts.invoicing.domain.content import Content, PaymentMeans
from invx.contexts.invoicing.domain.einvoice.payment_codes import (
    CARDS,
    DIRECT_DEBITS,
    accounts_of,
    payment_code,
)
from invx.contexts.invoicing.domain.einvoice.routing import shown_identifiers
from invx.contexts.invoicing.domain.party import (
    Address,
    BankAccount,
    Contact,
    Identifier,
    Party,
    Seller,
)


@overload
def identifier(stated: Identifier) -> model.Identifier: ...
@overload
def identifier(stated: None) -> None: ...
@overload
def identifier(stated: Identifier | None) -> model.Identifier | None: ...
def identifier(stated: Identifier | None) -> model.Identifier | None:
    """An id with its scheme."""
    return model.Identifier(id=stated.id, scheme=stated.scheme) if stated else None


def seller_of(seller: Seller, content: Content, issue_date: date, *, exempt: bool) -> model.Party:
    """BG-4, with the registration that holds on the day for the place of the taxes.

    `exempt` is a document outside the scope of VAT: it shows no VAT id (BR-O-02).
    """
    registration = registration_of(seller, content, issue_date)
    party = seller.party
    vat_id = party.vat_id or (registration.vat_id if registration else None)
    tax_number = party.tax_number or (registration.tax_number if registration else None)
    return model.Party(
        name=party.legal_name or party.name,
        trading_name=_trading_name(party),
        identifiers=tuple(identifier(each) for each in party.identifiers),
        registration=identifier(party.registration),
        vat_id=None if exempt else vat_id,
        tax_number=tax_number,
        legal_information=seller.legal_information or _register(seller),
        endpoint=identifier(party.endpoint),
        address=_address(party.address),
        contact=_contact(party.contact),
    )


def buyer_of(party: Party, *, exempt: bool) -> model.Party:
    """BG-7. It shows one identifier (BT-46): the first, or a SIRET that the buyer asks for."""
    return model.Party(
        name=party.legal_name or party.name,
        trading_name=_trading_name(party),
        identifiers=tuple(identifier(each) for each in shown_identifiers(party)[:1]),
        registration=identifier(party.registration),
        vat_id=None if exempt else party.vat_id,
        endpoint=identifier(party.endpoint),
        address=_address(party.address),
        contact=_contact(party.contact),
    )


def payee_of(content: Content) -> model.Payee | None:
    """BG-10."""
    payee = content.payee
    if payee is None:
        return None
    return model.Payee(
        name=payee.name,
        identifier=identifier(payee.identifiers[0]) if payee.identifiers else None,
        registration=identifier(payee.registration),
    )


def representative_of(content: Content, *, exempt: bool) -> model.TaxRepresentative | None:
    """BG-11; none outside the scope of VAT (BR-O-02)."""
    party = content.tax_representative
    if party is None or exempt:
        return None
    return model.TaxRepresentative(
        name=party.name, vat_id=party.vat_id, address=_address(party.address)
    )


def delivery_of(content: Content) -> model.Delivery | None:
    """BG-13. The place is named (BT-70) only where the name is not that of the buyer."""
    place, day, location = content.ship_to, content.supply_date, content.delivery_location
    if place is None:
        if day is None and location is None:
            return None
        return model.Delivery(date=day, location=identifier(location))
    own = content.buyer.name if content.buyer else None
    first = place.identifiers[0] if place.identifiers else None
    return model.Delivery(
        name=place.name if place.name != own else None,
        location=identifier(location or first),
        date=day,
        address=_address(place.address),
    )


def payments_of(content: Content, seller: Seller) -> tuple[model.Payment, ...]:
    """BG-16, with the seller's accounts in the currency of the document, else its first."""
    means = content.payment_means or PaymentMeans()
    code = payment_code(content, seller)
    if code is None:
        return ()
    accounts = [] if code in CARDS | DIRECT_DEBITS else accounts_of(content, seller)
    debit = means.direct_debit
    return (
        model.Payment(
            code=code,
            text=means.text,
            remittance=means.remittance,
            transfers=tuple(_transfer(each) for each in accounts),
            card=(
                model.Card(number=means.card.number, holder=means.card.holder)
                if means.card and means.card.number
                else None
            ),
            debit=(
                model.DirectDebit(
                    mandate=debit.mandate, creditor=debit.creditor, account=debit.account
                )
                if debit
                else None
            ),
        ),
    )


def _transfer(account: BankAccount) -> model.CreditTransfer:
    return model.CreditTransfer(
        account=account.iban or account.account or "", name=account.holder, bic=account.bic
    )


def _trading_name(party: Party) -> str | None:
    """A registered name beside the name makes that one the trading name (BT-28, BT-45)."""
    return party.name if party.legal_name else None


def _register(seller: Seller) -> str | None:
    """Court, number and directors, which business letters must show (German HGB § 125a)."""
    entry = seller.register
    parts = [
        " ".join(part for part in (entry.court, entry.number) if part) if entry else "",
        ", ".join(seller.directors),
    ]
    return "; ".join(part for part in parts if part) or None


def _address(stated: Address | None) -> model.Address | None:
    if stated is None:
        return None
    return model.Address(
        line1=stated.line1,
        line2=stated.line2,
        line3=stated.line3,
        city=stated.city,
        postal_code=stated.postal_code,
        region=stated.region,
        country=stated.country,
    )


def _contact(stated: Contact | None) -> model.Contact | None:
    if stated is None:
        return None
    return model.Contact(name=stated.name, phone=stated.phone, email=stated.email)
