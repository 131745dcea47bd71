"""Any booking and any debtor, written as CSV and JSON Lines and read back by other readers."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.accounting import plain
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import ExportFormat
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking
from invx.kernel.ids import parse_typeid
from tests.unit.invoicing.accounting.given import booking, written
from tests.unit.invoicing.accounting.strategies import anything, bookings

FIGURES = ("amount", "booked_amount", "exchange_rate", "receivable", "tax_rate", "tax")
FORMULAS = "=+-@\t\r\n＝＋－＠"


def table(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "spreadsheets read UTF-8 only behind its mark"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def objects(content: bytes) -> list[dict[str, Any]]:
    assert content.endswith(b"\n")
    return [json.loads(line) for line in content[:-1].split(b"\n")]


@settings(max_examples=25)
@given(st.lists(bookings(), min_size=1, max_size=4))
def test_every_figure_day_and_text_comes_back_as_it_was(said: list[Booking]) -> None:
    found = objects(written(said, format=ExportFormat.JSONL).content)
    assert len(found) == len(said)
    for told, one in zip(found, said, strict=True):
        assert tuple(told) == plain.COLUMNS
        for name in FIGURES:
            wanted = getattr(one, name)
            assert (None if told[name] is None else Decimal(told[name])) == wanted
            assert told[name] is None or "E" not in told[name], "a figure, never a power of ten"
        for name in ("document_number", "cost_center", "cost_object", "tax_key", "currency"):
            assert told[name] == getattr(one, name)
        for name in ("booked_on", "service_date", "due_date"):
            wanted = getattr(one, name)
            assert (told[name] and date.fromisoformat(told[name])) == wanted
        assert parse_typeid("bkg", told["booking"]) == one.booking_id
        sides = ("10000" if side == DEBTOR else side for side in (one.debit, one.credit))
        assert (told["debit"], told["credit"]) == tuple(sides)


@settings(max_examples=25)
@given(st.lists(bookings(), min_size=1, max_size=4))
def test_a_table_says_the_same_and_holds_no_formula(said: list[Booking]) -> None:
    rows = table(written(said, format=ExportFormat.CSV).content)
    lines = objects(written(said, format=ExportFormat.JSONL).content)
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines, strict=True):
        for name, cell in row.items():
            told = line[name] or ""
            if name in FIGURES:
                assert cell == told
                continue
            assert cell == (f"'{told}" if told[:1] and told[0] in FORMULAS else told)
            assert not cell[:1] or cell[0] not in FORMULAS


@settings(max_examples=25)
@given(
    st.lists(st.fixed_dictionaries({name: st.none() | anything for name in plain.DEBTOR_COLUMNS}))
)
def test_any_debtors_come_back(said: list[dict[str, str | None]]) -> None:
    head = plain.csv_head(plain.DEBTOR_COLUMNS)
    rows = table(head + plain.csv_lines(plain.DEBTOR_COLUMNS, said))
    assert len(rows) == len(said)
    for row, told in zip(rows, said, strict=True):
        assert {name: cell.removeprefix("'") for name, cell in row.items()} == {
            name: (value or "").removeprefix("'") for name, value in told.items()
        }
    if said:
        assert objects(plain.json_lines(said)) == said
    assert plain.json_lines([]) == b""


@pytest.mark.parametrize("first", FORMULAS)
def test_a_debtor_that_begins_a_formula_is_a_text(first: str) -> None:
    """Also a telephone number: it keeps its plus, behind the apostrophe that spreadsheets hide."""
    debtor = dict.fromkeys(plain.DEBTOR_COLUMNS) | {"phone": f"{first}49 40", "name": "A"}
    head = plain.csv_head(plain.DEBTOR_COLUMNS)
    [row] = table(head + plain.csv_lines(plain.DEBTOR_COLUMNS, [debtor]))
    assert (row["phone"], row["name"]) == (f"'{first}49 40", "A")


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("0", "0"),
        ("0.000", "0.000"),
        ("1E+3", "1000"),
        ("1E-12", "0.000000000001"),
        ("123456789012345678.1234", "123456789012345678.1234"),
    ],
)
def test_a_figure_is_written_out(amount: str, told: str) -> None:
    [row] = objects(written([booking(amount)], format=ExportFormat.JSONL).content)
    assert row["amount"] == told
