"""What failed, once more and in few lines, for the end of `make test`.

`scripts/test.sh` runs pytest twice, and a failure of the first run stands far above the last line
of the log; whoever sees only the end of a log must learn it too. A plugin of pytest, named in
`tests/conftest.py`: it writes to the file that the variable names, and the script prints that.
"""

import os
from pathlib import Path

import pytest

WIDTH = 400
# Taken out of the environment: neither the workers of a distributed run (whose failures the first
# process hears of) nor a pytest that a test starts write to it.
FILE = os.environ.pop("INVX_FAILURES", None)


def note(text: str) -> None:
    """Say at the end of the run what is wrong: one line, of a long text its two ends."""
    if FILE:
        line = " ".join(text.split())
        if len(line) > WIDTH:
            line = f"{line[: WIDTH // 2]} … {line[-WIDTH // 2 :]}"
        with Path(FILE).open("a") as out:
            out.write(line + "\n")


def _place(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Where it failed and with which message; the whole text where pytest does not know."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return str(report.longrepr)
    return f"{Path(crash.path).name}:{crash.lineno} {crash.message}"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test, or what it needs, failed."""
    if report.failed:
        note(f"{report.nodeid} ({report.when}) {_place(report)}")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file of tests cannot be imported."""
    if report.failed:
        note(f"{report.nodeid} (collect) {_place(report)}")
