"""Parties and legal entities."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from invx.contexts.invoicing.api.schemas.values import (
    Code,
    Country,
    Currency,
    In,
    Language,
    Name,
    Out,
    Text,
)
from invx.contexts.invoicing.domain.party import Basis, PartyKind
from invx.rules.totals.model import Profile, Rounding


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


class ContactIn(In):
    name: Name | None = None
    email: Name | None = None
    phone: Name | None = None


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
    identifiers: list[IdentifierIn] = Field(default=[], max_length=20)
    endpoint: IdentifierIn | None = Field(None, description="Where e-invoices go, with its EAS.")


class RegistrationIn(In):
    """A tax registration. `basis` says whether tax is due on issue or on payment."""

    country: Country
    vat_id: Code | None = None
    tax_number: Code | None = None
    basis: Basis = Basis.ACCRUAL
    valid_from: date | None = None
    valid_to: date | None = None


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
    days: int = Field(ge=0, le=3660)


class PaymentTermsIn(In):
    """How the due date follows from the issue date, and what paying early saves."""

    kind: Literal["on_receipt", "net", "end_of_month", "instalments"] = "net"
    days: int = Field(0, ge=0, le=3660)
    months: int = Field(0, ge=0, le=120)
    instalments: list[TermsStepIn] = Field(default=[], max_length=120)
    discounts: list[TermsStepIn] = Field(default=[], max_length=10)
    text: Text | None = None


class LegalEntityIn(In):
    """Who sells: the legal entity in whose name documents are issued."""

    external_id: Code | None = None
    name: Name
    legal_name: Name | None = None
    legal_form: Name | None = None
    contact: ContactIn | None = None
    address: AddressIn
    registrations: list[RegistrationIn] = Field(default=[], max_length=50)
    registration: IdentifierIn | None = Field(None, description="Company number with its scheme.")
    identifiers: list[IdentifierIn] = Field(default=[], max_length=20)
    register_: RegisterIn | None = Field(None, alias="register")
    directors: list[Name] = Field(default=[], max_length=50)
    bank_accounts: list[BankAccountIn] = Field(default=[], max_length=50)
    endpoint: IdentifierIn | None = None
    logo: Annotated[str, StringConstraints(max_length=300_000, pattern=re.compile("^data:image/"))] | None = None
    time_zone: Code = Field("Europe/Berlin", description="IANA name; decides what day it is.")
    languages: list[Language] = Field(default=["en"], min_length=1, max_length=10)
    currency: Currency = "EUR"
    default_profile: Profile = Profile.EN16931
    rounding: Rounding = Rounding.PER_GROUP
    backdating_days: int = Field(0, ge=0, le=36_500)
    payment_terms: PaymentTermsIn | None = None
    titles: dict[Literal["invoice", "credit_note", "proforma"], Name] = Field(default={})


class LegalEntityOut(Out):
    id: str = Field(examples=["le_01jd0y7ct4f6d9zq8x3s5v2w1k"])
    object: Literal["legal_entity"]
    version: int
    external_id: str | None
    name: str | None
    time_zone: str
    languages: list[str]
    currency: str
    default_profile: str
    rounding: str
    backdating_days: int
    created_at: str


class SeriesIn(In):
    """A series of numbers. `{YYYY}`, `{YY}`, `{MM}` and one `{number}` (or `{number:05}`)."""

    legal_entity: str | None = None
    name: Name
    pattern: Code = Field(examples=["{YYYY}-{number:04}"])
    types: list[Literal["invoice", "credit_note", "proforma"]] = Field(min_length=1, max_length=3)
    reset: Literal["none", "yearly", "monthly"] = "yearly"
    start: int = Field(1, ge=1, le=10**12)
    default: bool = Field(True, description="Whether these types draw from it from now on.")


class NextNumberIn(In):
    """The number to draw next, as when moving from another system. Never below the last."""

    next: int = Field(ge=1, le=10**12)
    period: Annotated[str, Field(pattern=r"^([0-9]{4}(-[0-9]{2})?)?$")] | None = Field(
        None, description="Such as 2026 or 2026-11; the running one when absent."
    )
    reason: Name


class SeriesOut(Out):
    id: str
    object: Literal["series"]
    version: int
    legal_entity: str
    name: str
    pattern: str
    types: list[str]
    reset: str
    legal: bool
    held: bool
    period: str
    last_number: int
    last_date: str | None


class LegalEntityListOut(Out):
    object: Literal["list"]
    data: list[LegalEntityOut]
    has_more: bool
    next: str | None


class SeriesListOut(Out):
    object: Literal["list"]
    data: list[SeriesOut]
    has_more: bool
    next: str | None


class GapOut(Out):
    period: str
    first: int
    last: int
    reason: str | None
    actor: str | None


class GapReportOut(Out):
    """Missing numbers. `complete` says that each has a reason; otherwise something is wrong."""

    object: Literal["gap_report"]
    series: str
    complete: bool
    gaps: list[GapOut]
