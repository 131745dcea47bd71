"""Bookings as CSV and JSON Lines."""

import csv
import io
import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.accounting import plain
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import ExportFormat
from tests.unit.invoicing.accounting.given import booking, paid, written


def rows(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_and_json_lines_say_the_same() -> None:
    said = [booking(), paid("100.00")]
    table = rows(written(said, format=ExportFormat.CSV).content)
    lines = written(said, format=ExportFormat.JSONL).content.decode().splitlines()
    objects = [json.loads(line) for line in lines]
    assert [{k: v or None for k, v in row.items()} for row in table] == objects
    assert [(row["debit"], row["credit"], row["booked_amount"]) for row in table] == [
        ("10000", "8400", "119.00"),
        ("1200", "10000", "100.00"),
    ]
    assert [row["receivable"] for row in table] == ["119.00", "-100.00"]


def test_names_of_files_say_the_day() -> None:
    made = written([booking()], format=ExportFormat.CSV)
    assert (made.name, made.media_type) == ("bookings_2026-11-30.csv", "text/csv; charset=utf-8")
    assert written([booking()], format=ExportFormat.JSONL).name == "bookings_2026-11-30.jsonl"


@given(st.sampled_from("=+-@\t\r"), st.text("abc=+-@|!", max_size=20))
def test_no_text_becomes_a_formula(first: str, rest: str) -> None:
    said = booking(cost_center=first + rest, receivable=Decimal("-1.00"))
    [row] = rows(written([said], format=ExportFormat.CSV).content)
    assert row["cost_center"] == "'" + first + rest
    assert row["receivable"] == "-1.00"  # a figure is none


def test_debtors_have_the_same_columns_in_both() -> None:
    debtor = dict.fromkeys(plain.DEBTOR_COLUMNS) | {"debtor": "10000", "name": '=1+1"; GmbH'}
    content = plain.csv_head(plain.DEBTOR_COLUMNS) + plain.csv_lines(plain.DEBTOR_COLUMNS, [debtor])
    [row] = rows(content)
    assert row["name"] == "'=1+1\"; GmbH"
    assert json.loads(plain.json_lines([debtor])) == debtor
