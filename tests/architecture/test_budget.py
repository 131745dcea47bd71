"""What the runner of tests adds: seconds per suite, and failures once more at the end."""

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


FAILING = """
def test_that_two_and_two_are_five():
    assert {"sum": 4} == {"sum": 5}
"""


def run(folder: Path, budget: str, *options: str, **environ: str) -> tuple[int, str]:
    """Run TESTS in the suite `unit` under `budget`: pytest's exit code and what it prints."""
    suite = folder / "tests" / "unit"
    suite.mkdir(parents=True, exist_ok=True)
    (suite / "test_slow.py").write_text(TESTS)
    for plugin in ("recap.py", "budget.py"):
        (folder / "tests" / plugin).write_text((ROOT / "tests" / plugin).read_text())
    (folder / "tests" / "budget.toml").write_text(budget)
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.recap", "tests.budget"]\n')
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = soak\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests", *options],
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


def test_what_failed_is_said_in_few_lines_for_the_end_of_the_log(tmp_path: Path) -> None:
    suite, recap = tmp_path / "tests" / "unit", tmp_path / "recap.txt"
    suite.mkdir(parents=True)
    (suite / "test_sums.py").write_text(FAILING)
    run(tmp_path, "total = 9\n[suites]\nunit = 0.1\n", "-n", "2", INVX_FAILURES=str(recap))
    first, second = recap.read_text().splitlines()
    assert first.startswith(
        "tests/unit/test_sums.py::test_that_two_and_two_are_five (call) test_sums.py:3 "
        "AssertionError: assert {'sum': 4} == {'sum': 5} "
    )
    assert second.startswith("OVER BUDGET: tests/unit took")
    (suite / "test_sums.py").write_text("import nothing_of_that_name")
    run(tmp_path, "total = 9\n[suites]\nunit = 5\n", INVX_FAILURES=str(recap))
    [*_, last] = recap.read_text().splitlines()
    assert last.startswith("tests/unit/test_sums.py (collect) ")
    assert "No module named 'nothing_of_that_name'" in last


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
