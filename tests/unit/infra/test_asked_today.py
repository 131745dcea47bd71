"""How many requests of a tenant a process saw today: those it refused too, and anew each day."""

from uuid import UUID

import pytest

from invx.infra.quotas import Admission, Quota, TooManyRequests

ONE, TWO = UUID(int=1), UUID(int=2)


class Day:
    """A calendar that a test turns."""

    def __init__(self) -> None:
        self.number = 20_000

    def __call__(self) -> int:
        return self.number


async def small(_: UUID) -> str:
    return "small"


def admission(day: Day, **quotas: Quota) -> Admission:
    return Admission(quotas, small, lambda: 0.0, today=day)


async def test_each_tenant_has_a_count_of_its_own() -> None:
    counting = admission(Day())
    for tenant in (ONE, ONE, TWO):
        await counting.admit(tenant)
    assert (counting.asked_today(ONE), counting.asked_today(TWO)) == (2, 1)
    assert counting.asked_today(UUID(int=3)) == 0


async def test_what_was_refused_was_asked() -> None:
    counting = admission(Day(), small=Quota("small", requests_per_second=1.0, burst=2))
    for _ in range(2):
        await counting.admit(ONE)
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            await counting.admit(ONE)
    assert counting.asked_today(ONE) == 5


async def test_at_midnight_it_begins_anew_also_for_who_only_looks() -> None:
    day = Day()
    counting = admission(day)
    await counting.admit(ONE)
    day.number += 1
    assert counting.asked_today(ONE) == 0
    await counting.admit(ONE)
    assert counting.asked_today(ONE) == 1
    day.number += 3
    await counting.admit(TWO)
    assert counting.asked_today(ONE) == 0


async def test_asking_for_the_count_does_not_count() -> None:
    counting = admission(Day())
    assert [counting.asked_today(ONE) for _ in range(3)] == [0, 0, 0]
