"""The parties of an invoice and where it was delivered (BG-4 to BG-15), out of UBL."""

from invx.contexts.invoicing.adapters.einvoice.model import (
    Address,
    Contact,
    Delivery,
    Identifier,
    Party,
    Payee,
    TaxRepresentative,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_names import VAT
from invx.contexts.invoicing.adapters.einvoice.xml import Node

_LEGAL = "cac:PartyLegalEntity"
_SCHEME = "cac:TaxScheme/cbc:ID"


def read_identifier(node: Node | None) -> Identifier | None:
    """An id with the scheme that it names."""
    text = node.text() if node else None
    return Identifier(id=text, scheme=node.attribute("schemeID")) if node and text else None


def read_party(node: Node, term: str, creditor: Node | None) -> Party:
    """The seller or the buyer; without a legal name the other one counts as it."""
    legal_name = node.text(f"{_LEGAL}/cbc:RegistrationName")
    name = legal_name or node.required("cac:PartyName/cbc:Name", term)
    return Party(
        name=name,
        trading_name=node.text("cac:PartyName/cbc:Name") if legal_name else None,
        identifiers=_identifiers(node, creditor),
        registration=read_identifier(node.first(f"{_LEGAL}/cbc:CompanyID")),
        vat_id=_vat_id(node),
        tax_number=_tax_number(node),
        legal_information=node.prose(f"{_LEGAL}/cbc:CompanyLegalForm"),
        endpoint=read_identifier(node.first("cbc:EndpointID")),
        address=_address(node.first("cac:PostalAddress")),
        contact=_contact(node.first("cac:Contact")),
    )


def read_payee(node: Node, creditor: Node | None) -> Payee:
    """Who is paid (BG-10)."""
    return Payee(
        name=node.required("cac:PartyName/cbc:Name", "BT-59"),
        identifier=_first_identifier(node, creditor),
        registration=read_identifier(node.first(f"{_LEGAL}/cbc:CompanyID")),
    )


def read_tax_representative(node: Node) -> TaxRepresentative:
    """Who pays the seller's VAT (BG-11)."""
    return TaxRepresentative(
        name=node.required("cac:PartyName/cbc:Name", "BT-62"),
        vat_id=_vat_id(node),
        address=_address(node.first("cac:PostalAddress")),
    )


def read_delivery(node: Node) -> Delivery | None:
    """What was delivered where and when (BG-13); None when nothing of it is stated."""
    delivery = Delivery(
        name=node.text("cac:DeliveryParty/cac:PartyName/cbc:Name"),
        location=read_identifier(node.first("cac:DeliveryLocation/cbc:ID")),
        date=node.day("cbc:ActualDeliveryDate"),
        address=_address(node.first("cac:DeliveryLocation/cac:Address")),
    )
    return delivery if delivery != Delivery() else None


def _identifiers(node: Node, creditor: Node | None) -> tuple[Identifier, ...]:
    return tuple(
        identifier
        for one in node.all("cac:PartyIdentification/cbc:ID")
        if one != creditor and (identifier := read_identifier(one))
    )


def _first_identifier(node: Node, creditor: Node | None) -> Identifier | None:
    for one in node.all("cac:PartyIdentification/cbc:ID"):
        if one != creditor and one.peek():
            return read_identifier(one)
    return None


def _vat_id(node: Node) -> str | None:
    for one in node.all("cac:PartyTaxScheme"):
        if one.peek("cbc:CompanyID") and one.expect(_SCHEME, VAT):
            return one.text("cbc:CompanyID")
    return None


def _tax_number(node: Node) -> str | None:
    """BT-32: the first that is under another scheme than VAT, or under none."""
    for one in node.all("cac:PartyTaxScheme"):
        if one.peek("cbc:CompanyID") and one.peek(_SCHEME) != VAT:
            one.text(_SCHEME)  # whatever it is, it says only that this is not VAT
            return one.text("cbc:CompanyID")
    return None


def _address(node: Node | None) -> Address | None:
    if node is None:
        return None
    address = Address(
        line1=node.text("cbc:StreetName"),
        line2=node.text("cbc:AdditionalStreetName"),
        line3=node.text("cac:AddressLine/cbc:Line"),
        city=node.text("cbc:CityName"),
        postal_code=node.text("cbc:PostalZone"),
        region=node.text("cbc:CountrySubentity"),
        country=node.text("cac:Country/cbc:IdentificationCode"),
    )
    return address if address != Address() else None


def _contact(node: Node | None) -> Contact | None:
    if node is None:
        return None
    contact = Contact(
        name=node.text("cbc:Name"),
        phone=node.text("cbc:Telephone"),
        email=node.text("cbc:ElectronicMail"),
    )
    return contact if contact != Contact() else None
