"""How the bench reads an explained statement, and names what Python is at."""

import sys
from collections import Counter
from types import FrameType

import pytest

from bench.parts import PARTS, at_work, least, parts_of, sampled

PLAN = """
Result (actual time=0.001..0.002 rows=1.00 loops=1)
  CTE p1
    ->  Insert on documents (actual time=11.500..11.500 rows=0.00 loops=1)
          Conflict Resolution: UPDATE
          WAL: records=9089 bytes=1000
          ->  Function Scan on x (actual time=2.645..2.500 rows=500.00 loops=1)
  CTE p2
    ->  Delete on marks (actual time=0.250..0.250 rows=0.00 loops=1)
          WAL: records=2 fpi=1 fpi bytes=900 bytes=30
          ->  Nested Loop (actual time=0.1..0.2 rows=1.00 loops=1)
              ->  Function Scan on json_to_recordset x_1 (actual time=0.1..0.125 rows=1)
Planning Time: 1.585 ms
Trigger for constraint documents_fkey on documents: time=1.750 calls=500
Trigger settled on settlements: time=0.125 calls=1
Execution Time: 216.129 ms
"""


def test_a_plan_falls_into_its_parts() -> None:
    assert parts_of(PLAN.splitlines()) == {
        "documents": 9.0,
        "marks": 0.125,
        "reading the parameters": 2.625,
        "planning": 1.585,
        "trigger documents_fkey": 1.75,
        "trigger settled": 0.125,
        "log_bytes": 1030,
    }


def test_of_each_part_the_least_counts() -> None:
    assert least([{"a": 2.0, "b": 1.0}, {"a": 1.0, "b": 3.0}]) == {"a": 1.0, "b": 1.0}


def frame() -> FrameType:
    return sys._getframe()


def compute() -> FrameType:
    """Called as what makes totals is, so taken for it."""
    return frame()


def test_a_frame_is_at_the_innermost_part_that_has_a_name() -> None:
    assert at_work(compute()) == "totals"
    assert at_work(frame()) == "the loop"
    assert at_work(None) == "the loop"


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_a_function_that_exists(name: str) -> None:
    """A renamed function would silently count as something else."""
    owner, _, method = name.rpartition(".")
    found = [
        module
        for module in list(sys.modules.values())
        if module.__name__.startswith("invx.")
        and callable(getattr(getattr(module, owner, None) if owner else module, method, None))
    ]
    assert found, name


def test_the_cpu_is_sampled() -> None:
    counts: Counter[str] = Counter()
    with sampled(counts):
        total = sum(number * number for number in range(3_000_000))
    assert total > 0
    assert counts["the loop"] > 5
