"""The place of a supply of goods (VAT Directive, Articles 31 to 36), and its taxes."""

from invx.rules.tax.abroad import (
    IMPORT_LIMIT_EUR,
    at_home,
    below_limit,
    needed_registration,
    one_stop_shop,
    outside,
    small_seller,
    supplied_in,
)
from invx.rules.tax.case import Case
from invx.rules.tax.ids import issuer, proof
from invx.rules.tax.local import at_rate, domestic, exempt
from invx.rules.tax.model import Scheme, Special
from invx.rules.tax.outcome import Determination, ask
from invx.rules.tax.places import Jurisdiction


def goods_taxes(case: Case) -> Determination:
    """The taxes of a supply of goods. Raises TaxUndetermined."""
    supply = case.supply
    start = _start(case)
    if not supply.transported:
        case.cite_rule("goods_in_place", start)
        return supplied_in(case, start)
    end = _end(case)
    if supply.installed:
        case.cite_rule("goods_installed", start)
        return supplied_in(case, end)
    if _is_one_country(start, end):
        case.cite_rule("goods_transported", start)
        return supplied_in(case, start)
    if start.eu and end.eu:
        return _within_the_eu(case, start, end)
    if end.eu:
        return _into_the_eu(case, start, end)
    if supply.importer == "seller":
        case.cite_rule("goods_imported", end)
        return domestic(case, end, needed_registration(case, end)[1])
    if case.registration_in(start) is None and not start.eu:
        return outside(case, end)
    return _export(case, start)


def _start(case: Case) -> Jurisdiction:
    if case.supply.dispatch is None:
        case.assume("The goods leave from the seller's address.")
        return case.home.goods
    return case.locate(case.supply.dispatch, "/supply/dispatch").goods


def _end(case: Case) -> Jurisdiction:
    if case.supply.delivery is None:
        case.assume("The goods go to the buyer's address.")
        return case.buyer_at.goods
    return case.locate(case.supply.delivery, "/supply/delivery").goods


def _is_one_country(start: Jurisdiction, end: Jurisdiction) -> bool:
    """Within one law: also from Northern Ireland to Great Britain, to an island with own rates."""
    if start.code == end.code:
        return True
    if {start.code, end.code} == {"XI", "GB"}:
        return True
    if start.country == end.country and not start.eu and not end.eu:
        raise ask("/supply/delivery", f"Goods from {start.code} to {end.code}: which law applies?")
    return start.country == end.country and start.eu and end.eu


def _within_the_eu(case: Case, start: Jurisdiction, end: Jurisdiction) -> Determination:
    if case.buyer.business:
        return _to_business(case, start)
    if case.registration_in(end) and not any(True for _ in case.registrations(Special.OSS)):
        case.cite_rule("distance_sales", end)
        return domestic(case, end, needed_registration(case, end)[1])
    starts_at_home = start.country == case.home.goods.country
    if starts_at_home and below_limit(case, case.home.goods):
        return at_home(case, start)
    case.cite_rule("distance_sales", end)
    return one_stop_shop(case, end)


def _to_business(case: Case, start: Jurisdiction) -> Determination:
    """Exempt with an id of another member state than the one that the goods leave."""
    registration = needed_registration(case, start)[1]
    if small := small_seller(case, start):
        return small
    ids = [issuer(each) for each in case.buyer.tax_ids]
    if not any(_is_of_another(each, start, case) for each in ids):
        if start.code not in ids:
            asks = f"Free of tax with a VAT id of another member state than {start.code}: which?"
            raise ask("/buyer/tax_ids", asks)
        case.cite_rule("intra_community_refused", start)
        return domestic(case, start, registration)
    if not case.proven(proof(case.facts, lambda each: _is_of_another(each, start, case))):
        case.cite_rule("intra_community_refused", start)
        return domestic(case, start, registration)
    if registration.vat_id is None:
        raise ask("/seller/registrations", f"The seller's VAT id of {start.code}?")
    category = case.category_in(start)
    if category and category.exempt:
        return exempt(case, start, category)
    case.cite_rule("intra_community", start)
    return case.untaxed(
        "K",
        Scheme.INTRA_COMMUNITY,
        text="intra_community",
        place=start.code,
        country=start.country,
        reason_code="VATEX-EU-IC",
    )


def _is_of_another(country: str, start: Jurisdiction, case: Case) -> bool:
    pack = case.packs.get(country)
    return country != start.code and (country == "XI" or (pack is not None and pack.eu))


def _export(case: Case, start: Jurisdiction) -> Determination:
    if start.vat == "O":
        return outside(case, start)
    if small := small_seller(case, start):
        return small
    case.cite_rule("export", start)
    if case.supply.importer is None:
        case.assume("The buyer imports the goods; taxes at the destination are its own.")
    return case.untaxed(
        "G",
        Scheme.EXPORT,
        text="export",
        place=start.code,
        country=start.country,
        reason_code="VATEX-EU-G" if start.eu else None,
    )


def _into_the_eu(case: Case, start: Jurisdiction, end: Jurisdiction) -> Determination:
    """Who imports decides: the seller supplies inside the EU, the buyer buys outside of it."""
    supply = case.supply
    if not case.buyer.business and any(True for _ in case.registrations(Special.IOSS)):
        if supply.net_eur is None:
            raise ask("/supply/net_eur", "The value of the consignment in euros: up to 150?")
        if supply.net_eur <= IMPORT_LIMIT_EUR:
            case.cite_rule("ioss", end)
            return at_rate(case, end, Scheme.IOSS)
    if supply.importer is None:
        raise ask("/supply/importer", "Who imports the goods into the EU: buyer or seller?")
    if supply.importer == "seller":
        case.cite_rule("goods_imported", end)
        return supplied_in(case, end)
    if case.registration_in(start):
        return _export(case, start)
    case.cite_rule("goods_transported", end)
    return outside(case, start)
