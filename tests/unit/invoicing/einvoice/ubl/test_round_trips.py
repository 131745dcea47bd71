"""Whatever is written is read back, whatever is read is written, and the rest is named."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from invx.contexts.invoicing.adapters.einvoice.ubl_read import read, unread
from invx.contexts.invoicing.adapters.einvoice.ubl_write import write
from invx.contexts.invoicing.adapters.einvoice.xml import root_tag
from invx.contexts.invoicing.domain.einvoice.code_lists import CREDIT_NOTE_TYPES
from tests.unit.invoicing.einvoice.ubl.fullest import CREDIT_NOTE, FIRST_LINE, FULLEST, SECOND_LINE
from tests.unit.invoicing.einvoice.ubl.leaves import leaves
from tests.unit.invoicing.einvoice.ubl.official import examples, rule_findings, schema_errors
from tests.unit.invoicing.einvoice.ubl.strategies import e_invoices

EXAMPLES = examples()
NESTED = replace(
    FIRST_LINE,
    category=None,
    rate=None,
    children=(SECOND_LINE, replace(SECOND_LINE, id="2.1", children=(FIRST_LINE,))),
)
OURS = {
    "invoice": replace(FULLEST, tax_point_code=None),
    "credit note": replace(CREDIT_NOTE, tax_point_code=None),
    "by tax point code": replace(FULLEST, tax_point=None, tax_point_code="432"),
    "credit note without means": replace(CREDIT_NOTE, payments=()),
    "sales order alone": replace(FULLEST, purchase_order=None),
}


@settings(deadline=None)
@given(e_invoices())
def test_any_invoice_that_is_written_is_read_back_equal_with_nothing_left(
    invoice: EInvoice,
) -> None:
    written = write(invoice)
    assert read(written) == invoice
    assert unread(written) == []
    assert write(read(written)) == written


@settings(deadline=None, max_examples=40)
@given(e_invoices())
def test_any_invoice_is_written_in_the_order_of_the_schema(invoice: EInvoice) -> None:
    assert schema_errors(write(invoice)) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_published_invoice_is_written_back_with_all_it_says(name: str) -> None:
    source = EXAMPLES[name]
    written = write(read(source))
    assert read(written) == read(source)
    assert leaves(written) == leaves(source, without=unread(source))
    assert schema_errors(written) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_official_rules_find_the_same_in_what_is_written_back(name: str) -> None:
    source = EXAMPLES[name]
    assert rule_findings(write(read(source))) == rule_findings(source)


def test_the_published_examples_are_carried_to_the_last_leaf() -> None:
    assert len(EXAMPLES) >= 2
    left = {name: unread(source) for name, source in EXAMPLES.items()}
    assert {name: paths for name, paths in left.items() if paths} == {}


@pytest.mark.parametrize("name", OURS)
def test_an_invoice_with_every_term_passes_schema_and_official_rules(name: str) -> None:
    written = write(OURS[name])
    assert schema_errors(written) == []
    assert rule_findings(written) == set()
    assert read(written) == OURS[name]


def test_sub_lines_are_written_within_their_line_and_read_back() -> None:
    for invoice in (FULLEST, CREDIT_NOTE):
        nested = replace(invoice, lines=(NESTED, SECOND_LINE))
        written = write(nested)
        assert schema_errors(written) == []
        assert read(written) == nested


@pytest.mark.parametrize("code", ["380", "384", "389", "326", "393", "751", "999"])
def test_other_type_codes_make_an_invoice(code: str) -> None:
    assert root_tag(write(replace(FULLEST, type_code=code))).endswith("}Invoice")


@pytest.mark.parametrize("code", sorted(CREDIT_NOTE_TYPES))
def test_the_type_codes_of_credit_notes_make_a_credit_note(code: str) -> None:
    written = write(replace(FULLEST, type_code=code))
    assert root_tag(written).endswith("}CreditNote")
    assert ("fatal", "BR-CL-01") not in rule_findings(written)
