"""When TARGET is open; Easter against a table of known Sundays."""

from datetime import date

import pytest

from invx.rules.calendar.target import easter, is_target_day


@pytest.mark.parametrize(
    "sunday",
    [
        "2000-04-23",
        "2008-03-23",
        "2011-04-24",
        "2024-03-31",
        "2026-04-05",
        "2038-04-25",
    ],
)
def test_easter_is_the_sunday_of_the_table(sunday: str) -> None:
    assert easter(int(sunday[:4])) == date.fromisoformat(sunday)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        ("2026-04-02", True),  # Maundy Thursday
        ("2026-04-03", False),  # Good Friday
        ("2026-04-06", False),  # Easter Monday
        ("2026-04-07", True),
        ("2026-05-01", False),
        ("2026-10-03", False),  # a Saturday
        ("2026-10-05", True),
        ("2026-12-24", True),
        ("2026-12-25", False),
        ("2025-12-26", False),
        ("2027-01-01", False),
    ],
)
def test_target_is_closed_on_the_days_of_its_calendar(day: str, is_open: bool) -> None:
    assert is_target_day(date.fromisoformat(day)) is is_open
