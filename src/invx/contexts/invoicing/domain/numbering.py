"""The patterns of document numbers: literal text with {YYYY}, {YY}, {MM}, {number} or {number:05}.

Within one series a rendered number is unique: the parts other than the number have a fixed width,
and a series that starts anew each year or month must name that year or month.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from invx.kernel.errors import Problem

NUMBER_MAX = 9_999_999_999
TEXT_CHARS_MAX = 30
_FIELD = re.compile(r"\{([^{}]*)\}")
_NUMBER = re.compile(r"number(?::0(?P<width>[1-9]|10))?")
_LITERAL = re.compile(r"[^\W_]|[ \-/._#+()]")
_YEARS = {"YYYY", "YY"}


class Reset(StrEnum):
    """When the count of a series starts anew."""

    NONE = "none"
    YEARLY = "yearly"
    MONTHLY = "monthly"


def period_of(on: date, reset: Reset) -> str:
    """The period that a date counts in: `2026`, `2026-03`, or `all`. Periods sort by time."""
    match reset:
        case Reset.NONE:
            return "all"
        case Reset.YEARLY:
            return f"{on.year:04}"
        case Reset.MONTHLY:
            return f"{on.year:04}-{on.month:02}"


def period_start(period: str, reset: Reset) -> date | None:
    """The first day of a period as `period_of` writes it; None for anything else, and for `all`."""
    forms = {Reset.YEARLY: f"{period}-01-01", Reset.MONTHLY: f"{period}-01"}
    try:
        start = date.fromisoformat(forms.get(reset, ""))
    except ValueError:
        return None
    return start if period_of(start, reset) == period else None


def render(pattern: str, number: int, on: date) -> str:
    """The number as the document shows it. The pattern must be one without `pattern_problems`."""
    values = {"YYYY": f"{on.year:04}", "YY": f"{on.year % 100:02}", "MM": f"{on.month:02}"}
    literals, fields = _parts(pattern)
    shown = [values.get(field) or f"{number:0{_width(field)}}" for field in fields]
    return "".join(part for pair in zip(literals, [*shown, ""], strict=True) for part in pair)


def pattern_problems(pattern: str, reset: Reset) -> list[Problem]:
    """Why this cannot be a pattern of a series with this reset; empty when it can."""
    literals, fields = _parts(pattern)
    numbers = [field for field in fields if _NUMBER.fullmatch(field)]
    found = []
    if any(not _LITERAL.fullmatch(char) for char in "".join(literals)):
        found.append("Only letters, digits, blanks and - / . _ # + ( ) may stand beside {…}.")
    if pattern != pattern.strip():
        found.append("A pattern neither begins nor ends with a blank.")
    if unknown := [field for field in fields if field not in {*_YEARS, "MM", *numbers}]:
        found.append(f"There is no field {{{unknown[0]}}}.")
    if len(numbers) != 1:
        found.append("A pattern has exactly one {number}.")
    if reset is not Reset.NONE and not _YEARS & set(fields):
        found.append("A series that starts anew needs {YYYY} or {YY} in its pattern.")
    if reset is Reset.MONTHLY and "MM" not in fields:
        found.append("A series that starts anew each month needs {MM} in its pattern.")
    if not found and len(render(pattern, NUMBER_MAX, date.max)) > TEXT_CHARS_MAX:
        found.append(f"A number with ten digits would have more than {TEXT_CHARS_MAX} characters.")
    return [Problem("/pattern", "pattern_invalid", detail) for detail in found]


@lru_cache(maxsize=1024)
def _parts(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The literal texts, and the fields between them."""
    pieces = _FIELD.split(pattern)
    return tuple(pieces[::2]), tuple(pieces[1::2])


def _width(field: str) -> int:
    match = _NUMBER.fullmatch(field)
    return int(match["width"] or 1) if match else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Numbers that were left out on purpose: `first` to `last`, both inclusive."""

    period: str
    first: int
    last: int
    reason: str | None  # None after an erasure
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Numbers that no document has. Without `by` nobody left them out: that is a defect (N01)."""

    period: str
    first: int
    last: int
    reason: str | None = None
    by: str | None = None

    @property
    def explained(self) -> bool:
        """Whether somebody left the numbers out on purpose."""
        return self.by is not None


def gaps(
    drawn: Iterable[tuple[str, int]], skipped: Iterable[Skipped], *, starts: Mapping[str, int]
) -> list[Gap]:
    """The missing numbers by period, from the (period, number) of each document in any order.

    Every period begins at 1 unless `starts` says otherwise (see `Series.starts`).
    """
    numbers: dict[str, set[int]] = {}
    for period, number in drawn:
        numbers.setdefault(period, set()).add(number)
    reasons: dict[str, list[Skipped]] = {}
    for skip in skipped:
        reasons.setdefault(skip.period, []).append(skip)
    report: list[Gap] = []
    for period in sorted(numbers.keys() | reasons.keys()):
        known = sorted(reasons.get(period, ()), key=lambda skip: skip.first)
        used = numbers.get(period, set())
        end = max([*used, *(skip.last for skip in known)]) + 1
        for before, after in pairwise([starts.get(period, 1) - 1, *sorted(used), end]):
            report.extend(_missing(period, before + 1, after - 1, known))
    return report


def _missing(period: str, first: int, last: int, known: list[Skipped]) -> Iterable[Gap]:
    """The numbers `first` to `last`, cut where the explanation changes."""
    for skip in known:
        begin, end = max(first, skip.first), min(last, skip.last)
        if begin > end:
            continue
        if first < begin:
            yield Gap(period=period, first=first, last=begin - 1)
        yield Gap(period=period, first=begin, last=end, reason=skip.reason, by=skip.by)
        first = end + 1
    if first <= last:
        yield Gap(period=period, first=first, last=last)
