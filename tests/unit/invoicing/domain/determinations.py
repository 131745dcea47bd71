"""Drafts whose taxes the rules are asked for, and packs that answer whatever is asked of them."""

from dataclasses import replace
from functools import cache
from typing import Any

from invx.contexts.invoicing.adapters.tax_packs import packs_in
from invx.contexts.invoicing.domain.content import Content, Line, LineSupply
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.party import Address, Party, PartyKind, Registration, Seller
from invx.contexts.invoicing.domain.tax.determination import Determined, determined
from invx.rules.tax.model import SupplyKind
from invx.rules.tax.packs import Packs
from tests.unit.invoicing.domain.drafts import TODAY, content, line

HAMBURG = Address(country="DE", postal_code="20457", city="Hamburg")
GERMANY = Registration(country="DE", vat_id="DE136695976")
AMSTERDAM = Address(country="NL", postal_code="1012 AB", city="Amsterdam")
KOPER = Party(name="Koper BV", address=AMSTERDAM, vat_id="NL4495445B01")
KUNDIN = Party(
    name="Kundin", address=Address(country="DE", postal_code="10115"), kind=PartyKind.CONSUMER
)


@cache
def packs() -> Packs:
    """The shipped packs, read once a process."""
    return packs_in()


def entity(*registrations: Registration, at: Address = HAMBURG, **more: Any) -> LegalEntityDetails:
    """A legal entity with these registrations; registered in Germany unless told otherwise."""
    seller = Seller(
        party=Party(name="Kontor Nord", address=at), registrations=registrations or (GERMANY,)
    )
    said = {"time_zone": "Europe/Berlin", "languages": ("de",), "currency": "EUR"} | more
    return LegalEntityDetails(seller=seller, **said)


def supply(kind: SupplyKind = SupplyKind.SERVICES, **more: Any) -> LineSupply:
    return LineSupply(kind=kind, **more)


def open_line(id: str = "1", price: str = "100.00", *, of: LineSupply | None = None) -> Line:
    """A line that says what it supplies and leaves its taxes open."""
    return replace(line(id, price), taxes=(), supply=of or supply())


def asked(*lines: Line, buyer: Party | None = KUNDIN, **more: Any) -> Content:
    """A draft with these lines, a plain open one without any."""
    return content(*(lines or (open_line(),)), buyer=buyer, **more)


def decided(said: Content, seller: LegalEntityDetails | None = None, **more: Any) -> Determined:
    """What the shipped packs say of it, for the usual day."""
    return determined(said, seller or entity(), packs(), **{"day": TODAY, **more})


def taxes_of(found: Determined) -> list[tuple[str, str]]:
    """Category and rate of each top line; it must have been possible to tell."""
    assert found.problems == ()
    return [(tax.category, str(tax.rate)) for each in found.content.lines for tax in each.taxes]


def tax_of(said: Content, seller: LegalEntityDetails | None = None, **more: Any) -> tuple[str, str]:
    """Category and rate of the only line."""
    [found] = taxes_of(decided(said, seller, **more))
    return found


def schemes_of(found: Determined) -> list[str]:
    """On which ground each line was decided."""
    assert found.problems == ()
    assert found.content.determination is not None
    return [each.scheme for each in found.content.determination.lines]


def asks(said: Content, seller: LegalEntityDetails | None = None, **more: Any) -> list[str]:
    """The pointers of the questions that stand in the way."""
    return [each.pointer for each in decided(said, seller, **more).problems]
