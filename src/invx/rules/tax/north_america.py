"""Sales taxes of the United States and Canada, by a rate table of the tenant or a tax engine."""

from invx.rules.tax.case import Case
from invx.rules.tax.model import Certificate, Place, Registration, Scheme, Special, SupplyKind
from invx.rules.tax.outcome import Determination, ask
from invx.rules.tax.places import country_of
from invx.rules.tax.quotes import Engine, WantsQuote
from invx.rules.tax.rate_table import RateTable, TableRate, narrowest
from invx.rules.totals.model import Regime, Tax

COUNTRIES = frozenset({"US", "CA"})


def sales_place(case: Case) -> Place | None:
    """The place in North America where the supply is taxed by table, if it is.

    It is when the seller is registered in that state or province, or is at home in the country:
    a seller from elsewhere without a registration owes no sales tax there.
    """
    supply = case.supply
    if supply.kind is SupplyKind.GOODS:
        place = _where_goods_go(case)
    else:
        place = supply.located or case.buyer.place
    country = country_of(place.country)
    if country not in COUNTRIES:
        return None
    at_home = case.home.services.country == country
    registered = any(
        country_of(each.country) == country for _, each in case.registrations(Special.ORDINARY)
    )
    return place if at_home or registered else None


def sales_taxes(case: Case, place: Place, table: RateTable | Engine | None) -> Determination:
    """All taxes of the table that hold there. Raises TaxUndetermined, WantsQuote."""
    country, region = country_of(place.country), place.region
    if not region:
        raise ask(f"{_field(case, place)}/region", f"Which state or province of {country}?")
    jurisdiction = f"{country}-{region}"
    case.drawn(country)
    if not _is_registered(case, country, region):
        return _not_collected(case, country, jurisdiction)
    if held := _certificate(case, country, region):
        return _free(case, held, jurisdiction)
    if isinstance(table, Engine):
        raise WantsQuote(jurisdiction)
    if table is None:
        raise ask("/table", f"The rates of {jurisdiction}: a rate table, or a tax engine?")
    place = _by_origin(case, place, table, jurisdiction)
    rows = table.rows(country, region, case.supply.kind, case.supply.date)
    if not rows:
        asks = f"Is {case.supply.kind} taxed in {jurisdiction} on {case.supply.date}? No rate."
        raise ask("/table/rates", asks)
    _complete_address(rows, place, _field(case, place))
    found = narrowest([row for row in rows if row.holds_at(place)], case.supply.category)
    if not found:
        raise ask("/table/rates", f"No rate of {jurisdiction} holds at this address.")
    for row in found:
        case.cite(f"{row.source} (table {table.version})")
    taxes = tuple(
        Tax(regime=Regime.SALES, category=row.code, rate=row.rate, jurisdiction=_name(row))
        for row in found
    )
    return case.decided(taxes, Scheme.SALES_TAX, place=jurisdiction, plain=True)


def _where_goods_go(case: Case) -> Place:
    supply = case.supply
    if not supply.transported:
        return supply.dispatch or case.facts.seller.place
    return supply.delivery or case.buyer.place


def _is_registered(case: Case, country: str, region: str) -> bool:
    def covers(each: Registration) -> bool:
        return country_of(each.country) == country and each.region == region

    return any(covers(each) for _, each in case.registrations(Special.ORDINARY))


def _not_collected(case: Case, country: str, jurisdiction: str) -> Determination:
    """Registered in other states, not in this one: nothing is collected here, and it says so."""
    if not any(country_of(each.country) == country for _, each in case.registrations(*Special)):
        raise ask(
            "/seller/registrations", f"In which states of {country} is the seller registered?"
        )
    case.cite(f"No registration of the seller in {jurisdiction} on {case.supply.date}")
    case.assume(f"The seller has no duty to register in {jurisdiction}.")
    tax = Tax(
        regime=Regime.SALES,
        category="NONE",
        jurisdiction=jurisdiction,
        reason=f"The seller collects no sales tax in {jurisdiction}",
    )
    return case.decided((tax,), Scheme.OUTSIDE_SCOPE, place=jurisdiction, plain=True)


def _by_origin(case: Case, place: Place, table: RateTable, jurisdiction: str) -> Place:
    """In an origin state a seller inside the state applies the rates of where it is."""
    start = case.supply.dispatch or case.facts.seller.place
    inside = f"{country_of(start.country)}-{start.region}" == jurisdiction
    if jurisdiction in table.origin_regions and inside:
        return start
    return place


def _field(case: Case, place: Place) -> str:
    """Which of the facts this place is."""
    supply = case.supply
    for at, each in (("delivery", supply.delivery), ("located", supply.located)):
        if each is place:
            return f"/supply/{at}"
    return "/buyer/place"


def _complete_address(rows: list[TableRate], place: Place, at: str) -> None:
    """Local rates need to know where: by postal code or by city."""
    local = [row for row in rows if row.is_local]
    if any(row.postal_codes for row in local) and not place.postal_code:
        raise ask(f"{at}/postal_code", "Local taxes depend on the postal code.")
    if any(row.cities and not row.postal_codes for row in local) and not place.city:
        raise ask(f"{at}/city", "Local taxes depend on the city.")


def _certificate(case: Case, country: str, region: str) -> Certificate | None:
    for held in case.buyer.certificates:
        here = country_of(held.country) == country and held.region in (None, region)
        if here and held.valid_from <= case.supply.date <= held.valid_until:
            return held
    return None


def _free(case: Case, held: Certificate, jurisdiction: str) -> Determination:
    text = f"Certificate {held.kind} {held.number}".rstrip()
    case.cite(f"{text}, valid on {case.supply.date}")
    case.assume(f"{text} covers this supply.")
    tax = Tax(regime=Regime.SALES, category="FREE", jurisdiction=jurisdiction, reason=text)
    return case.decided((tax,), Scheme.EXEMPT_BUYER, place=jurisdiction, plain=True)


def _name(row: TableRate) -> str:
    """US-TX for the state, US-TX-Austin for what holds in a part of it."""
    return f"{row.country}-{row.region}" + (f"-{row.name}" if row.is_local else "")
