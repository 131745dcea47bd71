"""Texts of a foreign file as values: never guessed where two readings are possible."""

import re
from datetime import date, timedelta
from decimal import Decimal

from invx.kernel.errors import Problem

_DAY_ZERO = date(1899, 12, 30)  # of Excel
_SERIAL = re.compile(r"[2-7][0-9]{4}(\.[0-9]+)?")  # 1954 to 2119; the time is behind the dot
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?: .*)?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?: .*)?")
_GAP = r"[\s\u00a0\u202f'’]"
_CURRENCY = r"EUR|USD|CHF|GBP|[€$£¥]"
_AROUND = re.compile(f"{_GAP}|{_CURRENCY}", re.IGNORECASE)
# 1€50, and gaps that do not stand between thousands.
_BROKEN = re.compile(
    rf"\d{_GAP}*(?:{_CURRENCY}){_GAP}*[\d.,]|\d{_GAP}+(?!\d{{3}}(?!\d))[\d.,]|[.,]{_GAP}+\d",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"\d+(\.\d+)?")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_CENTURY, _SHORT = 2000, 99  # a year of two digits


class Unreadable(ValueError):
    """What cannot be read, with a code and a sentence for whoever made the file."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail

    def at(self, pointer: str) -> Problem:
        """As the problem of a field."""
        return Problem(pointer, self.code, self.detail)


def number_of(text: str, decimal: str | None) -> Decimal:
    """An exact number. `decimal` is the sign before decimals; None where the file does not say.

    Raises Unreadable: for what is no number, what a spreadsheet has shortened (1.2E+11), and what
    may be thousands or thousandths (1.234) while nobody said which.
    """
    if SCIENTIFIC.fullmatch(text.strip()):
        detail = "A spreadsheet has shortened this number; format the column as text or number."
        raise Unreadable("number_shortened", detail)
    if _BROKEN.search(text):
        raise Unreadable("number_malformed", "Something stands in the middle of this number.")
    bare, negative = _signed(_AROUND.sub("", text))
    if decimal is None:
        decimal = _decimal_of(bare)
    other = "," if decimal == "." else "."
    whole = bare.replace(other, "") if _is_grouped(bare, other, decimal) else bare
    plain = whole.replace(decimal, ".")
    if not _PLAIN.fullmatch(plain) or not plain.isascii():
        raise Unreadable("number_malformed", f"This is no number with {decimal!r} for decimals.")
    found = Decimal(plain)
    return -found if negative and found else found


def _signed(text: str) -> tuple[str, bool]:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1], True
    if text.endswith("-"):
        return text[:-1], True
    if text.startswith(("-", "−")):
        return text[1:], True
    return text.removeprefix("+"), False


def _decimal_of(text: str) -> str:
    """The sign before decimals, where the number itself leaves no doubt."""
    dots, commas = text.count("."), text.count(",")
    if dots and commas:
        return "." if text.rfind(".") > text.rfind(",") else ","
    sign = "," if commas else "."
    if dots + commas > 1:
        return "." if sign == "," else ","
    if dots + commas == 1 and _GROUPED.fullmatch(text):
        detail = "This may be thousands or thousandths: state `decimal` in the mapping."
        raise Unreadable("number_ambiguous", detail)
    return sign


def _is_grouped(text: str, other: str, decimal: str) -> bool:
    """Whether the other sign stands between thousands only."""
    head, _, decimals = text.partition(decimal)
    if other in decimals:  # 1,500.00 read with a decimal comma would be one and a half
        return False
    return other not in head or _GROUPED.fullmatch(head.replace(other, ",")) is not None


def day_of(text: str, form: str | None) -> date:
    """A day: ISO and German dates and Excel's count of days as they are; others as `form` says.

    Raises Unreadable.
    """
    text = text.strip()
    if found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    elif found := _GERMAN.fullmatch(text):
        day, month, year = found.groups()
    elif found := _SLASHES.fullmatch(text):
        day, month, year = found.groups()
        if form == "MM/DD/YYYY":
            day, month = month, day
        elif form != "DD/MM/YYYY":
            detail = "State `date` in the mapping: DD/MM/YYYY or MM/DD/YYYY."
            raise Unreadable("date_ambiguous", detail)
    elif _SERIAL.fullmatch(text):
        return _DAY_ZERO + timedelta(days=int(text.partition(".")[0]))
    else:
        raise Unreadable("date_malformed", "This is no date that can be read.")
    try:
        return date(int(year) + (0 if int(year) > _SHORT else _CENTURY), int(month), int(day))
    except ValueError:
        raise Unreadable("date_malformed", "There is no such day.") from None


_CREDITS = frozenset(
    "credit_note credit creditnote gutschrift rechnungskorrektur storno stornorechnung 381"
    " refund avoir customer_credit_note".split()
)
_INVOICES = frozenset(
    "invoice rechnung re inv 380 facture ausgangsrechnung customer_invoice".split()
)


def is_credit(text: str) -> bool:
    """Whether the word for a document's type is one for credit notes. Raises Unreadable."""
    word = text.strip().casefold().replace(" ", "_")
    if word in _CREDITS or word.replace("_", "") in _CREDITS:
        return True
    if word in _INVOICES:
        return False
    raise Unreadable("type_unknown", "Say `invoice` or `credit_note`.")


def text_of(text: str, chars_max: int) -> str:
    """A text without control characters that is not too long. Raises Unreadable."""
    if len(text) > chars_max:
        raise Unreadable("too_long", f"At most {chars_max} characters.")
    if any((char < " " and char not in "\r\n\t") or char == "\x7f" for char in text):
        raise Unreadable("control_characters", "Control characters are not allowed.")
    return text
