"""Words and notation: exact digits, the language's separators, names of units."""

import json
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters import wording as module
from invx.contexts.invoicing.adapters.wording import Mark, wording

LABELS = Path(module.__file__).parent / "templates" / "labels"

DECIMALS = st.decimals(
    allow_nan=False, allow_infinity=False, places=None, min_value=-(10**15), max_value=10**15
).map(lambda value: format(value, "f"))


def flat(labels, prefix=""):
    for key, value in labels.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def places(label):
    return {name for _, name, _, _ in Formatter().parse(label) if name}


@given(DECIMALS)
def test_a_figure_keeps_every_digit(amount):
    for language, group, point in (("en", ",", "."), ("de", ".", ","), ("de-CH", "’", ".")):
        shown = wording(language).figure(amount)
        plain = shown.replace(group, "").replace(point, ".")
        assert plain.lstrip("-") == amount.lstrip("-")
        assert plain.startswith("-") == (Decimal(amount) < 0) or not Decimal(amount)


@given(DECIMALS, st.integers(0, 6))
def test_a_figure_never_changes_value_when_zeros_are_added(amount, places_min):
    shown = wording("en").figure(amount, decimals_min=places_min)
    assert Decimal(shown.replace(",", "")) == Decimal(amount)
    if places_min:
        assert len(shown.partition(".")[2]) >= places_min


@pytest.mark.parametrize(
    "language, shown",
    [
        ("en", "1,234,567.50"),
        ("en-US", "1,234,567.50"),
        ("en-IN", "12,34,567.50"),
        ("de", "1.234.567,50"),
        ("de-CH", "1’234’567.50"),
        ("de_DE", "1.234.567,50"),
    ],
)
def test_separators_follow_language_and_region(language, shown):
    assert wording(language).figure("1234567.50") == shown


def test_halves_are_not_rounded_to_even_as_babel_would():
    assert wording("en").figure("1234.5") == "1,234.5"
    assert wording("en").figure("0.125") == "0.125"
    assert wording("de").figure("2.675") == "2,675"


def test_a_price_has_at_least_the_decimals_of_its_currency_and_all_its_own():
    words = wording("en")
    assert words.price("112", "EUR") == "112.00"
    assert words.price("0.0183333", "EUR") == "0.0183333"
    assert words.price("310.5", "KWD") == "310.500"
    assert words.price("1200", "JPY") == "1,200"


def test_quantities_and_rates_lose_idle_zeros_only():
    words = wording("de")
    assert words.quantity("46.50") == "46,5"
    assert words.quantity("1500.000") == "1.500"
    assert words.quantity("100") == "100"
    assert words.quantity("1E+3") == "1.000"
    assert words.percent("19.00") == "19\u00a0%"
    assert words.percent("8.25") == "8,25\u00a0%"


def test_what_is_subtracted_changes_its_sign_and_nothing_else():
    assert wording("en").less("1200.10") == "-1,200.10"
    assert wording("en").less("-1200.10") == "1,200.10"


def test_money_stands_in_the_order_of_the_language():
    assert wording("en").money("29315.91", "EUR") == "EUR\u00a029,315.91"
    assert wording("de").money("29315.91", "EUR") == "29.315,91\u00a0EUR"


@pytest.mark.parametrize(
    "language, day",
    [
        ("en", "22 November 2026"),
        ("en-GB", "22 November 2026"),
        ("en-US", "November 22, 2026"),
        ("de", "22. November 2026"),
        ("de-AT", "22. November 2026"),
    ],
)
def test_days_are_written_out(language, day):
    assert wording(language).date("2026-11-22") == day
    assert wording(language).date("2026-11-22T23:59:59Z") == day


def test_a_whole_month_is_named_and_nothing_else_is():
    words = wording("de")
    assert words.month("2028-02-01", "2028-02-29") == "Februar 2028"
    assert words.month("2026-03-01", "2026-03-31") == "März 2026"
    assert words.month("2026-02-01", "2026-02-27") is None
    assert words.month("2026-02-02", "2026-02-28") is None
    assert words.month("2026-01-01", "2026-02-28") is None
    assert words.month("2025-12-01", "2026-12-31") is None


@pytest.mark.parametrize(
    "unit, quantity, english, german",
    [
        ("DAY", "1", "day", "Tag"),
        ("DAY", "2", "days", "Tage"),
        ("DAY", "0.5", "days", "Tage"),
        ("day", "-1", "day", "Tag"),
        ("Stunden", "3", "h", "Std."),
        ("HUR", "46.5", "h", "Std."),
        ("C62", "1", "pcs", "Stk."),
        ("H87", "7", "pcs", "Stk."),
        ("MON", "1", "mo.", "Monat"),
        ("KMT", "578", "km", "km"),
        ("kgm", "2", "kg", "kg"),
        ("LS", "1", "lump sum", "pauschal"),
        ("B98", "4", "B98", "B98"),
        ("Schichten", "4", "Schichten", "Schichten"),
        ("", "1", "", ""),
    ],
)
def test_units_have_names_and_unknown_ones_their_own_word(unit, quantity, english, german):
    assert wording("en").unit(unit, quantity) == english
    assert wording("de").unit(unit, quantity) == german


@pytest.mark.parametrize("language", [None, "", "fr", "fr-CA", "xx", "xx-99", "-", "ar-SA"])
def test_a_language_without_labels_is_worded_in_english_throughout(language):
    words = wording(language)
    assert words.language == "en"
    assert words.say("title.invoice") == "Invoice"
    assert words.figure("1234.50") == "1,234.50"
    assert words.date("2026-11-22") == "22 November 2026"


def test_an_unknown_region_falls_back_to_its_language():
    assert wording("de-XX").language == "de"
    assert wording("de-XX").figure("1234.5") == "1.234,5"


def test_german_calls_a_credit_note_a_correction_and_a_self_bill_gutschrift():
    """Section 14 (4) no. 10 UStG keeps the word Gutschrift for the buyer's own bill."""
    words = wording("de")
    assert words.say("title.credit_note") == "Rechnungskorrektur"
    assert words.say("title.389") == "Gutschrift"
    assert words.say("title.proforma") == "Proformarechnung"
    assert words.say("reason.AE").startswith("Steuerschuldnerschaft des Leistungsempfängers")


def test_both_languages_have_the_same_labels_with_the_same_places():
    english, german = (
        dict(flat(json.loads((LABELS / f"{language}.json").read_text("utf-8"))))
        for language in ("en", "de")
    )
    assert english.keys() == german.keys()
    for key, label in english.items():
        if isinstance(label, str):
            assert places(label) == places(german[key]), key
            assert label.strip(), key
        else:
            assert len(label) == len(german[key]) == 2, key


def test_every_mark_has_its_word_and_its_note():
    for language in ("en", "de"):
        for mark in Mark:
            assert wording(language).say(f"mark.{mark}").isupper()
            assert wording(language).say(f"mark_note.{mark}")


def test_countries_have_names_and_unknown_ones_their_code():
    assert wording("de").country("AT") == "Österreich"
    assert wording("en").country("NL") == "Netherlands"
    assert wording("en").country("Q9") == "Q9"


def test_an_unknown_label_is_a_defect_and_not_an_empty_word():
    with pytest.raises(KeyError):
        wording("en").say("title.nonsense")
    assert not wording("en").knows("title.nonsense")
