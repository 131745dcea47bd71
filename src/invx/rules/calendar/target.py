"""The days on which the Eurosystem's payment system TARGET is open, and so rates are published.

Source: the calendar of long-term closing days of the ECB, in force since 2002: Saturdays, Sundays,
New Year's Day, Good Friday, Easter Monday, 1 May, 25 and 26 December.
"""

from datetime import date, timedelta

_FIXED = {(1, 1), (5, 1), (12, 25), (12, 26)}
_SATURDAY = 5


def is_target_day(day: date) -> bool:
    """Whether TARGET is open that day."""
    if day.weekday() >= _SATURDAY or (day.month, day.day) in _FIXED:
        return False
    return day - easter(day.year) not in (timedelta(-2), timedelta(1))


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (Meeus, Jones, Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    lifted = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - century // 4 - lifted + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
