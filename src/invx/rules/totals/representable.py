"""What a bill asks for that its profile cannot carry, found before anything is numbered (M3).

An empty list of lines is not a problem here: a draft may have none; finalizing asks for one
(BR-16).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import localcontext

from invx.kernel.errors import Problem
from invx.kernel.money import EXACT, exponent
from invx.rules.totals.compute import worksheet
from invx.rules.totals.inputs import input_problems, too_large
from invx.rules.totals.model import Bill, GivenTax, Line, LineKind, Profile, Regime, Rounding, Tax
from invx.rules.totals.pointers import adjustment_pointers, lines_in

NO_RATE = frozenset({"Z", "E", "AE", "K", "G", "O"})  # BR-x-05 to 07
NEED_REASON = frozenset({"E", "AE", "K", "G", "O"})  # BR-x-10
CATEGORIES = NO_RATE | {"S", "L", "M"}
RULES = {"AE": "BR-AE", "E": "BR-E", "G": "BR-G", "K": "BR-IC", "L": "BR-AF", "M": "BR-AG"}
DECIMALS_MAX = 2  # BR-DEC
REFUSED = "not_representable"


def problems(bill: Bill) -> tuple[Problem, ...]:
    """All that is wrong with the bill. When this is empty, `compute` gives its totals.

    Invalid input comes first; what the profile refuses and what a given tax misses are only looked
    for in sound input.
    """
    with localcontext(EXACT):
        found = list(input_problems(bill)) or list(too_large(bill))
        if not found and bill.profile is Profile.EN16931:
            found = list(_profile(bill))
        return tuple(found or _given_taxes(bill))


def _profile(bill: Bill) -> Iterator[Problem]:
    if exponent(bill.currency) > DECIMALS_MAX:
        detail = f"{bill.currency} has more than the two decimals of an e-invoice (BR-DEC)."
        yield Problem("/currency", REFUSED, detail)
    if bill.rounding is Rounding.PER_LINE:
        detail = "An e-invoice rounds tax once per group (BR-CO-17)."
        yield Problem("/rounding", REFUSED, detail)
    vat: list[tuple[str, Tax]] = []
    for at, line in lines_in(bill.lines):
        if line.kind is LineKind.ITEM and not line.children:
            yield from _price(at, line)
            yield from _one_vat(at, line.taxes, vat)
    on_lines = bool(vat)
    pointers = adjustment_pointers(bill.adjustments)
    for at, adjustment in zip(pointers, bill.adjustments, strict=True):
        if adjustment.taxes or not on_lines:
            yield from _one_vat(at, adjustment.taxes, vat)
    for at, tax in vat:
        yield from _category(at, tax)
    yield from _together(vat)


def _price(at: str, line: Line) -> Iterator[Problem]:
    if line.price is not None and line.price < line.price_discount:
        detail = "An e-invoice has no negative price; make the quantity negative (BR-27)."
        yield Problem(f"{at}/price", REFUSED, detail)


def _one_vat(at: str, taxes: Sequence[Tax], vat: list[tuple[str, Tax]]) -> Iterator[Problem]:
    """Exactly one VAT, and nothing beside it but withholding, which an e-invoice leaves aside."""
    before = len(vat)
    for index, tax in enumerate(taxes):
        pointer = f"{at}/taxes/{index}"
        if tax.regime is Regime.VAT:
            vat.append((pointer, tax))
            if len(vat) > before + 1:
                yield Problem(pointer, REFUSED, "An e-invoice has one VAT here (BG-30).")
        elif tax.regime is not Regime.WITHHOLDING:
            yield Problem(pointer, REFUSED, f"An e-invoice has no {tax.regime} tax.")
    if len(vat) == before:
        yield Problem(f"{at}/taxes", REFUSED, "An e-invoice needs a VAT category (BR-CO-4).")


def _category(at: str, tax: Tax) -> Iterator[Problem]:
    rule = RULES.get(tax.category, f"BR-{tax.category}")
    if tax.category not in CATEGORIES:
        detail = f"{tax.category!r} is not a VAT category of EN 16931."
        yield Problem(f"{at}/category", REFUSED, detail)
    elif tax.category in NO_RATE and tax.rate:
        detail = f"Category {tax.category} has the rate 0 ({rule}-05)."
        yield Problem(f"{at}/rate", REFUSED, detail)
    elif tax.category == "S" and not tax.rate:
        yield Problem(f"{at}/rate", REFUSED, "Category S has a rate above 0 (BR-S-05).")
    elif tax.category not in NEED_REASON and (tax.reason or tax.reason_code):
        detail = f"Category {tax.category} states no exemption ({rule}-10)."
        yield Problem(at, "reason_not_allowed", detail)


def _together(vat: Sequence[tuple[str, Tax]]) -> Iterator[Problem]:
    """What only the taxes of the whole document show: O alone, one place per rate, reasons."""
    places: dict[tuple[str, object], str | None] = {}
    first: dict[str, str] = {}
    reasons: dict[str, set[str]] = {}
    codes: dict[str, set[str]] = {}
    for at, tax in vat:
        first.setdefault(tax.category, at)
        if tax.reason:
            reasons.setdefault(tax.category, set()).add(tax.reason)
        if tax.reason_code:
            codes.setdefault(tax.category, set()).add(tax.reason_code)
        place = places.setdefault((tax.category, tax.rate), tax.jurisdiction)
        if place != tax.jurisdiction:
            detail = "An e-invoice cannot tell the VAT of two places at one rate apart."
            yield Problem(f"{at}/jurisdiction", REFUSED, detail)
    if "O" in first and len(first) > 1:
        detail = "Category O (not subject to VAT) stands alone (BR-O-11)."
        yield Problem(first["O"], REFUSED, detail)
    for category in NEED_REASON & first.keys():
        rule = RULES.get(category, f"BR-{category}")
        if len(codes.get(category, ())) > 1 and not reasons.get(category):
            detail = f"One group states one reason code; give a text for several ({rule}-10)."
            yield Problem(first[category], REFUSED, detail)
        elif not codes.get(category) and not reasons.get(category):
            detail = f"Category {category} needs a reason or its code ({rule}-10)."
            yield Problem(first[category], "reason_missing", detail)


def _given_taxes(bill: Bill) -> Iterator[Problem]:
    if not bill.given_taxes:
        return
    computed = worksheet(replace(bill, given_taxes=())).breakdown
    for index, given in enumerate(bill.given_taxes):
        at = f"/given_taxes/{index}"
        group = computed.group((given.regime, given.jurisdiction, given.category, given.rate))
        if group is None:
            yield Problem(at, "unknown_group", "The document has no such tax group.")
        elif not group.exclusive and not computed.decides_net(group):
            detail = "The prices include this tax in a way that leaves no room for a given one."
            yield Problem(at, REFUSED, detail)
        elif not group.rate and given.amount:
            yield Problem(f"{at}/amount", REFUSED, "At the rate 0 there is no tax.")
        elif _strays(bill, given):
            detail = f"The computed tax is {group.amount}; BR-CO-17 allows less than 1.00 between."
            yield Problem(f"{at}/amount", REFUSED, detail)


def _strays(bill: Bill, given: GivenTax) -> bool:
    """Whether the given tax misses base x rate once it has moved the net of inclusive prices.

    The computed tax is no measure: it may be a rounding off itself, and one a line when tax is
    rounded per line.
    """
    settled = worksheet(replace(bill, given_taxes=(given,))).breakdown
    return any(settled.strays(group) for group in settled.groups)
