"""What operators type: moments to restore to, and the last numbers that they know of."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest

from invx.cli.ground import ArgumentInvalid
from invx.cli.numbers import _stated
from invx.cli.restore import _moment
from invx.infra.backup.wal import archive_settings, restore_command
from invx.kernel.errors import DomainError
from invx.kernel.ids import typeid

SERIES = UUID(int=7)


def test_a_moment_is_utc_unless_it_says_otherwise() -> None:
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert _moment("2026-11-30T12:00:00") == noon
    assert _moment("2026-11-30 12:00:00Z") == noon
    assert _moment("2026-11-30T13:00:00+01:00") == noon
    berlin = timezone(timedelta(hours=1))
    assert _moment(noon.astimezone(berlin).isoformat()) == noon
    assert _moment(None) is None


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "12:00", ""])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ArgumentInvalid):
        _moment(text)


def test_the_last_number_of_a_series_is_stated_with_or_without_a_period() -> None:
    name = typeid("ser", SERIES)
    assert _stated(f"{name}/2026=1234") == (SERIES, "2026", 1234)
    assert _stated(f"{name}=7") == (SERIES, "all", 7)


@pytest.mark.parametrize("text", ["ser_1", "x=5", f"{typeid('ser', SERIES)}=-1", "=", ""])
def test_what_states_no_number_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        _stated(text)


def test_paths_are_quoted_for_the_shell_and_for_postgresql() -> None:
    command = archive_settings(Path("/a b/50% of it"))["archive_command"]
    assert "'/a b/50%% of it'/%f.part" in command
    assert "'/a b/50%% of it'/%f.gz" in restore_command(Path("/a b/50% of it"))
