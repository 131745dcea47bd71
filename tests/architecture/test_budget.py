"""The budget of seconds per suite: it passes what is quick and fails what is slow."""

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT
from tests.budget import Pace, overruns

TESTS = """
import time, pytest
def test_that_takes_its_time():
    time.sleep(0.2)
@pytest.mark.soak
def test_that_takes_days():
    time.sleep(0.1)
"""


def run(folder: Path, budget: str, **environ: str) -> tuple[int, str]:
    """Run TESTS in the suite `unit` under `budget`: pytest's exit code and what it prints."""
    suite = folder / "tests" / "unit"
    suite.mkdir(parents=True, exist_ok=True)
    (suite / "test_slow.py").write_text(TESTS)
    (folder / "tests" / "budget.py").write_text((ROOT / "tests" / "budget.py").read_text())
    (folder / "tests" / "budget.toml").write_text(budget)
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.budget"]\n')
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = soak\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key != "INVX_SOAK"} | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_suite_within_its_budget_passes_without_its_soak_tests(tmp_path: Path) -> None:
    code, said = run(tmp_path, "total = 9\n[suites]\nunit = 5\n")
    assert code == 0, said
    assert "1 passed, 1 deselected" in said.splitlines()[-1]


def test_a_suite_over_its_budget_fails_the_run(tmp_path: Path) -> None:
    code, said = run(tmp_path, "total = 9\n[suites]\nunit = 0.1\n")
    assert code == 1
    assert "OVER BUDGET: tests/unit took" in said


def test_a_suite_without_a_budget_fails_the_run(tmp_path: Path) -> None:
    code, said = run(tmp_path, "total = 9\n[suites]\ne2e = 5\n")
    assert code == 1
    assert "tests/unit has no budget" in said


def test_a_slower_machine_gets_more_time_in_proportion(tmp_path: Path) -> None:
    """The loop takes milliseconds here, and took a nanosecond on the invented reference."""
    text = "total = 9\nreference_loop_ms = 1e-6\n[suites]\nunit = 0.1\n"
    code, said = run(tmp_path, text)
    assert code == 0, said
    assert "6.00 times as long" in said
    code, said = run(tmp_path, text.replace("0.1", "0.02"))
    assert code == 1, "six times as much, and no more"


def test_a_faster_machine_gets_no_less() -> None:
    pace = Pace(1e6)
    pace.sample()
    assert pace.factor == 1.0
    assert Pace(3.0).factor == 1.0, "nothing was measured"


def test_soak_runs_take_as_long_as_they_take(tmp_path: Path) -> None:
    code, said = run(tmp_path, "total = 0\n[suites]\nunit = 0.1\n", INVX_SOAK="1")
    assert code == 0, said
    assert "2 passed" in said


def test_the_suites_together_stay_under_their_total() -> None:
    spent, budget = {"a": 3, "b": 4}, {"a": 5, "b": 5}
    assert list(overruns(spent, budget, elapsed=6.5, total=6)) == ["all suites took 6 s of 6"]
    assert list(overruns(spent, budget, elapsed=6, total=6)) == []
