"""One determination under way: what it has found, cited, taken for granted and drawn on."""

from collections.abc import Iterator

from invx.kernel.errors import invariant
from invx.rules.tax.ids import Proof
from invx.rules.tax.model import Buyer, Facts, Place, Registration, Scheme, Special, Supply
from invx.rules.tax.outcome import Determination, ask
from invx.rules.tax.packs import Category, Pack, Packs, Status
from invx.rules.tax.places import Jurisdiction, Locality, country_of, locate
from invx.rules.totals.model import Profile, Tax

GENERAL = "EU"  # the pack of the VAT Directive


class Case:
    """The facts, the packs, and the record that becomes the determination."""

    def __init__(self, facts: Facts, packs: Packs, fingerprint: str) -> None:
        self.facts = facts
        self.packs = packs
        self.fingerprint = fingerprint
        self._sources: list[str] = []
        self._assumed: list[str] = []
        self._used: dict[str, Pack] = {}
        self.buyer_counts_as_consumer = False  # a business whose id does not count by policy
        self.home: Locality = self.locate(facts.seller.place, "/seller/place")
        self.buyer_at: Locality = self.locate(facts.buyer.place, "/buyer/place")

    @property
    def supply(self) -> Supply:
        """What is supplied."""
        return self.facts.supply

    @property
    def buyer(self) -> Buyer:
        """Who buys."""
        return self.facts.buyer

    def locate(self, place: Place, at: str) -> Locality:
        """Where a place is in tax law."""
        return locate(place, self.packs, at=at)

    def assume(self, statement: str) -> None:
        """Record what is taken for granted."""
        if statement not in self._assumed:
            self._assumed.append(statement)

    def cite(self, source: str | None) -> None:
        """Record a source."""
        if source and source not in self._sources:
            self._sources.append(source)

    def cite_rule(self, rule: str, where: Jurisdiction) -> None:
        """Record where a country's own law and, for a member state, the Directive state a rule."""
        pack = self.packs.get(where.country)
        own = pack.source_of(rule) if pack else None
        if pack and own:
            self._used[pack.country] = pack
            self.cite(own)
        general = self.packs.get(GENERAL)
        of_a_member = where.eu or (pack is not None and pack.eu)
        if general and (of_a_member or own is None) and (found := general.source_of(rule)):
            self._used[GENERAL] = general
            self.cite(found)

    def drawn(self, country: str) -> Pack | None:
        """The pack of a country, recorded as used."""
        pack = self.packs.get(country)
        if pack:
            self._used[country] = pack
        return pack

    def pack(self, country: str) -> Pack:
        """The pack that decides here. Raises TaxUndetermined when nothing is known."""
        pack = self.drawn(country)
        if pack is None or pack.status is Status.NONE:
            raise ask("/supply", f"The taxes of {country} are not known here: no country pack.")
        return pack

    def pack_status(self, where: Jurisdiction) -> Status:
        """How much is known of a country. Raises TaxUndetermined when it has no pack at all."""
        pack = self.packs.get(where.country)
        if pack is None:
            raise ask("/seller/place/country", f"The taxes of {where.country} are not known here.")
        return pack.status

    def proven(self, proof: Proof) -> bool:
        """Whether there is an id that counts; what was taken for granted is recorded."""
        if proof.assumed:
            self.assume(proof.assumed)
        return proof.id is not None

    def registrations(self, *specials: Special) -> Iterator[tuple[int, Registration]]:
        """The seller's registrations of these kinds in force on the day of the supply."""
        for index, each in enumerate(self.facts.seller.registrations):
            if each.special in specials and each.holds_on(self.supply.date):
                yield index, each

    def registration_in(self, where: Jurisdiction) -> tuple[int, Registration] | None:
        """The registration that covers a jurisdiction: ordinary, or as a small business."""
        for index, each in self.registrations(Special.ORDINARY, Special.SMALL_BUSINESS):
            if where.code == "XI" and each.country == "XI":
                return index, each
            if country_of(each.country) == where.country and each.region == where.region:
                return index, each
        return None

    def is_established_in(self, where: Jurisdiction) -> bool:
        """Whether the seller's business, or a fixed establishment, is there."""
        if where.country == self.home.services.country and (
            where.region == self.home.services.region
        ):
            return True
        return any(
            each.established and country_of(each.country) == where.country
            for _, each in self.registrations(Special.ORDINARY)
        )

    def category_in(self, where: Jurisdiction) -> Category | None:
        """How the jurisdiction taxes the category of the supply on its day, if it is known."""
        pack = self.drawn(where.country)
        if pack is None:
            return None
        supply = self.supply
        rows = pack.of_territory(where.code) if where.has_own_law else pack
        return rows.category(supply.category, supply.kind, where.territory, supply.date)

    def untaxed(
        self,
        category: str,
        scheme: Scheme,
        *,
        text: str,
        place: str,
        country: str,
        reason_code: str | None = None,
    ) -> Determination:
        """A determination at the rate 0 with a reason: `text` is a key of the packs."""
        reason = self.packs.text(text, self.facts.language, country)
        jurisdiction = None if category == "O" else place
        tax = Tax(
            category=category, jurisdiction=jurisdiction, reason=reason, reason_code=reason_code
        )
        return self.decided((tax,), scheme, place=place)

    def decided(
        self, taxes: tuple[Tax, ...], scheme: Scheme, *, place: str, plain: bool = False
    ) -> Determination:
        """The determination, if the packs that it draws on cover its scheme."""
        for pack in self._used.values():
            if pack.status is Status.PARTIAL and scheme not in pack.covers:
                known = ", ".join(pack.covers)
                raise ask("/supply", f"{pack.name}: {scheme} is not covered yet, only {known}.")
        invariant(bool(self._sources), f"a determination without a source: {self.facts}")
        return Determination(
            taxes=taxes,
            scheme=scheme,
            place=place,
            source="; ".join(self._sources),
            packs=tuple(pack.use for _, pack in sorted(self._used.items())),
            fingerprint=self.fingerprint,
            assumed=tuple(self._assumed),
            profile=Profile.PLAIN if plain else Profile.EN16931,
        )
