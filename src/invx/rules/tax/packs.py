"""Country packs: what is known of a country's taxes, as versioned data, and what it answers.

A pack says how much it knows. `complete`: every scheme of `model.Scheme` that its law has.
`partial`: only the schemes in `covers`. `none`: nothing; a tenant's rate table or a tax engine.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Protocol, TypeVar

from invx.kernel.errors import violated
from invx.rules.tax.boxes import ReturnForm
from invx.rules.tax.model import DAY_LAST, Scheme, SupplyKind
from invx.rules.tax.outcome import PackUse
from invx.rules.tax.pack_late import LatePayment


class Status(StrEnum):
    """How much a pack knows."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate in percent from a day on; the next row of its code and territory ends it."""

    code: str
    rate: Decimal
    valid_from: date
    source: str
    valid_until: date = DAY_LAST
    territory: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """How a product tax category is taxed from a day on. Exactly one of the first three is set.

    `rate` names a rate code, `exempt` the text of an exemption, `asks` what has to be known first.
    With `reverse_charge` a business buyer owes the tax. `kinds` narrows the row.
    """

    code: str
    valid_from: date
    source: str
    rate: str | None = None
    exempt: str | None = None
    asks: str | None = None
    reverse_charge: bool = False
    reason_code: str | None = None
    valid_until: date = DAY_LAST
    territory: str | None = None
    kinds: tuple[SupplyKind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """A part of a country with a tax place of its own, found by postal code or by ISO code.

    `goods` and `services` name the jurisdictions that it belongs to: itself or another. `vat` is
    the UNCL 5305 category of its taxed supplies: S, L (IGIC), M (IPSI), O (no such tax).
    """

    code: str
    name: str
    goods: str
    services: str
    source: str
    iso: tuple[str, ...] = ()
    postal_codes: tuple[str, ...] = ()  # "35000-35999", or a beginning: "BT*"
    eu: bool = False
    vat: str = "S"
    own_registration: bool = False  # a registration elsewhere in the country does not cover it
    by_seller: bool = False  # its rates follow where the seller is, not where the supply is
    asks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A reason for no tax that a pack states: a category code of UNCL 5305, text key, source."""

    kind: str
    category: str
    source: str
    reason_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoiceDuty:
    """From a day on businesses of the country owe each other structured invoices.

    `whom` says which ones, in words: it hangs on figures that an invoice does not show. `formats`
    are those of Invx that satisfy the law; none where it asks for one that Invx does not write.
    """

    valid_from: date
    whom: str
    source: str
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """What a country asks of its documents: titles by kind, years of keeping, e-invoice formats."""

    titles: tuple[tuple[str, str], ...] = ()
    retention_years: int | None = None
    retention_source: str | None = None
    formats: tuple[str, ...] = ()
    duties: tuple[EInvoiceDuty, ...] = ()

    def duty(self, day: date) -> EInvoiceDuty | None:
        """The duty to send structured invoices that is in force on a day: the last that began."""
        begun = [duty for duty in self.duties if duty.valid_from <= day]
        return max(begun, key=lambda duty: duty.valid_from, default=None)


class ClearanceRule(StrEnum):
    """Whether an authority has to clear a document, and whether the buyer waits for that."""

    NONE = "none"
    BEFORE_RELEASE = "before_release"  # the buyer gets it only when it is cleared
    AFTER_ISSUE = "after_issue"  # it is reported; the buyer may have it before


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """How a country clears documents, and whether a rejected one keeps its number when mended.

    `revision_days` counts from the day of the rejection.
    """

    rule: ClearanceRule = ClearanceRule.NONE
    revision_allowed: bool = False
    revision_days: int | None = None
    source: str | None = None


class _Dated(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def territory(self) -> str | None: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_until(self) -> date: ...


_Row = TypeVar("_Row", bound=_Dated)
_Text = TypeVar("_Text", bound=tuple[str, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """All that is known of one country, as read from its text."""

    country: str
    name: str
    version: str
    status: Status
    digest: str
    covers: tuple[Scheme, ...] = ()
    eu: bool = False
    vat_prefix: str = ""
    language: str = "en"
    postal_digits: int | None = None
    place_rule: str = "directive"  # or `recipient`: services to anybody are at the recipient's
    foreign_seller: tuple[SupplyKind, ...] = ()  # local supplies whose tax a business buyer owes
    rates: tuple[Rate, ...] = ()
    categories: tuple[Category, ...] = ()
    territories: tuple[Territory, ...] = ()
    small_business: Ground | None = None
    certificates: tuple[Ground, ...] = ()
    texts: tuple[tuple[str, str, str], ...] = ()  # key, language, text
    sources: tuple[tuple[str, str], ...] = ()
    documents: Documents = Documents()
    tax_rates_of: str | None = None  # who publishes the exchange rates for its tax, and by what law
    tax_rates_source: str | None = None
    clearance: Clearance = Clearance()
    vat_return: ReturnForm | None = None
    late_payment: LatePayment | None = None

    @property
    def use(self) -> PackUse:
        """What a document records of it."""
        return PackUse(country=self.country, version=self.version, status=self.status)

    def source_of(self, key: str) -> str | None:
        """The national citation for a rule, if the pack has one."""
        return dict(self.sources).get(key)

    def text_of(self, key: str, language: str) -> str | None:
        """The text in that language, if the pack has one."""
        return next((text for k, lang, text in self.texts if (k, lang) == (key, language)), None)

    def category(
        self, code: str, kind: SupplyKind, territory: str | None, day: date
    ) -> Category | None:
        """How a category is taxed that day; a rate's own code is a category too."""
        rows = [
            row for row in self.categories if row.code == code and kind in (row.kinds or [kind])
        ]
        narrow = [row for row in rows if row.kinds] or rows
        for place in (territory, None):
            if found := _in_force([row for row in narrow if row.territory == place], day):
                return found
        if rate := self.rate(code, territory, day):
            return Category(code=code, valid_from=rate.valid_from, source=rate.source, rate=code)
        return None

    def rate(self, code: str, territory: str | None, day: date) -> Rate | None:
        """The rate of that code in force that day; a territory has only rates of its own."""
        return _in_force([r for r in self.rates if (r.code, r.territory) == (code, territory)], day)

    def of_territory(self, code: str) -> "Pack":
        """This pack without the categories that the territory's own tax does not know."""
        own = tuple(row for row in self.categories if row.territory == code)
        return replace(self, categories=own)

    def overlaid(self, over: "Pack") -> "Pack":
        """This pack with a tenant's rows laid over: a row replaces its like, others are added."""
        return replace(
            self,
            version=f"{self.version}+{over.version}",
            digest=sha256(f"{self.digest}{over.digest}".encode()).hexdigest(),
            rates=_laid_over(self.rates, over.rates),
            categories=_laid_over(self.categories, over.categories),
            texts=_merged(self.texts, over.texts),
            sources=tuple((dict(self.sources) | dict(over.sources)).items()),
        )


def _in_force(rows: Sequence[_Row], day: date) -> _Row | None:
    begun = [row for row in rows if row.valid_from <= day]
    latest = max(begun, key=lambda row: row.valid_from, default=None)
    return latest if latest and day <= latest.valid_until else None


def _laid_over(rows: tuple[_Row, ...], over: tuple[_Row, ...]) -> tuple[_Row, ...]:
    """A row of the same code, territory and first day is replaced."""

    def key(row: _Row) -> tuple[str, str | None, date, object]:
        return (row.code, row.territory, row.valid_from, getattr(row, "kinds", ()))

    replaced = {key(row) for row in over}
    return (*(row for row in rows if key(row) not in replaced), *over)


def _merged(rows: tuple[_Text, ...], over: tuple[_Text, ...]) -> tuple[_Text, ...]:
    replaced = {row[:2] for row in over}
    return (*(row for row in rows if row[:2] not in replaced), *over)


@dataclass(frozen=True, slots=True)
class Packs:
    """The packs in force, by country. `EU` holds what the VAT Directive says for all members."""

    by_country: Mapping[str, Pack]

    @classmethod
    def of(cls, packs: Iterable[Pack], overrides: Iterable[Pack] = ()) -> "Packs":
        """The packs, with a tenant's overrides laid over in their order."""
        found = {pack.country: pack for pack in packs}
        for over in overrides:
            known = found.get(over.country)
            found[over.country] = known.overlaid(over) if known else over
        return cls(found)

    def get(self, country: str) -> Pack | None:
        """The pack of a country."""
        return self.by_country.get(country)

    def text(self, key: str, language: str, country: str) -> str:
        """The country's own words, else the general ones; in the language, else in English."""
        own, general = self.get(country), self.get("EU")
        for pack in (own, general):
            if pack and (found := pack.text_of(key, language)):
                return found
        for pack in (general, own):
            if pack and (found := pack.text_of(key, "en") or pack.text_of(key, pack.language)):
                return found
        return violated(f"no pack has the text {key!r}")
