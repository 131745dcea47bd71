"""The EPC code: the payload to the letter, and no code where a transfer is not possible."""

import re
import xml.etree.ElementTree as ET

import pytest
import segno
import segno.helpers
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.payment_code import payload, svg

IBAN = "DE89370400440532013000"


def code(**changes):
    given_ = {
        "holder": "Kontor Nord GmbH",
        "iban": IBAN,
        "bic": "COBADEFFXXX",
        "amount": "29315.91",
        "currency": "EUR",
        "remittance": "2026-1413",
    }
    return payload(**(given_ | changes))


def test_the_payload_follows_the_guideline_line_by_line():
    assert code().split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "COBADEFFXXX",
        "Kontor Nord GmbH",
        IBAN,
        "EUR29315.91",
        "",
        "",
        "2026-1413",
    ]


def test_another_implementation_makes_the_same_picture():
    theirs = segno.helpers.make_epc_qr(
        name="Kontor Nord GmbH",
        iban=IBAN,
        amount="29315.91",
        text="2026-1413",
        bic="COBADEFFXXX",
        encoding="utf-8",
    )
    assert theirs.designator == "6-M"
    assert svg(code()) == theirs.svg_inline(border=0, omitsize=True)


@pytest.mark.parametrize(
    "changes, why",
    [
        ({"currency": "USD"}, "the scheme is euro only"),
        ({"currency": "CHF"}, "the scheme is euro only"),
        ({"amount": "0.00"}, "below the least amount"),
        ({"amount": "-5.00"}, "a credit is not paid"),
        ({"amount": "1000000000.00"}, "above the greatest amount"),
        ({"amount": "1.005"}, "not on a cent"),
        ({"iban": ""}, "no account"),
        ({"iban": "12345678"}, "not an IBAN"),
        ({"iban": "DE88370400440532013000"}, "wrong check digits"),
        ({"holder": "  "}, "nobody to pay"),
    ],
)
def test_there_is_no_code_where_no_transfer_is_possible(changes, why):
    assert code(**changes) is None, why


@pytest.mark.parametrize("amount", ["0.01", "0.1", "5", "999999999.99"])
def test_amounts_within_the_scheme_have_a_code_with_two_decimals(amount):
    assert re.fullmatch(r"EUR\d+\.\d\d", code(amount=amount).split("\n")[7])


def test_an_iban_may_be_written_in_groups_and_small_letters():
    assert code(iban="de89 3704 0044 0532 0130 00") == code()


def test_a_missing_or_malformed_bic_is_left_out():
    assert code(bic=None).split("\n")[4] == ""
    assert code(bic="nonsense!").split("\n")[4] == ""
    assert code(bic="COBADEFF").split("\n")[4] == "COBADEFF"


def test_long_texts_are_cut_to_what_the_scheme_carries():
    fields = code(holder="N" * 100, remittance="R" * 200).split("\n")
    assert fields[5] == "N" * 70
    assert fields[10] == "R" * 140


def test_a_payload_beyond_331_bytes_has_no_code():
    assert code(holder="Ж" * 70, remittance="Ж" * 140) is None


@given(st.text(), st.text())
def test_no_text_of_a_caller_can_add_a_line(holder, remittance):
    text = code(holder=f"A{holder}", remittance=remittance)
    if text is not None:
        fields = text.splitlines()
        assert len(fields) <= 11
        assert fields[6] == IBAN
        assert fields[7] == "EUR29315.91"


def test_the_picture_is_square_svg_without_a_fixed_size():
    root = ET.fromstring(svg(code()))
    _, _, width, height = root.attrib["viewBox"].split()
    assert width == height
    assert int(width) <= 17 + 4 * 13
    assert "width" not in root.attrib
