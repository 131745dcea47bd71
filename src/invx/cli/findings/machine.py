"""The machine: Python, packages, fonts, disk, clock."""

import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

import invx
from invx.cli.findings.finding import Finding, fail, ok, warn
from invx.contexts.invoicing.adapters.pdf import Mark, TypstRenderer

PYTHON_MIN = (3, 11)
DISK_BYTES_FAIL = 200_000_000
DISK_BYTES_WARN = 2_000_000_000
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)  # a clock before this is wrong
AHEAD_SECONDS_MAX = 300
_PIN = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_SHOWN_MAX = 4
_SAMPLE = {
    "type": "invoice",
    "language": "de",
    "currency": "EUR",
    "issue_date": "2026-01-02",
    "seller": {"name": "Ärztehaus Łódź"},
    "buyer": {"name": "Prüfung"},
    "lines": [],
    "totals": {},
    "tax_groups": [],
}


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Iterator[Finding]:
    """3.11 or later."""
    seen = f"{'.'.join(map(str, version))} at {sys.executable}"
    if version[:2] < PYTHON_MIN:
        yield fail("Python", seen, "Install Python 3.11 or later, then remove .venv and run make.")
    else:
        yield ok("Python", seen)


def lock_file() -> Path | None:
    """The lock that this environment was made from; none where Invx is installed as a package."""
    checkout = Path(invx.__file__).resolve().parents[2]
    for name in ("dev", "base"):
        lock = checkout / "requirements" / f"{name}.txt"
        stamp = Path(sys.prefix) / "invx-lock"
        if lock.is_file() and stamp.is_file() and stamp.read_text().startswith(f"{name} "):
            return lock
    lock = checkout / "requirements" / "base.txt"
    return lock if lock.is_file() else None


def packages(lock: Path | None) -> Iterator[Finding]:
    """What is installed is what the lock names."""
    if lock is None:
        yield ok("packages", "no lock here: installed as a package")
        return
    wrong, count = [], 0
    for name, version in _PIN.findall(lock.read_text("utf-8")):
        count += 1
        try:
            if (installed := metadata.version(name)) != version:
                wrong.append(f"{name} {installed}, not {version}")
        except metadata.PackageNotFoundError:
            if not _elsewhere(lock, name):
                wrong.append(f"{name} is missing")
    if wrong:
        more = f" and {len(wrong) - _SHOWN_MAX} more" if len(wrong) > _SHOWN_MAX else ""
        seen = f"not as in {lock.name}: {'; '.join(wrong[:_SHOWN_MAX])}{more}"
        yield fail("packages", seen, "Remove .venv and run make again: it installs the lock.")
    else:
        yield ok("packages", f"{count} as in {lock.name}")


def _elsewhere(lock: Path, name: str) -> bool:
    """Whether the lock holds this package for some other platform or Python only."""
    return bool(re.search(rf"^{re.escape(name)}==[^\n]*;", lock.read_text("utf-8"), re.MULTILINE))


def fonts() -> Iterator[Finding]:
    """A PDF can be made, with the fonts that Invx brings along."""
    try:
        pdf = TypstRenderer().render(_SAMPLE, mark=Mark.DRAFT)
    except Exception as error:  # noqa: BLE001 - whatever it is, no PDF can be made
        seen = f"no PDF can be made: {type(error).__name__} {error}"
        yield fail("PDF", seen, "Install the locked packages again: remove .venv and run make.")
    else:
        yield ok("PDF", f"typst and its fonts work ({len(pdf) // 1000} kB)")


def disk(folder: Path, free: int | None = None) -> Iterator[Finding]:
    """Room for the database and its log."""
    standing = next(each for each in (folder, *folder.resolve().parents) if each.exists())
    free = shutil.disk_usage(standing).free if free is None else free
    seen = f"{free / 1e9:.1f} GB free for {folder}"
    if free < DISK_BYTES_FAIL:
        yield fail("disk", seen, "PostgreSQL stops when the disk is full: make room now.")
    elif free < DISK_BYTES_WARN:
        yield warn("disk", seen, "Make room, or put INVX_HOME on a larger disk.")
    else:
        yield ok("disk", seen)


def clock(home: Path, now: datetime | None = None) -> Iterator[Finding]:
    """The time is plausible, has not gone back, and time zones are known."""
    now = now or datetime.now(UTC)
    seen = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    remedy = "Set the clock (NTP): tokens, due dates and the dates of invoices follow it."
    if now < RELEASED:
        yield fail("clock", f"{seen} is before this release", remedy)
        return
    written = [path.stat().st_mtime for path in home.glob("*") if path.is_file()]
    if written and max(written) - now.timestamp() > AHEAD_SECONDS_MAX:
        last = datetime.fromtimestamp(max(written), UTC)
        yield fail("clock", f"{seen}, yet {home} was written {last:%Y-%m-%d %H:%M} UTC", remedy)
        return
    ZoneInfo("Europe/Berlin")  # from tzdata, which is locked
    yield ok("clock", seen)
