"""A supply taxed where the seller is registered: rate, exemption, small business, certificate."""

from invx.rules.tax.case import Case
from invx.rules.tax.ids import issuer, proof
from invx.rules.tax.model import Registration, Scheme, Special
from invx.rules.tax.outcome import Determination, ask
from invx.rules.tax.packs import Category
from invx.rules.tax.places import Jurisdiction, country_of
from invx.rules.totals.model import Tax

CROSS_BORDER_SUFFIX = "-EX"  # of the number in the EU scheme for small businesses


def domestic(case: Case, where: Jurisdiction, registration: Registration) -> Determination:
    """The taxes of a supply in a jurisdiction that the registration covers."""
    where = rates_where(case, where)
    pack = case.pack(where.country)
    if registration.special is Special.SMALL_BUSINESS:
        return small_business(case, where, registration)
    category = known_category(case, where)
    if category.exempt:
        return exempt(case, where, category)
    if free := _by_certificate(case, where):
        return free
    if category.reverse_charge and case.buyer.business:
        return _owed_by_buyer(case, where, category)
    case.cite(where.source if where.code != pack.country else None)
    return at_rate(case, where, Scheme.DOMESTIC)


def rates_where(case: Case, where: Jurisdiction) -> Jurisdiction:
    """Jungholz and Mittelberg: the rates of a seller who is there, wherever in Austria it sells."""
    territory = case.home.territory
    if territory and territory.by_seller and where.country == case.home.services.country:
        return case.home.services
    return where


def at_rate(case: Case, where: Jurisdiction, scheme: Scheme) -> Determination:
    """The rate of the category there on the day of the supply."""
    category = known_category(case, where)
    if category.exempt:
        return exempt(case, where, category)
    pack = case.pack(where.country)
    day = case.supply.date
    rate = pack.rate(category.rate or category.code, where.territory, day)
    if rate is None:
        asks = f"Which rate has {category.rate!r} in {where.code} on {day}? No source states it."
        raise ask("/supply/category", asks)
    case.cite(category.source)
    case.cite(rate.source)
    code = "Z" if where.vat == "S" and not rate.rate else where.vat
    tax = Tax(category=code, rate=rate.rate, jurisdiction=where.code)
    return case.decided((tax,), scheme, place=where.code)


def known_category(case: Case, where: Jurisdiction) -> Category:
    """How the category is taxed there. Raises TaxUndetermined when that is not known."""
    category = case.category_in(where)
    supply = case.supply
    if category is None:
        asks = (
            f"How is {supply.category!r} taxed in {where.code} on {supply.date}? Not in the pack."
        )
        raise ask("/supply/category", asks)
    if category.asks:
        raise ask("/supply/category", f"{where.code}: {category.asks}")
    return category


def exempt(case: Case, where: Jurisdiction, category: Category) -> Determination:
    """Exempt by what is supplied."""
    case.cite(category.source)
    return case.untaxed(
        "E",
        Scheme.EXEMPT,
        text=category.exempt or "exempt",
        place=where.code,
        country=where.country,
        reason_code=category.reason_code,
    )


def small_business(case: Case, where: Jurisdiction, registration: Registration) -> Determination:
    """Free of tax because the seller is small, at home or by the EU scheme (an EX number)."""
    ground = case.pack(where.country).small_business
    if ground is None:
        asks = f"{where.code} has no scheme for small businesses that is known here."
        raise ask("/seller/registrations", asks)
    if not case.is_established_in(where):
        number = (registration.vat_id or "").upper()
        if not number.endswith(CROSS_BORDER_SUFFIX):
            asks = f"Free as a small business in {where.code}: which EX number?"
            raise ask("/seller/registrations", asks)
        case.cite_rule("small_business_abroad", where)
    case.cite(ground.source)
    return case.untaxed(
        ground.category,
        Scheme.SMALL_BUSINESS,
        text="small_business",
        place=where.code,
        country=where.country,
        reason_code=ground.reason_code,
    )


def _by_certificate(case: Case, where: Jurisdiction) -> Determination | None:
    known = () if where.has_own_law else case.pack(where.country).certificates
    grounds = {ground.kind: ground for ground in known}
    for index, held in enumerate(case.buyer.certificates):
        if country_of(held.country) != where.country:
            continue
        if not held.valid_from <= case.supply.date <= held.valid_until:
            continue
        ground = grounds.get(held.kind)
        if ground is None:
            asks = f"What does a certificate {held.kind!r} free from in {where.code}?"
            raise ask(f"/buyer/certificates/{index}/kind", asks)
        case.cite(ground.source)
        case.assume(f"Certificate {held.kind} {held.number}".rstrip() + " covers this supply.")
        return case.untaxed(
            ground.category,
            Scheme.EXEMPT_BUYER,
            text=f"certificate_{held.kind}",
            place=where.code,
            country=where.country,
            reason_code=ground.reason_code,
        )
    return None


def _owed_by_buyer(case: Case, where: Jurisdiction, category: Category) -> Determination:
    """Domestic reverse charge: scrap, building work and what else a country lists."""
    if not any(issuer(each) == where.country for each in case.buyer.tax_ids):
        raise ask("/buyer/tax_ids", f"The buyer owes the tax: its VAT id of {where.country}?")
    if not case.proven(proof(case.facts, lambda country: country == where.country)):
        return at_rate(case, where, Scheme.DOMESTIC)
    case.cite(category.source)
    return case.untaxed(
        "AE",
        Scheme.REVERSE_CHARGE,
        text="reverse_charge",
        place=where.code,
        country=where.country,
        reason_code="VATEX-EU-AE" if where.eu else None,
    )
