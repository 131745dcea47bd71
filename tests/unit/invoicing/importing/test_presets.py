"""Presets, column by column: what stands in `preset_columns.tsv` is what each of them takes."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.importing.mapping import (
    FIELDS,
    REQUIRED,
    FieldSource,
    mapping_problems,
)
from invx.contexts.invoicing.domain.importing.presets import (
    PRESETS,
    PresetKey,
    PresetUnfit,
    preset_mapping,
)

with Path(__file__).with_name("preset_columns.tsv").open() as _file:
    ROWS = list(csv.DictReader(_file, delimiter="\t"))
KEYS = list(PresetKey)


def rows_of(key):
    return [row for row in ROWS if row["preset"] == str(key)]


@pytest.mark.parametrize("key", KEYS)
def test_a_preset_takes_the_columns_of_the_table_and_no_others(key):
    found = [(name, column) for name, columns in PRESETS[key].columns.items() for column in columns]
    assert found == [(row["field"], row["column"]) for row in rows_of(key)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['preset']} {row['column']}")
def test_a_column_of_a_preset_becomes_its_field(row):
    """Alone among what every document needs, and before others of the same field."""
    key = PresetKey(row["preset"])
    needed = {
        name: columns[0] for name, columns in PRESETS[key].columns.items() if name in REQUIRED
    }
    columns = [*{**needed, row["field"]: row["column"]}.values()]
    mapping = preset_mapping(key, columns, (), "EUR")
    assert mapping.fields[row["field"]] == FieldSource(column=row["column"])
    assert mapping_problems(mapping, columns) == []


@pytest.mark.parametrize("key", KEYS)
def test_the_likeliest_of_several_columns_goes_first(key):
    every = [column for columns in PRESETS[key].columns.values() for column in columns]
    for columns in (every, every[::-1]):
        mapping = preset_mapping(key, columns, (), "EUR")
        for name, known in PRESETS[key].columns.items():
            assert mapping.fields[name].column == known[0]


@pytest.mark.parametrize("key", KEYS)
def test_what_a_preset_says_is_of_this_world(key):
    preset = PRESETS[key]
    assert set(preset.columns) <= set(FIELDS)
    assert {*preset.columns, *preset.without} >= set(REQUIRED)
    assert preset.name
    assert preset.source
    assert preset.decimal in (None, ".", ",")
    columns = [column for known in preset.columns.values() for column in known]
    assert len(columns) == len(set(columns)), "no column is two fields"


@pytest.mark.parametrize("key", KEYS)
def test_each_column_that_is_needed_and_missing_is_named(key):
    preset = PRESETS[key]
    needed = [name for name in REQUIRED if name not in preset.without]
    with pytest.raises(PresetUnfit) as refused:
        preset_mapping(key, ["Something"], (), "EUR")
    assert [each.detail.partition(":")[0] for each in refused.value.problems] == needed
    for each, name in zip(refused.value.problems, needed, strict=True):
        assert all(column in each.detail for column in preset.columns[name])
        assert (each.pointer, each.code) == ("query:preset", "column_missing")


def test_the_currency_of_the_seller_stands_where_no_column_says_one():
    columns = ["Number", "Total", "Finalized At (UTC)", "Customer Name"]
    mapping = preset_mapping(PresetKey.STRIPE, columns, (), "CHF")
    assert mapping.fields["currency"] == FieldSource(constant="CHF")
    with_currency = preset_mapping(PresetKey.STRIPE, [*columns, "Currency"], (), "CHF")
    assert with_currency.fields["currency"] == FieldSource(column="Currency")


def test_how_figures_are_written_is_the_presets_or_the_files():
    odoo = ["Number", "Invoice Date", "Total", "Partner"]
    sample = [{"Total": "1.234,50", "Invoice Date": "31/12/2026"}]
    mapping = preset_mapping(PresetKey.ODOO, odoo, sample, "EUR")
    assert (mapping.decimal, mapping.date) == (".", "YYYY-MM-DD")
    german = ["Rechnungsnummer", "Rechnungsdatum", "Brutto", "Kunde"]
    sample = [{"Brutto": "1.234,50", "Rechnungsdatum": "31/12/2026"}]
    mapping = preset_mapping(PresetKey.GERMAN_LIST, german, sample, "EUR")
    assert (mapping.decimal, mapping.date) == (",", "DD/MM/YYYY")


@given(st.sampled_from(KEYS), st.data())
def test_whatever_a_file_has_the_mapping_fits_it_or_it_is_refused(key, data):
    every = [column for known in PRESETS[key].columns.values() for column in known]
    columns = data.draw(st.lists(st.sampled_from([*every, "Other", "X"]), unique=True))
    needed = [name for name in REQUIRED if name not in PRESETS[key].without]
    fits = all(set(PRESETS[key].columns[name]) & set(columns) for name in needed)
    try:
        mapping = preset_mapping(key, columns, (), "EUR")
    except PresetUnfit:
        assert not fits
        return
    assert fits
    assert mapping_problems(mapping, columns) == []
    used = [each.column for each in mapping.fields.values() if each.column]
    assert len(used) == len(set(used))
