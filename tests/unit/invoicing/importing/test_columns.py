"""Titles of columns, as German and English programs write them, and the field that each means.

The table says what a bookkeeper understands; a title that means none of our fields is `-` there.
"""

from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.importing.sheets import open_sheet
from invx.contexts.invoicing.domain.importing.mapping import FIELDS, mapping_problems
from invx.contexts.invoicing.domain.importing.suggestions import suggested

TABLE = Path(__file__).parent / "columns.tsv"


def titles() -> list[tuple[str, str]]:
    return [
        (title, field)
        for title, field in (line.split("\t") for line in TABLE.read_text().splitlines()[1:])
    ]


def fields_of(columns: list[str]) -> dict[str, str]:
    """The columns that are suggested, by field."""
    found = suggested(columns, [], "EUR").fields
    return {name: said.column for name, said in found.items() if said.column is not None}


def test_each_title_is_understood() -> None:
    wrong = []
    for title, field in titles():
        expected = {} if field == "-" else {field: title}
        if (found := fields_of([title])) != expected:
            wrong.append((title, field, found))
    assert wrong == []


def test_every_field_has_a_title() -> None:
    """A field that no file can name by itself would have to be mapped by hand each time."""
    assert {field for _, field in titles()} - {"-"} == set(FIELDS)
    assert {name: fields_of([name]) for name in FIELDS} == {name: {name: name} for name in FIELDS}


def test_a_title_counts_without_case_blanks_and_signs() -> None:
    for title, field in titles():
        if field != "-":
            for other in (
                title.upper(),
                title.lower(),
                f" {title.replace(' ', '_')}: ",
                f"*{title}",
            ):
                assert fields_of([other]) == {field: other}


@given(st.lists(st.sampled_from(titles()), min_size=1, max_size=12, unique=True))
def test_a_column_serves_one_field_and_a_field_has_one_column(
    some: list[tuple[str, str]],
) -> None:
    columns = [title for title, _ in some]
    found = fields_of(columns)
    assert len(set(found.values())) == len(found)
    assert set(found) == {field for _, field in some} - {"-"}
    assert all((column, field) in some for field, column in found.items())


@given(st.lists(st.sampled_from(titles()), min_size=1, max_size=12, unique=True))
def test_a_suggestion_is_a_mapping_of_its_file(some: list[tuple[str, str]]) -> None:
    """Only what no column says is left to ask for; the currency is that of the books."""
    sheet = open_sheet(";".join(title for title, _ in some).encode() + b"\n1;2\n")
    mapping = suggested(sheet.columns, [], "CHF")
    missing = {"number", "issue_date", "gross", "buyer_name"} - {field for _, field in some}
    assert {problem.code for problem in mapping_problems(mapping, sheet.columns)} <= {"required"}
    assert {problem.pointer for problem in mapping_problems(mapping, sheet.columns)} == {
        f"/fields/{name}" for name in missing
    }
    if "currency" not in {field for _, field in some}:
        assert mapping.fields["currency"].constant == "CHF"


def sample(*values: str, column: str = "Betrag") -> list[dict[str, str]]:
    return [{column: value} for value in values]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8), st.sampled_from([",", "."]))
def test_decimals_are_told_by_any_sample_with_cents(cents: list[int], decimal: str) -> None:
    values = [f"{each // 100}{decimal}{each % 100:02}" for each in cents]
    assert suggested(["Betrag"], sample(*values), "EUR").decimal == decimal
    other = "." if decimal == "," else ","
    mixed = [*values, f"7{other}50"]
    assert suggested(["Betrag"], sample(*mixed), "EUR").decimal is None
    whole = [str(each) for each in cents]
    assert suggested(["Betrag"], sample(*whole), "EUR").decimal is None


@given(st.lists(st.dates(), min_size=1, max_size=8))
def test_days_are_told_only_by_a_day_after_the_twelfth(days: list[date]) -> None:
    values = [f"{day.day:02}/{day.month:02}/{day.year:04}" for day in days]
    sure = any(int(value[:2]) > 12 for value in values)
    found = suggested(["Datum"], sample(*values, column="Datum"), "EUR")
    assert found.date == ("DD/MM/YYYY" if sure else None)
    turned = [f"{value[3:6]}{value[:3]}{value[6:]}" for value in values]
    found = suggested(["Datum"], sample(*turned, column="Datum"), "EUR")
    assert found.date == ("MM/DD/YYYY" if sure else None)
