"""Drafts whose figures contradict each other, or that their profile cannot carry."""

from typing import Any

from tests.api.problem_sources import Case
from tests.world import BUYER, VAT19, line

REFUSED = "not_representable"
EXEMPT = {"category": "E", "rate": "0", "reason": "Training"}


def kit(**more: Any) -> dict[str, Any]:
    """A line with one child."""
    return {"description": "Kit", "children": [line("1.00")], **more}


def stated(**more: Any) -> dict[str, Any]:
    """A line whose net a pricing engine worked out."""
    return {"description": "Usage", "net": "12.35", "taxes": VAT19, **more}


def taxed(*taxes: dict[str, Any]) -> dict[str, Any]:
    return line("10.00", taxes=list(taxes))


def deep(levels: int) -> dict[str, Any]:
    """An item below so many others."""
    found = line("1.00")
    for _ in range(levels):
        found = {"description": "Box", "children": [found]}
    return found


def _one(module: str, name: str, pointer: str, code: str, **body: Any) -> Case:
    """A case with one problem."""
    return Case(name=name, codes=(f"{module}: {code}",), said=((pointer, code),), body=body)


def _bill(name: str, pointer: str, code: str, *lines: dict[str, Any], **more: Any) -> Case:
    if lines:
        more["lines"] = list(lines)
    return _one("inputs", name, pointer, code, **more)


def _profile(name: str, pointer: str, *lines: dict[str, Any], **more: Any) -> Case:
    if lines:
        more["lines"] = list(lines)
    return _one("representable", name, pointer, REFUSED, **more)


def _check(name: str, pointer: str, code: str, **body: Any) -> Case:
    return _one("check", name, pointer, code, **body)


def _terms(name: str, pointer: str, code: str, **terms: Any) -> Case:
    at = f"/payment_terms{pointer}"
    return _one("terms", name, at, code, payment_terms=terms)


FIGURES = [
    _bill("a currency nobody knows", "/currency", "unknown_currency", currency="ZZZ"),
    _bill(
        "two lines of one id",
        "/lines/1/id",
        "duplicate_line_id",
        line("1.00", id="a"),
        line("2.00", id="a"),
    ),
    _bill(
        "a child with its uncle's id",
        "/lines/1/children/0/id",
        "duplicate_line_id",
        line("1.00", id="a"),
        kit(children=[line("2.00", id="a")]),
    ),
    _bill("a price of 15 digits", "/lines/0/price", "out_of_range", line("1" * 15)),
    _bill("a quantity of 15 digits", "/lines/0/quantity", "out_of_range", line("1", "1" * 15)),
    _bill("a prepaid sum of 15 digits", "/prepaid", "out_of_range", prepaid="1" * 15),
    _bill(
        "lines that sum to too much",
        "/lines/1",
        "out_of_range",
        line("1.00"),
        line("99999999999999", "2"),
    ),
    _bill("lines five deep", "/lines/0" + "/children/0" * 4 + "/children", "too_deep", deep(5)),
    _bill(
        "a heading with a price",
        "/lines/1",
        "not_an_item",
        line("1.00"),
        {"kind": "heading", "description": "October", "price": "1.00"},
    ),
    _bill(
        "a subtotal with taxes",
        "/lines/1",
        "not_an_item",
        line("1.00"),
        {"kind": "subtotal", "taxes": VAT19},
    ),
    _bill(
        "a discount below zero",
        "/lines/0/discounts/0/amount",
        "negative",
        line("1.00", discounts=[{"amount": "-1.00"}]),
    ),
    _bill(
        "a charge below zero",
        "/charges/1/amount",
        "negative",
        charges=[{"amount": "1.00"}, {"amount": "-1.00"}],
    ),
    _bill("a net with three decimals", "/lines/0/net", "off_unit", stated(net="1.001")),
    _bill("a prepaid sum with three", "/prepaid", "off_unit", prepaid="0.001"),
    _bill("a rounding with three", "/payable_rounding", "off_unit", payable_rounding="0.001"),
    _bill("a cash unit with three", "/cash_unit", "off_unit", cash_unit="0.005"),
    _bill("a charge with three", "/charges/0/amount", "off_unit", charges=[{"amount": "0.001"}]),
    _bill(
        "the base of a discount with three",
        "/discounts/0/base",
        "off_unit",
        discounts=[{"percent": "5", "base": "0.001"}],
    ),
    _bill("a parent with a price", "/lines/0/price", "children_with_price", kit(price="1.00")),
    _bill("a parent with a net", "/lines/0/net", "children_with_net", kit(net="1.00")),
    _bill(
        "a parent with a charge",
        "/lines/0/charges/0",
        "children_with_adjustments",
        kit(charges=[{"amount": "1.00"}]),
    ),
    _bill("a parent with taxes", "/lines/0/taxes", "children_with_taxes", kit(taxes=VAT19)),
    _bill("a net beside a price", "/lines/0/net", "net_with_price", stated(price="1.00")),
    _bill(
        "a net with a discount",
        "/lines/0/discounts/0",
        "net_with_adjustments",
        stated(discounts=[{"amount": "1.00"}]),
    ),
    _bill(
        "a net that includes tax",
        "/lines/0/price_includes_tax",
        "net_with_tax_included",
        stated(price_includes_tax=True),
    ),
    _bill(
        "a child without a price",
        "/lines/0/children/1/price",
        "price_missing",
        kit(children=[line("1.00"), {"description": "x", "taxes": VAT19}]),
    ),
    _bill(
        "a percent and an amount",
        "/lines/0/charges/0",
        "percent_and_amount",
        line("1.00", charges=[{"percent": "1", "amount": "1.00"}]),
    ),
    _bill(
        "neither percent nor amount",
        "/discounts/0",
        "percent_or_amount_missing",
        discounts=[{"reason": "Regular customer"}],
    ),
    _bill("a tax twice", "/lines/0/taxes/1", "duplicate_tax", taxed(*VAT19, *VAT19)),
    _bill(
        "a tax twice on a charge",
        "/charges/0/taxes/1",
        "duplicate_tax",
        charges=[{"amount": "1.00", "taxes": [*VAT19, *VAT19]}],
    ),
    _bill(
        "two ways of rounding",
        "/cash_unit",
        "rounding_twice",
        cash_unit="0.05",
        payable_rounding="0.01",
    ),
]
PROFILES = [
    _profile("three decimals", "/currency", currency="KWD"),
    _profile("a negative price", "/lines/0/price", line("-5.00")),
    _profile("no VAT", "/lines/1/taxes", line("1.00"), taxed()),
    _profile("no VAT on a child", "/lines/0/children/0/taxes", kit(children=[taxed()])),
    _profile("two VATs", "/lines/0/taxes/1", taxed(*VAT19, {"category": "S", "rate": "7"})),
    _profile(
        "a levy",
        "/lines/0/taxes/1",
        taxed(*VAT19, {"regime": "levy", "category": "CO2", "rate": "2"}),
    ),
    _profile(
        "an unknown category",
        "/lines/0/taxes/0/category",
        taxed({"category": "X", "rate": "19"}),
    ),
    _profile("a rate on exempt", "/lines/0/taxes/0/rate", taxed({**EXEMPT, "rate": "19"})),
    _profile("no rate on standard", "/lines/0/taxes/0/rate", taxed({"category": "S", "rate": "0"})),
    _profile(
        "two places at one rate",
        "/lines/1/taxes/0/jurisdiction",
        taxed({**VAT19[0], "jurisdiction": "DE"}),
        taxed({**VAT19[0], "jurisdiction": "AT"}),
    ),
    _profile(
        "outside of VAT beside VAT",
        "/lines/1/taxes/0",
        line("1.00"),
        taxed({"category": "O", "reason": "Not subject to VAT"}),
    ),
    _profile(
        "two codes of one group without a text",
        "/lines/0/taxes/0",
        taxed({"category": "E", "reason_code": "VATEX-EU-132"}),
        taxed({"category": "E", "reason_code": "VATEX-EU-135"}),
    ),
    Case(
        name="sales tax on a charge of the document",
        codes=(f"representable: {REFUSED}",),
        said=(("/charges/0/taxes", REFUSED), ("/charges/0/taxes/0", REFUSED)),
        body={
            "charges": [
                {
                    "amount": "1.00",
                    "taxes": [{"regime": "sales", "category": "S", "rate": "8.875"}],
                }
            ]
        },
    ),
    Case(
        name="tax rounded by line",
        codes=(f"representable: {REFUSED}",),
        said=(("/rounding", REFUSED),),
        body={"profile": "en16931"},
        entity="by_line",
    ),
    _one(
        "representable",
        "a reason for taxing",
        "/lines/0/taxes/0",
        "reason_not_allowed",
        lines=[taxed({**VAT19[0], "reason": "Because"})],
    ),
    _one(
        "representable",
        "no reason for exempting",
        "/lines/0/taxes/0",
        "reason_missing",
        lines=[taxed({"category": "E"}), taxed({"category": "E"})],
    ),
]
DATES = [
    _check(
        "due before it is issued",
        "/due_date",
        "due_before_issue",
        issue_date="2026-11-10",
        due_date="2026-11-09",
        payment_terms=None,
    ),
    _check("two due dates", "/due_date", "due_date_twice", due_date="2199-12-31"),
    _check("no period", "/service_period", "period_empty", service_period={}),
    _check(
        "no period of a line",
        "/lines/0/service_period",
        "period_empty",
        lines=[line("1.00", service_period={"start": None})],
    ),
    _check(
        "a period that runs back",
        "/service_period/end",
        "period_reversed",
        service_period={"start": "2026-11-02", "end": "2026-11-01"},
    ),
    _check(
        "a child's source that runs back",
        "/lines/0/children/0/source/period/end",
        "period_reversed",
        lines=[
            kit(
                children=[
                    line(
                        "1.00",
                        source={
                            "kind": "usage",
                            "id": "u",
                            "period": {"start": "2026-11-02", "end": "2026-11-01"},
                        },
                    )
                ]
            )
        ],
    ),
    _check(
        "tax in a currency nobody knows",
        "/tax_currency/currency",
        "unknown_currency",
        tax_currency={"currency": "ZZZ", "rate": "1"},
    ),
    _check(
        "a heading that is earned later",
        "/lines/1/recognition",
        "not_an_item",
        lines=[
            line("1.00"),
            {
                "kind": "heading",
                "description": "October",
                "recognition": {"method": "straight_line"},
                "service_period": {"start": "2026-01-01", "end": "2026-12-31"},
            },
        ],
    ),
]
TERMS = [
    _terms("no part", "/instalments", "out_of_range", kind="instalments", instalments=[]),
    _terms(
        "too many instalments",
        "/instalments",
        "out_of_range",
        kind="instalments",
        instalments=[{"percent": "1", "days": day} for day in range(61)],
    ),
    _terms(
        "a discount of nothing",
        "/discounts/0/percent",
        "out_of_range",
        days=14,
        discounts=[{"percent": "0", "days": 7}],
    ),
    _terms("months of a net term", "/months", "not_for_this_kind", kind="net", months=1),
    _terms("days on receipt", "/days", "not_for_this_kind", kind="on_receipt", days=1),
    _terms(
        "instalments of a net term",
        "/instalments",
        "not_for_this_kind",
        kind="net",
        days=14,
        instalments=[{"percent": "100", "days": 1}],
    ),
    _terms(
        "instalments of 90 percent",
        "/instalments",
        "not_100_percent",
        kind="instalments",
        instalments=[{"percent": "50", "days": 1}, {"percent": "40", "days": 2}],
    ),
    _terms(
        "two discounts of one day",
        "/discounts/1/days",
        "duplicate_days",
        days=14,
        discounts=[{"percent": "3", "days": 7}, {"percent": "2", "days": 7}],
    ),
]


def _open(name: str, pointer: str, buyer: dict[str, Any], /, **supply: Any) -> Case:
    """Taxes that nobody states and that cannot be told: what is missing is asked for."""
    lines = [line("1.00"), {"description": "Box", "price": "1.00", "supply": supply}]
    return _one("determination", name, pointer, "tax_undetermined", buyer=buyer, lines=lines)


TAXES = [
    _open("a supply to nowhere", "/buyer/address", {"name": "Jo"}, kind="goods"),
    _open("a triangular sale", "/lines/1/taxes", BUYER, kind="goods", triangular=True),
]


def _route(name: str, pointer: str, code: str, *stated: dict[str, Any]) -> Case:
    buyer = {**BUYER, "e_invoicing": {"routes": list(stated)}}
    return _one("routes", name, f"/buyer/e_invoicing/routes/{pointer}", code, buyer=buyer)


ROUTES = [
    _route(
        "a route that ends before it begins",
        "0/valid_to",
        "validity_reversed",
        {"format": "ubl", "valid_from": "2027-01-01", "valid_to": "2026-12-31"},
    ),
    _route(
        "two routes on a day",
        "1/valid_from",
        "routes_overlap",
        {"format": "ubl", "valid_from": "2026-01-01", "valid_to": "2027-01-01"},
        {"format": None, "valid_from": "2027-01-01"},
    ),
]
DRAFTS = [*FIGURES, *PROFILES, *DATES, *TERMS, *ROUTES]
