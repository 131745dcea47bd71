"""Everything that is set up for one legal entity, and what it must satisfy.

Pointers lead into the flat body of the API: the seller's fields stand beside the others there.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import combinations

from invx.contexts.invoicing.domain.bank import account_problems, normal
from invx.contexts.invoicing.domain.bookkeeping.accounting import Accounting, accounting_problems
from invx.contexts.invoicing.domain.cash_units import units_problems
from invx.contexts.invoicing.domain.content import DocumentType, PaymentTerms
from invx.contexts.invoicing.domain.countries import (
    COUNTRIES,
    NORTHERN_IRELAND,
    VAT_PREFIXES,
    vat_prefix,
)
from invx.contexts.invoicing.domain.delivery.transmission import ChannelUse
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.domain.einvoice.routes import EInvoicePolicy, format_unknown
from invx.contexts.invoicing.domain.exchange.rate_sources import RateSources, sources_problems
from invx.contexts.invoicing.domain.interest.rule import LateFeeRule, rule_problems
from invx.contexts.invoicing.domain.party import Party, Registration, Seller
from invx.contexts.invoicing.domain.periods.schedule import ClosingRule, rules_problems
from invx.contexts.invoicing.domain.terms import agreed
from invx.kernel.errors import Problem
from invx.kernel.limits import NAME_CHARS_MAX
from invx.kernel.messages import Personal
from invx.kernel.money import UnknownCurrency, exponent
from invx.rules.calendar.terms import terms_problems
from invx.rules.calendar.zones import UnknownZone, zone
from invx.rules.tax.model import DistanceSales, Policy, Special
from invx.rules.tax.packs import ClearanceRule
from invx.rules.totals.model import Profile, Rounding

LOGO_BYTES_MAX = 200_000
BACKDATING_DAYS_MAX = 36_500
LIST_ITEMS_MAX = 100
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")  # BCP 47
_ENGINE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SCHEME = re.compile(r"[0-9]{4}|[A-Z]{2}")  # as in the EAS and ICD lists
_LOGO = re.compile(r"data:image/(?P<kind>png|svg\+xml);base64,(?P<data>[A-Za-z0-9+/=]+)")
_PNG = b"\x89PNG\r\n\x1a\n"
# Numbers of the import and of the non-Union one-stop shop name no country.
_SHOP_PREFIXES = {Special.OSS: "EU", Special.IOSS: "IM"}
_MACHINE_ZONES = {"localtime", "Factory"}  # files of the zone database that are no zones


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntityDetails:
    """A legal entity as its owner describes it."""

    external_id: str | None = None
    seller: Personal[Seller]
    time_zone: str  # IANA; today, due dates and periods are those of this zone
    languages: tuple[str, ...]  # the first is the default
    currency: str
    default_profile: Profile = Profile.EN16931
    rounding: Rounding = Rounding.PER_GROUP
    backdating_days: int = 0  # how many days before today a document may be dated (D2)
    payment_terms: PaymentTerms | None = None
    titles: dict[str, str] = field(default_factory=dict)  # by document type: "Tax invoice" (N11)
    # What an id that is not known to be valid leads to (X02).
    tax_id_policy: Policy = field(default_factory=Policy)
    distance_sales: DistanceSales | None = None
    exchange_rate_sources: RateSources = field(default_factory=RateSources)
    transmission_channels: tuple[ChannelUse, ...] = ()
    clearance: ClearanceRule | None = None  # what the country's pack says when None
    e_invoicing: EInvoicePolicy = field(default_factory=EInvoicePolicy)
    accounting: Accounting | None = None  # documents are booked from when it is set
    cash_rounding: dict[str, Decimal] = field(default_factory=dict)  # by currency: smallest coin
    tax_engine: str | None = None  # by the operator's name: says the rates of North America
    late_fees: LateFeeRule | None = None  # for buyers who pay late; the law's when None
    period_closing: tuple[ClosingRule, ...] = ()  # months that close by themselves


def normalised(details: LegalEntityDetails) -> LegalEntityDetails:
    """The details with IBANs and BICs in compact form."""
    seller = details.seller
    if seller is None:
        return details
    accounts = tuple(normal(account) for account in seller.bank_accounts)
    return replace(details, seller=replace(seller, bank_accounts=accounts))


def details_problems(details: LegalEntityDetails) -> list[Problem]:
    """Why a legal entity cannot be set up like this; empty when it can."""
    books = accounting_problems(details.accounting) if details.accounting else ()
    return [*_seller(details.seller), *_settings(details), *_titles(details.titles), *books]


def _settings(details: LegalEntityDetails) -> Iterator[Problem]:
    try:
        zone(details.time_zone)
    except UnknownZone as error:
        yield Problem("/time_zone", error.code, error.detail)
    if details.time_zone in _MACHINE_ZONES:
        yield Problem("/time_zone", UnknownZone.code, f"{details.time_zone} is not a place.")
    try:
        exponent(details.currency)
    except UnknownCurrency as error:
        yield Problem("/currency", error.code, error.detail)
    if not details.languages or len(set(details.languages)) != len(details.languages):
        yield Problem("/languages", "languages_malformed", "At least one, and each once.")
    for index, language in enumerate(details.languages):
        if not _LANGUAGE.fullmatch(language):
            detail = f"{language!r} is not a language tag such as de or de-AT."
            yield Problem(f"/languages/{index}", "language_malformed", detail)
    if details.rounding is Rounding.PER_LINE and details.default_profile is Profile.EN16931:
        detail = "An e-invoice rounds tax once per group (M3); use the profile `plain`."
        yield Problem("/rounding", "not_representable", detail)
    yield from _e_invoicing(details)
    if details.tax_engine is not None and not _ENGINE.fullmatch(details.tax_engine):
        detail = "An engine is named as the operator set it up: a-z, 0-9, - and _."
        yield Problem("/tax_engine", "tax_engine_malformed", detail)
    if not 0 <= details.backdating_days <= BACKDATING_DAYS_MAX:
        detail = f"0 to {BACKDATING_DAYS_MAX} days."
        yield Problem("/backdating_days", "backdating_days_out_of_range", detail)
    if details.payment_terms is not None:
        yield from terms_problems(agreed(details.payment_terms))
    yield from units_problems(details.cash_rounding)
    yield from sources_problems(details.exchange_rate_sources)
    yield from rules_problems(details.period_closing)
    if details.late_fees is not None:
        yield from rule_problems(details.late_fees)
    channels = [use.channel for use in details.transmission_channels]
    for index, channel in enumerate(channels):
        if channel in channels[:index]:
            at = f"/transmission_channels/{index}/channel"
            yield Problem(at, "channel_twice", f"The channel {channel!r} is named before.")


def _e_invoicing(details: LegalEntityDetails) -> Iterator[Problem]:
    """M3: who rounds per line has no e-invoices, so none can be what it sends by default."""
    format, at = details.e_invoicing.default_format, "/e_invoicing/default_format"
    if format is not None and format not in FORMATS:
        yield format_unknown(at, format)
    elif format is not None and details.rounding is Rounding.PER_LINE:
        detail = "Who rounds tax per line issues no e-invoices (M3)."
        yield Problem(at, "not_representable", detail)


def _titles(titles: dict[str, str]) -> Iterator[Problem]:
    for kind, title in titles.items():
        at = f"/titles/{kind.replace('~', '~0').replace('/', '~1')}"
        if kind not in set(DocumentType):
            yield Problem(at, "document_type_unknown", f"There is no document type {kind!r}.")
        elif not 0 < len(title.strip()) <= NAME_CHARS_MAX:
            yield Problem(at, "title_malformed", f"A title has 1 to {NAME_CHARS_MAX} characters.")


def _seller(seller: Seller | None) -> Iterator[Problem]:
    if seller is None:
        yield Problem("/name", "name_missing", "A legal entity has a name.")
        return
    yield from _party(seller.party)
    for name, items in (
        ("registrations", seller.registrations),
        ("directors", seller.directors),
        ("bank_accounts", seller.bank_accounts),
    ):
        if len(items) > LIST_ITEMS_MAX:
            yield Problem(f"/{name}", "too_many", f"At most {LIST_ITEMS_MAX}.")
    for index, registration in enumerate(seller.registrations):
        yield from _registration(registration, f"/registrations/{index}")
    yield from _overlaps(seller.registrations)
    for index, director in enumerate(seller.directors):
        if not 0 < len(director.strip()) <= NAME_CHARS_MAX:
            yield Problem(f"/directors/{index}", "name_malformed", "A director has a name.")
    for index, account in enumerate(seller.bank_accounts):
        yield from account_problems(account, f"/bank_accounts/{index}")
    if seller.logo is not None:
        yield from _logo(seller.logo)


def _party(party: Party) -> Iterator[Problem]:
    if not 0 < len(party.name.strip()) <= NAME_CHARS_MAX:
        detail = f"A name has 1 to {NAME_CHARS_MAX} characters."
        yield Problem("/name", "name_malformed", detail)
    if party.address is None:
        yield Problem("/address", "address_missing", "A seller has an address (BG-5).")
    elif party.address.country not in COUNTRIES:
        detail = f"{party.address.country!r} is not a country code of ISO 3166-1."
        yield Problem("/address/country", "country_unknown", detail)
    if party.vat_id is not None and party.vat_id.strip()[:2] not in VAT_PREFIXES:
        detail = "A VAT id begins with the code of its country (BR-CO-09)."
        yield Problem("/vat_id", "vat_id_without_country", detail)
    if party.endpoint is not None:
        if not party.endpoint.id.strip():
            yield Problem("/endpoint/id", "endpoint_empty", "An endpoint has an id.")
        if not _SCHEME.fullmatch(party.endpoint.scheme or ""):
            detail = "An endpoint names its scheme from the EAS list, such as 0088 or EM."
            yield Problem("/endpoint/scheme", "endpoint_scheme_missing", detail)


def _registration(registration: Registration, at: str) -> Iterator[Problem]:
    country = registration.country
    if country not in COUNTRIES and country != NORTHERN_IRELAND:
        detail = f"{country!r} is not a country code of ISO 3166-1."
        yield Problem(f"{at}/country", "country_unknown", detail)
    elif registration.vat_id is not None:
        prefix = vat_prefix(country)
        shop = _SHOP_PREFIXES.get(registration.special, prefix)
        if not registration.vat_id.strip().startswith((prefix, shop)):
            detail = f"A VAT id of {country} begins with {prefix} (BR-CO-09)."
            yield Problem(f"{at}/vat_id", "vat_id_without_country", detail)
    if registration.vat_id is None and registration.tax_number is None:
        detail = "A registration has a VAT id or a tax number."
        yield Problem(f"{at}/vat_id", "registration_empty", detail)
    start, end = _validity(registration)
    if end < start:
        detail = "The last day lies before the first."
        yield Problem(f"{at}/valid_to", "validity_reversed", detail)


def _overlaps(registrations: tuple[Registration, ...]) -> Iterator[Problem]:
    """On any day a country knows a legal entity under one registration."""
    for (_, one), (index, other) in combinations(enumerate(registrations), 2):
        starts, ends = zip(_validity(one), _validity(other), strict=True)
        same = (one.country, one.region, one.special) == (
            other.country,
            other.region,
            other.special,
        )
        if same and max(starts) <= min(ends):
            detail = f"Another registration in {one.country} is valid on some of these days."
            yield Problem(f"/registrations/{index}/valid_from", "registrations_overlap", detail)


def _validity(registration: Registration) -> tuple[date, date]:
    return registration.valid_from or date.min, registration.valid_to or date.max


def _logo(logo: str) -> Iterator[Problem]:
    match = _LOGO.fullmatch(logo)
    try:
        data = base64.b64decode(match["data"], validate=True) if match else b""
    except binascii.Error:
        data = b""
    if not match or not data:
        detail = "A logo is a data URI: data:image/png;base64,… or data:image/svg+xml;base64,…"
        yield Problem("/logo", "logo_malformed", detail)
    elif len(data) > LOGO_BYTES_MAX:
        yield Problem("/logo", "logo_too_large", f"At most {LOGO_BYTES_MAX} bytes.")
    elif not (data.startswith(_PNG) if match["kind"] == "png" else b"<svg" in data):
        yield Problem("/logo", "logo_malformed", f"The data are not of the kind {match['kind']}.")
