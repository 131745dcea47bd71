"""However requests come, a bucket lets in no more than it was given, and forgets no time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.buckets import MemoryBuckets

RATES = st.floats(0.1, 50, allow_nan=False)
GAPS = st.lists(st.floats(0, 5, allow_nan=False), max_size=60)


class Watch:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


async def let_in(rate: float, burst: int, gaps: list[float]) -> tuple[int, float]:
    watch, count = Watch(), 0
    buckets = MemoryBuckets(watch)
    for gap in gaps:
        watch.at += gap
        count += await buckets.take("a", rate, burst) == 0
    return count, watch.at


@given(rate=RATES, burst=st.integers(1, 20), gaps=GAPS)
async def test_never_more_than_the_burst_and_what_came_in_since(rate, burst, gaps) -> None:
    count, elapsed = await let_in(rate, burst, gaps)
    assert count <= burst + rate * elapsed + 1e-6


@given(rate=RATES, burst=st.integers(1, 20), gaps=GAPS)
async def test_who_asks_no_faster_than_the_rate_is_always_let_in(rate, burst, gaps) -> None:
    slow = [gap + 1 / rate + 1e-9 for gap in gaps]
    count, _ = await let_in(rate, burst, slow)
    assert count == len(slow)


@given(rate=RATES, burst=st.integers(1, 20))
async def test_who_waits_as_long_as_is_said_is_let_in(rate, burst) -> None:
    watch = Watch()
    buckets = MemoryBuckets(watch)
    while (wait := await buckets.take("a", rate, burst)) == 0:
        pass
    assert 0 < wait <= 1 / rate + 1e-9
    watch.at += wait + 1e-9 * math.ceil(1 / rate)
    assert await buckets.take("a", rate, burst) == 0


async def test_a_long_silence_fills_it_to_the_brim_and_no_further() -> None:
    watch = Watch()
    buckets = MemoryBuckets(watch)
    assert [await buckets.take("a", 1, 3) for _ in range(4)].count(0.0) == 3
    watch.at += 10_000
    assert [await buckets.take("a", 1, 3) for _ in range(9)].count(0.0) == 3


@pytest.mark.parametrize("burst", [1, 2, 7])
async def test_a_fresh_one_is_full(burst: int) -> None:
    buckets = MemoryBuckets(Watch())
    assert [await buckets.take("a", 1, burst) for _ in range(burst * 2)].count(0.0) == burst


async def test_closing_keeps_it_usable() -> None:
    buckets = MemoryBuckets(Watch())
    await buckets.close()
    assert await buckets.take("a", 1, 1) == 0
