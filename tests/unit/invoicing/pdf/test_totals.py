"""The figures under the lines, and the reasons for groups without tax."""

import pytest

from invx.contexts.invoicing.adapters.sheet.view import view
from tests.unit.invoicing.pdf import samples
from tests.unit.invoicing.pdf.samples import group, hosted, sums


def labels(rows):
    return [row["label"] for row in rows]


def totals(resource):
    return view(resource, mark=None)["totals"]


def test_the_tax_table_stands_between_net_and_total():
    rows = totals(hosted())
    assert [(row["label"], row["note"], row["amount"]) for row in rows["above"]] == [
        ("Net", "", "24,699.76"),
        ("VAT 19\u00a0%", "of 24,059.76", "4,571.35"),
        ("VAT 7\u00a0%", "of 640.00", "44.80"),
    ]
    assert rows["sums"] == [{"label": "Total", "note": "", "amount": "EUR\u00a029,315.91"}]
    assert rows["below"] == []


def test_discounts_and_charges_lead_from_the_lines_to_the_net():
    rows = totals(samples.german())
    assert [(row["label"], row["amount"]) for row in rows["above"]] == [
        ("Summe der Positionen", "2.177,50"),
        ("Stammkunde 5\u00a0% auf 2.177,50", "-108,88"),
        ("Versand", "25,00"),
        ("Netto", "2.093,62"),
        ("USt. 19\u00a0%", "397,79"),
    ]
    assert [(row["label"], row["amount"]) for row in rows["sums"]] == [
        ("Gesamtbetrag", "2.491,41\u00a0EUR"),
        ("Bereits gezahlt", "-500,00"),
        ("Zahlbetrag", "1.991,41\u00a0EUR"),
    ]


def test_a_discount_or_charge_of_nothing_says_so():
    resource = samples.german()
    resource["discounts"] = [{"reason": "Stammkunde", "amount": "0.00"}]
    resource["charges"] = [{"reason": "Versand", "amount": "0.00"}]
    rows = totals(resource)["above"]
    assert [(row["label"], row["amount"]) for row in rows[1:3]] == [
        ("Stammkunde", "0,00"),
        ("Versand", "0,00"),
    ]


def test_an_inclusive_document_says_which_tax_is_in_its_total():
    sheet = view(samples.inclusive(), mark=None)
    assert sheet["columns"][2:] == ["Price incl. VAT", "VAT", "Total incl. VAT"]
    assert [row["amount"] for row in sheet["rows"]] == ["238.00", "21.40"]
    assert sheet["totals"]["above"] == []
    assert labels(sheet["totals"]["below"]) == [
        "Net",
        "includes VAT 19\u00a0%",
        "includes VAT 7\u00a0%",
    ]


def test_one_inclusive_line_among_others_is_marked_on_itself():
    mixed = hosted()
    mixed["lines"][0]["price_includes_tax"] = True
    sheet = view(mixed, mark=None)
    assert sheet["columns"][-1] == "Net"
    assert sheet["rows"][0]["notes"] == ["Price incl. VAT"]
    assert sheet["rows"][1]["notes"] == []


def test_an_inclusive_document_with_a_discount_is_stated_from_its_net():
    reduced = samples.inclusive() | {"discounts": [{"amount": "1.00", "reason": "Scratch"}]}
    rows = totals(reduced)
    assert labels(rows["above"])[:3] == ["Sum of lines", "Scratch", "Net"]
    assert rows["below"] == []


def test_reasons_are_spelled_out_once_and_the_law_speaks_first():
    assert view(samples.exempt(), mark=None)["reasons"] == [
        "Exempt from VAT: Vocational training (VATEX-EU-132)",
        "Reverse charge: the recipient is liable for the VAT.",
    ]
    german = samples.exempt() | {"language": "de"}
    assert view(german, mark=None)["reasons"] == [
        "Steuerfrei: Vocational training (VATEX-EU-132)",
        "Steuerschuldnerschaft des Leistungsempfängers (Reverse-Charge).",
    ]
    own = group("0", "5.00", "0.00", "K", reason="Article 138")
    assert view(hosted() | {"tax_groups": [own]}, mark=None)["reasons"] == [
        "VAT-exempt intra-Community supply. Article 138"
    ]


@pytest.mark.parametrize(
    "category, label",
    [
        ("Z", "VAT 0\u00a0%"),
        ("K", "Intra-Community supply, VAT 0\u00a0%"),
        ("G", "Export, VAT 0\u00a0%"),
        ("O", "Not subject to VAT"),
        ("L", "IGIC 0\u00a0%"),
        ("M", "IPSI 0\u00a0%"),
        ("new", "VAT 0\u00a0%"),
    ],
)
def test_each_category_has_its_name(category, label):
    untaxed = hosted() | {"tax_groups": [group("0", "5.00", "0.00", category)]}
    assert totals(untaxed)["above"][1]["label"] == label


def test_tax_of_another_country_names_it():
    french = hosted() | {"tax_groups": [group("20", "5.00", "1.00", jurisdiction="FR")]}
    assert totals(french)["above"][1]["label"] == "VAT 20\u00a0% (France)"


def test_sales_tax_and_levies_are_named_by_their_regime():
    groups = [
        group("8.875", "100.00", "8.88", "", regime="sales", jurisdiction="US-NY"),
        group("1", "100.00", "1.00", "", regime="levy", jurisdiction=None),
    ]
    rows = totals(hosted() | {"profile": "plain", "tax_groups": groups})["above"]
    assert labels(rows)[1:] == ["Sales tax 8.875\u00a0% (US-NY)", "Levy 1\u00a0%"]


def test_what_is_kept_back_and_rounded_leads_from_total_to_due():
    rows = totals(samples.exempt())["sums"]
    assert [(row["label"], row["amount"]) for row in rows] == [
        ("Total", "EUR\u00a02,100.00"),
        ("Withholding tax 15\u00a0%, kept back", "-315.00"),
        ("Amount due", "EUR\u00a01,785.00"),
    ]
    rounded = hosted() | {
        "totals": sums("9.98", "0.00", "9.98") | {"rounding": "0.02", "due": "10"}
    }
    assert labels(totals(rounded)["sums"]) == ["Total", "Rounding", "Amount due"]


def test_tax_in_another_currency_is_stated_with_its_rate():
    danish = hosted() | {"tax_currency": {"currency": "DKK", "rate": "7.46", "tax": "34436.48"}}
    assert totals(danish)["below"] == [
        {"label": "VAT in DKK", "note": "at a rate of 7.46", "amount": "34,436.48"}
    ]


@pytest.mark.parametrize(
    ("language", "label", "note"),
    [
        ("en", "VAT in EUR", "at a rate of 0.9204 (BMF, 1 November 2026)"),
        ("de", "USt. in EUR", "zum Kurs 0,9204 (BMF, 1. November 2026)"),
    ],
)
def test_a_published_rate_names_its_source_and_day(language, label, note):
    stated = {"currency": "EUR", "rate": "0.9204", "tax": "17.49"}
    stated |= {"source": "bmf", "day": "2026-11-01"}
    [row] = totals(hosted() | {"tax_currency": stated, "language": language})["below"]
    assert (row["label"], row["note"]) == (label, note)
