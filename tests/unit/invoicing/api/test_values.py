"""The least and the most that each kind of value may be, and one step beyond."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from invx.contexts.invoicing.api.schemas.values import (
    Code,
    Country,
    Currency,
    Day,
    Flag,
    Language,
    Name,
    NotNegative,
    Number,
    Pairs,
    Percent,
    Positive,
    Text,
    Whole,
)


def read(kind: Any, value: Any) -> Any:
    """The value as a body says it. Raises ValidationError."""
    return TypeAdapter(kind).validate_json(json.dumps(value))


def refusal(kind: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    return str(caught.value.errors()[0]["type"])


def documented(kind: Any, value: str) -> bool:
    """Whether the schema that clients see allows the text."""
    schema = TypeAdapter(kind).json_schema()
    return re.search(schema["pattern"], value) is not None


MOST = "9" * 18 + "." + "9" * 12


@pytest.mark.parametrize("text", ["0", "7", "-7", "165.01", "0.000000000001", MOST, f"-{MOST}"])
def test_a_number_is_read_to_its_last_digit(text: str) -> None:
    found = read(Number, text)
    assert (found, format(found, "f")) == (Decimal(text), text)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 19,
        "0" * 19,
        "1." + "1" * 13,
        "-" + "9" * 19,
        "1e3",
        "1E-3",
        "NaN",
        "-NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "+1",
        "--1",
        ".5",
        "5.",
        "1,5",
        "1_000",
        "1 000",
        " 1",
        "1 ",
        "1\n",
        "0x10",
        "١٢",
        "१",
        "１",
        "½",
        "²",
        "−1",
        "-",
        "",
        "1\u0000",
    ],
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    for kind in (Number, NotNegative, Positive, Percent):
        assert refusal(kind, text) == "decimal_string"
        assert not documented(kind, text) or text.endswith("\n")


@pytest.mark.parametrize("value", [1, 1.5, -0.0, True, None, [], {}, ["1"]])
def test_a_number_is_a_string(value: Any) -> None:
    for kind in (Number, NotNegative, Positive, Percent):
        assert refusal(kind, value) == "decimal_string"


@pytest.mark.parametrize("text", ["-0", "-0.00", "-000", "-0.000000000000"])
def test_there_is_no_negative_zero(text: str) -> None:
    for kind in (Number, NotNegative, Percent):
        found = read(kind, text)
        assert found == 0
        assert not found.is_signed(), "no document says -0.00"
    assert refusal(Positive, text) == "greater_than"


@pytest.mark.parametrize("text", ["-0.01", "-0.000000000001", "-10", "-100.0"])
def test_zeros_within_a_negative_number_stay(text: str) -> None:
    assert format(read(Number, text), "f") == text
    assert refusal(NotNegative, text) == "greater_than_equal"


@pytest.mark.parametrize(
    "kind,least,below",
    [
        (NotNegative, "0", "-0.000000000001"),
        (Positive, "0.000000000001", "0"),
        (Percent, "0", "-0.000001"),
    ],
)
def test_ranges_begin_where_they_say(kind: Any, least: str, below: str) -> None:
    assert read(kind, least) == Decimal(least)
    assert refusal(kind, below) in {"greater_than", "greater_than_equal"}


@pytest.mark.parametrize(
    "text,refused",
    [
        ("1000", None),
        ("999.999999", None),
        ("8.875", None),
        ("0.000001", None),
        ("19.0", None),
        ("1000.000001", "less_than_equal"),
        ("1001", "less_than_equal"),
        ("0.0000001", "decimal_max_places"),
        ("19.0000001", "decimal_max_places"),
    ],
)
def test_a_percentage_has_six_decimals_and_ends_at_a_thousand(
    text: str, refused: str | None
) -> None:
    if refused is None:
        assert read(Percent, text) == Decimal(text)
    else:
        assert refusal(Percent, text) == refused


@given(st.decimals("0.01", "99999999", places=2, allow_nan=False, allow_infinity=False))
def test_every_amount_of_money_is_documented_as_one(amount: Decimal) -> None:
    text = format(amount, "f")
    for kind in (Number, NotNegative, Positive):
        assert documented(kind, text)
        assert read(kind, text) == amount


@pytest.mark.parametrize(
    "text,day",
    [
        ("1900-01-01", date(1900, 1, 1)),
        ("2199-12-31", date(2199, 12, 31)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2000-02-29", date(2000, 2, 29)),
    ],
)
def test_days_are_those_of_three_centuries(text: str, day: date) -> None:
    assert read(Day, text) == day
    assert documented(Day, text)


@pytest.mark.parametrize(
    "text,code",
    [
        ("1899-12-31", "day"),
        ("2200-01-01", "day"),
        ("1900-02-29", "date_from_datetime_parsing"),
        ("2100-02-29", "date_from_datetime_parsing"),
        ("2023-02-29", "date_from_datetime_parsing"),
        ("2026-04-31", "date_from_datetime_parsing"),
        ("2026-00-10", "day"),
        ("2026-13-01", "day"),
        ("2026-01-00", "day"),
        ("2026-1-1", "day"),
        ("20260101", "day"),
        ("2026-W01-1", "day"),
        ("2026-01-01T00:00", "day"),
        ("2026-01-01 ", "day"),
        ("２０２６-01-01", "day"),
        ("", "day"),
    ],
)
def test_what_is_no_day_of_them_is_refused(text: str, code: str) -> None:
    assert refusal(Day, text) == code


@pytest.mark.parametrize("value", [20260101, 1.5, True, None, ["2026-01-01"]])
def test_a_day_is_a_string(value: Any) -> None:
    assert refusal(Day, value) == "day"


LENGTHS = [(Name, 300), (Text, 10_000), (Code, 100)]


@pytest.mark.parametrize("kind,most", LENGTHS)
def test_a_text_has_one_character_at_least_and_so_many_at_most(kind: Any, most: int) -> None:
    for character in ("x", "é", "漢", "😀"):
        assert read(kind, character * most) == character * most
        assert refusal(kind, character * (most + 1)) == "string_too_long"
    assert refusal(kind, "") == "string_too_short"


@pytest.mark.parametrize("code", [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20)])
def test_control_characters_have_no_place_in_a_document(code: int) -> None:
    for kind, _ in LENGTHS:
        for text in (chr(code), f"a{chr(code)}", f"{chr(code)}b", f"a\n{chr(code)}"):
            assert refusal(kind, text) == "string_pattern_mismatch"


@pytest.mark.parametrize(
    "text",
    [
        "a\tb\nc\rd",
        "Straße, naïve, Žluťoučký",
        "مرحبا بالعالم",
        "\u202bשלום\u202c",
        "👩‍👩‍👧‍👦 🇩🇪",
        "e\u0301",
        "a\u0085b",
        "a\u00a0b\u200bc",
        "\ufeffBOM",
        "x\u2028y",
        "  blanks  ",
    ],
)
def test_texts_of_all_scripts_stay_as_they_are(text: str) -> None:
    for kind, _ in LENGTHS:
        assert read(kind, text) == text


@pytest.mark.parametrize("value", [1, 1.5, True, None, [], {}])
def test_a_text_is_a_string(value: Any) -> None:
    for kind, _ in LENGTHS:
        assert refusal(kind, value) == "string_type"


def test_half_a_surrogate_pair_is_no_text() -> None:
    for raw in (r'"\ud800"', r'"a\udfffb"', r'"\ude00\ud83d"'):
        with pytest.raises(ValidationError):
            TypeAdapter(Text).validate_json(raw)
        with pytest.raises(ValidationError):
            TypeAdapter(Text).validate_python(json.loads(raw))
    assert TypeAdapter(Text).validate_json(r'"\ud83d\ude00"') == "😀"


@pytest.mark.parametrize(
    "kind,good,bad",
    [
        (Currency, ["EUR", "XXX"], ["eur", "EU", "EURO", "EUR\n", "ЕUR", "E R", ""]),
        (Country, ["DE", "XI"], ["de", "D", "DEU", "D1", "DE\n", ""]),
        (Language, ["de", "en-GB", "ast"], ["DE", "d", "deutsch", "de-de", "de_DE", "de-", ""]),
    ],
)
def test_codes_are_written_as_their_lists_write_them(
    kind: Any, good: list[str], bad: list[str]
) -> None:
    assert [read(kind, text) for text in good] == good
    assert {refusal(kind, text) for text in bad} == {"string_pattern_mismatch"}


def test_yes_and_one_are_not_true() -> None:
    assert [read(Flag, each) for each in (True, False)] == [True, False]
    assert {refusal(Flag, each) for each in (1, 0, "true", "yes", "", None)} == {"bool_type"}


def test_a_whole_number_has_no_point_and_no_quotes() -> None:
    assert read(Whole, 14) == 14
    assert {refusal(Whole, each) for each in ("14", 14.5, True, None)} == {"int_type"}


def test_metadata_has_fifty_keys_of_bounded_length() -> None:
    full = {f"{'k' * 97}{number:03}": "v" * 500 for number in range(50)}
    assert read(Pairs, full) == full
    assert refusal(Pairs, {**full, "one more": ""}) == "too_long"
    assert refusal(Pairs, {"k" * 101: ""}) == "string_too_long"
    assert refusal(Pairs, {"k": "v" * 501}) == "string_too_long"
    assert refusal(Pairs, {"": "v"}) == "string_too_short"
    assert read(Pairs, {"k": ""}) == {"k": ""}, "an empty value is one"


@pytest.mark.parametrize("value", [1, None, True, ["x"], {"nested": "x"}])
def test_metadata_is_flat_text(value: Any) -> None:
    assert refusal(Pairs, {"k": value}) == "string_type"
    assert refusal(Pairs, [value]) == "dict_type"


@pytest.mark.parametrize("key", ["a\u0000b", "a\u001bb"])
def test_keys_of_metadata_are_texts_too(key: str) -> None:
    assert refusal(Pairs, {key: "v"}) == "string_pattern_mismatch"
    assert refusal(Pairs, {"k": key}) == "string_pattern_mismatch"
