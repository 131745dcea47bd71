"""Form and check digits of tax ids, country by country."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.tax_ids.form import form_of
from invx.kernel.errors import Invalid

RIGHT = [
    ("DE 129 273 398", None, "DE", "DE129273398"),
    ("atu13585627", None, "AT", "ATU13585627"),
    ("FR 83 404 833 048", None, "FR", "FR83404833048"),
    ("NL4495445B01", None, "NL", "NL4495445B01"),
    ("094259216", "GR", "EL", "EL094259216"),
    ("EL094259216", None, "EL", "EL094259216"),
    ("EL094259216", "GR", "EL", "EL094259216"),
    ("B58378431", "ES", "ES", "ESB58378431"),
    ("GB 980 7806 84", None, "GB", "GB980780684"),
    ("XI980780684", None, "XI", "XI980780684"),
    ("CHE-116.281.710 MWST", None, "CH", "CHE116281710MWST"),
    ("995 525 828 MVA", "NO", "NO", "995525828MVA"),
    ("51 824 753 556", "AU", "AU", "51824753556"),
    ("27AAPFU0939F1ZV", "IN", "IN", "27AAPFU0939F1ZV"),
]
WRONG = [
    ("DE129273399", None),  # check digit
    ("ATU13585626", None),
    ("DE12927339", None),  # too short
    ("DE", None),
    ("GB123456789", None),
    ("CHE116281711MWST", None),
    ("995525829MVA", "NO"),
    ("hello", "FR"),
]


@pytest.mark.parametrize("text,country,code,compact", RIGHT)
def test_a_right_id_is_compacted(text, country, code, compact):
    form = form_of(text, country)
    assert (form.country, form.tax_id, form.fault, form.checked) == (code, compact, None, True)
    assert form_of(form.tax_id, country).tax_id == compact, "compact stays compact"


@pytest.mark.parametrize("text,country", WRONG)
def test_a_wrong_id_says_what_is_wrong(text, country):
    form = form_of(text, country)
    assert form.fault
    assert form.checked


def test_a_country_without_known_rules_is_not_judged():
    form = form_of("12-3456789", "US")
    assert (form.checked, form.fault, form.tax_id) == (False, None, "123456789")


@pytest.mark.parametrize("text", ["123456789", "", "B58378431", "ÄÖ123", "QQ12345"])
def test_an_id_of_nobody_asks_for_the_country(text):
    with pytest.raises(Invalid) as refused:
        form_of(text)
    assert [(each.pointer, each.code) for each in refused.value.problems] == [
        ("/country", "required")
    ]


def test_an_unknown_country_is_refused():
    with pytest.raises(Invalid) as refused:
        form_of("1", "QQ")
    assert refused.value.problems[0].code == "country_unknown"


@given(st.text(max_size=60), st.sampled_from(["DE", "GB", "CH", "US", "IN", "XI", "MC", "GR"]))
def test_anything_that_was_typed_has_an_answer(text, country):
    form = form_of(text, country)
    assert len(form.tax_id) <= 42
    assert " " not in form.tax_id


@given(st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_of_a_german_id_is_found(place, more):
    digits = list("129273398")
    digits[place] = str((int(digits[place]) + more) % 10)
    assert form_of("DE" + "".join(digits)).fault
