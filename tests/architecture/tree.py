"""Checks of the files around the code: addresses, dependencies, licences."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import files

REASONS = "docs/adr/0003-dependencies.md"
# Built from parts, so that this file does not object to itself.
_REGISTRIES = (
    "py" + "pi.org",
    "python" + "hosted",
    "npm" + "js.",
    "crates" + ".io",
    "deb" + ".debian",
)
_MACHINES = ("wo" + "rk", "ro" + "ot", "op" + "t", "ho" + "me", "Us" + "ers")
_ADDRESS = re.compile(
    "|".join(map(re.escape, _REGISTRIES)) + r"|file:/{3}|--(extra-)?index[-]url|--find[-]links"
)
_MACHINE_PATH = re.compile(rf"(?<![\w.~/}}{{*)-])/({'|'.join(_MACHINES)})/[\w.-]+")
_TEXT_BYTES_MAX = 2_000_000


def no_addresses_or_machine_paths(root: Path) -> Iterator[str]:
    """No registry's host, no option that names one, no path of somebody's machine."""
    for path in files(root, "**/*", ".*", ".ci/*", ".github/**/*"):
        data = path.read_bytes()
        if b"\0" in data or len(data) > _TEXT_BYTES_MAX:
            continue
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            for pattern in (_ADDRESS, _MACHINE_PATH):
                if found := pattern.search(line):
                    yield f"{name}:{number}: {found[0]}"


def dependencies_have_reasons(root: Path) -> Iterator[str]:
    """Every package that we ask for has a row with reason and licence; no row is left over."""
    asked = set(_asked_for(root))
    reasons = (root / REASONS).read_text() if (root / REASONS).exists() else ""
    rows = re.finditer(r"^\| `([\w.-]+)` \| \S.+ \| \S.+ \|$", reasons, re.MULTILINE)
    given = {row[1] for row in rows}
    yield from (f"{REASONS}: no row for {name}" for name in sorted(asked - given))
    yield from (f"{REASONS}: {name} is not asked for" for name in sorted(given - asked))


def locks_are_current(root: Path) -> Iterator[str]:
    """What is asked for is locked, and every locked package carries hashes."""
    for path in files(root, "requirements/*.txt"):
        name = path.relative_to(root).as_posix()
        pins = re.split(r"^(?=[a-z0-9])", path.read_text(), flags=re.MULTILINE)[1:]
        yield from (f"{name}: {pin.split()[0]} has no hash" for pin in pins if "sha256:" not in pin)
        locked = {re.split(r"[=\[]", pin)[0] for pin in pins}
        asked = set(_asked_for(root, f"{path.stem}.in"))
        yield from (f"{name}: {missing} is not locked" for missing in sorted(asked - locked))


def _asked_for(root: Path, pattern: str = "*.in") -> Iterator[str]:
    for path in files(root, f"requirements/{pattern}"):
        for line in path.read_text().splitlines():
            if line[:1].isalpha():
                yield re.split(r"[<>=!~;\[ ]", line)[0]
