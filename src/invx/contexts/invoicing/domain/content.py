"""What a document says: the content of a draft, and later of the document that it becomes.

Field names are those of the API. What a person may have typed or be named in is `Personal`: the
events keep a salted hash of it, so that an erasure breaks no chain (D4).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from invx.contexts.invoicing.domain.party import Address, Identifier, Party
from invx.contexts.invoicing.domain.recognition.terms import RecognitionTerms
from invx.kernel.messages import Personal
from invx.kernel.money import EXACT, quantize
from invx.rules.tax.model import SupplyKind
from invx.rules.tax.outcome import PackUse
from invx.rules.totals.model import ONE, ZERO, GivenTax, LineKind, Profile, Tax


class DocumentType(StrEnum):
    """What kind of document. Finer kinds (self-billed, corrective, …) refine it by `type_code`."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PROFORMA = "proforma"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from `start` to `end`, both inclusive."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentLine:
    """A discount or a charge as written: a percent of a base, or an amount."""

    percent: Decimal | None = None
    amount: Decimal | None = None
    base: Decimal | None = None
    reason: Personal[str] = None
    reason_code: str | None = None
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a line comes from: a time entry, a subscription's period, rated usage and so on."""

    kind: str
    id: str
    version: str | None = None
    period: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakdownLine:
    """One step of how a computed line came about, such as a price tier."""

    description: Personal[str] = None
    quantity: Decimal | None = None
    unit: str | None = None
    price: Decimal | None = None
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAttribute:
    """A property of the item (BG-32)."""

    name: str
    value: Personal[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is sold, by the identifiers that the parties use (BT-155 to BT-161)."""

    seller_id: str | None = None
    buyer_id: str | None = None
    standard_id: Identifier | None = None
    classifications: tuple[Identifier, ...] = ()
    origin: str | None = None
    attributes: tuple[ItemAttribute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSupply:
    """What a line supplies, where the rules determine its taxes (see `rules.tax.model.Supply`)."""

    kind: SupplyKind
    category: str = "standard"
    dispatch: Personal[Address] = None
    delivery: Personal[Address] = None
    located: Personal[Address] = None
    transported: bool = True
    installed: bool = False
    importer: str | None = None
    triangular: bool = False  # the middle party's sale (Article 141); its taxes are stated by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminedLine:
    """Why a line bears the taxes that were determined for it; `source` cites the law."""

    line_id: str
    scheme: str
    place: str
    source: str
    assumed: Personal[tuple[str, ...]] = None  # what was taken for granted
    fingerprint: Personal[str] = None  # of everything that the answer followed from


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteUse:
    """The quote of a tax engine by which lines are taxed; `reference` finds it in the engine."""

    engine: str
    version: str
    reference: str
    valid_until: datetime  # business time; a draft that is issued later is quoted anew
    fingerprint: Personal[str] = None  # of the question, which holds addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxDetermination:
    """How the taxes of a document were determined, kept as proof with the packs that were used."""

    lines: tuple[DeterminedLine, ...] = ()
    packs: tuple[PackUse, ...] = ()
    tax_id_validation: str = "not_asked"  # of the buyer's VAT id
    consultation: str | None = None  # the authority's number of that question
    quote: QuoteUse | None = None  # where an engine said the rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a document. See `rules.totals.model.Line` for what its figures mean."""

    id: str
    kind: LineKind = LineKind.ITEM
    description: Personal[str] = None
    details: Personal[str] = None
    quantity: Decimal = ONE
    unit: str = "C62"  # UN/ECE Recommendation 20: "one"
    price: Decimal | None = None
    price_discount: Decimal = ZERO
    base_quantity: Decimal = ONE
    price_includes_tax: bool | None = None
    discounts: tuple[AdjustmentLine, ...] = ()
    charges: tuple[AdjustmentLine, ...] = ()
    taxes: tuple[Tax, ...] = ()
    net: Decimal | None = None
    breakdown: tuple[BreakdownLine, ...] = ()
    source: Source | None = None
    service_period: Period | None = None
    item: Item | None = None
    order_line: str | None = None
    buyer_accounting_reference: str | None = None
    dimensions: Personal[dict[str, str]] = field(default_factory=dict)
    ledger_account: str | None = None
    metadata: Personal[dict[str, str]] = None
    children: tuple["Line", ...] = ()
    supply: LineSupply | None = None  # what the taxes follow from, unless they are stated
    note: Personal[str] = None  # BT-127
    invoiced_object: Personal[Identifier] = None  # BT-128: a meter, a telephone number
    tax_key: str | None = None  # beside `ledger_account`, such as a DATEV BU key
    recognition: RecognitionTerms | None = None  # None: earned when it is issued


class TermsKind(StrEnum):
    """How the due date follows from the issue date."""

    ON_RECEIPT = "on_receipt"
    NET = "net"
    END_OF_MONTH = "end_of_month"
    INSTALMENTS = "instalments"


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsStep:
    """A part of the sum and the days after issue: an instalment, or an early-payment discount."""

    percent: Decimal
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """When and how the document is to be paid."""

    kind: TermsKind = TermsKind.NET
    days: int = 0
    months: int = 0  # end of month: of the month so many months later
    instalments: tuple[TermsStep, ...] = ()
    discounts: tuple[TermsStep, ...] = ()  # percent off what is due when paid within so many days
    text: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preceding:
    """An earlier document that this one refers to (BG-3)."""

    number: str
    issue_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCurrency:
    """The currency in which the seller accounts tax (BT-6), and units of it per document unit.

    `source` and `day` are set where the rate was taken from what is published for the tax point;
    they are never set over the API: there the author states the rate.
    """

    currency: str
    rate: Decimal
    source: str | None = None
    day: date | None = None  # the first on which the rate held

    def of(self, amount: Decimal) -> Decimal:
        """An amount of the document in this currency; of its tax it is BT-111."""
        return quantize(EXACT.multiply(amount, self.rate), self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A further note, with a code of UNTDID 4451 for what it is about (BG-1)."""

    text: Personal[str]
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The card that was charged (BG-18): the last digits of its number."""

    number: Personal[str]
    holder: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDebit:
    """How the sum is collected (BG-19): mandate, creditor and the debited account."""

    mandate: Personal[str] = None
    creditor: str | None = None
    account: Personal[str] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMeans:
    """How to pay (BG-16). Without a `code` (UNTDID 4461) it follows from the seller's account."""

    code: str | None = None
    text: Personal[str] = None
    remittance: Personal[str] = None  # BT-83
    card: Card | None = None
    direct_debit: DirectDebit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A supporting document (BG-24): where it is, or its content in base64.

    Or an uploaded file, which is stated with what it is: then no content stands here, but its hash.
    """

    id: Personal[str]
    description: Personal[str] = None
    location: Personal[str] = None
    content: Personal[str] = None
    media_type: str | None = None
    filename: Personal[str] = None
    file: UUID | None = None
    sha256: str | None = None
    size: int | None = None

    @property
    def carried(self) -> bool:
        """Whether an e-invoice carries its bytes (BT-125)."""
        return bool(self.content) or self.file is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that the author of a document decides."""

    type: DocumentType = DocumentType.INVOICE
    type_code: str | None = None
    external_id: str | None = None
    currency: str
    profile: Profile = Profile.EN16931
    language: str = "en"
    prices_include_tax: bool = False
    buyer: Personal[Party] = None
    recipient: Personal[Party] = None
    ship_to: Personal[Party] = None
    payee: Personal[Party] = None
    tax_representative: Personal[Party] = None
    buyer_reference: Personal[str] = None
    purchase_order: str | None = None
    sales_order: str | None = None
    contract: str | None = None
    project: str | None = None
    buyer_accounting_reference: str | None = None
    preceding: tuple[Preceding, ...] = ()
    issue_date: date | None = None
    supply_date: date | None = None
    service_period: Period | None = None
    tax_point: date | None = None
    due_date: date | None = None
    payment_terms: PaymentTerms | None = None
    lines: tuple[Line, ...] = ()
    discounts: tuple[AdjustmentLine, ...] = ()
    charges: tuple[AdjustmentLine, ...] = ()
    prepaid: Decimal = ZERO
    payable_rounding: Decimal | None = None
    cash_unit: Decimal | None = None
    tax_currency: TaxCurrency | None = None
    given_taxes: tuple[GivenTax, ...] = ()  # for credit notes; never set over the API
    determination: TaxDetermination | None = None  # never set over the API
    notes: Personal[str] = None
    footer: Personal[str] = None
    metadata: Personal[dict[str, str]] = None
    further_notes: tuple[Note, ...] = ()
    tax_point_code: str | None = None  # BT-8
    receiving_advice: str | None = None  # BT-15
    despatch_advice: str | None = None  # BT-16
    tender: str | None = None  # BT-17
    invoiced_object: Personal[Identifier] = None  # BT-18
    delivery_location: Personal[Identifier] = None  # BT-71
    payment_means: PaymentMeans | None = None
    attachments: tuple[Attachment, ...] = ()
