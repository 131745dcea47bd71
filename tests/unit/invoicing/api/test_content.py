"""From a body to the content: defaults, ids of lines, codes of units, and nothing lost or added."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from invx.contexts.invoicing.api.content import content_of, details_of
from invx.contexts.invoicing.api.schemas.documents import DraftIn, EditIn
from invx.contexts.invoicing.api.schemas.legal_entities import LegalEntityIn
from invx.contexts.invoicing.domain.content import Content, DocumentType, Line
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.party import Basis, PartyKind
from invx.kernel.errors import Invalid
from invx.rules.totals.model import LineKind, Profile, Regime, Rounding
from tests.e2e.acts import contained
from tests.e2e.fullest import BODY, ENTITY

FROM_THE_ENTITY = {"currency", "profile", "language", "payment_terms"}


def content(**body: Any) -> Content:
    return content_of(EditIn.model_validate(body))[0]


def missing(**body: Any) -> frozenset[str]:
    return content_of(EditIn.model_validate(body))[1]


def written_out(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def ids(lines: tuple[Line, ...]) -> list[Any]:
    """Ids as written, those of children in a list behind their parent."""
    found: list[Any] = []
    for line in lines:
        found.append(line.id)
        if line.children:
            found.append(ids(line.children))
    return found


def made(*lines: Any) -> list[Any]:
    """The ids of lines of which each is given as its id or None, a list being its children."""
    return ids(content(lines=_written(lines)).lines)


def _written(lines: Any) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    for each in lines:
        if isinstance(each, list):
            written[-1]["children"] = _written(each)
        else:
            written.append({"id": each})
    return written


def refusals(**body: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        content(**body)
    return {each.pointer: each.code for each in caught.value.problems}


def test_an_empty_body_is_an_invoice_of_which_the_entity_says_the_rest() -> None:
    found, left_open = content_of(DraftIn.model_validate({}))
    assert left_open == FROM_THE_ENTITY
    assert found.type is DocumentType.INVOICE
    assert (found.lines, found.buyer, found.metadata) == ((), None, None)
    assert (found.prepaid, found.prices_include_tax) == (Decimal(0), False)


@pytest.mark.parametrize(
    "name,value",
    [
        ("currency", "CHF"),
        ("profile", "plain"),
        ("language", "de"),
        ("payment_terms", {"kind": "on_receipt"}),
    ],
)
def test_what_the_body_says_is_not_left_to_the_entity(name: str, value: Any) -> None:
    assert missing(**{name: value}) == FROM_THE_ENTITY - {name}
    assert missing(**{name: None}) == FROM_THE_ENTITY


def test_a_stated_due_date_takes_the_place_of_terms_of_the_entity() -> None:
    assert missing(due_date="2026-12-01") == FROM_THE_ENTITY - {"payment_terms"}
    assert content(due_date="2026-12-01").payment_terms is None
    both = content(due_date="2026-12-01", payment_terms={"kind": "net", "days": 3})
    assert both.payment_terms is not None, "both stay, so that the contradiction is named"


def test_every_field_of_a_body_reaches_the_content() -> None:
    written = written_out(content(**BODY))
    contained(BODY, written)


def test_a_line_of_nothing_is_one_item_of_one_unit() -> None:
    [line] = content(lines=[{}]).lines
    assert (line.id, line.kind, line.unit) == ("1", LineKind.ITEM, "C62")
    assert (line.quantity, line.base_quantity, line.price_discount) == (1, 1, 0)
    assert (line.price, line.net, line.price_includes_tax) == (None, None, None)
    assert (line.taxes, line.children, line.dimensions) == ((), (), {})


def test_a_tax_is_vat_of_no_rate_unless_it_says_more() -> None:
    [line] = content(lines=[{"taxes": [{"category": "Z"}]}]).lines
    [tax] = line.taxes
    assert (tax.regime, tax.rate, tax.jurisdiction) == (Regime.VAT, 0, None)


@pytest.mark.parametrize(
    "written,found",
    [
        ([None, None, None], ["1", "2", "3"]),
        (["2", None, None], ["2", "1", "3"]),
        ([None, "1", None], ["2", "1", "3"]),
        (["a", None, "b", None], ["a", "1", "b", "2"]),
        ([None, [None, None], None], ["1", ["2", "3"], "4"]),
        ([None, ["1", None], None], ["2", ["1", "3"], "4"]),
        ([None, [None, ["2", None]], "1"], ["3", ["4", ["2", "5"]], "1"]),
        (["01", None], ["01", "1"]),
        (["1", "1", None], ["1", "1", "2"]),
    ],
)
def test_ids_are_made_in_reading_order_and_never_one_that_is_there(
    written: list[Any], found: list[Any]
) -> None:
    assert made(*written) == found


def test_ids_of_many_small_groups_are_made_in_one_walk() -> None:
    """Each id that is made costs the same, wherever it stands."""
    groups = 4_000
    found = made(*[each for _ in range(groups) for each in (None, [None])])
    flat = [int(id) for each in found for id in ([each] if isinstance(each, str) else each)]
    assert flat == list(range(1, 2 * groups + 1))


@pytest.mark.parametrize(
    "said,code",
    [
        ("hour", "HUR"),
        ("Hours", "HUR"),
        ("HUR", "HUR"),
        ("hur", "HUR"),
        ("day", "DAY"),
        (" day ", "DAY"),
        ("kilogram", "KGM"),
        ("C62", "C62"),
        ("XBX", "XBX"),
    ],
)
def test_units_are_said_by_name_or_code(said: str, code: str) -> None:
    line = {"unit": said, "breakdown": [{"amount": "1", "unit": said}, {"amount": "1"}]}
    [parent] = content(lines=[{"children": [line]}]).lines
    [found] = parent.children
    assert found.unit == code
    assert [step.unit for step in found.breakdown] == [code, None]


def test_each_unit_nobody_knows_is_named_where_it_stands() -> None:
    step = {"amount": "1.00", "unit": "parsec-ish"}
    lines = [
        {"unit": "fortnightly"},
        {"unit": "day", "breakdown": [{"amount": "1.00"}, step]},
        {"children": [{}, {"unit": "st", "breakdown": [step], "children": [{"unit": "?"}]}]},
    ]
    assert refusals(lines=lines) == {
        "/lines/0/unit": "unknown_unit",
        "/lines/1/breakdown/1/unit": "unknown_unit",
        "/lines/2/children/1/unit": "unknown_unit",
        "/lines/2/children/1/breakdown/0/unit": "unknown_unit",
        "/lines/2/children/1/children/0/unit": "unknown_unit",
    }


def test_an_edit_takes_no_legal_entity_and_a_draft_does() -> None:
    assert "legal_entity" not in EditIn.model_fields
    body = DraftIn.model_validate({"legal_entity": "le_01jd0y7ct4f6d9zq8x3s5v2w1k"})
    found, _ = content_of(body)
    assert not hasattr(found, "legal_entity")
    assert body.legal_entity is not None


def test_what_the_program_decides_cannot_be_said() -> None:
    said = set(EditIn.model_fields)
    own = {each.name for each in fields(Content)}
    assert own - said == {"given_taxes", "determination"}
    assert said - own == set()


def details(**body: Any) -> LegalEntityDetails:
    sound = {"name": "Kontor", "address": {"country": "DE"}}
    return details_of(LegalEntityIn.model_validate({**sound, **body}))


def test_a_legal_entity_of_a_name_and_a_country_has_the_usual_settings() -> None:
    found = details()
    assert (found.currency, found.time_zone, found.languages) == ("EUR", "Europe/Berlin", ("en",))
    assert (found.default_profile, found.rounding) == (Profile.EN16931, Rounding.PER_GROUP)
    assert (found.backdating_days, found.payment_terms, found.titles) == (0, None, {})
    assert found.seller.party.name == "Kontor"
    assert found.seller.party.kind is PartyKind.BUSINESS
    assert (found.seller.registrations, found.seller.bank_accounts) == ((), ())


def test_every_field_of_a_legal_entity_reaches_its_details() -> None:
    written = written_out(details(**ENTITY))
    seller = written.pop("seller")
    contained(ENTITY, {**seller.pop("party"), **seller, **written})


def test_a_registration_counts_by_accrual_from_ever_until_for_ever() -> None:
    [registration] = details(registrations=[{"country": "DE"}]).seller.registrations
    assert registration.basis is Basis.ACCRUAL
    assert (registration.valid_from, registration.valid_to) == (None, None)
    dated = details(registrations=[{"country": "AT", "basis": "cash", "valid_from": "2026-01-01"}])
    [registration] = dated.seller.registrations
    assert (registration.basis, registration.valid_from) == (Basis.CASH, date(2026, 1, 1))
