"""The business terms of EN 16931 that both syntaxes state, as they stand in the file.

BT and BG numbers are those of the standard. Nothing here is computed.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An id, with its scheme where the file names one."""

    id: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party (BG-4, BG-7, BG-10, BG-11, BG-13)."""

    name: str | None = None
    trading_name: str | None = None
    legal_information: str | None = None  # BT-33
    identifiers: tuple[Identifier, ...] = ()
    registration: Identifier | None = None
    vat_id: str | None = None
    tax_number: str | None = None
    endpoint: Identifier | None = None
    address: dict[str, str | None] = field(default_factory=dict)
    contact: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A VAT category and its rate (BT-151 and BT-152, BT-95 and BT-96, …). No rate is zero."""

    code: str
    rate: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """An allowance or a charge (BG-20, BG-21, BG-27, BG-28)."""

    charge: bool
    amount: Decimal
    base: Decimal | None = None
    percent: Decimal | None = None
    reason: str | None = None
    reason_code: str | None = None
    category: Category | None = None  # on the document only


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price (BG-29): net BT-146 for the base quantity BT-149; gross BT-148, discount BT-147."""

    net: Decimal | None = None
    gross: Decimal | None = None
    discount: Decimal | None = None
    base_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days, both inclusive."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is sold (BG-31)."""

    name: str | None = None
    description: str | None = None
    seller_id: str | None = None
    buyer_id: str | None = None
    standard_id: Identifier | None = None
    classifications: tuple[Identifier, ...] = ()
    origin: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line (BG-25). `informative` lines (CII status INFORMATION) carry no money of their own."""

    id: str | None
    item: Item
    price: Price
    quantity: Decimal | None
    unit: str | None
    net: Decimal | None  # BT-131
    note: str | None = None
    category: Category | None = None
    adjustments: tuple[Adjustment, ...] = ()
    period: Period | None = None
    order_line: str | None = None
    buyer_accounting_reference: str | None = None
    informative: bool = False
    children: tuple["Line", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One entry of the VAT breakdown (BG-23)."""

    category: Category
    base: Decimal  # BT-116
    amount: Decimal  # BT-117
    reason: str | None = None  # BT-120
    reason_code: str | None = None  # BT-121


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where to pay to (BG-17)."""

    number: str
    holder: str | None = None
    bic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The totals as stated (BG-22). What the file leaves out is zero."""

    line_net: Decimal  # BT-106
    discounts: Decimal  # BT-107
    charges: Decimal  # BT-108
    net: Decimal  # BT-109
    tax: Decimal  # BT-110
    gross: Decimal  # BT-112
    prepaid: Decimal  # BT-113
    rounding: Decimal  # BT-114
    payable: Decimal  # BT-115


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Other people's numbers for this business (BT-10 to BT-19)."""

    buyer_reference: str | None = None
    purchase_order: str | None = None
    sales_order: str | None = None
    contract: str | None = None
    project: str | None = None
    buyer_accounting_reference: str | None = None
    preceding: tuple[tuple[str, date | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The dates of a document (BT-2, BT-7, BT-9, BT-72, BG-14)."""

    issue: date
    tax_point: date | None = None
    due: date | None = None
    supply: date | None = None
    period: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole e-invoice."""

    syntax: str
    number: str | None
    type_code: str  # BT-3
    credit_note: bool
    currency: str
    dates: Dates
    seller: Party
    buyer: Party
    totals: Totals
    tax_currency: str | None = None  # BT-6
    tax_in_tax_currency: Decimal | None = None  # BT-111
    payee: Party | None = None
    tax_representative: Party | None = None
    ship_to: Party | None = None
    references: References = field(default_factory=References)
    payment_terms: str | None = None  # BT-20
    accounts: tuple[Account, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    groups: tuple[Group, ...] = ()
