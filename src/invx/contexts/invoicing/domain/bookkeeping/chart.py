"""Charts of accounts, and which account something belongs to: the most specific row decides.

A chart is rows. A row says on which account something is booked, for what (`purpose`), and under
which conditions; a condition that is not stated holds always. A legal entity lays rows of its own
over a shipped chart: one of those that fits wins over every shipped one, whatever that says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from invx.rules.tax.model import SupplyKind
from invx.rules.totals.model import Regime

# Where Directive 2006/112/EC holds; Northern Ireland (XI) for goods.
UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split()
)


class Purpose(StrEnum):
    """What an account is for."""

    REVENUE = "revenue"
    TAX = "tax"  # a tax beside VAT, such as sales tax: owed, not earned
    DISCOUNT = "discount"  # granted for paying early
    WRITE_OFF = "write_off"
    BANK = "bank"
    CLEARING = "clearing"  # between two bookings that belong together
    PREPAYMENT = "prepayment"  # what a document says was paid before
    WITHHOLDING = "withholding"  # tax that the buyer kept back
    ROUNDING = "rounding"
    EXCHANGE_GAIN = "exchange_gain"
    EXCHANGE_LOSS = "exchange_loss"
    DEFERRAL = "deferral"  # revenue that is earned later; its key keeps an automatic account still
    OPENING_BALANCE = "opening_balance"  # what was open when another system was left


class Whereabouts(StrEnum):
    """Where the tax belongs, as the seller sees it; without a tax, where the buyer is."""

    HOME = "home"
    UNION = "union"
    ABROAD = "abroad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where something is booked. An automatic account knows its tax and takes no key."""

    account: str
    tax_key: str | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What is known of something that is to be booked."""

    regime: Regime = Regime.VAT
    category: str | None = None  # UNCL 5305
    rate: Decimal | None = None
    where: Whereabouts | None = None
    country: str | None = None  # whose tax it is
    scheme: str | None = None  # `rules.tax.model.Scheme`
    reason: str | None = None  # VATEX
    kind: SupplyKind | None = None
    product: str | None = None  # the product's tax category, such as `books`
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A row. `account` or `asks`: a question instead of a guess. `reason` may end with `*`.

    Of two rows that fit, the one that states the more telling condition wins: the product, then
    the reason, the scheme, the kind, the country, where, the rate, the category, the currency.
    """

    purpose: Purpose
    account: str | None = None
    name: str | None = None
    tax_key: str | None = None
    automatic: bool = False
    asks: str | None = None
    regime: Regime = Regime.VAT
    product: str | None = None
    reason: str | None = None
    scheme: str | None = None
    kind: SupplyKind | None = None
    country: str | None = None
    where: Whereabouts | None = None
    rate: Decimal | None = None
    category: str | None = None
    currency: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    def fits(self, wanted: Treatment, day: date) -> bool:
        """Whether every condition holds."""
        if self.regime is not wanted.regime or not self.days[0] <= day <= self.days[1]:
            return False
        if self.reason is not None and not _has(wanted.reason, self.reason):
            return False
        stated = [(getattr(self, name), getattr(wanted, name)) for name in _EXACT]
        return all(own is None or own == found for own, found in stated)

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day that it holds."""
        return self.valid_from or date.min, self.valid_until or date.max

    @property
    def weight(self) -> tuple[tuple[bool, ...], bool, int]:
        """How telling the conditions are; of reasons the whole one, else the longer beginning."""
        stated = tuple(getattr(self, name) is not None for name in CONDITIONS)
        reason = self.reason or ""
        return stated, not reason.endswith("*"), len(reason)

    @property
    def conditions(self) -> tuple[object, ...]:
        """What two rows of one layer must not have in common, while both are valid."""
        return (self.purpose, self.regime, *(getattr(self, name) for name in CONDITIONS))


CONDITIONS = (
    "product",
    "reason",
    "scheme",
    "kind",
    "country",
    "where",
    "rate",
    "category",
    "currency",
)
_EXACT = tuple(name for name in CONDITIONS if name != "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A shipped chart. `source` says where its numbers are from."""

    code: str
    name: str
    version: str
    source: str
    rows: tuple[AccountRow, ...]


Charts: TypeAlias = Mapping[str, Chart]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The row that decides, and why: the chart, or the entity's own row."""

    row: AccountRow
    why: str

    @property
    def account(self) -> Account | None:
        """The account; None where the row asks instead."""
        row = self.row
        if row.account is None:
            return None
        return Account(account=row.account, tax_key=row.tax_key, automatic=row.automatic)


def find(
    own: Iterable[AccountRow],
    chart: Chart | None,
    purpose: Purpose,
    wanted: Treatment,
    day: date,
) -> Found | None:
    """The row that decides: of the entity's own, else of the chart; None when none fits."""
    layers = [("own row", own), (chart.code, chart.rows)] if chart else [("own row", own)]
    for why, rows in layers:
        fitting = [row for row in rows if row.purpose is purpose and row.fits(wanted, day)]
        if fitting:
            row = max(fitting, key=lambda each: each.weight)
            return Found(row=row, why=f"{why}: {row.name}" if row.name else why)
    return None


def doubled(rows: Iterable[AccountRow]) -> list[int]:
    """The rows whose conditions an earlier one has too, on days that both hold: by index."""
    seen: dict[tuple[object, ...], list[AccountRow]] = {}
    found = []
    for index, row in enumerate(rows):
        alike = seen.setdefault(row.conditions, [])
        start, end = row.days
        if any(each.days[0] <= end and start <= each.days[1] for each in alike):
            found.append(index)
        alike.append(row)
    return found


def whereabouts(country: str | None, home: str | None) -> Whereabouts | None:
    """Where a country is, as seen from the seller's."""
    if country is None or home is None:
        return None
    if country == home:
        return Whereabouts.HOME
    return Whereabouts.UNION if {country, home} <= UNION else Whereabouts.ABROAD


def _has(reason: str | None, wanted: str) -> bool:
    if reason is None:
        return False
    return reason.startswith(wanted[:-1]) if wanted.endswith("*") else reason == wanted
