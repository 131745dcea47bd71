"""Backups of a real cluster: taken at work, restored to a moment, broken off and repeated."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from invx.infra.backup.restoring import SETTINGS, choose, lay_out, start_recovered
from invx.infra.backup.taking import (
    Backup,
    BackupFailed,
    forget_backups,
    list_backups,
    take_backup,
    verify_backup,
)
from invx.infra.embedded import Postgres
from invx.infra.embedded_cluster import PostgresFailed
from tests.waiting import until

SECONDS = 120


class Place:
    """A cluster with an archive, in a folder whose name the shell would take apart."""

    def __init__(self, folder: Path) -> None:
        self.base = folder / "postgres"
        self.safe = folder / "it's 100% safe"
        self.server = Postgres(self.base, archive=self.safe / "wal")

    @property
    def wal(self) -> Path:
        return self.safe / "wal"

    def ask(self, *statements: str, server: Postgres | None = None) -> Any:
        """Run statements one by one; the first value of the last."""

        async def asked() -> Any:
            conn = await asyncpg.connect(**(server or self.server).connection())
            try:
                return [await conn.fetchval(each) for each in statements][-1]
            finally:
                await conn.close()

        return asyncio.run(asked())

    def write(self, number: int) -> datetime:
        """Write a row; a moment after it and before whatever comes next."""
        self.ask(f"INSERT INTO t VALUES ({number})")
        moment = datetime.now(UTC) + timedelta(milliseconds=50)
        time.sleep(0.1)
        return moment

    def back_up(self) -> Backup:
        keys = [self.server.location / "passwords.json", self.base / "nowhere"]
        time.sleep(1)  # they are named by the second
        return take_backup(self.server, self.safe, keys, "1", lambda _: None)

    def archived(self) -> None:
        """Wait until all that is written now has left."""
        say = "SELECT pg_logical_emit_message(true, 'test', 'an empty segment is not switched')"
        name = self.ask(say, "SELECT pg_walfile_name(pg_switch_wal())")
        until((self.wal / f"{name}.gz").exists)

    def restore(self, backup: Backup, to: datetime | None) -> tuple[list[int], Path | None]:
        """Restore in place and look; the cluster stands as an own one again afterwards."""
        restoring = Postgres(self.base, settings=SETTINGS)
        aside = lay_out(restoring.cluster, backup, self.wal, to)
        start_recovered(restoring, backup, self.wal, SECONDS)
        try:
            return self.rows(restoring), aside
        finally:
            restoring.stop()

    def rows(self, server: Postgres | None = None) -> list[int]:
        found: list[int] = self.ask("SELECT array_agg(n ORDER BY n) FROM t", server=server)
        return found


@pytest.fixture
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="invx-backup-"))
    folder.chmod(0o755)
    made = Place(folder)
    made.server.start()
    try:
        made.ask("CREATE TABLE t (n int)")
        yield made
    finally:
        made.server.stop()
        shutil.rmtree(folder)


def test_any_moment_since_the_first_backup_comes_back(place: Place) -> None:
    place.write(1)
    backup = place.back_up()
    assert [each.name for each in list_backups(place.safe)] == [backup.name]
    assert backup.size > 1_000_000
    verify_backup(place.server, backup)
    moments = [place.write(2), place.write(3)]
    place.archived()
    last = place.write(4)  # not archived: it is in the cluster's own folder only
    place.server.stop()

    rows, first_aside = place.restore(backup, moments[0])
    assert rows == [1, 2]
    assert first_aside is not None
    assert (first_aside / "PG_VERSION").exists()

    # The archive knows of the new timeline; what was written after the moment stays in the folder.
    assert (place.wal / "00000002.history.gz").exists()
    place.server.start()
    assert place.ask("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)") == "00000002"
    on_two = place.write(5)
    place.archived()
    place.write(6)
    place.server.stop()
    rows, _ = place.restore(backup, on_two)
    assert rows == [1, 2, 5]
    assert last < on_two


def test_without_a_moment_all_that_was_written_comes_back(place: Place) -> None:
    place.write(1)
    backup = place.back_up()
    place.archived()
    place.write(2)
    place.server.stop()
    assert place.restore(backup, None)[0] == [1, 2]
    # A moment behind the last that was written is reached by taking all of it.
    assert place.restore(backup, datetime.now(UTC) + timedelta(hours=1))[0] == [1, 2]


def test_a_new_machine_gets_the_passwords_from_the_backup(place: Place) -> None:
    place.write(1)
    backup = place.back_up()
    place.write(2)
    place.archived()
    place.server.stop()
    shutil.rmtree(place.server.location)
    rows, aside = place.restore(backup, None)
    assert rows == [1, 2]
    assert aside is None


def test_an_interrupted_restore_lets_nobody_start_and_is_begun_anew(place: Place) -> None:
    place.write(1)
    backup = place.back_up()
    moment = place.write(2)
    place.write(3)
    place.server.stop()
    cluster = Postgres(place.base, settings=SETTINGS).cluster
    aside = lay_out(cluster, backup, place.wal, None)
    with pytest.raises(PostgresFailed, match="interrupted"):
        place.server.start()
    # Somebody may even have started PostgreSQL by itself, and killed it.
    (cluster.data / "recovery.signal").unlink()
    rows, again = place.restore(backup, moment)
    assert rows == [1, 2]
    assert again == aside  # what stood there before both
    place.server.start()
    assert place.rows() == [1, 2]


def test_older_backups_go_and_what_of_the_archive_nobody_needs(place: Place) -> None:
    made = []
    for number in range(3):
        place.write(number)
        made.append(place.back_up())
        place.archived()
    segments = len(list(place.wal.glob("*.gz")))
    assert forget_backups(place.server, place.safe, 2) == [made[0].name]
    assert [each.name for each in list_backups(place.safe)] == [each.name for each in made[1:]]
    left = sorted(path.name for path in place.wal.glob("*.gz") if "backup" not in path.name)
    assert left[0] == f"{made[1].first_wal}.gz"
    assert len(left) < segments
    assert forget_backups(place.server, place.safe, 2) == []


def test_a_backup_that_was_damaged_is_not_called_good(place: Place) -> None:
    backup = place.back_up()
    file = backup.files / "base.tar.gz"
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    file.write_bytes(damaged)
    with pytest.raises(BackupFailed, match="pg_verifybackup"):
        verify_backup(place.server, backup)


def test_a_backup_that_was_broken_off_is_none_and_is_removed(place: Place) -> None:
    half = place.safe / "base" / ".partial-20200101T000000Z"
    half.mkdir(parents=True)
    (half / "invx.json").write_text("{}")
    assert list_backups(place.safe) == []
    place.back_up()
    assert not half.exists()


def test_which_backup_a_moment_needs(place: Place) -> None:
    first, second = place.back_up(), place.back_up()
    both = list_backups(place.safe)
    assert choose(both, None) == second
    assert choose(both, second.ended_at - timedelta(milliseconds=1)) == first
    with pytest.raises(BackupFailed, match="nothing before"):
        choose(both, first.ended_at - timedelta(seconds=1))
    with pytest.raises(BackupFailed, match="no backup"):
        choose([], None)


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    for text in ("{", '{"format": "other 1"}', '{"format": "invx backup 1"}'):
        (tmp_path / "invx.json").write_text(text)
        with pytest.raises(BackupFailed):
            Backup.read(tmp_path)
