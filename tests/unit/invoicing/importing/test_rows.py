"""What a row says wrongly, and how it is told: by row, column, field, value, code and pointer.

The table was written by hand from docs/exchange.md: each line changes some cells of a sound row and
names the problem that must come of it. Row 3 of the file is the one that is changed; with `row` 4
a second row of the same document contradicts it. The file is a real CSV, read from its bytes.
"""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.importing.sheets import open_sheet
from invx.contexts.invoicing.api.importing import check_view
from invx.contexts.invoicing.app.check_import import Examined
from invx.contexts.invoicing.domain.importing.mapping import FIELDS, FieldSource, ImportMapping
from invx.contexts.invoicing.domain.importing.reading import Read, Seller, read_documents
from invx.kernel.money import quantize

TABLE = Path(__file__).parent / "rows.tsv"
SELLER = Seller("EUR", "DE", date(2026, 11, 30))
TITLES = {
    "number": "Beleg",
    "issue_date": "Datum",
    "currency": "Währung",
    "gross": "Brutto",
    "buyer_name": "Kunde",
}
COLUMNS = {name: TITLES.get(name, f"Spalte {name}") for name in FIELDS}
MAPPING = ImportMapping(fields={name: FieldSource(column=of) for name, of in COLUMNS.items()})
SOUND = {
    "number": "R-1",
    "issue_date": "2026-10-01",
    "currency": "EUR",
    "buyer_name": "Elbkontor",
    "net": "100.00",
    "tax": "19.00",
    "gross": "119.00",
}
FULL = {  # to be contradicted
    **SOUND,
    "due_date": "2026-10-15",
    "customer": "K-7",
    "buyer_city": "Hamburg",
    "buyer_country": "DE",
    "type": "invoice",
    "notes": "none",
    "file": "a.pdf",
    "paid": "19.00",
    "open": "100.00",
    "tax_rate": "19",
    "buyer_vat_id": "DE9",
    "buyer_email": "a@x.de",
    "exchange_rate": "1",
    "supply_date": "2026-09-29",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A line of the table."""

    row: int
    says: dict[str, str]
    field: str
    code: str
    shown: str | None
    warning: bool


def cases() -> list[Case]:
    found = []
    for line in TABLE.read_text().splitlines()[1:]:
        row, says, field, code, shown, warning = line.split("\t")
        value = None if shown == "-" else shown
        found.append(Case(int(row), json.loads(says), field, code, value, warning == "warning"))
    return found


def file_of(*rows: dict[str, str]) -> bytes:
    """A CSV: its columns, another document, and these."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS.values())
    for row in ({**SOUND, "number": "R-0"}, *rows):
        cells = [row.get(name, "") for name in FIELDS]
        writer.writerow([*cells, row[""]] if "" in row else cells)
    return out.getvalue().encode()


def read(*rows: dict[str, str]) -> list[Read]:
    return list(read_documents(open_sheet(file_of(*rows)).rows(), MAPPING, SELLER))


def reported(documents: list[Read]) -> list[dict[str, Any]]:
    """The problems as the API shows them."""
    result = Examined(problems=[each for read in documents for each in read.problems])
    found: list[dict[str, Any]] = check_view(result, len(documents))["problems"]
    return found


def told(case: Case) -> list[dict[str, Any]]:
    if case.row == 4:
        return reported(read(FULL, {"number": "R-1", **case.says}))
    return reported(read({**SOUND, **case.says}))


def expected(case: Case) -> dict[str, Any]:
    return {
        "pointer": f"/rows/{case.row}/{case.field}",
        "row": case.row,
        "field": case.field,
        "column": COLUMNS[case.field],
        "value": case.shown or "",
        "code": case.code,
        "warning": case.warning,
    }


def same(told: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Blanks around a value count for nothing."""
    plain = {**told, "value": (told["value"] or "").strip()}
    return {**wanted, "value": wanted["value"].strip()}.items() <= plain.items()


def test_a_sound_row_has_no_problem() -> None:
    assert reported(read(SOUND)) == []
    assert reported(read(FULL)) == []


def test_each_problem_is_told_where_it_is() -> None:
    missing = [
        (case, told(case))
        for case in cases()
        if not any(same(each, expected(case)) for each in told(case))
    ]
    assert missing == []


def test_a_problem_has_a_sentence_and_only_one_of_a_kind() -> None:
    for case in cases():
        found = told(case)
        assert all(each["detail"].endswith((".", "?")) for each in found), found
        keys = [(each["pointer"], each["code"]) for each in found]
        assert len(keys) == len(set(keys)), found


def test_what_is_wrong_is_left_out_and_the_other_document_is_not() -> None:
    for case in cases():
        rows = [FULL, {"number": "R-1", **case.says}] if case.row == 4 else [{**SOUND, **case.says}]
        first, *others = read(*rows)
        assert first.item is not None, case
        assert first.problems == ()
        taken = [each.item is not None for each in others]
        # A second row without a number of its own would be a document by itself.
        assert all(taken) is case.warning, (case, others)


def test_the_table_holds_every_code_once_at_least() -> None:
    """A client tells mistakes apart by these words: none may change or go."""
    assert len(cases()) == len({(case.row, str(case.says), case.field) for case in cases()})
    assert {case.code for case in cases()} == set(CODES.split())


CODES = """
    required too_long control_characters extra_cells rows_disagree
    number_malformed number_ambiguous number_shortened number_too_long amount_not_on_unit
    date_malformed date_ambiguous date_in_future
    unknown_currency exchange_rate_missing not_positive rate_out_of_range country_malformed
    type_unknown sign_contradicts_type
    totals_inconsistent tax_missing open_exceeds_gross open_inconsistent
    lines_do_not_sum lines_rounded tax_split_inconsistent
"""
CELL = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.text("0123456789.,-E+'() €", max_size=40),
    st.sampled_from(["-100", "100", "19", "0", "1E+9", "9" * 40, "0." + "1" * 40, "2026-10-01"]),
)


@given(st.dictionaries(st.sampled_from(FIELDS), CELL, max_size=8), st.booleans())
def test_any_row_is_a_document_or_has_problems(changes: dict[str, str], twice: bool) -> None:
    """Nothing that somebody may write is an error of the server, and nothing goes in half."""
    row = {**SOUND, **changes}
    rows = [(2, row), (3, row)] if twice else [(2, row)]
    mapping = ImportMapping(fields={name: FieldSource(column=name) for name in FIELDS})
    for found in read_documents(rows, mapping, SELLER):
        wrong = [each for each in found.problems if not each.warning]
        assert (found.item is None) is bool(wrong)
        if (item := found.item) is None:
            continue
        assert item.net + item.tax == item.gross
        assert min(item.net, item.tax, item.gross) >= 0
        assert quantize(item.gross, item.currency) == item.gross
        assert sum(each.base for each in item.groups) == (item.net if item.groups else 0)
        assert item.issue_date <= SELLER.today
