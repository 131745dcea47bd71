"""Rows of a file as documents: each with all of its rows, or with what is wrong about them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.importing.item import ImportItem, content_of, totals_of
from invx.contexts.invoicing.domain.importing.mapping import (
    FIELDS,
    FieldSource,
    ImportMapping,
    MappingInvalid,
    ensure_fits,
)
from invx.contexts.invoicing.domain.importing.reading import Read, Seller, read_documents
from invx.contexts.invoicing.domain.importing.suggestions import plain_name, suggested
from invx.kernel.money import quantize

D = Decimal
SELLER = Seller("EUR", "DE", date(2026, 11, 30))
MAPPING = ImportMapping(fields={name: FieldSource(column=name) for name in FIELDS})
ROW = {
    "number": "R-1",
    "issue_date": "2026-10-01",
    "currency": "EUR",
    "buyer_name": "Elbkontor",
    "net": "100.00",
    "tax": "19.00",
    "gross": "119.00",
}


def read(*rows: Mapping[str, str], mapping: ImportMapping = MAPPING) -> list[Read]:
    return list(read_documents(enumerate(rows, 2), mapping, SELLER))


def only(**more: str) -> ImportItem:
    [found] = read({**ROW, **more})
    assert found.item is not None, found.problems
    return found.item


def wrong(**more: str) -> list[tuple[str, str]]:
    [found] = read({**ROW, **more})
    assert found.item is None
    return [(each.field, each.code) for each in found.problems]


def test_a_document_is_what_its_row_says() -> None:
    item = only(
        due_date="15.10.2026", customer="K-7", buyer_city="Hamburg", buyer_email="a@b.de", open="69"
    )
    assert (item.number, item.type, item.row) == ("R-1", DocumentType.INVOICE, 2)
    assert (item.net, item.tax, item.gross) == (D("100.00"), D("19.00"), D("119.00"))
    assert (item.paid, item.open) == (D("50.00"), D("69.00"))
    assert (item.buyer.customer, item.buyer.contact and item.buyer.contact.email) == (
        "K-7",
        "a@b.de",
    )
    assert item.buyer.address is not None
    assert (item.buyer.address.city, item.buyer.address.country) == ("Hamburg", "DE")
    assert item.due_date == date(2026, 10, 15)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"net": ""}, ("100.00", "19.00")),
        ({"tax": ""}, ("100.00", "19.00")),
        ({"net": "", "tax": "", "tax_rate": "19"}, ("100.00", "19.00")),
        ({"net": "", "tax": "", "tax_rate": "0"}, ("119.00", "0.00")),
        ({"net": "", "tax": "0"}, ("119.00", "0.00")),
    ],
)
def test_what_is_not_said_follows(more: dict[str, str], expected: tuple[str, str]) -> None:
    item = only(**more)
    assert (str(item.net), str(item.tax)) == expected


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"number": ""}, ("number", "required")),
        ({"number": "1,2E+7"}, ("number", "number_shortened")),
        ({"number": "x" * 101}, ("number", "too_long")),
        ({"currency": "XYZ"}, ("currency", "unknown_currency")),
        ({"currency": ""}, ("currency", "required")),
        ({"currency": "USD"}, ("exchange_rate", "exchange_rate_missing")),
        ({"currency": "USD", "exchange_rate": "0"}, ("exchange_rate", "not_positive")),
        ({"currency": "USD", "exchange_rate": "x"}, ("exchange_rate", "number_malformed")),
        ({"issue_date": "2026-12-01"}, ("issue_date", "date_in_future")),
        ({"gross": ""}, ("gross", "required")),
        ({"gross": "119.0012"}, ("gross", "amount_not_on_unit")),
        ({"gross": "99999999999999.00"}, ("gross", "amount_not_on_unit")),
        ({"gross": "120.00"}, ("gross", "totals_inconsistent")),
        ({"net": "", "tax": ""}, ("tax", "tax_missing")),
        ({"net": "-100", "tax": "219"}, ("net", "totals_inconsistent")),
        ({"open": "130"}, ("open", "open_exceeds_gross")),
        ({"open": "50", "paid": "50"}, ("open", "open_inconsistent")),
        ({"type": "Angebot"}, ("type", "type_unknown")),
        (
            {"type": "invoice", "net": "-100", "tax": "-19", "gross": "-119"},
            ("gross", "sign_contradicts_type"),
        ),
        ({"buyer_country": "Germany"}, ("buyer_country", "country_malformed")),
        ({"line_net": "90.00", "line_description": "x"}, ("line_net", "lines_do_not_sum")),
        ({"line_description": "x"}, ("line_net", "required")),
        (
            {"line_net": "100", "line_tax_rate": "7"},
            ("tax", "tax_split_inconsistent"),
        ),
    ],
)
def test_what_is_wrong_is_named(more: dict[str, str], problem: tuple[str, str]) -> None:
    assert problem in wrong(**more)


@pytest.mark.parametrize("word", ["", "Gutschrift"])
def test_a_sum_below_zero_is_a_credit_note(word: str) -> None:
    item = only(type=word, net="-100", tax="-19", gross="-119", open="-119")
    assert (item.type, item.sign, item.gross, item.paid) == (
        DocumentType.CREDIT_NOTE,
        -1,
        D("119.00"),
        D("0.00"),
    )


def test_a_credit_note_may_count_upwards() -> None:
    item = only(type="credit_note", open="100.00")
    assert (item.type, item.gross, item.paid) == (
        DocumentType.CREDIT_NOTE,
        D("119.00"),
        D("19.00"),
    )


def test_more_may_have_been_paid_than_was_asked_for() -> None:
    item = only(open="-5.00")
    assert (item.paid, item.open) == (D("124.00"), D("-5.00"))


LINES = (
    {**ROW, "tax": "26.00", "net": "200.00", "gross": "226.00", "line_description": "Design",
     "line_quantity": "2", "line_price": "50.00", "line_tax_rate": "19"},
    {"number": "R-1", "line_description": "Book", "line_net": "100.00", "line_tax_rate": "7"},
)  # fmt: skip


def test_rows_of_one_number_are_one_document() -> None:
    [found, other] = read(*LINES, {**ROW, "number": "R-2"})
    assert found.item is not None
    assert [(each.description, each.net) for each in found.item.lines] == [
        ("Design", D("100.00")),
        ("Book", D("100.00")),
    ]
    assert [(each.rate, each.base, each.tax) for each in found.item.groups] == [
        (D(19), D("100.00"), D("19.00")),
        (D(7), D("100.00"), D("7.00")),
    ]
    assert other.item is not None
    assert other.row == 4


def test_rows_of_one_document_agree() -> None:
    [found] = read(LINES[0], {**LINES[1], "buyer_name": "Alster"})
    [problem] = found.problems
    assert (problem.code, problem.row, problem.value) == ("rows_disagree", 3, "Alster")


def test_a_cent_of_rounding_is_reported_and_taken() -> None:
    rows = (
        {**LINES[0], "net": "200.01", "gross": "226.01"},
        LINES[1],
    )
    [found] = read(*rows)
    assert found.item is not None
    assert [(each.code, each.warning) for each in found.problems] == [("lines_rounded", True)]
    assert sum(each.base for each in found.item.groups) == D("200.01")
    [refused] = read(*rows, mapping=ImportMapping(fields=MAPPING.fields, tolerance=D(0)))
    assert [each.code for each in refused.problems] == ["lines_do_not_sum"]


def test_an_export_defuses_formulas_and_an_import_arms_nothing() -> None:
    assert only(buyer_name="'=Grüße").buyer.name == "=Grüße"


def test_constants_hold_for_all() -> None:
    fields = {**MAPPING.fields, "currency": FieldSource(constant="EUR")}
    [found] = read({**ROW, "currency": "USD"}, mapping=ImportMapping(fields=fields))
    assert found.item is not None
    assert found.item.currency == "EUR"


def test_the_same_document_has_the_same_digest_in_any_row() -> None:
    [first, second] = [read({**ROW, **more})[0].item for more in ({}, {"notes": "n"})]
    assert first is not None
    assert second is not None
    assert first.digest == second.digest  # a remark makes no other document
    assert only(gross="120.00", tax="20.00").digest != first.digest
    [_, moved] = read({**ROW, "number": "R-0"}, ROW)
    assert moved.item is not None
    assert moved.item.digest == first.digest


AMOUNT = st.decimals(min_value=0, max_value=10**6, places=2, allow_nan=False)


@given(AMOUNT, AMOUNT, AMOUNT, st.booleans())
def test_figures_always_fit(net: Decimal, tax: Decimal, paid: Decimal, credit: bool) -> None:
    sign = -1 if credit and net + tax else 1
    said = {"net": str(sign * net), "tax": str(sign * tax), "gross": str(sign * (net + tax))}
    item = only(**said, paid=str(paid))
    totals = totals_of(item)
    assert totals.net + totals.tax == totals.gross == net + tax
    assert item.open == totals.gross - paid
    assert content_of(item, "EUR").lines == ()
    assert quantize(item.gross, "EUR") == item.gross


@given(st.lists(st.tuples(AMOUNT, st.sampled_from([0, 7, 19])), min_size=1, max_size=6))
def test_groups_sum_to_the_document(lines: list[tuple[Decimal, int]]) -> None:
    net = sum((each for each, _ in lines), D(0))
    taxes: dict[int, Decimal] = {}
    for each, rate in lines:
        taxes[rate] = taxes.get(rate, D(0)) + each * rate / 100
    tax = sum((quantize(each, "EUR") for each in taxes.values()), D(0))
    head = {**ROW, "net": str(net), "tax": str(tax), "gross": str(net + tax)}
    rows: list[dict[str, Any]] = [
        {"number": "R-1", "line_net": str(each), "line_tax_rate": str(rate)} for each, rate in lines
    ]
    [found] = read({**head, **rows[0]}, *rows[1:])
    assert found.item is not None, found.problems
    assert sum(each.base for each in found.item.groups) == net
    assert sum(each.tax for each in found.item.groups) == tax
    shown = totals_of(found.item)
    assert [each.net for each in shown.lines] == [each for each, _ in lines]


def test_a_mapping_must_fit_its_file() -> None:
    fields = {name: FieldSource(column=name) for name in ("number", "issue_date", "gross")}
    fields |= {"colour": FieldSource(column="gross"), "currency": FieldSource()}
    fields |= {"buyer_name": FieldSource(column="nobody")}
    with pytest.raises(MappingInvalid) as refused:
        ensure_fits(ImportMapping(fields=fields), ["number", "issue_date", "gross"])
    assert [(each.pointer, each.code) for each in refused.value.problems] == [
        ("/fields/colour", "field_unknown"),
        ("/fields/currency", "source_unclear"),
        ("/fields/buyer_name/column", "column_unknown"),
    ]
    with pytest.raises(MappingInvalid) as refused:
        ensure_fits(ImportMapping(), [])
    assert {each.code for each in refused.value.problems} == {"required"}


@pytest.mark.parametrize(
    ("column", "plain"),
    [("Rechnungs-Nr.", "rechnungsnr"), ("FÄLLIG AM", "faelligam"), ("Straße", "strasse")],
)
def test_names_are_compared_without_case_and_signs(column: str, plain: str) -> None:
    assert plain_name(column) == plain


def test_a_mapping_is_suggested_by_names_and_values() -> None:
    columns = ["Belegnummer", "Belegdatum", "Kunde", "Bruttobetrag", "Steuersatz", "Farbe"]
    sample = [{"Bruttobetrag": "1.234,50", "Belegdatum": "13/10/2026"}]
    found = suggested(columns, sample, "CHF")
    assert {name: each.column for name, each in found.fields.items() if each.column} == {
        "number": "Belegnummer",
        "issue_date": "Belegdatum",
        "buyer_name": "Kunde",
        "gross": "Bruttobetrag",
        "tax_rate": "Steuersatz",
    }
    assert found.fields["currency"].constant == "CHF"
    assert (found.decimal, found.date) == (",", "DD/MM/YYYY")


def test_what_a_sample_leaves_open_stays_open() -> None:
    sample = [{"Betrag": "1.234", "Datum": "01/02/2026"}, {"Betrag": "5", "Datum": "03/04/2026"}]
    found = suggested(["Betrag", "Datum"], sample, "EUR")
    assert (found.decimal, found.date) == (None, None)
    mixed = [{"Betrag": "1,50"}, {"Betrag": "1.50"}]
    assert suggested(["Betrag"], mixed, "EUR").decimal is None
    american = [{"Betrag": "1.50", "Datum": "12/31/2025"}]
    found = suggested(["Betrag", "Datum"], american, "EUR")
    assert (found.decimal, found.date) == (".", "MM/DD/YYYY")
