"""DATEV booking batches, read back by a reader of their own."""

import io
import zipfile
from collections import defaultdict
from datetime import date
from decimal import Decimal
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.accounting.extf import NotInDatev
from invx.contexts.invoicing.adapters.accounting.extf_columns import BOOKINGS, DEBTORS
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking, BookingKind
from tests.unit.invoicing.accounting.extf_reader import Batch, Line, lines_of, read_batch
from tests.unit.invoicing.accounting.given import INVOICE, booking, paid, written


def batch(*bookings: Booking, **more: object) -> Batch:
    return read_batch(written(bookings, **more).content)  # type: ignore[arg-type]


def line(said: Booking, **more: object) -> Line:
    [only] = batch(said, **more).lines
    return only


def test_the_formats_have_as_many_columns_as_datev_says() -> None:
    assert (len(BOOKINGS.columns), len(DEBTORS.columns)) == (125, 254)
    places = {1: "Umsatz (ohne Soll/Haben-Kz)", 20: "Beleglink", 37: "KOST1 - Kostenstelle"}
    places |= {88: "Stück", 103: "Buchungs GUID", 114: "Festschreibung", 125: "Abw. Skontokonto"}
    assert {number: BOOKINGS.columns[number - 1].name for number in places} == places


def test_the_first_line_says_whose_batch_it_is_and_when_it_was_made() -> None:
    made = written([booking()], label="November", dictation_code="WD", fixed=True)
    assert made.name == "EXTF_Buchungsstapel_2026-11.csv"
    assert lines_of(made.content)[0] == (
        '"EXTF";700;21;"Buchungsstapel";13;20261201003015123;;"RE";"Invx";"";29098;55003;'
        '20260101;4;20261101;20261130;"November";"WD";1;0;1;"EUR";;"";;;"03";;;"";'
        '"Invx0000000000aa"'
    )


def test_a_fiscal_year_begins_with_its_month() -> None:
    assert batch(booking(), year_begins=7).header[12] == "20260701"
    assert batch(booking(), year_begins=12).header[12] == "20251201"


def test_the_buyers_account_comes_first_and_the_tax_key_belongs_to_the_other() -> None:
    said = line(booking(tax_key="9", automatic=False))
    assert (said.field(2), said.field(7), said.field(8), said.field(9)) == (
        "S",
        "10000",
        "8400",
        "0009",
    )
    credited = line(booking(debit="8400", credit=DEBTOR, receivable=Decimal("-119.00")))
    assert (credited.field(2), credited.field(7), credited.field(8)) == ("H", "10000", "8400")
    assert credited.field(14) == "Gutschrift RE-2026-0001"


def test_a_line_says_day_number_due_date_and_the_document() -> None:
    said = line(booking())
    assert (said.field(10), said.field(11), said.field(117)) == ("0511", "RE-2026-0001", "19112026")
    assert said.field(14) == "Rechnung RE-2026-0001"
    assert said.field(20) == f'BEDI "{INVOICE}"'
    assert line(paid()).field(20) == ""
    assert line(paid()).field(14) == "Zahlung RE-2026-0001"


def test_days_of_supply_are_told_only_where_datev_is_set_up_for_them() -> None:
    supplied = booking(service_date=date(2026, 10, 30))
    assert line(supplied).field(115) == ""
    told = line(supplied, service_dates=True)
    assert told.field(115) == told.field(116) == "30102026"


def test_between_two_documents_of_a_buyer_money_goes_over_clearing() -> None:
    same = {"kind": BookingKind.ALLOCATION, "debit": DEBTOR, "credit": DEBTOR}
    invoice = paid("50.00", receivable=Decimal("-50.00"), **same)
    note = paid("50.00", receivable=Decimal("50.00"), document_number="GS-1", **same)
    read = batch(invoice, note)
    assert [(each.debit, each.credit) for each in read.lines] == [
        ("1590", "10000"),
        ("10000", "1590"),
    ]
    assert [each.field(11) for each in read.lines] == ["RE-2026-0001", "GS-1"]
    assert read.balances == {}
    assert line(invoice, chart="04").debit == "1370"


def test_a_tax_key_never_falls_on_clearing() -> None:
    """Paid although it was written off: the tax comes back without the buyer's account moving."""
    given_up = {"kind": BookingKind.WRITE_OFF, "tax_key": "2", "receivable": Decimal(0)}
    for debit, credit in (("2405", "1590"), ("1590", "2405")):
        said = line(booking(debit=debit, credit=credit, **given_up))
        assert (said.debit, said.credit) == (debit, credit)
        assert (said.field(7), said.field(8), said.field(9)) == ("1590", "2405", "0002")


def test_each_month_is_a_file_of_its_own() -> None:
    late = booking(booked_on=date(2025, 12, 31), period="2025-12")
    made = written([late, booking()])
    assert made.media_type == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(made.content))
    assert archive.namelist() == [
        "EXTF_Buchungsstapel_2025-12.csv",
        "EXTF_Buchungsstapel_2026-11.csv",
    ]
    old = read_batch(archive.read("EXTF_Buchungsstapel_2025-12.csv"))
    assert (old.header[12], old.header[14], old.header[15]) == ("20250101", "20251201", "20251231")
    assert written([late, booking()]).content == made.content


def test_a_number_that_the_format_cannot_hold_is_shown_to_be_changed() -> None:
    said = line(booking(document_number="RE 2026.0001"))
    key = said.field(11)
    assert key.startswith("RE20260001_")
    assert key != line(booking(document_number="RE2026.0001")).field(11)
    assert (said.field(23), said.field(24)) == ("Rechnungsnummer", "RE 2026.0001")
    long = line(booking(document_number="R" * 50)).field(11)
    assert len(long) == 36
    assert line(paid(document_number="RE 2026.0001")).field(11) == key  # open items still match


def test_cost_centres_stand_in_their_fields() -> None:
    said = line(booking(cost_center="Vertrieb Nord", cost_object="P-17"))
    assert said.field(37) == "Vertrieb Nord"
    assert said.field(38).startswith("P17_")


def test_another_currency_is_booked_in_that_of_the_books() -> None:
    said = line(
        booking(
            "200.00",
            currency="USD",
            booked_amount=Decimal("171.23"),
            exchange_rate=Decimal("0.85615"),
        )
    )
    assert (said.amount, said.field(3)) == (Decimal("171.23"), "EUR")
    assert (said.field(23), said.field(24)) == (
        "Fremdwährung",
        "200.00 USD zum Kurs 0.85615",
    )


def test_an_exchange_difference_has_no_amount_in_the_currency() -> None:
    loss = paid(
        "0.00",
        kind=BookingKind.EXCHANGE,
        debit="2150",
        currency="USD",
        booked_amount=Decimal("1.23"),
        receivable=Decimal(0),
    )
    assert line(loss).amount == Decimal("1.23")
    assert line(loss).field(23) == ""


def test_a_sale_that_a_one_stop_shop_reports_names_the_state_and_its_rate() -> None:
    said = line(booking(credit="8320", country="GR", tax_rate=Decimal(24)))
    assert (said.field(40), said.field(41)) == ("EL", "24,00")
    assert line(booking(country="DE")).field(40) == ""
    assert line(booking(country="CH", tax_rate=Decimal("8.1"))).field(40) == ""


def test_accounts_have_as_many_digits_as_the_books() -> None:
    assert line(booking(), debtor="100000", account_length=5).field(8) == "84000"
    with pytest.raises(NotInDatev, match="RE-2026-0001: 84000 is no account of 4 digits"):
        line(booking(credit="84000"))


def test_what_moves_nothing_has_no_line() -> None:
    assert len(batch(booking("0.00"), paid()).lines) == 1
    assert batch(booking("0.00")).lines == ()  # still a file, so an export of it can be read


@pytest.mark.parametrize("amount", ["10000000000.00", "1.001"])
def test_an_amount_that_the_format_cannot_hold_is_refused(amount: str) -> None:
    with pytest.raises(NotInDatev, match="revenue of RE-2026-0001"):
        written([booking(amount)])


amounts = st.decimals(min_value="0.01", max_value="9999999.99", places=2)
accounts = st.sampled_from(["8400", "8300", "1200", "8736", "2400", DEBTOR])
numbers = st.text(min_size=1, max_size=60)


@given(
    st.lists(
        st.tuples(amounts, accounts, accounts, numbers, st.dates(date(2024, 1, 1))),
        min_size=1,
        max_size=30,
    )
)
def test_any_bookings_come_back_with_the_same_balances(
    said: list[tuple[Decimal, str, str, str, date]],
) -> None:
    made = [
        booking(
            str(amount),
            debit=debit,
            credit=credit,
            document_number=number,
            booked_on=min(on, date(2099, 12, 31)),
            due_date=None,
            sequence=place,
            booking_id=uuid5(INVOICE, str(place)),
        )
        for place, (amount, debit, credit, number, on) in enumerate(said)
    ]
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for each in made:
        debit, credit = ("10000" if side == DEBTOR else side for side in (each.debit, each.credit))
        if each.debit == each.credit == DEBTOR:
            credit = "1590"
        expected[debit] += each.booked_amount
        expected[credit] -= each.booked_amount
    made.sort(key=lambda each: each.booked_on)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for content in _files(written(made).content):
        for account, amount in read_batch(content).balances.items():
            found[account] += amount
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in expected.items() if v}


def _files(content: bytes) -> list[bytes]:
    if not content.startswith(b"PK"):
        return [content]
    archive = zipfile.ZipFile(io.BytesIO(content))
    return [archive.read(name) for name in archive.namelist()]
