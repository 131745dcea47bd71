"""How far a sandbox's clock can be set, and how spans of time are written."""

import calendar
import math
import re
from datetime import UTC, datetime, timedelta

from invx.contexts.identity.domain.errors import ClockGoesBack, ClockSpanMalformed, ClockTooFar
from invx.kernel.errors import Problem

YEARS_AWAY_MAX = 10
_AWAY_MAX = timedelta(days=366 * YEARS_AWAY_MAX)
_DAY = timedelta(days=1)
# ISO 8601, 5.5.2.2, in whole numbers.
SPAN = (
    r"^P(?=[0-9]|T[0-9])(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})S)?)?$"
)
_span = re.compile(SPAN)


def offset_seconds(clock: datetime, now: datetime) -> int:
    """By how much a clock that shows `clock` is ahead of system time, rounded up to a second.

    Rounded up, so that what is due at `clock` is due.
    """
    return math.ceil((clock - now).total_seconds())


def started_at(clock: datetime, now: datetime) -> int:
    """The offset of a new sandbox whose clock shows `clock` now. Raises ClockTooFar."""
    _ensure_near(clock, now, "/clock")
    return offset_seconds(clock, now)


def ensure_ahead(to: datetime, clock: datetime, now: datetime, pointer: str) -> None:
    """Whether a clock that shows `clock` can be moved to `to`. Raises ClockGoesBack, ClockTooFar.

    `now` is system time, `pointer` the field that says where to.
    """
    if to <= clock:
        detail = f"It is {clock.isoformat(timespec='seconds')} in the sandbox already."
        problem = Problem(pointer, ClockGoesBack.code, detail)
        raise ClockGoesBack(detail, problems=[problem])
    _ensure_near(to, now, pointer)


def _ensure_near(moment: datetime, now: datetime, pointer: str) -> None:
    if abs(moment - now) > _AWAY_MAX:
        first, last = now - _AWAY_MAX, now + _AWAY_MAX
        detail = f"A clock can show {first.date()} to {last.date()}."
        raise ClockTooFar(detail, problems=[Problem(pointer, ClockTooFar.code, detail)])


def after(moment: datetime, span: str) -> datetime:
    """The moment that is so much later; months first, to the last day of a shorter one.

    Raises ClockSpanMalformed, ClockTooFar.
    """
    match = _span.fullmatch(span)
    if match is None:
        problem = Problem("/by", ClockSpanMalformed.code, ClockSpanMalformed.__doc__ or "")
        raise ClockSpanMalformed(problems=[problem])
    years, months, weeks, days, hours, minutes, seconds = (
        int(part or 0) for part in match.groups()
    )
    try:
        ahead = _months_after(moment.astimezone(UTC), 12 * years + months)
        return ahead + timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
        )
    except (OverflowError, ValueError):
        detail = "There is no such time."
        problem = Problem("/by", ClockTooFar.code, detail)
        raise ClockTooFar(detail, problems=[problem]) from None


def _months_after(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def days_between(start: datetime, end: datetime) -> int:
    """Whole days from one moment to a later one."""
    return max(0, (end - start) // _DAY)
