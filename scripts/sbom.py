"""The parts of other people that Invx is made of, as a CycloneDX 1.6 document on standard output.

Read from the locks, so it says what is installed: names, versions, the hashes that each file must
have, who needs whom; and from the installed packages their licences. The same locks give the same
bytes.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OWN = "invx"
LOCKS = ("base", "rules")  # what runs; tools of development stay here
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_ASKED_FOR = "-r requirements/"  # by ourselves
_NEEDED_BY = re.compile(r"^ +# +(?:via +)?([A-Za-z0-9._-]+)$")


@dataclass(slots=True)
class Part:
    """A locked package."""

    name: str
    version: str
    hashes: list[str] = field(default_factory=list)
    needed_by: list[str] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def parts_of(lock: str) -> Iterator[Part]:
    """The packages of a lock, in its order."""
    part: Part | None = None
    for line in lock.splitlines():
        if pinned := _PINNED.match(line):
            if part is not None:
                yield part
            part = Part(re.sub(r"[-_.]+", "-", pinned[1]).lower(), pinned[2])
        if part is None:
            continue
        part.hashes += _HASH.findall(line)
        if _ASKED_FOR in line:
            part.needed_by.append(OWN)
        elif (needed := _NEEDED_BY.match(line)) and needed[1] != "via":
            part.needed_by.append(needed[1])
    if part is not None:
        yield part


def licence_of(name: str) -> list[dict[str, Any]]:
    """As the package states it; nothing for one that is not installed or says nothing."""
    try:
        said: dict[str, Any] = metadata(name).json
    except PackageNotFoundError:
        return []
    if expression := said.get("license_expression"):
        return [{"expression": expression}]
    classified = [
        each.rpartition(" :: ")[2]
        for each in said.get("classifier", ())
        if each.startswith("License ::")
    ]
    named = classified or [text for text in (said.get("license"),) if text and "\n" not in text]
    return [{"license": {"name": each}} for each in named]


def document(locks: list[str]) -> dict[str, Any]:
    """The whole document."""
    parts = {part.name: part for lock in locks for part in parts_of(lock)}
    ordered = [parts[name] for name in sorted(parts)]
    components = [
        {
            "type": "library",
            "bom-ref": part.ref,
            "name": part.name,
            "version": part.version,
            "purl": part.ref,
            "hashes": [{"alg": "SHA-256", "content": each} for each in part.hashes],
            **({"licenses": licences} if (licences := licence_of(part.name)) else {}),
        }
        for part in ordered
    ]
    refs = {OWN: OWN} | {part.name: part.ref for part in ordered}
    dependencies = [
        {"ref": ref, "dependsOn": [each.ref for each in ordered if name in each.needed_by]}
        for name, ref in refs.items()
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": OWN, "name": OWN}},
        "components": components,
        "dependencies": dependencies,
    }


if __name__ == "__main__":
    texts = [(ROOT / "requirements" / f"{name}.txt").read_text() for name in LOCKS]
    json.dump(document(texts), sys.stdout, indent=2)
    print()
