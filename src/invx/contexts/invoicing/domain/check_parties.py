"""What an e-invoice asks of its parties: who, where, and under which tax ids (EN 16931)."""

from collections.abc import Iterator
from datetime import date

from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.countries import VAT_PREFIXES
from invx.contexts.invoicing.domain.party import Party, Registration, Seller
from invx.kernel.errors import Problem
from invx.rules.totals.model import Profile, Regime, Tax

# The rules of a category: whether the seller may show a tax number instead of a VAT id
# (BR-S-02, BR-Z-02, BR-E-02, BR-AE-02, BR-AF-02, BR-AG-02) or not (BR-IC-02, BR-G-02).
_SELLER_RULES = {
    "S": "BR-S-02",
    "Z": "BR-Z-02",
    "E": "BR-E-02",
    "AE": "BR-AE-02",
    "K": "BR-IC-02",
    "G": "BR-G-02",
    "L": "BR-AF-02",
    "M": "BR-AG-02",
}
_VAT_ID_ONLY = frozenset({"K", "G"})


def taxes_of(content: Content) -> list[Tax]:
    """Every VAT of the document: of its lines, discounts and charges."""
    taxes: list[Tax] = []
    waiting: list[Line] = list(content.lines)
    while waiting:
        line = waiting.pop()
        waiting.extend(line.children)
        taxes.extend(line.taxes)
    for adjustment in content.discounts + content.charges:
        taxes.extend(adjustment.taxes)
    return [tax for tax in taxes if tax.regime is Regime.VAT]


def buyer_problems(content: Content) -> Iterator[Problem]:
    """BR-7 and BR-11, the parties beside the buyer, and the ids that a category needs."""
    yield from _party("/buyer", content.buyer, name="BR-7", country="BR-11")
    if content.payee is not None and not content.payee.name.strip():
        yield Problem("/payee/name", "name_missing", "The payee has no name (BR-17).")
    if (representative := content.tax_representative) is not None:
        at = "/tax_representative"
        yield from _party(at, representative, name="BR-18", country="BR-20")
        if not representative.vat_id:
            detail = "A tax representative shows a VAT id (BR-56)."
            yield Problem(f"{at}/vat_id", "vat_id_missing", detail)
    if content.ship_to is not None and content.ship_to.address is None:
        detail = "A place of delivery needs a country (BR-57)."
        yield Problem("/ship_to/address/country", "country_missing", detail)
    for pointer, party in (("/buyer", content.buyer), ("/recipient", content.recipient)):
        if party is not None and party.endpoint is not None and not party.endpoint.scheme:
            detail = "An electronic address needs its scheme (BR-63)."
            yield Problem(f"{pointer}/endpoint/scheme", "scheme_missing", detail)
    if content.buyer is not None:
        yield from _buyer_ids(content, content.buyer)


def _buyer_ids(content: Content, buyer: Party) -> Iterator[Problem]:
    categories = {tax.category for tax in taxes_of(content)}
    if buyer.vat_id and buyer.vat_id.strip()[:2] not in VAT_PREFIXES:
        detail = "A VAT id begins with the code of its country (BR-CO-09)."
        yield Problem("/buyer/vat_id", "vat_id_without_country", detail)
    if "AE" in categories and not (buyer.vat_id or buyer.registration):
        detail = "Reverse charge names the buyer's VAT id or registration (BR-AE-02)."
        yield Problem("/buyer/vat_id", "vat_id_missing", detail)
    if "K" in categories and not buyer.vat_id:
        detail = "A supply within the community names the buyer's VAT id (BR-IC-02)."
        yield Problem("/buyer/vat_id", "vat_id_missing", detail)


def _party(pointer: str, party: Party | None, *, name: str, country: str) -> Iterator[Problem]:
    if party is None or not party.name.strip():
        yield Problem(f"{pointer}/name", "name_missing", f"There is no name ({name}).")
    if party is None or party.address is None or not party.address.country:
        at = f"{pointer}/address/country"
        yield Problem(at, "country_missing", f"There is no country ({country}).")


def seller_problems(content: Content, seller: Seller) -> tuple[Problem, ...]:
    """BR-6, BR-9, BR-17, BR-CO-26, and the tax ids that each category asks of the seller."""
    if content.profile is not Profile.EN16931:
        return ()
    party = seller.party
    found = list(_party("/seller", party, name="BR-6", country="BR-9"))
    if content.payee is not None and _same(content.payee, party):
        detail = "A payee is somebody else than the seller: leave it out (BR-17)."
        found.append(Problem("/payee", "payee_is_seller", detail))
    vat_ids = [party.vat_id, *(each.vat_id for each in seller.registrations)]
    tax_numbers = [party.tax_number, *(each.tax_number for each in seller.registrations)]
    if not (any(vat_ids) or party.registration or party.identifiers):
        detail = "A VAT id, a registration or an identifier names the seller (BR-CO-26)."
        found.append(Problem("/seller/vat_id", "seller_id_missing", detail))
    if content.tax_representative is not None and content.tax_representative.vat_id:
        vat_ids.append(content.tax_representative.vat_id)
    for category in sorted({tax.category for tax in taxes_of(content)} & _SELLER_RULES.keys()):
        enough = any(vat_ids) or (category not in _VAT_ID_ONLY and any(tax_numbers))
        if not enough:
            detail = (
                f"Category {category} asks for a tax id of the seller ({_SELLER_RULES[category]})."
            )
            found.append(Problem("/seller/vat_id", "vat_id_missing", detail))
    return tuple(found)


def _same(payee: Party, seller: Party) -> bool:
    """Whether the official rules take them for one: by name, by identifier or by registration."""
    names = {seller.name.strip(), (seller.legal_name or "").strip()} - {""}
    numbers = {each.id for each in seller.identifiers}
    registered = seller.registration.id if seller.registration else None
    return (
        payee.name.strip() in names
        or any(each.id in numbers for each in payee.identifiers)
        or (payee.registration is not None and payee.registration.id == registered)
    )


def registration_of(seller: Seller, content: Content, issue_date: date) -> Registration | None:
    """The seller's registration in the country whose tax is charged, else in its own, else any."""
    valid = [
        each
        for each in seller.registrations
        if (each.valid_from or date.min) <= issue_date <= (each.valid_to or date.max)
    ]
    places = [tax.jurisdiction for line in content.lines for tax in line.taxes if tax.jurisdiction]
    if seller.party.address is not None:
        places.append(seller.party.address.country)
    for place in places:
        for each in valid:
            if each.country == place:
                return each
    return next((each for each in valid if each.vat_id), valid[0] if valid else None)
