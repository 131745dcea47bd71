"""On which ground the parts of a document bear their tax, and whose return they belong into.

The rules said it for lines whose taxes they determined. What a person stated by hand is read from
category, jurisdiction and parties, always the same way, and marked as derived.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from invx.contexts.invoicing.domain.content import (
    Content,
    DeterminedLine,
    Line,
    LineSupply,
)
from invx.contexts.invoicing.domain.countries import VAT_PREFIXES
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.party import Party, Registration
from invx.kernel.money import EXACT, round_to_sum
from invx.rules.tax.model import Scheme, Special, SupplyKind
from invx.rules.totals.model import ZERO, LineKind, LineTotals, Regime, TaxGroup, Totals

LEVY = "levy"  # a scheme of ours beside those of the rules: no return of VAT knows it
_DIPLOMATS = "VATEX-EU-151"
_BY_CATEGORY = {"K": Scheme.INTRA_COMMUNITY, "AE": Scheme.REVERSE_CHARGE, "G": Scheme.EXPORT}
_SHOPS = {Scheme.OSS: Special.OSS, Scheme.IOSS: Special.IOSS}


class Supplied(StrEnum):
    """What returns tell apart: the letters L, S and D of the EC sales list, and what has none."""

    GOODS = "goods"
    SERVICES = "services"  # taxed where the buyer is (Article 44)
    LOCATED = "located"  # services taxed where they happen (Articles 47 to 56)
    TRIANGULAR = "triangular"  # the middle party's sale of goods (Article 141)


_LOCATED = {
    SupplyKind.REAL_ESTATE,
    SupplyKind.PASSENGER_TRANSPORT,
    SupplyKind.RESTAURANT,
    SupplyKind.VEHICLE_HIRE,
    SupplyKind.EVENT,
}
# Elsewhere returns do not ask what was supplied, and a group would fall apart for nothing.
_TOLD_APART = {Scheme.INTRA_COMMUNITY, Scheme.REVERSE_CHARGE, Scheme.OSS, Scheme.IOSS}


@dataclass(frozen=True, slots=True)
class Treatment:
    """The ground, whether it was derived, and what was supplied where that matters."""

    scheme: str | None
    derived: bool = field(default=False, compare=False)
    supply: Supplied | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a tax group that has one treatment. `place` is the jurisdiction of its law."""

    treatment: Treatment
    place: str | None
    base: Decimal
    tax: Decimal


_Key: TypeAlias = tuple[Regime, str | None, str, Decimal]


class Treatments:
    """Splits the tax groups of a document by what their lines were taxed on.

    What corrects another document has its grounds: nothing is read from lines that are none of
    `original_lines` and do not say what they take back.
    """

    def __init__(
        self,
        said: Content,
        totals: Totals,
        entity: LegalEntity,
        day: date,
        *,
        original_lines: Collection[str] | None = None,
    ) -> None:
        self._original_lines = original_lines
        self._content = said
        self._totals = totals
        self._entity = entity
        self._day = day
        self._home = country_of(entity)
        ruled = said.determination.lines if said.determination else ()
        self._ruled: Mapping[str, DeterminedLine] = {each.line_id: each for each in ruled}
        self._sums = self._by_treatment()

    def parts_of(self, group: TaxGroup) -> list[Part]:
        """The group in parts that sum to it exactly; mostly one."""
        found, place = self._sums.get(_key(group), {}), self._place(group)
        if len(found) <= 1:
            treatment = next(iter(found), None) or self._unsaid(group)
            return [Part(treatment, place, group.base, group.amount)]
        bases, taxes = shares([*found.values()], (group.base, group.amount), self._totals.currency)
        return [Part(*each) for each in zip(found, [place] * len(bases), bases, taxes, strict=True)]

    def _by_treatment(self) -> dict[_Key, dict[Treatment, Decimal]]:
        """Sums of the lines' bases by group and treatment; empty where no line says anything."""
        sums: dict[_Key, dict[Treatment, Decimal]] = {}
        if not self._ruled and not _say_something(self._content.lines):
            return sums
        groups = {_key(group): group for group in self._totals.taxes}
        for line, figures in _items(self._content.lines, self._totals.lines):
            for tax, (base, _) in zip(line.taxes, figures.taxes, strict=True):
                key = (tax.regime, tax.jurisdiction, tax.category, tax.rate)
                of_group = sums.setdefault(key, {})
                treatment = self._of_line(line, groups[key])
                of_group[treatment] = of_group.get(treatment, ZERO) + base
        return sums

    def _of_line(self, line: Line, group: TaxGroup) -> Treatment:
        ruled = self._ruled.get(line.id)
        if ruled is None or group.regime is not Regime.VAT:
            known = self._original_lines is None or line.id in self._original_lines
            if not known and line.supply is None:
                return Treatment(None)
            return self._derived(group, line.supply)
        return Treatment(ruled.scheme, supply=_supplied(ruled.scheme, line.supply))

    def _unsaid(self, group: TaxGroup) -> Treatment:
        return Treatment(None) if self._original_lines is not None else self._derived(group, None)

    def _derived(self, group: TaxGroup, supply: LineSupply | None) -> Treatment:
        scheme = self._scheme(group)
        supplied = _supplied(scheme, supply)
        if supplied is None and scheme == Scheme.INTRA_COMMUNITY:
            supplied = Supplied.GOODS
        elif supplied is None and scheme == Scheme.REVERSE_CHARGE:
            abroad = self._place(group) != self._home
            supplied = Supplied.SERVICES if abroad else None
        return Treatment(scheme, derived=True, supply=supplied)

    def _scheme(self, group: TaxGroup) -> str:
        if group.regime is not Regime.VAT:
            return Scheme.SALES_TAX if group.regime is Regime.SALES else LEVY
        if found := _BY_CATEGORY.get(group.category):
            return found
        place = country_in(group.jurisdiction) or self._home
        registration = self._entity.registration_on(place, self._day)
        if group.category in ("E", "O"):
            if registration is not None and registration.special is Special.SMALL_BUSINESS:
                return Scheme.SMALL_BUSINESS
            if group.category == "O":
                return Scheme.OUTSIDE_SCOPE
            return Scheme.EXEMPT_BUYER if group.reason_code == _DIPLOMATS else Scheme.EXEMPT
        if place != self._home and registration is None:
            for scheme, special in _SHOPS.items():
                if self._entity.shop_on(special, self._day) is not None:
                    return scheme
        return Scheme.DOMESTIC

    def _place(self, group: TaxGroup) -> str | None:
        """As stated; what the buyer owes abroad is where the buyer is; all else is at home."""
        if group.jurisdiction is not None:
            return group.jurisdiction
        buyer = self._content.buyer
        if group.category == "AE" and buyer is not None and buyer.address is not None:
            return buyer.address.country
        return self._home


def shares(
    weights: list[Decimal], sums: tuple[Decimal, Decimal], currency: str
) -> tuple[list[Decimal], list[Decimal]]:
    """A base and a tax in parts of these weights, to the unit; without weight to the first."""
    whole = sum(weights, ZERO)
    if not whole:
        weights, whole = [Decimal(1), *[ZERO] * (len(weights) - 1)], Decimal(1)
    found = [
        round_to_sum(
            [EXACT.divide(EXACT.multiply(each, w), whole) for w in weights], each, currency
        )
        for each in sums
    ]
    return found[0], found[1]


def answering(
    entity: LegalEntity, scheme: str | None, place: str | None, day: date
) -> tuple[str | None, Registration | None]:
    """The country whose return takes a supply, and the seller's registration for it.

    What the buyer owes abroad is in the return where the seller is established (for Germany § 18b
    UStG); what is sold through a one-stop shop in that of the shop; all else where it is taxed.
    """
    home = country_of(entity)
    country = country_in(place) or home
    if scheme in _SHOPS:
        return country, entity.shop_on(_SHOPS[Scheme(scheme)], day)
    found = entity.registration_on(country, day)
    owed_abroad = scheme == Scheme.REVERSE_CHARGE and not (found and found.established)
    if country != home and (owed_abroad or scheme == Scheme.OUTSIDE_SCOPE):
        return home, entity.registration_on(home, day)
    return country, found


def partner_of(buyer: Party | None) -> str | None:
    """The country that the buyer's VAT id begins with (EL for Greece); None without an id.

    The id itself may be a person's, so the ledger does not hold it.
    """
    lead = _compact(buyer)[:2]
    if lead in VAT_PREFIXES or buyer is None or not lead:
        return lead or None
    return buyer.address.country if buyer.address else None


def vat_id_of(buyer: Party | None) -> str | None:
    """The buyer's VAT id in compact form, with the letters of its country."""
    written, partner = _compact(buyer), partner_of(buyer)
    if not written or partner is None or written.startswith(partner):
        return written or None
    return partner + written


def country_of(entity: LegalEntity) -> str | None:
    """Where the legal entity is."""
    address = entity.seller.party.address
    return address.country if address else None


def country_in(place: str | None) -> str | None:
    """The country of a jurisdiction such as ES-CN."""
    return place[:2] if place else None


def _compact(buyer: Party | None) -> str:
    written = (buyer.vat_id or "") if buyer else ""
    return "".join(char for char in written.upper() if char.isalnum() or char in "+*")


def _supplied(scheme: str | None, supply: LineSupply | None) -> Supplied | None:
    if supply is None or scheme not in _TOLD_APART:
        return None
    if supply.kind is SupplyKind.GOODS:
        return Supplied.TRIANGULAR if supply.triangular else Supplied.GOODS
    return Supplied.LOCATED if supply.kind in _LOCATED else Supplied.SERVICES


def _key(group: TaxGroup) -> _Key:
    return group.regime, group.jurisdiction, group.category, group.rate


def _say_something(lines: tuple[Line, ...]) -> bool:
    for line in lines:
        if line.supply is not None or (line.children and _say_something(line.children)):
            return True
    return False


def _items(
    lines: tuple[Line, ...], totals: tuple[LineTotals, ...]
) -> Iterator[tuple[Line, LineTotals]]:
    for line, figures in zip(lines, totals, strict=True):
        if line.children:
            yield from _items(line.children, figures.children)
        elif line.kind is LineKind.ITEM:
            yield line, figures
