"""The commands by which PostgreSQL archives and fetches, run by a shell as PostgreSQL runs them.

PostgreSQL replaces %p, %f and %% (its manual, 26.3.1 and 20.5.6) and gives the rest to `sh -c`. The
reader of settings follows its manual, 20.1.1, and `GUC_scanstr`: quotes are doubled, and a
backslash takes the next character as it is or as n, t, r, b, f or octal digits.
"""

import gzip
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.infra.backup.restoring import recover_to
from invx.infra.backup.wal import ARCHIVE_SECONDS, SUFFIX, archive_settings, restore_command
from invx.infra.embedded_cluster import Cluster

SEGMENT = "00000001000000000000002A"
CONTENT = b"what was written\0" * 999
FOLDERS = [
    "wal",
    "two words",
    "it's",
    'a "quote"',
    "50% of it",
    "%f",
    "%p and %%",
    "$HOME",
    "`date`",
    "a;b&c|d",
    "(x)[y]{z}*?",
    "-rf",
    "back\\slash",
    "C:\\new\\table",
    "ümläut",
    "#1",
    "tab\there",
    "~",
    "!",
]


def as_the_server_does(command: str, *, path: Path, name: str) -> str:
    known = {"%p": str(path), "%f": name, "%%": "%"}
    return re.sub("%[pf%]", lambda found: known[found[0]], command)


def run(command: str, where: Path) -> int:
    done = subprocess.run(["sh", "-c", command], cwd=where, capture_output=True, check=False)
    return done.returncode


def unquoted(text: str) -> str:
    """The value of a setting as `GUC_scanstr` reads it."""
    assert text[0] == text[-1] == "'"
    out, rest = "", text[1:-1]
    letters = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
    while rest:
        if octal := re.match(r"\\([0-7]{1,3})", rest):
            out, rest = out + chr(int(octal[1], 8)), rest[octal.end() :]
        elif rest[0] == "\\":
            out, rest = out + letters.get(rest[1], rest[1]), rest[2:]
        elif rest.startswith("''"):
            out, rest = out + "'", rest[2:]
        else:
            assert rest[0] not in "'\n", "the value ends too early"
            out, rest = out + rest[0], rest[1:]
    return out


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    made = tmp_path / "cluster"
    (made / "data" / "pg_wal").mkdir(parents=True)
    segment = made / "data" / "pg_wal" / SEGMENT
    segment.write_bytes(CONTENT)
    return Cluster(made, ("app",), None, None)


def data_of(tmp_path: Path) -> Path:
    """Not `Cluster.data`: of a folder that its account cannot reach that is somewhere else."""
    return tmp_path / "cluster" / "data"


def segment_of(tmp_path: Path) -> Path:
    return data_of(tmp_path) / "pg_wal" / SEGMENT


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.usefixtures("cluster")
def test_what_was_archived_is_fetched_whatever_the_folder_is_called(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    archive = archive_settings(folder)["archive_command"]
    where = data_of(tmp_path)
    path = segment_of(tmp_path).relative_to(where)
    assert run(as_the_server_does(archive, path=path, name=SEGMENT), where) == 0
    assert [each.name for each in folder.iterdir()] == [f"{SEGMENT}{SUFFIX}"]
    assert gzip.decompress((folder / f"{SEGMENT}{SUFFIX}").read_bytes()) == CONTENT
    back = Path("pg_wal/RECOVERYXLOG")
    fetch = as_the_server_does(restore_command(folder), path=back, name=SEGMENT)
    assert run(fetch, where) == 0
    assert (where / back).read_bytes() == CONTENT


@pytest.mark.parametrize("name", FOLDERS)
def test_the_fetching_command_comes_through_the_settings_as_it_is(
    cluster: Cluster, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    recover_to(cluster, data_of(tmp_path), folder, None)
    said = read_settings_of(data_of(tmp_path))
    assert said["restore_command"] == restore_command(folder.resolve())
    assert as_the_server_does(said["restore_command"], path=Path("p"), name="F").count("F.gz") == 2


def read_settings_of(data: Path) -> dict[str, str]:
    """The last word on each counts, as for the server."""
    lines = (data / "postgresql.auto.conf").read_text().splitlines()
    pairs = [line.partition(" = ") for line in lines]
    return {name: unquoted(value) for name, _, value in pairs}


printable = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="/"))


@given(printable.filter(lambda name: name not in ("", ".", "..")))
@settings(max_examples=60)
def test_any_name_is_one_word_to_the_shell(name: str) -> None:
    command = as_the_server_does(
        f"printf '%%s\\n' {restore_command(Path('/x') / name).partition(' && ')[0][8:]}",
        path=Path("p"),
        name="F",
    )
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=True)
    assert done.stdout.decode() == f"/x/{name}/F.gz\n"


def test_a_segment_that_is_not_there_is_not_made_up(tmp_path: Path) -> None:
    """The server takes any other answer for the end of all that was archived."""
    target = tmp_path / "RECOVERYXLOG"
    fetch = as_the_server_does(restore_command(tmp_path), path=target, name=SEGMENT)
    assert run(fetch, tmp_path) != 0
    assert not target.exists()


def test_half_a_segment_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(range(256)) * 400)
    (tmp_path / f"{SEGMENT}{SUFFIX}").write_bytes(packed[: len(packed) // 2])
    fetch = as_the_server_does(restore_command(tmp_path), path=tmp_path / "X", name=SEGMENT)
    assert run(fetch, tmp_path) != 0


@pytest.mark.usefixtures("cluster")
def test_a_segment_appears_under_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    """A crash in between leaves a part, and the server archives it again."""
    folder = tmp_path / "wal"
    folder.mkdir()
    (folder / f"{SEGMENT}.part").write_bytes(b"half of what")
    archive = archive_settings(folder)["archive_command"]
    command = as_the_server_does(archive, path=segment_of(tmp_path), name=SEGMENT)
    before_the_move = command.partition(" && mv ")[0]
    assert run(before_the_move, tmp_path) == 0
    assert not (folder / f"{SEGMENT}{SUFFIX}").exists()
    assert run(command, tmp_path) == 0
    assert [each.name for each in folder.iterdir()] == [f"{SEGMENT}{SUFFIX}"]


@pytest.mark.parametrize("gone", ["folder", "segment"])
@pytest.mark.usefixtures("cluster")
def test_what_cannot_be_archived_is_said_so_the_server_keeps_it(tmp_path: Path, gone: str) -> None:
    folder = tmp_path / "wal"
    folder.mkdir()
    command = as_the_server_does(
        archive_settings(folder)["archive_command"], path=segment_of(tmp_path), name=SEGMENT
    )
    if gone == "folder":
        shutil.rmtree(folder)
    else:
        segment_of(tmp_path).unlink()
    assert run(command, tmp_path) != 0
    assert not (folder / f"{SEGMENT}{SUFFIX}").exists()


def test_at_most_a_minute_is_lost_as_the_page_says(tmp_path: Path) -> None:
    said = archive_settings(tmp_path)
    assert (said["archive_mode"], said["archive_timeout"]) == ("on", "60")
    assert ARCHIVE_SECONDS == 60
    assert sorted(said) == ["archive_command", "archive_mode", "archive_timeout"]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (None, ""),
        (datetime(2026, 11, 30, 14, 5, tzinfo=UTC), "2026-11-30 14:05:00+00:00"),
        (datetime(2026, 11, 30, 14, 5, 0, 7, tzinfo=UTC), "2026-11-30 14:05:00.000007+00:00"),
        (
            datetime(2026, 12, 1, 0, 5, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-30 23:05:00+00:00",
        ),
        (
            datetime(2026, 11, 30, 20, 0, tzinfo=timezone(-timedelta(hours=5, minutes=30))),
            "2026-12-01 01:30:00+00:00",
        ),
    ],
)
def test_the_moment_is_said_in_utc_and_the_end_is_another_timeline(
    cluster: Cluster, tmp_path: Path, to: datetime | None, expected: str
) -> None:
    recover_to(cluster, data_of(tmp_path), tmp_path, to)
    said = read_settings_of(data_of(tmp_path))
    assert said["recovery_target_time"] == expected
    assert said["recovery_target_action"] == "promote"
    assert said["recovery_target_timeline"] == "latest"
    assert (data_of(tmp_path) / "recovery.signal").stat().st_mode & 0o777 == 0o600


def test_recovering_to_the_end_overrides_the_moment_that_was_too_far(
    cluster: Cluster, tmp_path: Path
) -> None:
    (data_of(tmp_path) / "postgresql.auto.conf").write_text("work_mem = '8MB'\n")
    recover_to(cluster, data_of(tmp_path), tmp_path, datetime(2027, 1, 1, tzinfo=UTC))
    recover_to(cluster, data_of(tmp_path), tmp_path, None)
    said = read_settings_of(data_of(tmp_path))
    assert said["recovery_target_time"] == ""
    assert said["work_mem"] == "8MB"
