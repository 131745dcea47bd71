"""DATEV files at the edges: SKR04, credit notes, ends of years, fiscal years, other currencies."""

import calendar
import io
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.accounting import extf
from invx.contexts.invoicing.adapters.accounting.files import application_of, made_at
from invx.contexts.invoicing.app.asked import ExportFile
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking, BookingKind
from tests.unit.invoicing.accounting.extf_reader import Batch, read_batch
from tests.unit.invoicing.accounting.given import SETTINGS, booking, opened, paid, written

HERE = Path(__file__).parent
D = Decimal


def batches(made: ExportFile) -> dict[str, Batch]:
    """By the month in the file's name."""
    if made.media_type != "application/zip":
        return {made.name[-11:-4]: read_batch(made.content)}
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        return {name[-11:-4]: read_batch(archive.read(name)) for name in archive.namelist()}


def credit_note(amount: str, number: str, **more: object) -> Booking:
    """What a credit note takes from revenue."""
    said = {"debit": "4400", "credit": DEBTOR, "document_number": number, "due_date": None}
    return booking(amount, **{**said, "receivable": -D(amount), **more})


def test_a_month_by_skr04_with_credit_notes_as_datev_gets_it() -> None:
    """The golden file was held against DATEV's description of the format, field by field."""
    food = {"tax_rate": D(7), "tax": D("7.00"), "credit": "4300"}
    march = {"booked_on": date(2026, 3, 31), "period": "2026-03", "due_date": None}
    first = booking("1190.00", credit="4400", **march)
    note = credit_note("119.00", "GS-2026-0001", **{**march, "sequence": 3})
    said = [
        first,
        booking("107.00", document_number="RE-2026-0002", sequence=2, **{**march, **food}),
        note,
        credit_note(
            "21.40",
            "GS-2026-0002",
            debit="4300",
            tax_rate=D(7),
            tax=D("1.40"),
            **{**march, "sequence": 4},
        ),
        booking(
            "119.00",
            document_number="GS-2026-0001",
            reverses=note.booking_id,
            **{**march, "sequence": 5, "credit": "4400"},
        ),
        paid("1166.20", debit="1800", **{**march, "sequence": 6}),
        paid(
            "23.80",
            kind=BookingKind.DISCOUNT,
            debit="4736",
            tax_key="3",
            **{**march, "sequence": 7},
        ),
        paid(
            "21.40",
            kind=BookingKind.REFUND,
            document_number="GS-2026-0002",
            **{**march, "sequence": 8, "debit": DEBTOR, "credit": "1800"},
        ),
        paid(
            "107.00",
            kind=BookingKind.WRITE_OFF,
            document_number="RE-2026-0002",
            **{**march, "sequence": 9, "debit": "6930", "tax_key": "2"},
        ),
    ]
    made = written(said, chart="04", label="März", fixed=True)
    shown = made.content.decode("cp1252").replace("\r\n", "\n")
    assert shown == (HERE / "skr04.csv").read_text()
    balances = read_batch(made.content).balances
    assert balances == {
        "4400": D("-1190.00"),
        "4300": D("-85.60"),
        "1800": D("1144.80"),
        "4736": D("23.80"),
        "6930": D("107.00"),
    }, "what was invoiced less what was credited; no buyer owes a cent"


# booked on, first month of the fiscal year, its first day, the last day of the month
YEARS = [
    ("2026-01-01", 1, "20260101", "20260131"),
    ("2026-12-31", 1, "20260101", "20261231"),
    ("2024-02-29", 1, "20240101", "20240229"),
    ("2024-02-29", 3, "20230301", "20240229"),
    ("2024-03-01", 3, "20240301", "20240331"),
    ("2023-02-28", 2, "20230201", "20230228"),
    ("2100-02-28", 1, "21000101", "21000228"),  # no leap year
    ("2026-06-30", 7, "20250701", "20260630"),
    ("2026-07-01", 7, "20260701", "20260731"),
    ("2026-11-30", 12, "20251201", "20261130"),
    ("2026-12-01", 12, "20261201", "20261231"),
    ("1999-12-31", 10, "19991001", "19991231"),
]


@pytest.mark.parametrize(("on", "begins", "year", "last"), YEARS)
def test_a_file_lies_in_its_month_and_fiscal_year(
    on: str, begins: int, year: str, last: str
) -> None:
    day = date.fromisoformat(on)
    made = written([booking(booked_on=day, due_date=day)], year_begins=begins)
    [(month, batch)] = batches(made).items()
    assert month == on[:7]
    assert (batch.header[12], batch.header[14], batch.header[15]) == (
        year,
        on[:7].replace("-", "") + "01",
        last,
    )
    [line] = batch.lines
    assert (line.field(10), line.field(117)) == (f"{day:%d%m}", f"{day:%d%m%Y}")


@given(
    st.lists(st.dates(date(1999, 1, 1), date(2101, 12, 31)), min_size=1, max_size=20).map(sorted),
    st.integers(1, 12),
)
def test_any_days_fall_into_the_files_of_their_months(days: list[date], begins: int) -> None:
    said = [booking(booked_on=day, due_date=None, sequence=at) for at, day in enumerate(days, 1)]
    found = batches(written(said, year_begins=begins))
    told = [
        (month, line.field(10)) for month, batch in found.items() for line in batch.lines
    ]  # the reader checks that each day is one of its month
    assert told == [(f"{day:%Y-%m}", f"{day:%d%m}") for day in days]
    for month, batch in found.items():
        first = date.fromisoformat(f"{month}-01")
        year = date.fromisoformat(batch.header[12])
        assert (year.day, year.month) == (1, begins)
        assert year <= first < date(year.year + 1, begins, 1)
        assert batch.header[15].endswith(str(calendar.monthrange(first.year, first.month)[1]))


def test_a_file_says_when_its_export_was_opened_by_the_clock_of_the_entity() -> None:
    """Half past eleven at night in UTC is another day, and another year, elsewhere."""
    late = replace(opened(), opened_at=opened().opened_at.replace(month=12, day=31))
    zones = {"Europe/Berlin": "2027-01-01 00:30", "America/New_York": "2026-12-31 18:30"}
    for zone, expected in zones.items():
        moment = made_at(replace(late, settings=replace(SETTINGS, time_zone=zone)))
        assert f"{moment:%Y-%m-%d %H:%M}" == expected


def test_the_origin_of_a_file_has_sixteen_characters() -> None:
    for export_id in (UUID(int=0), UUID(int=2**128 - 1), opened().export_id):
        told = application_of(export_id)
        assert (len(told), told[:4]) == (16, "Invx")


@pytest.mark.parametrize(
    ("currency", "amount", "told"),
    [
        ("JPY", "119000", "119000,00"),  # no minor unit, and still two places in the format
        ("HUF", "0.01", "0,01"),
        ("CHF", "9999999999.99", "9999999999,99"),
        ("KWD", "1.230", "1,23"),  # three places, the last of which says nothing
    ],
)
def test_books_in_another_currency_say_so_in_the_first_line_and_in_each(
    currency: str, amount: str, told: str
) -> None:
    said = booking(amount, currency=currency, book_currency=currency)
    [batch] = batches(written([said])).values()
    assert batch.header[21] == currency
    [line] = batch.lines
    assert (line.field(1), line.field(3), line.field(24)) == (told, currency, "")


@pytest.mark.parametrize("amount", ["1.234", "0.001", "-0.01", "10000000000"])
def test_an_amount_that_is_none_of_the_format_is_refused_and_never_rounded(amount: str) -> None:
    with pytest.raises(extf.NotInDatev, match="of RE-2026-0001"):
        written([booking(amount, currency="KWD", book_currency="KWD")])


def test_what_was_agreed_in_yen_stands_beside_the_euros() -> None:
    said = booking(
        "19000",
        currency="JPY",
        booked_amount=D("116.51"),
        exchange_rate=D("0.006132"),
    )
    [batch] = batches(written([said])).values()
    [line] = batch.lines
    assert (line.amount, line.field(3)) == (D("116.51"), "EUR")
    assert line.field(24) == "19000 JPY zum Kurs 0.006132"
    unrated = replace(said, exchange_rate=None)
    [batch] = batches(written([unrated])).values()
    assert batch.lines[0].field(24) == "19000 JPY"


@pytest.mark.parametrize(
    ("country", "rate", "home", "member", "told"),
    [
        ("FR", "20", "DE", "FR", "20,00"),
        ("GR", "24", "DE", "EL", "24,00"),
        ("FI", "25.5", "DE", "FI", "25,50"),
        ("FR", "2.1", "DE", "FR", "02,10"),
        ("DE", "19", "AT", "DE", "19,00"),
        ("DE", "19", "DE", "", ""),
        ("GB", "20", "DE", "", ""),
        ("FR", "0", "DE", "", ""),
        (None, "19", "DE", "", ""),
    ],
)
def test_a_credit_note_of_a_one_stop_shop_names_state_and_rate_like_its_invoice(
    country: str | None, rate: str, home: str, member: str, told: str
) -> None:
    place = {"country": country, "tax_rate": D(rate), "credit": "8320"}
    note = {**place, "debit": "8320", "credit": DEBTOR, "document_number": "GS-1", "sequence": 2}
    [batch] = batches(written([booking(**place), booking(**note)], country=home)).values()
    assert [(line.field(40), line.field(41)) for line in batch.lines] == [(member, told)] * 2
    assert [line.field(2) for line in batch.lines] == ["S", "H"]
    assert batch.balances == {}
