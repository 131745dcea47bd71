"""Base backups: taken while the database works, checked, described, and forgotten in order.

One is a folder named by the moment it began: in `postgres` what `pg_basebackup` writes, compressed
and with a manifest of hashes, in `keys` those of the installation, and `invx.json`, which describes
it. It appears when it is whole.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from invx.infra.backup.wal import SUFFIX
from invx.infra.embedded import Postgres
from invx.infra.embedded_cluster import PostgresFailed

FORMAT = "invx backup 1"
_ABOUT = "invx.json"
_NAME = "%Y%m%dT%H%M%SZ"
_FILES = "postgres"
_PARTIAL = ".partial-"

Progress = Callable[[int], None]


class BackupFailed(PostgresFailed):
    """A backup cannot be taken, found or used; the message says why."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A base backup. `first_wal` is the oldest segment that restoring it needs."""

    path: Path
    began_at: datetime
    ended_at: datetime
    system_identifier: str
    first_wal: str
    version: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def files(self) -> Path:
        """What PostgreSQL's own tools wrote and check."""
        return self.path / _FILES

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return size_of(self.path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises BackupFailed when the folder is no backup of ours."""
        try:
            said = msgspec.json.decode((path / _ABOUT).read_bytes())
            if said["format"] != FORMAT:
                raise BackupFailed(f"{path} is of the format {said['format']!r}.")
            return cls(
                path,
                datetime.fromisoformat(said["began_at"]),
                datetime.fromisoformat(said["ended_at"]),
                said["system_identifier"],
                said["first_wal"],
                said["version"],
            )
        except (OSError, msgspec.DecodeError, LookupError, TypeError, ValueError) as error:
            raise BackupFailed(f"{path} is not a backup of Invx: {error}") from error


def size_of(folder: Path) -> int:
    """Bytes in the files of a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total


def list_backups(folder: Path) -> list[Backup]:
    """All whole backups, the oldest first."""
    found = sorted((folder / "base").glob("*/" + _ABOUT))
    return [Backup.read(path.parent) for path in found if not path.parent.name.startswith(".")]


def take_backup(
    server: Postgres, folder: Path, keys: Sequence[Path], version: str, progress: Progress
) -> Backup:
    """A new base backup of a running server, checked against its manifest. Raises BackupFailed.

    `progress` is told the bytes written so far. What an interrupted one left is removed.
    """
    base = folder / "base"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in base.glob(_PARTIAL + "*"):
        shutil.rmtree(left)
    began = datetime.now(UTC).replace(microsecond=0)
    target, partial = base / f"{began:{_NAME}}", base / f"{_PARTIAL}{began:{_NAME}}"
    if target.exists():
        raise BackupFailed(f"{target} is there already: wait a second.")
    partial.mkdir(mode=0o700)
    _pg_basebackup(server, partial / _FILES, progress)
    _verify(server, partial / _FILES)
    described = _describe(server, partial / _FILES, began, version)
    (partial / "keys").mkdir(mode=0o700)
    for key in keys:
        if key.exists():
            shutil.copy2(key, partial / "keys" / key.name)
    said = {"format": FORMAT, **described}
    (partial / _ABOUT).write_text(json.dumps(said, indent=1) + "\n")
    _to_disk(partial)
    partial.rename(target)
    _sync(base)
    return Backup.read(target)


def forget_backups(server: Postgres, folder: Path, keep: int) -> list[str]:
    """Remove all but the newest, and what of the archive no kept one needs; names what went."""
    backups = list_backups(folder)
    gone, kept = backups[:-keep], backups[-keep:]
    for backup in gone:
        shutil.rmtree(backup.path)
    wal = folder / "wal"
    if kept and wal.exists():
        oldest = min(backup.first_wal for backup in kept)
        _run(server, "pg_archivecleanup", "-x", SUFFIX, str(wal), oldest)
    return [backup.name for backup in gone]


def _pg_basebackup(server: Postgres, target: Path, progress: Progress) -> None:
    command = [
        *(str(server.program("pg_basebackup")), "--pgdata", str(target), "--format", "tar"),
        *("--gzip", "--wal-method", "stream", "--checkpoint", "fast", "--no-password"),
        *("--manifest-checksums", "SHA256", "--label", "invx"),
    ]
    environment = {**server.environment(), "PATH": os.defpath}
    environment.pop("PGDATABASE")
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        while True:
            try:
                _, said = process.communicate(timeout=0.3)
                break
            except subprocess.TimeoutExpired:
                progress(size_of(target))
    if process.returncode:
        raise BackupFailed(f"pg_basebackup failed: {said[-2000:]}")
    progress(size_of(target))


def _verify(server: Postgres, backup: Path) -> None:
    """Every byte against the manifest; the log is read when it is restored."""
    _run(server, "pg_verifybackup", "--no-parse-wal", "--quiet", str(backup))


def verify_backup(server: Postgres, backup: Backup) -> None:
    """Every byte against the manifest. Raises BackupFailed."""
    _verify(server, backup.files)


def _describe(server: Postgres, backup: Path, began: datetime, version: str) -> dict[str, Any]:
    manifest = msgspec.json.decode((backup / "backup_manifest").read_bytes())
    span = manifest["WAL-Ranges"][0]
    size = _run(
        server, "psql", "-XAt", "-c", f"SELECT pg_walfile_name('{span['Start-LSN']}')",
        environment=server.environment(),
    )  # fmt: skip
    return {
        "began_at": began.isoformat(),
        "ended_at": datetime.now(UTC).isoformat(),
        "system_identifier": str(manifest["System-Identifier"]),
        "first_wal": size.strip(),
        "version": version,
    }


def _run(
    server: Postgres, program: str, *arguments: str, environment: dict[str, str] | None = None
) -> str:
    done = subprocess.run(
        [server.program(program), *arguments],
        env={"PATH": os.defpath, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupFailed(f"{program} failed: {done.stderr[-2000:]}")
    return done.stdout


def _to_disk(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            _sync(Path(parent) / name)
        _sync(Path(parent))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
