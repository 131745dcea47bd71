"""How many times as long as the reference machine this one computes, for bars of CPU time."""

import tomllib
from statistics import median
from time import thread_time

from tests.budget import BUDGET, loop

_LOOPS = 9


def slower() -> float:
    """1 on the reference machine of `tests/budget.toml` and on faster ones, as of now."""
    spent = []
    for _ in range(_LOOPS):
        began = thread_time()
        loop()
        spent.append(thread_time() - began)
    reference: float = tomllib.loads(BUDGET.read_text())["reference_loop_ms"]
    return max(1.0, median(spent) * 1000 / reference)
