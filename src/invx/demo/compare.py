"""What the API computed against what the source states, and against its own arithmetic."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import zip_longest

from invx.demo.source import TOTALS, Expected, ExpectedLine, Json

CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure on which the source and the API do not agree; "-" where one of them has none."""

    figure: str
    source: str
    ours: str

    def __str__(self) -> str:
        return f"{self.figure}: source {self.source}, ours {self.ours}"


def compare(expected: Expected, result: Json) -> list[Difference]:
    """Every figure that differs, to the cent and beyond: lines, VAT groups, totals."""
    return [
        *_lines(expected, result),
        *_groups(expected, result),
        *_totals(expected, result),
        *_accounted(expected, result),
    ]


def contradictions(result: Json) -> list[str]:
    """The rules of EN 16931 (BR-CO-10 to 17) that a result breaks by its own figures."""
    found = []
    for rule, stated, computed in _identities(result):
        if stated != computed:
            found.append(f"{rule}: {stated} is not {computed}")
    return found


def _differ(figure: str, source: object, ours: object) -> Iterator[Difference]:
    if source != ours:
        yield Difference(
            figure, "-" if source is None else str(source), "-" if ours is None else str(ours)
        )


def _items(lines: Iterable[Json]) -> Iterator[Json]:
    """The lines that carry money, a parent before its children."""
    for line in lines:
        if line.get("kind", "item") == "item":
            yield line
            yield from _items(line.get("children") or ())


def _tax_key(tax: Json) -> tuple[str, Decimal]:
    return tax["category"], Decimal(tax["rate"])


def _line_tax(line: Json) -> tuple[str | None, Decimal | None]:
    taxes = line.get("taxes") or ()
    return _tax_key(taxes[0]) if taxes else (None, None)


def _lines(expected: Expected, result: Json) -> Iterator[Difference]:
    ours = list(_items(result["lines"]))
    for position, (theirs, line) in enumerate(zip_longest(expected.lines, ours), 1):
        if theirs is None or line is None:
            present = "present" if theirs is None else None
            yield from _differ(f"line {position}", None if present else "present", present)
            continue
        yield from _line(f"line {position}", theirs, line)


def _line(where: str, theirs: ExpectedLine, line: Json) -> Iterator[Difference]:
    yield from _differ(f"{where} net BT-131", theirs.net, Decimal(line["net"]))
    if theirs.category is not None:
        category, rate = _line_tax(line)
        yield from _differ(f"{where} category BT-151", theirs.category, category)
        yield from _differ(f"{where} rate BT-152", theirs.rate, rate)


def _groups(expected: Expected, result: Json) -> Iterator[Difference]:
    theirs, ours = defaultdict(list), defaultdict(list)
    for stated in expected.groups:
        theirs[stated.category, stated.rate].append((stated.base, stated.amount))
    for group in _vat(result):
        ours[_tax_key(group)].append((Decimal(group["base"]), Decimal(group["amount"])))
    for category, rate in sorted(theirs.keys() | ours.keys()):
        where = f"tax group {category} {rate.normalize():f}"
        pairs = zip_longest(
            sorted(theirs[category, rate]), sorted(ours[category, rate]), fillvalue=(None, None)
        )
        for (base, amount), (our_base, our_amount) in pairs:
            yield from _differ(f"{where} base BT-116", base, our_base)
            yield from _differ(f"{where} tax BT-117", amount, our_amount)


def _totals(expected: Expected, result: Json) -> Iterator[Difference]:
    for name, term in TOTALS.items():
        ours = Decimal(result["totals"][name])
        yield from _differ(f"{name} {term}", expected.totals[name], ours)


def _accounted(expected: Expected, result: Json) -> Iterator[Difference]:
    """BT-111, from the rate that the API kept."""
    if expected.tax_in_tax_currency is None:
        return
    kept = result.get("tax_currency")
    ours = None
    if kept:
        ours = _cent(Decimal(result["totals"]["tax"]) * Decimal(kept["rate"]))
    if expected.tax_in_tax_currency or kept:
        yield from _differ("tax in the tax currency BT-111", expected.tax_in_tax_currency, ours)


def _vat(result: Json) -> list[Json]:
    return [group for group in result["tax_groups"] if group.get("regime", "vat") != "withholding"]


def _cent(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _sum(bodies: Iterable[Json], field: str) -> Decimal:
    return sum((Decimal(body[field]) for body in bodies), ZERO)


def _identities(result: Json) -> Iterator[tuple[str, Decimal, Decimal]]:
    total = {name: Decimal(result["totals"][name]) for name in TOTALS}
    top = [line for line in result["lines"] if line.get("kind", "item") == "item"]
    groups = _vat(result)
    yield "BR-CO-10, sum of the line nets", total["line_net"], _sum(top, "net")
    discounts = _sum(result.get("discounts") or (), "amount")
    charges = _sum(result.get("charges") or (), "amount")
    yield "BR-CO-11, sum of the discounts", total["discounts"], discounts
    yield "BR-CO-12, sum of the charges", total["charges"], charges
    net = total["line_net"] - total["discounts"] + total["charges"]
    yield "BR-CO-13, net", total["net"], net
    yield "BR-CO-14, sum of the group taxes", total["tax"], _sum(groups, "amount")
    yield "BR-CO-15, gross", total["gross"], total["net"] + total["tax"]
    payable = total["gross"] - total["prepaid"] + total["rounding"]
    yield "BR-CO-16, payable", total["payable"], payable
    yield "sum of the group bases", _sum(groups, "base"), total["net"]
    for group in groups:
        tax = _cent(Decimal(group["base"]) * Decimal(group["rate"]) / 100)
        label = f"{group['category']} {group['rate']}"
        yield f"BR-CO-17, tax of {label}", Decimal(group["amount"]), tax
        yield f"base of {label}", Decimal(group["base"]), _base(result, group)


def _base(result: Json, group: Json) -> Decimal:
    """Line nets and charges less discounts of the group's category and rate (BR-S-08, …)."""
    key = _tax_key(group)

    def mine(bodies: Iterable[Json] | None) -> Iterator[Json]:
        return (body for body in bodies or () if _line_tax(body) == key)

    leaves = (line for line in _items(result["lines"]) if not line.get("children"))
    net = _sum(mine(leaves), "net")
    return (
        net
        + _sum(mine(result.get("charges")), "amount")
        - _sum(mine(result.get("discounts")), "amount")
    )
