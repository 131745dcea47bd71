"""Texts of foreign files as values: what is clear is read, what is not is refused."""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.importing.values import (
    Unreadable,
    day_of,
    is_credit,
    number_of,
    text_of,
)


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("0", None, "0"),
        ("1234.56", None, "1234.56"),
        ("1234,56", None, "1234.56"),
        ("1.234,56", None, "1234.56"),
        ("1,234.56", None, "1234.56"),
        ("1.234.567", None, "1234567"),
        ("1,234,567", None, "1234567"),
        ("1'234.50", None, "1234.50"),
        ("1 234,50", None, "1234.50"),
        ("1\u00a0234,50 €", None, "1234.50"),
        ("EUR 12.30", None, "12.30"),
        ("$5.00", None, "5.00"),
        ("-5,00", None, "-5.00"),
        ("−5,00", None, "-5.00"),
        ("5,00-", None, "-5.00"),
        ("(5.00)", None, "-5.00"),
        ("+7.5", None, "7.5"),
        ("1.234", ".", "1.234"),
        ("1.234", ",", "1234"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("12.3456", None, "12.3456"),
        ("0.5", ".", "0.5"),
        ("-0", None, "0"),
        ("19 ", None, "19"),
    ],
)
def test_numbers_as_people_write_them(text: str, decimal: str | None, expected: str) -> None:
    found = number_of(text, decimal)
    assert found == Decimal(expected)
    assert not (found == 0 and found.is_signed())


@pytest.mark.parametrize(
    ("text", "decimal", "code"),
    [
        ("1.234", None, "number_ambiguous"),
        ("1,234", None, "number_ambiguous"),
        ("1e3", None, "number_shortened"),
        ("1,2E+11", ",", "number_shortened"),
        ("1.23E-4", ".", "number_shortened"),
        ("zwölf", None, "number_malformed"),
        ("1.2.3", ".", "number_malformed"),
        ("12,34,5", ".", "number_malformed"),
        ("1.23,4", ",", "number_malformed"),
        ("", ".", "number_malformed"),
        ("-", ".", "number_malformed"),
        ("NaN", ".", "number_malformed"),
        ("Infinity", ".", "number_malformed"),
        ("١٢", ".", "number_malformed"),
        ("--5", ".", "number_malformed"),
        ("0x10", ".", "number_malformed"),
        ("5%", ".", "number_malformed"),
    ],
)
def test_what_is_no_number_or_two_is_refused(text: str, decimal: str | None, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        number_of(text, decimal)
    assert refused.value.code == code
    assert refused.value.at("/rows/2/gross").code == code


AMOUNTS = st.decimals(
    allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9
)


@given(AMOUNTS, st.sampled_from([".", ","]), st.booleans())
def test_every_amount_comes_back_however_it_was_written(
    amount: Decimal, decimal: str, grouped: bool
) -> None:
    other = "," if decimal == "." else "."
    written = f"{amount:,.2f}" if grouped else f"{amount:.2f}"
    written = written.replace(",", "\0").replace(".", decimal).replace("\0", other)
    assert number_of(written, decimal) == amount


@given(AMOUNTS)
def test_an_amount_with_two_decimals_is_never_ambiguous(amount: Decimal) -> None:
    german = f"{amount:,.2f}".replace(",", "\0").replace(".", ",").replace("\0", ".")
    assert number_of(german, None) == amount
    assert number_of(f"{amount:,.2f}", None) == amount


@given(st.text(max_size=30), st.sampled_from([None, ".", ","]))
def test_any_text_is_a_number_or_refused(text: str, decimal: str | None) -> None:
    found = None
    with contextlib.suppress(Unreadable):
        found = number_of(text, decimal)
    assert found is None or found.is_finite()


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2026-10-01", None, date(2026, 10, 1)),
        ("2026-1-5", None, date(2026, 1, 5)),
        ("2026-10-01T23:59:59Z", None, date(2026, 10, 1)),
        ("2026-10-01 08:00", None, date(2026, 10, 1)),
        ("01.10.2026", None, date(2026, 10, 1)),
        ("1.10.26", None, date(2026, 10, 1)),
        ("01.10.2026 00:00:00", None, date(2026, 10, 1)),
        ("01/10/2026", "DD/MM/YYYY", date(2026, 10, 1)),
        ("10/01/2026", "MM/DD/YYYY", date(2026, 10, 1)),
        ("46296", None, date(2026, 10, 1)),
        ("46296.0", None, date(2026, 10, 1)),
        (" 2026-10-01 ", None, date(2026, 10, 1)),
        ("29.02.2028", None, date(2028, 2, 29)),
    ],
)
def test_days_as_programs_write_them(text: str, form: str | None, expected: date) -> None:
    assert day_of(text, form) == expected


@pytest.mark.parametrize(
    ("text", "form", "code"),
    [
        ("01/10/2026", None, "date_ambiguous"),
        ("13/10/2026", "MM/DD/YYYY", "date_malformed"),
        ("31.02.2026", None, "date_malformed"),
        ("2026-13-01", None, "date_malformed"),
        ("soon", None, "date_malformed"),
        ("", None, "date_malformed"),
        ("20261001", None, "date_malformed"),
        ("4629", None, "date_malformed"),
        ("2026", None, "date_malformed"),
    ],
)
def test_what_is_no_day_or_two_is_refused(text: str, form: str | None, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        day_of(text, form)
    assert refused.value.code == code


@given(st.dates(date(1954, 10, 4), date(2119, 1, 1)))
def test_every_day_comes_back(day: date) -> None:
    assert day_of(day.isoformat(), None) == day
    assert day_of(day.strftime("%d.%m.%Y"), None) == day
    assert day_of(day.strftime("%d/%m/%Y"), "DD/MM/YYYY") == day
    assert day_of(day.strftime("%m/%d/%Y"), "MM/DD/YYYY") == day
    assert day_of(str((day - date(1899, 12, 30)).days), None) == day


@pytest.mark.parametrize("word", ["credit_note", "Gutschrift", "Credit Note", "381", "STORNO"])
def test_words_for_credit_notes(word: str) -> None:
    assert is_credit(word) is True


@pytest.mark.parametrize("word", ["invoice", "Rechnung", "RE", "380"])
def test_words_for_invoices(word: str) -> None:
    assert is_credit(word) is False


def test_another_word_is_asked_about() -> None:
    with pytest.raises(Unreadable, match="credit_note") as refused:
        is_credit("Angebot")
    assert refused.value.code == "type_unknown"


@pytest.mark.parametrize(
    ("text", "code"), [("x" * 11, "too_long"), ("a\x00b", "control_characters")]
)
def test_texts_are_bounded_and_printable(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        text_of(text, 10)
    assert refused.value.code == code
    assert text_of("ab\ncd", 10) == "ab\ncd"
