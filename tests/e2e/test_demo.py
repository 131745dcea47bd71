"""The main job: official e-invoices go in through the API of a real server and come out equal."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from invx.cli.demo import corpus_folder
from tests.e2e.installation import Installation, installed
from tests.e2e.shapes import SERVICES

SHIPPED = 20
EXACT, INEXACT = 38, 17


@pytest.fixture(scope="module")
def running(shape: str, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """An installation that is up, in either shape."""
    if shape == SERVICES:
        yield request.getfixturevalue(SERVICES)
    else:
        with installed() as installation:
            yield installation.up()


def report_of(installation: Installation) -> list[dict]:
    newest = max((installation.home / "demo").glob("*/report.json"))
    documents: list[dict] = json.loads(newest.read_text())["documents"]
    return documents


def pdfs_of(installation: Installation) -> list[Path]:
    newest = max((installation.home / "demo").glob("*/report.json"))
    return sorted(newest.parent.glob("*.pdf"))


def test_the_shipped_requests_come_out_equal(running: Installation) -> None:
    done = running.invx("demo", "--shipped")
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.rstrip().splitlines()[-1] == f"{SHIPPED} passed, 0 failed"
    assert "shipped requests" in done.stdout
    assert {each["result"] for each in report_of(running)} == {"equal"}
    assert len(pdfs_of(running)) == SHIPPED
    assert all(path.read_bytes().startswith(b"%PDF-") for path in pdfs_of(running))


def test_the_official_files_come_out_to_the_cent_or_are_reported(running: Installation) -> None:
    """All of the corpus where it is at hand; what a clone without it runs is the test above."""
    folder = corpus_folder(Path(os.environ["INVX_CORPUS"]) if "INVX_CORPUS" in os.environ else None)
    words = ("--corpus", str(folder)) if folder else ("--shipped",)
    done = running.invx("demo", *words)
    assert done.returncode == 0, done.stdout[-3000:]
    results = Counter((each["verdict"], each["result"]) for each in report_of(running))
    if folder:
        assert results == {("exact", "equal"): EXACT, ("inexact", "differs"): INEXACT}
        assert done.stdout.rstrip().endswith(f"{EXACT + INEXACT} passed, 0 failed")
    else:
        assert results == {("exact", "equal"): SHIPPED}


def test_the_printed_command_asks_the_running_server_for_the_document(
    running: Installation,
) -> None:
    done = running.invx("demo", "--shipped")
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("The same as JSON: ")]
    asked = subprocess.run(
        ["/bin/sh", "-c", line.removeprefix("The same as JSON: ")],
        env=running.environment(),
        capture_output=True,
        text=True,
    )
    assert json.loads(asked.stdout)["status"] == "finalized", asked.stderr


def test_a_folder_that_is_not_there_is_refused(running: Installation) -> None:
    done = running.invx("demo", INVX_CORPUS=str(running.home / "nowhere"))
    assert done.returncode == 1
    assert "nowhere is not a folder" in done.stderr


def test_without_a_server_it_runs_one_of_its_own_and_ends_it() -> None:
    with installed() as installation:
        done = installation.invx("demo", "--shipped")
        assert done.returncode == 0, done.stderr + done.stdout[-2000:]
        assert "A private server runs at" in done.stderr
        assert done.stdout.rstrip().endswith(f"{SHIPPED} passed, 0 failed")
        assert "curl" not in done.stdout  # nobody would answer
        assert not installation.postgres_runs()
        assert not (installation.home / "postgres").exists()
        assert not (installation.home / "demo" / "running.json").exists()
