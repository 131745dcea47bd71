"""What the two shapes cost, measured anew: `make soak ARGS=tests/load/test_services.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.services import BARS, shown
from tests.crash.installation import ROOT

REPORT = ROOT / "docs" / "measurements" / "services.md"


@pytest.mark.soak
def test_both_shapes_are_measured_and_recorded(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.services", "--record", str(REPORT)]
    environment = {**os.environ, "INVX_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found.keys() >= BARS.keys()
    assert min(found.values()) > 0, found
    assert shown(found) in REPORT.read_text()


def test_a_bar_is_met_from_the_side_that_it_is_on() -> None:
    table = shown({
        "events_per_s_postgres": 5_000, "events_per_s_rabbitmq": 2_999,
        "idle_rss_mb": 250.0, "gateway_added_p50_ms": 0.61, "start_s_one": 7.5,
    })  # fmt: skip
    assert [line.split("|")[3].split()[-1:] for line in table.splitlines()[2:]] == [
        ["met"], ["missed"], ["met"], ["missed"], [],
    ]  # fmt: skip
