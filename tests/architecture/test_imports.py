"""The walls between layers, rings and contexts: they hold, and each notices a breach.

The contracts stand in pyproject.toml. The breaches are planted in a copy of the source.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

INVOICING = "invx.contexts.invoicing"
# Contract, file in the copy of src/invx, line to add, what the check must say.
PLANTS = [
    ("program", "kernel/money.py", "import invx.rules.totals.model", "kernel.money -> invx.rules"),
    ("program", "rules/totals/model.py", "import invx.contracts", "model -> invx.contracts"),
    (
        "program",
        "contracts/__init__.py",
        "import invx.infra.codec",
        "contracts -> invx.infra.codec",
    ),
    ("program", "infra/planted.py", f"import {INVOICING}.domain", f"planted -> {INVOICING}.domain"),
    ("program", "contexts/invoicing/api/planted.py", "import invx.host", "planted -> invx.host"),
    ("program", "host.py", "import invx.cli", "invx.host -> invx.cli"),
    ("program", "host.py", "import invx.place", "invx.host -> invx.place"),
    ("program", "planted.py", "", "- invx.planted"),
    ("rules", "infra/planted.py", "import invx.rules.totals.model", "infra.planted -> invx.rules"),
    (
        "rules",
        "contracts/planted.py",
        "import invx.rules.calendar",
        "planted -> invx.rules.calendar",
    ),
    (
        "rings",
        "contexts/invoicing/domain/planted.py",
        f"import {INVOICING}.app",
        f"{INVOICING}.domain.planted -> {INVOICING}.app",
    ),
    (
        "rings",
        "contexts/invoicing/app/planted.py",
        f"import {INVOICING}.read",
        f"{INVOICING}.app.planted -> {INVOICING}.read",
    ),
    (
        "rings",
        "contexts/invoicing/read/planted.py",
        f"import {INVOICING}.adapters",
        f"{INVOICING}.read.planted -> {INVOICING}.adapters",
    ),
    (
        "rings",
        "contexts/invoicing/adapters/planted.py",
        f"import {INVOICING}.read",
        f"{INVOICING}.adapters.planted -> {INVOICING}.read",
    ),
    ("rings", "contexts/invoicing/helpers.py", "", f"- {INVOICING}.helpers"),
    (
        "independence",
        "contexts/analytics/read/planted.py",
        f"import {INVOICING}.domain",
        f"invx.contexts.analytics.read.planted -> {INVOICING}.domain",
    ),
    (
        "independence",
        "contexts/invoicing/api/planted.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import invx.contexts.analytics",
        f"{INVOICING}.api.planted -> invx.contexts.analytics",
    ),
    (
        "core-and-infra",
        "contexts/invoicing/app/planted.py",
        "import invx.infra.codec",
        f"{INVOICING}.app.planted -> invx.infra.codec",
    ),
    (
        "core-and-infra",
        "contexts/invoicing/domain/planted.py",
        "import invx.settings",
        f"{INVOICING}.domain.planted -> invx.settings",
    ),
    ("pure", "kernel/planted.py", "import msgspec", "invx.kernel.planted -> msgspec"),
    ("pure", "rules/planted.py", "import httpx", "invx.rules.planted -> httpx"),
    ("pure", "contracts/planted.py", "import pydantic", "invx.contracts.planted -> pydantic"),
    ("pure", "contexts/invoicing/domain/planted.py", "import asyncpg", "domain.planted -> asyncpg"),
    ("pure", "contexts/invoicing/app/planted.py", "import structlog", "app.planted -> structlog"),
    ("wiring", "cli/planted.py", f"import {INVOICING}.wiring", f"planted -> {INVOICING}.wiring"),
    ("settings", "infra/planted.py", "import invx.settings", "infra.planted -> invx.settings"),
    (
        "settings",
        "contexts/invoicing/wiring.py",
        "import invx.settings",
        f"{INVOICING}.wiring -> invx.settings",
    ),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source with the contracts, on which plants are set and taken away."""
    folder = tmp_path_factory.mktemp("imports")
    shutil.copytree(
        ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "fonts")
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path, *options: str) -> tuple[bool, str]:
    """Whether the contracts hold in `folder`, and what the linter says."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-logo", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr


def test_the_walls_hold_in_this_tree(copy: Path) -> None:
    kept, said = lint(copy)
    assert kept, said


@pytest.mark.parametrize("contract", sorted({plant[0] for plant in PLANTS}))
def test_every_breach_of_a_wall_is_seen(copy: Path, contract: str) -> None:
    """All breaches of one wall are planted together; the linter must name each."""
    source, kept_aside = copy / "src", copy / "aside"
    shutil.copytree(source, kept_aside)
    try:
        plants = [plant for plant in PLANTS if plant[0] == contract]
        for _, path, line, _ in plants:
            with (source / "invx" / path).open("a") as file:
                file.write(f"\n{line}\n")
        kept, said = lint(copy, "--contract", contract)
    finally:
        shutil.rmtree(source)
        kept_aside.rename(source)
    assert not kept
    assert "BROKEN" in said
    for _, path, line, expected in plants:
        assert expected in said, f"{line!r} in {path} was not seen:\n{said}"


def test_every_wall_has_a_planted_breach() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert {wall["id"] for wall in configuration["contracts"]} == {plant[0] for plant in PLANTS}
