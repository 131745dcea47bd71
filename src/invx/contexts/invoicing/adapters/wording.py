"""The words, figures and dates of a document in its language: pure, and never a sum.

Figures arrive exact, as decimal strings; here they only get the separators of the language, with
every digit kept (M1). Words stand in `templates/labels/<language>.json`; a language without such a
file is worded in English.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import NumberPattern, parse_pattern

from invx.kernel.money import exponent

NBSP = "\u00a0"

_DIGITS_MAX = 100

_LABELS = Path(__file__).parent / "templates" / "labels"
_LANGUAGES = ("en", "de")
_PLAIN_LOCALES = {"en": "en_GB"}  # English without a region writes 22 November 2026
_CURRENCY_FIRST = ("en",)
# The words that callers write for a unit, besides the codes of UN/ECE Recommendation 20 and 21.
_UNIT_WORDS = {
    **dict.fromkeys("piece pieces pcs pc unit units stk stück".split(), "C62"),
    **dict.fromkeys("hour hours h stunde stunden".split(), "HUR"),
    **dict.fromkeys("minute minutes min".split(), "MIN"),
    **dict.fromkeys("second seconds s".split(), "SEC"),
    **dict.fromkeys("day days tag tage".split(), "DAY"),
    **dict.fromkeys("week weeks woche wochen".split(), "WEE"),
    **dict.fromkeys("month months monat monate".split(), "MON"),
    **dict.fromkeys("year years jahr jahre".split(), "ANN"),
    **dict.fromkeys("km kilometre kilometer".split(), "KMT"),
    **dict.fromkeys("m metre meter".split(), "MTR"),
    **dict.fromkeys("kg kilogram kilogramm".split(), "KGM"),
    **dict.fromkeys("l litre liter".split(), "LTR"),
}


class Mark(StrEnum):
    """What a sheet says across its pages when it is not a live, issued document."""

    TEST = "test"
    DRAFT = "draft"
    PROFORMA = "proforma"


class Wording:
    """Words and notation of one language; see `wording`."""

    def __init__(self, language: str, locale: Locale, labels: Mapping[str, Any]) -> None:
        self.language = language
        self.region = locale.territory
        self._locale = locale
        self._labels = labels

    def say(self, key: str, /, **values: str) -> str:
        """The label `section.name` with its places filled. Raises KeyError for an unknown one."""
        section, _, name = key.partition(".")
        label: str = self._labels[section][name] if name else self._labels[section]
        return label.format(**values) if values else label

    def knows(self, key: str) -> bool:
        """Whether there is a label `section.name`."""
        section, _, name = key.partition(".")
        return name in self._labels[section]

    def figure(self, amount: str, *, decimals_min: int = 0) -> str:
        """`amount` with the separators of the language and exactly its digits.

        Zeros are added, never taken, to reach `decimals_min`: a price of 112 EUR is 112.00.
        """
        value = Decimal(amount)
        decimals = max(-int(value.as_tuple().exponent), decimals_min, 0)
        with localcontext(prec=_DIGITS_MAX):  # Babel's quantizing fails beyond the context's 28
            return str(_pattern(self._locale, decimals).apply(value, self._locale))

    def less(self, amount: str) -> str:
        """The figure of something that is subtracted; nothing subtracted has no sign."""
        value = Decimal(amount)
        return self.figure(format(value.copy_negate() if value else value.copy_abs(), "f"))

    def quantity(self, value: str) -> str:
        """A quantity, without idle zeros behind its point."""
        return self.figure(_trimmed(value))

    def price(self, value: str, currency: str) -> str:
        """A price with all its decimals, and at least those of the currency."""
        return self.figure(value, decimals_min=exponent(currency))

    def percent(self, rate: str) -> str:
        """A rate: 19.00 is 19 %."""
        return f"{self.quantity(rate)}{NBSP}%"

    def money(self, amount: str, currency: str) -> str:
        """A figure beside its currency code, in the order of the language."""
        parts = [currency, self.figure(amount)]
        return NBSP.join(parts if self.language in _CURRENCY_FIRST else reversed(parts))

    def unit(self, code: str, quantity: str) -> str:
        """The name of a UN/ECE unit, in the number that fits `quantity`; else `code` itself."""
        known = _UNIT_WORDS.get(code.lower(), code.upper())
        names = self._labels["unit"].get(known)
        if names is None:
            return code
        return str(names[0 if abs(Decimal(quantity)) == 1 else 1])

    def date(self, iso: str) -> str:
        """A day, written out."""
        return format_date(date.fromisoformat(iso[:10]), "long", self._locale)

    def month(self, start: str, end: str) -> str | None:
        """The month that a period is, or None if it is anything else."""
        first, last = date.fromisoformat(start), date.fromisoformat(end)
        whole = first.day == 1 and (last + timedelta(days=1)).day == 1
        if not whole or (first.year, first.month) != (last.year, last.month):
            return None
        return format_date(first, self.say("pattern.month"), self._locale)

    def country(self, code: str) -> str:
        """The name of a country; its code where the language has none."""
        return str(self._locale.territories.get(code, code))


@cache
def wording(language: str | None) -> Wording:
    """The wording of a BCP 47 tag such as `de`, `de-CH` or `en-US`.

    A language without labels, a malformed tag and None are English. The region decides the
    separators and the order of dates: `de-CH` writes 1’234.50.
    """
    tag = (language or "en").replace("-", "_")
    spoken = tag.split("_")[0].lower()
    if spoken not in _LANGUAGES:
        tag = spoken = "en"
    try:
        locale = Locale.parse(_PLAIN_LOCALES.get(tag, tag))
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(_PLAIN_LOCALES.get(spoken, spoken))
    return Wording(spoken, locale, _labels(spoken))


@cache
def _labels(language: str) -> Mapping[str, Any]:
    labels: Mapping[str, Any] = json.loads((_LABELS / f"{language}.json").read_text("utf-8"))
    return labels


@cache
def _pattern(locale: Locale, decimals: int) -> NumberPattern:
    # A pattern with exactly as many places as the figure has never rounds; Babel's own would, and
    # halves to even.
    whole = locale.decimal_formats[None].pattern.split(".")[0]
    return parse_pattern(whole + ("." + "0" * decimals if decimals else ""))


def _trimmed(value: str) -> str:
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
