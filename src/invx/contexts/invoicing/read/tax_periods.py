"""Reporting periods as people file them: a month, a quarter, a year."""

from datetime import date

PERIOD = r"(19|20|21)[0-9]{2}(-(0[1-9]|1[0-2]|Q[1-4]))?"
QUARTER = r"(19|20|21)[0-9]{2}-Q[1-4]"


def months_in(period: str) -> tuple[str, str]:
    """The first and the last month of 2026-11, 2026-Q4 or 2026."""
    year, _, part = period.partition("-")
    if not part:
        return f"{year}-01", f"{year}-12"
    if part.startswith("Q"):
        last = 3 * int(part[1:])
        return f"{year}-{last - 2:02}", f"{year}-{last:02}"
    return period, period


def days_in(period: str) -> tuple[date, date]:
    """The first day of such a period, and the first after it."""
    first, last = months_in(period)
    return months(first)[0], months(last)[1]


def months(period: str) -> tuple[date, date]:
    """The first day of a month such as 2026-11, and the first after it."""
    year, month = int(period[:4]), int(period[5:])
    start = date(year, month, 1)
    return start, date(year + month // 12, month % 12 + 1, 1)


def quarter_of(month: str) -> str:
    """The quarter of a month: 2026-Q4."""
    return f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"
