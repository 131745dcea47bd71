"""The rows of the tax ledger: what events state, and that they can always be made again."""

from decimal import Decimal

from hypothesis import given, settings

from invx.contexts.invoicing.read.projections import project
from invx.contexts.invoicing.read.rows import tax_entry_id
from invx.contexts.invoicing.read.tax_periods import months
from invx.contexts.invoicing.read.tax_views import tax_entry_view
from tests.unit.invoicing.domain.drafts import ENTITY, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity, entries_of
from tests.unit.invoicing.domain.test_tax_properties import case, lines, run, sellers, steps
from tests.unit.invoicing.read.past import Past, Sheet
from tests.unit.invoicing.read.test_projections import made_again


def written(*settlements) -> tuple[Past, Sheet]:
    past, sheet = Past(), Sheet()
    past.keep(*settlements)
    for recorded in past.events:
        project(recorded, sheet.open)
    return past, sheet


@given(said=lines, seller=sellers, sequence=steps)
@settings(max_examples=50)
def test_rows_are_the_entries_and_a_rebuild_makes_the_same(said, seller, sequence):
    settlements = run(case(said, seller), sequence).settlements
    expected = {
        (each.claim.document_id, entry.sequence): (str(entry.cause), entry.base, entry.tax)
        for each in settlements
        for entry in entries_of(each)
    }
    past, sheet = written(*settlements)
    rows = sheet.rows.get("tax_entries", {})
    assert {key: (r["cause"], r["base"], r["tax"]) for key, r in rows.items()} == expected
    assert made_again(past).rows == sheet.rows


@given(said=lines, seller=sellers, sequence=steps)
@settings(max_examples=50)
def test_a_settlement_says_what_the_ledger_holds_of_its_document(said, seller, sequence):
    settlements = run(case(said, seller), sequence).settlements
    whole = {s.claim.document_id: s.taxes.account.cells[1::2] for s in settlements}
    _, sheet = written(*settlements)
    for (document_id,), row in sheet.rows["settlements"].items():
        own = [r for k, r in sheet.rows.get("tax_entries", {}).items() if k[0] == document_id]
        assert row["entered_base"] == sum(each["base"] for each in own)
        assert row["entered_tax"] == sum(each["tax"] for each in own)
        left = 0 if row["status"] == "void" else sum(whole[document_id]) - row["entered_tax"]
        assert row["unentered_tax"] == left


def test_an_entry_is_shown_with_public_ids_and_texts():
    subject = Case.of(content(line("1", "100.00")), entity(CASH))
    paid = subject.post("record_payment", "119.00")
    _, sheet = written(subject.settlement)
    [((document_id, sequence), row)] = sheet.rows["tax_entries"].items()
    assert row["tax_entry_id"] == tax_entry_id(document_id, sequence)
    assert row["settlement_entry"] == paid
    more = {"document_id": document_id, "sequence": sequence}
    shown = tax_entry_view({**row, **more, "treatment": "vat/domestic/-/S/19/DE"})
    assert shown["id"].startswith("tax_")
    assert shown["registration"].startswith("reg_")
    assert shown["settlement_entry"].startswith("sent_")
    assert (shown["base"], shown["tax"], shown["rate"]) == ("100.00", "19.00", "19")
    assert (shown["registered"], shown["accounted"], shown["country"]) == (True, None, "DE")


def test_no_number_of_a_registration_stands_in_a_row():
    _, sheet = written(Case.of(content(line("1", "100.00")), entity(ACCRUAL)).settlement)
    [row] = sheet.rows["tax_entries"].values()
    assert row["legal_entity_id"] == ENTITY
    assert "342118907" not in str(row)
    assert isinstance(row["base"], Decimal)


def test_a_month_ends_where_the_next_begins():
    assert [str(day) for day in months("2026-11")] == ["2026-11-01", "2026-12-01"]
    assert [str(day) for day in months("2026-12")] == ["2026-12-01", "2027-01-01"]
