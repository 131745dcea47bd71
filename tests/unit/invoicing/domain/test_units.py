"""Units: codes of UN/ECE Recommendation 20, and the names that people use for them."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.units.unit_codes import CODES, NOT_IN_E_INVOICES
from invx.contexts.invoicing.domain.units.unit_table import TABLE
from invx.contexts.invoicing.domain.units.units import UNITS, UnknownUnit, unit_code, unit_name

# Every code that the official example invoices use (EN 16931 test files, XRechnung).
OFFICIAL = "C62 DAY EA H87 IE KWH KWT LTR MON MTR NAR TNE XPP ZZ".split()


@pytest.mark.parametrize("code", OFFICIAL)
def test_the_codes_of_the_official_examples_are_known(code):
    assert unit_code(code) == code


@pytest.mark.parametrize(
    "text,code",
    [
        ("day", "DAY"),
        ("Days", "DAY"),
        ("  man-day ", "E49"),
        ("hour", "HUR"),
        ("h", "HUR"),
        ("hrs", "HUR"),
        ("piece", "H87"),
        ("pcs", "H87"),
        ("Stück", "H87"),
        ("unit", "C62"),
        ("kg", "KGM"),
        ("KG", "KGM"),
        ("km", "KMT"),
        ("m²", "MTK"),
        ("m3", "MTQ"),
        ("l", "LTR"),
        ("month", "MON"),
        ("Monate", "MON"),
        ("Year", "ANN"),
        ("%", "P1"),
        ("flat", "LS"),
        ("kWh", "KWH"),
        ("user", "IE"),
        ("labour   hour", "LH"),
        ("kwh", "KWH"),
        ("hur", "HUR"),
        ("xpp", "XPP"),
    ],
)
def test_friendly_names_give_their_code(text, code):
    assert unit_code(text) == code


def test_a_rare_code_of_the_rules_is_kept_as_it_is():
    # ubl-tc434-example8.xml of the EN 16931 test files writes KW, which BR-CL-23 lists beside KWT.
    assert unit_code("KW") == "KW"
    assert unit_code("kW") == "KWT"
    assert unit_name("KW") == "KW"


def test_every_code_is_listed_once():
    assert not CODES & UNITS.keys()
    assert UNITS.keys() >= NOT_IN_E_INVOICES


def test_a_code_wins_over_a_name_that_reads_the_same():
    assert unit_code("ST") == "ST"  # sheet
    assert unit_code("PR") == "PR"


@pytest.mark.parametrize("text", ["", " ", "furlong", "St", "gl", "DAYX", "XQQQ", "mw", "🙂"])
def test_what_is_neither_code_nor_name_is_refused_with_a_pointer(text):
    with pytest.raises(UnknownUnit) as refused:
        unit_code(text)
    assert refused.value.problems[0].pointer == "/unit"
    assert refused.value.code == "unknown_unit"


def test_a_code_has_its_english_name():
    assert unit_name("HUR") == "hour"
    assert unit_name("xpx") == "pallet"
    with pytest.raises(UnknownUnit):
        unit_name("furlong")


def test_the_table_is_read_whole_and_holds_no_code_twice():
    rows = TABLE.strip().splitlines()
    assert len(rows) == len(UNITS) > 300
    assert all(code.isascii() and code.isalnum() and len(code) <= 3 for code in UNITS)
    assert all(name == name.strip() for name in UNITS.values())


def test_no_name_stands_for_two_codes():
    names = Counter()
    for row in TABLE.strip().splitlines():
        head, _, others = row.partition(": ")
        _, name = head.split(" ", 1)
        names.update({each.lower() for each in (name, *others.split(", ")) if each})
    assert [name for name, count in names.items() if count > 1] == []


@given(st.sampled_from(sorted(UNITS)))
def test_every_code_and_every_name_leads_back_to_its_code(code):
    assert unit_code(code) == code
    assert unit_code(UNITS[code]) == code
    assert unit_code(UNITS[code].upper()) == code


@given(st.text(max_size=12))
def test_any_text_gives_a_known_code_or_a_refusal(text):
    try:
        code = unit_code(text)
    except UnknownUnit:
        return
    assert code in UNITS or code in CODES
