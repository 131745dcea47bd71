"""Seconds per suite, enforced: the run fails when a folder of tests takes longer than it may.

A plugin of pytest, named in `tests/conftest.py`; the numbers stand in `budget.toml` beside it.
Every folder of tests must have one. Soak runs have no budget.

Budgets are seconds of the reference machine. A loop that took `reference_loop_ms` there is timed
now and then during the run; a machine that is slower by then, or busy with something else, gets
more time in proportion, up to six times as much.
"""

import os
import statistics
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.recap import note

BUDGET = Path(__file__).with_name("budget.toml")
SOAK = "INVX_SOAK"
SAMPLE_SECONDS = 3.0
FACTOR_MAX = 6.0


def overruns(
    spent: Mapping[str, float], budget: Mapping[str, float], *, elapsed: float, total: float
) -> Iterator[str]:
    """What is wrong with the seconds that were spent per suite; nothing when all is well.

    Suites run side by side, so the whole run takes less than the sum of them.
    """
    for suite, seconds in sorted(spent.items()):
        if suite not in budget:
            yield f"tests/{suite} has no budget: give it one in tests/budget.toml"
        elif seconds > budget[suite]:
            yield f"tests/{suite} took {seconds:.0f} s of the {budget[suite]:.0f} that it may take"
    if elapsed > total:
        yield f"all suites took {elapsed:.0f} s of {total:.0f}"


def loop() -> None:
    """What takes `reference_loop_ms` on the reference machine."""
    sum(len(str(number)) for number in range(40_000))


class Pace:
    """How much longer this machine takes than the reference machine, measured during the run."""

    def __init__(self, reference_loop_ms: float) -> None:
        self._reference = reference_loop_ms / 1000
        self._samples: list[float] = []
        self._sampled_at = float("-inf")

    def sample(self) -> None:
        """Time the loop, unless that was done a moment ago."""
        began = time.perf_counter()
        if began - self._sampled_at < SAMPLE_SECONDS:
            return
        loop()
        self._sampled_at = time.perf_counter()
        self._samples.append(self._sampled_at - began)

    @property
    def factor(self) -> float:
        """1 on the reference machine and on faster ones; 2 where everything takes twice as long."""
        if not self._samples or not self._reference:
            return 1.0
        return min(FACTOR_MAX, max(1.0, statistics.mean(self._samples) / self._reference))


class Budget:
    """Adds up the seconds of setup, call and teardown of every test, per top folder of tests."""

    def __init__(self) -> None:
        numbers = tomllib.loads(BUDGET.read_text())
        self._suites: dict[str, float] = numbers["suites"]
        self._total: float = numbers["total"]
        self._spent: Counter[str] = Counter()
        self._began = time.perf_counter()
        self._pace = Pace(numbers.get("reference_loop_ms", 0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._pace.sample()
        folders = report.nodeid.split("/")
        if folders[0] == "tests" and len(folders) > 2:
            suite = folders[1]
            self._spent[suite] += report.duration  # type: ignore[assignment]  # a float counter

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._found() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("seconds per suite")
        for suite, seconds in sorted(self._spent.items()):
            allowed = self._suites.get(suite, 0) * self._pace.factor
            terminalreporter.write_line(f"{suite:14} {seconds:7.1f} of {allowed:5.0f}")
        if self._pace.factor > 1:
            pace = f"the machine took {self._pace.factor:.2f} times as long as the reference"
            terminalreporter.write_line(pace)
        for finding in self._found():
            terminalreporter.write_line(f"OVER BUDGET: {finding}", red=True)
            note(f"OVER BUDGET: {finding}")

    def _found(self) -> list[str]:
        factor = self._pace.factor
        allowed = {suite: seconds * factor for suite, seconds in self._suites.items()}
        elapsed = time.perf_counter() - self._began
        return list(overruns(self._spent, allowed, elapsed=elapsed, total=self._total * factor))


def pytest_configure(config: pytest.Config) -> None:
    """Keep the budget, except in soak runs and in the workers of a distributed run."""
    if not os.environ.get(SOAK) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Budget(), "budget")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Soak tests run only when asked for; they are deselected, and pytest counts them."""
    if os.environ.get(SOAK):
        return
    soak = [item for item in items if item.get_closest_marker("soak")]
    if soak:
        items[:] = [item for item in items if item not in soak]
        config.hook.pytest_deselected(items=soak)
