"""What people type into names and numbers, and what an importing program must never see of it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.accounting import extf
from invx.contexts.invoicing.domain.bookkeeping.booking import BookingKind
from tests.unit.invoicing.accounting.extf_reader import read_batch, split
from tests.unit.invoicing.accounting.given import booking, paid, written
from tests.unit.invoicing.accounting.strategies import anything
from tests.unit.invoicing.accounting.test_debtors import debtor, fields, values

ALLOWED = re.compile(r"[A-Za-z0-9_$&%*+\-/]{1,36}", re.ASCII)
PLACES = ("name", "line1", "line2", "postal_code", "city", "contact", "email", "phone")


@given(anything, st.integers(1, 60))
def test_a_text_is_printable_fits_and_is_settled(said: str, length: int) -> None:
    told = extf.text(said, length)
    assert len(told) <= length
    assert told.encode("cp1252").decode("cp1252") == told
    assert all(each.isprintable() for each in told.replace("\xa0", " "))
    assert told == told.strip()
    assert extf.text(told, length) == told


@given(st.text(st.sampled_from(bytes(range(32, 256)).decode("cp1252", "ignore"))))
def test_what_the_character_set_has_is_not_touched(said: str) -> None:
    plain = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    assert extf.text(said, 10_000) == plain


@given(anything.filter(bool), anything.filter(bool))
def test_two_numbers_never_become_one_key(one: str, other: str) -> None:
    first, second = extf.key(one, 36), extf.key(other, 36)
    assert ALLOWED.fullmatch(first)
    assert ALLOWED.fullmatch(second)
    assert (first == second) is (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RE 1", "RE1"),
        ("RE-1", "RE–1"),  # a dash of another kind
        ("R" * 36, "R" * 37),
        ("R" * 60 + "1", "R" * 60 + "2"),
        ("Ä", "Ö"),
        ("\u202e1", "1"),
        (" ", "  "),
        ("re1", "RE1"),
    ],
)
def test_numbers_that_look_alike_stay_apart(one: str, other: str) -> None:
    numbers = [
        [
            each.field(11)
            for each in read_batch(written([booking(document_number=said)]).content).lines
        ]
        for said in (one, other)
    ]
    assert numbers[0] != numbers[1]


HOSTILE = [
    'GmbH";"1200";"',
    "Zeile\r\nZwei\n",
    "\x0b\x1b[31mrot\x7f\x85",
    "\u202eHbmG\u202c \u2066אבג\u2069",
    "شركة الاختبار",
    '=HYPERLINK("http://x";"y")',
    "Ω" * 10_000,
    "a\u0301\u0302\u0303" * 50,
    "\U0001f469\u200d\U0001f680 Rakete",
    "；＂,",
    "\xa0\xa0 \u3000",
    "…",
]


@pytest.mark.parametrize("said", HOSTILE)
def test_no_name_breaks_out_of_its_field(said: str) -> None:
    """Quotes, line ends, directions and letters of other scripts: the line keeps its shape."""
    [told] = fields(debtor(**dict.fromkeys(PLACES, said), customer=said, tax_number=said))
    shown = {number: value for number, (value, _) in enumerate(told, 1)}
    assert (shown[1], shown[7]) == ("10000", "2")
    assert shown[2] == extf.text(said, 50)
    assert not any(char in value for value in shown.values() for char in "\r\n\x0b\x1b\x85\u202e")


@given(st.fixed_dictionaries({place: st.none() | anything for place in (*PLACES, "customer")}))
def test_any_debtor_is_one_line_of_254_fields(said: dict[str, Any]) -> None:
    [told] = fields(debtor(**said))
    assert [value for value, _ in told[:1]] == ["10000"]
    street = said["line1"] and extf.text(said["line1"], 36)
    assert told[14][0] == ("STR" if street else "")
    assert told[15][0] == (street or "")
    customer = extf.text(said["customer"], 40)
    assert customer in (told[98][0], told[136][0])


@pytest.mark.parametrize(
    ("said", "land", "number"),
    [
        ("DE811569869", "DE", "811569869"),
        ("de 811 569 869", "DE", "811569869"),
        ("EL094259216", "EL", "094259216"),
        ("ATU12345675", "AT", "U12345675"),
        ("ESX1234567L", "ES", "X1234567L"),
        ("XI110305878", "XI", "110305878"),
        ("CHE-123.456.788", None, None),  # the fields are for those of the Union
        ("GB110305878", None, None),
        ("NO123456785MVA", None, None),
        ("811569869", None, None),
        ("DEОшибка", None, None),
        ("DE" + "1" * 14, None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_vat_id_of_the_union_is_split_and_no_other(
    said: str | None, land: str | None, number: str | None
) -> None:
    told = values(debtor(vat_id=said))
    assert (told.get(9), told.get(10)) == (land, number)


@given(anything.filter(bool), anything, anything)
def test_any_number_and_cost_centre_give_a_line_that_is_read_back(
    number: str, center: str, thing: str
) -> None:
    said = booking(document_number=number, cost_center=center, cost_object=thing)
    [told] = read_batch(written([said]).content).lines
    notes = {told.field(at): told.field(at + 1) for at in (21, 23, 25)}
    if told.field(11) == number:
        assert "Rechnungsnummer" not in notes
    else:  # whoever reads the line still learns the number
        assert notes["Rechnungsnummer"] == extf.text(number, 210)
    assert told.field(14).startswith("Rechnung")


@pytest.mark.parametrize("kind", list(BookingKind))
def test_each_kind_has_a_word_and_its_reversal_says_so(kind: BookingKind) -> None:
    first = paid(kind=kind)
    back = paid(kind=kind, debit="debtor", credit="1200", reverses=first.booking_id, sequence=3)
    one, other = (each.field(14) for each in read_batch(written([first, back]).content).lines)
    assert one.endswith(" RE-2026-0001")
    assert other == f"Storno {one}"


def test_an_invoice_and_a_credit_note_that_are_voided_stay_what_they_were() -> None:
    for sides, word in ((("debtor", "8400"), "Rechnung"), (("8400", "debtor"), "Gutschrift")):
        first = booking(debit=sides[0], credit=sides[1])
        void = booking(debit=sides[1], credit=sides[0], reverses=first.booking_id, sequence=2)
        told = [each.field(14) for each in read_batch(written([first, void]).content).lines]
        assert told == [f"{word} RE-2026-0001", f"Storno {word} RE-2026-0001"]


@pytest.mark.parametrize("said", ["12345", "8%", "A1", "-1", "", " 9", "٣"])
def test_what_is_no_tax_key_is_refused_by_the_document(said: str) -> None:
    with pytest.raises(extf.NotInDatev, match=r"revenue of RE-2026-0001: .* is no tax key"):
        written([booking(tax_key=said)])


@pytest.mark.parametrize("said", ["", "84a0", "８４００", "-840", "84.0", "8400 "])
def test_what_is_no_account_is_refused_by_the_document(said: str) -> None:
    with pytest.raises(extf.NotInDatev, match=r"RE-2026-0001: .* is no account of 4 digits"):
        written([booking(credit=said)])


@pytest.mark.parametrize("missing", ["consultant", "client"])
def test_without_the_numbers_of_the_adviser_there_is_no_file(missing: str) -> None:
    with pytest.raises(extf.NotInDatev, match="consultant and client"):
        written([booking()], **{missing: None})


def test_a_label_of_anything_stands_in_the_first_line_and_nowhere_else() -> None:
    content = written([booking()], label='Q4 "Œ" ' + "東" * 40).content
    header = split(content.decode("cp1252").split("\r\n")[0])
    assert header[16] == ('Q4 "Œ" ' + "?" * 22 + "…", True)
    assert len(read_batch(content).lines) == 1
