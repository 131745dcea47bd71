"""Money as a decimal with a currency, always on the currency's smallest unit (M2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_05UP, ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache
from typing import Self

from invx.kernel.errors import DomainError, violated

# ISO 4217 exponents that differ from 2 (list one, 2024). Everything else in use has two decimals.
_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_CURRENCIES = frozenset(
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
    KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU
    UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG""".split()
)


# For products and quotients on the way to a rounded amount. ROUND_05UP keeps a digit that shows
# that something was cut off, so rounding the result to a unit later equals rounding it once.
EXACT = Context(prec=80, rounding=ROUND_05UP)
# Two remainders that are equal may differ in the last of the 80 digits that a division left them.
TIES = Context(prec=40)


class UnknownCurrency(DomainError):
    """The currency is not an ISO 4217 code in use."""


@cache
def exponent(currency: str) -> int:
    """The number of decimals of `currency` by ISO 4217 (EUR 2, JPY 0, KWD 3, CLF 4).

    Raises UnknownCurrency.
    """
    if currency not in _CURRENCIES:
        raise UnknownCurrency(f"{currency!r} is not an ISO 4217 currency code.")
    return _EXPONENTS.get(currency, 2)


@cache
def smallest_unit(currency: str) -> Decimal:
    """The smallest amount of `currency`: 0.01 EUR, 1 JPY. Raises UnknownCurrency."""
    return Decimal(1).scaleb(-exponent(currency))


@cache
def _zero(currency: str) -> Decimal:
    return Decimal(0).quantize(smallest_unit(currency))


def quantize(amount: Decimal, currency: str) -> Decimal:
    """`amount` on the currency's smallest unit, halves away from zero (EN 16931's rounding).

    Never a negative zero: -0.004 EUR is 0.00.
    """
    return amount.quantize(smallest_unit(currency), ROUND_HALF_UP) or _zero(currency)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency; building one that is not on its unit is an error."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if self.amount.as_tuple().exponent != -exponent(self.currency):
            if quantize(self.amount, self.currency) != self.amount:
                violated(f"{self.amount} is not a whole number of units of {self.currency}")
            object.__setattr__(self, "amount", quantize(self.amount, self.currency))

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """The nearest money to an unrounded figure, halves away from zero."""
        return cls(quantize(amount, currency), currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in `currency`."""
        return cls(quantize(Decimal(0), currency), currency)

    def __add__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.amount + other.amount, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.amount - other.amount, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.amount, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            violated(f"{self.currency} and {other.currency} do not mix")


def allocate(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split `total` in proportion to `weights`, to the last unit, by largest remainder.

    The parts sum to `total` exactly; `total` must be on the currency's unit. A weight of zero
    receives nothing as long as any other weight is not zero. Ties go to the earlier weight, so the
    same input always splits the same way.
    """
    with localcontext(EXACT):
        whole = sum(weights, Decimal(0))
        if not whole:
            if total:
                violated("an amount cannot be split over weights that sum to zero")
            return [_zero(currency) for _ in weights]
        return round_to_sum([total * weight / whole for weight in weights], total, currency)


def round_to_sum(exact: Sequence[Decimal], total: Decimal, currency: str) -> list[Decimal]:
    """Each figure rounded to a unit so that together they make `total`, by largest remainder.

    What rounding each alone leaves over goes, a unit at a time, to the figures that it moves least;
    ties go to the earlier one; a figure of zero stays zero unless all are. `total` must be on the
    unit. Meant for figures that sum to nearly `total`; any other rest is dealt out in turns.
    """
    parts = [quantize(figure, currency) for figure in exact]
    missing = total - sum(parts, Decimal(0))
    if not missing:
        return parts
    units = int(missing.scaleb(exponent(currency)))
    step = smallest_unit(currency).copy_sign(missing)
    if step * abs(units) != missing or not parts:
        violated(f"{total} cannot be split into whole units of {currency}")
    order = [index for index, figure in enumerate(exact) if figure] or list(range(len(parts)))
    if missing * total < 0:  # a unit is taken back, so ties take it from the later figure
        order.reverse()
    order.sort(key=lambda index: TIES.multiply(TIES.subtract(parts[index], exact[index]), step))
    turns, rest = divmod(abs(units), len(order))
    for position, index in enumerate(order):
        parts[index] += step * (turns + (position < rest))
    return parts
