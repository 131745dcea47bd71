"""One `invx up` per installation, and what others can learn about it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from invx.cli.ground import Refused
from invx.cli.instance import Running, claimed, end_instance, running_instance
from tests.waiting import HANG_SECONDS

_HOLD = """
import sys, time
from pathlib import Path
from invx.cli.instance import claimed
from invx.cli.serving import interruptible
with interruptible(), claimed(Path(sys.argv[1])) as announce:
    announce("http://127.0.0.1:1")
    print("held", flush=True)
    time.sleep(600)
"""


def hold(home: Path) -> "subprocess.Popen[str]":
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_nobody_runs_where_nothing_is(tmp_path: Path) -> None:
    assert running_instance(tmp_path / "none") is None
    assert end_instance(tmp_path / "none", 1) is None


def test_the_claim_is_seen_and_ends_with_its_block(tmp_path: Path) -> None:
    with claimed(tmp_path / "home") as announce:
        assert running_instance(tmp_path / "home") == Running(os.getpid())
        announce("http://127.0.0.1:8000")
        assert running_instance(tmp_path / "home") == Running(os.getpid(), "http://127.0.0.1:8000")
    assert running_instance(tmp_path / "home") is None
    assert not (tmp_path / "home" / "running.json").exists()


def test_a_second_claim_is_refused_and_names_the_first(tmp_path: Path) -> None:
    with claimed(tmp_path) as announce:
        announce("http://127.0.0.1:8000")
        with pytest.raises(Refused, match=f"8000 .process {os.getpid()}"), claimed(tmp_path):
            pass
        assert running_instance(tmp_path) is not None


def test_a_failure_inside_lets_go_of_the_claim(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), claimed(tmp_path):
        raise ValueError("no")
    assert running_instance(tmp_path) is None


def test_a_note_of_a_killed_process_claims_nothing(tmp_path: Path) -> None:
    child = hold(tmp_path)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert (tmp_path / "running.json").exists()
    assert running_instance(tmp_path) is None
    with claimed(tmp_path):
        assert running_instance(tmp_path) == Running(os.getpid())


def test_ending_waits_for_the_end(tmp_path: Path) -> None:
    child = hold(tmp_path)
    assert end_instance(tmp_path, HANG_SECONDS) == Running(child.pid, "http://127.0.0.1:1")
    assert running_instance(tmp_path) is None
    assert child.wait(HANG_SECONDS) == 0


def test_what_does_not_end_is_said(tmp_path: Path) -> None:
    child = hold(tmp_path)
    child.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(Refused, match="has not ended"):
        end_instance(tmp_path, 0.2)
    assert time.monotonic() - began < 30
    child.kill()
    child.wait()


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="INVX_HOME"), claimed(tmp_path / "file" / "home"):
        pass
