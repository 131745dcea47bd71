"""One line of the doctor's report."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. Only `fail` keeps Invx from working, and gives exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was seen, and how to mend it unless it is well."""

    level: Level
    subject: str
    seen: str
    remedy: str = ""


def ok(subject: str, seen: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.OK, subject, seen)


def warn(subject: str, seen: str, remedy: str) -> Finding:
    """It works, but not as it should."""
    return Finding(Level.WARN, subject, seen, remedy)


def fail(subject: str, seen: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(Level.FAIL, subject, seen, remedy)
