"""Sales lists and returns of one-stop shops as files: what is in them, and what never is."""

import csv
import io

import pytest

from invx.contexts.invoicing.api.tax_files import oss_csv, sales_list_csv, zm_csv


def listed(vat_id, stated, **more):
    row = {"vat_id": vat_id, "code": "L", "stated": stated, "base": f"{stated}.00"}
    row |= {"of_period": f"{stated}.00", "corrections": [], "invoice": None}
    return {**row, **more}


def read(made):
    return list(csv.reader(io.StringIO(made.decode())))


def test_the_german_file_has_its_version_its_names_and_a_row_for_each_number():
    found = {"rows": [listed("ATU66778899", "1900"), listed("EL094259216", "-12", code="S")]}
    assert zm_csv(found).decode() == (
        "#v3.0\nUSt-IdNr.,Betrag (Euro),Art der Leistung\nATU66778899,1900,L\nEL094259216,-12,S\n"
    )


def test_what_the_german_portal_refuses_is_not_in_its_file():
    found = {"rows": [listed(None, "5"), listed("ATU66778899", "0")]}
    assert len(read(zm_csv(found))) == 2, "the version and the names"


def test_the_plain_file_has_all_rows_with_their_corrections():
    corrected = [
        {"origin_period": "2025-12", "base": "-5.10"},
        {"origin_period": "2026-01", "base": "0.10"},
    ]
    rows = [
        listed("ATU66778899", "0", base="0.40", of_period="5.40", corrections=corrected),
        listed(None, "7", invoice="inv_01jd0y7ct4f6d9zq8x3s5v2w1k"),
    ]
    assert read(sales_list_csv({"rows": rows}))[1:] == [
        ["ATU66778899", "L", "0", "0.40", "5.40", "2025-12: -5.10; 2026-01: 0.10", ""],
        ["", "L", "7", "7.00", "7.00", "", "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"],
    ]


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_no_number_becomes_a_formula_of_a_spreadsheet(typed):
    [_, row] = read(sales_list_csv({"rows": [listed(typed, "1")]}))
    assert row[0] == f"'{typed}"


def test_supplies_of_a_quarter_come_before_corrections_of_earlier_ones():
    sums = {"base": "100.00", "tax": "20.00"}
    found = {
        "quarter": "2026-Q2",
        "supplies": [
            {"country": "FR", "supply": "goods", "rate": "20", **sums},
            {"country": "EL", "supply": None, "rate": "24", **sums},
        ],
        "corrections": [{"country": "SE", "quarter": "2025-Q4", **sums}],
    }
    assert read(oss_csv(found)) == [
        ["kind", "country", "quarter", "supply", "rate", "base", "tax"],
        ["supply", "FR", "2026-Q2", "goods", "20", "100.00", "20.00"],
        ["supply", "EL", "2026-Q2", "", "24", "100.00", "20.00"],
        ["correction", "SE", "2025-Q4", "", "", "100.00", "20.00"],
    ]
