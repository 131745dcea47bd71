"""Bookings as DATEV's booking batch: category 21, format version 13, one file per month.

A line says the day and the month of a booking, not its year, so a file must lie within one fiscal
year; DATEV advises one per posting period. Amounts are those of the books: what was agreed in
another currency stands beside them as a note of the line, because DATEV takes a currency of its own
only where its bookkeeping is set up for it.
"""

import calendar
import re
from datetime import date, datetime
from decimal import Decimal

from invx.contexts.invoicing.adapters.accounting import extf
from invx.contexts.invoicing.adapters.accounting.extf_columns import BOOKINGS
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import ExportedBooking
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking, BookingKind
from invx.kernel.ids import typeid

_BOOKING = "bkg"  # as the API shows these ids
_HUNDREDTH = Decimal("0.01")
_COST = re.compile(r"[A-Za-z0-9_ ]+", re.ASCII)
_TAX_KEY = re.compile(r"[0-9]{1,4}", re.ASCII)
_WORDS = {
    BookingKind.REVENUE: "Rechnung",
    BookingKind.PAYMENT: "Zahlung",
    BookingKind.REFUND: "Rückzahlung",
    BookingKind.DISCOUNT: "Skonto",
    BookingKind.WRITE_OFF: "Forderungsausfall",
    BookingKind.WITHHOLDING: "Steuereinbehalt",
    BookingKind.EXCHANGE: "Kursdifferenz",
    BookingKind.RECOGNITION: "Abgrenzung",
    BookingKind.ROUNDING: "Rundung",
    BookingKind.OPENING_BALANCE: "Saldovortrag",
    BookingKind.ALLOCATION: "Verrechnung",
}
# Members of the European Union, as DATEV wants them named (EL for Greece).
MEMBERS = {
    each: {"GR": "EL"}.get(each, each)
    for each in (
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
    )
}
_CREDITED = "Gutschrift"
_TAKEN_BACK = "Storno"


def header(
    settings: ExportSettings, made_at: datetime, month: date, currency: str, application: str
) -> str:
    """The first line of the file of a month. Raises NotInDatev."""
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    if settings.consultant is None or settings.client is None:
        raise extf.NotInDatev("The numbers of consultant and client are missing.")
    return extf.Header(
        category=21,
        name="Buchungsstapel",
        version=13,
        made_at=made_at,
        consultant=settings.consultant,
        client=settings.client,
        year_start=settings.year_of(month),
        account_length=settings.account_length,
        first=month,
        last=last,
        label=settings.label or f"Debitoren {month:%m-%Y}",
        dictation_code=settings.dictation_code,
        fixed=settings.fixed,
        currency=currency,
        chart=settings.chart,
        application=application,
    ).line()


def headings() -> str:
    """The second line."""
    return BOOKINGS.headings()


def line(exported: ExportedBooking, settings: ExportSettings) -> str | None:
    """The line of a booking; None where it moves nothing in the books. Raises NotInDatev.

    The buyer's account comes first, or that of clearing, so the tax key is that of the other one.
    Between two documents
    of a buyer the money goes over the clearing account: a line for each document, and DATEV's open
    items fit ours.
    """
    booking = exported.booking
    if not booking.booked_amount:
        return None
    own, other, side = booking.debit, booking.credit, "S"
    if own == other == DEBTOR:
        own, other, side = DEBTOR, settings.clearing, "S" if booking.receivable > 0 else "H"
    elif other == DEBTOR or (own != DEBTOR and other == settings.clearing):
        own, other, side = other, own, "H"
    konto = exported.debtor if own == DEBTOR else account(own, settings, booking)
    values = {
        **_common(booking, settings),
        "Soll/Haben-Kennzeichen": side,
        "Konto": konto,
        "Gegenkonto (ohne BU-Schlüssel)": account(other, settings, booking),
    }
    return BOOKINGS.line(values)


def account(number: str, settings: ExportSettings, booking: Booking) -> str:
    """A ledger account with as many digits as the books have: 8400 is 84000 where those are five.

    Raises NotInDatev.
    """
    length = settings.account_length
    if not number.isdecimal() or not number.isascii() or len(number) > length:
        raise extf.NotInDatev(f"{_what(booking)}: {number} is no account of {length} digits.")
    return number.ljust(length, "0")


def _common(booking: Booking, settings: ExportSettings) -> dict[str, str]:
    values = {
        "Umsatz (ohne Soll/Haben-Kz)": extf.figure(booking.booked_amount, _what(booking)),
        "WKZ Umsatz": booking.book_currency,
        "BU-Schlüssel": _tax_key(booking),
        "Belegdatum": extf.short_day(booking.booked_on),
        "Belegfeld 1": extf.key(booking.document_number, 36),
        "Buchungstext": extf.text(words(booking), 60),
        "KOST1 - Kostenstelle": extf.key(booking.cost_center or "", 36, _COST),
        "KOST2 - Kostenstelle": extf.key(booking.cost_object or "", 36, _COST),
        "Festschreibung": "1" if settings.fixed else "0",
        **_notes(booking),
        **_abroad(booking, settings),
    }
    if booking.kind is BookingKind.REVENUE:
        values["Beleglink"] = f'BEDI "{booking.document_id}"'
        values["Fälligkeit"] = extf.day(booking.due_date)
    if settings.service_dates and booking.service_date is not None:
        values["Leistungsdatum"] = extf.day(booking.service_date)
        values["Datum Zuord. Steuerperiode"] = extf.day(booking.service_date)
    return values


def _notes(booking: Booking) -> dict[str, str]:
    """What a line cannot say in a field of its own: our id, a number that was changed, currency."""
    said = [("Invx-Buchung", typeid(_BOOKING, booking.booking_id))]
    if extf.key(booking.document_number, 36) != booking.document_number:
        said.append(("Rechnungsnummer", booking.document_number))
    if booking.currency != booking.book_currency and booking.amount:
        rate = f" zum Kurs {booking.exchange_rate:f}" if booking.exchange_rate else ""
        said.append(("Fremdwährung", f"{booking.amount:f} {booking.currency}{rate}"))
    values = {}
    for number, (kind, content) in enumerate(said, 1):
        values[f"Beleginfo - Art {number}"] = kind
        values[f"Beleginfo - Inhalt {number}"] = extf.text(content, 210)
    return values


def _abroad(booking: Booking, settings: ExportSettings) -> dict[str, str]:
    """The member state of destination and its rate: for sales that a one-stop shop reports."""
    member, rate = MEMBERS.get(booking.country or ""), booking.tax_rate
    if not rate or member is None or booking.country == settings.country:
        return {}
    return {
        "EU-Land u. UStID (Bestimmung)": member,
        "EU-Steuersatz (Bestimmung)": f"{rate.quantize(_HUNDREDTH):05f}".replace(".", ","),
    }


def _tax_key(booking: Booking) -> str:
    if booking.tax_key is None:
        return ""
    if not _TAX_KEY.fullmatch(booking.tax_key):
        raise extf.NotInDatev(f"{_what(booking)}: {booking.tax_key} is no tax key.")
    return booking.tax_key.zfill(4)


def words(booking: Booking) -> str:
    """What happened, in German, with the number of the document; nobody is named."""
    back = booking.reverses is not None
    # What takes a booking back stands on its other side.
    credited = (booking.debit if back else booking.credit) == DEBTOR
    word = _CREDITED if credited and booking.kind is BookingKind.REVENUE else _WORDS[booking.kind]
    told = f"{word} {booking.document_number}"
    return f"{_TAKEN_BACK} {told}" if back else told


def _what(booking: Booking) -> str:
    return f"{booking.kind} of {booking.document_number}"
