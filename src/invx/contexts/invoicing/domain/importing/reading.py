"""Rows of a foreign file as documents, with everything that is wrong about each, row by row."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.importing.figures import FigureProblem, figures_of, lines_of
from invx.contexts.invoicing.domain.importing.item import ImportItem, ImportLine
from invx.contexts.invoicing.domain.importing.mapping import LINE_FIELDS, ImportMapping
from invx.contexts.invoicing.domain.importing.values import (
    SCIENTIFIC,
    Unreadable,
    day_of,
    is_credit,
    number_of,
    text_of,
)
from invx.contexts.invoicing.domain.party import Address, Contact, Party
from invx.kernel.errors import DomainError
from invx.kernel.limits import NAME_CHARS_MAX, TEXT_CHARS_MAX
from invx.kernel.money import exponent, quantize

T = TypeVar("T")
_CODE_CHARS_MAX = 100
_SHOWN_CHARS_MAX = 100  # of a value, in a problem
_COUNTRY_CHARS, _CURRENCY_CHARS = 2, 3
# An apostrophe before what a spreadsheet would take for a formula; 's-Gravenhage keeps its own.
_DEFUSED = re.compile(r"'(?=[=+\-@\t\r\n＝＋－＠])")
_DIGITS_MAX, _DECIMALS_MAX = 14, 15  # of any number
_RATE_MAX = 100

EXTRA = "\x00extra"  # no column: the first of the cells behind the last one
Row = tuple[int, Mapping[str, str]]  # its number in the file, and its cells by column


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """What is wrong with a row. `warning`: it is imported all the same."""

    row: int
    field: str
    column: str | None
    value: str | None
    code: str
    detail: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A document, or why there is none."""

    number: str
    row: int
    item: ImportItem | None
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Seller:
    """What of the legal entity decides how its file is read."""

    currency: str  # of its books
    country: str | None
    today: date


def read_documents(rows: Iterable[Row], mapping: ImportMapping, seller: Seller) -> Iterable[Read]:
    """The documents of a file, each with all of its rows, in the order in which they begin."""
    groups: dict[str, list[Row]] = {}
    source = mapping.fields["number"]
    for place, (row, cells) in enumerate(rows):
        said = source.constant if source.column is None else cells.get(source.column, "")
        number = (said or "").strip()
        groups.setdefault(number or f"\x00{place}", []).append((row, cells))
    for some in groups.values():
        yield _Reading(some, mapping, seller).read()


@dataclass(slots=True)
class _Reading:
    rows: Sequence[Row]
    mapping: ImportMapping
    seller: Seller
    problems: list[RowProblem] = field(default_factory=list)

    def read(self) -> Read:
        first, _ = self.rows[0]
        number = self._text("number", _CODE_CHARS_MAX) or ""
        if not number and not self._failed("number"):
            self._wrong("number", "required", "A document needs its number.")
        if SCIENTIFIC.fullmatch(number):
            detail = "A spreadsheet has shortened this number; format the column as text."
            self._wrong("number", "number_shortened", detail)
        for row, cells in self.rows:
            if EXTRA in cells:
                detail = "There are more cells than columns: is the sign between them right?"
                self._wrong("number", "extra_cells", detail, at=(row, cells[EXTRA]))
        item = self._item(number, first)
        ok = item if not any(not each.warning for each in self.problems) else None
        return Read(number, first, ok, tuple(self.problems))

    def _item(self, number: str, first: int) -> ImportItem | None:
        issued = self._needed("issue_date", self._day)
        currency = self._currency()
        if issued is not None and issued > self.seller.today:
            self._wrong("issue_date", "date_in_future", f"Today is {self.seller.today}.")
        lines = self._lines(currency)
        amounts = {name: self._amount(name, currency) for name in _AMOUNTS}
        rate = self._tax_rate("tax_rate")
        buyer = self._buyer()
        exchange = self._exchange_rate(currency)
        credit = self._credit(amounts["gross"])
        if issued is None or currency is None or buyer is None or self._is_wrong():
            return None
        try:
            stated = figures_of(
                amounts, currency, (rate, self._word("tax_category")), lines, self.mapping.tolerance
            )
        except FigureProblem as wrong:
            self._wrong(wrong.field, wrong.code, wrong.detail)
            return None
        for note in stated.notes:
            self._wrong(note.field, note.code, note.detail, warning=True)
        return ImportItem(
            row=first,
            number=number,
            type=DocumentType.CREDIT_NOTE if credit else DocumentType.INVOICE,
            issue_date=issued,
            due_date=self._day("due_date"),
            supply_date=self._day("supply_date"),
            currency=currency,
            net=stated.net,
            tax=stated.tax,
            gross=stated.gross,
            paid=stated.paid,
            paid_on=self._day("paid_on") if stated.paid else None,
            exchange_rate=exchange,
            groups=stated.groups,
            lines=lines_of(lines),
            buyer=buyer,
            notes=self._text("notes", TEXT_CHARS_MAX),
            file=self._text("file", NAME_CHARS_MAX),
        )

    def _credit(self, gross: Decimal | None) -> bool:
        """By the word for its type; without one by the sign of its sum."""
        word = self._raw("type")
        by_sign = gross is not None and gross < 0
        if word is None:
            return by_sign
        try:
            credit = is_credit(word)
        except Unreadable as error:
            self._wrong("type", error.code, error.detail)
            return by_sign
        if by_sign and not credit:
            detail = "The sum of an invoice is below zero: say `credit_note`, or leave the type."
            self._wrong("gross", "sign_contradicts_type", detail)
        return credit

    def _exchange_rate(self, currency: str | None) -> Decimal | None:
        rate = self._number("exchange_rate")
        if rate is not None and rate <= 0:
            self._wrong("exchange_rate", "not_positive", "A rate is above zero.")
        foreign = currency is not None and currency != self.seller.currency
        if foreign and rate is None and not self._failed("exchange_rate"):
            detail = (
                f"State how many {self.seller.currency} one {currency} was in your books: map a"
                " column, or a constant."
            )
            self._wrong("exchange_rate", "exchange_rate_missing", detail)
        return rate if foreign else None

    def _currency(self) -> str | None:
        word = self._needed("currency", self._word)
        code = {"€": "EUR", "$": "USD", "£": "GBP"}.get(word or "", (word or "").upper())
        if not code:
            return None
        try:
            exponent(code)
        except DomainError as error:
            self._wrong("currency", "unknown_currency", error.detail)
            return None
        return code

    def _buyer(self) -> Party | None:
        name = self._needed("buyer_name", lambda each: self._text(each, NAME_CHARS_MAX))
        email = self._text("buyer_email", NAME_CHARS_MAX)
        places = {
            "line1": self._text("buyer_line1", NAME_CHARS_MAX),
            "postal_code": self._text("buyer_postal_code", _CODE_CHARS_MAX),
            "city": self._text("buyer_city", NAME_CHARS_MAX),
        }
        country = (self._word("buyer_country") or "").upper() or None
        if country is not None and (len(country) != _COUNTRY_CHARS or not country.isalpha()):
            self._wrong("buyer_country", "country_malformed", "Two letters, such as DE.")
        country = country or (self.seller.country if any(places.values()) else None)
        if name is None:
            return None
        return Party(
            name=name,
            customer=self._text("customer", _CODE_CHARS_MAX),
            vat_id=self._text("buyer_vat_id", _CODE_CHARS_MAX),
            contact=Contact(email=email) if email else None,
            address=Address(country=country, **places) if country else None,
        )

    def _lines(self, currency: str | None) -> list[ImportLine]:
        if not any(name in self.mapping.fields for name in LINE_FIELDS):
            return []
        found = []
        for row, cells in self.rows:
            own = _Reading([(row, cells)], self.mapping, self.seller)
            if any(own._raw(name) is not None for name in LINE_FIELDS):
                line = own._line(currency)
                self.problems += own.problems
                found += [line] if line is not None else []
        return found

    def _line(self, currency: str | None) -> ImportLine | None:
        quantity = self._number("line_quantity")
        price, net = self._number("line_price"), self._amount("line_net", currency)
        if net is None and price is not None and currency is not None:
            product = price * (Decimal(1) if quantity is None else quantity)
            if abs(product) >= _AMOUNT_LIMIT:
                self._wrong("line_price", "number_too_long", "Quantity times price is too much.")
                return None
            net = quantize(product, currency)
        tax = self._amount("line_tax", currency)
        rate = self._tax_rate("line_tax_rate")
        if net is None and not self._is_wrong():
            self._wrong("line_net", "required", "A line needs its net, or its price.")
        if net is None or self._is_wrong():
            return None
        return ImportLine(
            description=self._text("line_description", TEXT_CHARS_MAX),
            quantity=Decimal(1) if quantity is None else quantity,
            unit=self._text("line_unit", _CODE_CHARS_MAX),
            price=price,
            net=net,
            tax=tax,
            tax_rate=rate,
            tax_category=self._word("line_tax_category"),
        )

    def _raw(self, name: str) -> str | None:
        """What the rows say; the same in each that says it. None where nothing is said."""
        source = self.mapping.fields.get(name)
        if source is None:
            return None
        if source.column is None:
            return source.constant or None
        said: dict[str, int] = {}
        for row, cells in self.rows:
            if text := cells.get(source.column, "").strip():
                said.setdefault(text, row)
        if len(said) > 1 and not self._failed(name):
            text, row = list(said.items())[1]
            detail = "The rows of one document must agree here."
            self._wrong(name, "rows_disagree", detail, at=(row, text))
        first = next(iter(said), None)
        return _DEFUSED.sub("", first, count=1) if first is not None else None

    def _needed(self, name: str, read: Callable[[str], T | None]) -> T | None:
        found = read(name)
        if found is None and not self._failed(name):
            self._wrong(name, "required", "Every document needs this.")
        return found

    def _converted(self, name: str, convert: Callable[[str], T]) -> T | None:
        text = self._raw(name)
        if text is None:
            return None
        try:
            return convert(text)
        except Unreadable as error:
            if not self._failed(name):
                self._wrong(name, error.code, error.detail)
            return None

    def _text(self, name: str, chars_max: int) -> str | None:
        return self._converted(name, lambda text: text_of(text, chars_max))

    def _word(self, name: str) -> str | None:
        return self._text(name, _CODE_CHARS_MAX)

    def _day(self, name: str) -> date | None:
        return self._converted(name, lambda text: day_of(text.removeprefix("'"), self.mapping.date))

    def _number(self, name: str) -> Decimal | None:
        return self._converted(name, lambda text: _bounded(number_of(text, self.mapping.decimal)))

    def _tax_rate(self, name: str) -> Decimal | None:
        rate = self._number(name)
        if rate is not None and not 0 <= rate <= _RATE_MAX:
            self._wrong(name, "rate_out_of_range", "A percentage from 0 to 100.")
        return rate

    def _amount(self, name: str, currency: str | None) -> Decimal | None:
        found = self._number(name)
        if found is None or currency is None:
            return None
        decimals = exponent(currency)
        if abs(found) >= _AMOUNT_LIMIT or found != round(found, decimals):
            detail = f"An amount of {currency} has at most {decimals} decimals, and 15 digits."
            self._wrong(name, "amount_not_on_unit", detail)
            return None
        return round(found, decimals)

    def _failed(self, name: str) -> bool:
        return any(each.field == name and not each.warning for each in self.problems)

    def _is_wrong(self) -> bool:
        return any(not each.warning for each in self.problems)

    def _wrong(
        self,
        name: str,
        code: str,
        detail: str,
        *,
        warning: bool = False,
        at: tuple[int, str] | None = None,
    ) -> None:
        source = self.mapping.fields.get(name)
        column = source.column if source else None
        value = self.rows[0][1].get(column, "") if column is not None else None
        row, value = at or (self.rows[0][0], value)
        shown = value[:_SHOWN_CHARS_MAX] if value is not None else None
        self.problems.append(
            RowProblem(
                row=row,
                field=name,
                column=column,
                value=shown,
                code=code,
                detail=detail,
                warning=warning,
            )
        )


def _bounded(number: Decimal) -> Decimal:
    """Raises Unreadable for more digits than are computed with."""
    exponent_of = number.as_tuple().exponent
    decimals = -exponent_of if isinstance(exponent_of, int) else 0
    if abs(number) >= Decimal(10) ** _DIGITS_MAX or decimals > _DECIMALS_MAX:
        detail = f"At most {_DIGITS_MAX} digits and {_DECIMALS_MAX} decimals."
        raise Unreadable("number_too_long", detail)
    return number


_AMOUNTS = ("net", "tax", "gross", "open", "paid")
_AMOUNT_LIMIT = Decimal(10) ** 13
