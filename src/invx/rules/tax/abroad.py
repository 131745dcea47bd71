"""A supply whose place is settled: taxed locally, owed by the buyer, one-stop shop, or outside."""

from decimal import Decimal

from invx.rules.tax.case import Case
from invx.rules.tax.ids import issuer, proof
from invx.rules.tax.local import at_rate, domestic, exempt, small_business
from invx.rules.tax.model import Registration, Scheme, Special, SupplyKind
from invx.rules.tax.outcome import Determination, ask
from invx.rules.tax.packs import Status
from invx.rules.tax.places import Jurisdiction, country_of

LIMIT_EUR = Decimal(10_000)  # VAT Directive, Article 59c
IMPORT_LIMIT_EUR = Decimal(150)  # Article 369l


def supplied_in(case: Case, where: Jurisdiction, *, general: bool = False) -> Determination:
    """The taxes of a supply whose place is `where`.

    `general` says that the place follows from Article 44: then a business buyer owes the tax of a
    seller who is not established there. Raises TaxUndetermined.
    """
    if where.vat == "O":
        case.cite(where.source)
        return outside(case, where)
    if case.is_established_in(where):
        return domestic(case, where, needed_registration(case, where)[1])
    found = case.registration_in(where)
    if found and case.buyer.business and not general and not _has_id_of(case, where):
        return domestic(case, where, found[1])
    if case.buyer.business and _owed_by_buyer(case, where, general=general):
        if buyer_counts(case, where):
            return _reverse_charge(case, where, general=general)
        case.buyer_counts_as_consumer = True
    if _through_the_shop(case, where):
        return one_stop_shop(case, where)
    if found:
        return domestic(case, where, found[1])
    if not where.eu:
        if case.supply.kind is SupplyKind.GOODS:
            raise _registration_missing(case, where)
        return outside(case, where)
    if case.buyer.business and not case.buyer_counts_as_consumer:
        raise _registration_missing(case, where)
    return one_stop_shop(case, where)


def needed_registration(case: Case, where: Jurisdiction) -> tuple[int, Registration]:
    """The seller's registration there. Raises TaxUndetermined when there is none."""
    found = case.registration_in(where)
    if found is None:
        raise _registration_missing(case, where)
    return found


def _registration_missing(case: Case, where: Jurisdiction) -> Exception:
    asks = f"The supply is taxed in {where.code}: the seller's registration there"
    return ask("/seller/registrations", f"{asks} on {case.supply.date}?")


def _owed_by_buyer(case: Case, where: Jurisdiction, *, general: bool) -> bool:
    pack = case.packs.get(where.country)
    if not (where.eu or where.code == "GB"):
        return False
    return general or (pack is not None and case.supply.kind in pack.foreign_seller)


def _through_the_shop(case: Case, where: Jurisdiction) -> bool:
    """Whoever is in the one-stop shop declares all services to consumers elsewhere through it."""
    consumer = not case.buyer.business or case.buyer_counts_as_consumer
    enrolled = any(True for _ in case.registrations(Special.OSS))
    return consumer and enrolled and where.eu and case.supply.kind is not SupplyKind.GOODS


def _has_id_of(case: Case, where: Jurisdiction) -> bool:
    return any(issuer(each) == where.country for each in case.buyer.tax_ids)


def buyer_counts(case: Case, where: Jurisdiction) -> bool:
    """Whether a business buyer has shown that it is one: in a member state by that state's id.

    Where the seller is established, and outside the EU, the statement is enough; so it is for a
    seller from outside whom no member state knows: nothing that it charges depends on the id.
    """
    if not where.eu or case.is_established_in(where):
        return True
    if not case.home.services.eu and not seller_vat_id(case):
        return True
    ids = [issuer(each) for each in case.buyer.tax_ids]
    if where.country not in ids:
        stated = f", not of {', '.join(sorted(set(ids)))}" if ids else ""
        raise ask("/buyer/tax_ids", f"The buyer owes the tax: its VAT id of {where.code}{stated}?")
    return case.proven(proof(case.facts, lambda country: country == where.country))


def _reverse_charge(case: Case, where: Jurisdiction, *, general: bool) -> Determination:
    """The buyer owes the tax of its country."""
    if not where.eu or not seller_vat_id(case):
        return outside(case, where)
    category = case.category_in(where)
    if category and category.exempt:
        return exempt(case, where, category)
    home = case.category_in(case.home.services)
    if home and home.exempt and category is None:
        asks = f"{case.supply.category!r} is exempt at home; is it in {where.code}?"
        raise ask("/supply/category", asks)
    rule = "reverse_charge" if general else "foreign_seller"
    case.cite_rule(rule, where)
    case.cite_rule("reverse_charge_text", case.home.services)
    return case.untaxed(
        "AE",
        Scheme.REVERSE_CHARGE,
        text="reverse_charge",
        place=where.code,
        country=case.home.services.country,
        reason_code="VATEX-EU-AE",
    )


def seller_vat_id(case: Case) -> str | None:
    """A VAT id of a member state: an invoice without tax to another one states it.

    A seller from outside the EU has none; one from inside is asked for it.
    """
    for _, each in case.registrations(Special.ORDINARY, Special.SMALL_BUSINESS):
        pack = case.packs.get(country_of(each.country))
        if each.vat_id and pack and pack.eu and each.region is None:
            return each.vat_id
    if case.home.services.eu:
        raise ask("/seller/registrations", "The seller's VAT id: the buyer owes the tax.")
    return None


def outside(case: Case, where: Jurisdiction) -> Determination:
    """Not a supply that any law binding the seller taxes: category O."""
    home = case.home.services
    case.cite_rule("outside_scope", home)
    if where.code != home.code:
        case.assume(f"The seller has no duty to register in {where.code}.")
    if case.facts.buyer.business and where.code != home.code:
        case.assume("The buyer is a business, as stated.")
    knows_vat = case.pack_status(home) is not Status.NONE
    if knows_vat and case.registration_in(home) is None:
        raise ask("/seller/registrations", f"The seller's registration in {home.code}?")
    return case.untaxed(
        "O",
        Scheme.OUTSIDE_SCOPE,
        text="outside_scope",
        place=where.code,
        country=home.country,
        reason_code="VATEX-EU-O" if home.eu else None,
    )


def one_stop_shop(case: Case, where: Jurisdiction) -> Determination:
    """At the rate of the consumer's member state, declared through the one-stop shop."""
    if not any(True for _ in case.registrations(Special.OSS)):
        asks = f"Taxed in {where.code}: a registration there, or for the one-stop shop?"
        raise ask("/seller/registrations", asks)
    case.cite_rule("oss", where)
    return at_rate(case, where, Scheme.OSS)


def below_limit(case: Case, home: Jurisdiction) -> bool:
    """Whether sales to consumers of other member states stay taxed at home (Article 59c).

    Only for a seller established in one member state, who has not opted out and is not in the
    one-stop shop. The sale that passes the limit is taxed at its destination.
    """
    if not home.eu or any(True for _ in case.registrations(Special.OSS)):
        return False
    others = {
        country_of(each.country)
        for _, each in case.registrations(Special.ORDINARY)
        if each.established
    } - {home.country}
    if others:
        return False
    sales = case.facts.seller.distance_sales
    if sales is None:
        asks = "Sales to consumers of other member states, last year and this: above 10 000 euros?"
        raise ask("/seller/distance_sales", asks)
    if sales.waived or sales.last_year > LIMIT_EUR or sales.this_year > LIMIT_EUR:
        return False
    if case.supply.net_eur is None:
        raise ask("/supply/net_eur", "Net in euros: does this supply pass the limit of 10 000?")
    return sales.this_year + case.supply.net_eur <= LIMIT_EUR


def at_home(case: Case, home: Jurisdiction) -> Determination:
    """Taxed at the seller's because the limit is not reached."""
    case.cite_rule("limit", home)
    return domestic(case, home, needed_registration(case, home)[1])


def small_seller(case: Case, where: Jurisdiction) -> Determination | None:
    """A small business's supply from there, which has no other exemption."""
    _, registration = needed_registration(case, where)
    if registration.special is Special.SMALL_BUSINESS:
        return small_business(case, where, registration)
    return None
