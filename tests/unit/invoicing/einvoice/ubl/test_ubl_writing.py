"""What stands in the file, and what is refused because no file could state it."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.einvoice import model, xml
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable, EInvoiceUnwritable
from invx.contexts.invoicing.adapters.einvoice.model import (
    Attachment,
    EInvoice,
    Note,
    Payment,
    Price,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_read import read
from invx.contexts.invoicing.adapters.einvoice.ubl_write import write
from tests.unit.invoicing.einvoice.ubl.fullest import CREDIT_NOTE, FIRST_LINE, FULLEST, SELLER

HERE = Path(__file__).parent
BY_CODE = replace(FULLEST, tax_point=None, tax_point_code="432")
NESTED = replace(FULLEST, lines=(replace(FIRST_LINE, children=(FIRST_LINE,)),))
OPTIONAL = (None, ())
# What others that are there need: a total, a rate, the type of a content, the unit of a quantity.
NEEDED = """Totals.tax EInvoice.tax_currency Adjustment.category Attachment.content
    Price.base_quantity""".split()


def without_each(value: Any) -> Iterator[tuple[str, Any]]:
    """The value without one of its optional parts, at any depth, by name of the part."""
    for field in fields(value):
        part = getattr(value, field.name)
        if field.default in OPTIONAL and part not in OPTIONAL:
            name = f"{type(value).__name__}.{field.name}"
            yield name, replace(value, **{field.name: field.default})
        if is_dataclass(part):
            for name, less in without_each(part):
                yield name, replace(value, **{field.name: less})
        if isinstance(part, tuple):
            for place, one in enumerate(part):
                for name, less in without_each(one):
                    changed = (*part[:place], less, *part[place + 1 :])
                    yield name, replace(value, **{field.name: changed})


@pytest.mark.parametrize(
    ("invoice", "name"), [(FULLEST, "golden_invoice.xml"), (CREDIT_NOTE, "golden_credit_note.xml")]
)
def test_the_file_is_byte_for_byte_what_it_was(invoice: EInvoice, name: str) -> None:
    assert write(invoice) == (HERE / name).read_bytes()


def test_each_term_of_the_model_is_written_and_read() -> None:
    named = set()
    for whole in (FULLEST, BY_CODE, NESTED, CREDIT_NOTE):
        complete = write(whole)
        for name, less in without_each(whole):
            named.add(name)
            if name in NEEDED:
                continue
            written = write(less)
            assert written != complete, name
            assert read(written) == less, name
    expected = {
        f"{one.__name__}.{field.name}"
        for one in vars(model).values()
        if is_dataclass(one) and isinstance(one, type)
        for field in fields(one)
        if field.default in OPTIONAL
    }
    assert expected - named == set()


def test_amounts_have_two_decimals_and_numbers_no_more_than_they_need() -> None:
    line = replace(
        FIRST_LINE, net=Decimal("1E+2"), quantity=Decimal("1.500"), price=Price(net=Decimal("2E+3"))
    )
    found = write(replace(FULLEST, lines=(line,)))
    assert b'currencyID="EUR">100.00</cbc:LineExtensionAmount>' in found
    assert b'unitCode="HUR">1.5</cbc:InvoicedQuantity>' in found
    assert b'currencyID="EUR">2000</cbc:PriceAmount>' in found


def test_a_sign_of_zero_is_not_written() -> None:
    totals = replace(FULLEST.totals, rounding=Decimal("-0.00"))
    assert b">0.00</cbc:PayableRoundingAmount>" in write(replace(FULLEST, totals=totals))


@pytest.mark.parametrize("bad", ["12.345", "NaN", "-Infinity", "1E+50", "0.001"])
def test_an_amount_that_two_decimals_do_not_state_is_refused(bad: str) -> None:
    totals = replace(FULLEST.totals, payable=Decimal(bad))
    with pytest.raises(EInvoiceUnwritable, match="PayableAmount"):
        write(replace(FULLEST, totals=totals))


@pytest.mark.parametrize("bad", ["a\x00b", "\x0b", "\ud800", "\ufffe"])
def test_a_character_that_xml_does_not_have_is_refused(bad: str) -> None:
    with pytest.raises(EInvoiceUnwritable, match="cbc:Note holds a character"):
        write(replace(FULLEST, notes=(Note(text=bad),)))


def test_an_attachment_of_the_largest_size_is_read_back_and_a_larger_one_refused() -> None:
    largest = Attachment(id="A", content=b"x" * xml.BINARY_BYTES_MAX, media_type="text/csv")
    invoice = replace(FULLEST, attachments=(largest,))
    assert read(write(invoice)) == invoice
    larger = replace(largest, content=b"x" * (xml.BINARY_BYTES_MAX + 1))
    with pytest.raises(EInvoiceUnwritable, match="EmbeddedDocumentBinaryObject is larger"):
        write(replace(FULLEST, attachments=(larger,)))


def test_an_attachment_that_is_no_base_64_is_refused() -> None:
    with pytest.raises(EInvoiceUnreadable, match="is not base 64"):
        read(write(FULLEST).replace(b"ZGF5", b"Z*F5"))


def test_a_tax_breakdown_needs_its_total() -> None:
    with pytest.raises(EInvoiceUnwritable, match="BT-110"):
        write(replace(FULLEST, totals=replace(FULLEST.totals, tax=None)))


def test_a_total_in_the_currency_of_the_books_needs_that_currency() -> None:
    with pytest.raises(EInvoiceUnwritable, match="BT-6"):
        write(replace(FULLEST, tax_currency=None))


def test_a_rate_needs_its_category() -> None:
    adjustments = (replace(FULLEST.adjustments[0], category=None),)
    with pytest.raises(EInvoiceUnwritable, match="VAT rate without its category"):
        write(replace(FULLEST, adjustments=adjustments))


def test_a_sub_line_for_information_is_refused_before_it_counts() -> None:
    child = replace(FIRST_LINE, id="1.1", informative=True)
    with pytest.raises(EInvoiceUnwritable, match=r"line 1\.1 is for information only"):
        write(replace(FULLEST, lines=(replace(FIRST_LINE, children=(child,)),)))


def test_an_empty_text_says_as_little_as_none() -> None:
    assert write(replace(FULLEST, buyer_reference="")) == write(
        replace(FULLEST, buyer_reference=None)
    )


def test_a_discount_for_early_payment_ends_with_a_line_break() -> None:
    assert b"#SKONTO#TAGE=7#PROZENT=2.00#\n</cbc:Note>" in write(FULLEST)
    plain = replace(FULLEST, payment_terms="30 days")
    assert b"<cbc:Note>30 days</cbc:Note>" in write(plain)


def test_the_due_date_of_a_credit_note_stands_with_the_means_of_payment() -> None:
    bare = replace(CREDIT_NOTE, payments=())
    assert b"<cbc:PaymentMeansCode>1</cbc:PaymentMeansCode>" in write(bare)
    assert b"<cbc:DueDate>" not in write(bare)
    assert read(write(bare)).payments == ()
    assert read(write(bare)).due_date == CREDIT_NOTE.due_date


def test_means_with_one_account_each_are_one_with_several() -> None:
    repeated = write(FULLEST).replace(b"<cbc:PaymentMeansCode>59", b"<cbc:PaymentMeansCode>58")
    assert [len(payment.transfers) for payment in read(repeated).payments] == [1, 1]
    assert [len(payment.transfers) for payment in read(write(FULLEST)).payments] == [2]


def test_the_creditor_of_a_direct_debit_stands_with_who_is_paid() -> None:
    to_seller = replace(FULLEST, payee=None)
    written = write(to_seller)
    seller = written.index(b"DE98ZZZ09999999999")
    assert seller < written.index(b"<cac:AccountingCustomerParty>")
    assert read(written) == to_seller
    assert write(FULLEST).index(b"DE98ZZZ09999999999") > write(FULLEST).index(b"<cac:PayeeParty>")


def test_without_a_direct_debit_the_number_of_a_creditor_is_an_identifier() -> None:
    seller = replace(SELLER, identifiers=(model.Identifier(id="DE98", scheme="SEPA"),))
    invoice = replace(FULLEST, seller=seller, payments=(Payment(code="10"),))
    assert read(write(invoice)) == invoice


def test_a_norwegian_tax_number_is_under_the_scheme_that_norway_looks_for() -> None:
    assert SELLER.address is not None
    norwegian = replace(SELLER, address=replace(SELLER.address, country="NO"))
    assert b"<cbc:ID>TAX</cbc:ID>" in write(replace(FULLEST, seller=norwegian))
    assert b"<cbc:ID>FC</cbc:ID>" in write(FULLEST)


def test_a_party_without_a_legal_name_goes_by_its_other_one() -> None:
    legal = b"<cbc:RegistrationName>Beispiel Bau GmbH</cbc:RegistrationName>"
    found = read(write(FULLEST).replace(legal, b"")).seller
    assert (found.name, found.trading_name) == ("Beispiel Bau", None)


def test_a_zone_after_a_date_is_dropped_and_spaces_in_text_are_one() -> None:
    changed = write(FULLEST).replace(b">2024-02-01<", b">2024-02-01+01:00<")
    changed = changed.replace(b">REF-1<", b">\n  REF-1\t <").replace(b">true<", b">1<")
    assert read(changed) == FULLEST
