"""Restoring: a base backup, then the archive up to a moment. What was there is set aside, not lost.

A restored database begins another timeline, also when it is restored to its very end: by that its
series know that they must not give numbers (docs/adr/0020). Each step can be interrupted: until the
last one a mark keeps any server from starting, and the next restore begins anew. Without the mark
there would be a hole: PostgreSQL forgets that it recovers to a moment before it has written down
the new timeline, and a server that is killed in between goes on with the old one.
"""

import gzip
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from invx.infra.backup.taking import Backup, BackupFailed
from invx.infra.backup.wal import SUFFIX, restore_command
from invx.infra.embedded import Postgres
from invx.infra.embedded_cluster import Cluster, PostgresFailed

_SEGMENT = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
_TOO_FAR = "recovery ended before configured recovery target was reached"


def choose(backups: Sequence[Backup], to: datetime | None) -> Backup:
    """The newest backup from which the moment can be reached. Raises BackupFailed."""
    if not backups:
        raise BackupFailed("There is no backup: `invx backup` makes one.")
    fit = [backup for backup in backups if to is None or backup.ended_at <= to]
    if not fit:
        raise BackupFailed(
            f"The oldest backup ended at {backups[0].ended_at:%Y-%m-%d %H:%M:%S} UTC:"
            " nothing before that can be restored."
        )
    return fit[-1]


# While it recovers nobody may connect, and nothing is archived: of a restore that is broken off the
# next one must find nothing. It answers when it is a database of its own, on a timeline of its own.
SETTINGS = {"hot_standby": "off", "archive_mode": "off"}


def lay_out(cluster: Cluster, backup: Backup, archive: Path, to: datetime | None) -> Path | None:
    """Put the backup in the place of the cluster, to recover when the server starts.

    Returns where the cluster that stood there is now. The server must not run; `start_recovered`
    comes next, and until then nobody else can start it. Raises BackupFailed.
    """
    cluster.make_folders()
    before = _before(cluster)
    cluster.restoring.touch()
    fresh = cluster.location / "data.restoring"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    cluster.account.own(fresh, 0o700)
    _unpack(cluster, backup.files / "base.tar.gz", fresh)
    _unpack(cluster, backup.files / "pg_wal.tar.gz", fresh / "pg_wal")
    if before is not None and _said(cluster, before, "system identifier") == (
        backup.system_identifier
    ):
        _bring_log(cluster, before, fresh)
    recover_to(cluster, fresh, archive, to)
    _bring_keys(cluster, backup)
    if before == cluster.data:
        before = cluster.location / f"data.before-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
        cluster.restoring.write_text(before.name)
        cluster.data.rename(before)
    fresh.rename(cluster.data)
    return before


def _before(cluster: Cluster) -> Path | None:
    """The cluster that stood here. What a broken-off restore made of it is removed."""
    aside = cluster.restoring.read_text() if cluster.restoring.exists() else ""
    if aside and (cluster.location / aside).exists():
        shutil.rmtree(cluster.data, ignore_errors=True)
        return cluster.location / aside
    return cluster.data if cluster.data.exists() else None


def recover_to(cluster: Cluster, data: Path, archive: Path, to: datetime | None) -> None:
    """Say how far to recover: to a moment, or to the end of all that was archived."""
    settings = {
        "restore_command": restore_command(archive.resolve()),
        "recovery_target_time": to.astimezone(UTC).isoformat(sep=" ") if to else "",
        "recovery_target_action": "promote",
        "recovery_target_timeline": "latest",
    }
    with (data / "postgresql.auto.conf").open("a") as file:
        for name, value in settings.items():
            quoted = value.replace("\\", "\\\\").replace("'", "''")
            file.write(f"{name} = '{quoted}'\n")
    signal = data / "recovery.signal"
    signal.touch()
    cluster.account.own(signal, 0o600)


def start_recovered(server: Postgres, backup: Backup, archive: Path, seconds: float) -> None:
    """Start a server (with SETTINGS) that was laid out, and wait until it has recovered.

    A moment behind the last thing that was written is reached by taking all of it.
    Raises PostgresFailed.
    """
    cluster = server.cluster
    try:
        server.start(seconds, restoring=True)
    except PostgresFailed as error:
        if _TOO_FAR not in str(error):
            raise
        recover_to(cluster, cluster.data, archive, None)
        server.start(seconds, restoring=True)
    timeline = int(_said(cluster, cluster.data, "Latest checkpoint's TimeLineID") or 0)
    if timeline <= int(backup.first_wal[:8], 16):
        server.stop()
        raise BackupFailed(f"The restored database is on timeline {timeline} still: {server.log}")
    if archive.exists():
        for history in (cluster.data / "pg_wal").glob("*.history"):
            _archive(cluster, history, archive)
    cluster.restoring.unlink(missing_ok=True)


def _archive(cluster: Cluster, file: Path, archive: Path) -> None:
    """What the server did not archive itself while it recovered: where the timeline began."""
    target = archive / f"{file.name}{SUFFIX}"
    target.write_bytes(gzip.compress(file.read_bytes()))
    cluster.account.own(target, 0o600)


def _unpack(cluster: Cluster, file: Path, target: Path) -> None:
    """As the account of the server, which may not reach the file itself."""
    with file.open("rb") as packed:
        done = subprocess.run(
            ["tar", "-xzf", "-", "-C", str(target)],
            stdin=packed,
            capture_output=True,
            text=True,
            check=False,
            **cluster.spawn(),
        )
    if done.returncode:
        raise BackupFailed(f"{file} cannot be unpacked: {done.stderr[-2000:]}")


def _bring_log(cluster: Cluster, before: Path, fresh: Path) -> None:
    """What the old cluster wrote and had not archived yet is still in its own folder."""
    for segment in (before / "pg_wal").iterdir():
        if _SEGMENT.fullmatch(segment.name):
            target = fresh / "pg_wal" / segment.name
            shutil.copyfile(segment, target)
            cluster.account.own(target, 0o600)


def _bring_keys(cluster: Cluster, backup: Backup) -> None:
    """The passwords that the backup knows. Those of a cluster of its own are kept beside."""
    kept = backup.path / "keys" / "passwords.json"
    target = cluster.location / "passwords.json"
    if not kept.exists() or (target.exists() and target.read_bytes() == kept.read_bytes()):
        return
    if target.exists():
        target.rename(target.with_suffix(".before-restore"))
    shutil.copyfile(kept, target)
    target.chmod(0o600)


def _said(cluster: Cluster, data: Path, what: str) -> str:
    """A number of the control file; empty when it cannot be read."""
    done = subprocess.run(
        [cluster.binaries / "pg_controldata", "-D", str(data)],
        capture_output=True,
        text=True,
        check=False,
        **cluster.spawn(),
    )
    found = re.search(rf"{re.escape(what)}: +(\d+)", done.stdout)
    return found[1] if found else ""
