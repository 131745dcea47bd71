"""An e-invoice by the terms of EN 16931-1: the same whatever the syntax.

Each field names its business term (BT) or group (BG). Writers turn it into UBL or CII, readers make
it of them. Amounts are on two decimals (BR-DEC); prices, quantities and rates carry any number.
None means that the document says nothing of it; readers never invent a value.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An id, with its scheme: ISO 6523 ICD, EAS for endpoints, UNTDID 7143 for classes."""

    id: str
    scheme: str | None = None
    scheme_version: str | None = None  # BT-158-2 only


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """BG-5, BG-8, BG-12 and BG-15."""

    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """BG-6 and BG-9."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The seller (BG-4) or the buyer (BG-7)."""

    name: str  # BT-27, BT-44: the legal name
    trading_name: str | None = None  # BT-28, BT-45
    identifiers: tuple[Identifier, ...] = ()  # BT-29, BT-46 (a buyer has at most one)
    registration: Identifier | None = None  # BT-30, BT-47
    vat_id: str | None = None  # BT-31, BT-48
    tax_number: str | None = None  # BT-32, sellers only
    legal_information: str | None = None  # BT-33, sellers only
    endpoint: Identifier | None = None  # BT-34, BT-49
    address: Address | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Who is paid instead of the seller (BG-10)."""

    name: str  # BT-59
    identifier: Identifier | None = None  # BT-60
    registration: Identifier | None = None  # BT-61


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRepresentative:
    """Who pays the seller's VAT in the country (BG-11)."""

    name: str  # BT-62
    vat_id: str | None = None  # BT-63
    address: Address | None = None  # BG-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """BG-14 and BG-26, both days inclusive."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What was delivered where and when (BG-13)."""

    name: str | None = None  # BT-70
    location: Identifier | None = None  # BT-71
    date: "date | None" = None  # BT-72
    address: Address | None = None  # BG-15


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer:
    """An account to pay to (BG-17)."""

    account: str  # BT-84: the IBAN, or a local number
    name: str | None = None  # BT-85
    bic: str | None = None  # BT-86


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """BG-18."""

    number: str  # BT-87: the last four to six digits
    holder: str | None = None  # BT-88


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDebit:
    """BG-19."""

    mandate: str | None = None  # BT-89
    creditor: str | None = None  # BT-90
    account: str | None = None  # BT-91


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How to pay (BG-16)."""

    code: str  # BT-81, UNTDID 4461
    text: str | None = None  # BT-82
    remittance: str | None = None  # BT-83
    transfers: tuple[CreditTransfer, ...] = ()
    card: Card | None = None
    debit: DirectDebit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A discount (allowance) or a charge: of a line (BG-27, BG-28) or the document (BG-20, BG-21).

    `category` and `rate` are the VAT of a document-level one (BT-95, BT-96, BT-102, BT-103).
    """

    charge: bool
    amount: Decimal  # BT-92, BT-99, BT-136, BT-141
    base: Decimal | None = None  # BT-93, BT-100, BT-137, BT-142
    percent: Decimal | None = None  # BT-94, BT-101, BT-138, BT-143
    reason: str | None = None  # BT-97, BT-104, BT-139, BT-144
    reason_code: str | None = None  # BT-98, BT-105, BT-140, BT-145
    category: str | None = None
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """BG-22."""

    line_net: Decimal  # BT-106
    discounts: Decimal | None = None  # BT-107
    charges: Decimal | None = None  # BT-108
    net: Decimal  # BT-109
    tax: Decimal | None = None  # BT-110
    tax_in_tax_currency: Decimal | None = None  # BT-111
    gross: Decimal  # BT-112
    prepaid: Decimal | None = None  # BT-113
    rounding: Decimal | None = None  # BT-114
    payable: Decimal  # BT-115


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxGroup:
    """One group of the VAT breakdown (BG-23). Category O has no rate (BR-O-05)."""

    base: Decimal  # BT-116
    amount: Decimal  # BT-117
    category: str  # BT-118
    rate: Decimal | None  # BT-119
    reason: str | None = None  # BT-120
    reason_code: str | None = None  # BT-121


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A supporting document (BG-24): a place where it is, or its content."""

    id: str  # BT-122
    description: str | None = None  # BT-123
    location: str | None = None  # BT-124
    content: bytes | None = None  # BT-125
    media_type: str | None = None  # BT-125-1
    filename: str | None = None  # BT-125-2


@dataclass(frozen=True, slots=True, kw_only=True)
class Preceding:
    """An earlier invoice (BG-3)."""

    number: str  # BT-25
    issue_date: date | None = None  # BT-26


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """BG-1."""

    text: str  # BT-22
    subject: str | None = None  # BT-21, UNTDID 4451


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A property of an item (BG-32)."""

    name: str  # BT-160
    value: str  # BT-161


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """BG-31."""

    name: str  # BT-153
    description: str | None = None  # BT-154
    seller_id: str | None = None  # BT-155
    buyer_id: str | None = None  # BT-156
    standard_id: Identifier | None = None  # BT-157
    classifications: tuple[Identifier, ...] = ()  # BT-158
    origin: str | None = None  # BT-159
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """BG-29. `net` is `gross` less `discount`; without a discount `gross` may be absent."""

    net: Decimal  # BT-146
    discount: Decimal | None = None  # BT-147
    gross: Decimal | None = None  # BT-148
    base_quantity: Decimal | None = None  # BT-149
    base_unit: str | None = None  # BT-150


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """BG-25. `children` are sub-lines, which only the XRechnung extension knows (BG-DEX-01)."""

    id: str  # BT-126
    note: str | None = None  # BT-127
    object: Identifier | None = None  # BT-128
    quantity: Decimal  # BT-129
    unit: str  # BT-130, UN/ECE Recommendation 20 or 21
    net: Decimal  # BT-131
    order_line: str | None = None  # BT-132
    buyer_accounting_reference: str | None = None  # BT-133
    period: Period | None = None  # BG-26
    adjustments: tuple[Adjustment, ...] = ()
    price: Price
    category: str | None  # BT-151; None only on a line that sums sub-lines
    rate: Decimal | None = None  # BT-152
    item: Item
    children: tuple["Line", ...] = ()
    informative: bool = False  # a sub-line of CII whose figures count nowhere (INFORMATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoice:
    """The whole invoice or credit note."""

    number: str  # BT-1
    issue_date: date  # BT-2
    type_code: str  # BT-3, UNTDID 1001: 380, 381, 384, 389, 326, …
    currency: str  # BT-5
    tax_currency: str | None = None  # BT-6
    tax_point: date | None = None  # BT-7
    tax_point_code: str | None = None  # BT-8, as in UNTDID 2005: 3, 35 or 432
    due_date: date | None = None  # BT-9
    buyer_reference: str | None = None  # BT-10
    project: str | None = None  # BT-11
    contract: str | None = None  # BT-12
    purchase_order: str | None = None  # BT-13
    sales_order: str | None = None  # BT-14
    receiving_advice: str | None = None  # BT-15
    despatch_advice: str | None = None  # BT-16
    tender: str | None = None  # BT-17
    object: Identifier | None = None  # BT-18
    buyer_accounting_reference: str | None = None  # BT-19
    payment_terms: str | None = None  # BT-20
    notes: tuple[Note, ...] = ()
    process: str | None = None  # BT-23
    specification: str  # BT-24
    preceding: tuple[Preceding, ...] = ()
    seller: Party
    buyer: Party
    payee: Payee | None = None
    tax_representative: TaxRepresentative | None = None
    delivery: Delivery | None = None
    period: Period | None = None  # BG-14
    payments: tuple[Payment, ...] = ()  # BG-16: one; further ones differ in the account only
    adjustments: tuple[Adjustment, ...] = ()
    totals: Totals
    taxes: tuple[TaxGroup, ...]
    attachments: tuple[Attachment, ...] = ()
    lines: tuple[Line, ...]
