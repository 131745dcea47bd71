"""Days and instants in a place: when a day begins there, which day it is, when a debt is overdue.

Local times are worked out from the zone's rules for that very day, never from a stored offset, so a
change of daylight saving in between moves nothing.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from invx.kernel.errors import DomainError, invariant

_SECOND = timedelta(seconds=1)
_OFFSET_MAX = timedelta(hours=16)
_DAY = timedelta(days=1)


class UnknownZone(DomainError):
    """The time zone is not a name of the IANA database."""


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name such as Europe/Paris. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(f"{name!r} is not an IANA time zone.") from error


def today(now: datetime, name: str) -> date:
    """The day that the instant `now` falls on in the zone."""
    invariant(now.tzinfo is not None, "an instant carries its zone")
    return now.astimezone(zone(name)).date()


def start_of_day(day: date, name: str) -> datetime:
    """The first instant (UTC) of `day` in the zone.

    Where midnight is skipped this is the first instant after the gap; where the whole day is
    skipped (Samoa, 30 December 2011) it is the start of the next; where midnight comes twice, the
    first.
    """
    return first_instant(day, time.min, name)


@lru_cache(1024)  # documents of one day are mostly due on one day
def overdue_from(due_date: date, name: str) -> datetime:
    """The first instant (UTC) after the due date in the zone: what was due is overdue from here."""
    return start_of_day(due_date + _DAY, name)


def first_instant(day: date, at: time, name: str) -> datetime:
    """The first instant (UTC) at which clocks of the zone show `day` and `at`, or later.

    A time of day that is skipped becomes the end of the gap; one that comes twice is the first.
    """
    place = zone(name)
    wall = datetime.combine(day, at)
    instant = wall.replace(tzinfo=place).astimezone(UTC)
    if instant.astimezone(place).replace(tzinfo=None) == wall:
        return instant
    early = wall.replace(tzinfo=UTC) - _OFFSET_MAX
    late = wall.replace(tzinfo=UTC) + _OFFSET_MAX + _DAY
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(place).replace(tzinfo=None) >= wall:
            late = middle
        else:
            early = middle
    return late
