"""The envelope of DATEV's format (EXTF, header 700): texts, keys, figures, days, and its lines.

Source: developer.datev.de, "DATEV-Format", as of 2024: fields are separated by semicolons, lines
end in CR LF, texts stand in quotation marks also when they are empty, the point is a comma, the
character set is ANSI (Windows-1252).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from invx.kernel.errors import Conflict, invariant, violated

_CUT = "…"
_MARK_CHARS = 7  # an underscore and six digits of a hash
_UNITS_MAX = Decimal("9999999999.99")
_CENT = Decimal("0.01")
_KEY = re.compile(r"[A-Za-z0-9_$&%*+\-/]+", re.ASCII)
# Letters that no decomposition leads to the character set.
_LETTERS = str.maketrans(
    {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ı": "i", "Ŧ": "T", "ŧ": "t"}
)


class NotInDatev(Conflict):
    """A booking cannot be said in DATEV's format; the detail names it and its document."""

    code = "not_in_datev"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a line. `length` is that of a text; None says that it is a figure or a day."""

    name: str
    length: int | None = None


class Layout:
    """The columns of a format."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self._blank = ["" if column.length is None else '""' for column in columns]
        self._places = {column.name: (place, column) for place, column in enumerate(columns)}

    def line(self, values: Mapping[str, str]) -> str:
        """A line; texts are quoted, and what is not said is empty. Raises InvariantViolation."""
        fields = self._blank.copy()
        for name, value in values.items():
            if (found := self._places.get(name)) is None:
                violated(f"there is no field {name}")
            place, column = found
            fields[place] = _field(column, value)
        return ";".join(fields)

    def headings(self) -> str:
        """The second line of a file."""
        return ";".join(column.name for column in self.columns)


def encoded(lines: Sequence[str]) -> bytes:
    """Lines as they stand in a file."""
    return "".join(f"{each}\r\n" for each in lines).encode("cp1252")


def _field(column: Column, value: str) -> str:
    if column.length is None:
        return value
    invariant(len(value) <= column.length, f"{column.name} is longer than {column.length}")
    return quoted(value)


def quoted(text: str) -> str:
    """A text in quotation marks, those in it doubled."""
    return '"' + text.replace('"', '""') + '"'


def text(said: str | None, length: int) -> str:
    """A text in the character set, without control characters, shortened with an ellipsis."""
    plain = said or ""
    if not (plain.isascii() and plain.isprintable()):
        plain = "".join(map(_char, plain.translate(_LETTERS)))
    plain = " ".join(plain.split())
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + _CUT


def _char(char: str) -> str:
    if unicodedata.category(char)[0] in "CZ":
        return " "
    if _fits(char):
        return char
    parts = unicodedata.normalize("NFKD", char)
    bare = "".join(each for each in parts if not unicodedata.combining(each))
    return bare if bare and _fits(bare) else "?"


def _fits(said: str) -> bool:
    try:
        said.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def key(said: str, length: int, allowed: re.Pattern[str] = _KEY) -> str:
    """A key as it is; where the format cannot hold it, one that shows it and stays another's.

    Two keys never become one: what is changed ends in an underscore and a hash of the whole.
    """
    if not said or (len(said) <= length and allowed.fullmatch(said)):
        return said
    bare = "".join(each for each in said if allowed.fullmatch(each))
    return f"{bare[: length - _MARK_CHARS]}_{sha256(said.encode()).hexdigest()[:6].upper()}"


def figure(amount: Decimal, what: str) -> str:
    """An amount: positive, two decimals behind a comma, ten digits before it. Raises NotInDatev."""
    if not 0 < amount <= _UNITS_MAX:
        raise NotInDatev(f"{what}: {amount} is no amount that the format can hold.")
    if amount != amount.quantize(_CENT):
        raise NotInDatev(f"{what}: {amount} has more than two decimals.")
    return f"{amount.quantize(_CENT):f}".replace(".", ",")


def short_day(day: date) -> str:
    """TTMM: the year is that of the file."""
    return f"{day:%d%m}"


def day(said: date | None) -> str:
    """TTMMJJJJ."""
    return f"{said:%d%m%Y}" if said else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of a file, all its 31 fields. Days are None for master data."""

    category: int
    name: str
    version: int
    made_at: datetime  # in the zone of the legal entity
    consultant: int
    client: int
    year_start: date
    account_length: int
    first: date | None = None
    last: date | None = None
    label: str = ""
    dictation_code: str = ""
    fixed: bool = False
    currency: str = ""
    chart: str = ""
    application: str = ""  # of ours, at most 16 characters

    def line(self) -> str:
        """The line; what master data does not say is empty."""
        postings = self.first is not None
        moment = f"{self.made_at:%Y%m%d%H%M%S}{self.made_at.microsecond // 1000:03}"
        return ";".join(
            [
                '"EXTF"',
                "700",
                str(self.category),
                quoted(self.name),
                str(self.version),
                moment,
                "",  # imported at
                '"RE"',
                '"Invx"',
                '""',  # imported by
                str(self.consultant),
                str(self.client),
                f"{self.year_start:%Y%m%d}",
                str(self.account_length),
                f"{self.first:%Y%m%d}" if self.first else "",
                f"{self.last:%Y%m%d}" if self.last else "",
                quoted(text(self.label, 30)),
                quoted(self.dictation_code),
                "1" if postings else "",  # financial accounting
                "0" if postings else "",  # for all purposes
                ("1" if self.fixed else "0") if postings else "",
                quoted(self.currency),
                "",
                '""',
                "",
                "",
                quoted(self.chart),
                "",
                "",
                '""',
                quoted(self.application),
            ]
        )
