"""The facts that a tax determination starts from. Places are ISO 3166 codes, `XI` included.

Amounts are euros net of tax where a limit of the VAT Directive is in euros.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

DAY_ONE = date.min
DAY_LAST = date.max


class Validation(StrEnum):
    """What the authority said about a tax id (VIES and the like)."""

    VALID = "valid"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"  # asked, no answer
    NOT_ASKED = "not_asked"


class Unproven(StrEnum):
    """What a legal entity wants when a tax id that matters is not known to be valid."""

    WAIT = "wait"  # ask: nothing is decided
    ACCEPT = "accept"  # as if valid; the determination says so
    TAX = "tax"  # as if there were none; the determination says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A legal entity's stated answer to each outcome of a validation but `valid`."""

    invalid: Unproven = Unproven.WAIT
    unavailable: Unproven = Unproven.WAIT
    not_asked: Unproven = Unproven.WAIT

    def on(self, outcome: Validation) -> Unproven:
        """What to do after this outcome."""
        match outcome:
            case Validation.VALID:
                return Unproven.ACCEPT
            case Validation.INVALID:
                return self.invalid
            case Validation.UNAVAILABLE:
                return self.unavailable
            case Validation.NOT_ASKED:
                return self.not_asked


class SupplyKind(StrEnum):
    """What decides the place of a supply. Services are by the VAT Directive's articles."""

    GOODS = "goods"
    SERVICES = "services"  # the general rule: Articles 44 and 45
    INTANGIBLE = "intangible"  # Article 59: licences, advertising, advice, data, staff
    DIGITAL = "digital"  # Article 58: electronic, telecommunication and broadcasting services
    IN_PERSON = "in_person"  # rendered to somebody present: care, therapy, counselling
    EVENT = "event"  # admission on the spot: Articles 53 and 54
    ONLINE_EVENT = "online_event"  # admission by stream: Articles 44 and 54(1), 2
    REAL_ESTATE = "real_estate"  # Article 47
    PASSENGER_TRANSPORT = "passenger_transport"  # Article 48
    GOODS_TRANSPORT = "goods_transport"  # Articles 44, 49 and 50
    RESTAURANT = "restaurant"  # Article 55
    VEHICLE_HIRE = "vehicle_hire"  # short-term, Article 56
    WORK_ON_GOODS = "work_on_goods"  # Articles 44 and 54(2)


class Scheme(StrEnum):
    """The legal ground on which a supply bears the taxes that it bears."""

    DOMESTIC = "domestic"
    EXEMPT = "exempt"  # by the kind of supply
    EXEMPT_BUYER = "exempt_buyer"  # by a certificate of the buyer
    SMALL_BUSINESS = "small_business"
    REVERSE_CHARGE = "reverse_charge"
    INTRA_COMMUNITY = "intra_community"
    EXPORT = "export"
    OSS = "oss"
    IOSS = "ioss"
    OUTSIDE_SCOPE = "outside_scope"
    SALES_TAX = "sales_tax"
    EXTERNAL = "external"  # quoted by a tax engine


class Basis(StrEnum):
    """When the tax of a registration falls due."""

    ACCRUAL = "accrual"
    CASH = "cash"


class Special(StrEnum):
    """What a registration is beside an ordinary one."""

    ORDINARY = "ordinary"
    OSS = "oss"  # Union or non-Union one-stop shop, filed in `country`
    IOSS = "ioss"  # import one-stop shop
    SMALL_BUSINESS = "small_business"  # national, or in the EU scheme with an EX number


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is. The postal code may be as written: spaces and case do not matter."""

    country: str
    postal_code: str | None = None
    region: str | None = None  # a state or province where taxes depend on it: TX, ON
    city: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxId:
    """A tax id as stated. `country` is its prefix: `EL` for Greece, `XI` for Northern Ireland."""

    country: str
    id: str
    validation: Validation = Validation.NOT_ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where the seller answers for taxes, from and to a day (both included).

    `established` says that there is a seat or fixed establishment that takes part in the supply.
    """

    country: str
    vat_id: str | None = None
    region: str | None = None
    basis: Basis = Basis.ACCRUAL
    special: Special = Special.ORDINARY
    established: bool = False
    valid_from: date = DAY_ONE
    valid_until: date = DAY_LAST

    def holds_on(self, day: date) -> bool:
        """Whether the registration is in force that day."""
        return self.valid_from <= day <= self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceSales:
    """Net sales in euros to consumers of other member states: goods and digital (Article 59c)."""

    last_year: Decimal
    this_year: Decimal  # before this supply
    waived: bool = False  # opted for taxation at destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """Who sells: where its business is, and where it is registered.

    `distance_sales` is asked for when a decision hangs on the limit of 10 000 euros.
    """

    place: Place
    registrations: tuple[Registration, ...] = ()
    distance_sales: DistanceSales | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Proof that a buyer buys free of tax: of which kind, where and how long it holds."""

    kind: str  # as the country's pack names it; in North America `resale`, `exempt`
    country: str
    region: str | None = None
    number: str = ""
    valid_from: date = DAY_ONE
    valid_until: date = DAY_LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys. `business` is a taxable person acting as such, or a legal person with a VAT id."""

    place: Place
    business: bool
    tax_ids: tuple[TaxId, ...] = ()
    certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What is supplied. `category` is the product's tax category in the packs' vocabulary.

    `dispatch` and `delivery` are where the transport of goods begins and ends; without them they
    are the seller's and the buyer's address, and the determination says so. `located` is where a
    service happens that is taxed where it happens.
    """

    kind: SupplyKind
    date: date  # of the supply: the rate of that day applies
    category: str = "standard"
    dispatch: Place | None = None
    delivery: Place | None = None
    located: Place | None = None
    transported: bool = True  # goods leave for the buyer; false: collected, taxed where they are
    installed: bool = False  # goods installed by the seller: taxed at `delivery` (Article 36)
    importer: str | None = None  # `buyer` or `seller`, when goods enter from outside
    net_eur: Decimal | None = None  # of the supply; the consignment's value for the import scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that one determination depends on beside the packs."""

    seller: Seller
    buyer: Buyer
    supply: Supply
    policy: Policy = field(default_factory=Policy)
    language: str = "en"  # of the document: that of the reasons
