"""From facts and packs to taxes with their ground, or to questions; never to a guess."""

from collections.abc import Iterator
from hashlib import sha256

from invx.rules.tax.case import Case
from invx.rules.tax.goods import goods_taxes
from invx.rules.tax.ids import issuer
from invx.rules.tax.model import Facts, Place, SupplyKind
from invx.rules.tax.north_america import sales_place, sales_taxes
from invx.rules.tax.outcome import Determination, Question, TaxUndetermined, Undetermined
from invx.rules.tax.packs import Packs
from invx.rules.tax.performed import service_taxes
from invx.rules.tax.places import country_of
from invx.rules.tax.quotes import Engine, QuoteWanted, WantsQuote
from invx.rules.tax.rate_table import RateTable

RULES = "tax-2026.1"  # the version of this package's rules, part of each fingerprint
IMPORTERS = (None, "buyer", "seller")


def determine(
    facts: Facts, packs: Packs, table: RateTable | Engine | None = None
) -> Determination | Undetermined | QuoteWanted:
    """The taxes of one supply. Equal input gives an equal answer, on any day and machine.

    `table` is the tenant's own rate table, for countries whose pack knows nothing. With an engine
    in its place the answer may be that a quote is wanted; without one it never is.
    """
    mark = fingerprint(facts, packs, table)
    if wrong := tuple(_mistakes(facts)):
        return Undetermined(questions=wrong, fingerprint=mark)
    try:
        case = Case(facts, packs, mark)
        where = sales_place(case)
        if where is not None:
            return sales_taxes(case, where, table)
        if facts.supply.kind is SupplyKind.GOODS:
            return goods_taxes(case)
        return service_taxes(case)
    except WantsQuote as wanted:
        return QuoteWanted(place=wanted.place, fingerprint=mark)
    except TaxUndetermined as missing:
        return Undetermined(questions=missing.questions, fingerprint=mark)


def fingerprint(facts: Facts, packs: Packs, table: RateTable | Engine | None = None) -> str:
    """A digest of all that an answer depends on: facts, packs, table and these rules."""
    known = sorted((each.country, each.digest) for each in packs.by_country.values())
    return sha256(repr((RULES, facts, known, table and table.digest)).encode()).hexdigest()


def _mistakes(facts: Facts) -> Iterator[Question]:
    """Facts that make no sense on their own."""
    supply = facts.supply
    places: tuple[tuple[str, Place | None], ...] = (
        ("/seller/place", facts.seller.place),
        ("/buyer/place", facts.buyer.place),
        ("/supply/dispatch", supply.dispatch),
        ("/supply/delivery", supply.delivery),
        ("/supply/located", supply.located),
    )
    for at, place in places:
        if place is not None and not _is_code(country_of(place.country)):
            yield Question(pointer=f"{at}/country", asks="Which country, by ISO 3166-1?")
    for index, each in enumerate(facts.buyer.tax_ids):
        if not _is_code(issuer(each)) or not each.id.strip():
            yield Question(pointer=f"/buyer/tax_ids/{index}", asks="Which id, of which country?")
    if supply.importer not in IMPORTERS:
        yield Question(pointer="/supply/importer", asks="Who imports: buyer or seller?")
    if supply.net_eur is not None and not supply.net_eur.is_finite():
        yield Question(pointer="/supply/net_eur", asks="How much, in euros?")


def _is_code(country: str) -> bool:
    return len(country) == 2 and country.isascii() and country.isalpha()  # noqa: PLR2004
