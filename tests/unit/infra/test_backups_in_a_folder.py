"""Base backups as they lie in a folder: found, chosen, refused; and what a restore sets aside.

Which one is chosen is told by a walk over all, minute by minute, written apart.
"""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.infra.backup.restoring import _SEGMENT, _before, _bring_keys, choose
from invx.infra.backup.taking import Backup, BackupFailed, list_backups, size_of
from invx.infra.embedded_cluster import Cluster
from invx.settings import SettingInvalid, read_settings

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def said(began: datetime = NOON, **more: Any) -> dict[str, Any]:
    return {
        "format": "invx backup 1",
        "began_at": began.isoformat(),
        "ended_at": (began + MINUTE).isoformat(),
        "system_identifier": "7512345678901234567",
        "first_wal": "00000001000000000000002A",
        "version": "1.0",
        **more,
    }


def laid(folder: Path, name: str, about: object) -> Path:
    path = folder / "base" / name
    path.mkdir(parents=True)
    content = about if isinstance(about, bytes) else json.dumps(about).encode()
    (path / "invx.json").write_bytes(content)
    return path


def backup(ended: datetime) -> Backup:
    return Backup(Path(f"/b/{ended:%Y%m%dT%H%M%SZ}"), ended - MINUTE, ended, "7", "0" * 24, "1.0")


def test_a_backup_is_read_as_it_was_described(tmp_path: Path) -> None:
    path = laid(tmp_path, "20261130T120000Z", said())
    found = Backup.read(path)
    assert (found.name, found.files) == ("20261130T120000Z", path / "postgres")
    assert (found.began_at, found.ended_at) == (NOON, NOON + MINUTE)
    assert (found.system_identifier, found.version) == ("7512345678901234567", "1.0")
    assert found.first_wal == "00000001000000000000002A"


def test_backups_are_listed_the_oldest_first_and_half_ones_not_at_all(tmp_path: Path) -> None:
    names = ["20261130T120000Z", "20251231T235959Z", "20261201T000000Z", "20260228T010203Z"]
    for name in names:
        laid(tmp_path, name, said(datetime.strptime(name, "%Y%m%dT%H%M%S%z")))
    laid(tmp_path, ".partial-20261202T000000Z", said())
    (tmp_path / "base" / "20261203T000000Z").mkdir()  # nothing describes it
    (tmp_path / "wal").mkdir()
    assert [each.name for each in list_backups(tmp_path)] == sorted(names)
    assert list_backups(tmp_path / "elsewhere") == []


DAMAGED: dict[str, object] = {
    "nothing": b"",
    "cut off": json.dumps(said()).encode()[:50],
    "no letters": b'{"format":"\xff"}',
    "a list": [said()],
    "a word": "invx backup 1",
    "no format": {key: value for key, value in said().items() if key != "format"},
    "another format": said(format="invx backup 2"),
    "no end": {key: value for key, value in said().items() if key != "ended_at"},
    "no segment": {key: value for key, value in said().items() if key != "first_wal"},
    "no version": {key: value for key, value in said().items() if key != "version"},
    "an end that is no moment": said(ended_at="soon"),
    "a beginning that is a number": said(began_at=1_796_047_500),
    "an end that is null": said(ended_at=None),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_does_not_describe_a_backup_is_refused_and_named(tmp_path: Path, name: str) -> None:
    """Restoring from it must not begin: what stands there would be set aside for nothing."""
    path = laid(tmp_path, "20261130T120000Z", DAMAGED[name])
    with pytest.raises(BackupFailed, match=str(path)):
        Backup.read(path)
    with pytest.raises(BackupFailed, match=str(path)):
        list_backups(tmp_path)


minutes = st.lists(st.integers(0, 12), min_size=1, max_size=5, unique=True)


@given(minutes, st.integers(-2, 15))
def test_the_newest_that_ended_by_then_is_chosen(ends: list[int], to: int) -> None:
    backups = [backup(NOON + end * MINUTE) for end in sorted(ends)]
    moment = NOON + to * MINUTE
    expected = None
    for minute in range(-2, to + 1):  # walking towards the moment, the last one met is it
        if minute in ends:
            expected = NOON + minute * MINUTE
    if expected is None:
        with pytest.raises(BackupFailed, match=f"{backups[0].ended_at:%H:%M:%S} UTC"):
            choose(backups, moment)
    else:
        assert choose(backups, moment).ended_at == expected
    assert choose(backups, None).ended_at == NOON + max(ends) * MINUTE


def test_while_a_backup_was_taken_it_cannot_be_restored_to() -> None:
    """Until its end its files are of many moments."""
    only = backup(NOON)
    assert choose([only], NOON) is only
    for early in (timedelta(microseconds=1), MINUTE / 2, MINUTE, timedelta(days=9)):
        with pytest.raises(BackupFailed, match="nothing before that"):
            choose([only], NOON - early)


@pytest.mark.parametrize("to", [None, NOON])
def test_without_a_backup_it_says_how_one_is_made(to: datetime | None) -> None:
    with pytest.raises(BackupFailed, match="`invx backup` makes one"):
        choose([], to)


@given(st.dictionaries(st.sampled_from(["a", "b/c", "b/d/e", "f"]), st.integers(0, 5_000)))
@settings(max_examples=20, deadline=None)
def test_a_size_is_the_sum_of_the_files(files: dict[str, int]) -> None:
    with tempfile.TemporaryDirectory() as made:
        for name, size in files.items():
            path = Path(made) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * size)
        (Path(made) / "gone").symlink_to("nowhere")  # as if it vanished meanwhile
        assert size_of(Path(made)) == sum(files.values())


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("00000001000000000000002A", True),
        ("0000000A00000001000000FF", True),
        ("00000002.history", True),
        ("00000001000000000000002A.partial", False),
        ("00000001000000000000002A.00000028.backup", False),
        ("00000001000000000000002a", False),
        ("00000001000000000000002", False),
        ("archive_status", False),
        ("00000002.history.gz", False),
        ("RECOVERYXLOG", False),
    ],
)
def test_only_whole_segments_and_histories_are_brought_along(name: str, is_one: bool) -> None:
    """Names as PostgreSQL's manual has them: timeline, log and segment, eight digits each."""
    assert (_SEGMENT.fullmatch(name) is not None) is is_one


class At(Cluster):
    """A cluster exactly there, also where its account would need a stand-in."""

    def __init__(self, location: Path) -> None:
        self.location = location
        self.data = location / "data"


def placed(tmp_path: Path, *names: str) -> At:
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "PG_VERSION").write_text(name)
    return At(tmp_path)


def test_a_cluster_that_stands_is_what_was_before(tmp_path: Path) -> None:
    cluster = placed(tmp_path, "data")
    assert _before(cluster) == tmp_path / "data"
    assert _before(At(tmp_path / "new")) is None


def test_a_restore_that_was_broken_off_does_not_take_its_own_work_for_what_was(
    tmp_path: Path,
) -> None:
    cluster = placed(tmp_path, "data", "data.before-1")
    cluster.restoring.write_text("data.before-1")
    assert _before(cluster) == tmp_path / "data.before-1"
    assert not cluster.data.exists()  # half restored
    assert (tmp_path / "data.before-1" / "PG_VERSION").read_text() == "data.before-1"
    assert _before(cluster) == tmp_path / "data.before-1"  # again, as often as it takes


def test_a_restore_that_was_broken_off_before_it_set_anything_aside_keeps_all(
    tmp_path: Path,
) -> None:
    cluster = placed(tmp_path, "data")
    cluster.restoring.touch()
    assert _before(cluster) == tmp_path / "data"
    cluster.restoring.write_text("data.before-1")  # the mark was written, the name not changed yet
    assert _before(cluster) == tmp_path / "data"
    assert (tmp_path / "data" / "PG_VERSION").read_text() == "data"


@pytest.mark.parametrize("here", [None, b'{"app":"new"}', b'{"app":"old"}'])
def test_the_passwords_of_the_backup_count_and_others_are_kept_beside(
    tmp_path: Path, here: bytes | None
) -> None:
    old, target = b'{"app":"old"}', tmp_path / "passwords.json"
    path = laid(tmp_path, "20261130T120000Z", said())
    (path / "keys").mkdir()
    (path / "keys" / "passwords.json").write_bytes(old)
    if here is not None:
        target.write_bytes(here)
    _bring_keys(At(tmp_path), Backup.read(path))
    assert target.read_bytes() == old
    beside = tmp_path / "passwords.before-restore"
    assert (beside.read_bytes() if beside.exists() else None) == (here if here != old else None)
    if here != old:
        assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("text", "kept"), [(None, 7), ("1", 1), ("30", 30)])
def test_so_many_backups_stay(text: str | None, kept: int) -> None:
    assert read_settings({"INVX_BACKUP_KEEP": text} if text else {}).place.backups_kept == kept


@pytest.mark.parametrize("text", ["0", "-1", "all", "1.5"])
def test_none_at_all_may_not_stay(text: str) -> None:
    """`backups[:-0]` would be none of them, `backups[-0:]` all."""
    with pytest.raises(SettingInvalid, match="INVX_BACKUP_KEEP"):
        read_settings({"INVX_BACKUP_KEEP": text})
