"""Parties as documents and legal entities show them."""

from pydantic import Field

from invx.contexts.invoicing.api.schemas.routing import RoutingOut
from invx.contexts.invoicing.api.schemas.values import (
    DayOut,
    DecimalOut,
    Out,
)
from invx.contexts.invoicing.api.schemas.words import PartyKind, ReturnPeriod, TaxBasis, TermsKind


class AddressOut(Out):
    line1: str | None
    line2: str | None
    line3: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country: str


class IdentifierOut(Out):
    id: str
    scheme: str | None
    version: str | None


class ContactOut(Out):
    name: str | None
    email: str | None
    phone: str | None


class CertificateOut(Out):
    kind: str
    country: str
    region: str | None
    number: str
    valid_from: DayOut
    valid_until: DayOut


class PartyOut(Out):
    """A business or a person, frozen with the document."""

    name: str | None
    kind: PartyKind
    customer: str | None
    legal_name: str | None
    legal_form: str | None
    contact: ContactOut | None
    address: AddressOut | None
    vat_id: str | None
    tax_number: str | None
    registration: IdentifierOut | None
    identifiers: list[IdentifierOut]
    endpoint: IdentifierOut | None
    certificates: list[CertificateOut]
    debtor_number: str | None


class BuyerOut(PartyOut):
    """Who buys, with how it wants its invoices."""

    e_invoicing: RoutingOut | None


class RegistrationOut(Out):
    """A tax registration, valid from and to these days, both inclusive."""

    country: str
    vat_id: str | None
    tax_number: str | None
    basis: TaxBasis
    valid_from: DayOut | None
    valid_to: DayOut | None
    region: str | None
    special: str
    established: bool
    return_period: ReturnPeriod


class RegisterOut(Out):
    court: str | None
    number: str | None


class BankAccountOut(Out):
    currency: str
    holder: str | None
    iban: str | None
    qr_iban: str | None
    bic: str | None
    bank_name: str | None
    account: str | None
    scheme: str | None


class SellerOut(PartyOut):
    """The legal entity as the document shows it; a draft shows none, it is frozen at finalize."""

    registrations: list[RegistrationOut]
    register_: RegisterOut | None = Field(alias="register")
    directors: list[str]
    bank_accounts: list[BankAccountOut]
    logo: str | None
    legal_information: str | None


class TermsStepOut(Out):
    """So many percent of the sum, so many days after issue."""

    percent: DecimalOut
    days: int


class PaymentTermsOut(Out):
    kind: TermsKind
    days: int
    months: int
    instalments: list[TermsStepOut]
    discounts: list[TermsStepOut]
    text: str | None
