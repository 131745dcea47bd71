"""The table of lines: rows, their notes, and the columns of each kind of document."""

from invx.contexts.invoicing.adapters.sheet.view import view
from tests.unit.invoicing.pdf import samples
from tests.unit.invoicing.pdf.samples import hosted, line


def labels(rows):
    return [row["label"] for row in rows]


def test_the_table_shows_what_the_hosted_page_shows():
    sheet = view(hosted(), mark=None)
    assert sheet["columns"] == ["Description", "Quantity", "Price", "VAT", "Net"]
    row = sheet["rows"][1]
    assert (row["text"], row["quantity"], row["unit"]) == (
        ["Interface design, booking flow"],
        "46.5",
        "h",
    )
    assert (row["price"], row["tax"], row["amount"]) == ("112.00", "19\u00a0%", "5,208.00")
    assert [row["tax"] for row in sheet["rows"]].count("7\u00a0%") == 1


def test_children_follow_their_parent_one_level_deeper():
    rows = view(samples.german(), mark=None)["rows"]
    at = [row["text"] for row in rows].index(["Konferenzpaket"])
    assert [(row["text"][0], row["level"]) for row in rows[at : at + 3]] == [
        ("Konferenzpaket", 0),
        ("Mikrofon", 1),
        ("Lautsprecher mit Stativ", 1),
    ]
    assert rows[at]["price"] == rows[at]["quantity"] == ""
    assert rows[at]["amount"] == "350,00"


def test_headings_texts_and_subtotals_are_rows_of_their_kind():
    rows = view(samples.german(), mark=None)["rows"]
    kinds = [row["kind"] for row in rows]
    assert kinds.count("heading") == 2
    assert kinds.count("text") == 1
    subtotal = rows[kinds.index("subtotal")]
    assert subtotal["text"] == ["Zwischensumme Technik"]
    assert subtotal["amount"] == "377,50"
    unnamed = hosted() | {"lines": [{"kind": "subtotal", "net": "1.00"}]}
    assert view(unnamed, mark=None)["rows"][0]["text"] == ["Subtotal"]


def test_what_belongs_to_a_line_stands_under_it():
    rows = {row["text"][0]: row for row in view(samples.german(), mark=None)["rows"]}
    assert rows["Aufbau und Einweisung"]["notes"] == [
        "Zwei Personen, mit Anfahrt.",
        "Protokoll vom 20. November liegt bei.",
        "Rabatt 10\u00a0% auf 2.000,00: -200,00",
    ]
    assert rows["Schnittstelle, nach Verbrauch"]["notes"] == [
        "Leistung Oktober 2026 · Art.-Nr. API-1 · Standard-Art.-Nr. 4012345678901",
        "0–1.000 Aufrufe: 1.000 × 0,020 = 20,00",
        "ab 1.001: 500 × 0,015 = 7,50",
    ]


def test_a_line_says_all_that_its_price_depends_on():
    item = line(
        "Cable", "250", "MTR", "80.00", "195.00", price_discount="2.00", base_quantity="100"
    )
    item["charges"] = [{"amount": "7.50", "reason": "Cutting"}]
    item["item"] = {
        "buyer_id": "K-9",
        "origin": "AT",
        "attributes": [{"name": "Colour", "value": "red"}],
    }
    item["order_line"] = "3"
    notes = view(hosted() | {"lines": [item]}, mark=None)["rows"][0]["notes"]
    assert notes == [
        "Your item K-9 · Order line 3 · Origin: Austria · Colour: red",
        "Price less 2.00 each, per 100\u00a0m",
        "Cutting: 7.50",
    ]


def test_only_rows_of_modest_length_are_kept_on_one_page():
    short, endless = line("a", "1", "", "1", "1.00"), line("b", "1", "", "1", "1.00")
    endless["details"] = "word " * 500
    rows = view(hosted() | {"lines": [short, endless]}, mark=None)["rows"]
    assert [row["whole"] for row in rows] == [True, False]


def test_profile_plain_has_no_vat_column():
    sheet = view(samples.dinars(), mark=None)
    assert sheet["columns"] == ["Description", "Quantity", "Price", "Amount"]
    taxed = view(hosted() | {"profile": "plain"}, mark=None)
    assert not taxed["taxed"]
    assert "VAT 19\u00a0%" in labels(taxed["totals"]["above"])


def test_what_is_outside_vat_has_a_dash_for_its_rate():
    outside = line("Fee", "1", "C62", "5.00", "5.00", taxes=[{"regime": "vat", "category": "O"}])
    assert view(hosted() | {"lines": [outside]}, mark=None)["rows"][0]["tax"] == "–"
