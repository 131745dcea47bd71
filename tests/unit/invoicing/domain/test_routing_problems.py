"""What a route asks and what a check warns of, by the field of our API; nothing guessed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.domain.einvoice.issued import DRAFT_NUMBER, Issued, would_be_issued
from invx.contexts.invoicing.domain.einvoice.routes import (
    EInvoicePolicy,
    Requirement,
    Route,
    Routing,
)
from invx.contexts.invoicing.domain.einvoice.routing import (
    RouteSource,
    TakenRoute,
    is_leitweg_id,
    is_siren,
    is_siret,
    route_of,
    routing_problems,
    routing_warnings,
)
from invx.contexts.invoicing.domain.party import Address, Identifier, Party, PartyKind, Seller
from invx.kernel.errors import Problem
from tests.unit.invoicing.einvoice.mapping.issuing import changed, issued
from tests.unit.rules.tax.shipped import packs_with

PACKS = packs_with()
DAY = date(2027, 1, 1)
GOOD, WRONG = "04011000-12345-03", "04011000-12345-04"
SIREN, SIRET = "732829320", "73282932000074"


def taken(format: str | None) -> TakenRoute | None:
    return TakenRoute(format=format, source=RouteSource.BUYER) if format else None


def stated(**buyer: object) -> Issued:
    """A sound invoice for this buyer."""
    sound = issued()
    place = Address(country="DE", city="Köln")
    party = Party(name="B", address=place, **buyer)  # type: ignore[arg-type]
    return changed(sound, buyer=party)


def problems(said: Issued, format: str | None) -> list[tuple[str, str]]:
    found = routing_problems(said.content, said.totals, said.seller, taken(format))
    return [(each.pointer, each.code) for each in found]


def ident(id: str, scheme: str) -> Identifier:
    return Identifier(id=id, scheme=scheme)


# The buyer's numbers, the route, and what is found.
NUMBERS: list[tuple[dict[str, object], str | None, list[tuple[str, str]]]] = [
    ({"registration": ident(SIREN, "0002")}, "ubl", []),
    (
        {"registration": ident("732829321", "0002")},
        "ubl",
        [("/buyer/registration/id", "check_digits_wrong")],
    ),
    ({"registration": ident("732829321", "0002")}, None, []),  # no e-invoice will show it
    ({"registration": ident("732829321", "0088")}, "ubl", []),  # of another scheme
    ({"identifiers": (ident(SIRET, "0009"),)}, "cii", []),
    (
        {"identifiers": (ident("1", "0088"), ident(SIRET[:-1] + "5", "0009"))},
        "cii",
        [("/buyer/identifiers/1/id", "check_digits_wrong")],
    ),
    (
        {"identifiers": (ident(SIREN, "0009"), ident(SIRET, "0002"))},  # one for the other
        "ubl",
        [
            ("/buyer/identifiers/0/id", "check_digits_wrong"),
            ("/buyer/identifiers/1/id", "check_digits_wrong"),
        ],
    ),
    ({"endpoint": ident(GOOD, "0204")}, "ubl", []),
    ({"endpoint": ident(WRONG, "0204")}, "ubl", [("/buyer/endpoint/id", "check_digits_wrong")]),
    ({"endpoint": ident(WRONG, "EM")}, "ubl", []),
]


@pytest.mark.parametrize(("buyer", "format", "expected"), NUMBERS)
def test_numbers_that_cannot_be_are_named_where_they_stand(
    buyer: dict[str, object], format: str | None, expected: list[tuple[str, str]]
) -> None:
    assert problems(stated(**buyer), format) == expected


def test_who_is_reached_by_a_leitweg_id_finds_its_invoices_by_one() -> None:
    authority = stated(endpoint=ident(GOOD, "0204"))
    assert problems(changed(authority, buyer_reference=GOOD), "ubl") == []
    wrong = changed(authority, buyer_reference="Abteilung 7")
    assert problems(wrong, "ubl") == [("/buyer_reference", "check_digits_wrong")]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (None, "field_missing"),
        ("", "field_missing"),
        (WRONG, "check_digits_wrong"),
        ("04011000-12345-3", "check_digits_wrong"),
        (f" {GOOD}", "check_digits_wrong"),
        (GOOD.lower(), None),  # digits have no case
        ("991-01484-64", None),
    ],
)
def test_a_leitweg_id_that_is_asked_for_is_there_and_right(
    reference: str | None, expected: str | None
) -> None:
    asking = stated(e_invoicing=Routing(requires=(Requirement.LEITWEG_ID,)))
    found = problems(changed(asking, buyer_reference=reference), None)
    assert found == ([("/buyer_reference", expected)] if expected else [])


FIELDS = {
    Requirement.BUYER_REFERENCE: {"buyer_reference": "X"},
    Requirement.LEITWEG_ID: {"buyer_reference": GOOD},
    Requirement.PURCHASE_ORDER: {"purchase_order": "4500"},
    Requirement.CONTRACT: {"contract": "C"},
    Requirement.PROJECT: {"project": "P"},
    Requirement.ENDPOINT: {"endpoint": ident("b@example.org", "EM")},
    Requirement.SIREN: {"registration": ident(SIREN, "0002")},
    Requirement.SIRET: {"identifiers": (ident(SIRET, "0009"),)},
}


@given(
    st.lists(st.sampled_from(Requirement), unique=True),
    st.sets(st.sampled_from(list(Requirement))),
)
def test_what_is_asked_and_not_there_is_named_and_nothing_else(
    asked: Sequence[Requirement], there: set[Requirement]
) -> None:
    given_: dict[str, object] = {}
    for each in sorted(there):  # a Leitweg-ID is a buyer reference too, so it goes last
        given_ |= FIELDS[each] if each is not Requirement.BUYER_REFERENCE else {}
    if Requirement.BUYER_REFERENCE in there:
        given_.setdefault("buyer_reference", "X")
    on_buyer = {name: given_.pop(name) for name in [*given_] if name in Party.__slots__}
    said = stated(**on_buyer, e_invoicing=Routing(requires=tuple(asked)))
    found = {at for at, _ in problems(changed(said, **given_), None)}
    have_reference = bool({Requirement.BUYER_REFERENCE, Requirement.LEITWEG_ID} & there)
    lacking = set()
    for each in asked:
        if each is Requirement.BUYER_REFERENCE:
            fine = have_reference
        elif each is Requirement.LEITWEG_ID:
            fine = Requirement.LEITWEG_ID in there
        else:
            fine = each in there
        if not fine:
            lacking.add(POINTERS[each])
    assert found == lacking


POINTERS = {
    Requirement.BUYER_REFERENCE: "/buyer_reference",
    Requirement.LEITWEG_ID: "/buyer_reference",
    Requirement.PURCHASE_ORDER: "/purchase_order",
    Requirement.CONTRACT: "/contract",
    Requirement.PROJECT: "/project",
    Requirement.ENDPOINT: "/buyer/endpoint",
    Requirement.SIREN: "/buyer/registration",
    Requirement.SIRET: "/buyer/identifiers",
}


@pytest.mark.parametrize("said", [None, DocumentType.PROFORMA])
def test_a_proforma_and_what_has_no_buyer_ask_for_nothing(said: DocumentType | None) -> None:
    asking = stated(e_invoicing=Routing(requires=tuple(Requirement), routes=(Route(format="ubl"),)))
    content = replace(asking.content, type=said) if said else replace(asking.content, buyer=None)
    assert routing_problems(content, asking.totals, asking.seller, None) == []
    assert routing_warnings(content, asking.seller, None, DAY, PACKS) == []
    assert route_of(content, EInvoicePolicy(default_format="ubl"), DAY) is None


# Warnings.


def warned(
    content: Content, format: str | None, day: date = DAY, country: str = "DE"
) -> dict[str, Problem]:
    seller = Seller(party=Party(name="S", address=Address(country=country)))
    found = routing_warnings(content, seller, taken(format), day, PACKS)
    return {each.code: each for each in found}


def business(country: str = "DE", **more: object) -> Content:
    buyer = Party(name="B", address=Address(country=country), **more)  # type: ignore[arg-type]
    return Content(currency="EUR", buyer=buyer)


DUTIES = [
    # seller, buyer, day, route, whether it is warned of
    ("DE", "DE", "2026-12-31", None, False),
    ("DE", "DE", "2027-01-01", None, True),
    ("DE", "DE", "2027-01-01", "xrechnung_ubl", False),
    ("DE", "DE", "2027-01-01", "facturx_en16931", False),
    ("DE", "DE", "2027-01-01", "facturx_minimum", True),  # no invoice by EN 16931
    ("DE", "AT", "2027-01-01", None, False),
    ("AT", "DE", "2027-01-01", None, False),
    ("BE", "BE", "2025-12-31", None, False),
    ("BE", "BE", "2026-01-01", None, True),
    ("IT", "IT", "2026-01-01", "ubl", True),  # FatturaPA is none of ours
    ("US", "US", "2030-01-01", None, False),
    ("XX", "XX", "2030-01-01", None, False),
]


@pytest.mark.parametrize(("seller", "buyer", "day", "format", "expected"), DUTIES)
def test_a_duty_is_warned_of_from_its_day_between_businesses_of_the_country(
    seller: str, buyer: str, day: str, format: str | None, expected: bool
) -> None:
    on = date.fromisoformat(day)
    found = warned(business(buyer), format, on, seller)
    assert ("structured_invoice_due" in found) is expected
    if expected:
        assert found["structured_invoice_due"].pointer == "/buyer/e_invoicing/routes"
        assert "(" in str(found["structured_invoice_due"].detail), "it names its source"
    consumer = warned(business(buyer, kind=PartyKind.CONSUMER), format, on, seller)
    assert "structured_invoice_due" not in consumer


def test_a_buyer_whose_routes_are_over_is_warned_of() -> None:
    over = Routing(routes=(Route(format="ubl", valid_to=date(2026, 12, 31)),))
    assert "no_route_holds" in warned(business("FR", e_invoicing=over), None)
    assert "no_route_holds" not in warned(business("FR", e_invoicing=Routing()), None)
    holds = Routing(routes=(Route(format=None, valid_from=DAY),))
    assert "no_route_holds" not in warned(business("FR", e_invoicing=holds), None)


@pytest.mark.parametrize(
    ("format", "reference", "doubted"),
    [
        ("xrechnung_ubl", WRONG, True),
        ("xrechnung_cii", WRONG, True),
        ("xrechnung_ubl", GOOD, False),
        ("xrechnung_ubl", "Abteilung 7", False),  # looks like none, so it is none
        ("ubl", WRONG, False),
        (None, WRONG, False),
    ],
)
def test_a_wrong_leitweg_id_is_doubted_where_germans_read_it(
    format: str | None, reference: str, doubted: bool
) -> None:
    said = replace(business(), buyer_reference=reference)
    assert ("leitweg_id_doubtful" in warned(said, format)) is doubted


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_is_not(said: str) -> None:
    """Nothing that people paste into the field breaks the check: digits of other scripts either."""
    found = (is_leitweg_id(said), is_siren(said), is_siret(said))
    if any(found):
        assert said.isascii()
        assert sum(found) == 1


@pytest.mark.parametrize("said", ["７３２８２９３２０", "٧٣٢٨٢٩٣٢٠", "732829320\n", " 732829320"])
def test_digits_of_other_scripts_are_no_number(said: str) -> None:
    assert not is_siren(said)
    assert not is_siret(said + "00074")


def test_what_would_be_issued_has_a_word_for_its_number_and_the_terms_of_its_day() -> None:
    sound = issued()
    for day in (date(2024, 2, 29), date(2026, 12, 31)):
        would = would_be_issued(sound.content, sound.totals, sound.seller, day)
        assert (would.number, would.issue_date) == (DRAFT_NUMBER, day)
        assert would.due_date >= day
        assert msgspec.json.encode(would) != msgspec.json.encode(sound)


def test_every_format_is_one_that_some_route_can_take() -> None:
    for code in FORMATS:
        buyer = business("FR", e_invoicing=Routing(routes=(Route(format=code),)))
        route = route_of(buyer, EInvoicePolicy(), DAY)
        assert route == TakenRoute(format=code, source=RouteSource.BUYER)
