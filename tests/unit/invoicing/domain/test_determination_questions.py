"""A question names the field of the draft, or of the legal entity, that answers it."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from invx.contexts.invoicing.domain.content import Content, LineSupply
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.party import Address, Party, PartyKind, Registration
from invx.contexts.invoicing.domain.tax.determination import problem_of
from invx.rules import tax
from invx.rules.tax.model import Certificate, Special, SupplyKind
from invx.rules.tax.outcome import UNDETERMINED, Question
from tests.unit.invoicing.domain.determinations import (
    AMSTERDAM,
    GERMANY,
    HAMBURG,
    KOPER,
    KUNDIN,
    asked,
    asks,
    decided,
    entity,
    open_line,
    supply,
)

GOODS, DIGITAL = SupplyKind.GOODS, SupplyKind.DIGITAL
CONSUMER = PartyKind.CONSUMER
TEXAS = Address(country="US", region="TX", postal_code="78701")
IN_TEXAS = Registration(country="US", region="TX", tax_number="32012345678")
MADRID = Address(country="ES", postal_code="28001")
SPAIN = Registration(country="ES", vat_id="ESB58378431")


def sale(of: LineSupply, buyer: Party = KUNDIN) -> Content:
    return asked(open_line(of=of), buyer=buyer)


def at(**address: str) -> Party:
    """A consumer who lives there."""
    return Party(name="Somebody", kind=CONSUMER, address=Address(**address))


def holding(kind: str) -> Party:
    """A German buyer with a certificate."""
    paper = Certificate(kind=kind, country="DE", number="1")
    return Party(name="Embassy", address=HAMBURG, certificates=(paper,))


QUESTIONS: dict[str, tuple[Content, LegalEntityDetails, list[str]]] = {
    "an id that was not checked": (sale(supply(), KOPER), entity(), ["/buyer/vat_id"]),
    "no id of the buyer": (
        sale(supply(), replace(KOPER, vat_id=None)),
        entity(),
        ["/buyer/vat_id"],
    ),
    "no address of the buyer": (
        sale(supply(), replace(KUNDIN, address=None)),
        entity(),
        ["/buyer/address"],
    ),
    "an impossible country of the buyer": (
        sale(supply(), at(country="x1")),
        entity(),
        ["/buyer/address/country"],
    ),
    "no postal code where islands have other taxes": (
        sale(supply(DIGITAL), at(country="ES")),
        entity(SPAIN, at=MADRID),
        ["/buyer/address/postal_code"],
    ),
    "a postal code that cannot be": (
        sale(supply(DIGITAL), at(country="ES", postal_code="ABC")),
        entity(SPAIN, at=MADRID),
        ["/buyer/address/postal_code"],
    ),
    "no state of the union": (
        sale(supply(DIGITAL), at(country="US")),
        entity(IN_TEXAS, at=TEXAS),
        ["/buyer/address/region"],
    ),
    "no state where the goods go": (
        sale(supply(GOODS, delivery=Address(country="US")), at(country="US", region="TX")),
        entity(IN_TEXAS, at=TEXAS),
        ["/lines/0/supply/delivery/region"],
    ),
    "no table of rates": (
        sale(supply(DIGITAL), at(country="US", region="TX")),
        entity(IN_TEXAS, at=TEXAS),
        ["/lines/0"],
    ),
    "an unknown certificate": (
        sale(supply(), holding("unheard_of")),
        entity(),
        ["/buyer/certificates/0/kind"],
    ),
    "an unknown category": (
        sale(supply(category="unheard_of")),
        entity(),
        ["/lines/0/supply/category"],
    ),
    "a service at a place": (
        sale(supply(SupplyKind.RESTAURANT)),
        entity(),
        ["/lines/0/supply/located"],
    ),
    "a place without its postal code": (
        sale(supply(SupplyKind.EVENT, located=Address(country="ES"))),
        entity(),
        ["/lines/0/supply/located/postal_code"],
    ),
    "goods that leave from nobody knows where in Spain": (
        sale(supply(GOODS, dispatch=Address(country="ES"))),
        entity(SPAIN, at=MADRID),
        ["/lines/0/supply/dispatch/postal_code"],
    ),
    "nobody imports": (
        sale(supply(GOODS, dispatch=Address(country="CN"))),
        entity(),
        ["/lines/0/supply/importer"],
    ),
    "nobody that can import": (
        sale(supply(GOODS, importer="carrier")),
        entity(),
        ["/lines/0/supply/importer"],
    ),
    "no registration": (
        sale(supply()),
        entity(replace(GERMANY, valid_to=date(2020, 1, 1))),
        ["/seller/registrations"],
    ),
    "no sales abroad stated": (
        sale(supply(GOODS), replace(KUNDIN, address=AMSTERDAM)),
        entity(),
        ["/seller/distance_sales"],
    ),
    "a seller without a postal code in Spain": (
        sale(supply()),
        entity(SPAIN, at=Address(country="ES")),
        ["/seller/address/postal_code"],
    ),
    "a country without a pack": (
        sale(supply(), at(country="BR")),
        entity(Registration(country="BR", tax_number="1"), at=Address(country="BR")),
        ["/lines/0/supply"],
    ),
    "a scheme beyond a partial pack": (
        sale(supply(), replace(KUNDIN, address=Address(country="PL", postal_code="00-001"))),
        entity(
            Registration(country="PL", vat_id="PL8567346215", special=Special.SMALL_BUSINESS),
            at=Address(country="PL", postal_code="00-001"),
        ),
        ["/seller/registrations"],
    ),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_a_question_leads_to_the_field_that_answers_it(case: str) -> None:
    said, seller, pointers = QUESTIONS[case]
    found = decided(said, seller)
    assert [each.pointer for each in found.problems] == pointers
    for each in found.problems:
        assert each.code == UNDETERMINED
        assert len(each.detail) > 10
    assert found.content.lines[0].taxes == ()


def test_goods_shipped_to_another_party_are_asked_about_there() -> None:
    """The document's place of delivery, unless the line has its own."""
    lager = Party(name="Lager", address=Address(country="ES"))
    shipped = asked(open_line(of=supply(GOODS)), ship_to=lager)
    assert asks(shipped) == ["/ship_to/address/postal_code"]
    own = supply(GOODS, delivery=Address(country="ES"))
    assert asks(asked(open_line(of=own), ship_to=lager)) == ["/lines/0/supply/delivery/postal_code"]


def test_a_question_about_a_line_inside_another_names_its_whole_way() -> None:
    inner = open_line("b", of=supply(category="unheard_of"))
    outer = replace(open_line("a"), supply=None, children=(open_line("c"), inner))
    assert asks(asked(open_line("1"), outer)) == ["/lines/1/children/1/supply/category"]


def test_all_lines_are_asked_about_at_once() -> None:
    odd = supply(category="unheard_of")
    lines = [open_line(str(n), of=odd if n % 2 else supply()) for n in range(4)]
    assert asks(asked(*lines)) == ["/lines/1/supply/category", "/lines/3/supply/category"]


def test_every_question_that_the_rules_can_ask_has_a_field() -> None:
    """Each pointer in the source of the rules leads to a part of a draft or of a legal entity."""
    source = "".join(each.read_text("utf-8") for each in Path(tax.__path__[0]).glob("*.py"))
    pointers = set(re.findall(r'"(/(?:seller|buyer|supply|table)[a-z_/]*)"', source))
    assert len(pointers) > 12
    for pointer in pointers:
        led = problem_of(Question(pointer=pointer, asks="?"), "/lines/7").pointer
        assert not re.search("place|tax_ids|net_eur|table", led), (pointer, led)
        assert re.fullmatch("/(lines/7|buyer|seller|tax_currency)(/[a-z_]+)*", led)
