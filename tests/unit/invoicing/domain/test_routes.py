"""Routes of buyers: which one holds on a day, and which of the numbers in them can be."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.de import leitweg
from stdnum.fr import siren, siret

from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.einvoice.routes import (
    EInvoicePolicy,
    Requirement,
    Route,
    Routing,
    route_problems,
)
from invx.contexts.invoicing.domain.einvoice.routing import (
    RouteSource,
    TakenRoute,
    is_leitweg_id,
    is_siren,
    is_siret,
    route_of,
    routing_problems,
    shown_identifiers,
)
from invx.contexts.invoicing.domain.party import Identifier, Party, PartyKind
from invx.rules.totals.model import Profile
from tests.unit.invoicing.einvoice.mapping.issuing import issued

DAY = date(2027, 1, 1)
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
AT = "/buyer/e_invoicing"


def content(routing: Routing | None, **more: object) -> Content:
    buyer = Party(name="B", kind=more.pop("kind", PartyKind.BUSINESS), e_invoicing=routing)
    return Content(currency="EUR", buyer=buyer, **more)


@given(st.lists(days, min_size=1, max_size=6, unique=True).map(sorted), days)
def test_routes_that_follow_each_other_never_overlap_and_leave_no_day_out(
    starts: list[date], day: date
) -> None:
    ends = [start - timedelta(days=1) for start in starts[1:]]
    routes = tuple(
        Route(format="ubl" if at % 2 else "cii", valid_from=start, valid_to=end)
        for at, (start, end) in enumerate(zip(starts, [*ends, None], strict=True))
    )
    routing = Routing(routes=routes)
    assert list(route_problems(routing, AT)) == []
    found = routing.on(day)
    assert (found is None) is (day < starts[0])
    if found is not None:
        assert found.first <= day <= found.last


@given(days, days, days, days)
def test_two_routes_overlap_when_a_day_has_both(a: date, b: date, c: date, d: date) -> None:
    one, other = sorted((a, b)), sorted((c, d))
    routing = Routing(
        routes=tuple(
            Route(format="ubl", valid_from=first, valid_to=last) for first, last in (one, other)
        )
    )
    shared = max(one[0], other[0]) <= min(one[1], other[1])
    codes = [(each.pointer, each.code) for each in route_problems(routing, AT)]
    assert codes == ([(f"{AT}/routes/1/valid_from", "routes_overlap")] if shared else [])


def test_a_route_runs_forward_to_a_format_that_is_written() -> None:
    wrong = Route(format="edifact", valid_from=DAY, valid_to=DAY - timedelta(days=1))
    assert [(each.pointer, each.code) for each in route_problems(Routing(routes=(wrong,)), AT)] == [
        (f"{AT}/routes/0/format", "format_unknown"),
        (f"{AT}/routes/0/valid_to", "validity_reversed"),
    ]


POLICY = EInvoicePolicy(default_format="facturx_en16931")
DEFAULT = TakenRoute(format="facturx_en16931", source=RouteSource.LEGAL_ENTITY)


@pytest.mark.parametrize(
    "said,taken",
    [
        (content(None), DEFAULT),
        (content(Routing()), DEFAULT),
        (content(None, kind=PartyKind.CONSUMER), None),
        (content(None, profile=Profile.PLAIN), None),
        (content(None, type=DocumentType.PROFORMA), None),
        (Content(currency="EUR"), None),
        (content(Routing(routes=(Route(format=None),))), None),
        (content(Routing(routes=(Route(format="ubl", valid_to=date(2026, 12, 31)),))), DEFAULT),
        (
            content(Routing(routes=(Route(format="ubl", valid_from=DAY),)), profile=Profile.PLAIN),
            TakenRoute(format="ubl", source=RouteSource.BUYER),
        ),
    ],
)
def test_the_buyer_decides_and_then_the_legal_entity(
    said: Content, taken: TakenRoute | None
) -> None:
    assert route_of(said, POLICY, DAY) == taken


_parts = st.tuples(
    st.from_regex(r"(0[1-9]|1[0-6]|99|[0-9]{2})[0-9]{0,10}", fullmatch=True),
    st.from_regex(r"(-[A-Z0-9]{1,30})?", fullmatch=True),
    st.from_regex(r"[0-9]{2}", fullmatch=True),
)


@given(_parts)
def test_leitweg_ids_are_checked_as_a_second_implementation_does(parts: tuple[str, ...]) -> None:
    coarse, fine, _ = parts
    for check in range(100):
        text = f"{coarse}{fine}-{check:02}"
        assert is_leitweg_id(text) is _as_stdnum(text)


def _as_stdnum(text: str) -> bool:
    return leitweg.is_valid(text) and leitweg.compact(text) == text


@given(st.from_regex(r"[0-9]{13}", fullmatch=True))
def test_french_numbers_are_checked_as_a_second_implementation_does(start: str) -> None:
    for last in "0123456789":
        assert is_siret(start + last) is siret.is_valid(start + last)
        assert is_siren(start[:8] + last) is siren.is_valid(start[:8] + last)


@pytest.mark.parametrize("text", ["35600000000048", "35600000049837"])
def test_establishments_of_la_poste_count_in_their_own_way(text: str) -> None:
    assert is_siret(text) is siret.is_valid(text) is True


@pytest.mark.parametrize("text", ["", "04011000-12345-4", "04011000–12345–03", "abc", "1-2-3-4"])
def test_what_has_not_the_form_of_a_leitweg_id_is_none(text: str) -> None:
    assert not is_leitweg_id(text)


def test_an_identifier_that_is_asked_for_is_shown_and_else_the_first() -> None:
    numbers = (Identifier(id="1", scheme="0088"), Identifier(id="2", scheme="0009"))
    asking = Routing(requires=(Requirement.SIRET,))
    shown = shown_identifiers(Party(name="B", identifiers=numbers, e_invoicing=asking))
    assert [each.id for each in shown] == ["2", "1"]
    assert shown_identifiers(Party(name="B", identifiers=numbers)) == [*numbers]


def test_each_requirement_names_its_field_once() -> None:
    stated = issued()
    asking = Routing(requires=tuple(Requirement))
    buyer = Party(name="B", address=stated.content.buyer.address, e_invoicing=asking)
    said = Content(currency="EUR", buyer=buyer, lines=stated.content.lines)
    found = routing_problems(said, stated.totals, stated.seller, None)
    assert [(each.pointer, each.code) for each in found] == [
        ("/buyer_reference", "field_missing"),
        ("/purchase_order", "field_missing"),
        ("/contract", "field_missing"),
        ("/project", "field_missing"),
        ("/buyer/endpoint", "field_missing"),
        ("/buyer/registration", "field_missing"),
        ("/buyer/identifiers", "field_missing"),
    ]
