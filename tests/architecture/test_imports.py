"""The walls between layers, rings and contexts: they hold, and each notices a breach.

The contracts stand in pyproject.toml. Each breach is planted alone in a copy of the source.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# Contract, file in the copy of src/invx, line to add, what the check must say.
PLANTS = [
    ("program", "kernel/money.py", "import invx.rules.totals.model", "invx.kernel.money"),
    ("program", "rules/totals/model.py", "import invx.contracts", "invx.rules.totals.model"),
    ("program", "contracts/__init__.py", "import invx.infra.codec", "invx.contracts"),
    ("program", "infra/planted.py", "import invx.contexts.invoicing.domain", "invx.infra.planted"),
    ("program", "contexts/invoicing/api/planted.py", "import invx.host", "api.planted"),
    ("program", "host.py", "import invx.cli", "invx.host"),
    ("program", "planted.py", "", "invx.planted"),
    ("rules", "infra/planted.py", "import invx.rules.totals.model", "invx.infra.planted"),
    ("rules", "contracts/planted.py", "import invx.rules.calendar", "invx.contracts.planted"),
    (
        "rings",
        "contexts/invoicing/domain/planted.py",
        "import invx.contexts.invoicing.app",
        "domain",
    ),
    ("rings", "contexts/invoicing/app/planted.py", "import invx.contexts.invoicing.read", "app"),
    (
        "rings",
        "contexts/invoicing/read/planted.py",
        "import invx.contexts.invoicing.adapters.unit_of_work",
        "read.planted",
    ),
    (
        "rings",
        "contexts/invoicing/adapters/planted.py",
        "import invx.contexts.invoicing.read.rows",
        "adapters.planted",
    ),
    ("rings", "contexts/invoicing/helpers.py", "", "invx.contexts.invoicing.helpers"),
    (
        "independence",
        "contexts/analytics/read/planted.py",
        "import invx.contexts.invoicing.domain",
        "invx.contexts.analytics",
    ),
    (
        "independence",
        "contexts/invoicing/api/planted.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import invx.contexts.analytics",
        "invx.contexts.invoicing",
    ),
    (
        "core-and-infra",
        "contexts/invoicing/app/planted.py",
        "import invx.infra.codec",
        "app.planted",
    ),
    ("core-and-infra", "contexts/invoicing/domain/planted.py", "import invx.settings", "settings"),
    ("pure", "kernel/planted.py", "import msgspec", "invx.kernel.planted"),
    ("pure", "rules/planted.py", "import httpx", "invx.rules.planted"),
    ("pure", "contracts/planted.py", "import pydantic", "invx.contracts.planted"),
    ("pure", "contexts/invoicing/domain/planted.py", "import asyncpg", "domain.planted"),
    ("pure", "contexts/invoicing/app/planted.py", "import structlog", "app.planted"),
    ("wiring", "cli.py", "import invx.contexts.invoicing.wiring", "invx.cli"),
    ("settings", "infra/planted.py", "import invx.settings", "invx.infra.planted"),
    ("settings", "contexts/invoicing/wiring.py", "import invx.settings", "wiring"),
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


@pytest.mark.parametrize("contract,path,line,expected", PLANTS)
def test_a_breach_of_a_wall_is_seen(
    copy: Path, contract: str, path: str, line: str, expected: str
) -> None:
    planted = copy / "src" / "invx" / path
    before = planted.read_text() if planted.exists() else None
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(f"{before or ''}\n{line}\n")
    try:
        kept, said = lint(copy, "--contract", contract)
    finally:
        if before is None:
            planted.unlink()
        else:
            planted.write_text(before)
    assert not kept
    assert "BROKEN" in said
    assert expected in said, said


def test_every_wall_has_a_planted_breach() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert {wall["id"] for wall in configuration["contracts"]} == {plant[0] for plant in PLANTS}
