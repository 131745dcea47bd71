"""The list of other people's packages that `make sbom` prints."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = [ROOT / "requirements" / f"{name}.txt" for name in ("base", "rules")]
OTHER = """
one==1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via
    #   -r requirements/base.in
    #   two
Two_Parts[extra]==2.0 ; python_version < "3.12" \\
    --hash=sha256:{c}
    # via -r requirements/base.in
three==3 \\
    --hash=sha256:{d}
    # via two-parts
"""


@pytest.fixture(scope="module")
def printed() -> bytes:
    script = ROOT / "scripts" / "sbom.py"
    return subprocess.run([sys.executable, script], capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def bom(printed: bytes) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(printed)
    return made


def locked() -> dict[str, set[str]]:
    """Each package of the locks with its hashes, read in another way."""
    found: dict[str, set[str]] = {}
    for lock in LOCKS:
        for block in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text()):
            if named := re.match(r"([A-Za-z0-9._-]+)\S*==(\S+)", block):
                found[f"pkg:pypi/{named[1].lower()}@{named[2]}"] = set(
                    re.findall(r"sha256:(\w{64})", block)
                )
    return found


def test_every_package_of_the_locks_stands_in_it_with_all_its_hashes(bom: dict[str, Any]) -> None:
    stated = {
        each["purl"]: {hashed["content"] for hashed in each["hashes"]} for each in bom["components"]
    }
    assert stated == locked()
    assert all(stated.values())
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")


def test_who_needs_whom_leads_to_every_package(bom: dict[str, Any]) -> None:
    needs = {each["ref"]: each["dependsOn"] for each in bom["dependencies"]}
    assert len(needs) == len(bom["components"]) + 1
    reached, left = set[str](), ["invx"]
    while left:
        ref = left.pop()
        if ref not in reached:
            reached.add(ref)
            left += needs[ref]
    assert reached == needs.keys()
    [fastapi] = [ref for ref in needs if ref.startswith("pkg:pypi/fastapi@")]
    assert fastapi in needs["invx"]
    assert any(ref.startswith("pkg:pypi/starlette@") for ref in needs[fastapi])


def test_what_is_installed_says_under_which_licence(bom: dict[str, Any]) -> None:
    said = {each["name"]: each.get("licenses", []) for each in bom["components"]}
    assert said["fastapi"] == [{"expression": "MIT"}]
    silent = [name for name, licences in said.items() if not licences]
    assert len(silent) < len(said) / 10, silent


def test_the_same_locks_give_the_same_bytes(printed: bytes) -> None:
    script = ROOT / "scripts" / "sbom.py"
    again = subprocess.run([sys.executable, script], capture_output=True, check=True).stdout
    assert again == printed


def test_names_extras_markers_and_reasons_of_a_lock_are_understood() -> None:
    code = "import sys, json; from sbom import *; print(json.dumps(document([sys.stdin.read()])))"
    text = OTHER.format(a="a" * 64, b="b" * 64, c="c" * 64, d="d" * 64)
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=text,
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=True,
    )
    made = json.loads(done.stdout)
    assert [each["purl"] for each in made["components"]] == [
        *("pkg:pypi/one@1.0", "pkg:pypi/three@3", "pkg:pypi/two-parts@2.0"),
    ]
    assert len(made["components"][0]["hashes"]) == 2
    needs = {each["ref"]: each["dependsOn"] for each in made["dependencies"]}
    assert needs["invx"] == ["pkg:pypi/one@1.0", "pkg:pypi/two-parts@2.0"]
    assert needs["pkg:pypi/two-parts@2.0"] == ["pkg:pypi/three@3"]
