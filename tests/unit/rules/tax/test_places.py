"""Addresses are found in their tax territory however their postal code is written."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.rules.tax.model import Place
from invx.rules.tax.outcome import TaxUndetermined
from invx.rules.tax.places import country_of, jurisdiction, locate, matches, postal_code
from tests.unit.rules.tax.shipped import packs_with


def where(country: str, code: str | None = None) -> tuple[str, str]:
    found = locate(Place(country=country, postal_code=code), packs_with(), at="/buyer/place")
    return found.goods.code, found.services.code


@pytest.mark.parametrize(
    ("country", "code", "goods", "services"),
    [
        ("ES", "35001", "ES-CN", "ES-CN"),
        ("ES", "34999", "ES", "ES"),
        ("ES", "36000", "ES", "ES"),
        ("ES", "38999", "ES-CN", "ES-CN"),
        ("ES", "51000", "ES-CE", "ES-CE"),
        ("ES", "52999", "ES-ML", "ES-ML"),
        ("FR", "97100", "FR-GP", "FR-GP"),
        ("FR", "97133", "FR-BL", "FR-BL"),
        ("FR", "97150", "FR-MF", "FR-MF"),
        ("FR", "20000", "FR", "FR"),
        ("FR", "98000", "FR", "FR"),
        ("FR", "98800", "FR-NC", "FR-NC"),
        ("RE", None, "FR-RE", "FR-RE"),
        ("MC", None, "FR", "FR"),
        ("DE", "78266", "CH", "CH"),
        ("DE", "27498", "DE-HEL", "DE-HEL"),
        ("DE", "27499", "DE", "DE"),
        ("AT", "6992", "AT-MJ", "AT-MJ"),
        ("AT", "6994", "AT", "AT"),
        ("IT", "23041", "IT-LIV", "IT-LIV"),
        ("PT", "9500-119", "PT-20", "PT-20"),
        ("PT", "9000", "PT-30", "PT-30"),
        ("PT", "1000-001", "PT", "PT"),
        ("GB", "bt1 1aa", "XI", "GB"),
        ("GB", "B1 1TT", "GB", "GB"),
        ("GB", "G1 1AA", "GB", "GB"),
        ("UK", "SW1A 1AA", "GB", "GB"),
        ("XI", None, "XI", "GB"),
        ("IM", "IM1 1AA", "GB", "GB"),
        ("JE", "JE2 3AB", "JE", "JE"),
        ("LI", "9490", "CH", "CH"),
        ("EL", "10431", "GR", "GR"),
        ("AX", None, "FI-01", "FI-01"),
        ("JP", None, "JP", "JP"),
        ("NL", None, "NL", "NL"),
    ],
)
def test_a_place_lies_in_its_jurisdictions(
    country: str, code: str | None, goods: str, services: str
) -> None:
    assert where(country, code) == (goods, services)


@given(
    digits=st.sampled_from(["35001", "38650", "28001", "51001"]),
    gaps=st.lists(
        st.sampled_from(["", " ", "  ", "-", ".", "\t", "\u00a0"]), min_size=6, max_size=6
    ),
    letters=st.sampled_from(["", "ES", "es", "E", "Es-"]),
)
def test_spaces_dashes_and_letters_do_not_move_a_place(
    digits: str, gaps: list[str], letters: str
) -> None:
    written = letters + "".join(gap + digit for gap, digit in zip(gaps, digits, strict=False))
    assert where("ES", f" {written} ") == where("ES", digits)


@given(code=st.text(string.ascii_letters + string.digits + " -", max_size=10))
def test_normalizing_twice_changes_nothing(code: str) -> None:
    for country in ("ES", "GB", "DE", "PT"):
        once = postal_code(code, country)
        assert postal_code(once, country) == once or once.startswith(country[0])


@pytest.mark.parametrize("code", [None, "", "   ", "-", "3500", "350011", "ABCDE", "35OO1"])
def test_a_postal_code_that_is_missing_or_cannot_be_is_asked(code: str | None) -> None:
    with pytest.raises(TaxUndetermined) as asked:
        where("ES", code)
    assert [question.pointer for question in asked.value.questions] == ["/buyer/place/postal_code"]


def test_islands_whose_rates_differ_are_asked() -> None:
    with pytest.raises(TaxUndetermined, match="which island"):
        where("GR", "82100")


@pytest.mark.parametrize(
    ("code", "ranges", "inside"),
    [
        ("35000", ("35000-35999",), True),
        ("35999", ("35000-35999",), True),
        ("36000", ("35000-35999",), False),
        ("3500", ("35000-35999",), False),
        ("350001", ("35000-35999",), False),
        ("6691", ("6691", "6991-6993"), True),
        ("BT11AA", ("BT*",), True),
        ("B11AA", ("BT*",), False),
        ("", ("35000-35999", "6691"), False),
    ],
)
def test_ranges_have_both_ends_and_one_length(
    code: str, ranges: tuple[str, ...], inside: bool
) -> None:
    assert matches(code, ranges) is inside


def test_territories_know_their_tax() -> None:
    packs = packs_with()
    canaries = jurisdiction("ES-CN", packs)
    assert (canaries.vat, canaries.region, canaries.eu) == ("L", "CN", False)
    ceuta = jurisdiction("ES-CE", packs)
    assert (ceuta.vat, ceuta.region, ceuta.territory) == ("M", "CE", "ES-CE")
    martinique = jurisdiction("FR-MQ", packs)
    assert (martinique.vat, martinique.region, martinique.eu) == ("S", None, False)
    belfast = jurisdiction("XI", packs)
    assert (belfast.country, belfast.eu, belfast.territory) == ("GB", True, None)


@pytest.mark.parametrize(("code", "country"), [("el", "GR"), (" UK ", "GB"), ("xi", "XI")])
def test_prefixes_stand_for_countries(code: str, country: str) -> None:
    assert country_of(code) == country
