"""Tests of a file run in one worker: they share its fixtures, and some rely on their order."""

import re
import subprocess
import sys
from collections import defaultdict

import pytest

from tests.architecture.source import ROOT
from tests.distribution import together
from tests.e2e.shapes import SERVICES

FILES = ("tests/unit/kernel/test_ids.py", "tests/unit/kernel/test_money.py")


def test_a_distributed_run_keeps_files_whole_and_uses_all_workers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "-v", *FILES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    workers = defaultdict(set)
    for worker, file in re.findall(r"^\[(gw\d)\] .* PASSED (\S+?)::", done.stdout, re.MULTILINE):
        workers[file].add(worker)
    assert set(workers) == set(FILES)
    first, second = workers.values()
    assert len(first) == len(second) == 1
    assert first != second


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/e2e/test_lists.py::test_a[services]", SERVICES),
        ("tests/e2e/test_lists.py::test_a[services-x]", SERVICES),
        ("tests/e2e/test_lists.py::test_a[x-services]", SERVICES),
        ("tests/e2e/test_lists.py::test_a[one]", "tests/e2e/test_lists.py"),
        ("tests/e2e/test_lists.py::test_services", "tests/e2e/test_lists.py"),
        ("tests/unit/test_lists.py::test_a[services]", "tests/unit/test_lists.py"),
    ],
)
def test_what_is_told_to_services_runs_in_one_worker(test: str, group: str) -> None:
    assert together(test) == group
