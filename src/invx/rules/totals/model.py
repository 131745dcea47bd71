"""The values that go into and come out of a document's totals.

BT and BG numbers are EN 16931's semantic terms. All amounts of the output are on the smallest unit
of the document's currency; prices, quantities, rates and percents carry any number of decimals.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

VERSION = "2026.1"  # of the rules; frozen on each document

ZERO = Decimal(0)
ONE = Decimal(1)


class Profile(StrEnum):
    """What a document must be able to become."""

    EN16931 = "en16931"  # an e-invoice: tax rounded once per group, BR-CO-10 to 17 hold
    PLAIN = "plain"  # anything else: US sales tax, 3-decimal currencies, per-line rounding


class Rounding(StrEnum):
    """Where tax is rounded."""

    PER_GROUP = "per_group"
    PER_LINE = "per_line"  # profile `plain` only


class Regime(StrEnum):
    """The kind of a tax."""

    VAT = "vat"
    SALES = "sales"
    LEVY = "levy"
    WITHHOLDING = "withholding"  # kept back by the buyer: lowers what is due, not the gross


class LineKind(StrEnum):
    """What a line is. Only items carry money; a subtotal shows what stands above it."""

    ITEM = "item"
    TEXT = "text"
    HEADING = "heading"
    SUBTOTAL = "subtotal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A tax on a line or on a document-level discount or charge. Rates are percent: 19 is 19 %.

    `category` is a code of UNCL 5305 as EN 16931 uses it (S Z E AE K G O L M) for VAT, free
    otherwise. A withholding rate is positive; its amount is subtracted.
    """

    regime: Regime = Regime.VAT
    category: str
    rate: Decimal = ZERO
    jurisdiction: str | None = None
    reason: str | None = None  # BT-120
    reason_code: str | None = None  # BT-121, a VATEX code


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A discount, or a charge, on a line or on the document: a percent of a base, or an amount.

    Exactly one of `percent` and `amount` is given, never negative. `base` (BT-93, BT-100, BT-137,
    BT-142) defaults to the line's quantity x price, or to the sum of line nets. On a line it is as
    the line is priced (net, or gross); on the document it is net of tax.
    """

    charge: bool = False
    percent: Decimal | None = None
    amount: Decimal | None = None
    base: Decimal | None = None
    reason: str | None = None
    reason_code: str | None = None
    taxes: tuple[Tax, ...] = ()  # on the document; a line's follow the line's taxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line to be totalled.

    An item has a price and a quantity, or a given `net` (a *computed* item: the figure comes from a
    pricing engine and is kept), or children whose nets it sums. `price` is before `price_discount`
    (BT-148 and BT-147). With `includes_tax` the price is gross of the line's taxes. A line with
    children has no price, adjustments or taxes of its own; a given net has no adjustments and is
    net of tax.
    """

    id: str
    kind: LineKind = LineKind.ITEM
    quantity: Decimal = ONE  # BT-129
    price: Decimal | None = None
    price_discount: Decimal = ZERO
    base_quantity: Decimal = ONE  # BT-149
    includes_tax: bool = False
    net: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    taxes: tuple[Tax, ...] = ()
    children: tuple["Line", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTax:
    """The tax of one group as stated from outside, in place of the computed one.

    For credit notes that exhaust what is left of a group, and for quotes of a tax engine. It must
    be less than 1.00 away from the computed tax (BR-CO-17's tolerance; in profile `plain` a
    currency without decimals may be 1 off), or the bill is refused.
    """

    regime: Regime = Regime.VAT
    jurisdiction: str | None = None
    category: str
    rate: Decimal = ZERO
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Everything that the totals of one document depend on."""

    currency: str
    lines: tuple[Line, ...]
    profile: Profile = Profile.EN16931
    rounding: Rounding = Rounding.PER_GROUP
    adjustments: tuple[Adjustment, ...] = ()
    prepaid: Decimal = ZERO  # BT-113
    payable_rounding: Decimal | None = None  # BT-114 as given; or:
    cash_unit: Decimal | None = None  # round what is payable to a multiple of this (0.05)
    given_taxes: tuple[GivenTax, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The part of a document-level discount or charge that bears one set of taxes.

    An e-invoice states one allowance or charge per share. `groups` are indexes into the document's
    tax groups; `taxes` are the parts of their amounts, with the sign of `amount`: a discount's are
    what it takes off.
    """

    amount: Decimal
    groups: tuple[int, ...]
    taxes: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentAmount:
    """A discount or charge with its figures filled in.

    `amount` is to be subtracted when it is a discount; it is negative only as a percent of a
    negative base. The `shares` of a document-level one sum to it; a line's has none.
    """

    charge: bool
    base: Decimal | None
    percent: Decimal | None
    amount: Decimal
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTotals:
    """The figures of one line. `net` is BT-131; `gross` is net and every tax but withholding.

    `gross` of a line priced inclusive of tax is its given figure. `taxes` has one entry per tax of
    the line, in its order: base and amount. Under per-group rounding they are the line's share of
    the group (largest remainder): those of all lines and document-level shares sum to the group.
    """

    id: str
    kind: LineKind
    subtotal: Decimal  # quantity x price, before the line's adjustments (as priced: net or gross)
    adjustments: tuple[AdjustmentAmount, ...]
    net: Decimal
    gross: Decimal
    taxes: tuple[tuple[Decimal, Decimal], ...]
    children: tuple["LineTotals", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxGroup:
    """One group of the tax breakdown (BG-23 for VAT)."""

    regime: Regime
    jurisdiction: str | None
    category: str
    rate: Decimal
    base: Decimal  # BT-116
    amount: Decimal  # BT-117; for a withholding the (positive) amount kept back
    reason: str | None
    reason_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The totals of a document."""

    currency: str
    profile: Profile
    rounding: Rounding
    lines: tuple[LineTotals, ...]
    adjustments: tuple[AdjustmentAmount, ...]
    taxes: tuple[TaxGroup, ...]
    line_net: Decimal  # BT-106
    discounts: Decimal  # BT-107
    charges: Decimal  # BT-108
    net: Decimal  # BT-109 = BT-106 - BT-107 + BT-108
    tax: Decimal  # BT-110, every regime but withholding
    gross: Decimal  # BT-112 = BT-109 + BT-110
    prepaid: Decimal  # BT-113
    rounding_amount: Decimal  # BT-114
    payable: Decimal  # BT-115 = BT-112 - BT-113 + BT-114
    withheld: Decimal
    due: Decimal  # payable - withheld: what the buyer is to pay
    rules: str = field(default=VERSION)
