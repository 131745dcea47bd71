"""The tax ledger (M5): its entries, and a document as the ledger sees it.

Nothing here is personal: a registration is named by an id that is made from it, never by its VAT
id, which may be that of a sole trader.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

from invx.contexts.invoicing.domain.content import TaxCurrency
from invx.contexts.invoicing.domain.party import Basis, Registration
from invx.kernel.ids import named_id
from invx.rules.tax.model import Special
from invx.rules.totals.model import ZERO, Regime

Cells: TypeAlias = tuple[Decimal, ...]  # base and tax of the first group, of the second, …
RATE_OF_DOCUMENT = "document"


class TaxCause(StrEnum):
    """Why an entry stands in the tax ledger."""

    ISSUED = "issued"
    ADVANCE_RECEIVED = "advance_received"  # on accrual, before the supply; undone at its tax point
    CASH_RECEIVED = "cash_received"  # negative: given back
    DISCOUNT_TAKEN = "discount_taken"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"  # positive: paid after all
    CORRECTED = "corrected"  # by a cancellation; or between rates, when a credit note moves money
    VOIDED = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The published rate by which an amount stands in the currency of the tax office."""

    currency: str
    rate: Decimal  # units of it per unit of the document's currency
    source: str
    day: date  # the first on which the rate held


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxedGroup:
    """A tax group of a document; frozen when it is finalized. A credit note's is negative.

    `accounted_base` and `accounted_tax` are in the document's tax currency, if it has one, or at
    the `conversion` that came later. `provisional` says that they are needed and not known: nobody
    gave a rate, or each payment has its own (cash). `rate_day` is the day whose rate counts, where
    that is not the tax point: a credit note is converted like its original.
    """

    regime: Regime
    jurisdiction: str | None = None
    category: str
    rate: Decimal
    base: Decimal
    tax: Decimal
    country: str | None = None  # whose tax it is
    registration: UUID | None = None  # None: the seller had none there on that day
    basis: Basis = Basis.ACCRUAL
    scheme: str | None = None
    tax_point: date  # when it is due on accrual
    accounted_base: Decimal | None = None
    accounted_tax: Decimal | None = None
    provisional: bool = False
    rate_day: date | None = None
    conversion: Conversion | None = None
    derived: bool = False  # the scheme was not determined, but read from what was stated
    supply: str | None = None  # goods, services, located, triangular: where returns tell them apart
    partner: str | None = None  # the country that the buyer's VAT id begins with
    origin: str | None = None  # of a credit note: the period of the supply that it corrects


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxAccount:
    """A document in the tax ledger. Only its groups change, once, when a rate is published.

    `total` is what the buyer pays for it in all, `prepaid` the part that was paid before; both have
    the sign of the claim.
    """

    currency: str
    total: Decimal
    prepaid: Decimal = ZERO
    groups: tuple[TaxedGroup, ...]
    cause: TaxCause = TaxCause.ISSUED  # of the document: issued, credited or corrected
    credits: UUID | None = None  # the document that this one credits
    tax_currency: TaxCurrency | None = None

    def conversion_of(self, group: TaxedGroup) -> Conversion | None:
        """By which rate a group stands in another currency; None while it does not."""
        if group.conversion is not None or self.tax_currency is None or group.provisional:
            return group.conversion
        stated = self.tax_currency
        return Conversion(
            currency=stated.currency,
            rate=stated.rate,
            source=stated.source or RATE_OF_DOCUMENT,
            day=stated.day or group.tax_point,
        )

    @property
    def cells(self) -> Cells:
        """All bases and taxes."""
        return tuple([cell for each in self.groups for cell in (each.base, each.tax)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a document: the amount that settled it, and the bases and taxes in it."""

    amount: Decimal  # never negative
    cells: Cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """How a document is settled so far, as tax sees it. What no share holds is open."""

    credited: Share  # against its own credit note, or its own original: no money moved
    received: Share
    discounted: Share
    written_off: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxEntry:
    """One entry, complete in itself; it never changes. `sequence` counts those of a document."""

    sequence: int
    cause: TaxCause
    regime: Regime
    jurisdiction: str | None = None
    category: str
    rate: Decimal
    base: Decimal
    tax: Decimal
    currency: str
    tax_point: date
    period: str  # 2026-11
    country: str | None = None
    registration: UUID | None = None
    basis: Basis
    scheme: str | None = None
    tax_currency: str | None = None
    exchange_rate: Decimal | None = None  # units of the tax currency per unit of the currency
    rate_source: str | None = None
    accounted_base: Decimal | None = None
    accounted_tax: Decimal | None = None
    rate_day: date | None = None  # the first day of the published rate
    provisional: bool = False
    settlement_entry: UUID | None = None  # the movement of money, discount or write-off behind it
    reverses: UUID | None = None  # the settlement's entry that was taken back
    derived: bool = False
    supply: str | None = None
    partner: str | None = None
    origin: str | None = None  # the period of the supply; another one than `period` corrects it
    closed_period: str | None = None  # that of the tax point, where it was closed when this came


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxMovement:
    """What an event adds to the tax ledger, and where the document stands there afterwards."""

    after: Holdings
    entries: tuple[TaxEntry, ...] = ()


def registration_id(legal_entity_id: UUID, registration: Registration) -> UUID:
    """The id of a registration: of country and number, the same however often it is amended.

    A one-stop shop mostly uses the number of an ordinary registration, and has an id of its own.
    """
    number = registration.vat_id or registration.tax_number or ""
    if registration.special in (Special.OSS, Special.IOSS):
        number = f"{registration.special}:{number}"
    return _registration_id(legal_entity_id, f"registration:{registration.country}:{number}")


_registration_id = lru_cache(1024)(named_id)  # a few per legal entity, asked for by every document
