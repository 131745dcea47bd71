"""Parties, their registrations and accounts, and the terms on which they pay."""

from typing import Annotated, Literal

from pydantic import Field

from invx.contexts.invoicing.api.schemas.routing import RoutingIn
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    Country,
    Currency,
    Day,
    Flag,
    In,
    Name,
    Text,
    Whole,
    listed,
)
from invx.contexts.invoicing.domain.party import Basis, PartyKind, ReturnPeriod
from invx.rules.tax.model import Special


class AddressIn(In):
    line1: Name | None = None
    line2: Name | None = None
    line3: Name | None = None
    postal_code: Code | None = None
    city: Name | None = None
    region: Name | None = None
    country: Country


class IdentifierIn(In):
    id: Code
    scheme: Code | None = None
    version: Code | None = Field(None, description="Of the scheme; for classifications (BT-158).")


class ContactIn(In):
    name: Name | None = None
    email: Name | None = None
    phone: Name | None = None


class CertificateIn(In):
    """Proof that a buyer buys free of tax."""

    kind: Code = Field(description="As the country's pack names it, such as `eu_151`.")
    country: Country
    region: Code | None = None
    number: Code
    valid_from: Day = Field("1900-01-01", validate_default=True)
    valid_until: Day = Field("2199-12-31", validate_default=True)


DebtorNumber = Annotated[str, Field(pattern="^[1-9][0-9]{4,8}$", examples=["10042"])]


class PartyIn(In):
    """A business or a person on a document, as the document shows it."""

    name: Name
    kind: PartyKind = PartyKind.BUSINESS
    customer: Code | None = Field(None, description="Your own id of the customer.")
    legal_name: Name | None = None
    legal_form: Name | None = None
    contact: ContactIn | None = None
    address: AddressIn | None = None
    vat_id: Code | None = None
    tax_number: Code | None = None
    registration: IdentifierIn | None = None
    identifiers: list[IdentifierIn] = listed(max_length=20)
    endpoint: IdentifierIn | None = Field(None, description="Where e-invoices go, with its EAS.")
    certificates: list[CertificateIn] = listed(
        max_length=20, description="That let it buy free of tax."
    )
    debtor_number: DebtorNumber | None = Field(
        None, description="Of a buyer: its account in your books, if you have given it one."
    )


class BuyerIn(PartyIn):
    """Who buys."""

    e_invoicing: RoutingIn | None = Field(
        None, description="How it wants its invoices; the legal entity decides when absent."
    )


class RegistrationIn(In):
    """A tax registration. `basis` says whether tax is due on issue or on payment."""

    country: Country
    vat_id: Code | None = None
    tax_number: Code | None = None
    basis: Basis = Basis.ACCRUAL
    valid_from: Day | None = None
    valid_to: Day | None = None
    region: Code | None = Field(None, description="A state or province that registers on its own.")
    special: Special = Field(
        Special.ORDINARY, description="A one-stop shop or a small-business scheme, if it is one."
    )
    established: Flag = Field(
        False, description="Whether a fixed establishment there takes part in supplies."
    )
    return_period: ReturnPeriod = Field(
        ReturnPeriod.MONTH, description="How often VAT returns are filed; one-stop shops quarterly."
    )


class RegisterIn(In):
    court: Name | None = None
    number: Name | None = None


class BankAccountIn(In):
    currency: Currency
    holder: Name | None = None
    iban: Code | None = None
    qr_iban: Code | None = None
    bic: Code | None = None
    bank_name: Name | None = None
    account: Code | None = None
    scheme: Code | None = None


class TermsStepIn(In):
    percent: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$", examples=["3"])]
    days: Whole = Field(ge=0, le=3660)


class PaymentTermsIn(In):
    """How the due date follows from the issue date, and what paying early saves."""

    kind: Literal["on_receipt", "net", "end_of_month", "instalments"] = "net"
    days: Whole = Field(0, ge=0, le=3660)
    months: Whole = Field(0, ge=0, le=120)
    instalments: list[TermsStepIn] = listed(max_length=120)
    discounts: list[TermsStepIn] = listed(max_length=10)
    text: Text | None = None
