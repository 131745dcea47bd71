"""The parties of an invoice and where it was delivered (BG-4 to BG-15), in UBL."""

from invx.contexts.invoicing.adapters.einvoice.model import (
    Address,
    Contact,
    Delivery,
    Identifier,
    Party,
    Payee,
    TaxRepresentative,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_names import SEPA, VAT, tax_number_scheme
from invx.contexts.invoicing.adapters.einvoice.xml import Branch


def write_party(parent: Branch, stated: Party, creditor: str | None = None) -> None:
    """The seller or the buyer; `creditor` is who collects a direct debit (BT-90)."""
    party = parent.add("cac:Party")
    _write_identifier(party, "cbc:EndpointID", stated.endpoint)
    for identifier in stated.identifiers:
        _write_identifier(party.add("cac:PartyIdentification"), "cbc:ID", identifier)
    party.add("cac:PartyIdentification").text("cbc:ID", creditor, schemeID=SEPA)
    party.add("cac:PartyName").text("cbc:Name", stated.trading_name)
    _write_address(party.add("cac:PostalAddress"), stated.address)
    country = stated.address.country if stated.address else None
    _write_tax_scheme(party, stated.vat_id, VAT)
    _write_tax_scheme(party, stated.tax_number, tax_number_scheme(country))
    legal = party.add("cac:PartyLegalEntity")
    legal.text("cbc:RegistrationName", stated.name)
    _write_identifier(legal, "cbc:CompanyID", stated.registration)
    legal.text("cbc:CompanyLegalForm", stated.legal_information)
    _write_contact(party.add("cac:Contact"), stated.contact)


def write_payee(root: Branch, payee: Payee, creditor: str | None) -> None:
    """Who is paid (BG-10), with the creditor of a direct debit (BT-90)."""
    party = root.add("cac:PayeeParty")
    _write_identifier(party.add("cac:PartyIdentification"), "cbc:ID", payee.identifier)
    party.add("cac:PartyIdentification").text("cbc:ID", creditor, schemeID=SEPA)
    party.add("cac:PartyName").text("cbc:Name", payee.name)
    _write_identifier(party.add("cac:PartyLegalEntity"), "cbc:CompanyID", payee.registration)


def write_tax_representative(root: Branch, stated: TaxRepresentative) -> None:
    """Who pays the seller's VAT (BG-11)."""
    party = root.add("cac:TaxRepresentativeParty")
    party.add("cac:PartyName").text("cbc:Name", stated.name)
    _write_address(party.add("cac:PostalAddress"), stated.address)
    _write_tax_scheme(party, stated.vat_id, VAT)


def write_delivery(root: Branch, stated: Delivery | None) -> None:
    """What was delivered where and when (BG-13)."""
    if stated is None:
        return
    delivery = root.add("cac:Delivery")
    delivery.day("cbc:ActualDeliveryDate", stated.date)
    location = delivery.add("cac:DeliveryLocation")
    _write_identifier(location, "cbc:ID", stated.location)
    _write_address(location.add("cac:Address"), stated.address)
    delivery.add("cac:DeliveryParty").add("cac:PartyName").text("cbc:Name", stated.name)


def _write_identifier(parent: Branch, name: str, identifier: Identifier | None) -> None:
    if identifier:
        parent.text(name, identifier.id, schemeID=identifier.scheme)


def _write_tax_scheme(party: Branch, number: str | None, scheme: str) -> None:
    if number:
        group = party.add("cac:PartyTaxScheme")
        group.text("cbc:CompanyID", number)
        group.add("cac:TaxScheme").text("cbc:ID", scheme)


def _write_address(group: Branch, address: Address | None) -> None:
    if address is None:
        return
    group.text("cbc:StreetName", address.line1)
    group.text("cbc:AdditionalStreetName", address.line2)
    group.text("cbc:CityName", address.city)
    group.text("cbc:PostalZone", address.postal_code)
    group.text("cbc:CountrySubentity", address.region)
    group.add("cac:AddressLine").text("cbc:Line", address.line3)
    group.add("cac:Country").text("cbc:IdentificationCode", address.country)


def _write_contact(group: Branch, contact: Contact | None) -> None:
    if contact is None:
        return
    group.text("cbc:Name", contact.name)
    group.text("cbc:Telephone", contact.phone)
    group.text("cbc:ElectronicMail", contact.email)
