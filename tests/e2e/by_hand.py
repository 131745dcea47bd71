"""One invoice with everything on it, and its figures worked out a second time, by hand.

Nothing here comes from the code under test: plain Decimal arithmetic after EN 16931, rule by rule
(BT and BR numbers), and the house's own rule for prices that include tax (net = r2(gross / 1.19)).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

D = Decimal
CENT = D("0.01")
S19 = {"category": "S", "rate": "19"}
S7 = {"category": "S", "rate": "7"}
EXEMPT = {"category": "E", "rate": "0", "reason": "Training is exempt"}
LEVY = {"regime": "levy", "category": "CO2", "rate": "2.5"}
HELD = {"regime": "withholding", "category": "W", "rate": "15"}
RATES = {"S19": D(19), "S7": D(7), "E": D(0), "levy": D("2.5"), "held": D(15)}
SEK = {"currency": "SEK", "rate": "11.4321"}
TERMS = {
    "kind": "instalments",
    "instalments": [
        {"percent": "33.33", "days": 10},
        {"percent": "33.33", "days": 40},
        {"percent": "33.34", "days": 70},
    ],
    "discounts": [{"percent": "3", "days": 7}, {"percent": "2", "days": 14}],
}


def _lines_of(profile: str) -> list[dict[str, Any]]:
    workshop = [S19] if profile == "en16931" else [S19, LEVY, HELD]
    nested = {"description": "Course", "quantity": "7", "price": "3.333", "taxes": [EXEMPT]}
    kit = [
        {"description": "Cable", "quantity": "2", "price": "20.005", "taxes": [S19]},
        {"description": "Courses", "children": [nested]},
    ]
    return [
        {"kind": "heading", "description": "October"},
        {
            "description": "Workshop",
            "quantity": "2.5",
            "unit": "DAY",
            "price": "1280.1234",
            "price_discount": "80.00",
            "discounts": [{"percent": "10", "reason": "Regular customer"}],
            "charges": [{"amount": "25.00", "reason": "Projector"}],
            "taxes": workshop,
        },
        {
            "description": "Chair",
            "price": "340.00",
            "price_includes_tax": True,
            "discounts": [{"amount": "4.00", "reason": "Scratch"}],
            "charges": [{"percent": "2", "reason": "Delivery"}],
            "taxes": [S19],
        },
        {
            "description": "Lamp",
            "quantity": "3",
            "price": "13.90",
            "price_includes_tax": True,
            "taxes": [S19],
        },
        {"description": "Books", "quantity": "1000", "net": "12.35", "taxes": [S7]},
        {"kind": "subtotal", "description": "October in all"},
        {"kind": "text", "description": "With thanks."},
        {"kind": "heading", "description": "November"},
        {"description": "Kit", "children": kit},
        {
            "description": "Screws",
            "quantity": "250",
            "price": "4.99",
            "base_quantity": "100",
            "taxes": [S19],
        },
        {"kind": "subtotal", "description": "November in all"},
    ]


def body(profile: str) -> dict[str, Any]:
    """The invoice; `plain` adds a levy and a withholding tax to its first item."""
    return {
        "profile": profile,
        "language": "en",
        "payment_terms": TERMS,
        "lines": _lines_of(profile),
        "discounts": [
            {"percent": "5", "reason": "Early bird"},
            {"amount": "10.00", "reason": "Voucher", "taxes": [S19]},
        ],
        "charges": [
            {"amount": "9.90", "reason": "Freight", "taxes": [S7]},
            {"percent": "1.5", "reason": "Insurance"},
        ],
        "prepaid": "100.00",
        "cash_unit": "0.05",
        "tax_currency": SEK,
    }


def r2(figure: Decimal) -> Decimal:
    """Half up, away from zero, to cents."""
    return figure.quantize(CENT, ROUND_HALF_UP)


def dealt(exact: Sequence[Decimal], total: Decimal) -> list[Decimal]:
    """Positive figures on cents that make `total`: largest remainder, ties to the earlier one."""
    parts = [figure.quantize(CENT, ROUND_FLOOR) for figure in exact]
    left = int((total - sum(parts)) / CENT)
    order = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for index in order[:left]:
        parts[index] += CENT
    return parts


@dataclass
class Sheet:
    """The figures of the invoice, by where they stand."""

    subtotals: dict[str, Decimal] = field(default_factory=dict)
    nets: dict[str, Decimal] = field(default_factory=dict)
    adjustments: dict[str, Decimal] = field(default_factory=dict)
    groups: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    totals: dict[str, Decimal] = field(default_factory=dict)
    instalments: list[Decimal] = field(default_factory=list)
    early: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    tax_in_sek: Decimal = CENT


def by_hand(profile: str) -> Sheet:
    """Every figure, in the order in which they follow from each other."""
    sheet = Sheet()
    _lines(sheet)
    nets = sheet.nets
    workshop = ("S19",) if profile == "en16931" else ("S19", "levy", "held")
    bases = [  # what bears the same taxes, in the order of the lines
        (workshop, nets["/lines/1"]),
        (("S19",), nets["/lines/2"] + nets["/lines/3"] + nets["cable"] + nets["/lines/9"]),
        (("S7",), nets["/lines/4"]),
        (("E",), nets["course"]),
    ]
    if profile == "en16931":
        bases = [(("S19",), bases[0][1] + bases[1][1]), *bases[2:]]
    line_net = sum((base for _, base in bases), D(0))  # BT-106
    shares = _document_adjustments(sheet, bases, line_net)
    _groups(sheet, bases, shares)
    _totals(sheet, line_net)
    return sheet


def _lines(sheet: Sheet) -> None:
    """BT-131: the product is rounded once, then discounts and charges are taken off and added."""
    product = r2(D("2.5") * (D("1280.1234") - D("80.00")))
    off = r2(product * 10 / 100)
    sheet.adjustments |= {"/lines/1/discounts/0": off, "/lines/1/charges/0": D("25.00")}
    chair_on = r2(D("340.00") * 2 / 100)
    sheet.adjustments |= {"/lines/2/discounts/0": D("4.00"), "/lines/2/charges/0": chair_on}
    chair, lamp = D("340.00") - D("4.00") + chair_on, r2(3 * D("13.90"))  # with their tax
    with_tax = chair + lamp
    exact = [chair * 100 / 119, lamp * 100 / 119]
    chair_net, lamp_net = dealt(exact, r2(with_tax * 100 / 119))
    cable, course = r2(2 * D("20.005")), r2(7 * D("3.333"))
    screws = r2(250 * D("4.99") / 100)
    sheet.subtotals = {
        "/lines/1": product,
        "/lines/2": D("340.00"),
        "/lines/3": lamp,
        "/lines/4": D("12.35"),
        "/lines/9": screws,
    }
    first = [product - off + D("25.00"), chair_net, lamp_net, D("12.35")]
    sheet.nets = {f"/lines/{place}": net for place, net in enumerate(first, start=1)}
    sheet.nets |= {
        "/lines/5": sum(first, D(0)),
        "/lines/8": cable + course,
        "/lines/8/children/0": cable,
        "/lines/8/children/1": course,
        "/lines/8/children/1/children/0": course,
        "/lines/9": screws,
        "/lines/10": cable + course + screws,
        "cable": cable,
        "course": course,
    }


def _document_adjustments(
    sheet: Sheet, bases: list[tuple[tuple[str, ...], Decimal]], line_net: Decimal
) -> list[Decimal]:
    """What those without taxes of their own add to each base: their percent of it."""
    off, on = r2(line_net * 5 / 100), r2(line_net * D("1.5") / 100)
    sheet.adjustments |= {
        "/discounts/0": off,
        "/discounts/1": D("10.00"),
        "/charges/0": D("9.90"),
        "/charges/1": on,
    }
    taken = dealt([base * 5 / 100 for _, base in bases], off)
    added = dealt([base * D("1.5") / 100 for _, base in bases], on)
    return [plus - minus for plus, minus in zip(added, taken, strict=True)]


def _groups(
    sheet: Sheet, bases: list[tuple[tuple[str, ...], Decimal]], shares: list[Decimal]
) -> None:
    """BG-23: one group for each rate, rounded once; the tax that prices include is what is left."""
    taxable: dict[str, Decimal] = {}
    for (names, base), share in zip(bases, shares, strict=True):
        for name in names:
            taxable[name] = taxable.get(name, D(0)) + base + share
    taxable["S19"] -= D("10.00")
    taxable["S7"] += D("9.90")
    included = sheet.nets["/lines/2"] + sheet.nets["/lines/3"]
    chair = D("340.00") - D("4.00") + sheet.adjustments["/lines/2/charges/0"]
    tax_included = chair + sheet.subtotals["/lines/3"] - included
    for name, base in taxable.items():
        inside, tax = (included, tax_included) if name == "S19" else (D(0), D(0))
        sheet.groups[name] = (base, r2((base - inside) * RATES[name] / 100) + tax)


def _totals(sheet: Sheet, line_net: Decimal) -> None:
    """BR-CO-10 to 16, what is kept back, and what follows from what is due."""
    off, on = sheet.adjustments["/discounts/0"], sheet.adjustments["/charges/1"]
    discounts, charges = off + D("10.00"), D("9.90") + on
    net = line_net - discounts + charges
    tax = sum((amount for name, (_, amount) in sheet.groups.items() if name != "held"), D(0))
    unrounded = net + tax - D("100.00")
    payable = (unrounded / D("0.05")).quantize(D(1), ROUND_HALF_UP) * D("0.05")
    withheld = sheet.groups.get("held", (D(0), D("0.00")))[1]
    due = payable - withheld
    sheet.totals = {
        "line_net": line_net,
        "discounts": discounts,
        "charges": charges,
        "net": net,
        "tax": tax,
        "gross": net + tax,
        "prepaid": D("100.00"),
        "rounding": payable - unrounded,
        "payable": payable,
        "withheld": withheld,
        "due": due,
    }
    percents = [D(each["percent"]) for each in TERMS["instalments"]]
    sheet.instalments = dealt([due * percent / 100 for percent in percents], due)
    saved = [r2(due * percent / 100) for percent in (3, 2)]
    sheet.early = [(each, due - each) for each in saved]
    sheet.tax_in_sek = r2(tax * D(SEK["rate"]))  # BT-111
