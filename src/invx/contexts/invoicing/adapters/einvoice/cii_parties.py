"""The parties of a Cross Industry Invoice: each as it is written, then as it is read.

CII keeps ids with a scheme (GlobalID) apart from those without (ID), and these come first.
"""

from collections.abc import Iterable

from invx.contexts.invoicing.adapters.einvoice.cii_tree import (
    Element,
    always,
    group,
    identifier,
    take_id,
    text,
)
from invx.contexts.invoicing.adapters.einvoice.model import (
    Address,
    Contact,
    Identifier,
    Party,
    Payee,
    TaxRepresentative,
)
from invx.contexts.invoicing.adapters.einvoice.xml import Node

_VAT, _LOCAL = "VA", "FC"  # BT-31 and BT-32, by UNTDID 1153
_TAX_ID = "ram:SpecifiedTaxRegistration/ram:ID"
_NUMBER, _ADDRESS = "ram:CompleteNumber", "ram:URIID"


def write_party(tag: str, stated: Party) -> Element:
    """The seller (BG-4) or the buyer (BG-7)."""
    return always(
        tag,
        *write_ids(stated.identifiers),
        text("ram:Name", stated.name),
        text("ram:Description", stated.legal_information),
        _write_organization(stated.registration, stated.trading_name),
        _write_contact(stated.contact),
        write_address(stated.address),
        group("ram:URIUniversalCommunication", identifier("ram:URIID", stated.endpoint)),
        _write_tax_id(_VAT, stated.vat_id),
        _write_tax_id(_LOCAL, stated.tax_number),
    )


def read_party(node: Node, name: str) -> Party:
    """The seller or the buyer; `name` is the term of its name, for the error without one."""
    return Party(
        name=node.required("ram:Name", name),
        trading_name=node.text("ram:SpecifiedLegalOrganization/ram:TradingBusinessName"),
        identifiers=read_ids(node),
        registration=take_id(node.first("ram:SpecifiedLegalOrganization/ram:ID")),
        vat_id=_read_tax_id(node, _VAT),
        tax_number=_read_tax_id(node, _LOCAL),
        legal_information=node.prose("ram:Description"),
        endpoint=take_id(node.first("ram:URIUniversalCommunication/ram:URIID")),
        address=read_address(node),
        contact=_read_contact(node.first("ram:DefinedTradeContact")),
    )


def write_payee(stated: Payee | None) -> Element | None:
    """Who is paid instead of the seller (BG-10)."""
    if stated is None:
        return None
    return always(
        "ram:PayeeTradeParty",
        *write_ids((stated.identifier,) if stated.identifier else ()),
        text("ram:Name", stated.name),
        _write_organization(stated.registration, None),
    )


def read_payee(node: Node | None) -> Payee | None:
    """Who is paid instead of the seller."""
    if node is None:
        return None
    return Payee(
        name=node.required("ram:Name", "BT-59"),
        identifier=next(iter(read_ids(node)), None),
        registration=take_id(node.first("ram:SpecifiedLegalOrganization/ram:ID")),
    )


def write_representative(stated: TaxRepresentative | None) -> Element | None:
    """Who pays the seller's VAT in the country (BG-11)."""
    if stated is None:
        return None
    return always(
        "ram:SellerTaxRepresentativeTradeParty",
        text("ram:Name", stated.name),
        write_address(stated.address),
        _write_tax_id(_VAT, stated.vat_id),
    )


def read_representative(node: Node | None) -> TaxRepresentative | None:
    """Who pays the seller's VAT in the country."""
    if node is None:
        return None
    return TaxRepresentative(
        name=node.required("ram:Name", "BT-62"),
        vat_id=_read_tax_id(node, _VAT),
        address=read_address(node),
    )


def write_ids(stated: Iterable[Identifier]) -> list[Element | None]:
    """Ids in the order that the schema demands: those without a scheme come first."""
    known = tuple(stated)
    plain = [identifier("ram:ID", one) for one in known if one.scheme is None]
    return plain + [identifier("ram:GlobalID", one) for one in known if one.scheme is not None]


def read_ids(node: Node) -> tuple[Identifier, ...]:
    """All ids of a party."""
    found = (take_id(one) for one in (*node.all("ram:ID"), *node.all("ram:GlobalID")))
    return tuple(one for one in found if one)


def write_address(stated: Address | None) -> Element | None:
    """A postal address (BG-5, BG-8, BG-12, BG-15)."""
    if stated is None:
        return None
    return group(
        "ram:PostalTradeAddress",
        text("ram:PostcodeCode", stated.postal_code),
        text("ram:LineOne", stated.line1),
        text("ram:LineTwo", stated.line2),
        text("ram:LineThree", stated.line3),
        text("ram:CityName", stated.city),
        text("ram:CountryID", stated.country),
        text("ram:CountrySubDivisionName", stated.region),
    )


def read_address(party: Node) -> Address | None:
    """The postal address of a party."""
    node = party.first("ram:PostalTradeAddress")
    if node is None:
        return None
    found = Address(
        line1=node.text("ram:LineOne"),
        line2=node.text("ram:LineTwo"),
        line3=node.text("ram:LineThree"),
        city=node.text("ram:CityName"),
        postal_code=node.text("ram:PostcodeCode"),
        region=node.text("ram:CountrySubDivisionName"),
        country=node.text("ram:CountryID"),
    )
    return found if found != Address() else None


def _write_organization(registration: Identifier | None, trading: str | None) -> Element | None:
    return group(
        "ram:SpecifiedLegalOrganization",
        identifier("ram:ID", registration),
        text("ram:TradingBusinessName", trading),
    )


def _write_contact(stated: Contact | None) -> Element | None:
    if stated is None:
        return None
    return group(
        "ram:DefinedTradeContact",
        text("ram:PersonName", stated.name),
        group("ram:TelephoneUniversalCommunication", text(_NUMBER, stated.phone)),
        group("ram:EmailURIUniversalCommunication", text(_ADDRESS, stated.email)),
    )


def _read_contact(node: Node | None) -> Contact | None:
    """A department stands in for a person that is not named: both are BT-41 and BT-56."""
    if node is None:
        return None
    found = Contact(
        name=node.text("ram:PersonName") or node.text("ram:DepartmentName"),
        phone=node.text(f"ram:TelephoneUniversalCommunication/{_NUMBER}"),
        email=node.text(f"ram:EmailURIUniversalCommunication/{_ADDRESS}"),
    )
    return found if found != Contact() else None


def _write_tax_id(scheme: str, number: str | None) -> Element | None:
    return group("ram:SpecifiedTaxRegistration", text("ram:ID", number, schemeID=scheme))


def _read_tax_id(node: Node, scheme: str) -> str | None:
    stated = (one.text() for one in node.all(_TAX_ID) if one.attribute("schemeID") == scheme)
    return next(filter(None, stated), None)
