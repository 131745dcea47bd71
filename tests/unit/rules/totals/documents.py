"""Documents for tests: short ways to write one, Hypothesis strategies, and an oracle's rounding."""

import os
from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from invx.rules.totals.model import (
    Adjustment,
    Bill,
    Line,
    LineKind,
    Profile,
    Regime,
    Rounding,
    Tax,
)

many = settings(
    max_examples=int(os.environ.get("INVX_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def dec(text: str | int) -> Decimal:
    return Decimal(text)


def vat(rate: str | int = 19, category: str = "S", **more) -> Tax:
    return Tax(category=category, rate=Decimal(rate), **more)


EXEMPT = Tax(category="E", reason="Exempt under article 132")
GST = Tax(regime=Regime.SALES, category="GST", rate=Decimal(5))
QST = Tax(regime=Regime.SALES, category="QST", rate=Decimal("9.975"))
IRPF = Tax(regime=Regime.WITHHOLDING, category="IRPF", rate=Decimal(15))


def line(price: str, *taxes: Tax, quantity: str = "1", id: str = "1", **more) -> Line:
    return Line(id=id, price=Decimal(price), quantity=Decimal(quantity), taxes=taxes, **more)


def bill(*lines: Line, currency: str = "EUR", **more) -> Bill:
    """A bill whose lines are numbered in order, whatever ids they came with."""
    numbered = tuple(
        Line(**{**fields(each), "id": str(number)}) for number, each in enumerate(lines, 1)
    )
    return Bill(currency=currency, lines=numbered, **more)


def plain(*lines: Line, **more) -> Bill:
    return bill(*lines, profile=Profile.PLAIN, **more)


def fields(value) -> dict:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def off(amount: str | None = None, percent: str | None = None, **more) -> Adjustment:
    return Adjustment(
        amount=None if amount is None else Decimal(amount),
        percent=None if percent is None else Decimal(percent),
        **more,
    )


def rounded(exact: Fraction, decimals: int = 2) -> Fraction:
    """Half away from zero, without Decimal so that it cannot share a defect with the code."""
    scale = 10**decimals
    magnitude = Fraction(floor(abs(exact) * scale + Fraction(1, 2)), scale)
    return -magnitude if exact < 0 else magnitude


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    scale = 10**places  # from integers: st.decimals is many times slower
    return st.integers(int(Decimal(low) * scale), int(Decimal(high) * scale)).map(
        lambda units: Decimal(units).scaleb(-places)
    )


RATES = [vat(19), vat(7), vat("5.5"), vat("25.5"), vat(0, "Z"), EXEMPT]
PRICES = st.one_of(decimals("0", "9999.99", 2), decimals("0", "50", 5))
QUANTITIES = st.one_of(decimals("-50", "500", 0), decimals("-20", "20", 3))


NO_TAXES = st.just(())
EITHER = st.booleans()


def adjustments(taxes=NO_TAXES) -> st.SearchStrategy[Adjustment]:
    return st.builds(
        lambda charge, figure, taxes: Adjustment(charge=charge, taxes=taxes, **figure),
        st.booleans(),
        st.one_of(
            decimals("0", "99", 2).map(lambda percent: {"percent": percent}),
            decimals("0", "500", 2).map(lambda amount: {"amount": amount}),
        ),
        taxes,
    )


@st.composite
def items(draw, taxes, *, inclusive=EITHER) -> Line:
    bearing = draw(taxes)
    if draw(st.integers(0, 9)) == 0:
        return Line(id="?", net=draw(decimals("-999", "9999", 2)), taxes=bearing)
    return Line(
        id="?",
        quantity=draw(QUANTITIES),
        price=draw(PRICES),
        base_quantity=draw(st.sampled_from([Decimal(1), Decimal(1), Decimal(7), Decimal("0.3")])),
        includes_tax=draw(inclusive),
        adjustments=tuple(draw(st.lists(adjustments(), max_size=2))),
        taxes=bearing,
    )


@st.composite
def bills(draw, *, inclusive=EITHER, withholding: bool = True) -> Bill:
    """A sound bill of profile en16931, with headings, children and adjustments."""
    tail = (IRPF,) if withholding and draw(st.integers(0, 4)) == 0 else ()
    taxes = st.sampled_from([(rate, *tail) for rate in RATES])
    lines = draw(st.lists(items(taxes, inclusive=inclusive), min_size=1, max_size=8))
    lines = [
        Line(id="?", children=(Line(**{**fields(each), "id": f"c{number}"}),))
        if draw(st.integers(0, 9)) == 0
        else each
        for number, each in enumerate(lines)
    ]
    for kind in (LineKind.HEADING, LineKind.SUBTOTAL):
        if draw(st.booleans()):
            lines.insert(draw(st.integers(0, len(lines))), Line(id="?", kind=kind))
    own = st.one_of(st.just(()), st.sampled_from([(rate,) for rate in RATES]))
    return bill(
        *lines,
        adjustments=tuple(draw(st.lists(adjustments(own), max_size=3))),
        prepaid=draw(decimals("0", "100", 2)),
        cash_unit=draw(st.sampled_from([None, Decimal("0.05"), Decimal(1)])),
    )


@st.composite
def plain_bills(draw) -> Bill:
    """A sound bill of profile plain: several taxes on a line, any currency, either rounding."""
    currency, places = draw(st.sampled_from([("USD", 2), ("JPY", 0), ("KWD", 3), ("CAD", 2)]))
    levy = Tax(regime=Regime.LEVY, category="ECO", rate=Decimal("0.75"))
    taxes = st.sampled_from([(), (GST,), (GST, QST), (vat(10), levy), (vat(10), IRPF), (QST, IRPF)])
    priced = st.builds(
        lambda price, quantity, includes, bearing: Line(
            id="?", price=price, quantity=quantity, includes_tax=includes, taxes=bearing
        ),
        decimals("-50", "9999", 4),
        QUANTITIES,
        st.booleans(),
        taxes,
    )
    amount = decimals("0", "99", places).map(lambda amount: Adjustment(amount=amount))
    return plain(
        *draw(st.lists(priced, min_size=1, max_size=8)),
        currency=currency,
        rounding=draw(st.sampled_from(list(Rounding))),
        adjustments=tuple(draw(st.lists(amount, max_size=2))),
    )
