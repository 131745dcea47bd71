"""Presets against files as they come: other signs, other orders, quotes, marks, and odd columns."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.importing.sheets import open_sheet
from invx.contexts.invoicing.domain.importing.mapping import (
    DATES,
    DECIMALS,
    FIELDS,
    REQUIRED,
    mapping_problems,
)
from invx.contexts.invoicing.domain.importing.presets import (
    PRESETS,
    PresetKey,
    PresetUnfit,
    preset_mapping,
)
from invx.contexts.invoicing.domain.importing.reading import Read, Seller, read_documents
from invx.infra.tables.columns import Column, Form, TableFile
from invx.infra.tables.text import GERMAN, PLAIN, CsvFile, JsonLinesFile
from invx.infra.tables.xlsx import XlsxFile

FEW = 30  # each writes and reads whole files
SELLER = Seller("EUR", "DE", date(2026, 11, 30))
STRIPE, ODOO, LIST, INVX = PresetKey.STRIPE, PresetKey.ODOO, PresetKey.GERMAN_LIST, PresetKey.INVX


def taken_in(content: bytes, key: PresetKey, currency: str = "EUR") -> list[Read]:
    """The documents of a file, by a preset alone, as an import reads them."""
    sheet = open_sheet(content)
    sample = [cells for _, cells in sheet.rows()]
    mapping = preset_mapping(key, sheet.columns, sample, currency)
    assert mapping_problems(mapping, sheet.columns) == []
    return list(read_documents(sheet.rows(), mapping, SELLER))


@dataclass(frozen=True)
class Way:
    """How somebody's program writes a file."""

    sign: str = ","
    encoding: str = "utf-8"
    quoting: int = csv.QUOTE_MINIMAL
    end: str = "\r\n"

    def written(self, rows: Sequence[Sequence[str]]) -> bytes:
        out = io.StringIO()
        csv.writer(
            out, delimiter=self.sign, quoting=self.quoting, lineterminator=self.end
        ).writerows(rows)
        return out.getvalue().encode(self.encoding)


ways = st.builds(
    Way,
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\r\n", "\n"]),
)


@dataclass(frozen=True)
class Bill:
    """What somebody's program knows of an invoice."""

    number: str
    buyer: str
    day: date
    net: int  # in cents, as the tax
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.tax

    def said(self) -> tuple[str, str, date, Decimal, Decimal]:
        return self.number, self.buyer, self.day, amount(self.net), amount(self.gross)


def amount(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def grouped(cents: int, thousands: str, decimal: str) -> str:
    """1234567 as 12.345,67."""
    return f"{cents // 100:,}".replace(",", thousands) + f"{decimal}{cents % 100:02}"


names = st.text(
    st.characters(codec="cp1252", exclude_categories=["C", "Z"], exclude_characters="'=+-@"),
    min_size=1,
    max_size=12,
)
bills = st.lists(
    st.builds(
        Bill,
        st.integers(1, 10**6).map(lambda number: f"RE-{number}"),
        st.lists(names, min_size=1, max_size=3).map("\n".join) | names,
        st.dates(date(2000, 1, 1), date(2026, 11, 30)),
        st.integers(1, 10**9),
        st.integers(0, 10**8),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda bill: bill.number,
)
Cells = dict[str, str]


def of_stripe(bill: Bill) -> Cells:
    return {
        "Number": bill.number,
        "Customer Name": bill.buyer,
        "Date (UTC)": f"{bill.day} 23:59",
        "Currency": "eur",
        "Total Excluding Tax": f"{amount(bill.net)}",
        "Tax": f"{amount(bill.tax)}",
        "Total": f"{amount(bill.gross)}",
        "Amount Paid": "0.00",
    }


def of_odoo(bill: Bill) -> Cells:
    return {
        "Number": bill.number,
        "Type": "Customer Invoice",
        "Partner": bill.buyer,
        "Invoice Date": f"{bill.day}",
        "Currency": "EUR",
        "Untaxed Amount": grouped(bill.net, ",", "."),
        "Tax": grouped(bill.tax, ",", "."),
        "Total": grouped(bill.gross, ",", "."),
        "Total Signed": "1.00",
    }


def of_a_list(bill: Bill) -> Cells:
    return {
        "Belegnummer": bill.number,
        "Kundenname": bill.buyer,
        "Belegdatum": f"{bill.day.day}.{bill.day.month}.{bill.day.year}",
        "Währung": "EUR",
        "Gesamtbetrag-Netto": grouped(bill.net, ".", ",") + " €",
        "Gesamtbetrag-Brutto": grouped(bill.gross, ".", ","),
    }


WRITERS: list[tuple[PresetKey, Any]] = [(STRIPE, of_stripe), (ODOO, of_odoo), (LIST, of_a_list)]


@pytest.mark.parametrize(("key", "cells_of"), WRITERS, ids=[key for key, _ in WRITERS])
@settings(max_examples=FEW)
@given(some=bills, way=ways, data=st.data())
def test_whatever_the_order_and_the_signs_the_same_documents_come_in(
    key: PresetKey, cells_of: Any, some: list[Bill], way: Way, data: st.DataObject
) -> None:
    rows = [{**cells_of(bill), "Other": "1.000,5", "Remark, of ours;": 'a\n"b"'} for bill in some]
    order = data.draw(st.permutations(sorted(rows[0])))
    found = taken_in(way.written([order, *([row[name] for name in order] for row in rows)]), key)
    assert [each.problems for each in found] == [()] * len(some)
    items = [each.item for each in found if each.item]
    said = [(it.number, it.buyer.name, it.issue_date, it.net, it.gross) for it in items]
    assert said == [bill.said() for bill in some]


def csv_of(cells: Mapping[str, str], *more: Sequence[str], sign: str = ",") -> bytes:
    return Way(sign).written([list(cells), list(cells.values()), *more])


BILL = Bill("RE-1", "Müller, Söhne & Co.", date(2026, 10, 5), 10_000, 1_900)


@pytest.mark.parametrize(("key", "cells_of"), WRITERS, ids=[key for key, _ in WRITERS])
def test_each_column_that_is_needed_is_missed_by_its_names(key: PresetKey, cells_of: Any) -> None:
    preset = PRESETS[key]
    needed = [name for name in REQUIRED if name not in preset.without]
    for gone in needed:
        cells = {
            name: text for name, text in cells_of(BILL).items() if name not in preset.columns[gone]
        }
        with pytest.raises(PresetUnfit) as refused:
            taken_in(csv_of(cells), key)
        [problem] = refused.value.problems
        assert problem.detail.startswith(f"{gone}: the file has no column ")
        assert all(name in problem.detail for name in preset.columns[gone])
        assert (problem.pointer, problem.code) == ("query:preset", "column_missing")
    with pytest.raises(PresetUnfit) as refused:
        taken_in(b"a,b\n1,2\n", key)
    assert len(refused.value.problems) == len(needed)


@pytest.mark.parametrize("name", ["total", "TOTAL", "Total (EUR)", "Totals", "Total.", "Tоtal"])
def test_a_column_is_taken_by_its_own_name_only(name: str) -> None:
    """Nothing is guessed: the last one has a Cyrillic letter."""
    cells = of_stripe(BILL)
    cells[name] = cells.pop("Total")
    with pytest.raises(PresetUnfit) as refused:
        taken_in(csv_of(cells), STRIPE)
    assert [each.detail[:6] for each in refused.value.problems] == ["gross:"]


@pytest.mark.parametrize("name", ["Total", " Total ", "Total\n", '"Total"', "Total\u00a0"])
def test_blanks_and_quotes_around_a_name_are_none_of_it(name: str) -> None:
    head = ",".join([*of_stripe(BILL), "x"]).replace("Total,", f'"{name.strip(chr(34))}",', 1)
    row = ",".join(f'"{text}"' for text in [*of_stripe(BILL).values(), "y"])
    head = head.replace("Total Excluding Tax", "\x00").replace("\x00", "Total Excluding Tax")
    [found] = taken_in(f"{head}\n{row}\n".encode(), STRIPE)
    assert found.item is not None
    assert found.item.gross == Decimal("119.00")


def test_of_two_columns_of_one_name_the_first_counts() -> None:
    """Odoo lets people add a column twice."""
    rows = [["Total", *of_odoo(BILL)], ["999.00", *of_odoo(BILL).values()]]
    [found] = taken_in(Way().written(rows), ODOO)
    assert found.item is None, "999 is not net and tax together"
    rows = [[*of_odoo(BILL), "Total"], [*of_odoo(BILL).values(), "999.00"]]
    [found] = taken_in(Way().written(rows), ODOO)
    assert found.item is not None
    assert found.item.gross == Decimal("119.00")


def test_where_a_file_has_several_known_columns_the_likeliest_counts() -> None:
    cells = {**of_stripe(BILL), "Finalized At (UTC)": "2026-10-06 00:01"}
    [found] = taken_in(csv_of(cells), STRIPE)
    assert found.item is not None
    assert found.item.issue_date == date(2026, 10, 6)
    cells["Finalized At (UTC)"] = ""
    [found] = taken_in(csv_of(cells), STRIPE)
    assert [(each.field, each.code) for each in found.problems] == [("issue_date", "required")]


@pytest.mark.parametrize(
    ("key", "field", "text", "code"),
    [
        (STRIPE, "Date (UTC)", "10/05/2026", "date_ambiguous"),
        (STRIPE, "Date (UTC)", "2026-02-30 10:00", "date_malformed"),
        (STRIPE, "Date (UTC)", "2026-12-01 00:00", "date_in_future"),
        (STRIPE, "Date (UTC)", "soon", "date_malformed"),
        (STRIPE, "Currency", "xxx", "unknown_currency"),
        (STRIPE, "Currency", "", "required"),
        (STRIPE, "Currency", "usd", "exchange_rate_missing"),
        (STRIPE, "Total", "119,00", "number_malformed"),
        (STRIPE, "Total", "1.19E+02", "number_shortened"),
        (STRIPE, "Total", "119.001", "amount_not_on_unit"),
        (STRIPE, "Total", "", "required"),
        (STRIPE, "Total", "12 34.00", "number_malformed"),
        (STRIPE, "Number", "", "required"),
        (STRIPE, "Number", "1.2E+11", "number_shortened"),
        (STRIPE, "Customer Name", "", "required"),
        (STRIPE, "Customer Name", "a\x07b", "control_characters"),
        (ODOO, "Type", "Vendor Bill", "type_unknown"),
        (ODOO, "Total", "-119.00", "sign_contradicts_type"),
        (ODOO, "Invoice Date", "05/10/2026", "date_ambiguous"),
        (ODOO, "Invoice Date", "False", "date_malformed"),
        (LIST, "Belegdatum", "31.02.2026", "date_malformed"),
        (LIST, "Belegdatum", "5.10.", "date_malformed"),
        (LIST, "Gesamtbetrag-Brutto", "1.19,000.00", "number_malformed"),
        (LIST, "Gesamtbetrag-Brutto", "1,19,00", "number_malformed"),
        (LIST, "Währung", "Euro", "unknown_currency"),
    ],
)
def test_a_cell_that_cannot_be_is_named_with_its_row_and_column(
    key: PresetKey, field: str, text: str, code: str
) -> None:
    cells_of = dict(WRITERS)[key]
    good = cells_of(Bill("RE-0", "Kontor", date(2026, 1, 2), 123_456, 0))
    bad = {**cells_of(BILL), field: text}
    found = taken_in(csv_of(good, list(bad.values()), sign=";"), key)
    assert found[0].item is not None, found[0].problems
    assert found[1].item is None
    named = [(each.row, each.column, each.code) for each in found[1].problems]
    if code == "exchange_rate_missing":  # its field is in no column of Stripe
        field = ""
    assert (3, field or None, code) in named


def test_a_row_with_more_cells_than_columns_is_not_taken_for_another_currency_of_numbers() -> None:
    """An amount with a comma that nobody quoted."""
    content = csv_of(of_stripe(BILL)).replace(b"119.00", b"1,190.00")
    [found] = taken_in(content, STRIPE)
    assert found.item is None
    assert "extra_cells" in [each.code for each in found.problems]


def test_the_currency_that_no_column_says_is_that_of_the_books() -> None:
    cells = of_a_list(BILL)
    del cells["Währung"]
    [found] = taken_in(csv_of(cells, sign=";"), LIST, "CHF")
    assert [each.code for each in found.problems] == ["exchange_rate_missing"]
    [found] = taken_in(csv_of(cells, sign=";"), LIST)
    assert found.item is not None
    assert found.item.currency == "EUR"


def test_how_numbers_are_written_is_told_by_the_columns_of_the_preset() -> None:
    """Whole thousands without decimals are plain as soon as another row has cents."""
    rows = [of_a_list(BILL), {**of_a_list(BILL), "Belegnummer": "RE-2"}]
    rows[1]["Gesamtbetrag-Netto"], rows[1]["Gesamtbetrag-Brutto"] = "1.000", "1.190"
    found = taken_in(csv_of(rows[0], list(rows[1].values()), sign=";"), LIST)
    assert [each.problems for each in found] == [(), ()]
    assert found[1].item is not None
    assert found[1].item.gross == Decimal("1190.00")
    [found] = taken_in(csv_of(rows[1], sign=";"), LIST)
    assert {each.code for each in found.problems} == {"number_ambiguous"}


EXPORTED = (
    *(Column("number"), Column("type"), Column("issue_date", Form.DAY), Column("currency")),
    *(Column(name, Form.AMOUNT) for name in ("net", "tax", "gross", "open")),
    Column("buyer_name"),
)
FILES: list[Any] = [
    lambda: CsvFile(EXPORTED, PLAIN),
    lambda: CsvFile(EXPORTED, GERMAN),
    lambda: JsonLinesFile(EXPORTED),
    lambda: XlsxFile(EXPORTED),
]


def exported(file: TableFile, currency: str, some: Sequence[tuple[str, int, int]]) -> bytes:
    """What another Invx exports; amounts in the smallest unit."""
    exponent = {"JPY": 0, "EUR": 2, "KWD": 3}[currency]
    rows = []
    for number, net, tax in some:
        figures = [Decimal(each).scaleb(-exponent) for each in (net, tax, net + tax, net)]
        rows.append([number, "invoice", BILL.day, currency, *figures, "=1+1 Ltd"])
    return file.head() + file.rows(rows) + file.end()


@pytest.mark.parametrize("file", FILES, ids=["csv", "german csv", "jsonl", "xlsx"])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@settings(max_examples=FEW)
@given(some=st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 10**8)), min_size=1))
def test_our_own_export_comes_in_again_in_every_currency(
    file: Any, currency: str, some: list[tuple[int, int]]
) -> None:
    """119.000 of KWD are no thousands: an export has no sign between them."""
    bought = [(f"RE-{place}", *each) for place, each in enumerate(some)]
    sheet = open_sheet(exported(file(), currency, bought))
    sample = [cells for _, cells in sheet.rows()]
    mapping = preset_mapping(INVX, sheet.columns, sample, currency)
    seller = Seller(currency, "DE", SELLER.today)
    found = list(read_documents(sheet.rows(), mapping, seller))
    unit = Decimal(1).scaleb(-{"JPY": 0, "EUR": 2, "KWD": 3}[currency])
    assert [
        (each.number, each.item and (each.item.net, each.item.gross, each.item.buyer.name))
        for each in found
    ] == [(number, (net * unit, (net + tax) * unit, "=1+1 Ltd")) for number, net, tax in bought]


def test_a_preset_names_only_what_there_is() -> None:
    for key, preset in PRESETS.items():
        assert set(preset.columns) <= set(FIELDS)
        assert set(REQUIRED) - set(preset.without) <= set(preset.columns), key
        assert preset.decimal in (None, *DECIMALS)
        assert preset.date in (None, *DATES)
        taken = [name for names in preset.columns.values() for name in names]
        assert len(set(taken)) == len(taken), f"{key}: one column for two fields"
        assert all(name == " ".join(name.split()) for name in taken), "as sheets give names"
        assert preset.source
        assert preset.name
    assert set(PRESETS) == set(PresetKey)
