"""The place of a service (VAT Directive, Articles 44 to 59), and its taxes."""

from invx.rules.tax.abroad import at_home, below_limit, buyer_counts, outside, supplied_in
from invx.rules.tax.case import Case
from invx.rules.tax.model import SupplyKind as Kind
from invx.rules.tax.outcome import Determination, ask
from invx.rules.tax.places import Jurisdiction

# Where it happens, whoever buys.
_LOCATED = {
    Kind.REAL_ESTATE: "real_estate",
    Kind.PASSENGER_TRANSPORT: "passenger_transport",
    Kind.RESTAURANT: "restaurant",
    Kind.VEHICLE_HIRE: "vehicle_hire",
    Kind.EVENT: "event",
}
_CONSUMER_LOCATED = {Kind.WORK_ON_GOODS: "work_on_goods", Kind.GOODS_TRANSPORT: "goods_transport"}
_CONSUMER_AT_HOME = {Kind.DIGITAL: "digital", Kind.ONLINE_EVENT: "online_event"}
RECIPIENT = "recipient"  # a country's rule: where the recipient is, whoever it is


def service_taxes(case: Case) -> Determination:
    """The taxes of a service. Raises TaxUndetermined."""
    kind = case.supply.kind
    home, buyer = case.home.services, case.buyer_at.services
    if kind in _LOCATED:
        return _located(case, _LOCATED[kind])
    if _has_recipient_rule(case):
        if kind is Kind.IN_PERSON:
            case.cite_rule("consumer_services", home)
            return supplied_in(case, home)
        if home.code != buyer.code:
            return _from_recipient_rule(case)
    if case.buyer.business:
        if buyer_counts(case, buyer):
            case.cite_rule("business_services", home)
            return supplied_in(case, buyer, general=True)
        case.buyer_counts_as_consumer = True
    return _to_consumer(case)


def _to_consumer(case: Case) -> Determination:
    kind = case.supply.kind
    home, buyer = case.home.services, case.buyer_at.services
    if kind in _CONSUMER_LOCATED:
        return _located(case, _CONSUMER_LOCATED[kind])
    if kind in _CONSUMER_AT_HOME:
        case.cite_rule(_CONSUMER_AT_HOME[kind], home)
        limited = kind is Kind.DIGITAL and _crosses_a_border(home, buyer)
        if limited and case.registration_in(buyer) is None and below_limit(case, home):
            return at_home(case, home)
        return supplied_in(case, buyer)
    if kind is Kind.INTANGIBLE and _leaves(home, buyer):
        case.cite_rule("intangible", home)
        if buyer.eu:  # which taxes such a service where the seller is
            return outside(case, buyer)
        return supplied_in(case, buyer)
    case.cite_rule("consumer_services", home)
    return supplied_in(case, home)


def _crosses_a_border(home: Jurisdiction, buyer: Jurisdiction) -> bool:
    return home.eu and buyer.eu and home.country != buyer.country


def _leaves(home: Jurisdiction, buyer: Jurisdiction) -> bool:
    """Whether a consumer is outside the seller's VAT area. Its own country's islands are not."""
    return home.country != buyer.country and not (home.eu and buyer.eu)


def _located(case: Case, rule: str) -> Determination:
    located = case.supply.located
    if located is None:
        raise ask("/supply/located", f"Where does it happen? A {case.supply.kind} is taxed there.")
    where = case.locate(located, "/supply/located").services
    case.cite_rule(rule, case.home.services)
    return supplied_in(case, where)


def _has_recipient_rule(case: Case) -> bool:
    pack = case.packs.get(case.home.services.country)
    return pack is not None and pack.place_rule == RECIPIENT


def _from_recipient_rule(case: Case) -> Determination:
    """A Swiss seller's service to somebody abroad: not Swiss; perhaps the other country's."""
    kind, buyer = case.supply.kind, case.buyer_at.services
    case.cite_rule("recipient", case.home.services)
    if case.buyer.business:
        return supplied_in(case, buyer, general=True)
    if kind in _CONSUMER_AT_HOME:
        case.cite_rule(_CONSUMER_AT_HOME[kind], buyer)
        return supplied_in(case, buyer)
    if kind in _CONSUMER_LOCATED:
        return _located(case, _CONSUMER_LOCATED[kind])
    return outside(case, buyer)  # the other country taxes it where the seller is: here, not at all
