"""Parties on a document: who sells, who buys, and those who stand beside them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from invx.contexts.invoicing.domain.einvoice.routes import Routing
from invx.rules.tax.model import Certificate, Special


class PartyKind(StrEnum):
    """Whether the party acts as a business or as a consumer; tax rules differ."""

    BUSINESS = "business"
    CONSUMER = "consumer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address in parts (BG-5, BG-8, BG-15). `country` is ISO 3166-1 alpha-2."""

    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An id under a scheme: ISO 6523 ICD for parties and items, EAS for endpoints.

    `version` is that of the scheme; only classifications of items have one (BT-158-2).
    """

    id: str
    scheme: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ask (BG-6, BG-9)."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party as the document names it; frozen with the document (BG-7, BG-10, BG-11, BG-13)."""

    name: str
    address: Address | None = None
    kind: PartyKind = PartyKind.BUSINESS
    customer: str | None = None  # the caller's own id of the customer, opaque to us
    legal_name: str | None = None
    legal_form: str | None = None
    contact: Contact | None = None
    vat_id: str | None = None
    tax_number: str | None = None
    registration: Identifier | None = None
    identifiers: tuple[Identifier, ...] = ()
    endpoint: Identifier | None = None
    certificates: tuple[Certificate, ...] = ()  # that let a buyer buy free of tax
    debtor_number: str | None = None  # the buyer's account in the seller's books, where it is known
    e_invoicing: Routing | None = None  # of buyers only: how they want their invoices


class Basis(StrEnum):
    """When the tax of a registration becomes due: on issue, or on payment."""

    ACCRUAL = "accrual"
    CASH = "cash"


class ReturnPeriod(StrEnum):
    """How often a registration files its returns."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A tax registration of a legal entity, valid from and to the given days (both inclusive)."""

    country: str
    vat_id: str | None = None
    tax_number: str | None = None
    basis: Basis = Basis.ACCRUAL
    valid_from: date | None = None
    valid_to: date | None = None
    region: str | None = None  # a state or province that registers on its own
    special: Special = Special.ORDINARY  # one-stop shops and small businesses
    established: bool = False  # a fixed establishment there takes part in supplies
    return_period: ReturnPeriod = ReturnPeriod.MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The commercial register entry that business letters must show (German HGB § 125a, …)."""

    court: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """An account to pay to. `iban` where there is one, else `account` in its local scheme."""

    currency: str
    holder: str | None = None
    iban: str | None = None
    qr_iban: str | None = None  # Swiss QR-bill with a QR reference
    bic: str | None = None
    bank_name: str | None = None
    account: str | None = None
    scheme: str | None = None  # of `account`: "us-aba", "gb-sort-code", "se-bankgiro", …


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """The legal entity as a document shows it, frozen when the document is finalized."""

    party: Party
    registrations: tuple[Registration, ...] = ()
    register: Register | None = None
    directors: tuple[str, ...] = ()
    bank_accounts: tuple[BankAccount, ...] = ()
    logo: str | None = None  # a data URI
    legal_information: str | None = None  # BT-33
