"""The e-invoice that a document becomes: which route is taken, and what stands in its way.

Sources: XRechnung 3.0 (BT-10), Leitweg-ID format specification 2.0.2 of KoSIT (check digits of
ISO 7064 MOD 97-10).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.einvoice.check_digits import is_siren, is_siret
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS, Needs
from invx.contexts.invoicing.domain.einvoice.e_invoice_needs import missing
from invx.contexts.invoicing.domain.einvoice.issued import unrepresentable
from invx.contexts.invoicing.domain.einvoice.routes import EInvoicePolicy, Requirement
from invx.contexts.invoicing.domain.party import Identifier, Party, PartyKind, Seller
from invx.kernel.errors import Problem
from invx.rules.tax.packs import Packs
from invx.rules.totals.model import Profile, Totals

SIREN, SIRET, LEITWEG = "0002", "0009", "0204"  # ICD and EAS
# It begins with the number of the state, or with that of the federation.
_LEITWEG = re.compile(r"(0[1-9]|1[0-6]|99)[0-9]{0,10}(-[A-Z0-9]{1,30})?-[0-9]{2}")

# Where our API takes what a buyer asks for; the two French numbers are looked for by scheme.
_FIELDS = {
    Requirement.BUYER_REFERENCE: ("/buyer_reference", "a buyer reference (BT-10)"),
    Requirement.LEITWEG_ID: ("/buyer_reference", "a Leitweg-ID (BT-10)"),
    Requirement.PURCHASE_ORDER: ("/purchase_order", "a purchase order (BT-13)"),
    Requirement.CONTRACT: ("/contract", "a contract (BT-12)"),
    Requirement.PROJECT: ("/project", "a project (BT-11)"),
    Requirement.ENDPOINT: ("/buyer/endpoint", "an electronic address (BT-49)"),
    Requirement.SIREN: ("/buyer/registration", "a SIREN (BT-47, scheme 0002)"),
    Requirement.SIRET: ("/buyer/identifiers", "a SIRET (BT-46, scheme 0009)"),
}


class RouteSource(StrEnum):
    """Who said which format is due."""

    BUYER = "buyer"
    LEGAL_ENTITY = "legal_entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRoute:
    """The format that a document was, or would be, issued in.

    `verdict` is set when the official rules found nothing against it before the number was drawn:
    the fingerprint under which their verdict is kept among the facts.
    """

    format: str
    source: RouteSource
    verdict: str | None = None


def route_of(content: Content, policy: EInvoicePolicy, day: date) -> TakenRoute | None:
    """The route that is due on the day of issue; None for a document that becomes no e-invoice."""
    buyer = content.buyer
    if content.type is DocumentType.PROFORMA or buyer is None:
        return None
    stated = buyer.e_invoicing.on(day) if buyer.e_invoicing else None
    if stated is not None:
        known = stated.format is not None
        return TakenRoute(format=stated.format or "", source=RouteSource.BUYER) if known else None
    usual = content.profile is Profile.EN16931 and buyer.kind is PartyKind.BUSINESS
    if policy.default_format is None or not usual:
        return None
    return TakenRoute(format=policy.default_format, source=RouteSource.LEGAL_ENTITY)


def routing_problems(
    content: Content, totals: Totals | None, seller: Seller, route: TakenRoute | None
) -> list[Problem]:
    """What the buyer and the route ask for and the document lacks, by the field of our API."""
    if content.type is DocumentType.PROFORMA or content.buyer is None:
        return []
    found = [*_required(content, content.buyer)]
    if route is not None:
        found += [*_leitweg_ids(content, content.buyer), *_french_numbers(content.buyer)]
    if route is not None and totals is not None:
        found += unrepresentable(content, totals) or missing(
            content, totals, seller, FORMATS[route.format]
        )
    by_field: dict[str, Problem] = {}
    for each in found:
        by_field.setdefault(each.pointer, each)
    return list(by_field.values())


def routing_warnings(
    content: Content, seller: Seller, route: TakenRoute | None, day: date, packs: Packs
) -> list[Problem]:
    """What is worth a look and refuses nothing."""
    buyer = content.buyer
    if content.type is DocumentType.PROFORMA or buyer is None:
        return []
    found = [*_duties(buyer, seller, route, day, packs)]
    if buyer.e_invoicing and buyer.e_invoicing.routes and not buyer.e_invoicing.on(day):
        detail = f"None of the buyer's routes holds on {day}."
        found.append(Problem("/buyer/e_invoicing/routes", "no_route_holds", detail))
    reference = content.buyer_reference or ""
    german = route is not None and FORMATS[route.format].needs is Needs.XRECHNUNG
    if german and _LEITWEG.fullmatch(reference) and not is_leitweg_id(reference):
        detail = "It looks like a Leitweg-ID, but its check digits are wrong."
        found.append(Problem("/buyer_reference", "leitweg_id_doubtful", detail))
    return found


def is_leitweg_id(text: str) -> bool:
    """A coarse part, an optional fine one and check digits by ISO 7064 MOD 97-10."""
    if not _LEITWEG.fullmatch(text):
        return False
    return int("".join(str(int(char, 36)) for char in text if char != "-")) % 97 == 1


def shown_identifiers(buyer: Party) -> Sequence[Identifier]:
    """The buyer's identifiers, the one that is shown (BT-46) first: a SIRET that it asks for."""
    asked = buyer.e_invoicing is not None and Requirement.SIRET in buyer.e_invoicing.requires
    return sorted(buyer.identifiers, key=lambda each: asked and each.scheme != SIRET)


def _required(content: Content, buyer: Party) -> Iterator[Problem]:
    requires = buyer.e_invoicing.requires if buyer.e_invoicing else ()
    if not requires:
        return
    schemes = {each.scheme for each in _numbers(buyer).values()}
    known = {
        Requirement.BUYER_REFERENCE: content.buyer_reference,
        Requirement.LEITWEG_ID: content.buyer_reference,
        Requirement.PURCHASE_ORDER: content.purchase_order,
        Requirement.CONTRACT: content.contract,
        Requirement.PROJECT: content.project,
        Requirement.ENDPOINT: buyer.endpoint,
        Requirement.SIREN: SIREN in schemes,
        Requirement.SIRET: SIRET in {each.scheme for each in buyer.identifiers},
    }
    for asked in requires:
        if not known[asked]:
            pointer, what = _FIELDS[asked]
            yield Problem(pointer, "field_missing", f"The buyer asks for {what}.")
        elif asked is Requirement.LEITWEG_ID and not is_leitweg_id(content.buyer_reference or ""):
            yield _wrong("/buyer_reference", "Leitweg-ID")


def _leitweg_ids(content: Content, buyer: Party) -> Iterator[Problem]:
    """Who is reached by a Leitweg-ID is an authority, and finds its invoices by it too."""
    if buyer.endpoint is None or buyer.endpoint.scheme != LEITWEG:
        return
    if not is_leitweg_id(buyer.endpoint.id):
        yield _wrong("/buyer/endpoint/id", "Leitweg-ID")
    if content.buyer_reference and not is_leitweg_id(content.buyer_reference):
        yield _wrong("/buyer_reference", "Leitweg-ID")


def _french_numbers(buyer: Party) -> Iterator[Problem]:
    for pointer, number in _numbers(buyer).items():
        if number.scheme == SIRET and not is_siret(number.id):
            yield _wrong(f"{pointer}/id", "SIRET")
        elif number.scheme == SIREN and not is_siren(number.id):
            yield _wrong(f"{pointer}/id", "SIREN")


def _numbers(buyer: Party) -> dict[str, Identifier]:
    """The ids of a buyer, by pointer."""
    found = {f"/buyer/identifiers/{at}": each for at, each in enumerate(buyer.identifiers)}
    return found | ({"/buyer/registration": buyer.registration} if buyer.registration else {})


def _wrong(pointer: str, what: str) -> Problem:
    detail = f"It is no {what}: its form or its check digits are wrong."
    return Problem(pointer, "check_digits_wrong", detail)


def _duties(
    buyer: Party, seller: Seller, route: TakenRoute | None, day: date, packs: Packs
) -> Iterator[Problem]:
    """Between two businesses of a country whose law asks for structured invoices by that day."""
    home = seller.party.address.country if seller.party.address else None
    there = buyer.address.country if buyer.address else None
    pack = packs.get(home) if home and home == there else None
    if pack is None or buyer.kind is not PartyKind.BUSINESS:
        return
    duty = pack.documents.duty(day)
    if duty is None or (route is not None and route.format in duty.formats):
        return
    detail = (
        f"From {duty.valid_from} {duty.whom} send each other structured invoices ({duty.source})."
    )
    if not duty.formats:
        detail += " None of the formats here is the one that is asked for."
    pointer = "/buyer/e_invoicing/routes"
    yield Problem(pointer, "structured_invoice_due", detail)
