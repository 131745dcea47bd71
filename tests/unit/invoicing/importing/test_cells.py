"""Several hundred cells as people and programs write them, and what they mean.

The table was made the other way round: from a value, its digits grouped and signed by the habits of
each place (CLDR: 1,234.56 in English, 1.234,56 in German, 1'234.56 in Switzerland, a narrow blank
in France), and Excel's count by going from day to day from 1 January 2000, which is 36526 (ECMA-376
part 1, 18.17.4.1). Refusals were written by hand from what docs/exchange.md promises.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.importing.sheets import open_sheet
from invx.contexts.invoicing.domain.importing.values import (
    Unreadable,
    day_of,
    is_credit,
    number_of,
)
from invx.infra.tables.columns import Column
from invx.infra.tables.text import GERMAN, CsvFile, JsonLinesFile
from invx.infra.tables.xlsx import XlsxFile

TABLE = Path(__file__).parent / "cells.tsv"
COLUMNS = (Column("place"), Column("cell"))


def rows() -> list[tuple[str, str, str | None, str]]:
    """Kind, text, what the mapping says of it, and the value or the code of its refusal."""
    found = []
    for line in TABLE.read_text().splitlines()[1:]:
        kind, written, says, means = line.split("\t")
        text = json.loads('"' + written.replace('"', '\\"') + '"')
        found.append((kind, text, None if says == "-" else says, means))
    return found


def number_said(text: str, says: str | None) -> str:
    found = number_of(text, says)
    assert not (found.is_zero() and found.is_signed())
    return f"{found:f}"


READ: dict[str, Callable[[str, str | None], str]] = {
    "number": number_said,
    "day": lambda text, says: day_of(text, says).isoformat(),
    "type": lambda text, _: "credit_note" if is_credit(text) else "invoice",
}


def meant(kind: str, text: str, says: str | None) -> str:
    """The value, or the code of the refusal."""
    try:
        return READ[kind](text, says)
    except Unreadable as error:
        return error.code


def test_each_cell_means_what_the_table_says() -> None:
    wrong = [(*row, found) for row in rows() if (found := meant(row[0], row[1], row[2])) != row[3]]
    assert wrong == []


def test_the_table_has_each_outcome_of_each_kind() -> None:
    outcomes = Counter(
        (kind, means if means[:1].isalpha() else "value") for kind, _, _, means in rows()
    )
    assert len(set(rows())) == len(rows())
    assert set(outcomes) == {
        ("number", "value"),
        ("number", "number_ambiguous"),
        ("number", "number_shortened"),
        ("number", "number_malformed"),
        ("day", "value"),
        ("day", "date_ambiguous"),
        ("day", "date_malformed"),
        ("type", "credit_note"),
        ("type", "invoice"),
        ("type", "type_unknown"),
    }


@pytest.mark.parametrize(
    "file",
    [CsvFile(COLUMNS), CsvFile(COLUMNS, GERMAN), JsonLinesFile(COLUMNS), XlsxFile(COLUMNS)],
    ids=["csv", "german", "jsonl", "xlsx"],
)
def test_each_cell_means_the_same_in_every_kind_of_file(file: Any) -> None:
    """The apostrophe that a CSV puts before a sign is the only thing that a file adds."""
    table = rows()
    cells = [(str(place), row[1]) for place, row in enumerate(table)]
    content = file.head() + file.rows(cells) + file.end()
    found = [said["cell"] for _, said in open_sheet(content).rows()]
    bare = [text.removeprefix("'") for text in found]
    assert bare == [text for _, text in cells]
    assert [meant(row[0], text, row[2]) for row, text in zip(table, bare, strict=True)] == [
        row[3] for row in table
    ]


CENTS = st.integers(-(10**14), 10**14)


def written_by_hand(cents: int, group: str, decimal: str) -> str:
    """Digit by digit from the right, as one writes a cheque."""
    whole, rest = divmod(abs(cents), 100)
    digits = ""
    for place, digit in enumerate(reversed(str(whole))):
        digits = digit + (group if place and place % 3 == 0 else "") + digits
    return f"{digits}{decimal}{rest // 10}{rest % 10}"


HABITS = st.sampled_from(
    [("", "."), ("", ","), (",", "."), (".", ","), ("'", "."), ("’", "."), ("\u202f", ","),
     ("\u00a0", ","), (" ", ","), (" ", ".")]
)  # fmt: skip
SIGNED = st.sampled_from(["-{}", "{}-", "({})", "− {}", "-{} €", "€-{}", "-EUR {}", "(CHF {})"])


@given(CENTS, HABITS, st.booleans(), SIGNED)
def test_cents_come_back_from_the_habits_of_every_place(
    cents: int, habit: tuple[str, str], stated: bool, negative: str
) -> None:
    text = written_by_hand(cents, *habit)
    text = negative.format(text) if cents < 0 else text
    assert number_of(text, habit[1] if stated else None) * 100 == cents


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(".,"))
def test_three_digits_behind_one_sign_are_asked_about(first: int, rest: int, sign: str) -> None:
    text = f"{first}{sign}{rest:03}"
    with pytest.raises(Unreadable) as refused:
        number_of(text, None)
    assert refused.value.code == "number_ambiguous"
    assert number_of(text, sign) == Decimal(first * 1000 + rest) / 1000
    assert number_of(text, "." if sign == "," else ",") == first * 1000 + rest


@given(
    st.integers(0, 10**6),
    st.sampled_from([" ", "'", "’", "\u00a0", "\u202f", "€", "$", "EUR", " EUR "]),
    st.integers(0, 99),
)
def test_a_sign_in_the_middle_never_vanishes(whole: int, between: str, rest: int) -> None:
    """1€50 is one and a half in France; read as 150 it would be a hundred times too much."""
    for says in (None, ".", ","):
        with pytest.raises(Unreadable) as refused:
            number_of(f"{whole}{between}{rest:02}", says)
        assert refused.value.code == "number_malformed"


def test_excels_count_is_right_on_every_day_of_a_century() -> None:
    day, count = date(2000, 1, 1), 36526  # ECMA-376 counts so; 1900 had no 29 February
    while day < date(2100, 1, 1):
        assert day_of(str(count), None) == day
        day, count = day + timedelta(days=1), count + 1


@given(st.integers(20_000, 79_999), st.integers(0, 86_399))
def test_the_time_of_a_day_moves_no_day(count: int, seconds: int) -> None:
    said = str(count + seconds / 86_400)
    assert day_of(said, None) == day_of(str(count), None)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_slashed_day_is_read_only_when_somebody_says_how(day: date) -> None:
    one, other = f"{day.day}/{day.month}/{day.year}", f"{day.month}/{day.day}/{day.year}"
    assert meant("day", one, None) == meant("day", other, None) == "date_ambiguous"
    assert day_of(one, "DD/MM/YYYY") == day_of(other, "MM/DD/YYYY") == day
    swapped = meant("day", one, "MM/DD/YYYY")
    expected = f"{day.year}-{day.day:02}-{day.month:02}" if day.day <= 12 else "date_malformed"
    assert swapped == expected
