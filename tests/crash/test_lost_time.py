"""Set back under load: no number is given twice, and what is lost is named (D2).

The long run of `make soak` sets 30 minutes back (LOST_SECONDS chooses another span).
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.installation import ROOT
from tests.crash.lost_time import LostTime, Told, named, set_back_under_load
from tests.crash.progress import commit

REPORT = ROOT / "docs" / "measurements" / "restore.md"


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that PostgreSQL's account can reach when the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="invx-lost-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def _run(folder: Path, before: float, after: float) -> Counter[str]:
    lost_time = LostTime(folder / "home", folder / "safe")
    try:
        wrong, seen = await set_back_under_load(lost_time, before=before, after=after)
    finally:
        await lost_time.installation.stop()
    assert not wrong, wrong
    return seen


async def test_after_a_restore_no_number_is_given_twice_and_the_loss_is_named(
    folder: Path,
) -> None:
    seen = await _run(folder, 2, 3)
    assert seen["gone"] > 0
    assert seen["lost"] + seen["left_out"] >= seen["gone"]
    assert seen["told"] > seen["gone"]


@pytest.mark.soak
async def test_half_an_hour_that_is_set_back_loses_no_number_unnamed(folder: Path) -> None:
    seconds = float(os.environ.get("LOST_SECONDS", "1800"))
    seen = await _run(folder, 60, seconds)
    REPORT.write_text(_REPORT.format(commit=commit(), seconds=f"{seconds:.0f}", **seen))


def test_a_number_that_two_documents_have_is_seen() -> None:
    told = Told([("1", "a"), ("2", "b"), ("1", "a")])
    assert told.twice() == []
    told.numbers.append(("2", "c"))
    assert told.twice() == ["2"]


def test_the_report_of_a_reconciliation_is_read() -> None:
    report = """tnt_1 ser_1 'Invoices': stands at 2026: 3
  LOST 2026-0004 to 2026-0006 (3): given, the document is lost
  LEFT OUT 2026-0007 (1): reserved, perhaps given
"""
    assert named(report) == ([4, 5, 6], [7])


_REPORT = """# A database that was set back under load

Written by `make soak ARGS=tests/crash/test_lost_time.py`. Four clients draft and finalize in one
series; server and PostgreSQL are killed; the database is restored to {seconds} s before, reconciled
with the outside journal, and the clients go on.

- commit `{commit}`
- {told} numbers were told to clients in all; none to two documents
- {gone} of them were given after the moment, and are not in the restored database
- {lost} are named as lost for certain, {left_out} were left out because they were reserved
- {unused} numbers that nobody had were left out with them
"""
