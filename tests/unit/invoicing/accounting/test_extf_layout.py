"""The layout of DATEV's formats column by column, and its texts, keys, figures and days."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.accounting import extf
from invx.contexts.invoicing.adapters.accounting.extf_columns import BOOKINGS, DEBTORS
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.kernel.errors import InvariantViolation

HERE = Path(__file__).parent


def table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize(("category", "layout"), [("21", BOOKINGS), ("16", DEBTORS)])
def test_every_column_stands_at_its_place(category: str, layout: extf.Layout) -> None:
    """A column that moves moves the meaning of every file: DATEV reads by place."""
    expected = [row for row in table("columns.tsv") if row["format"] == category]
    found = [
        {
            "format": category,
            "number": str(number),
            "name": column.name,
            "text": str(column.length or ""),
        }
        for number, column in enumerate(layout.columns, 1)
    ]
    assert found == expected


@pytest.mark.parametrize(
    "row", table("texts.tsv"), ids=lambda row: f"{row['said']}/{row['length']}"
)
def test_texts_are_said_as_well_as_the_character_set_can(row: dict[str, str]) -> None:
    found = extf.text(row["said"], int(row["length"]))
    assert found == row["expected"]
    assert found.encode("cp1252")


@given(st.text(max_size=400), st.integers(1, 60))
def test_any_text_fits_its_field(said: str, length: int) -> None:
    found = extf.text(said, length)
    assert len(found) <= length
    assert found.isprintable()
    assert found.encode("cp1252").decode("cp1252") == found
    [line] = extf.encoded([extf.quoted(found)]).decode("cp1252").split("\r\n")[:-1]
    assert line[1:-1].replace('""', '"') == found


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_keys_never_become_one(one: str, other: str) -> None:
    keys = [extf.key(each, 36) for each in (one, other)]
    assert all(len(each) <= 36 for each in keys)
    assert (keys[0] == keys[1]) == (one == other) or not (one and other)


@pytest.mark.parametrize("key", ["RE-2026-0001", "2026/0001", "A_1", "R$&%*+-/", "x" * 36])
def test_a_key_that_fits_stays_as_it_is(key: str) -> None:
    assert extf.key(key, 36) == key


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.01", "0,01"),
        ("1", "1,00"),
        ("1234567.5", "1234567,50"),
        ("9999999999.99", "9999999999,99"),
        ("1E+2", "100,00"),
    ],
)
def test_figures_have_a_comma_and_two_decimals(amount: str, expected: str) -> None:
    assert extf.figure(Decimal(amount), "x") == expected


@pytest.mark.parametrize("amount", ["0", "-1.00", "10000000000", "0.005"])
def test_other_figures_are_refused(amount: str) -> None:
    with pytest.raises(extf.NotInDatev, match="invoice 7"):
        extf.figure(Decimal(amount), "invoice 7")


def test_a_field_that_is_too_long_or_unknown_is_our_defect() -> None:
    layout = extf.Layout([extf.Column("Text", 3), extf.Column("Zahl")])
    assert layout.line({}) == '"";'
    assert layout.line({"Text": 'a"b', "Zahl": "1,00"}) == '"a""b";1,00'
    with pytest.raises(InvariantViolation, match="longer"):
        layout.line({"Text": "abcd"})
    with pytest.raises(InvariantViolation, match="no field"):
        layout.line({"Other": ""})


@pytest.mark.parametrize(
    ("begins", "day", "year"),
    [
        (1, date(2026, 1, 1), date(2026, 1, 1)),
        (1, date(2026, 12, 31), date(2026, 1, 1)),
        (7, date(2026, 6, 30), date(2025, 7, 1)),
        (7, date(2026, 7, 1), date(2026, 7, 1)),
        (12, date(2026, 11, 30), date(2025, 12, 1)),
        (12, date(2026, 12, 1), date(2026, 12, 1)),
        (2, date(2024, 2, 29), date(2024, 2, 1)),
    ],
)
def test_fiscal_years_begin_with_a_month(begins: int, day: date, year: date) -> None:
    assert ExportSettings(year_begins=begins).year_of(day) == year
